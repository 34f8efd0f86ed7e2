//! What is made of other programs' sound, without any server.

use super::super::SAMPLE_RATE;
use super::super::goertzel::{power, sine, total_power};
use super::*;

/// What is sent of a tone whose program hands out `given` samples for each frame that is taken.
fn sent(frames: usize, mut given: impl FnMut(usize) -> usize) -> Vec<f32> {
    let programs = Programs::default();
    let tone = sine(440.0, 0.25, SAMPLE_RATE, frames * FRAME + KEPT + frames * 40);
    let (mut out, mut position) = (Vec::new(), 0);
    for number in 0..frames {
        let until = (position + given(number)).min(tone.len());
        programs.push(7, tone[position..until].iter().copied());
        position = until;
        let mut frame = [0.0; FRAME];
        programs.mix_into(&mut frame);
        out.extend(frame);
    }
    out
}

/// How much of it is something else than the tone.
fn impurity(samples: &[f32]) -> f32 {
    let pieces = samples.chunks_exact(4800);
    pieces.map(|piece| 1.0 - power(piece, SAMPLE_RATE, 440.0) / total_power(piece)).fold(0.0, f32::max)
}

#[test]
fn a_program_comes_through_whole_a_cushion_late() {
    let out = sent(500, |_| FRAME);
    assert!(out[..CUSHION].iter().all(|sample| *sample == 0.0));
    assert_eq!(out[CUSHION..], sine(440.0, 0.25, SAMPLE_RATE, out.len())[..out.len() - CUSHION]);
}

#[test]
fn bursts_of_the_server_are_not_heard() {
    let out = sent(1000, |number| if number % 2 == 0 { 0 } else { 2 * FRAME });
    assert!(impurity(&out[3 * CUSHION..]) < 1e-3, "{}", impurity(&out[3 * CUSHION..]));
}

#[test]
fn a_clock_that_differs_leaves_no_gap_and_no_jump() {
    // 5000 ppm, so that a minute is enough.
    for given in [|number: usize| FRAME + 4 + number % 2, |number: usize| FRAME - 4 - number % 2] {
        let out = sent(3000, given);
        let settled = &out[3 * CUSHION..];
        assert!(settled.chunks_exact(480).all(|block| total_power(block) > 0.02), "a gap");
        let step = settled.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max);
        assert!(step < 0.02, "a jump of {step}");
    }
}

#[test]
fn what_comes_all_at_once_is_not_made_up_for() {
    let programs = Programs::default();
    programs.push(1, (0..10 * SAMPLE_RATE).map(|number| number as f32 * 1e-6));
    let mut frame = [0.0; FRAME];
    programs.mix_into(&mut frame);
    assert!(frame[0] >= (10 * SAMPLE_RATE as usize - KEPT) as f32 * 1e-6 - 1e-3);
}

#[test]
fn programs_are_added_and_each_ends_by_itself() {
    let programs = Programs::default();
    for program in [1, 2] {
        programs.push(program, std::iter::repeat_n(0.25, KEPT));
    }
    let mut frame = [0.25; FRAME];
    programs.mix_into(&mut frame);
    assert_eq!(frame, [0.75; FRAME]);
    programs.remove(2);
    programs.mix_into(&mut frame);
    assert_eq!(frame, [1.0; FRAME]);
    programs.clear();
    programs.mix_into(&mut frame);
    assert_eq!(frame, [1.0; FRAME]);
}

#[test]
fn what_is_no_sound_harms_nobody() {
    let programs = Programs::default();
    programs.push(1, [f32::NAN, f32::INFINITY, -9.0, 0.5].into_iter().cycle().take(KEPT));
    let mut frame = [0.0; FRAME];
    programs.mix_into(&mut frame);
    assert_eq!(frame[..4], [0.0, 0.0, -1.0, 0.5]);
}
