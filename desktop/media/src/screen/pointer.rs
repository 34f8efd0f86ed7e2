//! The pointer, which is not among the screen's own pixels (XFIXES).

use x11rb::connection::RequestConnection;
use x11rb::protocol::xfixes::{self, GetCursorImageReply};
use x11rb::rust_connection::RustConnection;

use super::ScreenError;

#[derive(Debug)]
pub(super) struct Pointer;

impl Pointer {
    pub(super) fn if_supported(connection: &RustConnection) -> Result<Option<Self>, ScreenError> {
        if connection.extension_information(xfixes::X11_EXTENSION_NAME)?.is_none() {
            return Ok(None);
        }
        // Its other requests are refused before this one.
        xfixes::query_version(connection, 4, 0)?.reply()?;
        Ok(Some(Self))
    }

    /// Draws the pointer as it is now into the screen's pixels.
    pub(super) fn draw(
        &mut self,
        connection: &RustConnection,
        pixels: &mut [u8],
        size: (usize, usize),
    ) -> Result<(), ScreenError> {
        let image = xfixes::get_cursor_image(connection)?.reply()?;
        blend(&image, pixels, size);
        Ok(())
    }
}

/// The image's colours are multiplied by their opacity already.
fn blend(image: &GetCursorImageReply, pixels: &mut [u8], (width, height): (usize, usize)) {
    let left = i32::from(image.x) - i32::from(image.xhot);
    let top = i32::from(image.y) - i32::from(image.yhot);
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
        blend(&image(1, 1, [0xFFFF_0000, 0, 0x8000_0080, 0xFF01_0203]), &mut pixels, (3, 3));
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
            blend(&image(x, y, [!0; 4]), &mut pixels, (2, 2));
        }
        let lit: Vec<bool> = pixels.chunks(4).map(|pixel| pixel[0] == 255).collect();
        assert_eq!(lit, [true, false, false, true]);
    }
}
