//! One window that is shared: its pixels as they would be if nothing covered it (Composite).

use std::time::{Duration, Instant};

use x11rb::connection::Connection;
use x11rb::errors::ReplyError;
use x11rb::protocol::Event;
use x11rb::protocol::composite::{self, Redirect};
use x11rb::protocol::xproto::{ChangeWindowAttributesAux, ConnectionExt as _, EventMask, MapState, Pixmap, Window};

use super::ScreenError;
use super::display::{Display, Part};

/// When its pixels begin to be kept, what was covered has yet to be drawn by the program that it belongs to. Until then
/// there may be pixels of others in its place.
const DRAWN_AFTER: Duration = Duration::from_millis(150);

/// While it is pulled to another size, it keeps its old picture: each size begins with a keyframe.
const RESIZED_AFTER: Duration = Duration::from_millis(250);

#[derive(Debug)]
pub(super) struct Shown {
    pub(super) id: Window,
    pub(super) title: String,
    /// What stands for it on the screen: itself, or the frame that a window manager has put around it.
    pub(super) frame: Window,
    border: u16,
    size: (u16, u16),
    /// Its pixels; they outlive its being hidden.
    pixmap: Option<Pixmap>,
    /// Its pixels are to be found anew, from this time on.
    stale: Option<Instant>,
    hidden: Hidden,
}

#[derive(Debug, PartialEq, Eq)]
enum Hidden {
    No,
    Untold,
    Told,
}

impl Shown {
    pub(super) fn open(display: &Display, id: Window, title: String, now: Instant) -> Result<Self, ScreenError> {
        if !display.keeps_windows {
            return Err(ScreenError::Flat);
        }
        let connection = &display.connection;
        let watch = ChangeWindowAttributesAux::new().event_mask(EventMask::STRUCTURE_NOTIFY);
        let gone = |_| ScreenError::NoWindow(title.clone());
        connection.change_window_attributes(id, &watch)?.check().map_err(gone)?;
        let attributes = connection.get_window_attributes(id)?.reply()?;
        if attributes.map_state != MapState::VIEWABLE {
            return Err(ScreenError::Hidden(title));
        }
        if !display.is_bgrx(attributes.visual) {
            return Err(ScreenError::Pixels);
        }
        composite::redirect_window(connection, id, Redirect::AUTOMATIC)?.check()?;
        let geometry = connection.get_geometry(id)?.reply()?;
        let (border, size) = (geometry.border_width, (geometry.width, geometry.height));
        let frame = frame(display, id)?;
        let stale = Some(now + DRAWN_AFTER);
        Ok(Self { id, title, frame, border, size, pixmap: None, stale, hidden: Hidden::No })
    }

    pub(super) fn handle(&mut self, display: &Display, event: &Event, now: Instant) -> Result<(), ScreenError> {
        match event {
            Event::DestroyNotify(event) if event.window == self.id => {
                return Err(ScreenError::Closed(self.title.clone()));
            }
            Event::ConfigureNotify(event)
                if event.window == self.id
                    && (event.width, event.height, event.border_width) != (self.size.0, self.size.1, self.border) =>
            {
                (self.size, self.border) = ((event.width, event.height), event.border_width);
                self.stale = Some(now + RESIZED_AFTER);
            }
            Event::UnmapNotify(event) if event.window == self.id && self.hidden == Hidden::No => {
                self.hidden = Hidden::Untold;
            }
            Event::MapNotify(event) if event.window == self.id => {
                self.hidden = Hidden::No;
                self.stale = Some(now + DRAWN_AFTER);
            }
            Event::ReparentNotify(event) if event.window == self.id => self.frame = frame(display, self.id)?,
            _ => {}
        }
        Ok(())
    }

    /// Whether it has been hidden since the last time that this was asked.
    pub(super) fn has_gone_into_hiding(&mut self) -> bool {
        let is_news = self.hidden == Hidden::Untold;
        if is_news {
            self.hidden = Hidden::Told;
        }
        is_news
    }

    /// Whether its pixels are what they should be.
    pub(super) fn is_settled(&self) -> bool {
        self.hidden == Hidden::No && self.stale.is_none()
    }

    /// Finds its pixels anew when it is time; says whether that makes another picture.
    pub(super) fn refresh(&mut self, display: &Display, now: Instant) -> Result<bool, ScreenError> {
        if self.hidden != Hidden::No || self.stale.is_none_or(|due| now < due) {
            return Ok(false);
        }
        let connection = &display.connection;
        if let Some(old) = self.pixmap.take() {
            connection.free_pixmap(old)?;
        }
        let pixmap = connection.generate_id()?;
        match composite::name_window_pixmap(connection, self.id, pixmap)?.check() {
            Ok(()) => {}
            // Its frame is hidden: it has no pixels now.
            Err(ReplyError::X11Error(_)) => {
                self.stale = Some(now + RESIZED_AFTER);
                return Ok(false);
            }
            Err(ReplyError::ConnectionError(error)) => return Err(error.into()),
        }
        self.pixmap = Some(pixmap);
        let geometry = connection.get_geometry(pixmap)?.reply()?;
        let inner = |side: u16| side.saturating_sub(2 * self.border);
        self.size = (inner(geometry.width), inner(geometry.height));
        self.stale = None;
        Ok(true)
    }

    /// The pixmap and the part of it that is to be seen.
    pub(super) fn pixels(&self) -> Option<(Pixmap, Part)> {
        let (x, (width, height)) = (self.border as i16, self.size);
        self.pixmap.map(|pixmap| (pixmap, Part { x, y: x, width, height }))
    }

    /// Where its upper left corner is on the screen.
    pub(super) fn corner(&self, display: &Display) -> Result<(i32, i32), ScreenError> {
        let place = display.connection.translate_coordinates(self.id, display.root, 0, 0)?.reply()?;
        Ok((place.dst_x.into(), place.dst_y.into()))
    }
}

/// The child of the root that the window is in.
fn frame(display: &Display, mut window: Window) -> Result<Window, ScreenError> {
    loop {
        let parent = display.connection.query_tree(window)?.reply()?.parent;
        if parent == display.root || parent == x11rb::NONE {
            return Ok(window);
        }
        window = parent;
    }
}
