//! A lane's memory, shared with the decoders' process: a frame on its way there, a picture on its way back.
//!
//! The other side may write anything at any time, so nothing here makes a reference to it that outlives a copy's
//! instant, and its size is sealed: nobody can take pages away from under the other.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::ptr;

use memmap2::{MmapOptions, MmapRaw};
use rustix::fs::{MemfdFlags, SealFlags};

use super::message::PICTURE_MAX;

/// More than the packets that wait to become a frame can hold.
pub(super) const FRAME_MAX: usize = 4 << 20;

/// The frame, then the picture. Pages that were never written take no memory.
const LEN: usize = FRAME_MAX + PICTURE_MAX;

/// The app's side.
#[derive(Debug)]
pub(super) struct Memory {
    map: MmapRaw,
}

impl Memory {
    /// The memory, and what the other side opens it with.
    pub(super) fn create() -> io::Result<(Self, OwnedFd)> {
        let file = rustix::fs::memfd_create("rtc-chat-decode", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
        rustix::fs::ftruncate(&file, LEN as u64)?;
        rustix::fs::fcntl_add_seals(&file, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)?;
        Ok((Self { map: map(file.as_fd())? }, file))
    }

    /// Says whether there was room for it.
    pub(super) fn put_frame(&self, frame: &[u8]) -> bool {
        if frame.len() > FRAME_MAX {
            return false;
        }
        // SAFETY: the map has at least FRAME_MAX bytes, which no shrinking can take away, and is no part of `frame`.
        unsafe { ptr::copy_nonoverlapping(frame.as_ptr(), self.map.as_mut_ptr(), frame.len()) };
        true
    }

    /// Copies the first bytes of the picture's place, whatever they are; as many as fit there.
    pub(super) fn copy_picture(&self, to: &mut [u8]) {
        let length = to.len().min(PICTURE_MAX);
        // SAFETY: the map has PICTURE_MAX bytes after FRAME_MAX, which no shrinking can take away, and is no part of
        // `to`. Should the other side write meanwhile, the copy is a mixture of bytes; any byte is a valid one.
        unsafe { ptr::copy_nonoverlapping(self.map.as_ptr().add(FRAME_MAX), to.as_mut_ptr(), length) };
    }
}

/// The decoders' side. It trusts the app.
#[derive(Debug)]
pub(super) struct WorkerMemory {
    map: MmapRaw,
}

impl WorkerMemory {
    pub(super) fn open(file: BorrowedFd<'_>) -> io::Result<Self> {
        if rustix::fs::fstat(file)?.st_size != LEN as i64 {
            return Err(io::Error::other("the lane's memory has another size"));
        }
        Ok(Self { map: map(file)? })
    }

    /// The frame's first bytes and all of the picture's place.
    pub(super) fn split(&mut self, length: usize) -> (&[u8], &mut [u8]) {
        let length = length.min(FRAME_MAX);
        // SAFETY: both lie within the map and do not overlap; the app, between its request and our answer, writes to
        // neither, and `self` is borrowed for as long as they are.
        unsafe {
            let frame = std::slice::from_raw_parts(self.map.as_ptr(), length);
            (frame, std::slice::from_raw_parts_mut(self.map.as_mut_ptr().add(FRAME_MAX), PICTURE_MAX))
        }
    }
}

fn map(file: BorrowedFd<'_>) -> io::Result<MmapRaw> {
    MmapOptions::new().len(LEN).map_raw(&file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_puts_there_the_other_finds() {
        let (memory, file) = Memory::create().unwrap();
        let mut other = WorkerMemory::open(file.as_fd()).unwrap();
        assert!(memory.put_frame(&[1, 2, 3]));
        let (frame, picture) = other.split(3);
        assert_eq!((frame, picture.len()), (&[1, 2, 3][..], PICTURE_MAX));
        picture[..2].copy_from_slice(&[8, 9]);
        let mut copy = [0; 2];
        memory.copy_picture(&mut copy);
        assert_eq!(copy, [8, 9]);
        assert!(!memory.put_frame(&vec![0; FRAME_MAX + 1]));
    }

    #[test]
    fn nobody_can_take_the_memory_away() {
        let (_memory, file) = Memory::create().unwrap();
        assert!(rustix::fs::ftruncate(&file, 0).is_err());
        assert!(rustix::fs::ftruncate(&file, 2 * LEN as u64).is_err());
        assert!(rustix::fs::fcntl_add_seals(&file, SealFlags::WRITE).is_err());
    }
}
