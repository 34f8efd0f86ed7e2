//! Accounts, for whoever wants to be the same person on several devices.

use protocol::{AccountState, ChangePassword, Credentials, DeleteAccount, SignedIn};
use reqwest::Method;

use super::{Api, ApiError, carrying};

impl Api {
    /// Whose token it is, and whether one could have an account here.
    pub async fn account(&self, token: Option<&str>) -> Result<AccountState, ApiError> {
        self.ask(carrying(self.request(Method::GET, "account")?, token)).await
    }

    /// Makes an account for the session of `token`, or for a new one. Only the answer's token counts from then on.
    pub async fn create_account(&self, login: &Credentials, token: Option<&str>) -> Result<SignedIn, ApiError> {
        self.ask(carrying(self.request(Method::POST, "account")?.json(login), token)).await
    }

    pub async fn sign_in(&self, login: &Credentials) -> Result<SignedIn, ApiError> {
        self.ask(self.request(Method::POST, "session")?.json(login)).await
    }

    /// On every device. To sign out on this one alone it is enough to forget the token.
    pub async fn sign_out_everywhere(&self, token: &str) -> Result<(), ApiError> {
        self.order(Method::DELETE, "session?everywhere=true", token).await
    }

    /// Only the answer's token counts from then on.
    pub async fn change_password(&self, change: &ChangePassword, token: &str) -> Result<SignedIn, ApiError> {
        self.ask(self.request(Method::PATCH, "account")?.bearer_auth(token).json(change)).await
    }

    pub async fn delete_account(&self, proof: &DeleteAccount, token: &str) -> Result<(), ApiError> {
        self.send(self.request(Method::DELETE, "account")?.bearer_auth(token).json(proof)).await.map(|_| ())
    }
}
