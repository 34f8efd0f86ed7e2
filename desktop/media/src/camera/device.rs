//! Video for Linux, through the crate v4l: the only file that names it.
#![allow(unsafe_code)]

use std::io::{self, ErrorKind};
use std::os::fd::BorrowedFd;
use std::time::Duration;

use rustix::io::{FdFlags, fcntl_setfd};
use v4l::buffer::{Flags, Type};
use v4l::frameinterval::FrameIntervalEnum;
use v4l::framesize::FrameSizeEnum;
use v4l::io::traits::{CaptureStream, Stream};
use v4l::prelude::{Device, MmapStream};
use v4l::video::Capture;
use v4l::video::capture::Parameters;
use v4l::{FourCC, Fraction};

use super::Wish;
use super::convert::{Format, Layout};
use super::offer::{FORMATS, Offer, best, stepped};
use super::trouble::Trouble;

/// As few as a driver can go on with while one is read: what waits in them is late.
const BUFFERS: u32 = 4;

/// More than the kernel gives out.
const BUFFERS_MAX: usize = 32;

/// Whoever switches the camera off waits at most this long for it.
const WAIT: Duration = Duration::from_millis(200);

/// A device file of a camera; many cameras have several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) number: u32,
    pub(super) name: String,
}

/// A camera that is sending.
pub(super) struct Camera {
    stream: MmapStream<'static>,
    layout: Layout,
    /// Every buffer is with the driver, at the start and after an error: none can be handed in before one has come out.
    handed_in: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Read<'a> {
    Picture(&'a [u8]),
    /// The driver knows that it is.
    Damaged,
    /// Not for now.
    Nothing,
}

/// What is there, in the order in which it was found.
pub(super) fn nodes() -> Vec<Node> {
    let entries = std::fs::read_dir("/dev").into_iter().flatten().flatten();
    let mut numbers: Vec<u32> =
        entries.filter_map(|entry| entry.file_name().to_str()?.strip_prefix("video")?.parse().ok()).collect();
    numbers.sort_unstable();
    let named = |number| {
        let name = std::fs::read_to_string(format!("/sys/class/video4linux/video{number}/name"));
        let name = name.map_or_else(|_| format!("camera {number}"), |name| name.trim().to_owned());
        Node { number, name }
    };
    numbers.into_iter().map(named).collect()
}

pub(super) fn open(node: &Node, wish: Wish) -> Result<Camera, Trouble> {
    let device = Device::new(node.number as usize)?;
    keep_from_children(&device)?;
    let offer = choose(&device, wish)?;
    let given = device.set_format(&v4l::Format::new(offer.width, offer.height, letters(offer.format)))?;
    let format = format_of(given.fourcc).ok_or_else(|| Trouble::Formats(given.fourcc.to_string()))?;
    if given.width == 0 || given.height == 0 {
        return Err(Trouble::Other("its pictures have no pixels".to_owned()));
    }
    let (seconds, pictures) = offer.interval;
    if let Err(error) = device.set_params(&Parameters::new(Fraction::new(seconds, pictures))) {
        if error.raw_os_error() == Some(libc::EBUSY) {
            return Err(Trouble::Busy);
        }
        tracing::debug!(%error, "the camera keeps its rate");
    }
    let layout = Layout { format, width: given.width, height: given.height, stride: given.stride };
    let mut stream = MmapStream::with_buffers(&device, Type::VideoCapture, BUFFERS)?;
    stream.set_timeout(WAIT);
    // All of them: a driver may have given more or fewer.
    for index in 0..BUFFERS_MAX {
        if CaptureStream::queue(&mut stream, index).is_err() {
            break;
        }
    }
    stream.start()?;
    Ok(Camera { stream, layout, handed_in: true })
}

/// Programs that we start would hold the camera.
fn keep_from_children(device: &Device) -> Result<(), Trouble> {
    let handle = device.handle();
    // SAFETY: the descriptor is open for as long as the handle lives.
    let descriptor = unsafe { BorrowedFd::borrow_raw(handle.fd()) };
    fcntl_setfd(descriptor, FdFlags::CLOEXEC).map_err(|error| io::Error::from(error).into())
}

fn choose(device: &Device, wish: Wish) -> Result<Offer, Trouble> {
    let all = device.enum_formats()?;
    if all.is_empty() {
        // Cameras have device files for other things than pictures.
        return Err(Trouble::Missing);
    }
    let known = all.iter().filter_map(|described| format_of(described.fourcc));
    let offers: Vec<Offer> = known.flat_map(|format| offers(device, format, wish)).collect();
    let names = || all.iter().map(|described| described.fourcc.to_string()).collect::<Vec<_>>().join(", ");
    best(&offers, wish).ok_or_else(|| Trouble::Formats(names()))
}

/// What a camera has in this format; of sizes and rates in steps the one that fits best.
fn offers(device: &Device, format: Format, wish: Wish) -> Vec<Offer> {
    let sizes = device.enum_framesizes(letters(format)).unwrap_or_default();
    let sizes = sizes.into_iter().map(|size| match size.size {
        FrameSizeEnum::Discrete(size) => (size.width, size.height),
        FrameSizeEnum::Stepwise(steps) => (
            stepped(wish.width, steps.min_width, steps.max_width, steps.step_width),
            stepped(wish.height, steps.min_height, steps.max_height, steps.step_height),
        ),
    });
    let with_rates = sizes.flat_map(|(width, height)| {
        let rates = device.enum_frameintervals(letters(format), width, height).unwrap_or_default();
        let mut intervals: Vec<(u32, u32)> = rates.into_iter().map(|rate| interval(&rate.interval, wish.fps)).collect();
        if intervals.is_empty() {
            // It does not say; it is asked all the same.
            intervals.push((1, wish.fps));
        }
        intervals.into_iter().map(move |interval| Offer { format, width, height, interval })
    });
    with_rates.collect()
}

fn interval(offered: &FrameIntervalEnum, fps: u32) -> (u32, u32) {
    match offered {
        FrameIntervalEnum::Discrete(interval) => (interval.numerator, interval.denominator),
        FrameIntervalEnum::Stepwise(steps) => {
            let seconds = |interval: &Fraction| f64::from(interval.numerator) / f64::from(interval.denominator.max(1));
            let wished = 1.0 / f64::from(fps);
            if wished < seconds(&steps.min) {
                (steps.min.numerator, steps.min.denominator)
            } else if wished > seconds(&steps.max) {
                (steps.max.numerator, steps.max.denominator)
            } else {
                (1, fps)
            }
        }
    }
}

fn letters(format: Format) -> FourCC {
    FourCC::new(match format {
        Format::Mjpeg => b"MJPG",
        Format::Yuyv => b"YUYV",
        Format::Nv12 => b"NV12",
    })
}

fn format_of(code: FourCC) -> Option<Format> {
    FORMATS.into_iter().find(|format| letters(*format) == code)
}

impl Camera {
    pub(super) fn layout(&self) -> Layout {
        self.layout
    }

    /// The next picture, straight from the driver's buffer.
    pub(super) fn read(&mut self) -> Result<Read<'_>, Trouble> {
        if self.handed_in {
            match CaptureStream::dequeue(&mut self.stream) {
                // The first picture is out of our reach: the crate gives one only after it has handed another one in.
                Ok(_) => self.handed_in = false,
                Err(error) => return nothing_of(error),
            }
        }
        // Before the last buffer goes back: what comes too late for this wait is then there for the next.
        match self.stream.handle().poll(libc::POLLIN, WAIT.as_millis() as i32) {
            Ok(0) => return Ok(Read::Nothing),
            Ok(_) => {}
            Err(error) => return nothing_of(error),
        }
        match CaptureStream::next(&mut self.stream) {
            Ok((_, about)) if about.flags.contains(Flags::ERROR) => Ok(Read::Damaged),
            Ok((buffer, about)) => {
                let bytes = buffer.get(..about.bytesused as usize).unwrap_or(buffer);
                Ok(if bytes.is_empty() { Read::Damaged } else { Read::Picture(bytes) })
            }
            Err(error) => {
                self.handed_in = true;
                nothing_of(error)
            }
        }
    }

    /// A driver that cannot stop keeps its buffers: the crate would end us over it.
    pub(super) fn close(mut self) {
        if let Err(error) = Stream::stop(&mut self.stream)
            && error.raw_os_error() != Some(libc::ENODEV)
        {
            tracing::warn!(%error, "the camera does not stop");
            std::mem::forget(self.stream);
        }
    }
}

/// An error after which the stream goes on.
fn nothing_of(error: io::Error) -> Result<Read<'static>, Trouble> {
    match error.kind() {
        ErrorKind::TimedOut | ErrorKind::WouldBlock | ErrorKind::Interrupted => Ok(Read::Nothing),
        // A picture was lost on its way.
        _ if error.raw_os_error() == Some(libc::EIO) => Ok(Read::Damaged),
        _ => Err(error.into()),
    }
}
