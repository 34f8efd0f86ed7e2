//! The embassy of cpal: a sound card of this machine, without a sound server.

use std::collections::VecDeque;
use std::fs;
use std::sync::Arc;
use std::time::Duration;

use cpal::traits::{DeviceTrait, HostTrait, StreamTrait};
use cpal::{
    BufferSize, Device, ErrorKind, FromSample, HostId, Sample as _, SampleFormat, SizedSample, StreamConfig,
    SupportedBufferSize, SupportedStreamConfig, SupportedStreamConfigRange,
};
use crossbeam_channel::Sender;

use super::{Direction, Line, OpenError};
use crate::audio::SAMPLE_RATE;
use crate::audio::resample::Resampler;

/// Frames per callback: 20 ms, the longest that does not delay a packet.
const PERIOD: u32 = 960;

/// A driver that hangs must not hang us.
const OPEN_TIMEOUT: Duration = Duration::from_secs(2);

/// An open stream of a card. Dropping it closes the card.
pub(crate) struct Stream {
    _inner: cpal::Stream,
}

/// Opens and starts a stream. When it breaks, the reason is sent through `fail`.
pub(crate) fn open(
    direction: Direction,
    name: Option<&str>,
    line: &Arc<Line>,
    fail: Sender<String>,
) -> Result<Stream, OpenError> {
    // ALSA is asked only if there is a card: otherwise it fills the terminal with complaints.
    if !has_card(direction) {
        return Err(OpenError::NoSound);
    }
    let device = find(direction, name)?;
    let (config, format) = configuration(&device, direction)?;
    let line = Arc::clone(line);
    let stream = match (direction, format) {
        (Direction::Capture, SampleFormat::F32) => capture::<f32>(&device, config, line, fail),
        (Direction::Capture, SampleFormat::I16) => capture::<i16>(&device, config, line, fail),
        (Direction::Capture, SampleFormat::I32) => capture::<i32>(&device, config, line, fail),
        (Direction::Playback, SampleFormat::F32) => playback::<f32>(&device, config, line, fail),
        (Direction::Playback, SampleFormat::I16) => playback::<i16>(&device, config, line, fail),
        (Direction::Playback, SampleFormat::I32) => playback::<i32>(&device, config, line, fail),
        _ => Err(cpal::Error::new(ErrorKind::UnsupportedConfig).into()),
    }?;
    stream.play()?;
    Ok(Stream { _inner: stream })
}

fn find(direction: Direction, name: Option<&str>) -> Result<Device, OpenError> {
    let host = cpal::host_from_id(HostId::Alsa)?;
    let Some(name) = name else {
        let default = match direction {
            Direction::Capture => host.default_input_device(),
            Direction::Playback => host.default_output_device(),
        };
        return default.ok_or(OpenError::NoDevice);
    };
    let devices: Vec<Device> = match direction {
        Direction::Capture => host.input_devices()?.collect(),
        Direction::Playback => host.output_devices()?.collect(),
    };
    match devices.iter().position(|device| is_called(device, name)) {
        Some(index) => Ok(devices[index].clone()),
        None => {
            Err(OpenError::Unknown { name: name.to_owned(), known: devices.iter().map(Device::to_string).collect() })
        }
    }
}

/// Whether the kernel knows a card with a stream in this direction.
fn has_card(direction: Direction) -> bool {
    let suffix = match direction {
        Direction::Capture => "c",
        Direction::Playback => "p",
    };
    fs::read_dir("/dev/snd").is_ok_and(|entries| {
        entries.flatten().any(|entry| {
            let name = entry.file_name();
            name.to_str().is_some_and(|name| name.starts_with("pcm") && name.ends_with(suffix))
        })
    })
}

/// By the name that people see, or by the server's own.
fn is_called(device: &Device, name: &str) -> bool {
    device.to_string().eq_ignore_ascii_case(name) || device.id().is_ok_and(|id| id.id() == name)
}

/// 48 kHz and as few channels as the device can, or else whatever it prefers.
fn configuration(device: &Device, direction: Direction) -> Result<(StreamConfig, SampleFormat), OpenError> {
    let ranges: Vec<SupportedStreamConfigRange> = match direction {
        Direction::Capture => device.supported_input_configs()?.collect(),
        Direction::Playback => device.supported_output_configs()?.collect(),
    };
    let best = ranges
        .into_iter()
        .filter(|range| rank(range.sample_format()).is_some())
        .filter_map(|range| range.try_with_sample_rate(SAMPLE_RATE))
        .min_by_key(|config| (config.channels(), rank(config.sample_format())));
    let chosen = match (best, direction) {
        (Some(config), _) => config,
        (None, Direction::Capture) => device.default_input_config()?,
        (None, Direction::Playback) => device.default_output_config()?,
    };
    let buffer_size = buffer_size(&chosen);
    Ok((StreamConfig { buffer_size, ..chosen.config() }, chosen.sample_format()))
}

fn rank(format: SampleFormat) -> Option<u8> {
    match format {
        SampleFormat::F32 => Some(0),
        SampleFormat::I16 => Some(1),
        SampleFormat::I32 => Some(2),
        _ => None,
    }
}

fn buffer_size(config: &SupportedStreamConfig) -> BufferSize {
    match config.buffer_size() {
        SupportedBufferSize::Range { min, max } if (*min..=*max).contains(&PERIOD) => BufferSize::Fixed(PERIOD),
        _ => BufferSize::Default,
    }
}

fn capture<T>(
    device: &Device,
    config: StreamConfig,
    line: Arc<Line>,
    fail: Sender<String>,
) -> Result<cpal::Stream, OpenError>
where
    T: SizedSample + Send + 'static,
    f32: FromSample<T>,
{
    let channels = usize::from(config.channels.max(1));
    let mut resampler = Resampler::new(config.sample_rate, SAMPLE_RATE)?;
    let mut converted = VecDeque::new();
    let failing = fail.clone();
    let stream = device.build_input_stream::<T, _, _>(
        config,
        move |samples, _| {
            let frames = samples.chunks_exact(channels);
            let mono = frames.map(|frame| frame.iter().map(|&s| f32::from_sample(s)).sum::<f32>() / channels as f32);
            if let Err(error) = resampler.process(mono, &mut converted) {
                let _ = failing.try_send(error.to_string());
            }
            line.ring.push(converted.drain(..));
            line.wake();
        },
        move |error| report(&fail, &error),
        Some(OPEN_TIMEOUT),
    )?;
    Ok(stream)
}

fn playback<T>(
    device: &Device,
    config: StreamConfig,
    line: Arc<Line>,
    fail: Sender<String>,
) -> Result<cpal::Stream, OpenError>
where
    T: SizedSample + FromSample<f32> + Send + 'static,
{
    let channels = usize::from(config.channels.max(1));
    let rate = config.sample_rate.max(1);
    let mut resampler = Resampler::new(SAMPLE_RATE, rate)?;
    let mut converted = VecDeque::new();
    let mut taken = [0.0; 480];
    let failing = fail.clone();
    let stream = device.build_output_stream::<T, _, _>(
        config,
        move |samples: &mut [T], _| {
            let frames = samples.len() / channels;
            line.note_appetite(frames * SAMPLE_RATE as usize / rate as usize);
            while converted.len() < frames {
                let count = line.ring.take(&mut taken);
                if count == 0 {
                    break;
                }
                if let Err(error) = resampler.process(taken[..count].iter().copied(), &mut converted) {
                    let _ = failing.try_send(error.to_string());
                    break;
                }
            }
            for frame in samples.chunks_exact_mut(channels) {
                frame.fill(T::from_sample(converted.pop_front().unwrap_or(0.0)));
            }
            line.wake();
        },
        move |error| report(&fail, &error),
        Some(OPEN_TIMEOUT),
    )?;
    Ok(stream)
}

/// Only what ends the stream is passed on.
fn report(fail: &Sender<String>, error: &cpal::Error) {
    match error.kind() {
        ErrorKind::Xrun | ErrorKind::DeviceChanged | ErrorKind::RealtimeDenied => {
            tracing::debug!(%error, "the sound device stumbled");
        }
        // Full: the stream is being closed already.
        _ => drop(fail.try_send(error.to_string())),
    }
}
