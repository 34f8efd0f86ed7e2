//! What app and decoders' process say to each other about a lane: one request, one answer, 16 bytes each.
//!
//! The app believes none of an answer before [`Answer::parse`] has looked at it.

use crate::frame::I420;
use crate::vp8::{HEIGHT_MAX, Vp8Error, WIDTH_MAX};

pub(super) const LEN: usize = 16;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Request {
    /// Decode the first `length` bytes of the lane's memory as the stream's next frame.
    Decode { stream: u64, length: u32 },
    /// The stream has ended. There is no answer.
    Close { stream: u64 },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// It lies in the lane's memory, without padding.
    Picture {
        width: u32,
        height: u32,
    },
    /// The frame is not to be shown.
    Nothing,
    Failed(Vp8Error),
}

/// An answer that nobody in their right mind gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Nonsense;

impl Request {
    pub(super) fn to_bytes(self) -> [u8; LEN] {
        match self {
            Self::Decode { stream, length } => words([1, stream as u32, (stream >> 32) as u32, length]),
            Self::Close { stream } => words([2, stream as u32, (stream >> 32) as u32, 0]),
        }
    }

    pub(super) fn parse(bytes: &[u8; LEN]) -> Option<Self> {
        match numbers(bytes) {
            [1, low, high, length] => Some(Self::Decode { stream: wide(low, high), length }),
            [2, low, high, 0] => Some(Self::Close { stream: wide(low, high) }),
            _ => None,
        }
    }
}

impl Answer {
    pub(super) fn to_bytes(&self) -> [u8; LEN] {
        words(match self {
            Self::Picture { width, height } => [1, *width, *height, 0],
            Self::Nothing => [2, 0, 0, 0],
            Self::Failed(Vp8Error::Truncated) => [3, 0, 0, 0],
            Self::Failed(Vp8Error::StartCode) => [4, 0, 0, 0],
            Self::Failed(Vp8Error::Size { width, height }) => [5, *width, *height, 0],
            Self::Failed(Vp8Error::NoKeyframe) => [6, 0, 0, 0],
            Self::Failed(Vp8Error::Corrupt) => [7, 0, 0, 0],
            Self::Failed(Vp8Error::Library(_)) => [8, 0, 0, 0],
        })
    }

    pub(super) fn parse(bytes: &[u8; LEN]) -> Result<Self, Nonsense> {
        match numbers(bytes) {
            [1, width @ 1..=WIDTH_MAX, height @ 1..=HEIGHT_MAX, 0] => Ok(Self::Picture { width, height }),
            [2, 0, 0, 0] => Ok(Self::Nothing),
            [3, 0, 0, 0] => Ok(Self::Failed(Vp8Error::Truncated)),
            [4, 0, 0, 0] => Ok(Self::Failed(Vp8Error::StartCode)),
            [5, width, height, 0] => Ok(Self::Failed(Vp8Error::Size { width, height })),
            [6, 0, 0, 0] => Ok(Self::Failed(Vp8Error::NoKeyframe)),
            [7, 0, 0, 0] => Ok(Self::Failed(Vp8Error::Corrupt)),
            [8, 0, 0, 0] => Ok(Self::Failed(Vp8Error::Library("it refuses the frame".to_owned()))),
            _ => Err(Nonsense),
        }
    }
}

/// How many bytes the largest picture has.
pub(super) const PICTURE_MAX: usize = I420::size(WIDTH_MAX, HEIGHT_MAX);

fn wide(low: u32, high: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

fn words(numbers: [u32; 4]) -> [u8; LEN] {
    let mut bytes = [0; LEN];
    for (place, number) in bytes.chunks_exact_mut(4).zip(numbers) {
        place.copy_from_slice(&number.to_le_bytes());
    }
    bytes
}

fn numbers(bytes: &[u8; LEN]) -> [u32; 4] {
    let mut numbers = [0; 4];
    for (number, place) in numbers.iter_mut().zip(bytes.chunks_exact(4)) {
        *number = place.iter().rev().fold(0, |number, byte| number << 8 | u32::from(*byte));
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_what_is_heard() {
        for request in
            [Request::Decode { stream: 7 << 40, length: 0x0102_0304 }, Request::Close { stream: u64::MAX - 1 }]
        {
            assert_eq!(Request::parse(&request.to_bytes()), Some(request));
        }
        let size = Vp8Error::Size { width: 16383, height: 16383 };
        let errors = [Vp8Error::Truncated, Vp8Error::StartCode, size, Vp8Error::NoKeyframe, Vp8Error::Corrupt];
        let pictures = [Answer::Picture { width: 4096, height: 2304 }, Answer::Nothing];
        for answer in errors.map(Answer::Failed).into_iter().chain(pictures) {
            assert_eq!(Answer::parse(&answer.to_bytes()), Ok(answer));
        }
    }

    #[test]
    fn a_picture_beyond_the_limits_is_nonsense() {
        for (width, height) in [(4097, 16), (16, 2305), (0, 16), (16, 0), (u32::MAX, u32::MAX)] {
            assert_eq!(Answer::parse(&Answer::Picture { width, height }.to_bytes()), Err(Nonsense));
        }
        for garbage in [[0; LEN], [0xFF; LEN], words([1, 16, 16, 1]), words([2, 1, 0, 0]), words([9, 0, 0, 0])] {
            assert_eq!(Answer::parse(&garbage), Err(Nonsense));
        }
    }
}
