//! Playout on virtual time: seeded jitter, loss and reordering; what is played, and what is made up.

use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::*;
use crate::audio::BLOCK;

const SHAPE: Shape = Shape { samples: 960, redundant: true, resting: false };

/// Set in the number of a packet that says that nobody speaks.
const RESTING: u32 = 1 << 31;

/// What becomes of one packet on its way.
#[derive(Clone, Copy)]
enum Fate {
    Lost,
    /// After this many milliseconds; several times the same is a duplicate.
    Arrives(f64),
}

/// One run: packets of 20 ms go in as the network brings them, 10 ms blocks are taken out by a steady clock.
struct World {
    playout: Playout,
    start: Instant,
    arrivals: Vec<(Duration, Packet)>,
    /// The number of each packet that was played, and when in ms.
    played: Vec<(u32, u64)>,
    recovered: u64,
    concealed: u64,
    comfort: usize,
    silent_blocks: Vec<u64>,
    paces: Vec<Pace>,
}

impl World {
    fn new() -> Self {
        let start = Instant::now();
        Self {
            playout: Playout::new(start),
            start,
            arrivals: Vec::new(),
            played: Vec::new(),
            recovered: 0,
            concealed: 0,
            comfort: 0,
            silent_blocks: Vec::new(),
            paces: Vec::new(),
        }
    }

    /// Packet `number` with this sequence and timestamp, sent at `sent_ms`.
    fn send(&mut self, number: u32, sequence: u16, timestamp: u32, sent_ms: f64, fate: Fate) {
        self.send_shaped(number, sequence, timestamp, sent_ms, fate, false);
    }

    /// The first byte of the payload says whether its sender rests.
    fn send_shaped(&mut self, number: u32, sequence: u16, timestamp: u32, sent_ms: f64, fate: Fate, resting: bool) {
        let Fate::Arrives(after_ms) = fate else { return };
        let at = Duration::from_secs_f64((sent_ms + after_ms) / 1000.0);
        let number = number | if resting { RESTING } else { 0 };
        let payload = Bytes::copy_from_slice(&number.to_be_bytes());
        let arrived = self.start + at;
        self.arrivals.push((at, Packet { sequence, timestamp, marker: false, payload, arrived }));
    }

    /// `count` packets, one each 20 ms from the start, near the wraps of sequence and timestamp.
    fn stream(&mut self, count: u32, mut fate: impl FnMut(u32) -> Fate) {
        for i in 0..count {
            let sequence = 65_000_u16.wrapping_add(i as u16);
            let timestamp = 4_294_900_000_u32.wrapping_add(i * 960);
            self.send(i, sequence, timestamp, f64::from(i) * 20.0, fate(i));
        }
    }

    fn run(&mut self, milliseconds: u64) {
        self.arrivals.sort_by_key(|(at, _)| *at);
        let mut arrivals = std::mem::take(&mut self.arrivals).into_iter().peekable();
        let mut queued = 0;
        for now_ms in (0..milliseconds).step_by(10) {
            let now = Duration::from_millis(now_ms);
            while let Some((_, packet)) = arrivals.next_if(|(at, _)| *at <= now) {
                let number = u32::from_be_bytes(packet.payload[..].try_into().unwrap());
                self.playout.handle_packet(packet, Shape { resting: number & RESTING != 0, ..SHAPE });
            }
            while queued < BLOCK {
                queued += self.step(now, queued);
            }
            queued -= BLOCK;
        }
    }

    fn step(&mut self, now: Duration, queued: usize) -> usize {
        match self.playout.poll(self.start + now, queued) {
            Step::Play { payload, pace } => {
                let number = u32::from_be_bytes(payload[..].try_into().unwrap());
                self.played.push((number, now.as_millis() as u64));
                self.paces.push(pace);
                match pace {
                    Pace::Normal => 960,
                    Pace::Faster => 960 - 240,
                    Pace::Slower => 960 + 240,
                }
            }
            Step::Recover { samples, .. } => {
                self.recovered += 1;
                samples
            }
            Step::Conceal { samples } => {
                self.concealed += samples as u64;
                samples
            }
            Step::Comfort { samples } => {
                self.comfort += samples;
                samples
            }
            Step::Silence => {
                self.silent_blocks.push(now.as_millis() as u64);
                BLOCK
            }
        }
    }

    fn numbers(&self) -> Vec<u32> {
        self.played.iter().map(|&(number, _)| number).collect()
    }
}

fn rng(seed: u8) -> ChaCha8Rng {
    ChaCha8Rng::from_seed([seed; 32])
}

fn fraction(rng: &mut ChaCha8Rng) -> f64 {
    f64::from(rng.next_u32()) / f64::from(u32::MAX)
}

#[test]
fn a_steady_stream_is_played_whole_in_order_and_after_40_ms() {
    let mut world = World::new();
    world.stream(2000, |_| Fate::Arrives(30.0));
    world.run(40_200);
    assert_eq!(world.numbers(), (0..2000).collect::<Vec<_>>());
    assert_eq!(world.played[0].1, 70, "30 ms on the way and 40 ms of waiting");
    let counts = world.playout.counts();
    assert_eq!((counts.packets, counts.late, counts.duplicates, counts.dropped), (2000, 0, 0, 0));
    assert_eq!(counts.concealed_samples, 0);
}

#[test]
fn packets_that_overtake_each_other_are_put_in_order() {
    let mut world = World::new();
    world.stream(1000, |i| Fate::Arrives(if i % 3 == 0 { 50.0 } else { 20.0 }));
    world.run(20_200);
    let numbers = world.numbers();
    assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "order");
    assert!(numbers.len() >= 998, "{} played", numbers.len());
    assert!(world.playout.counts().concealed_samples <= 2 * 960);
}

#[test]
fn jitter_is_waited_out() {
    for seed in 0..20 {
        let mut rng = rng(seed);
        let mut world = World::new();
        world.stream(3000, |_| Fate::Arrives(20.0 + 60.0 * fraction(&mut rng)));
        world.run(60_500);
        let counts = world.playout.counts();
        let made_up = counts.concealed_samples as f64 / (3000.0 * 960.0);
        assert!(made_up < 0.01, "seed {seed}: {:.2} % made up", made_up * 100.0);
        assert!(counts.late + counts.dropped < 10, "seed {seed}: {counts:?}");
        let (delay, target) = world.playout.delay_us();
        assert!((60_000..110_000).contains(&target), "seed {seed}: target {target}");
        assert!((40_000..160_000).contains(&delay), "seed {seed}: delay {delay}");
    }
}

#[test]
fn single_losses_are_restored_from_the_next_packet() {
    for seed in 0..20 {
        let mut rng = rng(seed);
        let mut world = World::new();
        let mut lost = 0;
        world.stream(3000, |i| {
            let fate = if i > 0 && i % 7 == 0 { Fate::Lost } else { Fate::Arrives(20.0 + 15.0 * fraction(&mut rng)) };
            lost += u64::from(matches!(fate, Fate::Lost));
            fate
        });
        world.run(60_500);
        let counts = world.playout.counts();
        assert!(world.recovered * 100 > lost * 90, "seed {seed}: {} of {lost}", world.recovered);
        let concealed = counts.concealed_samples / 960;
        assert!((lost..lost + lost / 10).contains(&concealed), "seed {seed}: {concealed} for {lost} lost");
    }
}

#[test]
fn any_network_leaves_order_and_honest_counts() {
    for seed in 0..200 {
        let mut rng = rng(seed);
        let (loss, jitter) = (0.3 * fraction(&mut rng), 150.0 * fraction(&mut rng));
        let mut world = World::new();
        let mut sent = Vec::new();
        world.stream(1000, |i| {
            if fraction(&mut rng) < loss {
                return Fate::Lost;
            }
            sent.push(i);
            Fate::Arrives(5.0 + jitter * fraction(&mut rng))
        });
        // Some come twice.
        let twice: Vec<_> = world.arrivals.iter().filter(|_| fraction(&mut rng) < 0.05).cloned().collect();
        let duplicates = twice.len();
        world.arrivals.extend(twice);
        world.run(21_000);
        let numbers = world.numbers();
        assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "seed {seed}: order");
        let counts = world.playout.counts();
        assert_eq!(counts.packets as usize, sent.len() + duplicates, "seed {seed}");
        assert_eq!(counts.restarts, 0, "seed {seed}");
        let accounted = numbers.len() as u64 + counts.late + counts.dropped + counts.duplicates;
        assert_eq!(accounted, counts.packets, "seed {seed}: {counts:?}");
        let heard = numbers.len() as f64 / sent.len() as f64;
        assert!(heard > 0.9, "seed {seed}: {:.0} % heard at loss {loss:.2}, jitter {jitter:.0}", heard * 100.0);
    }
}

#[test]
fn a_mute_is_silence_and_not_loss() {
    let mut world = World::new();
    for i in 0..500_u32 {
        // Five seconds of pause in the middle; the sequence goes on, the timestamp counts the pause.
        let pause = if i < 250 { 0 } else { 5000 };
        let sent_ms = f64::from(i * 20 + pause);
        world.send(i, i as u16, i * 960 + pause * 48, sent_ms, Fate::Arrives(10.0));
    }
    world.run(15_200);
    assert_eq!(world.numbers(), (0..500).collect::<Vec<_>>());
    assert_eq!(world.playout.counts().concealed_samples, 0);
    assert!(world.concealed <= 2 * BRIDGE_MAX as u64, "at most 60 ms are made up when a sender falls silent");
    let silent = world.silent_blocks.iter().filter(|ms| (5000..10_200).contains(*ms)).count();
    assert!((485..=500).contains(&silent), "{silent} silent blocks");
}

#[test]
fn a_clock_that_differs_by_200_ppm_is_followed_for_an_hour_without_a_glitch() {
    for ppm in [-200.0, 200.0] {
        let mut rng = rng(11);
        let mut world = World::new();
        for i in 0..180_000_u32 {
            let sent_ms = f64::from(i) * 20.0 * (1.0 + ppm * 1e-6);
            let fate = Fate::Arrives(10.0 + 8.0 * fraction(&mut rng));
            world.send(i, i as u16, i.wrapping_mul(960), sent_ms, fate);
        }
        world.run(3_598_000);
        let counts = world.playout.counts();
        assert_eq!((counts.concealed_samples, counts.late, counts.dropped), (0, 0, 0), "{ppm} ppm: {counts:?}");
        assert!(world.concealed == 0 && world.silent_blocks.iter().all(|&ms| ms < 100), "{ppm} ppm: a glitch");
        let (delay, target) = world.playout.delay_us();
        assert!((10_000..80_000).contains(&delay), "{ppm} ppm: {delay} against {target}");
        // 720 ms in an hour, in steps of 5 ms, and not many more.
        let changes = world.paces.iter().filter(|pace| **pace != Pace::Normal).count();
        assert!((100..400).contains(&changes), "{ppm} ppm: {changes} changes of pace");
    }
}

#[test]
fn a_rest_of_the_sender_is_comfort_and_not_loss() {
    for gap_ms in [40, 100, 400] {
        let mut world = World::new();
        let mut sequence = 0;
        let mut rng = rng(5);
        for ms in (0..20_000_u32).step_by(20) {
            // Two seconds of speech, two of rest: then one packet at once and one in each gap.
            let rests = ms / 2000 % 2 == 1;
            if !rests || (ms % 2000).is_multiple_of(gap_ms) {
                let fate = Fate::Arrives(10.0 + 15.0 * fraction(&mut rng));
                world.send_shaped(ms / 20, sequence, ms * 48, f64::from(ms), fate, rests);
                sequence += 1;
            }
        }
        world.run(20_000);
        let counts = world.playout.counts();
        assert_eq!((counts.concealed_samples, counts.late, counts.dropped), (0, 0, 0), "{gap_ms} ms: {counts:?}");
        assert!(world.comfort > 2 * SAMPLE_RATE as usize, "{gap_ms} ms: {} samples of comfort", world.comfort);
        assert!(world.silent_blocks.iter().all(|&ms| ms < 200), "{gap_ms} ms: comfort is no silence");
        // Whoever begins to speak is heard after the same delay as before.
        for second in [4, 8, 12, 16] {
            let first = world.played.iter().find(|(number, _)| *number == second * 50).unwrap();
            let delay = first.1 - u64::from(second) * 1000;
            assert!((30..=90).contains(&delay), "{gap_ms} ms: {delay} ms at {second} s");
        }
    }
}

#[test]
fn whoever_rests_and_says_nothing_more_falls_silent_after_a_second() {
    let mut world = World::new();
    for i in 0..100 {
        world.send_shaped(i, i as u16, i * 960, f64::from(i) * 20.0, Fate::Arrives(10.0), i == 99);
    }
    world.run(5000);
    assert!(world.silent_blocks.iter().all(|ms| !(200..2900).contains(ms)));
    assert!(world.silent_blocks.contains(&3200) && world.silent_blocks.contains(&4990));
    assert_eq!(world.playout.counts().concealed_samples, 0);
}

#[test]
fn a_stall_of_the_network_is_caught_up_with() {
    for (stall, played_min) in [(100.0, 999), (300.0, 980), (800.0, 960), (3000.0, 840)] {
        let mut world = World::new();
        // Everything of this time comes at once at its end.
        world.stream(1000, |i| {
            let sent = f64::from(i) * 20.0;
            Fate::Arrives(if (5000.0..5000.0 + stall).contains(&sent) { 5010.0 + stall - sent } else { 10.0 })
        });
        world.run(20_500);
        let (delay, target) = world.playout.delay_us();
        assert!(delay < target + 2 * SLACK_US, "after {stall} ms: {delay} against {target}");
        assert!(world.paces.contains(&Pace::Faster), "after {stall} ms");
        let numbers = world.numbers();
        assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(numbers.len() >= played_min, "after {stall} ms: {} played", numbers.len());
    }
}

#[test]
fn an_outage_is_silence_after_60_ms_and_counts_as_concealed() {
    let mut world = World::new();
    world.stream(500, |i| if (100..150).contains(&i) { Fate::Lost } else { Fate::Arrives(10.0) });
    world.run(10_200);
    assert!(world.concealed <= 2 * BRIDGE_MAX as u64, "60 ms at the outage and 60 ms at the end");
    let concealed = world.playout.counts().concealed_samples / 960;
    assert!((48..=53).contains(&concealed), "{concealed} packets");
    assert_eq!(world.numbers().len(), 450);
}

#[test]
fn a_sender_that_starts_anew_is_heard_from_its_first_packet_on() {
    let mut world = World::new();
    for i in 0..200_u32 {
        world.send(i, i as u16, i * 960, f64::from(i * 20), Fate::Arrives(10.0));
    }
    for i in 200..400_u32 {
        let sequence = 40_000_u16.wrapping_add(i as u16);
        world.send(
            i,
            sequence,
            7_000_000_u32.wrapping_sub(i * 3).wrapping_add(i * 963),
            f64::from(i * 20),
            Fate::Arrives(10.0),
        );
    }
    world.run(8_300);
    let numbers = world.numbers();
    assert_eq!(world.playout.counts().restarts, 1);
    assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]));
    assert!(numbers.contains(&200) && numbers.contains(&399));
    assert!(numbers.len() >= 397, "{} played", numbers.len());
}

#[test]
fn stray_packets_change_nothing() {
    let mut world = World::new();
    world.stream(200, |_| Fate::Arrives(10.0));
    for i in 0..20 {
        // Two in a row that do not belong together either.
        let sent_ms = 500.0 + f64::from(i) * 150.0;
        world.send(1_000_000, 20_000 + i * 500, 77, sent_ms, Fate::Arrives(1.0));
        world.send(1_000_000, 21_700 + i * 500, 77_000_000, sent_ms, Fate::Arrives(1.0));
    }
    world.run(4_200);
    assert_eq!(world.numbers(), (0..200).collect::<Vec<_>>());
    assert_eq!(world.playout.counts().restarts, 0);
}

#[test]
fn what_is_never_fetched_is_bounded() {
    let start = Instant::now();
    let mut playout = Playout::new(start);
    for i in 0..100_000_u32 {
        let packet = Packet {
            sequence: i as u16,
            timestamp: i * 960,
            marker: false,
            payload: Bytes::from_static(&[0]),
            arrived: start,
        };
        playout.handle_packet(packet, SHAPE);
        assert!(playout.queue.len() <= WAITING_MAX / 960);
    }
    assert_eq!(playout.counts().dropped, 100_000 - 50);
}

#[test]
fn noise_instead_of_headers_never_panics() {
    let start = Instant::now();
    for seed in 0..50 {
        let mut rng = rng(seed);
        let mut playout = Playout::new(start);
        let mut now = start;
        for _ in 0..5000 {
            let samples = [120, 240, 480, 960, 1920, 2880, 5760][rng.next_u32() as usize % 7];
            let near = !rng.next_u32().is_multiple_of(4);
            let packet = Packet {
                sequence: if near {
                    65_500_u16.wrapping_add(rng.next_u32() as u16 % 100)
                } else {
                    rng.next_u32() as u16
                },
                timestamp: if near { rng.next_u32() % 100_000 } else { rng.next_u32() },
                marker: false,
                payload: Bytes::from_static(&[1]),
                arrived: now + Duration::from_millis(u64::from(rng.next_u32() % 50)),
            };
            playout.handle_packet(
                packet,
                Shape {
                    samples,
                    redundant: rng.next_u32().is_multiple_of(2),
                    resting: rng.next_u32().is_multiple_of(8),
                },
            );
            now += Duration::from_millis(u64::from(rng.next_u32() % 30));
            if let Step::Conceal { samples } | Step::Recover { samples, .. } = playout.poll(now, 0) {
                assert!((GRAIN..=5760).contains(&samples), "{samples}");
            }
        }
    }
}
