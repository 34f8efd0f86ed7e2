//! One peer's speech over each of the lab's networks, on virtual time: what is made up, and after what delay it is heard.

use std::time::Duration;

use network::{Path, Profile};

use super::*;
use crate::audio::FRAME;
use crate::audio::opus::{Content, Encoder};
use crate::audio::testing::{packet, speech};

const PEER: PeerTag = PeerTag(1);
const SECONDS: usize = 60;
const PACKETS: usize = SECONDS * 50;

/// Of a call of a minute. Parts are per cent of the packets that were sent.
#[derive(Debug)]
struct Heard {
    /// Never arrived.
    lost: f64,
    /// Not played as it was sent.
    concealed: f64,
    /// Of those: restored from the copy in the next packet.
    recovered: f64,
    /// Milliseconds on average, after the fastest packet.
    delay: f64,
    /// Milliseconds.
    longest_silence: usize,
}

/// How the loudspeaker asks for sound: so many blocks of 10 ms at once, this many milliseconds after the sender's packets.
#[derive(Debug, Clone, Copy)]
struct Loudspeaker {
    blocks: usize,
    phase: usize,
}

const EVERY_BLOCK: Loudspeaker = Loudspeaker { blocks: 1, phase: 0 };

/// `loss` is what the sender prepares for, in per cent.
fn heard(profile: Profile, seed: u64, loss: u8) -> Heard {
    heard_by(EVERY_BLOCK, profile, seed, loss)
}

fn heard_by(loudspeaker: Loudspeaker, profile: Profile, seed: u64, loss: u8) -> Heard {
    let Loudspeaker { blocks, phase } = loudspeaker;
    let start = Instant::now();
    let mut encoder = Encoder::new(Content::Voice).unwrap();
    encoder.set_loss(loss).unwrap();
    let voice = speech(6, 150.0, 5 * 48_000);
    let frames = voice.as_chunks::<FRAME>().0.iter();
    let payloads: Vec<_> = frames.map(|frame| encoder.encode(frame).unwrap().expect("no rest")).collect();
    let mut path = Path::new(profile, seed, start);
    let mut mixer = Mixer::default();
    mixer.open(PEER, start).unwrap();
    let (mut delays, mut asked, mut silence, mut longest_silence) = (0, 0, 0, 0);
    for tick in 0..SECONDS * 1000 + 1000 {
        let now = start + Duration::from_millis(tick as u64);
        if tick % 20 == 0 && tick / 20 < PACKETS {
            let number = (tick / 20) as u32;
            let payload = &payloads[tick / 20 % payloads.len()];
            path.handle_packet(&[&number.to_be_bytes()[..], payload].concat(), now);
        }
        while let Some(arrived) = path.poll_arrival(now) {
            let (number, payload) = arrived.split_at(4);
            let number = u32::from_be_bytes(number.try_into().unwrap()) as usize;
            mixer.receive(PEER, packet(number, bytes::Bytes::copy_from_slice(payload), now));
        }
        let is_asked = tick >= phase && (tick - phase) % (10 * blocks) == 0;
        for _ in 0..if is_asked { blocks } else { 0 } {
            let (block, _) = mixer.mix(now);
            if (1000..SECONDS * 1000).contains(&tick) {
                silence = if block.iter().all(|sample| *sample == 0.0) { silence + 10 } else { 0 };
                longest_silence = longest_silence.max(silence);
                delays += mixer.stats(PEER, now).delay_ms as usize;
                asked += 1;
            }
        }
    }
    let stats = mixer.stats(PEER, start + Duration::from_secs(SECONDS as u64 + 1));
    let share = |part: u64| part as f64 * 100.0 / PACKETS as f64;
    let counts = path.counts();
    Heard {
        lost: share(counts.lost + counts.overflowed),
        concealed: share(stats.concealed),
        recovered: share(stats.recovered),
        delay: delays as f64 / asked as f64,
        longest_silence,
    }
}

#[test]
fn every_network_is_heard_with_little_made_up_and_little_delay() {
    // Per cent made up beyond what was lost, milliseconds of delay on average.
    for (profile, beyond, delay) in [
        (Profile::Clean, 0.0, 45.0),
        (Profile::Far, 0.5, 80.0),
        (Profile::Awful, 3.0, 220.0),
        (Profile::Patch, 0.3, 50.0),
        (Profile::Loss(2), 0.1, 45.0),
        (Profile::Loss(5), 0.1, 45.0),
        (Profile::Loss(10), 0.1, 45.0),
        (Profile::Loss(20), 0.3, 50.0),
        (Profile::Narrow(300), 0.0, 45.0),
        (Profile::Narrow(800), 0.0, 45.0),
        (Profile::Jitter, 0.5, 70.0),
        (Profile::Outage, 0.3, 45.0),
    ] {
        for seed in 1..=2 {
            let found = heard(profile, seed, 10);
            assert!(found.concealed <= found.lost + beyond, "{profile}, seed {seed}: {found:?}");
            assert!(found.delay <= delay, "{profile}, seed {seed}: {found:?}");
        }
    }
}

#[test]
fn single_losses_are_restored_and_leave_no_hole() {
    for percent in [2, 5, 10] {
        let found = heard(Profile::Loss(percent), 3, percent);
        assert!(found.recovered >= 0.75 * found.lost, "{percent} %: {found:?}");
        assert_eq!(found.longest_silence, 0, "{percent} %: {found:?}");
        // Nothing to restore them from.
        assert_eq!(heard(Profile::Loss(percent), 3, 0).recovered, 0.0);
    }
}

/// Whether the copy in the next packet is there in time must not depend on when the loudspeaker asks.
#[test]
fn losses_are_restored_whenever_the_loudspeaker_asks() {
    for blocks in [1, 2] {
        for phase in (1..20).step_by(3) {
            let loudspeaker = Loudspeaker { blocks, phase };
            let found = heard_by(loudspeaker, Profile::Loss(10), 3, 10);
            assert!(found.recovered >= 0.7 * found.lost, "{loudspeaker:?}: {found:?}");
        }
    }
}
