//! Images that triangles are filled with.

use eframe::egui::epaint::{ImageData, ImageDelta, WHITE_UV};
use eframe::egui::{Color32, Pos2, TextureFilter};

use super::colour;

pub(super) struct Texture {
    width: usize,
    height: usize,
    pixels: Vec<Color32>,
    smooth: bool,
}

impl Texture {
    pub(super) fn new(whole: &ImageDelta) -> Self {
        let ImageData::Color(image) = &whole.image;
        let [width, height] = image.size;
        let smooth = whole.options.magnification == TextureFilter::Linear;
        Self { width, height, pixels: image.pixels.clone(), smooth }
    }

    /// Replaces a part of it. What reaches beyond its edges is left out.
    pub(super) fn set(&mut self, [left, top]: [usize; 2], part: &ImageDelta) {
        let ImageData::Color(image) = &part.image;
        let [width, height] = image.size;
        let (seen, left) = (width.min(self.width.saturating_sub(left)), left.min(self.width));
        if width == 0 {
            return;
        }
        for (row, from) in image.pixels.chunks_exact(width).take(height).enumerate() {
            let start = (top + row) * self.width + left;
            if let Some(to) = self.pixels.get_mut(start..start + seen) {
                to.copy_from_slice(&from[..seen]);
            }
        }
    }

    pub(super) fn size(&self) -> (f32, f32) {
        (self.width as f32, self.height as f32)
    }

    /// Beyond the edges is what is at the edge.
    pub(super) fn texel(&self, x: i32, y: i32) -> Color32 {
        let within = |at: i32, size: usize| usize::try_from(at).unwrap_or(0).min(size.saturating_sub(1));
        let at = within(y, self.height) * self.width + within(x, self.width);
        self.pixels.get(at).copied().unwrap_or(Color32::TRANSPARENT)
    }

    /// What fills a shape whose corners all have this place, from 0 to 1. Mostly that is the white in the first corner.
    pub(super) fn filling(&self, uv: Pos2) -> Color32 {
        if uv == WHITE_UV { self.texel(0, 0) } else { self.at(uv.x * self.width as f32, uv.y * self.height as f32) }
    }

    /// At a place in texels, from 0 at the left and upper edge.
    pub(super) fn at(&self, x: f32, y: f32) -> Color32 {
        if !self.smooth {
            return self.texel(x.floor() as i32, y.floor() as i32);
        }
        let (x, y) = (x - 0.5, y - 0.5);
        let (left, top) = (x.floor(), y.floor());
        let (right_share, lower_share) = (x - left, y - top);
        let (left, top) = (left as i32, top as i32);
        let mut parts = [0.0; 4];
        for (dx, dy, share) in [
            (0, 0, (1.0 - right_share) * (1.0 - lower_share)),
            (1, 0, right_share * (1.0 - lower_share)),
            (0, 1, (1.0 - right_share) * lower_share),
            (1, 1, right_share * lower_share),
        ] {
            for (part, of) in parts.iter_mut().zip(self.texel(left + dx, top + dy).to_array()) {
                *part += f32::from(of) * share;
            }
        }
        colour::from_parts(parts)
    }
}
