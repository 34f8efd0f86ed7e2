//! What someone shows at a room's door besides a password: an invite, another application's word, a name.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use protocol::{ErrorId, Role, RoomId, Username};
use rooms::{InviteHash, Pass, RoomError};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::caller::{Caller, Token};
use super::failure::Failure;
use super::{App, unix_time};
use crate::join_key::TokenError;

/// Nobody guesses so many.
const SECRET_BYTES: usize = 16;

/// The secret of an invite.
pub(crate) struct Invitation([u8; SECRET_BYTES]);

impl Invitation {
    /// One that nobody had before.
    pub(crate) fn draw() -> Self {
        Self(rand::random())
    }

    pub(crate) fn read(token: &str) -> Option<Self> {
        // Longer than any: not worth decoding.
        if token.len() > 64 {
            return None;
        }
        Some(Self(URL_SAFE_NO_PAD.decode(token).ok()?.try_into().ok()?))
    }

    /// What its link carries.
    pub(crate) fn token(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// What the room keeps of it: the secret cannot be read back.
    pub(crate) fn hash(&self) -> InviteHash {
        InviteHash(Sha256::digest(self.0).into())
    }
}

/// What came with a request, in its body or behind a page's address; an empty text counts as none.
#[derive(Clone, Default, Deserialize)]
pub(crate) struct Shown {
    pub invite: Option<String>,
    pub join_token: Option<String>,
    pub name: Option<String>,
}

impl Shown {
    /// What it is worth. A join token's name goes before the one that a person gives, and that before the one that the
    /// browser keeps.
    pub(crate) fn at_the_door(
        self,
        app: &App,
        caller: &Caller,
        room: &RoomId,
    ) -> Result<(Pass, Option<Username>), Failure> {
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        let name =
            given(self.name).map(|name| Username::parse(&name)).transpose()?.or_else(|| caller.kept_name.clone());
        if let Some(token) = given(self.join_token) {
            let key = app.0.credentials.join_key().ok_or(TokenError::NoKey)?;
            let voucher = key.open(&token, room, unix_time())?;
            return Ok((Pass::Token(voucher.role), voucher.name.or(name)));
        }
        if let Some(token) = given(self.invite) {
            let invitation = Invitation::read(&token).ok_or(RoomError::InvalidInvite)?;
            return Ok((Pass::Invite(invitation.hash()), name));
        }
        // An administrator comes in everywhere.
        let pass = if caller.bearer == Token::Administrator { Pass::Token(Role::Moderator) } else { Pass::None };
        Ok((pass, name))
    }
}

impl From<TokenError> for Failure {
    fn from(error: TokenError) -> Self {
        Self::new(ErrorId::InvalidToken, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invite_is_known_by_its_hash() {
        let invitation = Invitation::draw();
        let token = invitation.token();
        assert_eq!(token.len(), 22);
        assert_eq!(Invitation::read(&token).map(|read| read.hash()), Some(invitation.hash()));
        assert_ne!(Invitation::draw().hash(), invitation.hash());
        for bad in ["", "AAAA", &token[1..], &format!("{token}A"), &format!("{token}=="), &"A".repeat(65)] {
            assert!(Invitation::read(bad).is_none(), "{bad}");
        }
    }
}
