//! What only the administrator may ask; every call carries the administrator's token.

use protocol::admin::{RoomOverview, RoomOverviews};
use protocol::{ClientId, RoomId};
use reqwest::Method;

use super::{Api, ApiError, path, segment};

impl Api {
    /// Every room, also those that are not listed, and who is inside.
    pub async fn list_all_rooms(&self, token: &str) -> Result<Vec<RoomOverview>, ApiError> {
        let rooms: RoomOverviews = self.ask(self.request(Method::GET, "admin/rooms")?.bearer_auth(token)).await?;
        Ok(rooms.rooms)
    }

    /// Sends everybody away; the room is gone.
    pub async fn close_room(&self, room: &RoomId, token: &str) -> Result<(), ApiError> {
        self.order(Method::DELETE, &format!("admin/{}", path(room, "")), token).await
    }

    /// Sends one client away; it may come back.
    pub async fn kick_client(&self, room: &RoomId, token: &str, client: &ClientId) -> Result<(), ApiError> {
        let below = format!("/clients/{}", segment(client.as_str()));
        self.order(Method::DELETE, &format!("admin/{}", path(room, &below)), token).await
    }
}
