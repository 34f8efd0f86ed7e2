//! Pictures through the codec and back, and what must not come through.

use std::time::Instant;

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::frame::I420;
use crate::pattern::{self, Mark};

const FRAME_TICKS: i64 = 3_000;

fn settings(width: u32, height: u32, bitrate: u32) -> Settings {
    Settings { width, height, fps: 30, bitrate, screen: false }
}

fn bars(width: u32, height: u32, number: u32) -> I420 {
    pattern::picture(width, height, Mark { number, millis: number * 33 }, Instant::now())
}

fn decode(decoder: &mut Decoder, data: &[u8]) -> Result<Option<I420>, Vp8Error> {
    Ok(decoder.decode(data)?.map(|decoded| {
        let (width, height) = decoded.size();
        let mut frame = I420::black(width, height, Instant::now());
        decoded.copy_to(&mut frame);
        frame
    }))
}

fn psnr(one: &I420, two: &I420) -> f64 {
    let squares: f64 = one.data().iter().zip(two.data()).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum();
    let mean = squares / one.data().len() as f64;
    10.0 * (255.0_f64.powi(2) / mean.max(1e-9)).log10()
}

/// A picture that no prediction helps with.
fn noise(width: u32, height: u32, seed: u64) -> I420 {
    let mut data = vec![0; I420::size(width, height)];
    ChaCha8Rng::seed_from_u64(seed).fill_bytes(&mut data);
    I420::from_planes(width, height, data, Instant::now()).unwrap()
}

#[test]
fn what_was_encoded_comes_back_nearly_the_same() {
    for (width, height) in [(320, 180), (176, 144), (241, 135)] {
        let mut encoder = Encoder::new(settings(width, height, 1_000_000)).unwrap();
        let mut decoder = Decoder::new();
        for number in 0..30 {
            let frame = bars(width, height, number);
            let Some(encoded) = encoder.encode(&frame, i64::from(number) * FRAME_TICKS, false).unwrap() else {
                continue;
            };
            assert_eq!(encoded.keyframe, number == 0, "only the first frame is a keyframe");
            let shown = decode(&mut decoder, &encoded.data).unwrap().unwrap();
            assert!(psnr(&frame, &shown) > 30.0, "{width}×{height} #{number}: {} dB", psnr(&frame, &shown));
            assert_eq!(pattern::read(&shown).map(|mark| mark.number), Some(number));
        }
    }
}

#[test]
fn a_keyframe_comes_when_it_is_asked_for() {
    let mut encoder = Encoder::new(settings(320, 180, 1_000_000)).unwrap();
    let mut keyframes = Vec::new();
    for number in 0..40 {
        let encoded = encoder.encode(&bars(320, 180, number), i64::from(number) * FRAME_TICKS, number == 20).unwrap();
        if encoded.is_some_and(|encoded| encoded.keyframe) {
            keyframes.push(number);
        }
    }
    assert_eq!(keyframes, [0, 20]);
}

#[test]
fn a_newcomer_starts_at_a_keyframe_and_not_before() {
    let mut encoder = Encoder::new(settings(320, 180, 1_000_000)).unwrap();
    let mut decoder = Decoder::new();
    encoder.encode(&bars(320, 180, 0), 0, false).unwrap();
    let inter = encoder.encode(&bars(320, 180, 1), FRAME_TICKS, false).unwrap().unwrap();
    assert_eq!(decode(&mut decoder, &inter.data).err(), Some(Vp8Error::NoKeyframe));
    let key = encoder.encode(&bars(320, 180, 2), 2 * FRAME_TICKS, true).unwrap().unwrap();
    assert!(decode(&mut decoder, &key.data).unwrap().is_some());
}

#[test]
fn the_bitrate_follows_while_it_runs() {
    let mut encoder = Encoder::new(settings(320, 180, 1_000_000)).unwrap();
    let second = |encoder: &mut Encoder, from: u32| -> usize {
        let frames = from..from + 60;
        let encoded = frames.map(|number| {
            let frame = noise(320, 180, u64::from(number));
            encoder
                .encode(&frame, i64::from(number) * FRAME_TICKS, false)
                .unwrap()
                .map_or(0, |encoded| encoded.data.len())
        });
        // The first of the two seconds is for settling.
        encoded.skip(30).sum::<usize>() * 8
    };
    let before = second(&mut encoder, 0);
    encoder.set_bitrate(250_000).unwrap();
    let after = second(&mut encoder, 60);
    assert!((600_000..1_400_000).contains(&before), "{before} bits in a second");
    assert!((100_000..400_000).contains(&after), "{after} bits in a second");
}

#[test]
fn a_decoder_follows_a_change_of_size() {
    let mut decoder = Decoder::new();
    for (width, height) in [(320, 180), (640, 360), (176, 144)] {
        let mut encoder = Encoder::new(settings(width, height, 500_000)).unwrap();
        let encoded = encoder.encode(&bars(width, height, 1), 0, false).unwrap().unwrap();
        let shown = decode(&mut decoder, &encoded.data).unwrap().unwrap();
        assert_eq!((shown.width(), shown.height()), (width, height));
    }
    let mut encoder = Encoder::new(settings(320, 180, 500_000)).unwrap();
    assert!(encoder.encode(&bars(640, 360, 0), 0, false).is_err());
}

#[test]
fn time_that_stands_still_or_goes_back_is_survived() {
    let mut encoder = Encoder::new(settings(320, 180, 500_000)).unwrap();
    for (number, time) in [9_000, 9_000, 3_000, 12_000].into_iter().enumerate() {
        assert!(encoder.encode(&bars(320, 180, number as u32), time, false).is_ok(), "#{number}");
    }
}

#[test]
fn a_giant_keyframe_is_refused_unseen() {
    let mut encoder = Encoder::new(settings(320, 180, 500_000)).unwrap();
    let encoded = encoder.encode(&bars(320, 180, 0), 0, false).unwrap().unwrap();
    let mut giant = encoded.data.to_vec();
    giant[6..10].copy_from_slice(&[0xFF, 0x3F, 0xFF, 0x3F]);
    let mut decoder = Decoder::new();
    assert_eq!(decode(&mut decoder, &giant).err(), Some(Vp8Error::Size { width: 16383, height: 16383 }));
    assert!(!decoder.is_open());
    assert!(decode(&mut decoder, &encoded.data).unwrap().is_some());
}

#[test]
fn hostile_bytes_are_an_error_or_a_picture_and_never_the_end() {
    let mut encoder = Encoder::new(settings(160, 90, 500_000)).unwrap();
    let frames: Vec<Vec<u8>> = (0..8)
        .filter_map(|number| encoder.encode(&bars(160, 90, number), i64::from(number) * FRAME_TICKS, false).unwrap())
        .map(|encoded| encoded.data.to_vec())
        .collect();
    let mut rng = ChaCha8Rng::seed_from_u64(8);
    let mut decoder = Decoder::new();
    for _ in 0..3_000 {
        let mut frame = frames[rng.next_u32() as usize % frames.len()].clone();
        for _ in 0..rng.next_u32() % 8 {
            let at = rng.next_u32() as usize % frame.len();
            frame[at] = rng.next_u32() as u8;
        }
        if rng.next_u32().is_multiple_of(4) {
            frame.truncate(rng.next_u32() as usize % frame.len());
        }
        // Larger sizes are legal; they would only make the test slow.
        if frame.len() > 9 && frame[0] & 1 == 0 {
            (frame[7], frame[9]) = (0, 0);
        }
        let _ = decode(&mut decoder, &frame);
    }
    assert!(decode(&mut decoder, &frames[0]).unwrap().is_some());
}

/// A page of text, as far as an encoder is concerned: small dark marks on white.
fn page(width: u32, height: u32, seed: u64) -> I420 {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut data = vec![128; I420::size(width, height)];
    let luma = &mut data[..(width * height) as usize];
    luma.fill(235);
    for line in (8..height - 16).step_by(18) {
        for letter in (16..width - 16).step_by(7) {
            let strokes: u64 = random.next_u64();
            for bit in (0..40).filter(|bit| strokes >> bit & 1 == 1) {
                let (x, y) = (letter + bit % 5, line + bit / 5);
                luma[(y * width + x) as usize] = 30;
            }
        }
    }
    I420::from_planes(width, height, data, Instant::now()).unwrap()
}

#[test]
fn a_page_that_was_turned_becomes_sharp_by_being_sent_again() {
    let settings = Settings { width: 1280, height: 720, fps: 15, bitrate: 2_000_000, screen: true };
    let (mut encoder, mut decoder) = (Encoder::new(settings).unwrap(), Decoder::new());
    let (before, turned, mut repeated) = (page(1280, 720, 1), page(1280, 720, 2), page(1280, 720, 2));
    repeated.set_repetition(true);
    let mut shown = None;
    // What is seen once a picture came at that time, and how many bytes it took.
    let mut see = |picture: &I420, millis: i64| {
        let encoded = encoder.encode(picture, millis * 90, false).unwrap();
        let bytes = encoded.map(|encoded| {
            shown = decode(&mut decoder, &encoded.data).unwrap().or(shown.take());
            encoded.data.len()
        });
        (psnr(picture, shown.as_ref().unwrap()), bytes.unwrap_or(0))
    };
    see(&before, 0);
    // There is no room for it yet, and at once there is.
    assert_eq!(see(&turned, 1_000).1, 0);
    let (blurred, at_once) = see(&repeated, 1_150);
    let sharpened = [1_300, 1_450, 1_650, 1_900].map(|millis| see(&repeated, millis).0)[3];
    assert!(sharpened > 34.0 && sharpened > blurred + 3.0, "{blurred} dB, then {sharpened} dB");
    // And the page after it does not pay for that.
    let (_, next) = see(&before, 4_000);
    assert!(next < at_once * 3 / 2, "{at_once} bytes, then {next}");
}

/// A wall in soft light that grows brighter or darker by so many levels, with a sensor's noise of one level.
fn wall(width: u32, height: u32, brighter: f64, random: &mut ChaCha8Rng) -> I420 {
    let mut data = vec![128; I420::size(width, height)];
    let luma = &mut data[..(width * height) as usize];
    for (n, pixel) in luma.iter_mut().enumerate() {
        let across = (n as u32 % width) as f64 / f64::from(width);
        *pixel = (90.0 + 60.0 * across + brighter + random.random_range(-1.0..=1.0)).round() as u8;
    }
    I420::from_planes(width, height, data, Instant::now()).unwrap()
}

#[test]
fn a_large_camera_picture_costs_nothing_where_nothing_is_seen_to_change_and_shows_what_is() {
    let (width, height) = (1280, 720);
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let mut encoder = Encoder::new(settings(width, height, 2_500_000)).unwrap();
    let mut decoder = Decoder::new();
    let mut see = |brighter: f64, number: i64| {
        let picture = wall(width, height, brighter, &mut random);
        let encoded = encoder.encode(&picture, number * FRAME_TICKS, false).unwrap()?;
        let shown = decode(&mut decoder, &encoded.data).unwrap()?;
        Some((encoded.data.len(), psnr(&picture, &shown)))
    };
    let still: Vec<_> = (0..60).filter_map(|number| see(0.0, number)).collect();
    let bytes = still[30..].iter().map(|(bytes, _)| bytes).sum::<usize>() / still[30..].len();
    assert!(bytes < 2_000, "{bytes} bytes for a picture of a wall on which nothing happens");
    // The light changes by a level in ten pictures: less at once than anyone sees, and all of it together is seen.
    let slow: Vec<_> = (60..180).filter_map(|number| see((number - 60) as f64 / 10.0, number)).collect();
    let worst = slow.iter().map(|(_, psnr)| *psnr).fold(f64::MAX, f64::min);
    assert!(slow.len() > 100 && worst > 44.0, "{worst} dB, {} pictures", slow.len());
}
