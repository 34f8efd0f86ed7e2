//! Synthetic buffers of every format, and what a camera must not do to us.

use std::time::Instant;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;

fn convert(format: Format, buffer: &[u8], width: u32, height: u32) -> Result<I420, ConvertError> {
    let mut picture = I420::black(width, height, Instant::now());
    let layout = Layout { format, width, height, stride: 0 };
    Converter::default().convert(layout, buffer, &mut picture).map(|()| picture)
}

/// A JPEG of 16×16 pixels with one value per component, 4:2:0 or 4:2:2, written by hand: all coefficients but the
/// first are zero.
fn flat_jpeg(vertical: u8, [y, cb, cr]: [i32; 3]) -> Vec<u8> {
    let mut file = vec![0xFF, 0xD8];
    file.extend([0xFF, 0xE0, 0, 16]);
    file.extend(b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0");
    // Quantisation by 8, so that a step of the first coefficient is one step of the pixels.
    file.extend([0xFF, 0xDB, 0, 67, 0]);
    file.extend([8; 64]);
    file.extend([0xFF, 0xC0, 0, 17, 8, 0, 16, 0, 16, 3, 1, 0x20 | vertical, 0, 2, 0x11, 0, 3, 0x11, 0]);
    // One table for first coefficients (categories 0 to 8, four bits each), one that knows only "end of block".
    file.extend([0xFF, 0xC4, 0, 28, 0x00, 0, 0, 0, 9]);
    file.extend([0; 12]);
    file.extend(0..9);
    file.extend([0xFF, 0xC4, 0, 20, 0x10, 1]);
    file.extend([0; 16]);
    file.extend([0xFF, 0xDA, 0, 12, 3, 1, 0x00, 2, 0x00, 3, 0x00, 0, 63, 0]);
    let mut bits = Bits::default();
    let units = 2 / i32::from(vertical);
    for unit in 0..units {
        for block in 0..2 * i32::from(vertical) {
            let first = unit == 0 && block == 0;
            bits.block(if first { y - 128 } else { 0 });
        }
        for value in [cb, cr] {
            bits.block(if unit == 0 { value - 128 } else { 0 });
        }
    }
    file.extend(bits.finish());
    file.extend([0xFF, 0xD9]);
    file
}

#[derive(Default)]
struct Bits(Vec<bool>);

impl Bits {
    fn push(&mut self, value: i32, count: u32) {
        self.0.extend((0..count).rev().map(|bit| value >> bit & 1 == 1));
    }

    /// The difference to the block before, and the end of the block.
    fn block(&mut self, difference: i32) {
        let category = 32 - difference.abs().leading_zeros();
        self.push(category as i32, 4);
        self.push(if difference < 0 { difference - 1 } else { difference }, category);
        self.push(0, 1);
    }

    fn finish(mut self) -> Vec<u8> {
        while !self.0.len().is_multiple_of(8) {
            self.0.push(true);
        }
        let byte = |bits: &[bool]| bits.iter().fold(0, |byte, bit| byte << 1 | u8::from(*bit));
        self.0.chunks(8).map(byte).flat_map(|byte| if byte == 0xFF { vec![0xFF, 0] } else { vec![byte] }).collect()
    }
}

#[test]
fn yuyv_keeps_every_luma_and_halves_the_colours() {
    // Rows of Y U Y V; of two rows, the upper one's colours count.
    let buffer = [10, 100, 20, 200, 30, 60, 40, 80, 50, 102, 60, 204, 70, 64, 80, 90];
    let picture = convert(Format::Yuyv, &buffer, 4, 2).unwrap();
    assert_eq!(picture.y(), [10, 20, 30, 40, 50, 60, 70, 80]);
    assert_eq!((picture.u(), picture.v()), (&[100, 60][..], &[200, 80][..]));
}

#[test]
fn nv12_is_taken_apart() {
    let mut buffer: Vec<u8> = (1..=8).collect();
    buffer.extend([100, 200, 101, 201]);
    // What a driver adds at the end is ignored.
    buffer.extend([255; 7]);
    let picture = convert(Format::Nv12, &buffer, 4, 2).unwrap();
    assert_eq!(picture.data(), [1, 2, 3, 4, 5, 6, 7, 8, 100, 101, 200, 201]);
}

#[test]
fn padding_between_rows_is_left_out() {
    let padded = |format, buffer: &[u8], stride| {
        let mut picture = I420::black(4, 2, Instant::now());
        let layout = Layout { format, width: 4, height: 2, stride };
        Converter::default().convert(layout, buffer, &mut picture).map(|()| picture.data().to_vec())
    };
    let yuyv = [10, 100, 20, 200, 30, 60, 40, 80, 9, 9, 50, 100, 60, 200, 70, 60, 80, 80, 9, 9];
    assert_eq!(padded(Format::Yuyv, &yuyv, 10), Ok(vec![10, 20, 30, 40, 50, 60, 70, 80, 100, 60, 200, 80]));
    assert_eq!(padded(Format::Yuyv, &yuyv[..19], 10), Err(ConvertError::Short { got: 19, needed: 20 }));
    // The last row may end with its pixels.
    let nv12 = [1, 2, 3, 4, 9, 5, 6, 7, 8, 9, 100, 200, 101, 201];
    assert_eq!(padded(Format::Nv12, &nv12, 5), Ok(vec![1, 2, 3, 4, 5, 6, 7, 8, 100, 101, 200, 201]));
}

#[test]
fn a_jpeg_that_does_not_end_is_no_picture() {
    let jpeg = flat_jpeg(1, [100, 128, 128]);
    assert!(convert(Format::Mjpeg, &jpeg[..jpeg.len() - 2], 16, 16).is_err());
    // Drivers fill up with zeros.
    assert!(convert(Format::Mjpeg, &[&jpeg[..], &[0; 30]].concat(), 16, 16).is_ok());
}

#[test]
fn mjpeg_becomes_limited_range() {
    for vertical in [1, 2] {
        for (full, limited) in [
            ([255, 128, 128], [235, 128, 128]),
            ([0, 128, 128], [16, 128, 128]),
            ([76, 85, 255], [81, 90, 240]),
            ([29, 255, 107], [41, 240, 110]),
        ] {
            let picture = convert(Format::Mjpeg, &flat_jpeg(vertical, full), 16, 16).unwrap();
            for (plane, expected) in [picture.y(), picture.u(), picture.v()].into_iter().zip(limited) {
                assert!(plane.iter().all(|pixel| pixel.abs_diff(expected) <= 1), "{full:?}: {} {expected}", plane[0]);
            }
        }
    }
}

#[test]
fn colours_are_the_mean_of_two_by_two_pixels() {
    let mut picture = I420::black(3, 3, Instant::now());
    let mut pixels = vec![128; 27];
    // The upper left block, the right column and the last pixel.
    for (pixel, cb) in [(0, 100), (1, 104), (3, 108), (4, 112), (2, 28), (5, 228), (8, 255)] {
        pixels[pixel * 3 + 1] = cb;
    }
    subsample(&pixels, &mut picture);
    assert_eq!(picture.u(), [CHROMA[106], CHROMA[128], CHROMA[128], CHROMA[255]]);
    assert!(picture.v().iter().all(|v| *v == 128));
    assert_eq!((LUMA[0], LUMA[255], CHROMA[0], CHROMA[128], CHROMA[255]), (16, 235, 16, 128, 240));
}

#[test]
fn a_short_or_wrong_buffer_is_an_error() {
    assert_eq!(convert(Format::Yuyv, &[0; 63], 8, 4).err(), Some(ConvertError::Short { got: 63, needed: 64 }));
    assert_eq!(convert(Format::Nv12, &[0; 47], 8, 4).err(), Some(ConvertError::Short { got: 47, needed: 48 }));
    assert_eq!(convert(Format::Mjpeg, &[], 16, 16).err(), Some(ConvertError::Jpeg));
    let jpeg = flat_jpeg(2, [100, 128, 128]);
    assert!(convert(Format::Mjpeg, &jpeg, 32, 32).is_err());
    assert!(convert(Format::Mjpeg, &jpeg, 8, 8).is_err());
}

#[test]
fn hostile_jpegs_are_an_error_or_a_picture() {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let jpeg = flat_jpeg(1, [76, 85, 255]);
    for _ in 0..2_000 {
        let mut hostile = jpeg.clone();
        for _ in 0..1 + rng.next_u32() % 4 {
            let at = rng.next_u32() as usize % hostile.len();
            hostile[at] = rng.next_u32() as u8;
        }
        hostile.truncate(1 + rng.next_u32() as usize % hostile.len());
        let _ = convert(Format::Mjpeg, &hostile, 16, 16);
    }
}
