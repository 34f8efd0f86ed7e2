//! A crowd on one server: people join, talk, fall silent, crash, reload and leave, in several rooms at once.
//!
//! [`run`] plays one schedule against the rooms core. After every input the laws are checked from what the people
//! themselves did and heard, and everything heard is compared with what the reference model expects.

mod dice;
mod hearing;
mod model;
mod people;
mod world;

use std::time::Instant;

use dice::Dice;
pub use world::{Counts, World};

/// What must hold under every schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Law {
    /// No ghost outlives its lease.
    NoGhosts,
    /// No room has more guests than its limit; nobody guesses more passwords than allowed.
    LimitsHold,
    /// Nobody hears another room, and every sender is who it is.
    RoomsApart,
    /// Everyone's roster converges.
    RostersConverge,
    /// Every text of an accepted sender arrives exactly once at every room mate.
    TextsArriveOnce,
    /// Every request is answered exactly once, and rightly.
    AnswersAreRight,
    /// After a time-out the next one lies ahead.
    TimeMovesForward,
    /// What was acknowledged is kept, once, also when the server is killed.
    NothingLost,
    /// The numbers of chat lines rise within a room, also when the server is killed.
    NumbersRise,
    /// Everybody hears what the reference model says, in that order.
    AsTheModel,
}

/// A law was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    pub law: Law,
    pub what: String,
    /// Milliseconds since the beginning.
    pub at_ms: u128,
}

/// One schedule, played.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub seed: u64,
    pub result: Result<Counts, Violation>,
    /// Everything that went in and came out, if it was asked for.
    pub trace: Vec<String>,
}

/// Plays the schedule of one seed. All virtual time begins at `origin`.
pub fn run(seed: u64, origin: Instant, with_trace: bool) -> Outcome {
    let mut world = World::new(Dice::of_seed(seed), origin, with_trace);
    let result = world.play();
    Outcome { seed, result, trace: world.take_trace() }
}

/// Plays the schedule that bytes decide, one byte a decision, as long as there are some: for a search that learns which
/// bytes lead somewhere.
pub fn run_bytes(bytes: &[u8], origin: Instant, with_trace: bool) -> Outcome {
    let mut world = World::new(Dice::of_bytes(bytes), origin, with_trace);
    let result = world.play();
    Outcome { seed: 0, result, trace: world.take_trace() }
}

/// The same for a fuzzer: a broken law is a panic that shows what led to it.
///
/// # Panics
///
/// If a law is broken.
pub fn feed(bytes: &[u8]) {
    let origin = Instant::now();
    let Err(violation) = run_bytes(bytes, origin, false).result else { return };
    for line in run_bytes(bytes, origin, true).trace {
        println!("{line}");
    }
    panic!("{violation:?}");
}
