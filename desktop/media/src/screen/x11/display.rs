//! A connection to the display, and what the display can do.

use x11rb::connection::{Connection, RequestConnection};
use x11rb::protocol::xproto::{ConnectionExt as _, Depth, ImageOrder, Visualtype, Window};
use x11rb::protocol::{composite, damage, randr, xfixes};
use x11rb::rust_connection::RustConnection;

use super::ScreenError;

x11rb::atom_manager! {
    pub(super) Atoms: AtomsCookie {
        UTF8_STRING,
        WM_STATE,
        _NET_CLIENT_LIST,
        _NET_CLIENT_LIST_STACKING,
        _NET_WM_NAME,
        _NET_WM_PID,
        _NET_WM_WINDOW_TYPE,
        _NET_WM_WINDOW_TYPE_DESKTOP,
        _NET_WM_WINDOW_TYPE_DOCK,
    }
}

pub(super) struct Display {
    pub(super) connection: RustConnection,
    pub(super) root: Window,
    pub(super) atoms: Atoms,
    /// What changes is told (DAMAGE).
    pub(super) tells_changes: bool,
    /// A window has pixels of its own (Composite).
    pub(super) keeps_windows: bool,
    pub(super) knows_monitors: bool,
    pub(super) shows_pointer: bool,
}

impl Display {
    pub(super) fn open(name: Option<&str>) -> Result<Self, ScreenError> {
        let (connection, number) = x11rb::connect(name)?;
        let screen = connection.setup().roots.get(number).ok_or(ScreenError::Pixels)?;
        let (root, visual) = (screen.root, screen.root_visual);
        let atoms = Atoms::new(&connection)?.reply()?;
        let has = |name| connection.extension_information(name).map(|found| found.is_some());
        // Their other requests are refused before these.
        let shows_pointer = has(xfixes::X11_EXTENSION_NAME)?;
        if shows_pointer {
            xfixes::query_version(&connection, 4, 0)?.reply()?;
        }
        let tells_changes = shows_pointer && has(damage::X11_EXTENSION_NAME)?;
        if tells_changes {
            damage::query_version(&connection, 1, 1)?.reply()?;
        }
        let mut keeps_windows = has(composite::X11_EXTENSION_NAME)?;
        if keeps_windows {
            let version = composite::query_version(&connection, 0, 4)?.reply()?;
            keeps_windows = (version.major_version, version.minor_version) >= (0, 2);
        }
        let mut knows_monitors = has(randr::X11_EXTENSION_NAME)?;
        if knows_monitors {
            let version = randr::query_version(&connection, 1, 5)?.reply()?;
            knows_monitors = (version.major_version, version.minor_version) >= (1, 5);
        }
        let display = Self { connection, root, atoms, tells_changes, keeps_windows, knows_monitors, shows_pointer };
        if !display.is_bgrx(visual) {
            return Err(ScreenError::Pixels);
        }
        Ok(display)
    }

    /// Width and height of everything.
    pub(super) fn size(&self) -> Result<(u16, u16), ScreenError> {
        let geometry = self.connection.get_geometry(self.root)?.reply()?;
        Ok((geometry.width, geometry.height))
    }

    /// Whether a pixel of such a window is four bytes: blue, green, red, and one that does not count.
    pub(super) fn is_bgrx(&self, visual: u32) -> bool {
        let setup = self.connection.setup();
        let depths = setup.roots.iter().flat_map(|screen| &screen.allowed_depths);
        let mut kinds = depths.flat_map(|depth| depth.visuals.iter().map(move |visual| (depth, visual)));
        let is_bgrx = |(depth, visual): (&Depth, &Visualtype)| {
            let mut formats = setup.pixmap_formats.iter().filter(|format| format.depth == depth.depth);
            (visual.red_mask, visual.green_mask, visual.blue_mask) == (0xFF_0000, 0xFF00, 0xFF)
                && formats.any(|format| format.bits_per_pixel == 32)
        };
        setup.image_byte_order == ImageOrder::LSB_FIRST
            && kinds.find(|(_, kind)| kind.visual_id == visual).is_some_and(is_bgrx)
    }

    /// The monitors, each with its name and its part of the display.
    pub(super) fn monitors(&self) -> Result<Vec<(String, Part)>, ScreenError> {
        if !self.knows_monitors {
            return Ok(Vec::new());
        }
        let found = randr::get_monitors(&self.connection, self.root, true)?.reply()?.monitors;
        let mut monitors = Vec::with_capacity(found.len());
        for monitor in found {
            let name = self.connection.get_atom_name(monitor.name)?.reply()?.name;
            let (x, y, width, height) = (monitor.x, monitor.y, monitor.width, monitor.height);
            monitors.push((String::from_utf8_lossy(&name).into_owned(), Part { x, y, width, height }));
        }
        Ok(monitors)
    }
}

/// A rectangle of a drawable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) x: i16,
    pub(super) y: i16,
    pub(super) width: u16,
    pub(super) height: u16,
}

impl Part {
    /// Left, top, right and bottom.
    fn sides(self) -> [i32; 4] {
        let (left, top) = (i32::from(self.x), i32::from(self.y));
        [left, top, left + i32::from(self.width), top + i32::from(self.height)]
    }

    /// What of it lies on a display of this size; `None` if that is too little for a picture.
    pub(super) fn clipped(self, (width, height): (u16, u16)) -> Option<Self> {
        let [left, top, right, bottom] = self.sides();
        let (left, top) = (left.max(0), top.max(0));
        let side =
            |from: i32, to: i32, max: u16| u16::try_from(to.min(i32::from(max)) - from).ok().filter(|side| *side >= 2);
        let (width, height) = (side(left, right, width)?, side(top, bottom, height)?);
        Some(Self { x: left as i16, y: top as i16, width, height })
    }

    pub(super) fn touches(self, other: Self) -> bool {
        let ([left, top, right, bottom], [l, t, r, b]) = (self.sides(), other.sides());
        left < r && l < right && top < b && t < bottom
    }

    pub(super) fn grown(self, by: u16) -> Self {
        let (x, y) = (self.x.saturating_sub_unsigned(by), self.y.saturating_sub_unsigned(by));
        let grown = |side: u16| side.saturating_add(by.saturating_mul(2));
        Self { x, y, width: grown(self.width), height: grown(self.height) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(x: i16, y: i16, width: u16, height: u16) -> Part {
        Part { x, y, width, height }
    }

    #[test]
    fn a_part_is_cut_to_the_display() {
        let display = (100, 50);
        assert_eq!(part(10, 10, 20, 20).clipped(display), Some(part(10, 10, 20, 20)));
        assert_eq!(part(90, -10, 20, 100).clipped(display), Some(part(90, 0, 10, 50)));
        for outside in [part(100, 0, 20, 20), part(0, 49, 20, 20), part(-20, 0, 20, 20), part(i16::MAX, 0, u16::MAX, 9)]
        {
            assert_eq!(outside.clipped(display), None, "{outside:?}");
        }
    }

    #[test]
    fn parts_that_only_meet_do_not_touch() {
        assert!(part(0, 0, 10, 10).touches(part(9, 9, 1, 1)));
        assert!(
            !part(0, 0, 10, 10).touches(part(10, 0, 5, 5)) && !part(0, 0, 10, 10).touches(part(0, 0, 0, 0).grown(0))
        );
        assert!(part(10, 10, 1, 1).grown(2).touches(part(12, 12, 1, 1)));
    }
}
