//! Pictures where OpenGL is software itself: made ready at their size on the screen, and copied there. Sampling a
//! texture would cost some ten times as much for each pixel.
#![allow(unsafe_code)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use eframe::egui::{PaintCallbackInfo, Rect};
use eframe::egui_glow::ShaderVersion;
use eframe::glow::{self, HasContext, NativeFramebuffer, NativeTexture, PixelUnpackData};
use media::Picture;

use super::canvas::{Canvas, Order};
use crate::Tile;

pub(super) struct Blit {
    order: Order,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    tiles: BTreeMap<Tile, Print>,
    /// Of tiles that are gone; deleted when the context is current again.
    doomed: Vec<Print>,
    /// Where pictures are made ready, one after the other.
    canvas: Canvas,
}

/// A picture's pixels where they can be copied from.
struct Print {
    texture: NativeTexture,
    framebuffer: NativeFramebuffer,
    drawn: Option<Drawn>,
}

/// What is in the texture.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Drawn {
    number: u64,
    part: Rect,
    size: (u32, u32),
}

/// One picture to be painted.
pub(super) struct Stamp {
    pub(super) tile: Tile,
    pub(super) picture: Picture,
    pub(super) part: Rect,
}

/// A rectangle of the screen in pixels, from its lower left corner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Area {
    left: i32,
    bottom: i32,
    width: i32,
    height: i32,
}

impl Area {
    fn of(pixels: eframe::egui::epaint::ViewportInPixels) -> Self {
        let eframe::egui::epaint::ViewportInPixels { left_px, from_bottom_px, width_px, height_px, .. } = pixels;
        Self { left: left_px, bottom: from_bottom_px, width: width_px, height: height_px }
    }

    fn intersection(self, other: Self) -> Option<Self> {
        let (left, bottom) = (self.left.max(other.left), self.bottom.max(other.bottom));
        let right = (self.left + self.width).min(other.left + other.width);
        let top = (self.bottom + self.height).min(other.bottom + other.height);
        (left < right && bottom < top).then_some(Self { left, bottom, width: right - left, height: top - bottom })
    }
}

impl Blit {
    /// `None` where OpenGL is too old to copy between framebuffers.
    pub(super) fn new(gl: &glow::Context) -> Option<Self> {
        let version = ShaderVersion::get(gl);
        // The order of a window's bytes, where it may be had.
        let order = if version.is_embedded() { Order::Rgba } else { Order::Bgra };
        version.is_new_shader_interface().then(|| Self { order, kept: Mutex::default() })
    }

    /// Called by the window's painter, in its turn. It restores its own state afterwards.
    pub(super) fn paint(&self, gl: &glow::Context, info: &PaintCallbackInfo, stamp: &Stamp) {
        let whole = Area::of(info.viewport_in_pixels());
        let Some(seen) = whole.intersection(Area::of(info.clip_rect_in_pixels())) else { return };
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let Kept { tiles, doomed, canvas } = &mut *kept;
        // SAFETY: egui's painter calls this with its context current; everything used here was created by it.
        unsafe {
            doomed.drain(..).for_each(|print| print.delete(gl));
            if !tiles.contains_key(&stamp.tile) {
                match Print::create(gl) {
                    Ok(print) => drop(tiles.insert(stamp.tile.clone(), print)),
                    Err(error) => return tracing::warn!(%error, "a picture is not painted"),
                }
            }
            let Some(print) = tiles.get_mut(&stamp.tile) else { return };
            let size = (whole.width.max(1) as u32, whole.height.max(1) as u32);
            let wanted = Drawn { number: stamp.picture.number, part: stamp.part, size };
            if print.drawn != Some(wanted) {
                print.draw(gl, canvas, &stamp.picture, wanted, self.order);
            }
            print.show(gl, whole, seen);
        }
    }

    pub(super) fn keep(&self, tiles: &BTreeSet<Tile>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let Kept { tiles: all, doomed, .. } = &mut *kept;
        doomed.extend(all.extract_if(.., |tile, _| !tiles.contains(tile)).map(|(_, print)| print));
    }

    pub(super) fn destroy(&self, gl: &glow::Context) {
        self.keep(&BTreeSet::new());
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: eframe calls this with the context current, at the end; nothing is used afterwards.
        kept.doomed.drain(..).for_each(|print| unsafe { print.delete(gl) });
    }
}

impl Print {
    /// # Safety
    /// `gl` is current.
    unsafe fn create(gl: &glow::Context) -> Result<Self, String> {
        // SAFETY: as the caller promises.
        unsafe {
            let (texture, framebuffer) = (gl.create_texture()?, gl.create_framebuffer()?);
            gl.bind_texture(glow::TEXTURE_2D, Some(texture));
            for what in [glow::TEXTURE_MIN_FILTER, glow::TEXTURE_MAG_FILTER] {
                gl.tex_parameter_i32(glow::TEXTURE_2D, what, glow::NEAREST as i32);
            }
            Ok(Self { texture, framebuffer, drawn: None })
        }
    }

    /// # Safety
    /// `gl` is current, and the one that created this.
    unsafe fn draw(&mut self, gl: &glow::Context, canvas: &mut Canvas, picture: &Picture, wanted: Drawn, order: Order) {
        let Drawn { part, size, .. } = wanted;
        let pixels = match canvas.draw(&picture.frame, part, size, order) {
            Ok(pixels) => pixels,
            Err(error) => return tracing::error!(%error, "a picture is not painted"),
        };
        let (width, height) = (size.0 as i32, size.1 as i32);
        let format = if order == Order::Bgra { glow::BGRA } else { glow::RGBA };
        let (target, kind, pixels) = (glow::TEXTURE_2D, glow::UNSIGNED_BYTE, PixelUnpackData::Slice(Some(pixels)));
        // SAFETY: as the caller promises; the slice has four bytes a pixel, and lines have no padding.
        unsafe {
            gl.bind_texture(target, Some(self.texture));
            gl.pixel_store_i32(glow::UNPACK_ALIGNMENT, 4);
            if self.drawn.is_some_and(|drawn| drawn.size == size) {
                gl.tex_sub_image_2d(target, 0, 0, 0, width, height, format, kind, pixels);
            } else {
                // Without a size of its own in the format, the texture is laid out as the bytes are: as the window is.
                gl.tex_image_2d(target, 0, glow::RGBA as i32, width, height, 0, format, kind, pixels);
                gl.bind_framebuffer(glow::READ_FRAMEBUFFER, Some(self.framebuffer));
                gl.framebuffer_texture_2d(
                    glow::READ_FRAMEBUFFER,
                    glow::COLOR_ATTACHMENT0,
                    target,
                    Some(self.texture),
                    0,
                );
            }
        }
        self.drawn = Some(wanted);
    }

    /// # Safety
    /// `gl` is current, and the one that created this.
    unsafe fn show(&self, gl: &glow::Context, whole: Area, seen: Area) {
        let (left, right) = (seen.left - whole.left, seen.left + seen.width - whole.left);
        // The picture's first line is the screen's upper one.
        let top = whole.bottom + whole.height - (seen.bottom + seen.height);
        // SAFETY: as the caller promises.
        unsafe {
            gl.bind_framebuffer(glow::READ_FRAMEBUFFER, Some(self.framebuffer));
            // What may be seen is reckoned above: with a test for each pixel it would be no plain copy.
            gl.disable(glow::SCISSOR_TEST);
            gl.blit_framebuffer(
                left,
                top,
                right,
                top + seen.height,
                seen.left,
                seen.bottom + seen.height,
                seen.left + seen.width,
                seen.bottom,
                glow::COLOR_BUFFER_BIT,
                glow::NEAREST,
            );
            gl.enable(glow::SCISSOR_TEST);
            gl.bind_framebuffer(glow::READ_FRAMEBUFFER, None);
        }
    }

    /// # Safety
    /// `gl` is current, and the one that created this.
    unsafe fn delete(self, gl: &glow::Context) {
        // SAFETY: as the caller promises.
        unsafe {
            gl.delete_framebuffer(self.framebuffer);
            gl.delete_texture(self.texture);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_scrolled_out_of_sight_is_not_copied() {
        let area = |left, bottom, width, height| Area { left, bottom, width, height };
        let tile = area(10, 20, 100, 50);
        assert_eq!(tile.intersection(area(0, 0, 500, 500)), Some(tile));
        assert_eq!(tile.intersection(area(0, 40, 60, 500)), Some(area(10, 40, 50, 30)));
        assert_eq!(tile.intersection(area(0, 70, 500, 500)), None);
    }
}
