//! Descriptors that go from the app to the decoders' process over its start.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::process::Command;

use rustix::io::FdFlags;

/// Lets the program that is started find these descriptors under their numbers, which nothing else that the app starts
/// meanwhile does.
pub(super) fn bequeath(command: &mut Command, handles: Vec<OwnedFd>) {
    let inherit = move || handles.iter().try_for_each(|handle| Ok(rustix::io::fcntl_setfd(handle, FdFlags::empty())?));
    // SAFETY: between fork and exec the closure makes nothing but system calls: it neither allocates nor locks.
    unsafe { command.pre_exec(inherit) };
}

/// Takes a descriptor over that was bequeathed; once for each number.
pub(super) fn inherit(number: RawFd) -> io::Result<OwnedFd> {
    if number <= io::stderr().as_raw_fd() {
        return Err(io::Error::from_raw_os_error(libc::EBADF));
    }
    // SAFETY: the number is not -1; the reference lives for one system call, which says whether there is such a descriptor.
    rustix::io::fcntl_getfd(unsafe { BorrowedFd::borrow_raw(number) })?;
    // SAFETY: it is open, and was handed over at the start of the process, so nothing else here knows of it.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}
