//! Cameras of this machine, through nokhwa: the only file that names it.

mod convert;

use std::time::Instant;

use nokhwa::Camera;
use nokhwa::utils::{
    ApiBackend, CameraFormat, CameraIndex, CameraInfo, FrameFormat, RequestedFormat, RequestedFormatType,
};

use convert::{Converter, Format};

use crate::frame::FramePool;
use crate::source::Outlet;

const FORMATS: [FrameFormat; 3] = [FrameFormat::YUYV, FrameFormat::NV12, FrameFormat::MJPEG];

/// Cables and hubs lose a picture now and then; this many bad ones in a row are a broken camera.
const BAD_MAX: u32 = 30;

/// What we would like of a camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wish {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) fps: u32,
}

/// Runs until it is stopped, or the camera fails. Without a name, the first camera that opens is taken.
pub(crate) fn run(outlet: &Outlet, name: Option<&str>, wish: Wish) -> Result<(), String> {
    let mut camera = open(name, wish)?;
    camera.open_stream().map_err(|error| trouble(&error.to_string()))?;
    let agreed = camera.camera_format();
    let (size, format) = ((agreed.width(), agreed.height()), format_of(agreed.format())?);
    let (mut pool, mut converter) = (FramePool::default(), Converter::default());
    let mut bad = 0;
    while !outlet.stopped() {
        let buffer = camera.frame_raw().map_err(|error| trouble(&error.to_string()))?;
        match pool.fill(size, Instant::now(), |picture| converter.convert(format, &buffer, picture)) {
            Ok(picture) => {
                bad = 0;
                outlet.send(picture);
            }
            Err(error) => {
                bad += 1;
                if bad > BAD_MAX {
                    return Err(format!("The camera sends pictures that cannot be read: {error}."));
                }
            }
        }
    }
    Ok(())
}

fn open(name: Option<&str>, wish: Wish) -> Result<Camera, String> {
    let known = nokhwa::query(ApiBackend::Auto).map_err(|error| trouble(&error.to_string()))?;
    let wanted: Vec<&CameraInfo> = known.iter().filter(|info| name.is_none_or(|name| is_named(info, name))).collect();
    if wanted.is_empty() {
        return Err(match name {
            Some(name) if !known.is_empty() => format!("There is no camera called {name}; there is {}.", names(&known)),
            _ => "There is no camera. Plug one in and switch the camera on again.".to_owned(),
        });
    }
    let mut sentence = String::new();
    for info in wanted {
        match open_one(info.index(), wish) {
            Ok(camera) => return Ok(camera),
            // The first one is the real one; others are often the same camera's side channels.
            Err(why) if sentence.is_empty() => sentence = why,
            Err(_) => {}
        }
    }
    Err(sentence)
}

fn open_one(index: &CameraIndex, wish: Wish) -> Result<Camera, String> {
    let any = RequestedFormat::with_formats(RequestedFormatType::None, &FORMATS);
    let mut camera = Camera::new(index.clone(), any).map_err(|error| trouble(&error.to_string()))?;
    let offered = camera.compatible_camera_formats().unwrap_or_default();
    let best = best(&offered, wish).filter(|best| *best != camera.camera_format());
    let exact = best.map(|best| RequestedFormat::with_formats(RequestedFormatType::Exact(best), &FORMATS));
    if let Some(Err(error)) = exact.map(|exact| camera.set_camera_requset(exact)) {
        tracing::debug!(%error, "the camera keeps its format");
    }
    Ok(camera)
}

/// By number, or by any part of the name.
fn is_named(info: &CameraInfo, name: &str) -> bool {
    info.index().as_string() == name || info.human_name().to_lowercase().contains(&name.to_lowercase())
}

fn names(known: &[CameraInfo]) -> String {
    known.iter().map(CameraInfo::human_name).collect::<Vec<_>>().join(", ")
}

/// The format that is nearest to the wish: the rate first, then the size, then the cheapest to convert.
fn best(offered: &[CameraFormat], wish: Wish) -> Option<CameraFormat> {
    let distance = |format: &CameraFormat| {
        let too_slow = wish.fps.saturating_sub(format.frame_rate());
        let too_small = wish.width.saturating_sub(format.width()) + wish.height.saturating_sub(format.height());
        let too_large = format.width().saturating_sub(wish.width) + format.height().saturating_sub(wish.height);
        let too_fast = format.frame_rate().saturating_sub(wish.fps);
        let place = FORMATS.iter().position(|known| *known == format.format());
        // Half the wished rate is worse than half the wished size; scaling up a little is better than a huge picture.
        (too_slow * 20 + too_small * 2 + too_large, too_fast, place)
    };
    offered.iter().filter(|format| FORMATS.contains(&format.format())).min_by_key(|format| distance(format)).copied()
}

fn format_of(format: FrameFormat) -> Result<Format, String> {
    match format {
        FrameFormat::MJPEG => Ok(Format::Mjpeg),
        FrameFormat::YUYV => Ok(Format::Yuyv),
        FrameFormat::NV12 => Ok(Format::Nv12),
        FrameFormat::GRAY | FrameFormat::RAWRGB | FrameFormat::RAWBGR => {
            Err(format!("The camera offers its pictures only as {format}, which is not supported."))
        }
    }
}

/// A driver's words as a sentence that says what to do.
fn trouble(error: &str) -> String {
    if error.contains("busy") || error.contains("os error 16") {
        "The camera is used by another program. Close that program and switch the camera on again.".to_owned()
    } else if error.contains("Permission") || error.contains("os error 13") {
        "The camera may not be used: add this user to the group `video`, then log in again.".to_owned()
    } else if error.contains("os error 19") || error.contains("os error 2)") {
        "The camera is gone. Plug it in and switch the camera on again.".to_owned()
    } else {
        format!("The camera does not work: {error}.")
    }
}

#[cfg(test)]
mod tests {
    use nokhwa::utils::Resolution;

    use super::*;

    const WISH: Wish = Wish { width: 640, height: 360, fps: 30 };

    fn format(width: u32, height: u32, format: FrameFormat, fps: u32) -> CameraFormat {
        CameraFormat::new(Resolution::new(width, height), format, fps)
    }

    #[test]
    fn the_nearest_format_is_taken() {
        let (yuyv, mjpeg) = (FrameFormat::YUYV, FrameFormat::MJPEG);
        let usual = [
            format(1920, 1080, yuyv, 5),
            format(640, 480, yuyv, 30),
            format(640, 360, yuyv, 15),
            format(1920, 1080, mjpeg, 30),
            format(640, 360, mjpeg, 30),
            format(640, 360, FrameFormat::GRAY, 30),
        ];
        assert_eq!(best(&usual, WISH), Some(usual[4]));
        assert_eq!(best(&usual[..4], WISH), Some(usual[1]));
        assert_eq!(best(&[usual[0], usual[3]], WISH), Some(usual[3]));
        let same = [format(640, 360, mjpeg, 30), format(640, 360, yuyv, 30), format(640, 360, yuyv, 60)];
        assert_eq!(best(&same, WISH), Some(same[1]));
        assert_eq!(best(&usual[5..], WISH), None);
    }

    #[test]
    fn trouble_is_said_in_words_that_help() {
        assert!(
            trouble("Could not open device stream: Device or resource busy (os error 16)").contains("another program")
        );
        assert!(trouble("V4L2 Error: Permission denied (os error 13)").contains("group `video`"));
        assert!(trouble("V4L2 Error: No such device (os error 19)").contains("is gone"));
        assert!(trouble("strange").contains("strange"));
    }

    #[test]
    fn a_camera_is_found_by_number_or_part_of_its_name() {
        let info = CameraInfo::new("UVC Camera: HD Webcam", "", "", CameraIndex::Index(2));
        assert!(is_named(&info, "2") && is_named(&info, "hd webcam"));
        assert!(!is_named(&info, "1") && !is_named(&info, "microscope"));
    }
}
