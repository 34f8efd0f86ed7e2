//! The controller over paths on virtual time.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::super::send::paced;
use super::*;

/// What a path does. Bits per second and seconds.
#[derive(Debug, Clone, Copy)]
struct Path {
    capacity: f64,
    /// What waits longer is lost.
    queue: f64,
    delay: f64,
    jitter: f64,
    loss: f64,
}

const GOOD: Path = Path { capacity: 3_000_000.0, queue: 1.0, delay: 0.02, jitter: 0.0, loss: 0.0 };

struct World {
    controller: Controller,
    rng: ChaCha8Rng,
    time: f64,
    free: f64,
    fates: VecDeque<Fate>,
    /// The longest that a packet waited since the last look, and what arrived.
    longest: f64,
    arrived: f64,
    lost: u32,
    /// The sizes of frames, in parts of their share of the target.
    sizes: &'static [f64],
    /// Whether packets leave as fast as they may, and when the next one does.
    heeds_outflow: bool,
    leaves: f64,
    /// What they may leave at while there is a queue.
    draining: Vec<f64>,
}

const FRAME: f64 = 1.0 / 30.0;
const FEEDBACK: f64 = 0.1;
/// The receiver's clock is another one.
const SKEW: f64 = -77.0;

impl World {
    fn new() -> Self {
        let (controller, rng) = (Controller::new(), ChaCha8Rng::seed_from_u64(7));
        Self {
            controller,
            rng,
            time: 0.0,
            free: 0.0,
            fates: VecDeque::new(),
            longest: 0.0,
            arrived: 0.0,
            lost: 0,
            sizes: &[1.0],
            heeds_outflow: false,
            leaves: 0.0,
            draining: Vec::new(),
        }
    }

    /// Sends what an encoder makes of the target, `most` at most. What arrived, in bits per second.
    fn run(&mut self, seconds: f64, path: Path, most: f64) -> f64 {
        (self.longest, self.arrived, self.lost) = (0.0, 0.0, 0);
        let mut sizes = self.sizes.iter().cycle();
        let end = self.time + seconds;
        let mut feedback = self.time + FEEDBACK;
        while self.time < end {
            let size = sizes.next().unwrap_or(&1.0);
            let bytes = self.controller.target().min(most) * size * FRAME / 8.0;
            let packets = (bytes / 1200.0).ceil();
            for i in 0..packets as u32 {
                let mut left = self.time + FRAME / 2.0 * f64::from(i) / packets;
                if let Some(outflow) = self.controller.outflow().filter(|_| self.heeds_outflow) {
                    left = left.max(self.leaves);
                    self.leaves = left + bytes / packets * 8.0 / paced(self.target(), Some(outflow));
                }
                self.send(left, bytes / packets, path);
            }
            self.time += FRAME;
            if self.time >= feedback {
                feedback += FEEDBACK;
                self.give_feedback();
            }
        }
        self.arrived / seconds
    }

    fn send(&mut self, left: f64, bytes: f64, path: Path) {
        let begins = self.free.max(left);
        let is_lost = begins - left > path.queue || self.rng.random_bool(path.loss);
        if begins - left <= path.queue {
            self.free = begins + bytes * 8.0 / path.capacity;
            self.longest = self.longest.max(self.free - left);
        }
        self.lost += u32::from(is_lost);
        let jitter = self.rng.random_range(0.0..=path.jitter);
        let arrived = (!is_lost).then_some(self.free + path.delay + jitter + SKEW);
        self.fates.push_back(Fate { left, arrived, bytes: bytes as usize });
    }

    /// Of everything that has arrived or is missing among what has.
    fn give_feedback(&mut self) {
        let now = self.time;
        let known = |fate: &&Fate| fate.arrived.map_or(fate.left < now - 0.3, |arrived| arrived - SKEW <= now);
        let n = self.fates.iter().take_while(known).count();
        let fates: Vec<Fate> = self.fates.drain(..n).collect();
        self.arrived +=
            fates.iter().filter(|fate| fate.arrived.is_some()).map(|fate| fate.bytes as f64 * 8.0).sum::<f64>();
        self.controller.handle_feedback(Duration::from_secs_f64(now), &fates);
        if let (Some(outflow), Some(_)) = (self.controller.outflow(), self.controller.congested) {
            self.draining.push(outflow);
        }
    }

    fn target(&self) -> f64 {
        self.controller.target()
    }
}

const ALL: f64 = f64::INFINITY;

#[test]
fn four_fifths_of_a_path_of_3_mbit_s_are_found_within_5_s_and_kept() {
    let mut world = World::new();
    world.run(5.0, GOOD, ALL);
    assert!(world.target() > 2_400_000.0, "{}", world.target());
    let carried = world.run(60.0, GOOD, ALL);
    assert!(carried > 2_400_000.0, "{carried}");
    assert!(world.longest < 0.3, "{}", world.longest);
}

#[test]
fn a_path_that_carries_less_than_a_call_begins_with_is_full_for_a_second_at_most() {
    for capacity in [300_000.0, 800_000.0] {
        let path = Path { capacity, delay: 0.05, ..GOOD };
        let mut world = World::new();
        world.run(3.0, path, ALL);
        let carried = world.run(30.0, path, ALL);
        assert!(carried > capacity * 0.8, "{capacity}: {carried}");
        assert!(world.longest < 0.35, "{capacity}: {}", world.longest);
    }
}

#[test]
fn a_short_queue_that_overflows_is_a_bound_too() {
    let path = Path { capacity: 800_000.0, queue: 0.03, ..GOOD };
    let mut world = World::new();
    world.run(10.0, path, ALL);
    let carried = world.run(30.0, path, ALL);
    assert!(carried > 500_000.0, "{carried}");
    assert!(world.controller.lost() < 0.25, "{}", world.controller.lost());
}

/// An encoder is behind a target that grows, so the target would go far beyond the path before anything is lost; and then
/// half of everything is.
#[test]
fn what_a_path_carries_is_known_before_its_queue_overflows() {
    let path = Path { capacity: 800_000.0, queue: 0.1, ..GOOD };
    let mut world = World::new();
    // Two thirds of the target.
    world.sizes = &[2.3, 0.33, 0.33, 0.33, 0.33, 0.33];
    world.run(10.0, path, ALL);
    let carried = world.run(60.0, path, ALL);
    assert!(world.target() < path.capacity, "{}", world.target());
    assert!(carried > 0.6 * path.capacity, "{carried}");
    // Of some three thousand.
    assert!(world.lost < 20, "{}", world.lost);
}

#[test]
fn who_sends_as_fast_as_is_told_overflows_no_short_queue_and_still_finds_a_wider_path() {
    let path = Path { capacity: 800_000.0, queue: 0.1, ..GOOD };
    let [hasty, told] = [false, true].map(|heeds_outflow| {
        let mut world = World::new();
        world.heeds_outflow = heeds_outflow;
        // Something large moves through the picture, again and again.
        world.sizes = &[3.0, 3.0, 3.0, 3.0, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4];
        world.run(10.0, path, ALL);
        let carried = world.run(60.0, path, ALL);
        assert!(carried > 0.5 * path.capacity, "{heeds_outflow}: {carried}");
        let lost = world.lost;
        world.sizes = &[1.0];
        world.run(15.0, GOOD, ALL);
        assert!(world.target() > 2_000_000.0, "{heeds_outflow}: {}", world.target());
        lost
    });
    // Of some three thousand.
    assert!(told < 20 && hasty > 5 * told, "{hasty} lost, {told} when told");
}

#[test]
fn until_a_queue_is_gone_less_leaves_than_the_path_carries() {
    let path = Path { capacity: 800_000.0, ..GOOD };
    let mut world = World::new();
    world.run(10.0, path, ALL);
    world.draining.clear();
    // The encoder makes more than it should.
    world.sizes = &[1.6];
    world.run(5.0, path, ALL);
    assert!(!world.draining.is_empty(), "there was no queue");
    assert!(world.draining.iter().all(|outflow| *outflow < 0.97 * path.capacity), "{:?}", world.draining);
}

#[test]
fn a_path_that_was_narrow_for_a_while_is_used_again_within_10_s() {
    let mut world = World::new();
    world.run(10.0, GOOD, ALL);
    world.run(10.0, Path { capacity: 400_000.0, ..GOOD }, ALL);
    assert!(world.target() < 600_000.0, "{}", world.target());
    world.run(10.0, GOOD, ALL);
    assert!(world.target() > 2_000_000.0, "{}", world.target());
}

#[test]
fn a_burst_that_overflows_a_short_queue_does_not_hide_what_the_path_carries() {
    let path = Path { capacity: 300_000.0, queue: 0.1, ..GOOD };
    let mut world = World::new();
    world.run(30.0, path, 150_000.0);
    for keyframe in 0..3 {
        // At one and a half times what the path carries, while little else is sent.
        for i in 0..12 {
            world.send(world.time + 0.0213 * f64::from(i), 1200.0, path);
        }
        world.run(0.7, path, 30_000.0);
        assert!(world.target() > 0.6 * path.capacity, "{keyframe}: {}", world.target());
        world.run(5.0, path, 150_000.0);
    }
}

#[test]
fn jitter_is_no_queue_and_a_random_loss_no_bound() {
    for (jitter, loss) in [(0.05, 0.05), (0.1, 0.0), (0.0, 0.1), (0.0, 0.2), (0.03, 0.02)] {
        let path = Path { jitter, loss, delay: 0.075, ..GOOD };
        let mut world = World::new();
        world.run(20.0, path, ALL);
        let carried = world.run(30.0, path, ALL);
        assert!(carried > 1_000_000.0, "{jitter} {loss}: {carried}");
    }
}

/// Few packets are sent, so that by chance a second may lose half or twice as much as the path does.
#[test]
fn a_path_that_loses_a_tenth_is_used_all_the_same() {
    let path = Path { loss: 0.1, ..GOOD };
    for seed in 0..10 {
        let mut world = World::new();
        world.rng = ChaCha8Rng::seed_from_u64(seed);
        world.run(10.0, path, 1_000_000.0);
        let carried = world.run(60.0, path, 1_000_000.0);
        assert!(carried > 700_000.0, "seed {seed}: {carried}");
    }
}

#[test]
fn a_route_that_becomes_longer_is_not_taken_for_a_queue_for_long() {
    let mut world = World::new();
    world.run(20.0, GOOD, ALL);
    let longer = Path { delay: 0.3, ..GOOD };
    world.run(10.0, longer, ALL);
    let carried = world.run(10.0, longer, ALL);
    assert!(carried > 1_500_000.0, "{carried}");
}

#[test]
fn who_sends_little_learns_nothing() {
    let mut world = World::new();
    world.run(60.0, GOOD, 40_000.0);
    assert_eq!(world.target(), INITIAL);
}

#[test]
fn the_target_stays_within_its_bounds_whatever_comes() {
    let mut world = World::new();
    world.run(20.0, Path { capacity: 20_000.0, ..GOOD }, ALL);
    assert_eq!(world.target(), MIN);
    let mut world = World::new();
    world.run(120.0, Path { capacity: 1e9, ..GOOD }, ALL);
    assert_eq!(world.target(), MAX);
    // Arrivals before departures, out of order, of no length, all lost, none.
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    for i in 0..2_000 {
        let fate = |rng: &mut ChaCha8Rng| Fate {
            left: rng.random_range(-1e6..1e6),
            arrived: rng.random_bool(0.7).then(|| rng.random_range(-1e6..1e6)),
            bytes: rng.random_range(0..70_000),
        };
        let fates: Vec<Fate> = (0..rng.random_range(0..50)).map(|_| fate(&mut rng)).collect();
        world.controller.handle_feedback(Duration::from_millis(i * 50), &fates);
        assert!((MIN..=MAX).contains(&world.target()), "{}", world.target());
    }
}
