//! A camera of this machine as a source: opened, read until it fails, and awaited where plugging it in helps.

mod convert;
mod device;
mod jpeg;
mod offer;
mod trouble;

use std::time::{Duration, Instant};

use convert::ConvertError;
pub(crate) use convert::{Converter, Format, Layout};
use device::{Camera, Node, Read};
use trouble::Trouble;

use crate::frame::FramePool;
use crate::source::Outlet;

/// Cables and hubs lose a picture now and then; this many bad ones in a row are a broken camera.
const BAD_MAX: u32 = 30;

/// The slowest cameras need two seconds to their first picture.
const STALL_MAX: Duration = Duration::from_secs(5);

/// How soon a camera that was plugged in is noticed.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What we would like of a camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wish {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) fps: u32,
}

/// Which camera it is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Wanted {
    /// The first one that can be opened.
    Any,
    /// By number, or by any part of the name.
    Called(String),
    /// The one that we had, whatever its number is by now.
    Same(String),
}

/// Runs until it is stopped, or the camera fails. A camera that is missing or unplugged is awaited, as long as it takes.
pub(crate) fn run(outlet: &Outlet, name: Option<&str>, wish: Wish) -> Result<(), String> {
    let mut wanted = name.map_or(Wanted::Any, |name| Wanted::Called(name.to_owned()));
    let mut awaiting = false;
    while !outlet.stopped() {
        let trouble = match open(&wanted, wish) {
            Ok((node, mut camera)) => {
                let ending = watch(outlet, &mut camera, || awaiting = false);
                camera.close();
                let Err(trouble) = ending else { return Ok(()) };
                wanted = Wanted::Same(node.name);
                trouble
            }
            Err(trouble) => trouble,
        };
        match (awaiting, trouble.ends_by_plugging_in()) {
            // While it is awaited, it may be there and not be ready: the system is still giving out the rights, say.
            (true, _) => tracing::debug!(%trouble, "the camera is still awaited"),
            (false, true) => {
                awaiting = true;
                outlet.send_away(trouble.to_string());
            }
            (false, false) => return Err(trouble.to_string()),
        }
        outlet.sleep_until(Instant::now() + LOOK_EVERY);
    }
    Ok(())
}

/// Sends what the camera sees, until the source is stopped.
fn watch(outlet: &Outlet, camera: &mut Camera, mut seen: impl FnMut()) -> Result<(), Trouble> {
    let layout = camera.layout();
    let (mut pool, mut converter) = (FramePool::default(), Converter::default());
    let (mut bad, mut last) = (0, Instant::now());
    while !outlet.stopped() {
        let converted = match camera.read()? {
            Read::Nothing if last.elapsed() > STALL_MAX => return Err(Trouble::Stalled),
            Read::Nothing => continue,
            Read::Damaged => Err(ConvertError::Marked),
            Read::Picture(bytes) => pool.fill((layout.width, layout.height), Instant::now(), |picture| {
                converter.convert(layout, bytes, picture)
            }),
        };
        last = Instant::now();
        match converted {
            Ok(picture) => {
                bad = 0;
                seen();
                outlet.send(picture);
            }
            Err(error) => {
                bad += 1;
                if bad > BAD_MAX {
                    return Err(Trouble::Damaged(error));
                }
            }
        }
    }
    Ok(())
}

fn open(wanted: &Wanted, wish: Wish) -> Result<(Node, Camera), Trouble> {
    let known = device::nodes();
    let (fitting, others): (Vec<Node>, Vec<Node>) = known.into_iter().partition(|node| wanted.is(node));
    let mut first = match wanted {
        Wanted::Called(name) if !others.is_empty() => {
            Trouble::Unknown { name: name.clone(), known: others.into_iter().map(|node| node.name).collect() }
        }
        Wanted::Any | Wanted::Called(_) => Trouble::Missing,
        Wanted::Same(_) => Trouble::Gone,
    };
    for node in fitting {
        match device::open(&node, wish) {
            Ok(camera) => return Ok((node, camera)),
            Err(trouble) if first.ends_by_plugging_in() => first = trouble,
            Err(_) => {}
        }
    }
    Err(first)
}

impl Wanted {
    fn is(&self, node: &Node) -> bool {
        match self {
            Self::Any => true,
            Self::Called(name) => {
                node.number.to_string() == *name || node.name.to_lowercase().contains(&name.to_lowercase())
            }
            Self::Same(name) => node.name == *name,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_camera_is_found_by_number_or_part_of_its_name() {
        let node = Node { number: 2, name: "UVC Camera: HD Webcam".to_owned() };
        let is = |name: &str| Wanted::Called(name.to_owned()).is(&node);
        assert!(is("2") && is("hd webcam") && Wanted::Any.is(&node));
        assert!(!is("1") && !is("microscope"));
    }

    #[test]
    fn a_camera_that_was_lost_is_not_replaced_by_another_one() {
        let node = |name: &str| Node { number: 7, name: name.to_owned() };
        let same = Wanted::Same("HD Webcam".to_owned());
        assert!(same.is(&node("HD Webcam")));
        assert!(!same.is(&node("HD Webcam 2")) && !same.is(&node("7")));
    }
}
