//! A running picture allocates nothing: neither on its way out, nor on its way in. Alone in its program, because
//! whatever any thread allocates counts.

use std::alloc::System;
use std::time::{Duration, Instant};

use bytes::Bytes;
use crossbeam_channel::Receiver;
use media::{
    CameraChoice, Engine, EngineConfig, Kind, MediaEvent, MicrophoneChoice, Need, Packet, PeerTag, SpeakerChoice,
    VideoSource,
};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, Stats, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const PATIENCE: Duration = Duration::from_secs(60);
/// Until every buffer has been made that is needed.
const WARM_UP: usize = 200;
const FRAMES: usize = 150;
/// One of so many stretches of that many frames must be free of allocations, and the one that is free ends the search: the
/// first time that a thread waits on a channel allocates, and when that happens is the scheduler's choice. Whatever belongs
/// to the frames is in every stretch.
const STRETCHES: usize = 4;
/// Bytes of a packet.
const PAYLOAD: usize = 1200;
const PEERS: [PeerTag; 3] = [PeerTag(1), PeerTag(2), PeerTag(3)];

fn engine(camera: CameraChoice) -> (Engine, Receiver<MediaEvent>) {
    let (microphone, speaker) = (MicrophoneChoice::Off, SpeakerChoice::Null);
    let (width, height, fps) = (320, 180, 60);
    Engine::start(EngineConfig { camera, microphone, speaker, width, height, fps, ..EngineConfig::default() })
}

fn next_frame(events: &Receiver<MediaEvent>) -> Bytes {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match events.recv_deadline(deadline).expect("a frame") {
            MediaEvent::Video(frame) => return frame.data,
            MediaEvent::Notice(notice) => panic!("{notice}"),
            _ => {}
        }
    }
}

/// A frame's packets without extensions (RFC 7741, section 4.2).
fn packets(frame: &Bytes, number: usize, sequence: &mut u16) -> Vec<Packet> {
    let pieces = frame.chunks(PAYLOAD).count();
    let cut = |(i, piece): (usize, &[u8])| {
        *sequence = sequence.wrapping_add(1);
        let payload = Bytes::from([&[if i == 0 { 0x10 } else { 0 }], piece].concat());
        // The first clone of it allocates.
        drop(payload.clone());
        Packet {
            sequence: *sequence,
            timestamp: number as u32 * 1500,
            marker: i + 1 == pieces,
            payload,
            arrived: Instant::now(),
        }
    };
    frame.chunks(PAYLOAD).enumerate().map(cut).collect()
}

/// What the first stretch without allocations took, or else the last one.
fn steady(mut stretch: impl FnMut(usize)) -> Stats {
    let mut took = Stats::default();
    for number in 0..STRETCHES {
        let region = Region::new(ALLOCATOR);
        stretch(number);
        took = region.change();
        if took.allocations + took.reallocations == 0 {
            break;
        }
    }
    took
}

#[test]
fn a_running_picture_allocates_nothing_on_its_way_out_and_in() {
    let (sender, sent) = engine(CameraChoice::Pattern);
    for peer in PEERS {
        // One of them gets another quality.
        let bitrate = if peer == PEERS[2] { 40_000 } else { 1_000_000 };
        sender.set_need(peer, VideoSource::Camera, Some(Need { bitrate, height: None }));
    }
    sender.set_camera(true);
    for _ in 0..WARM_UP {
        next_frame(&sent);
    }
    let out = steady(|_| (0..FRAMES).for_each(|_| drop(next_frame(&sent))));
    assert!(sender.out_stats().encodings > 1, "two qualities are encoded");
    drop(sender);

    let (sender, sent) = engine(CameraChoice::Pattern);
    sender.set_need(PEERS[0], VideoSource::Camera, Some(Need { bitrate: 1_000_000, height: None }));
    sender.set_camera(true);
    let mut sequence = 0;
    let frames: Vec<Vec<Packet>> =
        (0..WARM_UP + STRETCHES * FRAMES).map(|number| packets(&next_frame(&sent), number, &mut sequence)).collect();
    drop(sender);
    let (receiver, shown) = engine(CameraChoice::Off);
    receiver.open_peer(PEERS[0]);
    let show = |frames: &[Vec<Packet>]| {
        for packet in frames.iter().flatten() {
            receiver.receive(PEERS[0], Kind::Video, packet.clone());
            if packet.marker {
                while !matches!(shown.recv_timeout(PATIENCE), Ok(MediaEvent::Picture(Some(_)))) {}
            }
        }
    };
    show(&frames[..WARM_UP]);
    let mut shown = WARM_UP;
    let come = steady(|stretch| {
        let from = WARM_UP + stretch * FRAMES;
        shown = from + FRAMES;
        show(&frames[from..shown]);
    });
    assert_eq!(receiver.peer_stats(PEERS[0]).video.decoded as usize, shown);
    assert_eq!((out.allocations, out.reallocations), (0, 0), "out: {out:?}");
    assert_eq!((come.allocations, come.reallocations), (0, 0), "in: {come:?}");
}
