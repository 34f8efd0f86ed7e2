//! What a path promises, on virtual time.

use super::*;
use crate::{Loss, Rate};

const MS: Duration = Duration::from_millis(1);

/// Sends `count` numbered packets of `bytes`, one every `every`; for each arrival its number and its time on the way.
fn run(conditions: Conditions, count: u32, bytes: usize, every: Duration) -> (Vec<(u32, Duration)>, Counts) {
    run_phases(vec![Phase { lasts: None, conditions }], count, bytes, every)
}

fn run_phases(phases: Vec<Phase>, count: u32, bytes: usize, every: Duration) -> (Vec<(u32, Duration)>, Counts) {
    let start = Instant::now();
    let (mut path, mut arrivals) = (Path::with_phases(phases, 3, start), Vec::new());
    let mut take = |path: &mut Path, until: Option<Instant>| {
        while let Some(at) = path.poll_timeout().filter(|at| until.is_none_or(|until| *at <= until)) {
            let packet = path.poll_arrival(at).expect("it is due");
            let number = u32::from_be_bytes(packet[..4].try_into().expect("four bytes"));
            arrivals.push((number, at - (start + every * number)));
        }
    };
    for number in 0..count {
        let now = start + every * number;
        take(&mut path, Some(now));
        let mut packet = vec![0; bytes];
        packet[..4].copy_from_slice(&number.to_be_bytes());
        path.handle_packet(&packet, now);
    }
    take(&mut path, None);
    (arrivals, path.counts())
}

fn is_in_order(arrivals: &[(u32, Duration)]) -> bool {
    arrivals.is_sorted_by_key(|(number, _)| *number)
}

#[test]
fn a_wire_delivers_everything_at_once_and_in_order() {
    let (arrivals, counts) = run(Conditions::default(), 1_000, 100, MS);
    assert!(is_in_order(&arrivals) && arrivals.iter().all(|(_, took)| took.is_zero()));
    assert_eq!(counts, Counts { offered: 1_000, offered_bytes: 100_000, delivered: 1_000, ..Counts::default() });
}

#[test]
fn the_delay_wanders_within_the_jitter_and_keeps_the_order() {
    let conditions = Conditions { delay: 100 * MS, jitter: 25 * MS, ..Conditions::default() };
    let (arrivals, _) = run(conditions, 10_000, 100, 10 * MS);
    assert!(is_in_order(&arrivals));
    let times = arrivals.iter().map(|(_, took)| *took);
    let (least, most) = (times.clone().min().unwrap(), times.clone().max().unwrap());
    assert!((75 * MS..=80 * MS).contains(&least) && (120 * MS..=125 * MS).contains(&most), "{least:?} {most:?}");
    let mean = times.sum::<Duration>() / 10_000;
    assert!((95 * MS..=105 * MS).contains(&mean), "{mean:?}");
}

#[test]
fn jitter_that_lets_packets_overtake_changes_their_order() {
    let conditions = Conditions { delay: 30 * MS, jitter: 30 * MS, overtakes: true, ..Conditions::default() };
    let (arrivals, counts) = run(conditions, 1_000, 100, 5 * MS);
    assert!(!is_in_order(&arrivals) && counts.delivered == 1_000);
    assert!(arrivals.iter().all(|(_, took)| *took <= 60 * MS));
}

#[test]
fn a_bottleneck_passes_its_rate_and_drops_what_would_wait_too_long() {
    let rate = Rate { bits_per_second: 300_000, queue: 100 * MS };
    // 1 Mbit/s into 300 kbit/s, for ten seconds.
    let (arrivals, counts) = run(Conditions { rate: Some(rate), ..Conditions::default() }, 1_250, 1_000, 8 * MS);
    let kilobits = counts.delivered as f64 * 8.0 / 10.0;
    assert!((kilobits - 300.0).abs() < 6.0, "{kilobits}");
    assert_eq!(counts.delivered + counts.overflowed, 1_250);
    let longest = arrivals.iter().map(|(_, took)| *took).max().unwrap();
    assert!((100 * MS..=160 * MS).contains(&longest), "{longest:?}");
    assert!(is_in_order(&arrivals));
}

#[test]
fn duplicates_come_twice_and_held_back_packets_are_overtaken() {
    let conditions = Conditions { duplication: 0.02, reordering: 0.05, ..Conditions::default() };
    let (arrivals, counts) = run(conditions, 10_000, 100, MS);
    assert!((150..250).contains(&counts.duplicated), "{counts:?}");
    assert!((400..600).contains(&counts.held_back), "{counts:?}");
    assert_eq!(counts.delivered, 10_000 + counts.duplicated);
    assert!(!is_in_order(&arrivals) && arrivals.iter().all(|(_, took)| *took <= 40 * MS));
}

#[test]
fn an_outage_takes_everything_and_then_nothing() {
    let phase = |lasts, is_out| Phase { lasts, conditions: Conditions { is_out, ..Conditions::default() } };
    let second = Some(Duration::from_secs(1));
    let phases = vec![phase(second, false), phase(second, true), phase(None, false)];
    let (arrivals, _) = run_phases(phases, 300, 100, 10 * MS);
    let numbers: Vec<u32> = arrivals.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, (0..100).chain(200..300).collect::<Vec<_>>());
}

#[test]
fn a_path_that_is_restarted_is_in_its_first_phase_again() {
    let phase = |lasts, is_out| Phase { lasts, conditions: Conditions { is_out, ..Conditions::default() } };
    let start = Instant::now();
    let mut path = Path::with_phases(vec![phase(Some(10 * MS), false), phase(None, true)], 3, start);
    let is_lost = |path: &mut Path, at: Duration| {
        let before = path.counts().lost;
        path.handle_packet(&[0], start + at);
        path.counts().lost > before
    };
    assert!(!is_lost(&mut path, 5 * MS) && is_lost(&mut path, 15 * MS));
    path.restart(start + 20 * MS);
    assert!(!is_lost(&mut path, 25 * MS) && is_lost(&mut path, 35 * MS));
}

#[test]
fn the_same_seed_loses_the_same_packets() {
    let conditions = Conditions { loss: Loss::Bursts { p: 0.1, r: 0.3 }, jitter: 9 * MS, ..Conditions::default() };
    assert_eq!(run(conditions, 1_000, 100, MS), run(conditions, 1_000, 100, MS));
}

#[test]
fn what_is_under_way_is_bounded() {
    let start = Instant::now();
    let conditions = Conditions { delay: Duration::from_secs(3600), ..Conditions::default() };
    let mut path = Path::with_phases(vec![Phase { lasts: None, conditions }], 1, start);
    for _ in 0..=UNDERWAY_MAX {
        path.handle_packet(b"x", start);
    }
    assert_eq!((path.underway.len(), path.counts().overflowed), (UNDERWAY_MAX, 1));
}
