//! The lists of a room as they stand in the file.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use protocol::{ClientId, Role};
use rooms::{AddressMark, BanRecord, InviteHash, InviteId, InviteRecord};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::DatabaseError;

#[derive(Serialize, Deserialize)]
pub(super) struct Ban {
    client: ClientId,
    name: String,
    /// An HMAC, not the address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    by: Option<ClientId>,
    since: u64,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Invite {
    id: String,
    /// SHA-256 of what the link carries.
    hash: String,
    role: Role,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    uses_left: Option<u32>,
    created: u64,
}

impl From<&BanRecord> for Ban {
    fn from(ban: &BanRecord) -> Self {
        Self {
            client: ban.client.clone(),
            name: ban.name.clone(),
            address: ban.address.map(|mark| URL_SAFE_NO_PAD.encode(mark.0)),
            by: ban.by.clone(),
            since: ban.since_s,
        }
    }
}

impl TryFrom<Ban> for BanRecord {
    type Error = DatabaseError;

    fn try_from(ban: Ban) -> Result<Self, DatabaseError> {
        let address = ban.address.as_deref().map(|mark| bytes_of(mark).map(AddressMark)).transpose()?;
        Ok(Self { client: ban.client, name: ban.name, address, by: ban.by, since_s: ban.since })
    }
}

impl From<&InviteRecord> for Invite {
    fn from(invite: &InviteRecord) -> Self {
        Self {
            id: invite.id.as_str().to_owned(),
            hash: URL_SAFE_NO_PAD.encode(invite.hash.0),
            role: invite.role,
            expires: invite.expires_s,
            uses_left: invite.uses_left,
            created: invite.created_s,
        }
    }
}

impl TryFrom<Invite> for InviteRecord {
    type Error = DatabaseError;

    fn try_from(invite: Invite) -> Result<Self, DatabaseError> {
        Ok(Self {
            id: InviteId::new(invite.id),
            hash: InviteHash(bytes_of(&invite.hash)?),
            role: invite.role,
            expires_s: invite.expires,
            uses_left: invite.uses_left,
            created_s: invite.created,
        })
    }
}

fn bytes_of<const N: usize>(text: &str) -> Result<[u8; N], DatabaseError> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(DatabaseError::unreadable)?;
    bytes.try_into().map_err(|_| DatabaseError::unreadable("a hash of another length"))
}

/// A list as it is written.
pub(super) fn write<T: Serialize>(entries: impl IntoIterator<Item = T>) -> Result<String, DatabaseError> {
    serde_json::to_string(&entries.into_iter().collect::<Vec<_>>()).map_err(DatabaseError::unreadable)
}

/// A list as it was written.
pub(super) fn read<S: DeserializeOwned, T: TryFrom<S>>(text: &str) -> Result<Vec<T>, DatabaseError>
where
    DatabaseError: From<T::Error>,
{
    let entries: Vec<S> = serde_json::from_str(text).map_err(DatabaseError::unreadable)?;
    entries.into_iter().map(|entry| Ok(T::try_from(entry)?)).collect()
}
