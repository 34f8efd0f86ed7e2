//! What cameras deliver, as I420: MJPEG, YUYV and NV12, none of them by way of RGB.

use thiserror::Error;
use yuv::{BufferStoreMut, YuvPackedImage, YuvPlanarImageMut, yuyv422_to_yuv420};

use super::jpeg;
use crate::frame::I420;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Mjpeg,
    Yuyv,
    Nv12,
}

/// How a camera's pictures lie in their buffers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) format: Format,
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Bytes from one row to the next, if the format has rows; fewer than a row has: as many as it has.
    pub(crate) stride: u32,
}

#[derive(Debug, PartialEq, Eq, Error)]
pub(crate) enum ConvertError {
    #[error("{got} bytes came where a picture needs {needed}")]
    Short { got: usize, needed: usize },
    #[error("the picture has another size than agreed")]
    Size,
    #[error("the JPEG is damaged")]
    Jpeg,
    #[error("the driver calls them damaged")]
    Marked,
}

/// Turns a camera's buffers into pictures. Keeps what it needs between them.
#[derive(Debug, Default)]
pub(crate) struct Converter {
    /// Y, Cb, Cr of every pixel, one after another.
    pixels: Vec<u8>,
}

impl Converter {
    /// Fills a picture of the agreed size.
    pub(crate) fn convert(&mut self, layout: Layout, buffer: &[u8], picture: &mut I420) -> Result<(), ConvertError> {
        match layout.format {
            Format::Mjpeg => {
                let size = (picture.width() as usize, picture.height() as usize);
                jpeg::decode(buffer, size, &mut self.pixels)?;
                subsample(&self.pixels, picture);
                Ok(())
            }
            Format::Yuyv => yuyv(buffer, layout.stride, picture),
            Format::Nv12 => nv12(buffer, layout.stride, picture),
        }
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
        let mean = |values: [u8; 4]| usize::from((values.into_iter().map(u16::from).sum::<u16>() + 2) / 4);
        let (above, below) = (upper.chunks_exact(6), lower.chunks_exact(6));
        // The last column of an odd width stands for both too.
        if let ([_, a, b], [_, c, d]) = (above.remainder(), below.remainder()) {
            (u_line[half - 1], v_line[half - 1]) = (CHROMA[mean([*a, *a, *c, *c])], CHROMA[mean([*b, *b, *d, *d])]);
        }
        for ((above, below), (u, v)) in above.zip(below).zip(u_line.iter_mut().zip(v_line)) {
            *u = CHROMA[mean([above[1], above[4], below[1], below[4]])];
            *v = CHROMA[mean([above[2], above[5], below[2], below[5]])];
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

fn yuyv(buffer: &[u8], stride: u32, picture: &mut I420) -> Result<(), ConvertError> {
    let (width, height) = (picture.width(), picture.height());
    // Two pixels share their colours, so a row has an even number of them.
    let row = width.next_multiple_of(2) * 2;
    let stride = stride.max(row);
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

fn nv12(buffer: &[u8], stride: u32, picture: &mut I420) -> Result<(), ConvertError> {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let (half_width, half_height) = picture.chroma_size();
    let (half_width, half_height) = (half_width as usize, half_height as usize);
    let (luma_stride, stride) = ((stride as usize).max(width), (stride as usize).max(2 * half_width));
    let luma = luma_stride * height;
    let buffer = enough(buffer, luma + stride * (half_height - 1) + 2 * half_width)?;
    let (luma, chroma) = buffer.split_at(luma);
    let planes = picture.planes_mut();
    for (row, y) in luma.chunks_exact(luma_stride).zip(planes.y.chunks_exact_mut(width)) {
        y.copy_from_slice(&row[..width]);
    }
    let lines = planes.u.chunks_exact_mut(half_width).zip(planes.v.chunks_exact_mut(half_width));
    for (row, (u_line, v_line)) in chroma.chunks(stride).zip(lines) {
        for (pair, (u, v)) in row.chunks_exact(2).zip(u_line.iter_mut().zip(v_line)) {
            (*u, *v) = (pair[0], pair[1]);
        }
    }
    Ok(())
}

/// Drivers may give more than the picture, but not less.
fn enough(buffer: &[u8], needed: usize) -> Result<&[u8], ConvertError> {
    buffer.get(..needed).ok_or(ConvertError::Short { got: buffer.len(), needed })
}

#[cfg(test)]
mod tests;
