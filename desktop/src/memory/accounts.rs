//! The account that one has at a server: with it one is the same person on several devices.

use protocol::Role;
use url::Url;

use super::{ACCOUNTS_MAX, KnownAccount, Memory, Secret, root};

impl Memory {
    /// What stands for us at the server, whatever the room.
    pub(crate) fn account_token(&self, server: &Url) -> Option<String> {
        let state = self.lock();
        let (_, Secret(token)) = state.contents.accounts.iter().find(|(known, _)| known.is_at(server))?;
        Some(token.clone())
    }

    /// One is signed in.
    pub(crate) fn sign_in(&self, server: &Url, name: String, token: String) {
        self.change(|contents| {
            contents.accounts.retain(|(known, _)| !known.is_at(server));
            contents.accounts.insert(0, (KnownAccount { server: root(server), name }, Secret(token)));
            contents.accounts.truncate(ACCOUNTS_MAX);
        });
    }

    /// One is not signed in any more, and nobody special where the account was what made one so.
    pub(crate) fn sign_out(&self, server: &Url) {
        self.change(|contents| {
            let before = contents.accounts.len();
            contents.accounts.retain(|(known, _)| !known.is_at(server));
            if contents.accounts.len() == before {
                return;
            }
            let by_account = contents.rooms.iter_mut().filter(|(_, secret)| secret.is_none());
            for (known, _) in by_account.filter(|(known, _)| known.server.origin() == server.origin()) {
                known.role = Role::Guest;
            }
        });
    }
}
