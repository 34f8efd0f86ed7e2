//! What a participant asks a server about its account there, and what is remembered of the answers.

use std::sync::Arc;

use client::api::{Api, ApiError};
use protocol::{AccountState, ErrorId, ErrorNotice};
use url::Url;

use super::Participant;
use super::lobby::notice;
use crate::memory::{Memory, host};
use crate::{AccountWish, Event};

/// One server's accounts, and what is known of ours.
struct Registry {
    api: Api,
    server: Url,
    memory: Memory,
}

impl Participant {
    /// Whether one is still who one was: otherwise one would enter rooms as somebody else and not know it.
    pub(super) fn check_account(&mut self) {
        if self.memory.account_token(&self.config.server).is_some() {
            self.ask_account(AccountWish::Look);
        }
    }

    pub(super) fn ask_account(&mut self, wish: AccountWish) {
        let registry = Registry { api: self.api(), server: self.config.server.clone(), memory: self.memory.clone() };
        let switchboard = Arc::clone(&self.switchboard);
        self.lobby_tasks.spawn_on(
            async move {
                let is_look = wish == AccountWish::Look;
                let was_signed_in = registry.memory.account_token(&registry.server).is_some();
                let error = registry.fulfil(wish).await.err();
                if error.as_ref().is_some_and(is_signed_out) {
                    registry.memory.sign_out(&registry.server);
                }
                // Also after a failure: another device may have changed what is so.
                let state = registry.state().await;
                switchboard.tell_known();
                let server = registry.server;
                match (error, state) {
                    // Nobody here wanted that.
                    (None, Ok(state)) if is_look && was_signed_in && state.name.is_none() => {
                        let failure = ErrorNotice::new(ErrorId::NotSignedIn, "signed out elsewhere");
                        switchboard.tell(Event::Notice(format!(
                            "You were signed out of your account at {}, perhaps on another device. Sign in again.",
                            host(&server)
                        )));
                        switchboard.tell(Event::Account { server, state, failure: Some(failure) });
                    }
                    (None, Ok(state)) => switchboard.tell(Event::Account { server, state, failure: None }),
                    (Some(error), Ok(state)) => {
                        switchboard.tell(Event::Account { server, state, failure: Some(notice(error)) });
                    }
                    (Some(error), Err(_)) | (None, Err(error)) => {
                        switchboard.tell(Event::AccountFailed { server, failure: notice(error) });
                    }
                }
            },
            &self.runtime,
        );
    }
}

impl Registry {
    async fn fulfil(&self, wish: AccountWish) -> Result<(), ApiError> {
        let signed_in = match wish {
            AccountWish::Look => return Ok(()),
            AccountWish::Create(login) => self.api.create_account(&login, None).await?,
            AccountWish::SignIn(login) => self.api.sign_in(&login).await?,
            AccountWish::SignOut { everywhere } => {
                if everywhere {
                    self.api.sign_out_everywhere(&self.token()).await?;
                }
                self.memory.sign_out(&self.server);
                return Ok(());
            }
            AccountWish::ChangePassword(change) => self.api.change_password(&change, &self.token()).await?,
            AccountWish::Delete(proof) => {
                self.api.delete_account(&proof, &self.token()).await?;
                self.memory.sign_out(&self.server);
                return Ok(());
            }
        };
        self.memory.sign_in(&self.server, signed_in.name, signed_in.token);
        Ok(())
    }

    /// Without one the server answers that one is not signed in.
    fn token(&self) -> String {
        self.memory.account_token(&self.server).unwrap_or_default()
    }

    /// What the server says of us. A token that it does not know any more is forgotten.
    async fn state(&self) -> Result<AccountState, ApiError> {
        let token = self.memory.account_token(&self.server);
        let state = match self.api.account(token.as_deref()).await {
            Err(error) if token.is_some() && is_signed_out(&error) => self.api.account(None).await?,
            answer => answer?,
        };
        // Perhaps one has signed in meanwhile.
        if token.is_some() && state.name.is_none() && self.memory.account_token(&self.server) == token {
            self.memory.sign_out(&self.server);
        }
        Ok(state)
    }
}

fn is_signed_out(error: &ApiError) -> bool {
    matches!(error.id(), Some(ErrorId::NotSignedIn | ErrorId::InvalidToken))
}
