//! What only the administrator may ask; every call carries the administrator's token.

use protocol::admin::{AccountOverview, AccountOverviews, NewPassword, RoomOverview, RoomOverviews};
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

    /// Everyone who has an account.
    pub async fn list_accounts(&self, token: &str) -> Result<Vec<AccountOverview>, ApiError> {
        let list: AccountOverviews = self.ask(self.request(Method::GET, "admin/accounts")?.bearer_auth(token)).await?;
        Ok(list.accounts)
    }

    /// Ends an account; its tokens count no more.
    pub async fn remove_account(&self, name: &str, token: &str) -> Result<(), ApiError> {
        self.order(Method::DELETE, &format!("admin/accounts/{}", segment(name)), token).await
    }

    /// A new password for whoever lost theirs, chosen by the server. The account's tokens count no more.
    pub async fn reset_password(&self, name: &str, token: &str) -> Result<String, ApiError> {
        let path = format!("admin/accounts/{}/password", segment(name));
        let chosen: NewPassword = self.ask(self.request(Method::POST, &path)?.bearer_auth(token)).await?;
        Ok(chosen.password)
    }
}
