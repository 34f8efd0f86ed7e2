//! Accounts: a name and a password to which a session is bound, so that its owner is the same person on every device.
//! No I/O, no clock, like everything here; the shell hashes, stores, and hands out the tokens.
//!
//! Each session has a *generation*, which its tokens carry. It begins at 0 and rises when an account is made for the
//! session, when the password changes, when its owner signs out everywhere and when the account ends: every token from
//! before counts no more.

mod book;
#[cfg(test)]
mod tests;
mod words;

pub use book::Accounts;
pub use words::{
    AccountChange, AccountEffect, AccountError, AccountJob, AccountRecord, AccountReply, AccountRequest,
    AccountRequestId, AccountsConfig, StoredAccounts,
};
