//! A camera's JPEGs, as full-range pixels.

use std::borrow::Cow;

use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::convert::ConvertError;

/// What a JPEG ends with; drivers may add zeros.
const END: [u8; 2] = [0xFF, 0xD9];

/// Says that the usual Huffman tables are meant where there are none.
const USUAL_TABLES: [u8; 9] = [0xFF, 0xE0, 0, 7, b'A', b'V', b'I', b'1', 0];

/// Fills `pixels` with Y, Cb, Cr of every pixel, one after another. What is not whole is refused: half a picture with
/// the rest in grey would be shown to everybody.
pub(super) fn decode(file: &[u8], (width, height): (usize, usize), pixels: &mut Vec<u8>) -> Result<(), ConvertError> {
    let last = file.iter().rposition(|byte| *byte != 0).ok_or(ConvertError::Jpeg)?;
    let file = &file[..=last];
    if !file.ends_with(&END) {
        return Err(ConvertError::Jpeg);
    }
    let file = with_tables(file);
    let options = DecoderOptions::new_fast()
        .set_strict_mode(true)
        .jpeg_set_out_colorspace(ColorSpace::YCbCr)
        .set_max_width(width)
        .set_max_height(height);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(&file), options);
    decoder.decode_headers().map_err(|_| ConvertError::Jpeg)?;
    if decoder.info().is_none_or(|info| (usize::from(info.width), usize::from(info.height)) != (width, height)) {
        return Err(ConvertError::Size);
    }
    // Grey pictures have fewer components.
    if decoder.output_buffer_size() != Some(3 * width * height) {
        return Err(ConvertError::Jpeg);
    }
    pixels.resize(3 * width * height, 0);
    decoder.decode_into(pixels).map_err(|_| ConvertError::Jpeg)
}

/// Many cameras leave the Huffman tables out, because they are always the same.
fn with_tables(file: &[u8]) -> Cow<'_, [u8]> {
    if has_tables(file).unwrap_or(true) {
        return Cow::Borrowed(file);
    }
    let (start, rest) = file.split_at(2);
    Cow::Owned([start, &USUAL_TABLES, rest].concat())
}

/// Looks through the segments before the scan.
fn has_tables(file: &[u8]) -> Option<bool> {
    let mut at = 2;
    loop {
        let (mark, kind) = (*file.get(at)?, *file.get(at + 1)?);
        match (mark, kind) {
            (0xFF, 0xC4) => return Some(true),
            (0xFF, 0xDA) => return Some(false),
            // A mark may be preceded by any number of these.
            (0xFF, 0xFF) => at += 1,
            (0xFF, _) => at += 2 + usize::from(u16::from_be_bytes([*file.get(at + 2)?, *file.get(at + 3)?])),
            (_, _) => return None,
        }
    }
}
