//! What the program calls in place of the C library.
//!
//! `open`, `ioctl` and `syscall` take as many arguments as a caller likes; a stable compiler cannot define such a
//! function, but integers and pointers come in the same registers either way on the machines that we build for.

use std::ffi::{CStr, CString, OsStr, c_char, c_int, c_long, c_ulong, c_void};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::device::Errno;
use crate::{real, table};

const FOLDER: &str = "RTC_CHAT_CAMERAS";

/// How often a waiting program looks whether its camera is still there.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// The folder of the cameras, if there is one for this program.
fn folder() -> Option<&'static Path> {
    static KNOWN: OnceLock<Option<PathBuf>> = OnceLock::new();
    KNOWN.get_or_init(|| std::env::var_os(FOLDER).map(PathBuf::from)).as_deref()
}

enum Place {
    Camera(PathBuf),
    /// Something else that stands in the folder.
    Beside(CString),
    Elsewhere,
}

/// # Safety
/// The path ends with a zero.
unsafe fn place(path: *const c_char) -> Place {
    // SAFETY: promised by the caller.
    let path = unsafe { CStr::from_ptr(path) }.to_bytes();
    let Some(folder) = folder() else { return Place::Elsewhere };
    if let Some(name) = path.strip_prefix(b"/dev/").filter(|name| name.starts_with(b"video")) {
        return Place::Camera(folder.join(OsStr::from_bytes(name)));
    }
    let beside = match path {
        b"/dev" | b"/dev/" => Some(folder.to_owned()),
        _ => path.strip_prefix(b"/sys/class/video4linux/").map(|rest| folder.join(OsStr::from_bytes(rest))),
    };
    beside.and_then(|path| CString::new(path.into_os_string().into_vec()).ok()).map_or(Place::Elsewhere, Place::Beside)
}

fn answer<T>(outcome: Result<T, Errno>, failed: T) -> T {
    outcome.unwrap_or_else(|Errno(number)| {
        // SAFETY: each thread has an errno.
        unsafe { *libc::__errno_location() = number };
        failed
    })
}

/// # Safety
/// As the C library's own.
#[unsafe(no_mangle)]
unsafe extern "C" fn open(path: *const c_char, flags: c_int, mode: libc::mode_t) -> c_int {
    // SAFETY: the caller's path; what we make of it ends with a zero.
    unsafe {
        match place(path) {
            Place::Camera(camera) => answer(table::open(&camera, flags), -1),
            Place::Beside(other) => real::open(other.as_ptr(), flags, mode),
            Place::Elsewhere => real::open(path, flags, mode),
        }
    }
}

/// # Safety
/// As the C library's own.
#[unsafe(no_mangle)]
unsafe extern "C" fn open64(path: *const c_char, flags: c_int, mode: libc::mode_t) -> c_int {
    // SAFETY: as above.
    unsafe {
        match place(path) {
            Place::Camera(camera) => answer(table::open(&camera, flags), -1),
            Place::Beside(other) => real::open64(other.as_ptr(), flags, mode),
            Place::Elsewhere => real::open64(path, flags, mode),
        }
    }
}

/// # Safety
/// As the C library's own.
#[unsafe(no_mangle)]
unsafe extern "C" fn opendir(path: *const c_char) -> *mut libc::DIR {
    // SAFETY: as above.
    unsafe {
        match place(path) {
            Place::Beside(other) => real::opendir(other.as_ptr()),
            Place::Camera(_) | Place::Elsewhere => real::opendir(path),
        }
    }
}

/// # Safety
/// As the C library's own.
#[unsafe(no_mangle)]
unsafe extern "C" fn close(fd: c_int) -> c_int {
    table::close(fd);
    // SAFETY: the caller's to close.
    unsafe { real::close(fd) }
}

/// # Safety
/// As the C library's own.
#[unsafe(no_mangle)]
unsafe extern "C" fn ioctl(fd: c_int, request: c_ulong, argument: *mut c_void) -> c_int {
    match table::find(fd) {
        // SAFETY: the argument is what the request asks for, by the caller's promise.
        Some(device) => answer(unsafe { table::lock(&device).control(request, argument) }.map(|()| 0), -1),
        // SAFETY: passed on as it came.
        None => unsafe { real::ioctl(fd, request, argument) },
    }
}

/// # Safety
/// As the C library's own.
#[unsafe(no_mangle)]
unsafe extern "C" fn syscall(
    number: c_long,
    a: c_long,
    b: c_long,
    c: c_long,
    d: c_long,
    e: c_long,
    f: c_long,
) -> c_long {
    if number == libc::SYS_ioctl && table::is_ours(a as c_int) {
        // SAFETY: the same promise as for `ioctl`.
        return c_long::from(unsafe { ioctl(a as c_int, b as c_ulong, c as *mut c_void) });
    }
    // SAFETY: passed on as it came.
    unsafe { real::syscall(number, a, b, c, d, e, f) }
}

/// # Safety
/// As the C library's own.
#[unsafe(no_mangle)]
unsafe extern "C" fn poll(fds: *mut libc::pollfd, count: libc::nfds_t, timeout: c_int) -> c_int {
    if fds.is_null() || count == 0 {
        // SAFETY: passed on as it came.
        return unsafe { real::poll(fds, count, timeout) };
    }
    // SAFETY: the caller has that many.
    let asked = unsafe { std::slice::from_raw_parts_mut(fds, count as usize) };
    if !asked.iter().any(|one| table::is_ours(one.fd)) {
        // SAFETY: passed on as it came.
        return unsafe { real::poll(fds, count, timeout) };
    }
    let end = u64::try_from(timeout).ok().map(|millis| Instant::now() + Duration::from_millis(millis));
    // Of the others the kernel knows; a negative one is left out.
    let mut others: Vec<libc::pollfd> = asked.to_vec();
    others.iter_mut().filter(|one| table::is_ours(one.fd)).for_each(|one| one.fd = -1);
    loop {
        let left = end.map_or(LOOK_EVERY, |end| end.saturating_duration_since(Instant::now()));
        for (one, other) in asked.iter_mut().zip(&others) {
            let ours = table::find(one.fd).filter(|_| other.fd == -1);
            one.revents = ours.map_or(other.revents, |device| table::lock(&device).readiness(one.events));
        }
        let ready = asked.iter().filter(|one| one.revents != 0).count();
        if ready > 0 || left.is_zero() {
            return ready as c_int;
        }
        // SAFETY: a vector of ours.
        unsafe { real::poll(others.as_mut_ptr(), count, left.min(LOOK_EVERY).as_millis().max(1) as c_int) };
    }
}
