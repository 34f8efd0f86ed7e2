//! Streams that are shuffled, thinned out and doubled, on virtual time.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;

/// One packet as the network delivers it.
#[derive(Debug, Clone)]
struct Sent {
    sequence: u16,
    timestamp: u32,
    marker: bool,
    payload: Bytes,
}

/// What a test compares: number, keyframe, contiguous.
type Seen = (u32, bool, bool);

const FRAME_TIME: Duration = Duration::from_millis(33);

/// Frames of one to five packets. The frame's bytes are its number and its fragments' indices.
fn stream(first_sequence: u16, numbers: std::ops::Range<u32>, keys: &[u32]) -> Vec<Vec<Sent>> {
    let mut sequence = first_sequence;
    let frame = |number: u32| {
        let fragments = 1 + number * 7 % 5;
        (0..fragments)
            .map(|index| {
                let mut payload = vec![if index == 0 { 0x10 } else { 0x00 }];
                if index == 0 {
                    payload.push(u8::from(!keys.contains(&number)));
                    payload.extend(number.to_be_bytes());
                }
                payload.push(index as u8);
                let sent = Sent {
                    sequence,
                    timestamp: number.wrapping_mul(3000),
                    marker: index + 1 == fragments,
                    payload: payload.into(),
                };
                sequence = sequence.wrapping_add(1);
                sent
            })
            .collect()
    };
    numbers.map(frame).collect()
}

/// Feeds packets and checks that what comes out are whole frames.
struct Receiver {
    assembler: Assembler,
    now: Instant,
    seen: Vec<Seen>,
    asked: Vec<Duration>,
    start: Instant,
}

impl Receiver {
    fn new() -> Self {
        let now = Instant::now();
        Self { assembler: Assembler::new(), now, seen: Vec::new(), asked: Vec::new(), start: now }
    }

    fn take(&mut self, packet: &Sent) {
        let Sent { sequence, timestamp, marker, payload } = packet.clone();
        self.assembler.handle_packet(sequence, timestamp, marker, payload, self.now);
        self.drain();
    }

    fn take_all<'a>(&mut self, packets: impl IntoIterator<Item = &'a Sent>) {
        packets.into_iter().for_each(|packet| self.take(packet));
    }

    /// Lets time pass, with every timeout at its time.
    fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(timeout) = self.assembler.poll_timeout().filter(|timeout| *timeout <= until) {
            self.now = timeout.max(self.now);
            self.assembler.handle_timeout(self.now);
            self.drain();
            assert!(self.assembler.poll_timeout().is_none_or(|next| next > self.now), "timeouts move forward");
        }
        self.now = until;
    }

    fn drain(&mut self) {
        while let Some(effect) = self.assembler.poll_effect() {
            match effect {
                Effect::KeyframeNeeded => self.asked.push(self.now - self.start),
                Effect::Frame(frame) => {
                    let number = u32::from_be_bytes(frame.data[1..5].try_into().unwrap());
                    assert_eq!(frame.timestamp, number.wrapping_mul(3000));
                    let fragments: Vec<u8> = (0..(1 + number * 7 % 5) as u8).collect();
                    assert_eq!(frame.data[5..], fragments, "frame {number} is whole");
                    self.seen.push((number, frame.keyframe, frame.contiguous));
                    self.assembler.recycle(frame.data);
                }
            }
        }
    }

    fn numbers(&self) -> Vec<u32> {
        self.seen.iter().map(|seen| seen.0).collect()
    }
}

#[test]
fn frames_come_out_at_once_and_in_order_across_the_wrap() {
    let mut receiver = Receiver::new();
    for (number, frame) in stream(65_500, 0..200, &[0]).iter().enumerate() {
        receiver.take_all(frame);
        assert_eq!(receiver.seen.last(), Some(&(number as u32, number == 0, number != 0)));
        receiver.pass(FRAME_TIME);
    }
    assert!(receiver.asked.is_empty());
    assert_eq!(receiver.assembler.dropped(), 0);
}

#[test]
fn order_and_duplicates_do_not_matter() {
    for seed in 0..200 {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let first = rng.next_u32() as u16;
        let packets: Vec<Sent> = stream(first, 0..60, &[0]).concat();
        let mut receiver = Receiver::new();
        // Every packet is up to six places late, and every fifth comes twice.
        let mut order: Vec<(usize, usize)> = Vec::new();
        for index in 0..packets.len() {
            order.push((index + rng.next_u32() as usize % 6, index));
            if rng.next_u32().is_multiple_of(5) {
                order.push((index + rng.next_u32() as usize % 20, index));
            }
        }
        order.sort();
        for (_, index) in order {
            receiver.take(&packets[index]);
            receiver.pass(Duration::from_millis(2));
        }
        assert_eq!(receiver.numbers(), (0..60).collect::<Vec<_>>(), "seed {seed}");
        assert!(receiver.seen.iter().skip(1).all(|seen| seen.2), "seed {seed}");
    }
}

#[test]
fn a_packet_that_comes_again_in_time_costs_nothing() {
    let frames = stream(0, 0..10, &[0]);
    let mut receiver = Receiver::new();
    for (number, frame) in frames.iter().enumerate() {
        let lost = usize::from(number == 3);
        receiver.take_all(&frame[lost..]);
        receiver.pass(FRAME_TIME);
        if number == 6 {
            assert_eq!(receiver.numbers(), [0, 1, 2]);
            receiver.take(&frames[3][0]);
            assert_eq!(receiver.numbers(), [0, 1, 2, 3, 4, 5, 6]);
        }
    }
    assert_eq!(receiver.numbers(), (0..10).collect::<Vec<_>>());
    assert!(receiver.asked.is_empty());
}

#[test]
fn on_a_long_path_one_hole_teaches_how_long_the_next_ones_take() {
    let frames = stream(0, 0..100, &[0]);
    let mut receiver = Receiver::new();
    let mut again: Vec<(usize, &Sent)> = Vec::new();
    for (number, frame) in frames.iter().enumerate() {
        let lost = usize::from(number % 20 == 5);
        // Nine frames later, 297 ms.
        again.extend(frame[..lost].iter().map(|packet| (number + 9, packet)));
        receiver.take_all(&frame[lost..]);
        again.retain(|(due, packet)| {
            if *due == number {
                receiver.take(packet);
            }
            *due > number
        });
        receiver.pass(FRAME_TIME);
    }
    assert_eq!(receiver.numbers(), (0..100).collect::<Vec<_>>());
    assert_eq!(receiver.asked.len(), 1, "only the first hole was given up");
    assert_eq!(receiver.assembler.dropped(), 0);
    assert!(receiver.seen[1..].iter().all(|(_, _, contiguous)| *contiguous));
}

#[test]
fn after_a_loss_nothing_comes_out_before_a_keyframe_which_is_asked_for() {
    let frames = stream(0, 0..60, &[0, 40]);
    let mut receiver = Receiver::new();
    for (number, frame) in frames.iter().enumerate() {
        if number != 5 {
            receiver.take_all(frame);
        }
        receiver.pass(FRAME_TIME);
    }
    let expected: Vec<u32> = (0..5).chain(40..60).collect();
    assert_eq!(receiver.numbers(), expected);
    assert_eq!(receiver.seen[5], (40, true, false));
    assert_eq!(receiver.seen[6], (41, false, true));
    // The hole was seen with frame 6 at 198 ms; asked 150 ms later, and then every 400 ms.
    assert_eq!(receiver.asked, [348, 748, 1148].map(Duration::from_millis));
    assert_eq!(receiver.assembler.dropped(), 34);
}

#[test]
fn a_keyframe_beyond_the_hole_is_taken_at_once() {
    let frames = stream(0, 0..10, &[0, 6]);
    let mut receiver = Receiver::new();
    for (number, frame) in frames.iter().enumerate() {
        if number != 5 {
            receiver.take_all(frame);
        }
        receiver.pass(Duration::from_millis(5));
    }
    assert_eq!(receiver.numbers(), [0, 1, 2, 3, 4, 6, 7, 8, 9]);
    assert!(receiver.asked.is_empty());
}

#[test]
fn whoever_joins_in_the_middle_asks_once_and_then_again() {
    let frames = stream(0, 1..31, &[]);
    let mut receiver = Receiver::new();
    for frame in &frames {
        receiver.take_all(frame);
        receiver.pass(FRAME_TIME);
    }
    assert!(receiver.seen.is_empty());
    assert_eq!(receiver.asked, [30, 430, 830].map(Duration::from_millis));
    // Nobody sends any more: there is nobody to ask.
    receiver.pass(Duration::from_secs(60));
    assert_eq!(receiver.asked.len(), 4);
}

#[test]
fn a_stream_that_begins_with_its_keyframe_is_not_asked_for_one() {
    let packets = stream(100, 3..5, &[3]).concat();
    let mut receiver = Receiver::new();
    receiver.take_all(packets.iter().rev());
    receiver.pass(Duration::from_secs(1));
    assert_eq!(receiver.seen, [(3, true, false), (4, false, true)]);
    assert!(receiver.asked.is_empty());
}

#[test]
fn what_cannot_be_decoded_is_answered_like_a_loss() {
    let frames = stream(0, 0..30, &[0, 20]);
    let mut receiver = Receiver::new();
    for (number, frame) in frames.iter().enumerate() {
        receiver.take_all(frame);
        if number == 3 {
            receiver.assembler.handle_undecodable(receiver.now);
            receiver.drain();
        }
        receiver.pass(FRAME_TIME);
    }
    assert_eq!(receiver.numbers(), (0..4).chain(20..30).collect::<Vec<_>>());
    assert_eq!(receiver.asked, [99, 499].map(Duration::from_millis));
}

#[test]
fn padding_between_and_within_frames_is_skipped() {
    let mut packets = stream(0, 0..6, &[0]).concat();
    for at in [10, 3, 1] {
        let timestamp = packets[at - 1].timestamp;
        packets.insert(at, Sent { sequence: 0, timestamp, marker: false, payload: Bytes::new() });
    }
    let mut receiver = Receiver::new();
    for (sequence, packet) in packets.iter_mut().enumerate() {
        packet.sequence = sequence as u16;
        receiver.take(packet);
    }
    assert_eq!(receiver.numbers(), (0..6).collect::<Vec<_>>());
    assert!(receiver.seen.iter().skip(1).all(|seen| seen.2));
}

#[test]
fn a_missing_marker_is_made_up_for_by_the_next_frame() {
    let mut frames = stream(0, 0..4, &[0]);
    frames[1].last_mut().unwrap().marker = false;
    let mut receiver = Receiver::new();
    receiver.take_all(frames[..2].iter().flatten());
    assert_eq!(receiver.numbers(), [0]);
    receiver.take_all(&frames[2]);
    assert_eq!(receiver.numbers(), [0, 1, 2]);
}

#[test]
fn a_restarted_stream_goes_on_wherever_its_numbers_begin() {
    for first in [20_000_u16, 50_000, 39_000, 12] {
        let mut receiver = Receiver::new();
        receiver.take_all(stream(40_000, 0..30, &[0]).iter().flatten());
        for frame in stream(first, 100..200, &[100, 130]) {
            receiver.take_all(&frame);
            receiver.pass(FRAME_TIME);
        }
        assert_eq!(receiver.numbers().last(), Some(&199), "from {first}");
    }
}

#[test]
fn any_weather_ends_in_whole_frames_in_rising_order_and_recovers() {
    for seed in 0..300 {
        let mut rng = ChaCha8Rng::seed_from_u64(1_000 + seed);
        let keys: Vec<u32> = (0..200).filter(|number| number % 37 == 0).collect();
        let frames = stream(rng.next_u32() as u16, 0..200, &keys);
        let mut receiver = Receiver::new();
        let mut late: Vec<Sent> = Vec::new();
        for (number, frame) in frames.iter().enumerate() {
            for packet in frame {
                match rng.next_u32() % 100 {
                    _ if number >= 180 => receiver.take(packet),
                    0..5 => {}
                    5..15 => late.push(packet.clone()),
                    15..20 => receiver.take_all([packet, packet]),
                    _ => receiver.take(packet),
                }
                if rng.next_u32().is_multiple_of(7) && !late.is_empty() {
                    receiver.take(&late.remove(0));
                }
            }
            receiver.pass(FRAME_TIME);
        }
        let numbers = receiver.numbers();
        assert!(numbers.is_sorted_by(|a, b| a < b), "seed {seed}: {numbers:?}");
        for pair in receiver.seen.windows(2) {
            assert_eq!(pair[1].2, pair[0].0 + 1 == pair[1].0, "seed {seed}: {pair:?}");
            assert!(pair[1].2 || pair[1].1, "seed {seed}: after a hole only a keyframe, {pair:?}");
        }
        assert_eq!(numbers[numbers.len() - 15..], (185..200).collect::<Vec<_>>(), "seed {seed}");
        assert!(receiver.asked.windows(2).all(|asks| asks[1] - asks[0] >= Duration::from_millis(300)), "seed {seed}");
    }
}

#[test]
fn fragments_of_a_frame_that_never_begins_stay_within_memory() {
    let mut assembler = Assembler::new();
    let fragment = Bytes::from(vec![0; 60_000]);
    for sequence in 0..1_000 {
        assembler.handle_packet(sequence, 0, false, fragment.clone(), Instant::now());
        assert!(assembler.store.is_bounded(), "after {sequence}");
    }
}

#[test]
fn a_hostile_stream_stays_within_its_memory() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut assembler = Assembler::new();
    let mut now = Instant::now();
    let big = Bytes::from(vec![0x10; 60_000]);
    for sequence in 0..40_000_u32 {
        let random = rng.next_u32();
        let payload = match random % 4 {
            0 => big.clone(),
            1 => Bytes::new(),
            _ => Bytes::copy_from_slice(&random.to_be_bytes()),
        };
        let sequence = if random.is_multiple_of(3) { random as u16 } else { sequence as u16 };
        assembler.handle_packet(sequence, random % 3, random.is_multiple_of(50), payload, now);
        now += Duration::from_millis(1);
        assert!(assembler.store.is_bounded());
        while assembler.poll_effect().is_some() {}
    }
}
