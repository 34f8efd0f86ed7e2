//! The pattern camera's mark: a frame number and the time, written in squares that a program can read back from pixels.

use crate::frame::I420;

/// What one frame of the pattern camera says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    pub number: u32,
    /// Milliseconds since 1970, modulo 2^32.
    pub millis: u32,
}

/// Reads the mark of a decoded picture of any size; `None` if there is none, or it is damaged.
pub fn read(_frame: &I420) -> Option<Mark> {
    None
}
