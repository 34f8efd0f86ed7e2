//! What a participant asks the server's API for about the room that it is in.

use std::future::Future;
use std::sync::Arc;

use client::api::{Api, ApiError};
use protocol::api::{CreateInvite, EditRoom};
use protocol::{ClientId, ErrorId, ErrorNotice, RoomId};

use super::Participant;
use super::inbox::Told;
use super::lobby::notice;
use crate::Event;

/// The room, and what stands for us in it.
struct Desk {
    api: Api,
    room: RoomId,
    token: String,
}

impl Participant {
    pub(super) fn edit_room(&mut self, edit: EditRoom) {
        self.at_the_desk(async move |desk| {
            let details = desk.api.edit_room(&desk.room, &desk.token, &edit).await?;
            Ok(vec![Told::Event(Event::RoomEdited(Box::new(details)))])
        });
    }

    pub(super) fn delete_room(&mut self) {
        self.at_the_desk(async move |desk| {
            desk.api.delete_room(&desk.room, &desk.token).await?;
            Ok(vec![Told::RoomDeleted(desk.room)])
        });
    }

    pub(super) fn list_invites(&mut self) {
        self.at_the_desk(async move |desk| Ok(vec![desk.invites().await?]));
    }

    pub(super) fn create_invite(&mut self, wish: CreateInvite) {
        self.at_the_desk(async move |desk| {
            let made = desk.api.create_invite(&desk.room, &desk.token, &wish).await?;
            Ok(vec![Told::Event(Event::InviteMade(made)), desk.invites().await?])
        });
    }

    pub(super) fn revoke_invite(&mut self, id: String) {
        self.at_the_desk(async move |desk| {
            desk.api.revoke_invite(&desk.room, &desk.token, &id).await?;
            Ok(vec![desk.invites().await?])
        });
    }

    pub(super) fn list_bans(&mut self) {
        self.at_the_desk(async move |desk| Ok(vec![desk.bans().await?]));
    }

    pub(super) fn lift_ban(&mut self, client: ClientId) {
        self.at_the_desk(async move |desk| {
            desk.api.lift_ban(&desk.room, &desk.token, &client).await?;
            Ok(vec![desk.bans().await?])
        });
    }

    /// Asks in the background and tells what came of it.
    fn at_the_desk<F, A>(&mut self, ask: F)
    where
        F: FnOnce(Desk) -> A,
        A: Future<Output = Result<Vec<Told>, ApiError>> + Send + 'static,
    {
        let (Some(room), Some(token)) = (self.room.clone(), self.switchboard.token()) else {
            let why = "this server is of an earlier version and cannot do that";
            return self.switchboard.tell(Event::RoomFailed(ErrorNotice::new(ErrorId::UnknownType, why)));
        };
        let desk = Desk { api: self.api(), room, token };
        let (answer, switchboard) = (ask(desk), Arc::clone(&self.switchboard));
        self.lobby_tasks.spawn_on(
            async move {
                match answer.await {
                    Ok(news) => news.into_iter().for_each(|told| switchboard.pass(told)),
                    Err(error) => switchboard.tell(Event::RoomFailed(notice(error))),
                }
            },
            &self.runtime,
        );
    }
}

impl Desk {
    async fn invites(&self) -> Result<Told, ApiError> {
        self.api.list_invites(&self.room, &self.token).await.map(|invites| Told::Event(Event::Invites(invites)))
    }

    async fn bans(&self) -> Result<Told, ApiError> {
        self.api.list_bans(&self.room, &self.token).await.map(|bans| Told::Event(Event::Bans(bans)))
    }
}
