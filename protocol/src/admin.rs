//! Bodies of the administrator's API under `/api/v1/admin`; each request carries the administrator's token.
//!
//! | Route | Answer |
//! |---|---|
//! | `GET /api/v1/admin/rooms` | [`RoomOverviews`] |
//! | `DELETE /api/v1/admin/rooms/{room}` | 204: everybody is sent away, the room is gone |
//! | `DELETE /api/v1/admin/rooms/{room}/clients/{client}` | 204: the client is sent away |
//! | `GET /api/v1/admin/accounts` | [`AccountOverviews`] |
//! | `DELETE /api/v1/admin/accounts/{name}` | 204: the account is gone |
//! | `POST /api/v1/admin/accounts/{name}/password` | [`NewPassword`]: the old one opens nothing any more |

use serde::{Deserialize, Serialize};

use crate::api::RoomSummary;
use crate::{ClientId, Role};

/// Every room, by name.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RoomOverviews {
    pub rooms: Vec<RoomOverview>,
}

/// A room as whoever runs the server sees it.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomOverview {
    pub room: RoomSummary,
    /// It never expires.
    pub kept: bool,
    /// In the order in which they came.
    pub clients: Vec<ClientOverview>,
}

/// Someone in a room.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientOverview {
    pub id: ClientId,
    /// What the client calls itself: anybody may call themselves anything.
    pub username: String,
    #[serde(default, skip_serializing_if = "Role::is_guest")]
    pub role: Role,
    /// Otherwise the seat awaits its holder.
    pub connected: bool,
    /// It has said nothing for a while.
    pub unstable: bool,
}

/// Every account, by name.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AccountOverviews {
    pub accounts: Vec<AccountOverview>,
}

/// An account as whoever runs the server sees it.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountOverview {
    pub name: String,
    /// Seconds since 1970.
    pub created: u64,
}

/// What the server chose in the place of a password that was lost.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewPassword {
    pub password: String,
}

impl std::fmt::Debug for NewPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NewPassword(secret)")
    }
}
