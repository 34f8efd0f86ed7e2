//! The VP8 payload descriptor (RFC 7741 §4.2): what stands before a fragment of a frame.

/// What matters of it for putting frames together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fragment {
    /// Where the frame's bytes begin.
    pub(super) offset: usize,
    /// The first fragment of a frame.
    pub(super) start: bool,
    /// The first fragment of a keyframe.
    pub(super) key: bool,
}

/// Reads it leniently: extensions are skipped, whatever they say. `None` if no byte of a frame is left.
pub(super) fn parse(payload: &[u8]) -> Option<Fragment> {
    let first = *payload.first()?;
    let mut offset = 1;
    if first & 0x80 != 0 {
        let extensions = *payload.get(offset)?;
        offset += 1;
        if extensions & 0x80 != 0 {
            // The picture id has a second byte if its first says so.
            offset += if payload.get(offset)? & 0x80 != 0 { 2 } else { 1 };
        }
        // The index of the base layer; temporal layer and key index share a byte.
        offset += usize::from(extensions & 0x40 != 0);
        offset += usize::from(extensions & 0x30 != 0);
    }
    let frame = *payload.get(offset)?;
    let start = first & 0x17 == 0x10;
    Some(Fragment { offset, start, key: start && frame & 1 == 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_form_is_one_byte() {
        assert_eq!(parse(&[0x10, 0x00]), Some(Fragment { offset: 1, start: true, key: true }));
        assert_eq!(parse(&[0x10, 0x01]), Some(Fragment { offset: 1, start: true, key: false }));
        assert_eq!(parse(&[0x00, 0x00]), Some(Fragment { offset: 1, start: false, key: false }));
        // A later partition begins here, but no frame.
        assert_eq!(parse(&[0x11, 0x00]), Some(Fragment { offset: 1, start: false, key: false }));
    }

    #[test]
    fn extensions_are_skipped() {
        assert_eq!(parse(&[0x90, 0x80, 0x7F, 0x00]).map(|fragment| fragment.offset), Some(3));
        assert_eq!(parse(&[0x90, 0x80, 0xFF, 0xFF, 0x00]).map(|fragment| fragment.offset), Some(4));
        assert_eq!(parse(&[0x90, 0xF0, 0x80, 1, 2, 3, 0x00]).map(|fragment| fragment.offset), Some(6));
        assert_eq!(parse(&[0x90, 0x10, 3, 0x01]).map(|fragment| fragment.offset), Some(3));
        assert_eq!(parse(&[0x90, 0x00, 0x01]).map(|fragment| fragment.offset), Some(2));
    }

    #[test]
    fn what_ends_too_early_is_nothing() {
        let whole = [0x90, 0xF0, 0x80, 1, 2, 3, 0x00];
        for length in 0..whole.len() {
            assert_eq!(parse(&whole[..length]), None, "{length} bytes");
        }
    }
}
