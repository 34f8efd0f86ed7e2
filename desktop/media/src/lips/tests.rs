//! Sound and pictures that take different ways, on virtual time.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::audio::{Mixer, tone_packets};
use crate::packet::{Packet, PeerTag};

const PEER: PeerTag = PeerTag(1);

const MS: Duration = Duration::from_millis(1);
/// The sender's wall clock when its streams began.
const NTP: u64 = 3_900_000_000 << 32;
/// Where its streams' clocks stood then; both wrap soon.
const SOUND: u32 = u32::MAX - 48_000;
const PICTURES: u32 = u32::MAX - 200_000;

/// What comes of a call, from its tenth second on, in milliseconds.
struct Call {
    /// How far the shown pictures were before the sound.
    ahead: Vec<i64>,
    /// How long they had waited for it.
    waited: Vec<u64>,
    /// How late the sound was.
    sound: Vec<i64>,
}

/// A call of so many seconds in which sound and pictures have these delays, each with some jitter.
fn call(seconds: u32, sound_delay: u32, picture_delay: u32, reports: bool) -> Call {
    call_with_losses(seconds, sound_delay, picture_delay, 0, reports)
}

/// So many per cent of its pictures have to be asked for again, which takes 210 ms, and all after them wait for them.
fn call_with_losses(seconds: u32, sound_delay: u32, picture_delay: u32, lost: u32, reports: bool) -> Call {
    let (start, lips) = (Instant::now(), Lips::default());
    if reports {
        lips.lock().unwrap().handle_clock(Kind::Audio, SenderClock { ntp: NTP, timestamp: SOUND });
        // The other report was made half a second later.
        let clock = SenderClock { ntp: NTP + (1 << 31), timestamp: PICTURES.wrapping_add(45_000) };
        lips.lock().unwrap().handle_clock(Kind::Video, clock);
    }
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let packets = tone_packets(440.0, seconds as usize * 50);
    // In order of arrival.
    let mut arrivals: Vec<(u32, Option<usize>, u32)> = Vec::new();
    for (number, _) in packets.iter().enumerate() {
        arrivals.push((number as u32 * 20 + 20 + sound_delay + rng.next_u32() % 10, Some(number), 0));
    }
    let mut whole = 0;
    for number in 0..seconds * 30 {
        let taken = number * 100 / 3;
        let again = if rng.next_u32() % 100 < lost { 210 } else { 0 };
        whole = whole.max(taken + picture_delay + rng.next_u32() % 10 + again);
        arrivals.push((whole, None, taken));
    }
    arrivals.sort_unstable();
    let mut mixer = Mixer::default();
    mixer.open(PEER, start).unwrap();
    mixer.set_lips(PEER, Arc::clone(&lips));
    // What is heard, and since when, by the sound's own timestamps.
    let mut heard: Option<(Instant, i64)> = None;
    let (mut ahead, mut waited, mut sound_late, mut held) = (Vec::new(), Vec::new(), Vec::new(), VecDeque::new());
    let mut arrivals = arrivals.into_iter().peekable();
    for now_ms in 0..seconds * 1000 {
        let now = start + now_ms * MS;
        while let Some((_, sound, taken)) = arrivals.next_if(|(at, ..)| *at <= now_ms) {
            match sound {
                Some(number) => {
                    let timestamp = SOUND.wrapping_add(number as u32 * 960);
                    let (sequence, payload) = (number as u16, packets[number].clone());
                    mixer.receive(PEER, Packet { sequence, timestamp, marker: true, payload, arrived: now });
                }
                None => {
                    let timestamp = PICTURES.wrapping_add(taken * 90);
                    let due = lips.lock().unwrap().handle_picture(timestamp, now);
                    held.push_back((due, timestamp, now));
                }
            }
        }
        if now_ms % 10 == 0 {
            mixer.mix(now);
            let timestamp = mixer.heard(PEER);
            heard = timestamp.map(|timestamp| (now, i64::from(timestamp.wrapping_sub(SOUND) as i32) / 48 - 10));
            if now_ms > 10_000 {
                sound_late.extend(heard.map(|(_, heard)| i64::from(now_ms) - heard));
            }
        }
        while let Some((_, timestamp, ready)) = held.pop_front_if(|(due, ..)| *due <= now) {
            if now_ms > 10_000 {
                let moment = i64::from(timestamp.wrapping_sub(PICTURES)) / 90;
                // By what is heard, not by what the lips believe.
                ahead.extend(heard.map(|(at, heard)| moment - heard - (now - at).as_millis() as i64));
                waited.push((now - ready).as_millis() as u64);
            }
        }
    }
    Call { ahead, waited, sound: sound_late }
}

fn worst(ahead: &[i64]) -> i64 {
    assert!(ahead.len() > 100, "{} pictures were shown while something was heard", ahead.len());
    ahead.iter().map(|ahead| ahead.abs()).max().unwrap()
}

#[test]
fn pictures_wait_for_sound_that_takes_longer() {
    let Call { ahead, waited, .. } = call(20, 300, 20, true);
    assert!(worst(&ahead) <= 60, "{} ms", worst(&ahead));
    assert!(*waited.iter().max().unwrap() < 400);
}

#[test]
fn sound_waits_for_pictures_that_take_longer() {
    let Call { ahead, waited, .. } = call(30, 20, 250, true);
    let late = ahead[ahead.len() / 2..].to_vec();
    assert!(worst(&late) <= 60, "{} ms", worst(&late));
    assert_eq!(waited.iter().max(), Some(&0), "pictures that are late do not wait");
}

/// What half of the pictures of this call are.
fn usual(ahead: &[i64]) -> i64 {
    let mut sorted: Vec<i64> = ahead.iter().map(|ahead| ahead.abs()).collect();
    sorted.sort_unstable();
    sorted[sorted.len() / 2]
}

/// Speech that is stretched and squeezed every second is heard to be, and a picture that comes late is a picture that comes
/// late.
#[test]
fn sound_does_not_sway_with_pictures_that_have_to_be_asked_for_again() {
    for (lost, sound_delay, picture_delay) in
        [(3, 30, 30), (5, 30, 30), (8, 30, 30), (12, 30, 30), (20, 30, 30), (5, 20, 250)]
    {
        let Call { ahead, sound, .. } = call_with_losses(60, sound_delay, picture_delay, lost, true);
        // After the wait has been found.
        let sound = &sound[sound.len() / 4..];
        let sway = sound.iter().max().unwrap() - sound.iter().min().unwrap();
        assert!(sway <= 50, "{lost} % lost, {sound_delay} and {picture_delay} ms: the sound sways by {sway} ms");
        let usual = usual(&ahead);
        assert!(usual <= 60, "{lost} % lost, {sound_delay} and {picture_delay} ms: {usual} ms apart");
    }
}

#[test]
fn nothing_waits_where_both_take_the_same_time_or_nobody_knows() {
    let Call { ahead, waited, .. } = call(15, 30, 30, true);
    assert!(worst(&ahead) <= 60, "{} ms", worst(&ahead));
    assert!(*waited.iter().max().unwrap() <= 30, "{waited:?}");
    let Call { waited, .. } = call(15, 300, 20, false);
    assert_eq!(waited.iter().max(), Some(&0));
}

#[test]
fn reports_that_make_no_sense_hold_nothing_up() {
    let (mut lips, now) = (LipSync::default(), Instant::now());
    lips.handle_clock(Kind::Audio, SenderClock { ntp: NTP, timestamp: 0 });
    for ntp in [0, u64::MAX, NTP + (60 << 32), NTP - (60 << 32)] {
        lips.handle_clock(Kind::Video, SenderClock { ntp, timestamp: 7 });
        lips.handle_played(0, now);
        for number in 0..100 {
            assert_eq!(lips.handle_picture(number * 3_000, now), now);
        }
        assert_eq!(lips.wait_us(now), 0);
    }
}

#[test]
fn sound_that_ended_holds_nothing_up() {
    let (mut lips, now) = (LipSync::default(), Instant::now());
    lips.handle_clock(Kind::Audio, SenderClock { ntp: NTP, timestamp: 0 });
    lips.handle_clock(Kind::Video, SenderClock { ntp: NTP, timestamp: 0 });
    lips.handle_played(0, now);
    assert_eq!(lips.handle_picture(27_000, now), now + 255 * MS);
    let later = now + STALE;
    assert_eq!(lips.handle_picture(27_000 + 90 * 500, later), later);
}

#[test]
fn sound_waits_within_bounds_and_for_nobody_who_is_not_seen_any_more() {
    let (mut lips, start) = (LipSync::default(), Instant::now());
    lips.handle_clock(Kind::Audio, SenderClock { ntp: NTP, timestamp: 0 });
    lips.handle_clock(Kind::Video, SenderClock { ntp: NTP, timestamp: 0 });
    let mut now = start;
    for number in 0..1_000_u32 {
        now = start + number * 10 * MS;
        lips.handle_played(number * 480, now);
        // Two seconds late, whatever the sound does.
        assert_eq!(lips.handle_picture((number * 900).wrapping_sub(180_000), now), now);
        assert!((0..=WAIT_MAX_US).contains(&lips.wait_us(now)));
    }
    assert_eq!(lips.wait_us(now), WAIT_MAX_US);
    assert_eq!(lips.wait_us(now + UNSEEN_MAX), 0);
    // Nonsense from now on is the same as nothing.
    lips.handle_clock(Kind::Video, SenderClock { ntp: 0, timestamp: 0 });
    let later = now + UNSEEN_MAX;
    lips.handle_played(0, later);
    assert_eq!(lips.handle_picture(0, later), later);
    assert_eq!(lips.wait_us(later), 0);
}
