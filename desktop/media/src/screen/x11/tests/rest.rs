//! A screen on which nothing happens: what it costs, and who sees it all the same.

use std::time::{Duration, Instant};

use super::display::Display;
use crate::choice::{CameraChoice, ScreenChoice};
use crate::event::{Events, MediaEvent};
use crate::packet::PeerTag;
use crate::screen::{FPS, Share};
use crate::source::{FromSource, Source};
use crate::stats::VideoSource;
use crate::video_out::{Need, Settings, VideoOut};

const PATIENCE: Duration = Duration::from_secs(10);

/// What this thread has computed, as the system counts it.
fn computed() -> Duration {
    let counted = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(counted.split_whitespace().next().unwrap().parse().unwrap())
}

#[test]
fn a_still_screen_costs_under_two_hundredths_of_a_core() {
    let display = Display::start("1920x1080x24");
    display.paint_quarters();
    let (tell, told) = crossbeam_channel::bounded(1);
    let share = Share { choice: ScreenChoice::Screen, fps: FPS, display: Some(display.name.clone()) };
    let source = Source::start("screen", move |outlet| {
        let ended = crate::screen::run(outlet, &share, &|words| panic!("{words}"));
        tell.send(computed()).unwrap();
        ended
    })
    .unwrap();
    let start = Instant::now();
    // The first one, and those that repeat it.
    for _ in 0..4 {
        source.pictures().bell().recv_timeout(PATIENCE).unwrap();
        assert!(matches!(source.pictures().take(), Some(FromSource::Picture(_))));
    }
    let passed = start.elapsed();
    drop(source);
    let cost = told.recv_timeout(PATIENCE).unwrap();
    println!("{cost:?} in {passed:?}");
    assert!(cost < passed / 50, "{cost:?} in {passed:?}");
}

#[test]
fn whoever_comes_while_nothing_moves_sees_the_screen_too() {
    let display = Display::start("640x360x24");
    display.paint_quarters();
    let (events, receiver) = Events::channel();
    let camera = CameraChoice::Off;
    let settings = Settings { camera, width: 320, height: 180, fps: 30, display: Some(display.name.clone()) };
    let out = VideoOut::start(VideoSource::Screen, settings, Instant::now(), events).unwrap();
    out.set_on(true);
    let need = Need { bitrate: 500_000, height: None };
    for peer in [PeerTag(7), PeerTag(8)] {
        out.set_need(peer, Some(need));
        let deadline = Instant::now() + PATIENCE;
        loop {
            match receiver.recv_deadline(deadline).expect("a keyframe for whoever has just come") {
                MediaEvent::Video(video) if video.keyframe && video.peers.contains(&peer) => break,
                MediaEvent::Notice(notice) => panic!("{notice}"),
                _ => {}
            }
        }
    }
    out.want_keyframe(PeerTag(7));
    let deadline = Instant::now() + PATIENCE;
    while !matches!(receiver.recv_deadline(deadline).expect("a keyframe for whoever asks"), MediaEvent::Video(video) if video.keyframe)
    {
    }
}

/// Not a law: `cargo test … -- --ignored --nocapture` says what a film on a screen costs.
#[test]
#[ignore = "a measurement"]
fn a_moving_screen_is_measured() {
    let display = Display::start("1920x1080x24");
    let (tell, told) = crossbeam_channel::bounded(1);
    let share = Share { choice: ScreenChoice::Screen, fps: FPS, display: Some(display.name.clone()) };
    let source = Source::start("screen", move |outlet| {
        let ended = crate::screen::run(outlet, &share, &|words| panic!("{words}"));
        tell.send(computed()).unwrap();
        ended
    })
    .unwrap();
    let start = Instant::now();
    for round in 0..75u32 {
        display.paint(round * 77_777, 0, 0, 1920, 1080);
        source.pictures().bell().recv_timeout(PATIENCE).unwrap();
    }
    let passed = start.elapsed();
    drop(source);
    println!("75 pictures: {:?} in {passed:?}", told.recv_timeout(PATIENCE).unwrap());
}
