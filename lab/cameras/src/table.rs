//! Which descriptors of the program are cameras.

use std::collections::BTreeMap;
use std::ffi::c_int;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::device::{Device, Errno};

/// More than a program of ours has open.
const DESCRIPTORS_MAX: usize = 4096;

/// Asked for every call that goes by, and after a fork: without a lock.
static OURS: [AtomicBool; DESCRIPTORS_MAX] = [const { AtomicBool::new(false) }; DESCRIPTORS_MAX];

static DEVICES: Mutex<BTreeMap<c_int, Arc<Mutex<Device>>>> = Mutex::new(BTreeMap::new());

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn mark(fd: c_int) -> Option<&'static AtomicBool> {
    OURS.get(usize::try_from(fd).ok()?)
}

pub(crate) fn is_ours(fd: c_int) -> bool {
    mark(fd).is_some_and(|mark| mark.load(Ordering::Acquire))
}

pub(crate) fn find(fd: c_int) -> Option<Arc<Mutex<Device>>> {
    is_ours(fd).then(|| lock(&DEVICES).get(&fd).cloned()).flatten()
}

pub(crate) fn open(camera: &Path, flags: c_int) -> Result<c_int, Errno> {
    let (device, fd) = Device::open(camera, flags)?;
    let mark = mark(fd).ok_or(Errno(libc::EMFILE))?;
    lock(&DEVICES).insert(fd, Arc::new(Mutex::new(device)));
    mark.store(true, Ordering::Release);
    Ok(fd)
}

/// The program's own descriptor is still to be closed.
pub(crate) fn close(fd: c_int) {
    if is_ours(fd) {
        let device = lock(&DEVICES).remove(&fd);
        mark(fd).into_iter().for_each(|mark| mark.store(false, Ordering::Release));
        // Outside the lock: it closes files.
        drop(device);
    }
}
