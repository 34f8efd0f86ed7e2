//! The laws of the rooms under 1 000 schedules of people.

use std::sync::OnceLock;
use std::time::Instant;

use simulation::crowd::{Counts, Law, Outcome, run};
use simulation::seeds::{chosen, replay, seeds};

const SCHEDULES: u64 = 1_000;

/// All schedules, played once for all tests.
fn outcomes() -> &'static [Outcome] {
    static OUTCOMES: OnceLock<Vec<Outcome>> = OnceLock::new();
    OUTCOMES.get_or_init(|| {
        let origin = Instant::now();
        seeds(SCHEDULES).into_iter().map(|seed| run(seed, origin, false)).collect()
    })
}

fn holds(law: Law, test: &str) {
    let broken = |outcome: &&Outcome| outcome.result.as_ref().is_err_and(|violation| violation.law == law);
    let failed: Vec<_> = outcomes().iter().filter(broken).collect();
    let Some(first) = failed.first() else { return };
    let again = run(first.seed, Instant::now(), true);
    let shown = if chosen().is_some() { again.trace.len() } else { 25 };
    for line in &again.trace[again.trace.len().saturating_sub(shown)..] {
        println!("{line}");
    }
    panic!(
        "{law:?} is broken in {} of {} schedules; the first is seed {}: {:?}\n{}",
        failed.len(),
        outcomes().len(),
        first.seed,
        first.result,
        replay(first.seed, test)
    );
}

#[test]
fn no_ghost_outlives_its_lease() {
    holds(Law::NoGhosts, "no_ghost_outlives_its_lease");
}

#[test]
fn limits_are_never_exceeded() {
    holds(Law::LimitsHold, "limits_are_never_exceeded");
}

#[test]
fn nobody_hears_another_room() {
    holds(Law::RoomsApart, "nobody_hears_another_room");
}

#[test]
fn everyone_s_roster_converges() {
    holds(Law::RostersConverge, "everyone_s_roster_converges");
}

#[test]
fn every_text_arrives_exactly_once_at_every_room_mate() {
    holds(Law::TextsArriveOnce, "every_text_arrives_exactly_once_at_every_room_mate");
}

#[test]
fn every_request_is_answered_once_and_rightly() {
    holds(Law::AnswersAreRight, "every_request_is_answered_once_and_rightly");
}

#[test]
fn time_outs_move_forward() {
    holds(Law::TimeMovesForward, "time_outs_move_forward");
}

#[test]
fn everybody_hears_what_the_reference_model_says() {
    holds(Law::AsTheModel, "everybody_hears_what_the_reference_model_says");
}

#[test]
fn an_acknowledged_line_is_kept_once_also_when_the_server_is_killed() {
    holds(Law::NothingLost, "an_acknowledged_line_is_kept_once_also_when_the_server_is_killed");
}

#[test]
fn numbers_of_lines_rise_also_when_the_server_is_killed() {
    holds(Law::NumbersRise, "numbers_of_lines_rise_also_when_the_server_is_killed");
}

#[test]
fn the_same_seed_has_the_same_effects() {
    let origin = Instant::now();
    let later = origin + std::time::Duration::from_secs(12_345);
    for seed in seeds(20) {
        let (first, second) = (run(seed, origin, true), run(seed, later, true));
        assert!(first.trace.len() > 100);
        assert_eq!(first, second);
    }
}

/// What must happen often enough to be worth the name of a test.
const CORNERS: [&str; 64] = [
    "came too late",
    "closed",
    "crashed",
    "dawdled",
    "errors",
    "fell silent",
    "full",
    "greeted",
    "joined",
    "left",
    "left by request",
    "offers",
    "password required",
    "pongs",
    "private texts",
    "reloaded",
    "room exists",
    "rooms created",
    "rosters",
    "rosters converged",
    "seated",
    "someone unstable",
    "taken over",
    "texts",
    "thrown out",
    "too many passwords",
    "too many rooms",
    "too much said",
    "unknown client",
    "unknown room",
    "woke up",
    "wrong password",
    "wrong room",
    "rooms expired",
    "waited at the door",
    "the room vanished meanwhile",
    "the room filled up meanwhile",
    "banned",
    "deleted",
    "denied",
    "edited",
    "forbidden",
    "knocked",
    "knocking",
    "locked",
    "moderated",
    "not stored",
    "not the owner",
    "nothing to read",
    "numbered",
    "read earlier lines",
    "restarted",
    "rooms deleted",
    "set",
    "settings",
    "stormed",
    "the store failed",
    "unknown text",
    "let in",
    "came back after a restart",
    "promoted",
    "handed over",
    "said again",
    "said again after a restart",
];

#[test]
fn the_schedules_reach_every_corner() {
    if chosen().is_some() {
        return;
    }
    let mut all = Counts::new();
    for counts in outcomes().iter().filter_map(|outcome| outcome.result.as_ref().ok()) {
        for (corner, count) in counts {
            *all.entry(corner).or_default() += count;
        }
    }
    println!("{all:#?}");
    for corner in CORNERS {
        assert!(all.get(corner).is_some_and(|count| *count >= 20), "{corner}: {:?}", all.get(corner));
    }
}
