//! What a participant asks a server for before it is in a room.

use std::sync::Arc;

use client::api::{Api, ApiError};
use protocol::api::CreateRoom;
use protocol::{ErrorId, ErrorNotice, RoomId};

use super::Participant;
use super::inbox::Told;
use crate::Event;

impl Participant {
    pub(super) fn list_rooms(&mut self) {
        let (api, switchboard) = (Api::new(self.config.server.clone()), Arc::clone(&self.switchboard));
        self.lobby_tasks.spawn_on(
            async move {
                switchboard.pass(match api.list_rooms().await {
                    Ok(rooms) => Told::Event(Event::Rooms(rooms)),
                    Err(error) => Told::Event(Event::LobbyFailed(notice(error))),
                });
            },
            &self.runtime,
        );
    }

    /// Creates the room; it is joined as soon as it is there.
    pub(super) fn create_room(&mut self, room: RoomId, password: Option<String>, public: bool, guest_limit: usize) {
        let (api, switchboard) = (Api::new(self.config.server.clone()), Arc::clone(&self.switchboard));
        let id = room.as_str().to_owned();
        let wish = CreateRoom { id, password: password.clone(), public, guest_limit, ..CreateRoom::default() };
        self.lobby_tasks.spawn_on(
            async move {
                switchboard.pass(match api.create_room(&wish, None).await {
                    Ok(created) => Told::RoomCreated { room, password, token: created.token },
                    Err(error) => Told::Event(Event::LobbyFailed(notice(error))),
                });
            },
            &self.runtime,
        );
    }
}

pub(super) fn notice(error: ApiError) -> ErrorNotice {
    match error {
        ApiError::Refused(notice, _) => notice,
        other @ (ApiError::Absent { .. } | ApiError::Unreachable(_)) => {
            ErrorNotice::new(ErrorId::Other("unreachable".to_owned()), other.to_string())
        }
    }
}
