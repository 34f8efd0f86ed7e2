//! The account that one has at the server: what is known of it, and what became of the last wish.

use protocol::{AccountState, ErrorId, ErrorNotice, Registration};

use super::explain;
use crate::AccountWish;

#[derive(Debug, Default)]
pub struct Account {
    /// As the server said last; `None` before its first answer.
    pub state: Option<AccountState>,
    /// What is being asked.
    pub pending: Option<Deed>,
    /// Why the last wish was not fulfilled.
    pub failure: Option<String>,
    /// The last wish that was fulfilled.
    pub done: Option<Deed>,
}

/// What is wished for, without the secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    Look,
    Create,
    SignIn,
    SignOut,
    ChangePassword,
    Delete,
}

impl Account {
    /// The account's name as the server has it, where one is signed in.
    pub fn name(&self) -> Option<&str> {
        self.state.as_ref()?.name.as_deref()
    }

    pub fn registration(&self) -> Option<Registration> {
        self.state.as_ref().map(|state| state.registration)
    }

    pub(super) fn note(&mut self, wish: &AccountWish) {
        self.pending = Some(deed(wish));
        (self.failure, self.done) = (None, None);
    }

    pub(super) fn handle_state(&mut self, state: AccountState, failure: Option<&ErrorNotice>) {
        self.state = Some(state);
        let pending = self.pending.take();
        match failure {
            Some(failure) => self.failure = Some(words(pending, failure)),
            None => self.done = pending,
        }
    }

    pub(super) fn handle_failure(&mut self, failure: &ErrorNotice) {
        // Where nobody asked, nobody waits for an answer.
        if let Some(pending) = self.pending.take() {
            self.failure = Some(words(Some(pending), failure));
        }
    }
}

fn deed(wish: &AccountWish) -> Deed {
    match wish {
        AccountWish::Look => Deed::Look,
        AccountWish::Create(_) => Deed::Create,
        AccountWish::SignIn(_) => Deed::SignIn,
        AccountWish::SignOut { .. } => Deed::SignOut,
        AccountWish::ChangePassword(_) => Deed::ChangePassword,
        AccountWish::Delete(_) => Deed::Delete,
    }
}

/// What a refusal means here, and what to do.
fn words(deed: Option<Deed>, failure: &ErrorNotice) -> String {
    let sentence = match (&failure.id, deed) {
        (ErrorId::WrongPassword, Some(Deed::ChangePassword)) => "The old password is wrong.",
        (ErrorId::WrongPassword, Some(Deed::Delete)) => "The password is wrong. The account is still there.",
        (ErrorId::WrongPassword, _) => "The name or the password is wrong. Check both, and whether Caps Lock is on.",
        (ErrorId::AccountExists, _) => "Somebody has this name already. Choose another one, or sign in if it is you.",
        (ErrorId::InvalidName, _) => "A name has 1 to 64 characters. Choose another one.",
        (ErrorId::InvalidPassword, _) => "A password has 8 to 256 characters. Choose another one.",
        (ErrorId::TooMany, _) => "That was tried too often. Wait a minute, then try again.",
        (ErrorId::AccountsClosed, _) => "This server takes no new accounts. You need none to create or join rooms.",
        (ErrorId::NotSignedIn | ErrorId::InvalidToken, _) => {
            "You were signed out, perhaps on another device. Sign in again."
        }
        _ => return explain(failure),
    };
    sentence.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_password_is_told_for_what_it_was_asked() {
        let wrong = ErrorNotice::new(ErrorId::WrongPassword, "no");
        let told = |deed| words(Some(deed), &wrong);
        let all = [Deed::SignIn, Deed::ChangePassword, Deed::Delete].map(told);
        assert!(all.iter().all(|words| !words.contains("room")), "{all:?}");
        assert!(all[0] != all[1] && all[1] != all[2]);
    }

    #[test]
    fn what_failed_leaves_what_is_known_of_the_account() {
        let mut account = Account::default();
        let state = AccountState { registration: Registration::Open, name: Some("Ann".into()) };
        account.note(&AccountWish::Look);
        account.handle_state(state, None);
        account.note(&AccountWish::SignOut { everywhere: true });
        account.handle_failure(&ErrorNotice::new(ErrorId::Other("unreachable".into()), "it does not answer"));
        assert_eq!((account.name(), account.pending, account.done), (Some("Ann"), None, None));
        assert_eq!(account.failure.as_deref(), Some("It does not answer."));
    }
}
