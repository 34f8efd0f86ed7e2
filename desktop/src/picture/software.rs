//! Pictures as ready pixels in textures of the window: for machines without a graphics card.

use std::collections::{BTreeMap, BTreeSet};

use eframe::egui::epaint::RectShape;
use eframe::egui::{Color32, ColorImage, Rect, Stroke, StrokeKind, TextureHandle, TextureOptions, Ui};
use media::{I420, Picture};
use yuv::{YuvPlanarImage, YuvRange, YuvStandardMatrix};

use crate::Tile;

#[derive(Default)]
pub(super) struct Software {
    textures: BTreeMap<Tile, Texture>,
}

struct Texture {
    handle: TextureHandle,
    number: u64,
}

impl Software {
    pub(super) fn paint(&mut self, ui: &Ui, tile: &Tile, picture: &Picture, rect: Rect, part: Rect, radius: f32) {
        let texture = match self.textures.get_mut(tile) {
            Some(texture) => {
                if texture.number != picture.number {
                    texture.handle.set(pixels(&picture.frame), TextureOptions::LINEAR);
                    texture.number = picture.number;
                }
                texture
            }
            None => {
                let handle = ui.ctx().load_texture("picture", pixels(&picture.frame), TextureOptions::LINEAR);
                self.textures.entry(tile.clone()).or_insert(Texture { handle, number: picture.number })
            }
        };
        let shape = RectShape::new(rect, radius, Color32::WHITE, Stroke::NONE, StrokeKind::Inside);
        ui.painter().add(shape.with_texture(texture.handle.id(), part));
    }

    pub(super) fn keep(&mut self, tiles: &BTreeSet<Tile>) {
        self.textures.retain(|tile, _| tiles.contains(tile));
    }
}

/// As they are drawn where there is no graphics card.
pub fn pixels(frame: &I420) -> ColorImage {
    let (width, height) = (frame.width(), frame.height());
    let mut image = ColorImage::filled([width as usize, height as usize], Color32::BLACK);
    let rgba = bytemuck::cast_slice_mut(&mut image.pixels);
    let converted = yuv::yuv420_to_rgba(&planes(frame), rgba, width * 4, YuvRange::Limited, YuvStandardMatrix::Bt601);
    if let Err(error) = converted {
        // An `I420` has planes of the right size by construction.
        tracing::error!(%error, "a picture of impossible shape");
    }
    image
}

fn planes(frame: &I420) -> YuvPlanarImage<'_, u8> {
    let (width, height) = (frame.width(), frame.height());
    let chroma = frame.chroma_size().0;
    YuvPlanarImage {
        y_plane: frame.y(),
        y_stride: width,
        u_plane: frame.u(),
        u_stride: chroma,
        v_plane: frame.v(),
        v_stride: chroma,
        width,
        height,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    fn plain(y: u8, u: u8, v: u8) -> I420 {
        let data = [vec![y; 16 * 16], vec![u; 64], vec![v; 64]].concat();
        I420::from_planes(16, 16, data, Instant::now()).unwrap()
    }

    #[test]
    fn colours_are_those_of_bt601_in_limited_range() {
        for (yuv, rgb) in [
            ((16, 128, 128), [0, 0, 0]),
            ((235, 128, 128), [255, 255, 255]),
            ((81, 90, 240), [255, 0, 0]),
            ((145, 54, 34), [0, 255, 0]),
            ((41, 240, 110), [0, 0, 255]),
        ] {
            let image = pixels(&plain(yuv.0, yuv.1, yuv.2));
            let [r, g, b, a] = image.pixels[100].to_array();
            for (is, should) in [r, g, b].into_iter().zip(rgb) {
                assert!(is.abs_diff(should) <= 3, "{yuv:?}: {:?}", [r, g, b]);
            }
            assert_eq!(a, 255);
        }
    }

    #[test]
    fn odd_sizes_are_painted_too() {
        let frame = I420::black(17, 9, Instant::now());
        assert_eq!(pixels(&frame).size, [17, 9]);
    }
}
