//! Whether something has changed in what is shared, as far as the display tells (DAMAGE).

use x11rb::connection::Connection;
use x11rb::protocol::damage::{self, ReportLevel};
use x11rb::protocol::xfixes;

use super::ScreenError;
use super::display::{Display, Part};

/// Drawing that has not been seen yet.
#[derive(Debug)]
pub(super) enum Changes {
    Told {
        damage: damage::Damage,
        /// Where the display puts what has changed.
        region: xfixes::Region,
        rings: bool,
    },
    /// The display says nothing: every picture may be another one.
    Untold,
}

impl Changes {
    pub(super) fn of(display: &Display, window: u32) -> Result<Self, ScreenError> {
        if !display.tells_changes {
            return Ok(Self::Untold);
        }
        let connection = &display.connection;
        let (damage, region) = (connection.generate_id()?, connection.generate_id()?);
        damage::create(connection, damage, window, ReportLevel::NON_EMPTY)?;
        xfixes::create_region(connection, region, &[])?;
        Ok(Self::Told { damage, region, rings: false })
    }

    pub(super) fn handle(&mut self, event: damage::NotifyEvent) {
        if let Self::Told { damage, rings, .. } = self
            && event.damage == *damage
        {
            *rings = true;
        }
    }

    /// Whether something has changed in this part since the last time that this was asked.
    pub(super) fn touch(&mut self, display: &Display, part: Part) -> Result<bool, ScreenError> {
        let Self::Told { damage, region, rings } = self else { return Ok(true) };
        if !std::mem::take(rings) {
            return Ok(false);
        }
        // Before the picture is taken: what changes while it is taken is told again.
        damage::subtract(&display.connection, *damage, x11rb::NONE, *region)?;
        let changed = xfixes::fetch_region(&display.connection, *region)?.reply()?.rectangles;
        Ok(changed.iter().any(|one| Part { x: one.x, y: one.y, width: one.width, height: one.height }.touches(part)))
    }
}
