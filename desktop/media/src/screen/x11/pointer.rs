//! The pointer, which is not among the screen's own pixels (XFIXES).

use x11rb::protocol::xfixes::{self, CursorNotifyMask, GetCursorImageReply};
use x11rb::protocol::xproto::{ConnectionExt as _, Window};

use super::ScreenError;
use super::display::{Display, Part};

/// A pointer whose tip is outside may still reach in by so much.
const REACH: u16 = 32;

#[derive(Debug)]
pub(super) struct Pointer {
    place: Option<Place>,
    /// It looks different than in the last picture.
    is_new: bool,
}

/// Where the upper left corner of what is shared is on the screen, and where the pointer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    corner: (i32, i32),
    /// From that corner.
    tip: (i32, i32),
}

impl Pointer {
    pub(super) fn if_supported(display: &Display) -> Result<Option<Self>, ScreenError> {
        if !display.shows_pointer {
            return Ok(None);
        }
        xfixes::select_cursor_input(&display.connection, display.root, CursorNotifyMask::DISPLAY_CURSOR)?;
        Ok(Some(Self { place: None, is_new: true }))
    }

    pub(super) fn handle_new_shape(&mut self) {
        self.is_new = true;
    }

    /// Looks where it is, and says whether that makes another picture. With a window's `frame`, the pointer belongs to
    /// the picture only while nothing else is below it.
    pub(super) fn look(
        &mut self,
        display: &Display,
        corner: (i32, i32),
        size: (u16, u16),
        frame: Option<Window>,
    ) -> Result<bool, ScreenError> {
        let found = display.connection.query_pointer(display.root)?.reply()?;
        let tip = (i32::from(found.root_x) - corner.0, i32::from(found.root_y) - corner.1);
        let whole = Part { x: 0, y: 0, width: size.0, height: size.1 };
        let reach = if frame.is_some() { 0 } else { REACH };
        let dot = |x: i32, y: i32| Some(Part { x: x.try_into().ok()?, y: y.try_into().ok()?, width: 1, height: 1 });
        let is_near = dot(tip.0, tip.1).is_some_and(|dot| whole.grown(reach).touches(dot));
        let is_inside = found.same_screen && is_near && frame.is_none_or(|frame| found.child == frame);
        let place = is_inside.then_some(Place { corner, tip });
        let has_moved = place.map(|place| place.tip) != self.place.map(|place| place.tip);
        self.place = place;
        Ok(has_moved || place.is_some() && std::mem::take(&mut self.is_new))
    }

    /// Draws the pointer as it is now into the pixels, if it belongs there.
    pub(super) fn draw(
        &mut self,
        display: &Display,
        pixels: &mut [u8],
        size: (usize, usize),
    ) -> Result<(), ScreenError> {
        if let Some(place) = self.place {
            let image = xfixes::get_cursor_image(&display.connection)?.reply()?;
            blend(&image, place.corner, pixels, size);
            self.is_new = false;
        }
        Ok(())
    }
}

/// The image's colours are multiplied by their opacity already.
fn blend(image: &GetCursorImageReply, corner: (i32, i32), pixels: &mut [u8], (width, height): (usize, usize)) {
    let left = i32::from(image.x) - i32::from(image.xhot) - corner.0;
    let top = i32::from(image.y) - i32::from(image.yhot) - corner.1;
    let columns = usize::from(image.width).max(1);
    for (row, line) in image.cursor_image.chunks_exact(columns).enumerate() {
        let Some(y) = usize::try_from(top + row as i32).ok().filter(|y| *y < height) else { continue };
        for (column, argb) in line.iter().enumerate() {
            let Some(x) = usize::try_from(left + column as i32).ok().filter(|x| *x < width) else { continue };
            let [blue, green, red, alpha] = argb.to_le_bytes();
            for (below, above) in pixels[(y * width + x) * 4..][..3].iter_mut().zip([blue, green, red]) {
                let through = u16::from(*below) * u16::from(255 - alpha) / 255;
                *below = (u16::from(above) + through).min(255) as u8;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(x: i16, y: i16, pixels: [u32; 4]) -> GetCursorImageReply {
        let (width, height, xhot, yhot) = (2, 2, 1, 1);
        let cursor_image = pixels.to_vec();
        GetCursorImageReply { sequence: 0, length: 0, x, y, width, height, xhot, yhot, cursor_serial: 0, cursor_image }
    }

    #[test]
    fn a_pointer_is_blended_around_its_hot_spot() {
        let mut pixels = vec![100; 3 * 3 * 4];
        blend(&image(11, 21, [0xFFFF_0000, 0, 0x8000_0080, 0xFF01_0203]), (10, 20), &mut pixels, (3, 3));
        let at = |x: usize, y: usize| pixels[(y * 3 + x) * 4..][..3].to_vec();
        assert_eq!(at(0, 0), [0, 0, 255]);
        assert_eq!(at(1, 0), [100, 100, 100]);
        assert_eq!(at(0, 1), [177, 49, 49]);
        assert_eq!(at(1, 1), [3, 2, 1]);
    }

    #[test]
    fn a_pointer_at_the_edge_is_cut_off() {
        let mut pixels = vec![0; 2 * 2 * 4];
        for (x, y) in [(0, 0), (2, 2), (-5, 0), (100, 100), (i16::MIN, i16::MAX)] {
            blend(&image(x, y, [!0; 4]), (0, 0), &mut pixels, (2, 2));
        }
        let lit: Vec<bool> = pixels.chunks(4).map(|pixel| pixel[0] == 255).collect();
        assert_eq!(lit, [true, false, false, true]);
    }
}
