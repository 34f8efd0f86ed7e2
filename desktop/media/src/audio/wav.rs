//! The embassy of hound: WAV files as a microphone, and the mix as a WAV file.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::{Path, PathBuf};

use hound::{SampleFormat, WavReader, WavSpec, WavWriter};
use thiserror::Error;

use super::SAMPLE_RATE;
use super::resample::{RateError, Resampler};

/// Frames that are read at a time: a file may be of any length, what is in memory is not.
const CHUNK: usize = 1024;

const CHANNELS_MAX: u16 = 32;
const RATE_MIN: u32 = 4_000;
const RATE_MAX: u32 = 384_000;

/// Samples between two moments at which the file is complete on disk: half a second.
const FLUSH_EVERY: usize = SAMPLE_RATE as usize / 2;

/// Samples. The format's sizes are 32 bits of bytes; six hours stay below.
const RECORDING_MAX: u64 = 6 * 3600 * SAMPLE_RATE as u64;

#[derive(Debug, Error)]
pub(crate) enum WavError {
    #[error("{0}")]
    Format(#[from] hound::Error),
    #[error("{0}")]
    Rate(#[from] RateError),
    #[error("{channels} channels at {rate} Hz are not supported")]
    Unsupported { channels: u16, rate: u32 },
    #[error("there is no sound in it")]
    Empty,
    #[error("six hours are recorded, more does not fit a WAV file")]
    Full,
}

/// A file of any rate, width and number of channels, as 48 kHz mono without an end.
pub(crate) struct WavLoop {
    path: PathBuf,
    reader: WavReader<BufReader<File>>,
    resampler: Resampler,
    ready: VecDeque<f32>,
    /// Frames read since the file's beginning.
    position: u64,
}

impl WavLoop {
    pub(crate) fn open(path: &Path) -> Result<Self, WavError> {
        let reader = WavReader::open(path)?;
        let WavSpec { channels, sample_rate: rate, .. } = reader.spec();
        if !(1..=CHANNELS_MAX).contains(&channels) || !(RATE_MIN..=RATE_MAX).contains(&rate) {
            return Err(WavError::Unsupported { channels, rate });
        }
        let resampler = Resampler::new(rate, SAMPLE_RATE)?;
        let mut file = Self { path: path.to_owned(), reader, resampler, ready: VecDeque::new(), position: 0 };
        // What cannot be read at all is told at once.
        file.read_chunk()?;
        Ok(file)
    }

    pub(crate) fn fill(&mut self, samples: &mut [f32]) -> Result<(), WavError> {
        while self.ready.len() < samples.len() {
            self.read_chunk()?;
        }
        let ready = self.ready.drain(..samples.len());
        for (slot, sample) in samples.iter_mut().zip(ready) {
            *slot = sample;
        }
        Ok(())
    }

    fn read_chunk(&mut self) -> Result<(), WavError> {
        let WavSpec { channels, bits_per_sample, sample_format, .. } = self.reader.spec();
        let wanted = CHUNK * usize::from(channels);
        // A file that ends before its header says so is played as far as it goes.
        let values: Vec<f32> = match sample_format {
            SampleFormat::Float => self.reader.samples::<f32>().take(wanted).map_while(Result::ok).collect(),
            SampleFormat::Int => {
                let scale = 1.0 / (1_u64 << (bits_per_sample.clamp(1, 32) - 1)) as f32;
                let values = self.reader.samples::<i32>().take(wanted).map_while(Result::ok);
                values.map(|value| value as f32 * scale).collect()
            }
        };
        let frames = values.chunks_exact(usize::from(channels));
        if frames.len() == 0 {
            return self.rewind();
        }
        self.position += frames.len() as u64;
        let mono = frames.map(|frame| {
            let mean = frame.iter().sum::<f32>() / f32::from(channels);
            if mean.is_finite() { mean.clamp(-1.0, 1.0) } else { 0.0 }
        });
        Ok(self.resampler.process(mono, &mut self.ready)?)
    }

    fn rewind(&mut self) -> Result<(), WavError> {
        if self.position == 0 {
            return Err(WavError::Empty);
        }
        self.position = 0;
        // Opened anew: the reader's own way back counts on every sample having been there.
        self.reader = WavReader::open(&self.path)?;
        Ok(())
    }
}

/// A 16-bit mono file that is valid up to the last half second, whatever happens to the process.
pub(crate) struct WavRecorder {
    writer: WavWriter<BufWriter<File>>,
    unflushed: usize,
    written: u64,
}

impl WavRecorder {
    pub(crate) fn create(path: &Path) -> Result<Self, WavError> {
        let spec =
            WavSpec { channels: 1, sample_rate: SAMPLE_RATE, bits_per_sample: 16, sample_format: SampleFormat::Int };
        let mut writer = WavWriter::create(path, spec)?;
        writer.flush()?;
        Ok(Self { writer, unflushed: 0, written: 0 })
    }

    pub(crate) fn write(&mut self, samples: &[f32]) -> Result<(), WavError> {
        if self.written >= RECORDING_MAX {
            return Err(WavError::Full);
        }
        for sample in samples {
            self.writer.write_sample((sample * f32::from(i16::MAX)).round() as i16)?;
        }
        self.written += samples.len() as u64;
        self.unflushed += samples.len();
        if self.unflushed >= FLUSH_EVERY {
            self.unflushed = 0;
            self.writer.flush()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
