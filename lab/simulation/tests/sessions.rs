//! Laws of rooms full of sessions and pages of earlier versions, whatever happens to them.

use std::cell::Cell;
use std::time::Duration;

use protocol::MediaState;
use rand::RngExt;
use simulation::seeds::{chosen, replay, seeds};
use simulation::session_world::{Act, Kind, Plan, Seen, World};

const OURS: Plan = Plan::Ours { introduces_late: true };

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// Runs `scenario` with many seeds and says which one failed and how to see it again.
fn explore(test: &str, count: u64, scenario: impl Fn(u64) -> Result<Duration, String>) {
    // `MORE=50 cargo test …` looks fifty times as far.
    let count = count * std::env::var("MORE").map_or(1, |more| more.parse().expect("MORE is a whole number"));
    let mut slowest = (Duration::ZERO, 0);
    for seed in seeds(count) {
        let guard = Guard { seed, test };
        match scenario(seed) {
            Ok(settled) => slowest = slowest.max((settled, seed)),
            Err(broken) => panic!("{broken}"),
        }
        std::mem::forget(guard);
    }
    println!(
        "{test}: {count} schedules from seed 0 on; the slowest settled after {:?} (seed {})",
        slowest.0, slowest.1
    );
}

/// A model may panic, too: the seed is told all the same.
struct Guard<'a> {
    seed: u64,
    test: &'a str,
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        println!("seed {} failed; {}", self.seed, replay(self.seed, self.test));
    }
}

/// Something that may happen to the first `n_people`, of whom those from `first_page` on have a page.
fn any_act(world: &mut World, n_people: usize, first_page: usize) -> Act {
    let rng = world.rng();
    let anyone = rng.random_range(0..n_people);
    let someone = rng.random_range(0..first_page);
    match rng.random_range(0..100) {
        0..12 => Act::Leave(anyone),
        12..22 => Act::Vanish(anyone),
        22..45 => Act::Cut { person: someone, noticed: rng.random_bool(0.5) },
        45..55 => {
            Act::Restart { graceful: rng.random_bool(0.5), down: Duration::from_millis(rng.random_range(100..12_000)) }
        }
        55..70 => {
            let pair = (anyone, rng.random_range(0..n_people));
            let lasts = Duration::from_millis(rng.random_range(500..60_000));
            Act::Outage { pair, lasts, renews: rng.random_bool(0.5) }
        }
        70..80 => Act::SetMedia(someone, MediaState { camera: rng.random(), hand: rng.random(), ..Default::default() }),
        80..82 => Act::Mute(someone),
        82..85 => Act::Rename(someone, format!("renamed {}", rng.random_range(0..1_000))),
        85..95 => Act::Say(someone, format!("line {}", rng.random::<u64>())),
        _ => Act::Come(Kind::Session),
    }
}

/// People come (together or one after the other), things happen, then it is quiet.
fn any_schedule(seed: u64, plan: Plan, sessions: usize, pages: &[Kind], n_acts: usize) -> Result<Duration, String> {
    let mut world = World::new(seed, plan);
    let kinds = std::iter::repeat_n(Kind::Session, sessions).chain(pages.iter().copied());
    let n_people = sessions + pages.len();
    let together = world.rng().random_bool(0.5);
    for kind in kinds {
        let at = if together { world.rng().random_range(0..20) } else { world.rng().random_range(0..8_000) };
        // Everybody has a number from the start: the order of coming is shuffled by their delays.
        world.plan(Duration::from_millis(at), Act::Come(kind));
    }
    world.run(seconds(8));
    for _ in 0..n_acts {
        let (at, act) = (world.rng().random_range(0..50_000), any_act(&mut world, n_people, sessions.max(1)));
        let aims_at_a_page = |world: &World, person: usize| world.people()[person].shell().is_none();
        let wants_a_session = match &act {
            Act::Cut { person, .. } | Act::SetMedia(person, _) | Act::Rename(person, _) | Act::Say(person, _) => {
                Some(*person)
            }
            Act::Mute(_) | Act::Come(_) | Act::Leave(_) | Act::Vanish(_) | Act::Restart { .. } | Act::Outage { .. } => {
                None
            }
        };
        if wants_a_session.is_none_or(|person| !aims_at_a_page(&world, person)) {
            world.plan(Duration::from_millis(at), act);
        }
    }
    // It takes a while until the last silence is noticed. A server of the first version lists an abrupt leaver for two
    // minutes, who is offered a connection now and then.
    world.run(seconds(50) + if plan == Plan::Classic { seconds(130) } else { seconds(20) });
    let settled = world.settle(seconds(150))?;
    talk(&mut world)?;
    world.check_manners()?;
    if plan != Plan::Classic {
        world.check_own_lines()?;
        world.check_lines_stand_once()?;
    }
    Ok(settled)
}

/// Everyone with a session says a line that everyone reads once.
fn talk(world: &mut World) -> Result<(), String> {
    let talkers = (0..world.people().len()).filter(|person| {
        let person = &world.people()[*person];
        person.is_here() && person.shell().is_some()
    });
    let lines: Vec<(usize, String)> = talkers.map(|person| (person, format!("hello from P{person}"))).collect();
    for (person, line) in &lines {
        world.plan(Duration::ZERO, Act::Say(*person, line.clone()));
    }
    world.run(seconds(10));
    world.check_chat(&lines)
}

/// Three people write while links break and the server is killed, over and over.
fn talkative(seed: u64, plan: Plan) -> Result<Duration, String> {
    let mut world = World::new(seed, plan);
    for _ in 0..3 {
        world.plan(Duration::ZERO, Act::Come(Kind::Session));
    }
    world.run(seconds(3));
    for _ in 0..30 {
        let rng = world.rng();
        let (at, person) = (rng.random_range(0..20_000), rng.random_range(0..3));
        let act = match rng.random_range(0..10) {
            0..7 => Act::Say(person, format!("line {}", rng.random::<u64>())),
            7..9 => Act::Cut { person, noticed: rng.random_bool(0.7) },
            _ => Act::Restart {
                graceful: rng.random_bool(0.2),
                down: Duration::from_millis(rng.random_range(50..3_000)),
            },
        };
        world.plan(Duration::from_millis(at), act);
    }
    world.run(seconds(40));
    let settled = world.settle(seconds(150))?;
    talk(&mut world)?;
    world.check_own_lines()?;
    world.check_lines_stand_once()?;
    world.check_manners()?;
    Ok(settled)
}

#[test]
fn a_line_that_is_said_again_stands_once() {
    explore("a_line_that_is_said_again_stands_once", 100, |seed| {
        talkative(seed, if seed % 3 == 0 { OURS } else { Plan::Keeping })
    });
}

/// What the sessions of a world have done, added up.
fn total(world: &World, count: impl Fn(&Seen) -> usize) -> usize {
    world.people().iter().filter_map(|person| person.shell()).map(|shell| count(&shell.seen)).sum()
}

/// Some come within a few milliseconds, to a server that makes everyone offer to everyone.
fn crossing_offers(seed: u64, plan: Plan, people: usize, n_rollbacks: &Cell<usize>) -> Result<Duration, String> {
    let mut world = World::new(seed, plan);
    for _ in 0..people {
        let at = world.rng().random_range(0..40);
        world.plan(Duration::from_millis(at), Act::Come(Kind::Session));
    }
    world.run(seconds(1));
    // An engine that never comes back costs its 15 s, and another offer.
    let settled = world.settle(if plan == Plan::Eager { seconds(20) } else { seconds(60) })?;
    world.check_candidates()?;
    n_rollbacks.set(n_rollbacks.get() + total(&world, |seen| seen.n_rollbacks));
    let n_connections = total(&world, |seen| seen.n_connections);
    if plan == Plan::Eager && n_connections > people * (people - 1) {
        return Err(format!("{n_connections} connections were opened among {people}: crossing offers cost some"));
    }
    talk(&mut world)?;
    world.check_manners()?;
    Ok(settled)
}

#[test]
fn simultaneous_offers_end_in_one_connection() {
    let n_rollbacks = Cell::new(0);
    explore("simultaneous_offers_end_in_one_connection", 300, |seed| {
        let plan = [Plan::Eager, OURS, Plan::Eager, Plan::Classic][seed as usize % 4];
        crossing_offers(seed, plan, 2 + seed as usize % 3, &n_rollbacks)
    });
    assert!(chosen().is_some() || n_rollbacks.get() > 100, "only {} offers crossed", n_rollbacks.get());
}

#[test]
fn any_schedule_ends_with_everyone_connected_to_everyone() {
    explore("any_schedule_ends_with_everyone_connected_to_everyone", 250, |seed| {
        let plan = if seed % 2 == 0 { OURS } else { Plan::Keeping };
        any_schedule(seed, plan, 2 + seed as usize % 3, &[], 4 + seed as usize % 9)
    });
}

#[test]
fn any_schedule_on_a_server_of_the_first_version_ends_well() {
    explore("any_schedule_on_a_server_of_the_first_version_ends_well", 150, |seed| {
        any_schedule(seed, Plan::Classic, 2 + seed as usize % 2, &[], 2 + seed as usize % 7)
    });
}

#[test]
fn a_page_of_the_first_version_gets_one_connection() {
    explore("a_page_of_the_first_version_gets_one_connection", 200, |seed| {
        let plan = match seed % 3 {
            0 => OURS,
            1 => Plan::Ours { introduces_late: false },
            _ => Plan::Classic,
        };
        any_schedule(seed, plan, 1 + seed as usize % 2, &[Kind::PageOne], seed as usize % 5)
    });
}

#[test]
fn a_page_of_the_second_version_gets_one_connection() {
    explore("a_page_of_the_second_version_gets_one_connection", 150, |seed| {
        let plan = Plan::Ours { introduces_late: seed % 2 == 0 };
        any_schedule(seed, plan, 1 + seed as usize % 2, &[Kind::PageTwo], seed as usize % 5)
    });
}

#[test]
fn everyone_in_one_room_whatever_their_version() {
    explore("everyone_in_one_room_whatever_their_version", 60, |seed| {
        any_schedule(seed, OURS, 2, &[Kind::PageOne, Kind::PageTwo], 0)
    });
}

/// Four people, all connected, with little delay.
fn quiet_room(seed: u64, plan: Plan) -> Result<World, String> {
    let mut world = World::new(seed, plan);
    for _ in 0..4 {
        world.plan(Duration::ZERO, Act::Come(Kind::Session));
    }
    world.run(seconds(1));
    world.settle(seconds(60))?;
    Ok(world)
}

#[test]
fn who_leaves_is_gone_within_a_second_and_who_vanishes_within_15() {
    explore("who_leaves_is_gone_within_a_second_and_who_vanishes_within_15", 40, |seed| {
        let mut world = quiet_room(seed, OURS)?.with_fast_links();
        world.run(seconds(10));
        world.plan(Duration::ZERO, Act::Leave(1));
        world.run(seconds(1));
        world.check()?;
        world.plan(Duration::ZERO, Act::Vanish(2));
        world.run(Duration::from_millis(15_200));
        world.check().map(|()| Duration::ZERO)
    });
}

#[test]
fn pictures_go_on_while_a_link_or_the_server_is_away() {
    explore("pictures_go_on_while_a_link_or_the_server_is_away", 80, |seed| {
        let mut world = quiet_room(seed, OURS)?.with_fast_links();
        let act = match seed % 3 {
            0 => Act::Cut { person: 0, noticed: true },
            1 => Act::Restart { graceful: true, down: seconds(6) },
            _ => Act::Restart { graceful: false, down: seconds(2) },
        };
        let before = total(&world, |seen| seen.n_interruptions);
        world.plan(Duration::ZERO, act);
        world.run(seconds(30));
        world.check()?;
        let lost = total(&world, |seen| seen.n_interruptions) - before;
        if lost == 0 { Ok(Duration::ZERO) } else { Err(format!("{lost} connections were lost")) }
    });
}

#[test]
fn a_lost_path_is_restarted_where_it_can_be() {
    let n_restarts = Cell::new(0);
    explore("a_lost_path_is_restarted_where_it_can_be", 60, |seed| {
        let mut world = quiet_room(seed, OURS)?.with_fast_links();
        let before = total(&world, |seen| seen.n_offers - seen.n_restarts);
        world.plan(Duration::ZERO, Act::Outage { pair: (0, 1), lasts: seconds(4), renews: true });
        world.run(seconds(25));
        world.check()?;
        n_restarts.set(n_restarts.get() + total(&world, |seen| seen.n_restarts));
        let new = total(&world, |seen| seen.n_offers - seen.n_restarts) - before;
        if new == 0 { Ok(Duration::ZERO) } else { Err(format!("{new} new connections instead of a restart")) }
    });
    assert!(chosen().is_some() || n_restarts.get() >= 60);
}

#[test]
fn a_page_of_the_first_version_is_not_pestered() {
    explore("a_page_of_the_first_version_is_not_pestered", 40, |seed| {
        let mut world = World::new(seed, Plan::Classic);
        world.plan(Duration::ZERO, Act::Come(Kind::PageOne));
        world.run(seconds(8));
        world.plan(Duration::ZERO, Act::Come(Kind::Session));
        world.plan(Duration::ZERO, Act::Outage { pair: (0, 1), lasts: seconds(600), renews: false });
        world.run(seconds(300));
        let n_offers = total(&world, |seen| seen.n_offers);
        if n_offers > 12 {
            return Err(format!("{n_offers} offers in five minutes"));
        }
        world.settle(seconds(560))
    });
}
