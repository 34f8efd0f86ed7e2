//! Where rooms come from that outlive the process. A database takes this place later; the engine does not change for it.

use protocol::RoomId;

/// A room that exists from the start and never expires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeptRoom {
    pub room: RoomId,
    pub public: bool,
    /// 0: no limit.
    pub guest_limit: usize,
    /// In PHC form.
    pub password_hash: Option<String>,
}

/// What is known of rooms from before the start.
pub(crate) trait Store: Send + Sync {
    /// The rooms to open at the start.
    fn kept_rooms(&self) -> Vec<KeptRoom>;
}

/// The rooms that the settings name; what people create is forgotten with the process.
#[derive(Debug, Clone, Default)]
pub(crate) struct InMemory {
    rooms: Vec<KeptRoom>,
}

impl InMemory {
    /// Public rooms without a password or a limit.
    pub(crate) fn with_rooms(names: impl IntoIterator<Item = RoomId>) -> Self {
        let open = |room| KeptRoom { room, public: true, guest_limit: 0, password_hash: None };
        Self { rooms: names.into_iter().map(open).collect() }
    }
}

impl Store for InMemory {
    fn kept_rooms(&self) -> Vec<KeptRoom> {
        self.rooms.clone()
    }
}
