//! The functions of the C library that ours stand in front of.

use std::ffi::{CStr, c_char, c_int, c_long, c_void};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, Ordering};

/// A symbol of the libraries behind this one.
struct Next {
    name: &'static CStr,
    address: AtomicPtr<c_void>,
}

impl Next {
    const fn new(name: &'static CStr) -> Self {
        Self { name, address: AtomicPtr::new(null_mut()) }
    }

    /// Without a lock: locks call `syscall`, which looks here.
    fn address(&self) -> *mut c_void {
        let known = self.address.load(Ordering::Relaxed);
        if !known.is_null() {
            return known;
        }
        // SAFETY: the name ends with a zero.
        let found = unsafe { libc::dlsym(libc::RTLD_NEXT, self.name.as_ptr()) };
        assert!(!found.is_null(), "the C library has no {:?}", self.name);
        self.address.store(found, Ordering::Relaxed);
        found
    }
}

macro_rules! passed_on {
    ($name:ident($($argument:ident: $type:ty),*) -> $result:ty) => {
        /// # Safety
        /// As the C library's own.
        pub(crate) unsafe fn $name($($argument: $type),*) -> $result {
            static NEXT: Next = Next::new(match CStr::from_bytes_with_nul(concat!(stringify!($name), "\0").as_bytes()) {
                Ok(name) => name,
                Err(_) => panic!("a name ends with one zero"),
            });
            type Function = unsafe extern "C" fn($($type),*) -> $result;
            // SAFETY: the C library has it under this name, with these arguments.
            unsafe { std::mem::transmute::<*mut c_void, Function>(NEXT.address())($($argument),*) }
        }
    };
}

passed_on!(open(path: *const c_char, flags: c_int, mode: libc::mode_t) -> c_int);
passed_on!(open64(path: *const c_char, flags: c_int, mode: libc::mode_t) -> c_int);
passed_on!(opendir(path: *const c_char) -> *mut libc::DIR);
passed_on!(close(fd: c_int) -> c_int);
passed_on!(ioctl(fd: c_int, request: libc::c_ulong, argument: *mut c_void) -> c_int);
passed_on!(poll(fds: *mut libc::pollfd, count: libc::nfds_t, timeout: c_int) -> c_int);
passed_on!(syscall(number: c_long, a: c_long, b: c_long, c: c_long, d: c_long, e: c_long, f: c_long) -> c_long);
