//! Passwords, hashed away from the loop: a few at a time, the rest in line.

use std::collections::VecDeque;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use rooms::JobId;
use rooms::accounts::AccountJob;
use tokio::task::JoinSet;

/// Memory of one hash in KiB, passes and lanes: OWASP's first choice for Argon2id.
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);
/// What no password fits: a room whose password could not be hashed stays closed.
const UNUSABLE: &str = "!";

/// What no password fits, at the cost of any other comparison: no salt leads to 32 bytes of zero.
const NOBODYS: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Who wants to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum For {
    Rooms(JobId),
    Accounts(AccountJob),
}

/// One password and what to do with it.
pub(crate) enum Job {
    Hash {
        job: For,
        password: String,
    },
    Verify {
        job: For,
        password: String,
        /// `None`: there is none, and nobody shall learn that from the time that it takes.
        hash: Option<String>,
    },
}

/// What came of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Hashed { job: For, hash: String },
    Verified { job: For, right: bool },
}

/// Owns the hashing tasks; dropping it ends them.
pub(crate) struct Hasher {
    slots: usize,
    waiting: VecDeque<Job>,
    running: JoinSet<Verdict>,
}

impl Hasher {
    pub(crate) fn new(slots: usize) -> Self {
        Self { slots: slots.max(1), waiting: VecDeque::new(), running: JoinSet::new() }
    }

    /// What runs goes on.
    pub(crate) fn set_slots(&mut self, slots: usize) {
        self.slots = slots.max(1);
        self.fill();
    }

    /// Rooms and accounts bound how many jobs there are.
    pub(crate) fn push(&mut self, job: Job) {
        self.waiting.push_back(job);
        self.fill();
    }

    /// Jobs that run or wait.
    pub(crate) fn len(&self) -> usize {
        self.waiting.len() + self.running.len()
    }

    /// The next verdict; waits for ever when nothing runs. Cancel safe.
    pub(crate) async fn next(&mut self) -> Verdict {
        loop {
            match self.running.join_next().await {
                Some(Ok(verdict)) => {
                    self.fill();
                    return verdict;
                }
                Some(Err(error)) => {
                    tracing::error!(%error, "a hashing task failed");
                    self.fill();
                }
                None => std::future::pending().await,
            }
        }
    }

    fn fill(&mut self) {
        while self.running.len() < self.slots {
            let Some(job) = self.waiting.pop_front() else { return };
            self.running.spawn_blocking(move || work(job));
        }
    }
}

fn work(job: Job) -> Verdict {
    match job {
        Job::Hash { job, password } => Verdict::Hashed { job, hash: hash(&password) },
        Job::Verify { job, password, hash } => {
            let right = is_right(&password, hash.as_deref().unwrap_or(NOBODYS));
            Verdict::Verified { job, right: right && hash.is_some() }
        }
    }
}

/// A hash in PHC form, with a salt of its own. Blocks for about 20 ms.
fn hash(password: &str) -> String {
    match argon2().hash_password(password.as_bytes()) {
        Ok(hash) => hash.to_string(),
        Err(error) => {
            tracing::error!(%error, "hashing a password failed");
            UNUSABLE.to_owned()
        }
    }
}

fn is_right(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| argon2().verify_password(password.as_bytes(), &hash).is_ok())
}

fn argon2() -> Argon2<'static> {
    let (memory, passes, lanes) = COST;
    let params = Params::new(memory, passes, lanes, None).expect("the cost is within Argon2's bounds");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_hashed_with_argon2id_and_its_own_salt() {
        let (one, other) = (hash("secret"), hash("secret"));
        assert!(one.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{one}");
        assert_ne!(one, other);
        assert!(is_right("secret", &one) && is_right("secret", &other));
        assert!(!is_right("Secret", &one) && !is_right("", &one) && !is_right("secret", UNUSABLE));
    }

    #[test]
    fn a_password_of_nobody_is_compared_all_the_same() {
        let nobodys = PasswordHash::new(NOBODYS).unwrap();
        let ours = hash("secret");
        let ours = PasswordHash::new(&ours).unwrap();
        assert_eq!((nobodys.algorithm, &nobodys.params), (ours.algorithm, &ours.params), "at the same cost");
        assert_eq!(nobodys.hash.unwrap().len(), ours.hash.unwrap().len());
        let job = For::Accounts(AccountJob(1));
        let verdict = work(Job::Verify { job, password: "secret".to_owned(), hash: None });
        assert_eq!(verdict, Verdict::Verified { job, right: false });
    }
}
