//! Packets through the thread of a peer, up to the slot.

use std::time::{Duration, Instant};

use bytes::{BufMut, Bytes, BytesMut};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rustix::process::Signal;
use tempfile::TempDir;

use super::*;
use crate::decode;
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
    open_with(record, Isolation::Off)
}

fn open_with(record: Option<PathBuf>, isolation: Isolation) -> (VideoIn, Receiver<MediaEvent>) {
    let (events, receiver) = Events::channel();
    let video = VideoIn::new(record.map(|folder| (folder, Duration::ZERO)), isolation, events);
    video.open_peer(PEER, Lips::default());
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
    let ((packets, backlog), (_, ended)) = (crossbeam_channel::bounded(BACKLOG_MAX), crossbeam_channel::bounded(0));
    let peer = Peer { packets, backlog, shared: Arc::default(), lane: 0, ended };
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

#[test]
fn pictures_go_on_within_a_second_after_the_decoders_process_was_killed() {
    let (video, receiver) = open_with(None, Isolation::Process(decode::tests::program()));
    let mut sender = Sender::new(320, 180);
    show(&video, &receiver, sender.frame(false)).unwrap();
    let process = video.process().unwrap();
    rustix::process::kill_process(rustix::process::Pid::from_raw(process as i32).unwrap(), Signal::KILL).unwrap();
    let (killed, mut asked) = (Instant::now(), false);
    let picture = loop {
        sender.frame(asked).into_iter().for_each(|packet| video.receive(PEER, packet));
        match receiver.recv_timeout(Duration::from_millis(33)) {
            Ok(MediaEvent::KeyframeNeeded(PEER)) => asked = true,
            Ok(MediaEvent::Picture(Some(PEER))) => break video.picture(PEER).unwrap(),
            // The camera goes on.
            Err(_) => {}
            other => panic!("{other:?}"),
        }
    };
    assert!(killed.elapsed() < Duration::from_secs(1), "{:?}", killed.elapsed());
    assert!(asked && picture.number == 2);
    assert_ne!(video.process(), Some(process));
}

#[test]
fn a_picture_that_breaks_the_decoder_is_stopped_with_words_and_the_others_go_on() {
    let (video, receiver) = open_with(None, Isolation::Process(decode::tests::program()));
    let (guilty, mut sender) = (PeerTag(8), Sender::new(320, 180));
    video.open_peer(guilty, Lips::default());
    let mut attacker = Sender::new(16, 16);
    let attack = [&[0x10, 0, 0, 0x9D, 0x01, 0x2A, 16, 0, 16, 0][..], b"do:crash"].concat();
    let mut timestamp = 0;
    let words = loop {
        timestamp += 3_000;
        attacker.packets(&attack, timestamp).into_iter().for_each(|packet| video.receive(guilty, packet));
        match next(&receiver) {
            MediaEvent::Notice(notice) => break notice.0,
            MediaEvent::KeyframeNeeded(_) | MediaEvent::Picture(_) => {}
            other => panic!("{other:?}"),
        }
    };
    assert!(words.contains("is off"), "{words}");
    loop {
        sender.frame(true).into_iter().for_each(|packet| video.receive(PEER, packet));
        if matches!(next(&receiver), MediaEvent::Picture(Some(PEER))) {
            break;
        }
    }
    let process = video.process().unwrap();
    for _ in 0..20 {
        attacker.packets(&attack, timestamp).into_iter().for_each(|packet| video.receive(guilty, packet));
        show(&video, &receiver, sender.frame(false));
    }
    assert_eq!(video.process(), Some(process));
}

#[test]
fn many_peers_take_few_threads() {
    let (video, receiver) = open(None);
    let mut senders: Vec<Sender> = (0..24).map(|_| Sender::new(160, 90)).collect();
    (0..24).for_each(|tag| video.open_peer(PeerTag(tag), Lips::default()));
    for _ in 0..5 {
        for (tag, sender) in senders.iter_mut().enumerate() {
            sender.frame(true).into_iter().for_each(|packet| video.receive(PeerTag(tag as u64), packet));
        }
    }
    while (0..24).any(|tag| video.stats(PeerTag(tag)).decoded < 5) {
        next(&receiver);
    }
    assert!(video.lanes.len() <= LANES_MAX);
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let names = tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok());
    // Other tests run at the same time, each with threads of these names; none has one for a peer.
    assert!(names.filter(|name| name.starts_with("video-in-23")).count() == 0);
}

#[test]
fn no_picture_is_shown_twice_or_out_of_order_whatever_the_network_does() {
    let (video, receiver) = open(None);
    let (mut sender, mut rng) = (Sender::new(160, 90), ChaCha8Rng::seed_from_u64(3));
    let (mut newest, mut pictures, mut sent) = (None, 0, 0);
    for _ in 0..60 {
        let mut burst: Vec<Packet> = (0..4).flat_map(|number| sender.frame(number == 0)).collect();
        let doubles: Vec<Packet> = burst.iter().filter(|_| rng.next_u32().is_multiple_of(4)).cloned().collect();
        burst.extend(doubles);
        for at in (1..burst.len()).rev() {
            burst.swap(at, rng.next_u32() as usize % (at + 1));
        }
        burst.retain(|_| !rng.next_u32().is_multiple_of(50));
        for packet in burst {
            video.receive(PEER, packet);
            sent += 1;
            while video.stats(PEER).packets < sent {
                std::thread::yield_now();
            }
            while receiver.try_recv().is_ok() {
                let Some(picture) = video.picture(PEER) else { continue };
                let seen = pattern::read(&picture.frame).map(|mark| (picture.number, mark.number)).unwrap();
                if newest.is_some_and(|newest| newest == seen) {
                    continue;
                }
                assert!(
                    newest.is_none_or(|newest: (u64, u32)| newest.0 < seen.0 && newest.1 < seen.1),
                    "{newest:?} {seen:?}"
                );
                (newest, pictures) = (Some(seen), pictures + 1);
            }
        }
    }
    assert!(pictures > 30, "{pictures}");
}
