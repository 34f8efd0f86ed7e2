//! Packets through the thread of a peer, up to the slot.

use std::time::{Duration, Instant};

use bytes::{BufMut, Bytes, BytesMut};
use tempfile::TempDir;

use super::*;
use crate::event::MediaEvent;
use crate::frame::I420;
use crate::pattern::{self, Mark};
use crate::vp8::{Encoder, Settings};
use crate::y4m::Reader;

const PATIENCE: Duration = Duration::from_secs(20);
const PEER: PeerTag = PeerTag(7);

/// Another participant's encoder and packetiser.
struct Sender {
    encoder: Encoder,
    number: u32,
    sequence: u16,
}

impl Sender {
    fn new(width: u32, height: u32) -> Self {
        let settings = Settings { width, height, fps: 30, bitrate: 500_000, screen: false };
        Self { encoder: Encoder::new(settings).unwrap(), number: 0, sequence: 65_530 }
    }

    fn frame(&mut self, keyframe: bool) -> Vec<Packet> {
        let (width, height) = (self.encoder.settings().width, self.encoder.settings().height);
        let mark = Mark { number: self.number, millis: pattern::camera::wall_millis().wrapping_sub(40) };
        let time = i64::from(self.number) * 3_000;
        self.number += 1;
        let picture = pattern::picture(width, height, mark, Instant::now());
        let encoded = self.encoder.encode(&picture, time, keyframe).unwrap().map(|encoded| encoded.data);
        encoded.map_or_else(Vec::new, |data| self.packets(&data, time as u32))
    }

    fn packets(&mut self, data: &[u8], timestamp: u32) -> Vec<Packet> {
        let last = data.len().div_ceil(500) - 1;
        let packet = |(index, part): (usize, &[u8])| {
            let mut payload = BytesMut::new();
            payload.put_u8(if index == 0 { 0x10 } else { 0 });
            payload.extend_from_slice(part);
            self.sequence = self.sequence.wrapping_add(1);
            let (sequence, payload) = (self.sequence, payload.freeze());
            Packet { sequence, timestamp, marker: index == last, payload, arrived: Instant::now() }
        };
        data.chunks(500).enumerate().map(packet).collect()
    }
}

fn open(record: Option<PathBuf>) -> (VideoIn, Receiver<MediaEvent>) {
    let (events, receiver) = Events::channel();
    let video = VideoIn::new(record, events);
    video.open_peer(PEER);
    (video, receiver)
}

fn next(receiver: &Receiver<MediaEvent>) -> MediaEvent {
    receiver.recv_timeout(PATIENCE).expect("the event comes in time")
}

fn show(video: &VideoIn, receiver: &Receiver<MediaEvent>, packets: Vec<Packet>) -> Option<Picture> {
    if packets.is_empty() {
        return None;
    }
    packets.into_iter().for_each(|packet| video.receive(PEER, packet));
    let event = next(receiver);
    assert!(matches!(event, MediaEvent::Picture(Some(PEER))), "{event:?}");
    video.picture(PEER)
}

#[test]
fn pictures_arrive_in_the_slot_and_are_counted() {
    let (video, receiver) = open(None);
    let mut sender = Sender::new(320, 180);
    let mut shown = 0;
    for number in 0..30 {
        let packets = sender.frame(false);
        let Some(picture) = show(&video, &receiver, packets) else { continue };
        shown += 1;
        assert_eq!((picture.number, picture.frame.width(), picture.frame.height()), (shown, 320, 180));
        assert_eq!(pattern::read(&picture.frame).map(|mark| mark.number), Some(number));
    }
    let stats = video.stats(PEER);
    assert_eq!((stats.received, stats.decoded, stats.marks_seen), (shown, shown, shown));
    assert_eq!((stats.dropped, stats.keyframe_requests), (0, 0));
    assert_eq!((stats.width, stats.height, stats.last_mark.map(|mark| mark.number)), (320, 180, Some(29)));
    assert!(stats.packets >= shown && stats.latency_p50_ms >= Some(40) && stats.latency_p95_ms < Some(5_000));
}

#[test]
fn a_loss_is_answered_with_a_wish_for_a_keyframe_and_got_over() {
    let (video, receiver) = open(None);
    let mut sender = Sender::new(320, 180);
    show(&video, &receiver, sender.frame(false)).unwrap();
    // A frame gets lost; the next ones do not help.
    while sender.frame(false).is_empty() {}
    (0..3).flat_map(|_| sender.frame(false)).for_each(|packet| video.receive(PEER, packet));
    assert!(matches!(next(&receiver), MediaEvent::KeyframeNeeded(PEER)));
    let picture = show(&video, &receiver, sender.frame(true)).unwrap();
    assert_eq!(pattern::read(&picture.frame).map(|mark| mark.number), Some(sender.number - 1));
    let stats = video.stats(PEER);
    assert_eq!((stats.decoded, stats.keyframe_requests), (2, 1));
    assert!(stats.dropped >= 1);
}

#[test]
fn a_giant_or_broken_keyframe_only_freezes_its_own_tile() {
    let (video, receiver) = open(None);
    let mut sender = Sender::new(320, 180);
    let shown = show(&video, &receiver, sender.frame(false)).unwrap();
    let giant = [0x10, 0, 0, 0x9D, 0x01, 0x2A, 0xFF, 0x3F, 0xFF, 0x3F, 0, 0];
    sender.packets(&giant, 1).into_iter().for_each(|packet| video.receive(PEER, packet));
    let notice = next(&receiver);
    assert!(matches!(&notice, MediaEvent::Notice(notice) if notice.0.contains("16383×16383")), "{notice:?}");
    assert!(matches!(next(&receiver), MediaEvent::KeyframeNeeded(PEER)));
    assert_eq!(video.picture(PEER).map(|picture| picture.number), Some(shown.number));
    let noise: Vec<u8> = (0..2_000_u32).map(|index| ((index * index) >> 3) as u8 & 0xFE).collect();
    sender.packets(&noise, 2).into_iter().for_each(|packet| video.receive(PEER, packet));
    sender.frame(true).into_iter().for_each(|packet| video.receive(PEER, packet));
    while !matches!(next(&receiver), MediaEvent::Picture(Some(PEER))) {}
    let stats = video.stats(PEER);
    assert_eq!((stats.decoded, stats.dropped), (2, 2));
}

#[test]
fn what_comes_in_is_recorded_one_file_per_size() {
    let folder = TempDir::new().unwrap();
    let (video, receiver) = open(Some(folder.path().to_owned()));
    for (width, height) in [(320, 180), (176, 144)] {
        let mut sender = Sender::new(width, height);
        // As if the same stream went on with another size.
        sender.sequence = if width == 320 { 0 } else { 20_000 };
        for _ in 0..3 {
            sender.frame(true).into_iter().for_each(|packet| video.receive(PEER, packet));
            while !matches!(next(&receiver), MediaEvent::Picture(Some(PEER))) {}
        }
    }
    drop(video);
    for (file, width, height) in [("7.y4m", 320, 180), ("7-2.y4m", 176, 144)] {
        let bytes = std::fs::read(folder.path().join(file)).unwrap();
        let mut reader = Reader::new(bytes.as_slice()).unwrap();
        assert_eq!((reader.header().width, reader.header().height), (width, height));
        let mut picture = I420::black(width, height, Instant::now());
        let mut numbers = Vec::new();
        while reader.read(&mut picture).unwrap() {
            numbers.extend(pattern::read(&picture).map(|mark| mark.number));
        }
        assert_eq!(numbers, [0, 1, 2]);
    }
}

#[test]
fn an_unknown_peer_is_ignored_and_a_closed_one_has_ended() {
    let (video, receiver) = open(None);
    let mut sender = Sender::new(320, 180);
    show(&video, &receiver, sender.frame(false)).unwrap();
    let shared = video.with(PEER, |peer| Arc::downgrade(&peer.shared)).unwrap();
    video.close_peer(PEER);
    // Its thread held a part of it.
    assert!(shared.upgrade().is_none());
    sender.frame(true).into_iter().for_each(|packet| video.receive(PEER, packet));
    assert!(video.picture(PEER).is_none());
    assert_eq!(video.stats(PEER), VideoStats::default());
    assert!(receiver.is_empty());
}

#[test]
fn when_the_decoder_cannot_keep_up_the_newest_packets_win() {
    let (packets, backlog) = crossbeam_channel::bounded(BACKLOG_MAX);
    let peer = Peer { packets: Some(packets), backlog, shared: Arc::default(), thread: None };
    for sequence in 0..BACKLOG_MAX as u16 + 10 {
        let (payload, arrived) = (Bytes::new(), Instant::now());
        peer.receive(Packet { sequence, timestamp: 0, marker: true, payload, arrived });
    }
    assert_eq!(peer.backlog.len(), BACKLOG_MAX);
    assert_eq!(peer.backlog.recv().unwrap().sequence, 10);
}

#[test]
fn a_flood_neither_blocks_nor_grows() {
    let (video, _receiver) = open(None);
    let payload = Bytes::from_static(&[0x10, 1, 2, 3]);
    for sequence in 0..200_000_u32 {
        let (sequence, timestamp, arrived) = (sequence as u16, sequence, Instant::now());
        video.receive(PEER, Packet { sequence, timestamp, marker: true, payload: payload.clone(), arrived });
    }
    assert!(video.with(PEER, |peer| peer.backlog.len()).unwrap() <= BACKLOG_MAX);
}
