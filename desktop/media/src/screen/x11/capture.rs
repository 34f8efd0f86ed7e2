//! One picture at a time of what is shared, as I420, when there is something new.

use std::sync::Arc;
use std::time::Instant;

use x11rb::connection::Connection;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{ConnectionExt as _, Drawable, ImageFormat};

use super::ScreenError;
use super::display::{Display, Part};
use super::list;
use super::news::Changes;
use super::pointer::Pointer;
use super::shared::Shared;
use super::window::Shown;
use crate::choice::{Region, ScreenChoice};
use crate::frame::I420;
use crate::screen::canvas::{BYTES_PER_PIXEL, Canvas, Order};

pub(super) struct Capture {
    display: Display,
    target: Target,
    changes: Changes,
    /// The first picture is always new.
    is_new: bool,
    /// `None` if the display shares no memory with us, because it is on another machine.
    shared: Option<Shared>,
    pointer: Option<Pointer>,
    canvas: Canvas,
}

enum Target {
    All,
    Monitor(String),
    Region(Part),
    Window(Shown),
}

/// What a look at the screen finds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum News {
    None,
    Picture,
    /// The window of this title is not to be seen any more.
    Hidden(String),
}

impl Capture {
    pub(super) fn open(
        display: Option<&str>,
        choice: &ScreenChoice,
        size_max: (u32, u32),
    ) -> Result<Self, ScreenError> {
        let display = Display::open(display)?;
        let target = match choice {
            ScreenChoice::Screen => Target::All,
            ScreenChoice::Monitor(name) => Target::Monitor(name.clone()),
            ScreenChoice::Region(Region { x, y, width, height }) => {
                Target::Region(Part { x: *x, y: *y, width: *width, height: *height })
            }
            ScreenChoice::Window(window) => {
                let (id, title) = list::find(&display, window)?;
                Target::Window(Shown::open(&display, id, title, Instant::now())?)
            }
        };
        let watched = if let Target::Window(window) = &target { window.id } else { display.root };
        let changes = Changes::of(&display, watched)?;
        let shared = Shared::if_supported(&display.connection)?;
        let pointer = Pointer::if_supported(&display)?;
        let canvas = Canvas::new(size_max);
        let capture = Self { display, target, changes, is_new: true, shared, pointer, canvas };
        // What is not there is told at once.
        capture.place()?;
        Ok(capture)
    }

    /// Hears what the display has to say, and says whether there is another picture than the last.
    pub(super) fn look(&mut self, now: Instant) -> Result<News, ScreenError> {
        while let Some(event) = self.display.connection.poll_for_event()? {
            match &event {
                Event::DamageNotify(event) => self.changes.handle(*event),
                Event::XfixesCursorNotify(_) => self.pointer.iter_mut().for_each(Pointer::handle_new_shape),
                _ => {}
            }
            if let Target::Window(window) = &mut self.target {
                window.handle(&self.display, &event, now)?;
            }
        }
        let (mut corner, mut frame) = (None, None);
        if let Target::Window(window) = &mut self.target {
            if window.has_gone_into_hiding() {
                return Ok(News::Hidden(window.title.clone()));
            }
            self.is_new |= window.refresh(&self.display, now)?;
            if !window.is_settled() {
                return Ok(News::None);
            }
            (corner, frame) = (Some(window.corner(&self.display)?), Some(window.frame));
        }
        let Some((_, part)) = self.place()? else { return Ok(News::None) };
        // Changes in a window are counted from its upper left corner, not its pixmap's.
        let watched = if frame.is_some() { Part { x: 0, y: 0, ..part } } else { part };
        self.is_new |= self.changes.touch(&self.display, watched)?;
        let corner = corner.unwrap_or((part.x.into(), part.y.into()));
        if let Some(pointer) = &mut self.pointer {
            self.is_new |= pointer.look(&self.display, corner, (part.width, part.height), frame)?;
        }
        Ok(if self.is_new { News::Picture } else { News::None })
    }

    /// Where the pixels are.
    fn place(&self) -> Result<Option<(Drawable, Part)>, ScreenError> {
        let part = match &self.target {
            Target::Window(window) => return Ok(window.pixels()),
            Target::All => Part { x: 0, y: 0, width: u16::MAX, height: u16::MAX },
            Target::Region(part) => *part,
            Target::Monitor(name) => {
                let monitors = self.display.monitors()?;
                let found = monitors.iter().find(|(known, _)| known == name).map(|(_, part)| *part);
                let known = || monitors.iter().map(|(known, _)| known.as_str()).collect::<Vec<_>>().join(", ");
                found.ok_or_else(|| ScreenError::NoMonitor { name: name.clone(), known: known() })?
            }
        };
        let size = self.display.size()?;
        let part = part.clipped(size).ok_or(ScreenError::Outside(size.0, size.1))?;
        Ok(Some((self.display.root, part)))
    }

    /// Takes the picture, the pointer included, in an even size of at most the maximum.
    pub(super) fn grab(&mut self, now: Instant) -> Result<Arc<I420>, ScreenError> {
        let (drawable, part) = self.place()?.ok_or(ScreenError::Pixels)?;
        let connection = &self.display.connection;
        let mut copy;
        let pixels = match &mut self.shared {
            Some(shared) => shared.grab(connection, drawable, part)?,
            None => {
                let Part { x, y, width, height } = part;
                let image = connection.get_image(ImageFormat::Z_PIXMAP, drawable, x, y, width, height, !0)?;
                copy = image.reply()?.data;
                &mut copy
            }
        };
        let (width, height) = (usize::from(part.width), usize::from(part.height));
        let pixels = pixels.get_mut(..width * height * BYTES_PER_PIXEL).ok_or(ScreenError::Pixels)?;
        if let Some(pointer) = &mut self.pointer {
            pointer.draw(&self.display, pixels, (width, height))?;
        }
        let size = (u32::from(part.width), u32::from(part.height));
        let picture = self.canvas.paint(pixels, Order::Bgrx, width * BYTES_PER_PIXEL, size, now)?;
        self.is_new = false;
        Ok(picture)
    }

    /// The newest picture once more.
    pub(super) fn again(&mut self, now: Instant) -> Option<Arc<I420>> {
        self.canvas.again(now)
    }

    /// What is shared, in pixels.
    pub(super) fn size(&self) -> (u32, u32) {
        let part = self.place().ok().flatten().map(|(_, part)| part);
        part.map_or((0, 0), |part| (part.width.into(), part.height.into()))
    }

    /// Goes on without shared memory, as on a display of another machine.
    #[cfg(test)]
    pub(super) fn forget_shared_memory(&mut self) -> bool {
        self.shared.take().is_some()
    }
}
