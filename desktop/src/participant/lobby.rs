//! What a participant asks a server for before it is in a room.

use std::sync::Arc;

use client::api::{Api, ApiError};
use protocol::api::CreateRoom;
use protocol::{ErrorId, ErrorNotice};
use url::Url;

use super::Participant;
use super::inbox::Told;
use super::room::Switchboard;
use crate::{Doubt, Event, NewRoom};

impl Participant {
    /// The API of the server that one is at.
    pub(super) fn api(&self) -> Api {
        Api::new(self.config.server.clone(), self.memory.trusted(&self.config.server))
    }

    pub(super) fn list_rooms(&mut self) {
        let (api, switchboard) = (self.api(), Arc::clone(&self.switchboard));
        let server = self.config.server.clone();
        self.lobby_tasks.spawn_on(
            async move {
                match api.list_rooms().await {
                    Ok(rooms) => switchboard.tell(Event::Rooms(rooms)),
                    Err(error) => switchboard.tell_failure(server, error),
                }
            },
            &self.runtime,
        );
    }

    /// Creates the room; it is joined as soon as it is there.
    pub(super) fn create_room(&mut self, new: NewRoom) {
        let NewRoom { room, password, public, guest_limit, lobby, history } = new;
        let (api, switchboard) = (self.api(), Arc::clone(&self.switchboard));
        let server = self.config.server.clone();
        // Whoever is signed in owns it with the account.
        let token = self.memory.account_token(&server);
        let id = room.as_str().to_owned();
        let wish = CreateRoom { id, password: password.clone(), public, guest_limit, lobby, history, kept: false };
        self.lobby_tasks.spawn_on(
            async move {
                match api.create_room(&wish, token.as_deref()).await {
                    Ok(created) => switchboard.pass(Told::RoomCreated { room, password, token: created.token }),
                    Err(error) => switchboard.tell_failure(server, error),
                }
            },
            &self.runtime,
        );
    }
}

impl Switchboard {
    fn tell_failure(&self, server: Url, error: ApiError) {
        if let ApiError::Untrusted(untrusted) = &error {
            self.tell(Event::Untrusted(Doubt { server, untrusted: untrusted.clone() }));
        }
        self.tell(Event::LobbyFailed(notice(error)));
    }
}

pub(super) fn notice(error: ApiError) -> ErrorNotice {
    match error {
        ApiError::Refused(notice, _) => notice,
        untrusted @ ApiError::Untrusted(_) => {
            ErrorNotice::new(ErrorId::Other(client::UNTRUSTED.to_owned()), untrusted.to_string())
        }
        other @ (ApiError::Absent { .. } | ApiError::Unreachable(_)) => {
            ErrorNotice::new(ErrorId::Other("unreachable".to_owned()), other.to_string())
        }
    }
}
