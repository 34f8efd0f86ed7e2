//! The way out with the pattern camera, heard through its events.

use std::fs::File;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;
use tempfile::TempDir;

use super::*;
use crate::event::{EncodedVideo, MediaEvent};
use crate::pattern;
use crate::vp8::Decoder;
use crate::y4m::{Header, Writer};

const PEER: PeerTag = PeerTag(7);
const PATIENCE: Duration = Duration::from_secs(20);

fn need(bitrate: u32) -> Need {
    Need { bitrate, height: None }
}

fn settings(camera: CameraChoice) -> Settings {
    Settings { camera, width: 320, height: 180, fps: 100, display: Some(":59000".to_owned()) }
}

fn start(camera: CameraChoice) -> (VideoOut, Receiver<MediaEvent>) {
    let (events, receiver) = Events::channel();
    let out = VideoOut::start(VideoSource::Camera, settings(camera), Instant::now(), events).unwrap();
    out.set_need(PEER, Some(need(500_000)));
    (out, receiver)
}

/// The next event that the test is interested in.
fn next<T>(receiver: &Receiver<MediaEvent>, mut pick: impl FnMut(MediaEvent) -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let event = receiver.recv_deadline(deadline).expect("the event comes in time");
        if let Some(picked) = pick(event) {
            return picked;
        }
    }
}

fn video(event: MediaEvent) -> Option<EncodedVideo> {
    match event {
        MediaEvent::Video(video) => Some(video),
        MediaEvent::Notice(notice) => panic!("{notice}"),
        _ => None,
    }
}

fn notice(event: MediaEvent) -> Option<String> {
    match event {
        MediaEvent::Notice(notice) => Some(notice.0),
        _ => None,
    }
}

#[test]
fn the_pattern_goes_out_numbered_timed_and_decodable() {
    let (out, receiver) = start(CameraChoice::Pattern);
    assert!(out.view().is_none());
    out.set_on(true);
    let mut decoder = Decoder::new();
    let (mut newest, mut time) = (None, None);
    for index in 0..20 {
        let video = next(&receiver, video);
        assert_eq!(video.keyframe, index == 0);
        assert!(time.is_none_or(|time| video.timestamp > time));
        time = Some(video.timestamp);
        let decoded = decoder.decode(&video.data).unwrap().expect("a picture to be shown");
        let mut frame = I420::black(320, 180, Instant::now());
        decoded.copy_to(&mut frame);
        let mark = pattern::read(&frame).expect("the mark survives");
        assert!(newest.is_none_or(|newest| mark.number > newest));
        newest = Some(mark.number);
    }
    let stats = out.stats();
    assert!(stats.frames_encoded >= 20 && stats.frames_captured >= stats.frames_encoded);
    assert_eq!((stats.keyframes, stats.width, stats.height), (1, 320, 180));
    assert!(stats.camera);
    assert!(stats.last_mark.is_some_and(|mark| Some(mark.number) >= newest));
    assert!(out.view().is_some_and(|picture| pattern::read(&picture.frame).is_some()));
}

#[test]
fn a_camera_that_is_off_sends_nothing_and_begins_again_with_a_keyframe() {
    let (out, receiver) = start(CameraChoice::Pattern);
    out.set_on(true);
    next(&receiver, video);
    out.set_on(false);
    // The self view is cleared by the thread, after the source has ended.
    next(&receiver, |event| (matches!(event, MediaEvent::Picture(None)) && out.view().is_none()).then_some(()));
    let (encoded, number) = (out.stats().frames_encoded, out.shared.number.load(Ordering::Relaxed));
    assert!(!out.stats().camera);
    while receiver.try_recv().is_ok() {}
    out.set_on(true);
    assert!(next(&receiver, video).keyframe);
    assert!(out.stats().frames_encoded > encoded);
    assert!(out.stats().last_mark.is_some_and(|mark| mark.number >= number), "the numbers go on");
}

#[test]
fn a_keyframe_comes_when_it_is_wanted() {
    let (out, receiver) = start(CameraChoice::Pattern);
    out.set_on(true);
    assert!(next(&receiver, video).keyframe);
    (0..5).for_each(|_| out.want_keyframe(PEER));
    let first = Instant::now();
    next(&receiver, |event| video(event).filter(|video| video.keyframe));
    assert!(first.elapsed() < Duration::from_secs(2));
    assert_eq!(out.stats().keyframes, 2);
}

#[test]
fn the_bitrate_follows_while_the_camera_runs() {
    let (out, receiver) = start(CameraChoice::Pattern);
    out.set_on(true);
    next(&receiver, video);
    out.set_need(PEER, Some(need(123_000)));
    next(&receiver, |event| video(event).filter(|_| out.stats().bitrate == 123_000));
}

#[test]
fn whoever_comes_later_or_can_take_less_begins_with_a_keyframe_and_misses_nothing() {
    let (out, receiver) = start(CameraChoice::Pattern);
    let late = PeerTag(8);
    out.set_on(true);
    next(&receiver, video);
    out.set_need(late, Some(need(30_000)));
    let mut decoders = [(PEER, Decoder::new(), 320), (late, Decoder::new(), 160)];
    let (mut seen, mut times) = ([0, 0], [None, None]);
    // The first peer has pictures before the second one came: its decoder begins with its next keyframe.
    out.want_keyframe(PEER);
    while seen.iter().any(|seen| *seen < 20) {
        let video = next(&receiver, video);
        for (i, (peer, decoder, width)) in decoders.iter_mut().enumerate() {
            if !video.peers.contains(peer) || (seen[i] == 0 && !video.keyframe) {
                continue;
            }
            assert!(times[i].is_none_or(|time| video.timestamp > time), "one picture of a moment for each");
            times[i] = Some(video.timestamp);
            let decoded = decoder.decode(&video.data).unwrap().expect("a picture to be shown");
            assert_eq!(decoded.size().0, *width);
            seen[i] += 1;
        }
    }
    assert_eq!(out.stats().encodings, 2);
    // Both alike again: one encoding, and nobody is left out.
    out.set_need(PEER, Some(need(30_000)));
    next(&receiver, |event| video(event).filter(|video| video.peers.len() == 2));
    next(&receiver, |event| video(event).filter(|_| out.stats().encodings == 1));
}

#[test]
fn without_anyone_to_see_it_nothing_is_encoded() {
    let (out, receiver) = start(CameraChoice::Pattern);
    out.set_need(PEER, None);
    out.set_on(true);
    let mut pictures = 0;
    next(&receiver, |event| {
        assert!(!matches!(event, MediaEvent::Video(_)));
        pictures += u32::from(matches!(event, MediaEvent::Picture(None)) && out.view().is_some());
        (pictures == 10).then_some(())
    });
    assert_eq!((out.stats().frames_encoded, out.stats().encodings), (0, 0));
}

#[test]
fn a_clip_goes_out_at_its_own_size() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("clip.y4m");
    let mut writer =
        Writer::new(File::create(&path).unwrap(), Header { width: 64, height: 48, rate: (100, 1) }).unwrap();
    (0..3).for_each(|_| writer.write(&I420::black(64, 48, Instant::now())).unwrap());
    let (out, receiver) = start(CameraChoice::File(path));
    out.set_on(true);
    (0..5).for_each(|_| drop(next(&receiver, video)));
    assert_eq!((out.stats().width, out.stats().height), (64, 48));
}

#[test]
fn a_source_that_cannot_be_had_is_a_notice_and_can_be_tried_again() {
    let (out, receiver) = start(CameraChoice::File("/nowhere/clip.y4m".into()));
    for _ in 0..2 {
        out.set_on(true);
        assert!(next(&receiver, notice).contains("/nowhere/clip.y4m cannot be opened"));
        assert!(!out.stats().camera);
    }
    let (out, receiver) = start(CameraChoice::Off);
    out.set_on(true);
    assert!(next(&receiver, notice).contains("No camera was chosen"));
}

#[test]
fn a_screen_that_cannot_be_shared_is_off_and_says_so() {
    let (events, receiver) = Events::channel();
    let out = VideoOut::start(VideoSource::Screen, settings(CameraChoice::Pattern), Instant::now(), events).unwrap();
    out.set_on(true);
    next(&receiver, |event| matches!(event, MediaEvent::SourceLost(VideoSource::Screen)).then_some(()));
    assert!(next(&receiver, notice).contains("The screen cannot be shared"));
    assert!(!out.stats().screen);
}

#[test]
fn dropping_it_ends_its_threads() {
    let (out, receiver) = start(CameraChoice::Pattern);
    out.set_on(true);
    next(&receiver, video);
    let shared = Arc::downgrade(&out.shared);
    drop(out);
    // Each thread held a part of it.
    assert!(shared.upgrade().is_none());
}
