//! Makes a frame of sound a little shorter or longer without a click and without changing its pitch: a piece is left
//! out or repeated where the sound resembles itself (time-domain overlap-add).

/// Samples that are laid over each other: 5 ms.
const OVERLAP: usize = 240;

/// Samples that are left out or repeated: 2.5 to 15 ms, a period of any voice down to 67 Hz.
const LAG_MIN: usize = 120;
const LAG_MAX: usize = 720;

/// A frame that is shorter cannot be changed. One of 20 ms just can.
const FRAME_MIN: usize = OVERLAP + LAG_MAX;

/// Leaves out one period. Says how many samples are gone.
pub(crate) fn shorten(frame: &mut Vec<f32>) -> usize {
    let Some(lag) = best_lag(frame) else { return 0 };
    for i in 0..OVERLAP {
        frame[i] = faded(frame[i], frame[i + lag], i);
    }
    frame.drain(OVERLAP..OVERLAP + lag);
    lag
}

/// Repeats one period. Says how many samples were added.
pub(crate) fn lengthen(frame: &mut Vec<f32>) -> usize {
    let Some(lag) = best_lag(frame) else { return 0 };
    let mut longer = Vec::with_capacity(frame.len() + lag);
    longer.extend_from_slice(&frame[..lag]);
    longer.extend((0..OVERLAP).map(|i| faded(frame[lag + i], frame[i], i)));
    longer.extend_from_slice(&frame[OVERLAP..]);
    *frame = longer;
    lag
}

fn faded(from: f32, to: f32, i: usize) -> f32 {
    let share = i as f32 / OVERLAP as f32;
    from * (1.0 - share) + to * share
}

/// The distance at which the frame resembles its own beginning most.
fn best_lag(frame: &[f32]) -> Option<usize> {
    if frame.len() < FRAME_MIN {
        return None;
    }
    let start = &frame[..OVERLAP];
    (LAG_MIN..=LAG_MAX)
        .max_by(|&a, &b| likeness(start, &frame[a..a + OVERLAP]).total_cmp(&likeness(start, &frame[b..b + OVERLAP])))
}

/// The normalised correlation, with its sign.
fn likeness(a: &[f32], b: &[f32]) -> f32 {
    let (mut product, mut energy) = (0.0, 1e-9);
    for (x, y) in a.iter().zip(b) {
        product += x * y;
        energy += y * y;
    }
    product / f32::sqrt(energy)
}

#[cfg(test)]
mod tests {
    use super::super::FRAME;
    use super::super::goertzel::sine;
    use super::super::testing::{impurity, vowel};
    use super::*;

    /// The largest step between neighbours.
    fn roughness(samples: &[f32]) -> f32 {
        samples.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max)
    }

    fn checked(frequency: f32, change: impl Fn(&mut Vec<f32>) -> usize) -> isize {
        let original = sine(frequency, 0.5, 48_000, 960);
        let mut frame = original.clone();
        let changed = change(&mut frame);
        assert!((LAG_MIN..=LAG_MAX).contains(&changed));
        assert!(roughness(&frame) < roughness(&original) * 1.2, "a click at {frequency} Hz");
        assert_eq!(frame[0], original[0], "it goes on from the frame before");
        assert_eq!(frame.last(), original.last(), "and into the frame after");
        frame.len() as isize - original.len() as isize
    }

    #[test]
    fn a_tone_goes_on_smoothly_over_the_seam() {
        for frequency in [110.0, 440.0, 1234.5] {
            assert!(checked(frequency, shorten) < 0);
            assert!(checked(frequency, lengthen) > 0);
        }
    }

    /// The largest deviation from a pure tone that goes on: `x[n+1] = 2 cos(w) x[n] - x[n-1]`. A step in the sound is as
    /// large here as it is.
    fn deviation(samples: &[f32], frequency: f32) -> f32 {
        let cosine = (f64::from(frequency) * std::f64::consts::TAU / 48_000.0).cos();
        let samples: Vec<f64> = samples.iter().map(|&sample| f64::from(sample)).collect();
        samples.windows(3).map(|of| (of[2] - 2.0 * cosine * of[1] + of[0]).abs()).fold(0.0, f64::max) as f32
    }

    #[test]
    fn a_sine_stays_a_sine_however_its_pace_changes() {
        for frequency in [82.0, 110.0, 220.0, 333.3, 440.0, 1000.0, 2345.6] {
            for change in [shorten, lengthen] {
                let mut out: Vec<f32> = Vec::new();
                for frame in sine(frequency, 0.5, 48_000, 96_000).chunks_exact(960) {
                    let mut frame = frame.to_vec();
                    change(&mut frame);
                    out.extend(frame);
                }
                let click = 20.0 * (deviation(&out, frequency) / 0.5).log10();
                assert!(click < -40.0, "{frequency} Hz: a click of {click:.1} dB");
            }
        }
    }

    /// Each frame, or one of some, is changed, as in a hurry or when the clocks differ.
    fn paced(sound: &[f32], change: fn(&mut Vec<f32>) -> usize, one_of: usize) -> Vec<f32> {
        let mut out = Vec::new();
        for (number, frame) in sound.chunks_exact(FRAME).enumerate() {
            let mut frame = frame.to_vec();
            if number % one_of == 0 {
                assert!(change(&mut frame) > 0);
            }
            out.extend(frame);
        }
        out
    }

    #[test]
    fn nothing_is_heard_beside_the_harmonics_of_a_voice_whose_pace_changes() {
        let peak = |samples: &[f32]| samples.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
        // From a deep man's voice to a child's.
        for pitch in [70.0, 75.0, 85.0, 100.0, 110.0, 137.3, 155.5, 220.0, 260.7, 333.3, 440.0] {
            for (name, original) in [("tone", sine(pitch, 0.4, 48_000, 96_000)), ("vowel", vowel(pitch, 96_000))] {
                let pure = impurity(&original, pitch);
                assert!(pure < -50.0, "{name} of {pitch} Hz: {pure:.1} dB to begin with");
                for (way, change) in [("shorter", shorten as fn(&mut Vec<f32>) -> usize), ("longer", lengthen)] {
                    for one_of in [1, 3] {
                        let out = paced(&original, change, one_of);
                        let found = impurity(&out, pitch);
                        let what = format!("{name} of {pitch} Hz, one frame of {one_of} {way}");
                        assert!(found < -40.0, "{what}: {found:.1} dB beside the harmonics");
                        assert!(roughness(&out) <= roughness(&original) * 1.05, "{what}: a click");
                        assert!(peak(&out) <= peak(&original) * 1.05, "{what}: too loud");
                    }
                }
            }
        }
    }

    #[test]
    fn silence_can_be_changed_and_scraps_are_left_alone() {
        assert!(shorten(&mut vec![0.0; 960]) > 0);
        assert!(lengthen(&mut vec![0.0; 960]) > 0);
        let mut scrap = vec![0.5; 480];
        assert_eq!(shorten(&mut scrap) + lengthen(&mut scrap), 0);
        assert_eq!(scrap.len(), 480);
    }
}
