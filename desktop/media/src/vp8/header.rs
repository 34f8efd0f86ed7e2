//! The first bytes of a VP8 frame (RFC 6386 §9.1), read before libvpx sees any of it.

use super::{HEIGHT_MAX, Vp8Error, WIDTH_MAX};

const TAG_LEN: usize = 3;
const KEYFRAME_LEN: usize = 10;
const START_CODE: [u8; 3] = [0x9D, 0x01, 0x2A];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Header {
    Key { width: u32, height: u32 },
    Inter,
}

/// What the frame says about itself, if it is one that we want to decode.
pub(crate) fn parse(data: &[u8]) -> Result<Header, Vp8Error> {
    let Some(tag) = data.first_chunk::<TAG_LEN>() else { return Err(Vp8Error::Truncated) };
    let tag = u32::from_le_bytes([tag[0], tag[1], tag[2], 0]);
    let (inter, first_partition) = (tag & 1 == 1, (tag >> 5) as usize);
    let header = if inter { TAG_LEN } else { KEYFRAME_LEN };
    if data.len() < header + first_partition {
        return Err(Vp8Error::Truncated);
    }
    if inter {
        return Ok(Header::Inter);
    }
    if data[3..6] != START_CODE {
        return Err(Vp8Error::StartCode);
    }
    // Two bits of upscaling hint lie above each size.
    let width = u32::from(u16::from_le_bytes([data[6], data[7]]) & 0x3FFF);
    let height = u32::from(u16::from_le_bytes([data[8], data[9]]) & 0x3FFF);
    if width == 0 || height == 0 || width > WIDTH_MAX || height > HEIGHT_MAX {
        return Err(Vp8Error::Size { width, height });
    }
    Ok(Header::Key { width, height })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keyframe(width: u16, height: u16) -> Vec<u8> {
        let mut data = vec![0x10, 0, 0, 0x9D, 0x01, 0x2A];
        data.extend(width.to_le_bytes());
        data.extend(height.to_le_bytes());
        data
    }

    #[test]
    fn a_keyframe_may_be_as_large_as_the_limit_and_no_larger() {
        assert_eq!(parse(&keyframe(4096, 2304)), Ok(Header::Key { width: 4096, height: 2304 }));
        // The upscaling hint is no part of the size.
        assert_eq!(parse(&keyframe(0x4000 | 640, 0xC000 | 360)), Ok(Header::Key { width: 640, height: 360 }));
        for (width, height) in [(4097, 16), (16, 2305), (16383, 16383), (0, 16), (16, 0)] {
            assert!(matches!(parse(&keyframe(width, height)), Err(Vp8Error::Size { .. })), "{width}×{height}");
        }
    }

    #[test]
    fn a_frame_must_hold_what_it_promises() {
        assert_eq!(parse(&[]), Err(Vp8Error::Truncated));
        assert_eq!(parse(&keyframe(16, 16)[..9]), Err(Vp8Error::Truncated));
        assert_eq!(parse(&[0xFF, 0xFF, 0xFF, 0]), Err(Vp8Error::Truncated));
        assert_eq!(parse(&[1, 0, 0]), Ok(Header::Inter));
        let mut wrong = keyframe(16, 16);
        wrong[4] = 0;
        assert_eq!(parse(&wrong), Err(Vp8Error::StartCode));
    }
}
