//! Pixels that are drawn into, and the part of them that may be.

use eframe::egui::Color32;

use super::Area;
use super::colour::{opaque, over};

pub(crate) struct Sheet<'a> {
    pixels: &'a mut [u32],
    width: usize,
    clip: Area,
}

impl<'a> Sheet<'a> {
    /// `clip` is within the pixels.
    pub(super) fn new(pixels: &'a mut [u32], width: usize, clip: Area) -> Self {
        Self { pixels, width, clip }
    }

    pub(super) fn clip_to(&mut self, clip: Area) {
        self.clip = clip;
    }

    pub(super) fn clip(&self) -> Area {
        self.clip
    }

    /// The pixels of a row from `left` to before `right`, both within the clip.
    pub(super) fn row(&mut self, y: i32, left: i32, right: i32) -> &mut [u32] {
        let start = y as usize * self.width;
        self.pixels.get_mut(start + left as usize..start + right as usize).unwrap_or_default()
    }

    pub(super) fn fill(&mut self, area: Area, colour: Color32) {
        let area = area.intersection(self.clip);
        for y in area.top..area.bottom {
            self.fill_row(y, area.left, area.right, colour);
        }
    }

    /// As [`Self::row`].
    pub(super) fn fill_row(&mut self, y: i32, left: i32, right: i32, colour: Color32) {
        let row = self.row(y, left, right);
        match colour.a() {
            255 => row.fill(opaque(colour)),
            _ => row.iter_mut().for_each(|pixel| over(pixel, colour)),
        }
    }

    /// Copies a picture of four bytes a pixel (blue, green, red and one that does not count), as large as its place.
    pub(crate) fn copy(&mut self, place: Area, bgrx: &[u8]) {
        let seen = place.intersection(self.clip);
        let width = place.width();
        for y in seen.top..seen.bottom {
            let start = (y - place.top) as usize * width + (seen.left - place.left) as usize;
            let Some(from) = bgrx.get(start * 4..(start + seen.width()) * 4) else { return };
            for (to, from) in self.row(y, seen.left, seen.right).iter_mut().zip(from.as_chunks::<4>().0) {
                *to = u32::from_le_bytes(*from) & 0x00ff_ffff;
            }
        }
    }
}
