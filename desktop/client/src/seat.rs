//! Taking a seat in the room, on whichever kind of server there is, and keeping it.

#[cfg(test)]
mod tests;

use std::time::Duration;

use protocol::api::{CreateRoom, JoinRoom};
use protocol::{ErrorId, ErrorNotice};
use session::{JoinFailure, Joined};

use crate::api::{Admission, Api, ApiError};
use crate::classic::{Classic, ClassicSeat};
use crate::{Options, Untrusted};

/// Names the refusal that is our own.
pub const UNTRUSTED: &str = "untrusted-server";

/// What came of the wish for a seat.
pub(crate) struct Outcome {
    pub(crate) answer: Result<Joined, JoinFailure>,
    /// While one knocks: what stands for the knock.
    pub(crate) seat: Option<Seat>,
    /// The server may be somebody else's.
    pub(crate) doubt: Option<Untrusted>,
}

/// What stands for our seat.
#[derive(Debug, Clone)]
pub(crate) enum Seat {
    /// The token of a server of ours: of a seat, or of a knock.
    Token(String),
    Classic(ClassicSeat),
}

/// The server as the one who wants a seat sees it. Cheap to clone; clones share their cookies.
#[derive(Debug, Clone)]
pub(crate) struct Entrance {
    options: Options,
    api: Api,
    classic: Classic,
}

impl Entrance {
    pub(crate) fn new(options: Options) -> Self {
        let api = Api::new(options.server.clone(), options.trust);
        let classic = Classic::new(options.server.clone(), options.trust);
        Self { options, api, classic }
    }

    /// The seat that one had before, or none.
    pub(crate) fn seat_before(&self) -> Option<Seat> {
        self.options.token.clone().map(Seat::Token)
    }

    /// Takes a seat: the one that was ours `before`, if there was one and the server still knows it.
    pub(crate) async fn join(&self, before: Option<Seat>) -> Outcome {
        let joined = match before {
            Some(Seat::Token(token)) => self.join_ours(Some(&token)).await,
            Some(Seat::Classic(_)) => self.join_classic().await,
            None => match self.join_ours(None).await {
                Err(ApiError::Absent { .. }) => self.join_classic().await,
                joined => joined,
            },
        };
        match joined {
            Ok((answer, seat)) => Outcome { answer, seat: Some(seat), doubt: None },
            Err(ApiError::Untrusted(doubt)) => {
                let notice = ErrorNotice::new(ErrorId::Other(UNTRUSTED.to_owned()), doubt.to_string());
                Outcome { answer: Err(JoinFailure::Refused(notice)), seat: None, doubt: Some(doubt) }
            }
            Err(error) => Outcome { answer: Err(failure(error)), seat: None, doubt: None },
        }
    }

    /// Exchanges the offer of the data channel's connection for the server's answer.
    pub(crate) async fn offer(&self, seat: &Seat, sdp: &str) -> Result<String, ApiError> {
        match seat {
            Seat::Token(token) => self.api.offer(&self.options.room, token, sdp).await,
            Seat::Classic(seat) => self.classic.offer(seat, &self.options.room, sdp).await,
        }
    }

    /// Frees the seat, where there is a way to say so beside the data channel.
    pub(crate) async fn leave(&self, seat: &Seat) -> Result<(), ApiError> {
        match seat {
            Seat::Token(token) => self.api.leave(&self.options.room, token).await,
            Seat::Classic(_) => Ok(()),
        }
    }

    async fn join_ours(&self, token: Option<&str>) -> Result<Answer, ApiError> {
        let Options { room, password, create, invite, username, .. } = &self.options;
        let pass = JoinRoom {
            password: password.clone(),
            invite: invite.clone(),
            join_token: None,
            name: Some(username.as_str().to_owned()),
        };
        let mut joined = self.api.join(room, &pass, token).await;
        if token.is_some() && is_refused(&joined, &[ErrorId::UnknownClient, ErrorId::WrongRoom]) {
            // The server has forgotten us: a new seat is as good.
            joined = self.api.join(room, &pass, None).await;
        }
        if token.is_some() && invite.is_some() && is_refused(&joined, &[ErrorId::InvalidInvite]) {
            // It has done its work when we came in with it.
            joined = self.api.join(room, &JoinRoom { invite: None, ..pass.clone() }, token).await;
        }
        if *create && is_refused(&joined, &[ErrorId::UnknownRoom]) {
            let wanted =
                CreateRoom { id: room.as_str().to_owned(), password: password.clone(), ..CreateRoom::default() };
            let created = match self.api.create_room(&wanted, token).await {
                Ok(created) => Some(created.token),
                // Somebody else was faster: that room is as good.
                Err(error) if error.id() == Some(&ErrorId::RoomExists) => None,
                Err(error) => return Err(error),
            };
            // Whoever comes with the room's token owns it.
            let owner = created.filter(|token| !token.is_empty());
            joined = self.api.join(room, &pass, owner.as_deref().or(token)).await;
        }
        Ok(match joined? {
            Admission::Seated(seat) => {
                (Ok(Joined { client_id: Some(seat.client_id), ours: true }), Seat::Token(seat.token))
            }
            Admission::Waiting(waiting) => {
                let retry_after = Duration::from_millis(waiting.retry_after_ms);
                (Err(JoinFailure::Knocking { retry_after }), Seat::Token(waiting.token))
            }
        })
    }

    async fn join_classic(&self) -> Result<Answer, ApiError> {
        let Options { room, password, create, .. } = &self.options;
        let seat = self.classic.join(room, password.as_deref(), *create).await?;
        Ok((Ok(Joined { client_id: None, ours: false }), Seat::Classic(seat)))
    }
}

/// The server's answer, and what stands for us from now on.
type Answer = (Result<Joined, JoinFailure>, Seat);

fn is_refused<T>(result: &Result<T, ApiError>, ids: &[ErrorId]) -> bool {
    matches!(result, Err(ApiError::Refused(notice, _)) if ids.contains(&notice.id))
}

/// A refusal is final, unless time heals it.
fn failure(error: ApiError) -> JoinFailure {
    match error {
        ApiError::Refused(notice, _)
            if matches!(notice.id, ErrorId::TooMany | ErrorId::ShuttingDown | ErrorId::Internal) =>
        {
            JoinFailure::Unreachable(notice.message)
        }
        ApiError::Refused(notice, _) => JoinFailure::Refused(notice),
        ApiError::Absent { .. } | ApiError::Untrusted(_) | ApiError::Unreachable(_) => {
            JoinFailure::Unreachable(error.to_string())
        }
    }
}
