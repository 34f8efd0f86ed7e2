//! The pattern camera: moving colour bars, and a mark (frame number and time) that a program can read back from pixels.
//!
//! The width is divided into 40 square cells. Row 0 holds the 32 bits of the frame number, the most significant first,
//! and 8 bits of checksum (xor of its four bytes, xor 0xA5); row 1 the same for the time, with 0x5A. A one is luma 235,
//! a zero 16.

pub(crate) mod camera;

use std::time::Instant;

use crate::frame::{I420, PlanesMut};

/// Cells in a row: 32 bits and 8 of checksum.
pub const CELLS: usize = 40;

/// Rows of cells.
pub const MARK_ROWS: usize = 2;

/// Below two pixels a cell, nothing survives an encoder.
const WIDTH_MIN: u32 = 80;

const NUMBER_SALT: u8 = 0xA5;
const MILLIS_SALT: u8 = 0x5A;

const ONE: u8 = 235;
const ZERO: u8 = 16;
const THRESHOLD: u32 = 128;

/// White, yellow, cyan, green, magenta, red, blue and grey at three quarters, as (Y, U, V).
const BARS: [(u8, u8, u8); 8] = [
    (180, 128, 128),
    (162, 44, 142),
    (131, 156, 44),
    (112, 72, 58),
    (84, 184, 198),
    (65, 100, 212),
    (35, 212, 114),
    (72, 128, 128),
];

/// How far the bars move from one frame to the next, in pixels.
const STEP: usize = 4;

/// What one frame of the pattern camera says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    pub number: u32,
    /// Milliseconds since 1970, modulo 2^32.
    pub millis: u32,
}

/// The pattern camera's picture with this mark.
pub fn picture(width: u32, height: u32, mark: Mark, captured: Instant) -> I420 {
    let mut frame = I420::black(width, height, captured);
    draw(&mut frame, mark);
    frame
}

/// Reads the mark of a decoded picture of any size; `None` if there is none, or it is damaged.
pub fn read(frame: &I420) -> Option<Mark> {
    if frame.width() < WIDTH_MIN || frame.height() as usize * CELLS < 2 * frame.width() as usize {
        return None;
    }
    Some(Mark { number: read_row(frame, 0, NUMBER_SALT)?, millis: read_row(frame, 1, MILLIS_SALT)? })
}

/// Draws the picture that belongs to this mark.
pub(crate) fn draw(frame: &mut I420, mark: Mark) {
    let (width, height) = (frame.width() as usize, frame.height() as usize);
    let mut planes = frame.planes_mut();
    draw_bars(&mut planes, width, mark.number as usize);
    draw_box(&mut planes, (width, height), mark.number as usize);
    draw_mark(&mut planes, (width, height), mark);
}

/// Draws only the mark, over whatever the picture shows there.
pub fn stamp(frame: &mut I420, mark: Mark) {
    let size = (frame.width() as usize, frame.height() as usize);
    draw_mark(&mut frame.planes_mut(), size, mark);
}

fn draw_mark(planes: &mut PlanesMut<'_>, size: (usize, usize), mark: Mark) {
    draw_row(planes, size, 0, mark.number, NUMBER_SALT);
    draw_row(planes, size, 1, mark.millis, MILLIS_SALT);
}

fn draw_bars(planes: &mut PlanesMut<'_>, width: usize, number: usize) {
    let bar = |x: usize| BARS[((x + number * STEP) % width) * BARS.len() / width];
    for (x, pixel) in planes.y.iter_mut().take(width).enumerate() {
        *pixel = bar(x).0;
    }
    let half = width.div_ceil(2);
    for (x, (u, v)) in planes.u.iter_mut().zip(planes.v.iter_mut()).take(half).enumerate() {
        (*u, *v) = (bar(2 * x).1, bar(2 * x).2);
    }
    repeat_first_line(planes.y, width);
    repeat_first_line(planes.u, half);
    repeat_first_line(planes.v, half);
}

fn repeat_first_line(plane: &mut [u8], width: usize) {
    let (first, rest) = plane.split_at_mut(width.min(plane.len()));
    for line in rest.chunks_exact_mut(width) {
        line.copy_from_slice(first);
    }
}

/// A dark square that goes up and down, so that not only columns move.
fn draw_box(planes: &mut PlanesMut<'_>, (width, height): (usize, usize), number: usize) {
    let side = height / 6;
    let way = (height - side).max(1);
    let step = number * STEP / 2 % (2 * way);
    let top = if step < way { step } else { 2 * way - step };
    for line in planes.y.chunks_exact_mut(width).skip(top).take(side) {
        let left = (width - side.min(width)) / 2;
        line[left..][..side.min(width)].fill(40);
    }
}

fn draw_row(planes: &mut PlanesMut<'_>, (width, height): (usize, usize), row: usize, value: u32, salt: u8) {
    let bits = u64::from(value) << 8 | u64::from(checksum(value, salt));
    let edge = |cell: usize| (cell * width).div_ceil(CELLS);
    for line in edge(row)..edge(row + 1).min(height) {
        for cell in 0..CELLS {
            let one = bits >> (CELLS - 1 - cell) & 1 == 1;
            planes.y[line * width..][edge(cell)..edge(cell + 1)].fill(if one { ONE } else { ZERO });
        }
        let half = width.div_ceil(2);
        planes.u[line / 2 * half..][..half].fill(128);
        planes.v[line / 2 * half..][..half].fill(128);
    }
}

fn read_row(frame: &I420, row: usize, salt: u8) -> Option<u32> {
    let bits = (0..CELLS).fold(0_u64, |bits, cell| bits << 1 | u64::from(cell_luma(frame, cell, row) >= THRESHOLD));
    let value = (bits >> 8) as u32;
    (checksum(value, salt) == bits as u8).then_some(value)
}

/// The mean luma of the middle of a cell: a quarter of its side each way.
fn cell_luma(frame: &I420, cell: usize, row: usize) -> u32 {
    let width = frame.width() as usize;
    let centre = |cell: usize| (2 * cell + 1) * width / (2 * CELLS);
    let reach = width / CELLS / 4;
    let lines = centre(row) - reach..=centre(row) + reach;
    let columns = centre(cell) - reach..=centre(cell) + reach;
    let n = (2 * reach + 1).pow(2) as u32;
    let sum: u32 = lines.flat_map(|y| &frame.y()[y * width..][columns.clone()]).map(|pixel| u32::from(*pixel)).sum();
    sum / n
}

fn checksum(value: u32, salt: u8) -> u8 {
    value.to_be_bytes().into_iter().fold(salt, |sum, byte| sum ^ byte)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scale::Scaler;

    const MARK: Mark = Mark { number: 0xDEAD_BEEF, millis: 0x0123_4567 };

    #[test]
    fn a_mark_is_read_back_at_every_size() {
        for (width, height) in [(80, 60), (176, 144), (321, 241), (640, 360), (1280, 720), (1366, 768), (1919, 1079)] {
            assert_eq!(read(&picture(width, height, MARK, Instant::now())), Some(MARK), "{width}×{height}");
        }
    }

    #[test]
    fn a_stamp_covers_two_rows_of_cells_and_leaves_the_rest() {
        let grey = || I420::from_planes(640, 360, vec![77; I420::size(640, 360)], Instant::now()).unwrap();
        let mut stamped = grey();
        stamp(&mut stamped, MARK);
        assert_eq!(read(&stamped), Some(MARK));
        assert_eq!(stamped.y()[MARK_ROWS * 16 * 640..], grey().y()[MARK_ROWS * 16 * 640..]);
        assert_eq!(stamped.u()[MARK_ROWS * 8 * 320..], grey().u()[MARK_ROWS * 8 * 320..]);
    }

    #[test]
    fn a_mark_survives_scaling() {
        let from = picture(1280, 720, MARK, Instant::now());
        for (width, height) in [(640, 360), (426, 240), (320, 180), (854, 480)] {
            let mut to = I420::black(width, height, Instant::now());
            Scaler::default().scale(&from, &mut to);
            assert_eq!(read(&to), Some(MARK), "{width}×{height}");
        }
    }

    #[test]
    fn the_mark_is_where_the_contract_says() {
        let frame = picture(640, 360, Mark { number: 1 << 31 | 1, millis: 0 }, Instant::now());
        let cell = |column: usize, row: usize| frame.y()[(row * 16 + 8) * 640 + column * 16 + 8];
        let row: Vec<u8> = (0..40).map(|column| cell(column, 0)).collect();
        assert_eq!((row[0], row[1], row[30], row[31]), (235, 16, 16, 235));
        // 0x80 ^ 0x01 ^ 0xA5 = 0x24.
        assert_eq!(row[32..], [16, 16, 235, 16, 16, 235, 16, 16]);
        assert!((0..32).all(|column| cell(column, 1) == 16));
        assert_eq!((cell(32, 1), cell(33, 1), cell(39, 1)), (16, 235, 16));
    }

    #[test]
    fn no_mark_is_found_where_there_is_none() {
        assert_eq!(read(&I420::black(640, 360, Instant::now())), None);
        assert_eq!(read(&I420::black(16, 16, Instant::now())), None);
        assert_eq!(read(&I420::black(640, 20, Instant::now())), None);
        let mut damaged = picture(640, 360, MARK, Instant::now());
        damaged.data_mut()[..16 * 640].iter_mut().for_each(|pixel| *pixel = 255 - *pixel);
        assert_eq!(read(&damaged), None);
    }

    #[test]
    fn every_frame_moves() {
        let at = |number| picture(320, 180, Mark { number, millis: 0 }, Instant::now());
        let (one, two) = (at(7), at(8));
        let changed = one.y().iter().zip(two.y()).skip(320 * 20).filter(|(a, b)| a != b).count();
        assert!(changed > 1000, "{changed} pixels changed");
        assert_eq!(one.data(), at(7).data());
    }
}
