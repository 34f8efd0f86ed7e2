//! Several peers through packets, playout, codec and mixer, on virtual time.

use bytes::Bytes;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::*;
use crate::audio::SAMPLE_RATE;
use crate::audio::goertzel::{power, strongest, total_power};
use crate::audio::testing::{Listener, tone_packets};

const ALICE: PeerTag = PeerTag(1);
const BOB: PeerTag = PeerTag(2);

/// The share of all power that is at this frequency.
fn purity(samples: &[f32], hertz: f32) -> f32 {
    power(samples, SAMPLE_RATE, hertz) / total_power(samples)
}

fn rng(seed: u8) -> ChaCha8Rng {
    ChaCha8Rng::from_seed([seed; 32])
}

#[test]
fn a_tone_comes_through_clean_and_as_loud_as_it_was() {
    let mut listener = Listener::new(&[ALICE]);
    for (number, payload) in tone_packets(440.0, 150).iter().enumerate() {
        listener.receive(ALICE, number, payload);
        listener.pull_frame();
    }
    let last_second = &listener.heard[listener.heard.len() - 48_000..];
    assert!(purity(last_second, 440.0) > 0.98, "{}", purity(last_second, 440.0));
    assert!((strongest(last_second, SAMPLE_RATE).unwrap() - 440.0).abs() < 1.0);
    let stats = listener.mixer.stats(ALICE, listener.now);
    assert!((stats.level - 0.25).abs() < 0.03, "{}", stats.level);
    assert!((stats.tone_hz.unwrap() - 440.0).abs() < 1.0);
    assert_eq!((stats.packets, stats.concealed, stats.late, stats.malformed), (150, 0, 0, 0));
    assert!((20..=60).contains(&stats.delay_ms), "{} ms", stats.delay_ms);
}

#[test]
fn two_peers_are_heard_together_each_at_its_volume() {
    let mut listener = Listener::new(&[ALICE, BOB]);
    listener.mixer.set_volume(BOB, 0.5);
    let (low, high) = (tone_packets(400.0, 150), tone_packets(1000.0, 150));
    for number in 0..150 {
        listener.receive(ALICE, number, &low[number]);
        listener.receive(BOB, number, &high[number]);
        listener.pull_frame();
    }
    let last_second = &listener.heard[listener.heard.len() - 48_000..];
    let (alice, bob) = (power(last_second, SAMPLE_RATE, 400.0), power(last_second, SAMPLE_RATE, 1000.0));
    assert!((alice / bob - 4.0).abs() < 0.6, "{alice} against {bob}");
    assert!((listener.mixer.stats(BOB, listener.now).level - 0.25).abs() < 0.03, "the meter shows what was sent");
}

#[test]
fn silencing_a_peer_does_not_click_and_nonsense_is_no_volume() {
    let mut listener = Listener::new(&[ALICE]);
    for (number, payload) in tone_packets(200.0, 100).iter().enumerate() {
        match number {
            50 => listener.mixer.set_volume(ALICE, 0.0),
            60 => listener.mixer.set_volume(ALICE, f32::NAN),
            _ => {}
        }
        listener.receive(ALICE, number, payload);
        listener.pull_frame();
    }
    let steps = listener.heard.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max);
    assert!(steps < 0.02, "a step of {steps}");
    assert_eq!(total_power(&listener.heard[60 * 960..]), 0.0);
}

#[test]
fn many_loud_peers_do_not_clip() {
    let peers: Vec<PeerTag> = (0..12).map(PeerTag).collect();
    let mut listener = Listener::new(&peers);
    let payloads = tone_packets(300.0, 100);
    for (number, payload) in payloads.iter().enumerate() {
        for &peer in &peers {
            listener.receive(peer, number, payload);
        }
        listener.pull_frame();
    }
    let peak = listener.heard.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
    assert!((0.9..0.98).contains(&peak), "{peak}");
    let end = &listener.heard[48_000..];
    assert!(purity(end, 300.0) > 0.95, "{}", purity(end, 300.0));
}

#[test]
fn a_tone_survives_loss_and_jitter() {
    let mut rng = rng(3);
    let mut listener = Listener::new(&[ALICE]);
    let payloads = tone_packets(600.0, 500);
    let mut on_the_way: Vec<(usize, usize)> = Vec::new();
    for number in 0..500 {
        if !rng.next_u32().is_multiple_of(10) {
            on_the_way.push((number + rng.next_u32() as usize % 3, number));
        }
        let (here, rest): (Vec<_>, Vec<_>) = on_the_way.into_iter().partition(|&(at, _)| at <= number);
        on_the_way = rest;
        here.iter().for_each(|&(_, number)| listener.receive(ALICE, number, &payloads[number]));
        listener.pull_frame();
    }
    let settled = &listener.heard[48_000..];
    let found = strongest(settled, SAMPLE_RATE).expect("still a tone");
    assert!((found - 600.0).abs() < 3.0, "{found}");
    let stats = listener.mixer.stats(ALICE, listener.now);
    assert!((35..90).contains(&stats.concealed), "{stats:?}");
    let quietest = settled.chunks_exact(2400).map(total_power).fold(1.0, f32::min);
    assert!(quietest > 0.0003, "a hole of 50 ms: {quietest}");
}

#[test]
fn speaking_is_marked_and_falling_silent_fades() {
    let mut listener = Listener::new(&[ALICE]);
    for (number, payload) in tone_packets(440.0, 50).iter().enumerate() {
        listener.receive(ALICE, number, payload);
        listener.pull_frame();
    }
    (0..100).for_each(|_| listener.pull());
    assert_eq!(listener.speaking, [(ALICE, true), (ALICE, false)]);
    let steps = listener.heard.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max);
    assert!(steps < 0.017, "a step of {steps}");
    assert_eq!(total_power(&listener.heard[listener.heard.len() - 24_000..]), 0.0);
}

#[test]
fn a_closed_peer_is_not_heard_and_an_unknown_one_is_ignored() {
    let mut listener = Listener::new(&[ALICE]);
    for (number, payload) in tone_packets(440.0, 50).iter().enumerate() {
        if number == 25 {
            listener.mixer.close(ALICE);
            listener.heard.clear();
        }
        listener.receive(ALICE, number, payload);
        listener.receive(BOB, number, payload);
        listener.pull_frame();
    }
    assert_eq!(total_power(&listener.heard[480..]), 0.0);
    assert_eq!(listener.mixer.stats(BOB, listener.now), AudioStats::default());
}

/// Threat 8 of the limits: whatever a peer sends, it hurts only itself.
#[test]
fn malformed_packets_never_panic_and_do_not_disturb_the_others() {
    let mut rng = rng(8);
    let mut listener = Listener::new(&[ALICE, BOB]);
    let good = tone_packets(440.0, 400);
    for (number, payload) in good.iter().enumerate() {
        let mut bad = payload.to_vec();
        match number % 8 {
            0 => bad.clear(),
            1 => bad = vec![0xff; 1501],
            2 => bad.truncate(1 + number % 5),
            3 => (0..8).for_each(|_| {
                let at = rng.next_u32() as usize % bad.len();
                bad[at] ^= rng.next_u32() as u8;
            }),
            // Random bodies behind every possible first byte.
            4 | 5 => bad = (0..rng.next_u32() % 200 + 1).map(|_| rng.next_u32() as u8).collect(),
            // 48 frames of 2.5 ms, and a count that is not backed by bytes.
            6 => bad = vec![0x83, 48, 1, 2, 3],
            _ => bad = vec![0xff, 0xff, 0xff],
        }
        listener.receive(BOB, number, &Bytes::from(bad));
        listener.receive(ALICE, number, payload);
        if number >= 100 {
            listener.mixer.set_volume(BOB, 0.0);
        }
        listener.pull_frame();
    }
    assert!(listener.heard.iter().all(|sample| sample.is_finite() && sample.abs() <= 1.0));
    assert!(listener.mixer.stats(BOB, listener.now).malformed >= 100);
    let alice = listener.mixer.stats(ALICE, listener.now);
    assert_eq!((alice.malformed, alice.concealed), (0, 0));
    assert!(purity(&listener.heard[listener.heard.len() - 48_000..], 440.0) > 0.98);
}
