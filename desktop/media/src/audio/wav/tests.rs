//! Files of every kind in, recordings out.

use std::fs;

use super::*;
use crate::audio::goertzel::{power, sine, strongest};

fn write(path: &Path, spec: WavSpec, frames: usize, hertz: f32) {
    let mut writer = WavWriter::create(path, spec).unwrap();
    for sample in sine(hertz, 0.5, spec.sample_rate, frames) {
        for _ in 0..spec.channels {
            match spec.sample_format {
                SampleFormat::Float => writer.write_sample(sample).unwrap(),
                SampleFormat::Int => {
                    let full_scale = (1_i64 << (spec.bits_per_sample - 1)) - 1;
                    writer.write_sample((sample * full_scale as f32) as i32).unwrap();
                }
            }
        }
    }
    writer.finalize().unwrap();
}

fn spec(channels: u16, sample_rate: u32, bits_per_sample: u16, sample_format: SampleFormat) -> WavSpec {
    WavSpec { channels, sample_rate, bits_per_sample, sample_format }
}

#[test]
fn any_rate_width_and_number_of_channels_becomes_48_khz_mono_without_an_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tone.wav");
    for spec in [
        spec(1, 8_000, 8, SampleFormat::Int),
        spec(2, 44_100, 16, SampleFormat::Int),
        spec(1, 48_000, 16, SampleFormat::Int),
        spec(6, 48_000, 24, SampleFormat::Int),
        spec(2, 96_000, 32, SampleFormat::Float),
    ] {
        // Half a second, a whole number of periods: the loop has no seam.
        write(&path, spec, spec.sample_rate as usize / 2, 500.0);
        let mut file = WavLoop::open(&path).unwrap();
        let mut out = vec![0.0; 96_000];
        out.chunks_mut(960).for_each(|frame| file.fill(frame).unwrap());
        assert!((strongest(&out, SAMPLE_RATE).unwrap() - 500.0).abs() < 0.5, "{spec:?}");
        assert!((power(&out[48_000..], SAMPLE_RATE, 500.0) - 0.125).abs() < 0.01, "{spec:?}");
        assert!(file.ready.len() < 20 * CHUNK, "what is read ahead is bounded");
    }
}

#[test]
fn what_is_not_a_sound_file_is_refused_with_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.wav");
    let refused = |content: &[u8]| {
        fs::write(&path, content).unwrap();
        WavLoop::open(&path).err().map(|error| error.to_string())
    };
    assert!(refused(b"").is_some());
    assert!(refused(b"RIFF\0\0\0\0WAVEfmt ").is_some());
    assert!(refused(&[0x52; 4096]).is_some());
    assert!(WavLoop::open(Path::new("/nowhere.wav")).is_err());
    write(&path, spec(1, 48_000, 16, SampleFormat::Int), 0, 1.0);
    assert!(matches!(WavLoop::open(&path), Err(WavError::Empty)));
    write(&path, spec(1, 1_000_000, 16, SampleFormat::Int), 10, 1.0);
    assert!(matches!(WavLoop::open(&path), Err(WavError::Unsupported { .. })));
}

#[test]
fn a_damaged_header_never_panics() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.wav");
    write(&path, spec(2, 44_100, 16, SampleFormat::Int), 2000, 440.0);
    let good = fs::read(&path).unwrap();
    for at in 0..44 {
        for value in [0, 1, 0x7f, 0xff] {
            let mut bad = good.clone();
            bad[at] = value;
            fs::write(&path, &bad).unwrap();
            if let Ok(mut file) = WavLoop::open(&path) {
                let mut out = [0.0; 960];
                for _ in 0..20 {
                    let _ = file.fill(&mut out);
                }
            }
        }
    }
}

#[test]
fn a_file_that_was_cut_off_is_played_as_far_as_it_goes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.wav");
    write(&path, spec(1, 48_000, 16, SampleFormat::Int), 48_000, 500.0);
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() / 2 + 1]).unwrap();
    let mut file = WavLoop::open(&path).unwrap();
    let mut out = vec![0.0; 96_000];
    file.fill(&mut out).unwrap();
    assert!((strongest(&out, SAMPLE_RATE).unwrap() - 500.0).abs() < 1.0);
}

#[test]
fn a_recording_is_valid_though_the_process_was_killed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mix.wav");
    let mut recorder = WavRecorder::create(&path).unwrap();
    assert_eq!(WavReader::open(&path).unwrap().len(), 0);
    sine(440.0, 0.5, SAMPLE_RATE, 57_600).chunks(480).for_each(|block| recorder.write(block).unwrap());
    // A killed process runs no destructor.
    std::mem::forget(recorder);
    let mut reader = WavReader::open(&path).unwrap();
    assert_eq!(reader.len(), 48_000);
    let samples: Vec<f32> = reader.samples::<i16>().map(|s| f32::from(s.unwrap()) / 32_767.0).collect();
    assert!((strongest(&samples, SAMPLE_RATE).unwrap() - 440.0).abs() < 0.5);
}
