//! The scripted server's accounts: Ann has one, and everybody may make one.

use protocol::{AccountState, ErrorId, ErrorNotice, Registration};

use super::ScriptedRoom;
use crate::app::default_server;
use crate::memory::KnownAccount;
use crate::{AccountWish, Event};

/// Of Ann's account, at first.
pub const ACCOUNT_PASSWORD: &str = "correct horse";

/// Those who have an account, and who of them is here.
pub(super) struct Accounts {
    known: Vec<(String, String)>,
    here: Option<usize>,
}

impl Accounts {
    pub(super) fn new() -> Self {
        Self { known: vec![("Ann".to_owned(), ACCOUNT_PASSWORD.to_owned())], here: None }
    }

    fn fulfil(&mut self, wish: AccountWish) -> Result<(), ErrorId> {
        match wish {
            AccountWish::Look => {}
            AccountWish::Create(login) => {
                if self.known.iter().any(|(name, _)| *name == login.name) {
                    return Err(ErrorId::AccountExists);
                }
                is_long_enough(&login.password)?;
                self.known.push((login.name, login.password));
                self.here = Some(self.known.len() - 1);
            }
            AccountWish::SignIn(login) => {
                let found =
                    self.known.iter().position(|(name, password)| (name, password) == (&login.name, &login.password));
                self.here = Some(found.ok_or(ErrorId::WrongPassword)?);
            }
            AccountWish::SignOut { .. } => self.here = None,
            AccountWish::ChangePassword(change) => {
                let at = self.own(&change.old_password)?;
                is_long_enough(&change.password)?;
                self.known[at].1 = change.password;
            }
            AccountWish::Delete(proof) => {
                let at = self.own(&proof.password)?;
                self.known.remove(at);
                self.here = None;
            }
        }
        Ok(())
    }

    /// Which one is ours, if the password is right.
    fn own(&self, password: &str) -> Result<usize, ErrorId> {
        let at = self.here.ok_or(ErrorId::NotSignedIn)?;
        if self.known[at].1 == password { Ok(at) } else { Err(ErrorId::WrongPassword) }
    }
}

fn is_long_enough(password: &str) -> Result<(), ErrorId> {
    if password.chars().count() < 8 { Err(ErrorId::InvalidPassword) } else { Ok(()) }
}

impl ScriptedRoom {
    pub(super) fn account(&mut self, wish: AccountWish) {
        let server = self.server.clone().unwrap_or_else(default_server);
        if !self.reachable {
            let failure = ErrorNotice::new(ErrorId::Other("unreachable".to_owned()), "connection refused");
            return self.events.push_back(Event::AccountFailed { server, failure });
        }
        let failure = self.accounts.fulfil(wish).err().map(|id| ErrorNotice::new(id, "no"));
        let name = self.accounts.here.map(|at| self.accounts.known[at].0.clone());
        self.known.accounts =
            name.iter().map(|name| KnownAccount { server: server.clone(), name: name.clone() }).collect();
        self.events.push_back(Event::Known(self.known.clone()));
        let state = AccountState { registration: Registration::Open, name };
        self.events.push_back(Event::Account { server, state, failure });
    }
}
