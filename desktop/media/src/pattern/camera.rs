//! The pattern as a camera: a picture at every tick, numbered and timed.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use super::{Mark, draw};
use crate::frame::FramePool;
use crate::source::{Outlet, Pacer};

/// Runs until it is stopped. `number` is the next frame's, and goes on when the camera is switched on again.
pub(crate) fn run(outlet: &Outlet, size: (u32, u32), fps: u32, number: &Arc<AtomicU32>) {
    let mut pool = FramePool::default();
    let mut pacer = Pacer::new((fps, 1), Instant::now());
    while outlet.sleep_until(pacer.next(Instant::now())) {
        let mark = Mark { number: number.fetch_add(1, Ordering::Relaxed), millis: wall_millis() };
        let drawn: Result<_, Infallible> = pool.fill(size, Instant::now(), |frame| {
            draw(frame, mark);
            Ok(())
        });
        match drawn {
            Ok(picture) => outlet.send(picture),
        }
    }
}

/// Milliseconds since 1970, modulo 2^32.
pub(crate) fn wall_millis() -> u32 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u32)
}
