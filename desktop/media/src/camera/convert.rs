//! What cameras deliver, as I420: MJPEG, YUYV and NV12, none of them by way of RGB.

use thiserror::Error;
use yuv::{BufferStoreMut, YuvPackedImage, YuvPlanarImageMut, yuyv422_to_yuv420};
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use crate::frame::I420;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Mjpeg,
    Yuyv,
    Nv12,
}

#[derive(Debug, PartialEq, Eq, Error)]
pub(super) enum ConvertError {
    #[error("{got} bytes came where a picture needs {needed}")]
    Short { got: usize, needed: usize },
    #[error("the picture has another size than agreed")]
    Size,
    #[error("the JPEG is damaged")]
    Jpeg,
}

/// Turns a camera's buffers into pictures. Keeps what it needs between them.
#[derive(Debug, Default)]
pub(super) struct Converter {
    /// Y, Cb, Cr of every pixel, one after another.
    pixels: Vec<u8>,
}

impl Converter {
    /// Fills a picture of the agreed size. Rows are expected without padding.
    pub(super) fn convert(&mut self, format: Format, buffer: &[u8], picture: &mut I420) -> Result<(), ConvertError> {
        match format {
            Format::Mjpeg => self.mjpeg(buffer, picture),
            Format::Yuyv => yuyv(buffer, picture),
            Format::Nv12 => nv12(buffer, picture),
        }
    }

    fn mjpeg(&mut self, buffer: &[u8], picture: &mut I420) -> Result<(), ConvertError> {
        let (width, height) = (picture.width() as usize, picture.height() as usize);
        let options = DecoderOptions::new_fast()
            .jpeg_set_out_colorspace(ColorSpace::YCbCr)
            .set_max_width(width)
            .set_max_height(height);
        let mut decoder = JpegDecoder::new_with_options(ZCursor::new(buffer), options);
        decoder.decode_headers().map_err(|_| ConvertError::Jpeg)?;
        if decoder.info().is_none_or(|info| (usize::from(info.width), usize::from(info.height)) != (width, height)) {
            return Err(ConvertError::Size);
        }
        // Grey pictures have fewer components.
        if decoder.output_buffer_size() != Some(3 * width * height) {
            return Err(ConvertError::Jpeg);
        }
        self.pixels.resize(3 * width * height, 0);
        decoder.decode_into(&mut self.pixels).map_err(|_| ConvertError::Jpeg)?;
        subsample(&self.pixels, picture);
        Ok(())
    }
}

/// From full-range pixels to limited-range planes; colours are the mean of two by two pixels.
fn subsample(pixels: &[u8], picture: &mut I420) {
    let (width, half) = (picture.width() as usize, picture.chroma_size().0 as usize);
    let planes = picture.planes_mut();
    for (pixel, y) in pixels.chunks_exact(3).zip(planes.y) {
        *y = LUMA[usize::from(pixel[0])];
    }
    let chroma = planes.u.chunks_exact_mut(half).zip(planes.v.chunks_exact_mut(half));
    for (rows, (u_line, v_line)) in pixels.chunks(2 * 3 * width).zip(chroma) {
        let (upper, lower) = rows.split_at(3 * width);
        // The last row of an odd height stands for both.
        let lower = if lower.is_empty() { upper } else { lower };
        let blocks = upper.chunks(6).zip(lower.chunks(6));
        for ((above, below), (u, v)) in blocks.zip(u_line.iter_mut().zip(v_line)) {
            let mean = |component: usize| {
                let right = (3 + component).min(above.len() - 3 + component);
                let of = |row: &[u8]| u32::from(row[component]) + u32::from(row[right]);
                ((of(above) + of(below) + 2) / 4) as usize
            };
            (*u, *v) = (CHROMA[mean(1)], CHROMA[mean(2)]);
        }
    }
}

/// JPEG uses all of 0–255; a picture of ours has luma from 16 to 235 and chroma from 16 to 240 (BT.601).
const LUMA: [u8; 256] = limited(16, 219, 0);
const CHROMA: [u8; 256] = limited(128, 224, 128);

const fn limited(base: i32, range: i32, zero: i32) -> [u8; 256] {
    let mut table = [0; 256];
    let mut value = 0;
    while value < 256 {
        let scaled = 2 * (value as i32 - zero) * range;
        // Rounded to the nearest, also below zero.
        let rounded = if scaled < 0 { (scaled - 255) / 510 } else { (scaled + 255) / 510 };
        table[value] = (base + rounded) as u8;
        value += 1;
    }
    table
}

fn yuyv(buffer: &[u8], picture: &mut I420) -> Result<(), ConvertError> {
    let (width, height) = (picture.width(), picture.height());
    // Two pixels share their colours, so a row has an even number of them.
    let stride = width.next_multiple_of(2) * 2;
    let yuy = enough(buffer, stride as usize * height as usize)?;
    let half = picture.chroma_size().0;
    let planes = picture.planes_mut();
    let mut planar = YuvPlanarImageMut {
        y_plane: BufferStoreMut::Borrowed(planes.y),
        y_stride: width,
        u_plane: BufferStoreMut::Borrowed(planes.u),
        u_stride: half,
        v_plane: BufferStoreMut::Borrowed(planes.v),
        v_stride: half,
        width,
        height,
    };
    let packed = YuvPackedImage { yuy, yuy_stride: stride, width, height };
    yuyv422_to_yuv420(&mut planar, &packed).map_err(|_| ConvertError::Size)
}

fn nv12(buffer: &[u8], picture: &mut I420) -> Result<(), ConvertError> {
    let pixels = picture.width() as usize * picture.height() as usize;
    let (half_width, half_height) = picture.chroma_size();
    let chroma = half_width as usize * half_height as usize;
    let buffer = enough(buffer, pixels + 2 * chroma)?;
    let planes = picture.planes_mut();
    planes.y.copy_from_slice(&buffer[..pixels]);
    for (pair, (u, v)) in buffer[pixels..].chunks_exact(2).zip(planes.u.iter_mut().zip(planes.v)) {
        (*u, *v) = (pair[0], pair[1]);
    }
    Ok(())
}

/// Drivers may give more than the picture, but not less.
fn enough(buffer: &[u8], needed: usize) -> Result<&[u8], ConvertError> {
    buffer.get(..needed).ok_or(ConvertError::Short { got: buffer.len(), needed })
}

#[cfg(test)]
mod tests;
