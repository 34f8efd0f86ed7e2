//! What proves who may do more than others: the administrator's token and the join key, exchanged while the server runs.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Instant;

use thiserror::Error;

use crate::engine::Rate;
use crate::join_key::{JoinKey, JoinKeyError};
use crate::secret::{Secret, SecretError};
use crate::settings::Settings;

/// What was read from files.
struct Known {
    /// Without one there is no administration.
    admin_token: Option<Secret>,
    join_key: Option<Arc<JoinKey>>,
}

/// Everything that is compared with what a request brings.
pub(crate) struct Credentials {
    known: RwLock<Arc<Known>>,
    /// Wrong tokens of an administrator, by address.
    wrong: Mutex<Rate>,
}

/// What a token is that might be the administrator's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Right,
    Wrong,
    /// Too many wrong ones came from there: this one was not even looked at.
    TooMany,
    /// There is no administrator.
    Nobody,
}

/// Why they cannot be used.
#[derive(Debug, Error)]
pub(crate) enum CredentialError {
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error(transparent)]
    JoinKey(#[from] JoinKeyError),
}

impl Credentials {
    pub(crate) fn open(settings: &Settings) -> Result<Self, CredentialError> {
        let per_minute = settings.limits.wrong_admin_tokens_per_address;
        let wrong = Mutex::new(Rate::per_minute(per_minute, per_minute));
        Ok(Self { known: RwLock::new(Arc::new(Known::read(settings)?)), wrong })
    }

    /// Reads the files again. Whatever is wrong with one of them: both stay as they were.
    pub(crate) fn reload(&self, settings: &Settings) -> Result<(), CredentialError> {
        let known = Arc::new(Known::read(settings)?);
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = known;
        let per_minute = settings.limits.wrong_admin_tokens_per_address;
        self.wrong.lock().unwrap_or_else(PoisonError::into_inner).set(per_minute, per_minute);
        Ok(())
    }

    pub(crate) fn join_key(&self) -> Option<Arc<JoinKey>> {
        self.known().join_key.clone()
    }

    /// Only wrong ones count. Asking many at once gains nobody a guess.
    pub(crate) fn judge(&self, token: &str, from: IpAddr, now: Instant) -> Verdict {
        let known = self.known();
        let Some(admin_token) = &known.admin_token else { return Verdict::Nobody };
        let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        if !wrong.has_token(from, now) {
            return Verdict::TooMany;
        }
        if admin_token.is(token) {
            return Verdict::Right;
        }
        wrong.admits(from, now);
        Verdict::Wrong
    }

    fn known(&self) -> Arc<Known> {
        Arc::clone(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Known {
    fn read(settings: &Settings) -> Result<Self, CredentialError> {
        let admin_token = settings.admin_token_file.as_deref().map(Secret::read).transpose()?;
        let join_key = settings.join_key.as_deref().map(JoinKey::read).transpose()?.map(Arc::new);
        Ok(Self { admin_token, join_key })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use clap::Parser;

    use super::*;

    #[test]
    fn an_address_has_five_wrong_tokens_a_minute_and_not_one_more() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "a-token-of-enough-letters").unwrap();
        let flag = format!("--admin-token-file={}", file.path().display());
        let credentials = Credentials::open(&Settings::parse_from(["server", &flag])).unwrap();
        let (ann, ben, now) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]), Instant::now());
        for _ in 0..20 {
            assert_eq!(credentials.judge("a-token-of-enough-letters", ann, now), Verdict::Right, "it costs nothing");
        }
        for _ in 0..5 {
            assert_eq!(credentials.judge("nonsense", ann, now), Verdict::Wrong);
        }
        for token in ["nonsense", "a-token-of-enough-letters"] {
            assert_eq!(credentials.judge(token, ann, now), Verdict::TooMany);
        }
        assert_eq!(credentials.judge("a-token-of-enough-letters", ben, now), Verdict::Right);
        let later = now + Duration::from_secs(12);
        assert_eq!(credentials.judge("a-token-of-enough-letters", ann, later), Verdict::Right);
    }
}
