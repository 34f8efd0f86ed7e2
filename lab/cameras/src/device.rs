//! A camera that a program has opened: what it answers to each request (Linux' userspace API guide, part "Video for Linux").

use std::collections::{BTreeSet, VecDeque};
use std::ffi::{c_int, c_ulong, c_void};
use std::fs::File;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use v4l::v4l_sys::*;
use v4l::v4l2::vidioc::*;

use crate::stream::{Filled, Pace, Stream};
use crate::view::{self, Mode};

/// `errno`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Errno(pub(crate) c_int);

const CAPTURE: u32 = v4l2_buf_type_V4L2_BUF_TYPE_VIDEO_CAPTURE;
const PAGE: u32 = 4096;
const BUFFERS_MAX: u32 = 32;

pub(crate) struct Device {
    folder: PathBuf,
    /// Held, so that no other folder can be taken for it.
    presence: File,
    is_gone: bool,
    owner: File,
    modes: Vec<Mode>,
    /// What the program maps: its buffers, one after another.
    memory: File,
    non_blocking: bool,
    buffers: u32,
    /// Handed in before the stream starts.
    queued: VecDeque<u32>,
    stream: Option<Stream>,
}

/// The kernel's monotonic clock.
fn now() -> Duration {
    // SAFETY: all zeros is a time.
    let mut time: libc::timespec = unsafe { std::mem::zeroed() };
    // SAFETY: a valid place.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut time) };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn sure(holds: bool, otherwise: c_int) -> Result<(), Errno> {
    if holds { Ok(()) } else { Err(Errno(otherwise)) }
}

/// # Safety
/// The argument points to a `T`.
unsafe fn the<'a, T>(argument: *mut c_void) -> Result<&'a mut T, Errno> {
    // SAFETY: promised by the caller, null excepted.
    unsafe { argument.cast::<T>().as_mut() }.ok_or(Errno(libc::EFAULT))
}

fn write_text(text: &str, place: &mut [u8]) {
    let length = text.len().min(place.len() - 1);
    place[..length].copy_from_slice(&text.as_bytes()[..length]);
}

impl Device {
    /// With the descriptor that the program gets.
    pub(crate) fn open(folder: &Path, flags: c_int) -> Result<(Self, c_int), Errno> {
        let presence = File::open(folder).map_err(|_| Errno(libc::ENOENT))?;
        sure(!folder.join("forbidden").exists(), libc::EACCES)?;
        let owner = File::create(folder.join("owner")).map_err(|_| Errno(libc::ENODEV))?;
        let at_exec = if flags & libc::O_CLOEXEC == 0 { 0 } else { libc::MFD_CLOEXEC };
        // SAFETY: the name ends with a zero.
        let fd = unsafe { libc::memfd_create(c"camera".as_ptr(), at_exec) };
        sure(fd >= 0, libc::ENOMEM)?;
        // SAFETY: it was just made, and is the program's; we keep one of our own.
        let ours: OwnedFd =
            unsafe { BorrowedFd::borrow_raw(fd) }.try_clone_to_owned().map_err(|_| Errno(libc::EMFILE))?;
        let device = Self {
            folder: folder.to_owned(),
            presence,
            is_gone: false,
            owner,
            modes: view::modes(folder),
            memory: File::from(ours),
            non_blocking: flags & libc::O_NONBLOCK != 0,
            buffers: 0,
            queued: VecDeque::new(),
            stream: None,
        };
        Ok((device, fd))
    }

    /// # Safety
    /// The argument is what the request asks for.
    pub(crate) unsafe fn control(&mut self, request: c_ulong, argument: *mut c_void) -> Result<(), Errno> {
        sure(!self.is_unplugged(), libc::ENODEV)?;
        // SAFETY: each request names the type of its argument.
        unsafe {
            match request {
                VIDIOC_QUERYCAP => self.query_capabilities(the(argument)?),
                VIDIOC_ENUM_FMT => self.enumerate_formats(the(argument)?),
                VIDIOC_ENUM_FRAMESIZES => self.enumerate_sizes(the(argument)?),
                VIDIOC_ENUM_FRAMEINTERVALS => self.enumerate_intervals(the(argument)?),
                VIDIOC_G_FMT => self.get_format(the(argument)?),
                VIDIOC_TRY_FMT => self.try_format(the(argument)?).map(drop),
                VIDIOC_S_FMT => self.set_format(the(argument)?),
                VIDIOC_G_PARM => self.get_rate(the(argument)?),
                VIDIOC_S_PARM => self.set_rate(the(argument)?),
                VIDIOC_REQBUFS => self.request_buffers(the(argument)?),
                VIDIOC_QUERYBUF => self.query_buffer(the(argument)?),
                VIDIOC_QBUF => self.queue(the(argument)?),
                VIDIOC_DQBUF => self.dequeue(the(argument)?),
                VIDIOC_STREAMON => self.start(),
                VIDIOC_STREAMOFF => self.stop(),
                // It has nothing to turn.
                VIDIOC_QUERYCTRL | VIDIOC_QUERY_EXT_CTRL | VIDIOC_G_CTRL | VIDIOC_S_CTRL => Err(Errno(libc::EINVAL)),
                _ => Err(Errno(libc::ENOTTY)),
            }
        }
    }

    /// What `poll` says.
    pub(crate) fn readiness(&mut self, events: i16) -> i16 {
        if self.is_unplugged() {
            return libc::POLLERR | libc::POLLHUP;
        }
        self.advance();
        match &self.stream {
            Some(stream) if stream.has_picture() => events & (libc::POLLIN | libc::POLLRDNORM),
            Some(stream) if !stream.queued.is_empty() => 0,
            // Nothing can come.
            Some(_) | None => libc::POLLERR,
        }
    }

    /// For this descriptor it stays so, whatever is plugged in in its place.
    fn is_unplugged(&mut self) -> bool {
        let inode = |found: std::io::Result<std::fs::Metadata>| found.ok().map(|found| found.ino());
        self.is_gone |= inode(std::fs::metadata(&self.folder)) != inode(self.presence.metadata());
        self.is_gone
    }

    fn has(&self, file: &str) -> bool {
        self.folder.join(file).exists()
    }

    fn mode(&self) -> Result<Mode, Errno> {
        view::standing(&self.folder, &self.modes).ok_or(Errno(libc::EINVAL))
    }

    fn buffer_size(&self) -> Result<u32, Errno> {
        Ok(self.mode()?.size().next_multiple_of(PAGE))
    }

    /// Only who has no buffers may change the picture, and only if nobody else has.
    fn sure_nobody_has_buffers(&self) -> Result<(), Errno> {
        sure(self.buffers == 0 && self.owner.try_lock().is_ok(), libc::EBUSY)?;
        self.owner.unlock().map_err(|_| Errno(libc::EIO))
    }

    fn query_capabilities(&self, told: &mut v4l2_capability) -> Result<(), Errno> {
        // SAFETY: numbers and letters only.
        *told = unsafe { std::mem::zeroed() };
        let name = std::fs::read_to_string(self.folder.join("name")).unwrap_or_default();
        write_text("cameras", &mut told.driver);
        write_text(name.trim(), &mut told.card);
        write_text("usb-lab", &mut told.bus_info);
        told.device_caps = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
        told.capabilities = told.device_caps | V4L2_CAP_DEVICE_CAPS;
        Ok(())
    }

    fn enumerate_formats(&self, told: &mut v4l2_fmtdesc) -> Result<(), Errno> {
        sure(told.type_ == CAPTURE, libc::EINVAL)?;
        let mut formats: Vec<u32> = self.modes.iter().map(|mode| mode.format).collect();
        formats.dedup();
        let format = *formats.get(told.index as usize).ok_or(Errno(libc::EINVAL))?;
        (told.pixelformat, told.flags) = (format, 0);
        told.description.fill(0);
        write_text(&String::from_utf8_lossy(&format.to_le_bytes()), &mut told.description);
        Ok(())
    }

    fn enumerate_sizes(&self, told: &mut v4l2_frmsizeenum) -> Result<(), Errno> {
        let of_format = self.modes.iter().filter(|mode| mode.format == told.pixel_format);
        let mut sizes: Vec<(u32, u32)> = of_format.map(|mode| (mode.width, mode.height)).collect();
        sizes.dedup();
        let (width, height) = *sizes.get(told.index as usize).ok_or(Errno(libc::EINVAL))?;
        told.type_ = v4l2_frmsizetypes_V4L2_FRMSIZE_TYPE_DISCRETE;
        told.__bindgen_anon_1.discrete = v4l2_frmsize_discrete { width, height };
        Ok(())
    }

    fn enumerate_intervals(&self, told: &mut v4l2_frmivalenum) -> Result<(), Errno> {
        let asked = (told.pixel_format, told.width, told.height);
        let rates: BTreeSet<(u32, u32)> = self
            .modes
            .iter()
            .filter(|mode| (mode.format, mode.width, mode.height) == asked)
            .map(|mode| mode.rate)
            .collect();
        let (pictures, seconds) = *rates.iter().rev().nth(told.index as usize).ok_or(Errno(libc::EINVAL))?;
        told.type_ = v4l2_frmivaltypes_V4L2_FRMIVAL_TYPE_DISCRETE;
        told.__bindgen_anon_1.discrete = v4l2_fract { numerator: seconds, denominator: pictures };
        Ok(())
    }

    fn get_format(&self, told: &mut v4l2_format) -> Result<(), Errno> {
        sure(told.type_ == CAPTURE, libc::EINVAL)?;
        tell_format(&self.mode()?, told);
        Ok(())
    }

    fn try_format(&self, told: &mut v4l2_format) -> Result<Mode, Errno> {
        sure(told.type_ == CAPTURE, libc::EINVAL)?;
        // SAFETY: numbers only, and the type says that these are meant.
        let asked = unsafe { told.fmt.pix };
        let asked = (asked.pixelformat, asked.width, asked.height);
        let mode = view::nearest(&self.modes, asked).ok_or(Errno(libc::EINVAL))?;
        tell_format(&mode, told);
        Ok(mode)
    }

    fn set_format(&mut self, told: &mut v4l2_format) -> Result<(), Errno> {
        self.sure_nobody_has_buffers()?;
        let mode = self.try_format(told)?;
        view::set_standing(&self.folder, &mode);
        Ok(())
    }

    fn get_rate(&self, told: &mut v4l2_streamparm) -> Result<(), Errno> {
        sure(told.type_ == CAPTURE, libc::EINVAL)?;
        let (pictures, seconds) = self.mode()?.rate;
        // SAFETY: numbers only.
        let mut capture: v4l2_captureparm = unsafe { std::mem::zeroed() };
        capture.capability = V4L2_CAP_TIMEPERFRAME;
        capture.timeperframe = v4l2_fract { numerator: seconds, denominator: pictures };
        told.parm.capture = capture;
        Ok(())
    }

    fn set_rate(&mut self, told: &mut v4l2_streamparm) -> Result<(), Errno> {
        sure(told.type_ == CAPTURE, libc::EINVAL)?;
        self.sure_nobody_has_buffers()?;
        // SAFETY: numbers only, and the type says that these are meant.
        let asked = unsafe { told.parm.capture.timeperframe };
        let mode = view::at_rate(&self.modes, &self.mode()?, (asked.denominator, asked.numerator));
        view::set_standing(&self.folder, &mode.ok_or(Errno(libc::EINVAL))?);
        self.get_rate(told)
    }

    fn request_buffers(&mut self, told: &mut v4l2_requestbuffers) -> Result<(), Errno> {
        sure(told.type_ == CAPTURE && told.memory == v4l2_memory_V4L2_MEMORY_MMAP, libc::EINVAL)?;
        sure(self.stream.is_none(), libc::EBUSY)?;
        if told.count > 0 && self.buffers == 0 {
            sure(self.owner.try_lock().is_ok(), libc::EBUSY)?;
        } else if told.count == 0 && self.buffers > 0 {
            self.owner.unlock().map_err(|_| Errno(libc::EIO))?;
        }
        told.count = told.count.min(BUFFERS_MAX);
        self.buffers = told.count;
        self.queued.clear();
        let bytes = u64::from(self.buffer_size()?) * u64::from(self.buffers);
        self.memory.set_len(bytes).map_err(|_| Errno(libc::ENOMEM))
    }

    fn query_buffer(&self, told: &mut v4l2_buffer) -> Result<(), Errno> {
        let index = told.index;
        sure(told.type_ == CAPTURE && index < self.buffers, libc::EINVAL)?;
        let nothing = Filled { index, bytes: 0, damaged: false, sequence: 0, time: Duration::ZERO };
        tell_buffer(nothing, self.buffer_size()?, told);
        Ok(())
    }

    fn queue(&mut self, told: &mut v4l2_buffer) -> Result<(), Errno> {
        let held = self.queued.contains(&told.index) || self.stream.as_ref().is_some_and(|s| s.holds(told.index));
        sure(told.type_ == CAPTURE && told.index < self.buffers && !held, libc::EINVAL)?;
        self.advance();
        self.stream.as_mut().map_or(&mut self.queued, |stream| &mut stream.queued).push_back(told.index);
        Ok(())
    }

    fn dequeue(&mut self, told: &mut v4l2_buffer) -> Result<(), Errno> {
        sure(told.type_ == CAPTURE, libc::EINVAL)?;
        loop {
            sure(!self.is_unplugged(), libc::ENODEV)?;
            self.advance();
            let size = self.buffer_size()?;
            let stream = self.stream.as_mut().ok_or(Errno(libc::EINVAL))?;
            if let Some(filled) = stream.take() {
                tell_buffer(filled, size, told);
                return Ok(());
            }
            sure(!self.non_blocking, libc::EAGAIN)?;
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn start(&mut self) -> Result<(), Errno> {
        sure(self.buffers > 0, libc::EINVAL)?;
        sure(!self.has("crowded"), libc::ENOSPC)?;
        if self.stream.is_none() {
            let mode = self.mode()?;
            let due = now() + self.pace(&mode).interval;
            self.stream = Some(Stream::start(&mode.pictures, std::mem::take(&mut self.queued), due));
        }
        Ok(())
    }

    /// What was handed in goes back to the program.
    fn stop(&mut self) -> Result<(), Errno> {
        self.stream = None;
        self.queued.clear();
        Ok(())
    }

    fn pace(&self, mode: &Mode) -> Pace {
        let real = std::fs::read_to_string(self.folder.join("rate")).ok();
        let real = real.and_then(|rate| rate.trim().parse::<f64>().ok());
        let (pictures, seconds) = mode.rate;
        let rate = real.unwrap_or(f64::from(pictures) / f64::from(seconds.max(1)));
        Pace { interval: Duration::from_secs_f64(1.0 / rate.max(0.1)), stalled: self.has("stalled") }
    }

    fn advance(&mut self) {
        let (Ok(mode), Ok(size)) = (self.mode(), self.buffer_size()) else { return };
        let pace = self.pace(&mode);
        if let Some(stream) = &mut self.stream {
            stream.advance(now(), pace, &self.memory, size);
        }
    }
}

fn tell_format(mode: &Mode, told: &mut v4l2_format) {
    // SAFETY: numbers only.
    let mut pix: v4l2_pix_format = unsafe { std::mem::zeroed() };
    (pix.width, pix.height, pix.pixelformat) = (mode.width, mode.height, mode.format);
    (pix.bytesperline, pix.sizeimage) = (mode.stride, mode.size());
    (pix.field, pix.colorspace) = (v4l2_field_V4L2_FIELD_NONE, v4l2_colorspace_V4L2_COLORSPACE_SRGB);
    told.fmt.pix = pix;
}

fn tell_buffer(filled: Filled, size: u32, told: &mut v4l2_buffer) {
    (told.index, told.bytesused, told.sequence, told.length) = (filled.index, filled.bytes, filled.sequence, size);
    told.flags = V4L2_BUF_FLAG_MAPPED | V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
    told.flags |= if filled.damaged { V4L2_BUF_FLAG_ERROR } else { 0 };
    told.field = v4l2_field_V4L2_FIELD_NONE;
    told.timestamp.tv_sec = filled.time.as_secs() as _;
    told.timestamp.tv_usec = i64::from(filled.time.subsec_micros()) as _;
    told.m.offset = filled.index * size;
}
