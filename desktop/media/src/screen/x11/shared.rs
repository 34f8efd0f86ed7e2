//! Memory that the display writes its pixels into (MIT-SHM), so that they are not sent through a socket.
#![allow(unsafe_code)]

use memmap2::{MmapMut, MmapOptions};
use x11rb::connection::{Connection, RequestConnection};
use x11rb::protocol::shm::{self, Seg};
use x11rb::protocol::xproto::{Drawable, ImageFormat};
use x11rb::rust_connection::RustConnection;

use super::ScreenError;
use super::display::Part;

/// With this version, segments are files that are passed along with a request.
const VERSION_MIN: (u16, u16) = (1, 2);

#[derive(Debug, Default)]
pub(super) struct Shared {
    segment: Option<Segment>,
}

#[derive(Debug)]
struct Segment {
    id: Seg,
    memory: MmapMut,
}

impl Shared {
    /// `None` if the display cannot share memory with us.
    pub(super) fn if_supported(connection: &RustConnection) -> Result<Option<Self>, ScreenError> {
        if connection.extension_information(shm::X11_EXTENSION_NAME)?.is_none() {
            return Ok(None);
        }
        let version = shm::query_version(connection)?.reply()?;
        if (version.major_version, version.minor_version) < VERSION_MIN {
            return Ok(None);
        }
        // A display on another machine has the extension, but its memory is out of reach.
        let mut shared = Self::default();
        Ok(shared.reserve(connection, 4096).is_ok().then_some(shared))
    }

    /// The pixels of a part, four bytes each.
    pub(super) fn grab(
        &mut self,
        connection: &RustConnection,
        drawable: Drawable,
        part: Part,
    ) -> Result<&mut [u8], ScreenError> {
        let Part { x, y, width, height } = part;
        let bytes = u32::from(width) * u32::from(height) * 4;
        let segment = self.reserve(connection, bytes)?;
        let form = ImageFormat::Z_PIXMAP.into();
        shm::get_image(connection, drawable, x, y, width, height, !0, form, segment.id, 0)?.reply()?;
        Ok(&mut segment.memory)
    }

    /// A segment of at least so many bytes.
    fn reserve(&mut self, connection: &RustConnection, bytes: u32) -> Result<&mut Segment, ScreenError> {
        match self.segment.take() {
            Some(segment) if segment.memory.len() >= bytes as usize => Ok(self.segment.insert(segment)),
            old => {
                if let Some(old) = old {
                    shm::detach(connection, old.id)?;
                }
                Ok(self.segment.insert(create(connection, bytes)?))
            }
        }
    }
}

fn create(connection: &RustConnection, bytes: u32) -> Result<Segment, ScreenError> {
    let id = connection.generate_id()?;
    let file = shm::create_segment(connection, id, bytes, false)?.reply()?.shm_fd;
    // SAFETY: the display writes into this memory only while it answers `get_image`; we look at it only after the
    // answer, through a borrow of `Shared` that the next request needs for itself. The display is the person's own: one
    // that truncates the file could end this program in simpler ways.
    let memory = unsafe { MmapOptions::new().len(bytes as usize).map_mut(&file)? };
    Ok(Segment { id, memory })
}
