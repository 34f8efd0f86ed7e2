//! What is asked of the accounts, what they answer, and what they want done.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use protocol::{AccountKey, AccountName, AccountPassword, ErrorId, ErrorNotice, Registration, admin, limits};
use thiserror::Error;

use crate::SessionId;
use crate::bucket::Rate;

/// How the accounts are run.
#[derive(Debug, Clone, Copy)]
pub struct AccountsConfig {
    pub registration: Registration,
    /// Wrong passwords a minute: per address, and per account. So many may also come at once.
    pub wrong_passwords_per_minute: (u32, u32),
    /// Accounts made per address: the first ones free, then so many an hour.
    pub accounts_per_address: (u32, u32),
    /// Password attempts that may wait for their turn, in all.
    pub waiting_attempts: usize,
}

impl Default for AccountsConfig {
    fn default() -> Self {
        Self {
            registration: Registration::Open,
            wrong_passwords_per_minute: (limits::WRONG_PASSWORDS_PER_MINUTE.0, limits::WRONG_PASSWORDS_PER_ACCOUNT),
            accounts_per_address: limits::ACCOUNTS_PER_ADDRESS,
            waiting_attempts: 1_024,
        }
    }
}

impl AccountsConfig {
    /// Of accounts made, and of wrong passwords from an address and at an account.
    pub(super) fn rates(&self) -> [Rate; 3] {
        let (free, per_hour) = self.accounts_per_address;
        let (per_address, per_account) = self.wrong_passwords_per_minute;
        let a_minute = |count| Rate::new(count, Duration::from_mins(1), count);
        [Rate::new(per_hour, Duration::from_hours(1), free), a_minute(per_address), a_minute(per_account)]
    }
}

/// One request on its way to its [`AccountReply`]. The shell numbers them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountRequestId(pub u64);

/// One piece of slow work for the accounts. The core numbers them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountJob(pub u64);

/// What someone wants of the accounts. A `session` is one whose token the shell has seen and found good.
#[derive(Debug, Clone)]
pub enum AccountRequest {
    /// An account for the session.
    Register {
        session: SessionId,
        name: AccountName,
        password: AccountPassword,
        from: IpAddr,
    },
    SignIn {
        name: AccountName,
        password: AccountPassword,
        from: IpAddr,
    },
    ChangePassword {
        session: SessionId,
        old: AccountPassword,
        new: AccountPassword,
        from: IpAddr,
    },
    SignOutEverywhere {
        session: SessionId,
    },
    Delete {
        session: SessionId,
        password: AccountPassword,
        from: IpAddr,
    },
    /// Whose session is it?
    Tell {
        session: Option<SessionId>,
    },
    /// For an administrator, as what follows.
    List,
    Remove {
        name: AccountName,
    },
    Reset {
        name: AccountName,
        password: AccountPassword,
    },
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountReply {
    /// The session belongs to the account: from now on its tokens carry its generation.
    SignedIn {
        name: AccountName,
        session: SessionId,
    },
    Told {
        registration: Registration,
        name: Option<AccountName>,
    },
    /// What was to end has ended.
    Done,
    /// By name.
    Listed(Vec<admin::AccountOverview>),
    Refused(AccountError),
}

/// What the shell does for the accounts. Every job comes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountEffect {
    Reply {
        request: AccountRequestId,
        reply: AccountReply,
    },
    /// Comes back by [`Accounts::handle_hashed`](super::Accounts::handle_hashed).
    Hash {
        job: AccountJob,
        password: AccountPassword,
    },
    /// Comes back by [`Accounts::handle_verified`](super::Accounts::handle_verified). Without a hash there is no such
    /// account: the answer is no, and takes as long as any other.
    Verify {
        job: AccountJob,
        password: AccountPassword,
        hash: Option<String>,
    },
    /// Comes back by [`Accounts::handle_kept`](super::Accounts::handle_kept).
    Keep {
        job: AccountJob,
        change: AccountChange,
    },
    /// Tokens of other generations count no more, and connections that were made with them end.
    Outdate {
        session: SessionId,
        generation: u64,
    },
}

/// An account as it is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct AccountRecord {
    pub name: AccountName,
    /// In PHC form.
    pub password_hash: String,
    pub session: SessionId,
    pub generation: u64,
    /// Seconds since 1970.
    pub created_s: u64,
}

/// Hashes stay out of logs.
impl fmt::Debug for AccountRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountRecord").field("generation", &self.generation).finish_non_exhaustive()
    }
}

/// One thing to keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountChange {
    /// The whole account as it is now.
    Save(Box<AccountRecord>),
    /// The account is gone; of its session stays which of its tokens would count.
    Forget { key: AccountKey, session: SessionId, generation: u64 },
}

/// What was kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoredAccounts {
    pub accounts: Vec<AccountRecord>,
    /// Of every session that ever had an account.
    pub generations: Vec<(SessionId, u64)>,
}

/// Why a request was refused.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum AccountError {
    #[error("this server makes no new accounts")]
    Closed,
    #[error("this server has no accounts")]
    Off,
    #[error("an account of this name exists already; choose another name, or sign in")]
    Exists,
    #[error("there is no account of this name")]
    Unknown,
    /// Of an account that is not there too.
    #[error("the name or the password is wrong")]
    WrongPassword,
    #[error("too many wrong passwords; try again in a minute")]
    TooManyPasswords,
    #[error("too many accounts were made from this address; try again later")]
    TooManyAccounts,
    #[error("the account is being changed at this moment; try again")]
    Busy,
    #[error("sign in first")]
    NotSignedIn,
    #[error("you are signed in already; sign out first")]
    SignedIn,
    #[error("it could not be stored; try again in a moment")]
    NotKept,
}

impl AccountError {
    /// The identifier that programs match on.
    pub const fn id(self) -> ErrorId {
        match self {
            Self::Closed | Self::Off => ErrorId::AccountsClosed,
            Self::Exists => ErrorId::AccountExists,
            Self::Unknown => ErrorId::UnknownAccount,
            Self::WrongPassword => ErrorId::WrongPassword,
            Self::TooManyPasswords | Self::TooManyAccounts | Self::Busy => ErrorId::TooMany,
            Self::NotSignedIn => ErrorId::NotSignedIn,
            Self::SignedIn => ErrorId::SignedIn,
            Self::NotKept => ErrorId::Internal,
        }
    }
}

impl From<AccountError> for ErrorNotice {
    fn from(error: AccountError) -> Self {
        Self::new(error.id(), error.to_string())
    }
}
