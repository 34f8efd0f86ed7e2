//! Finding the pattern camera's marks in a screenshot, wherever and however large its tiles are.

use crate::display::Picture;

/// The mark is this many cells wide; a cell is as high as it is wide.
pub const CELLS: usize = 40;

/// A pattern picture that was found on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    pub x: usize,
    pub y: usize,
    pub width: usize,
    pub number: u32,
    pub millis: u32,
}

/// All patterns on the screen whose number is below `below` (which keeps accidents out).
pub fn find(picture: &Picture, below: u32) -> Vec<Found> {
    let light: Vec<bool> = picture.luma().iter().map(|&luma| luma > 128).collect();
    let before = lit_before(&light, picture.width);
    let mut found: Vec<Found> = Vec::new();
    let largest = picture.width.min(picture.height * 16 / 9);
    for width in (120..=largest).rev().step_by(2) {
        let cell = width as f32 / CELLS as f32;
        for y in (0..picture.height.saturating_sub((2.0 * cell) as usize)).step_by(2) {
            for x in (0..=picture.width - width).step_by(2) {
                // Most of a screen is dark, and a mark never is.
                let line = (y + (0.5 * cell) as usize) * (picture.width + 1) + x;
                if before[line] == before[line + width] {
                    continue;
                }
                let inside = |one: &Found| x < one.x + one.width && one.x < x + width && y < one.y + one.width / 2;
                if let Some((number, millis)) = read(&light, picture.width, x, y, cell)
                    && number < below
                    // A true mark reads the same a little further in; an accident does not.
                    && [(2, 0), (0, 2), (2, 2)].iter().all(|(dx, dy)| {
                        read(&light, picture.width, x + dx, y + dy, cell) == Some((number, millis))
                    })
                    && !found.iter().any(inside)
                {
                    found.push(centred(&light, picture.width, Found { x, y, width, number, millis }));
                }
            }
        }
    }
    found
}

/// The middle of all places around one where the same is read: at their edge a round corner or a border hides a cell as
/// soon as it shows something else.
fn centred(light: &[bool], stride: usize, found: Found) -> Found {
    let Found { x, y, width, number, millis } = found;
    let cell = width / CELLS;
    let (mut sums, mut count) = ([0, 0, 0], 0);
    for width in (width.saturating_sub(3 * cell)..=width).step_by(2) {
        for y in y..y + cell {
            for x in (x.saturating_sub(cell)..x + 3 * cell).step_by(2) {
                if read(light, stride, x, y, width as f32 / CELLS as f32) == Some((number, millis)) {
                    sums = [sums[0] + x, sums[1] + y, sums[2] + width];
                    count += 1;
                }
            }
        }
    }
    // It was read in one place at least.
    let [x, y, width] = sums.map(|sum| sum / count.max(1));
    Found { x, y, width, ..found }
}

/// For every pixel, and for the end of its line, how many before it in the line are lit.
fn lit_before(light: &[bool], width: usize) -> Vec<u16> {
    let lines = light.chunks_exact(width).flat_map(|line| {
        let sums = line.iter().scan(0, |sum, &lit| {
            *sum += u16::from(lit);
            Some(*sum)
        });
        std::iter::once(0).chain(sums)
    });
    lines.collect()
}

/// What a pattern that was found before shows by now.
pub fn read_again(picture: &Picture, found: &Found) -> Option<Found> {
    let light: Vec<bool> = picture.luma().iter().map(|&luma| luma > 128).collect();
    let (number, millis) = read(&light, picture.width, found.x, found.y, found.width as f32 / CELLS as f32)?;
    Some(Found { number, millis, ..*found })
}

fn read(light: &[bool], stride: usize, x: usize, y: usize, cell: f32) -> Option<(u32, u32)> {
    let row = |row: usize, salt: u8| -> Option<u32> {
        let line = (y + ((row as f32 + 0.5) * cell) as usize) * stride + x;
        let mut bits = 0u64;
        for column in 0..CELLS {
            let lit = *light.get(line + ((column as f32 + 0.5) * cell) as usize)?;
            // Frame numbers are small: their first bits are dark, which rules out nearly every place at once.
            if row == 0 && lit && column < 12 {
                return None;
            }
            bits = bits << 1 | u64::from(lit);
        }
        let value = (bits >> 8) as u32;
        let checksum = value.to_be_bytes().iter().fold(salt, |sum, byte| sum ^ byte);
        (checksum == (bits & 0xff) as u8).then_some(value)
    };
    Some((row(0, 0xA5)?, row(1, 0x5A)?))
}
