//! What whoever runs the server may see of all rooms.

use std::time::Instant;

use protocol::admin::{ClientOverview, RoomOverview};

use super::Rooms;

/// How much there is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Census {
    pub rooms: usize,
    pub public: usize,
    /// Seats that are taken, connected or not.
    pub seats: usize,
    /// Seats whose holder has an open channel.
    pub connected: usize,
}

impl Rooms {
    /// Every room, public or not, by name, and who is inside in join order.
    pub fn overview(&self, now: Instant) -> Vec<RoomOverview> {
        self.directory
            .rooms()
            .map(|room| RoomOverview {
                room: room.summary(now),
                kept: room.door.kept,
                clients: room
                    .seats
                    .values()
                    .map(|seat| {
                        let info = seat.info(room.role_of(&seat.client));
                        ClientOverview {
                            id: info.id,
                            username: info.username,
                            role: info.role,
                            connected: seat.is_connected(),
                            unstable: info.unstable,
                        }
                    })
                    .collect(),
            })
            .collect()
    }

    pub fn census(&self) -> Census {
        let mut census = Census::default();
        for room in self.directory.rooms() {
            census.rooms += 1;
            census.public += usize::from(room.door.public);
            census.seats += room.seats.len();
            census.connected += room.connected().count();
        }
        census
    }
}
