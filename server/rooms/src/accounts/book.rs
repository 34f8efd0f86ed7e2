//! All accounts of one server, and everyone who waits for a verdict about one.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::time::Instant;

use protocol::{AccountKey, AccountName, AccountPassword, Registration, admin};

use super::words::{
    AccountChange, AccountEffect, AccountError, AccountJob, AccountRecord, AccountReply, AccountRequest,
    AccountRequestId, AccountsConfig, StoredAccounts,
};
use crate::SessionId;
use crate::bucket::{AddressBuckets, Buckets, network};
use crate::calendar::Calendar;

/// All accounts.
#[derive(Debug)]
pub struct Accounts {
    config: AccountsConfig,
    calendar: Calendar,
    accounts: BTreeMap<AccountKey, AccountRecord>,
    /// The account of each session that has one.
    of_session: BTreeMap<SessionId, AccountKey>,
    /// Of every session that ever had an account: an account that is gone must not bring old tokens back.
    generations: BTreeMap<SessionId, u64>,
    /// Accounts that are being made, changed or ended, one change at a time; and whose session that is.
    busy: BTreeMap<AccountKey, SessionId>,
    jobs: BTreeMap<AccountJob, Job>,
    /// In the order in which they came.
    waiting: VecDeque<Attempt>,
    created: AddressBuckets,
    wrong_from: AddressBuckets,
    wrong_at: Buckets<AccountKey>,
    effects: VecDeque<AccountEffect>,
    next_job: u64,
}

/// Slow work that is under way, and what it is for.
#[derive(Debug)]
enum Job {
    /// `hash`: what the password is compared with.
    Check {
        attempt: Attempt,
        hash: Option<String>,
    },
    Hash {
        request: AccountRequestId,
        key: AccountKey,
        deed: Deed,
    },
    Keep {
        request: AccountRequestId,
        change: AccountChange,
        from: Option<IpAddr>,
    },
}

/// What a new password is for.
#[derive(Debug)]
enum Deed {
    Register {
        name: AccountName,
        from: IpAddr,
    },
    /// The sender stays signed in.
    Change,
    /// By an administrator.
    Reset,
}

/// Someone who says a password.
#[derive(Debug)]
struct Attempt {
    request: AccountRequestId,
    key: AccountKey,
    password: AccountPassword,
    from: IpAddr,
    wish: Wish,
}

/// What whoever knows the password wants.
#[derive(Debug)]
enum Wish {
    SignIn,
    Change(AccountPassword),
    Delete,
}

impl Accounts {
    pub fn new(config: AccountsConfig, stored: StoredAccounts, now: Instant) -> Self {
        let [created, wrong_from, wrong_at] = config.rates();
        let mut accounts = Self {
            config,
            calendar: Calendar::new(now),
            accounts: BTreeMap::new(),
            of_session: BTreeMap::new(),
            generations: stored.generations.into_iter().collect(),
            busy: BTreeMap::new(),
            jobs: BTreeMap::new(),
            waiting: VecDeque::new(),
            created: AddressBuckets::new(created),
            wrong_from: AddressBuckets::new(wrong_from),
            wrong_at: Buckets::new(wrong_at),
            effects: VecDeque::new(),
            next_job: 0,
        };
        stored.accounts.into_iter().for_each(|record| accounts.insert(record));
        accounts
    }

    /// From now on this holds. What was tried before counts on.
    pub fn configure(&mut self, config: AccountsConfig) {
        let [created, wrong_from, wrong_at] = config.rates();
        self.created.set_rate(created);
        self.wrong_from.set_rate(wrong_from);
        self.wrong_at.set_rate(wrong_at);
        self.config = config;
    }

    /// As [`Rooms::set_calendar`](crate::Rooms::set_calendar).
    pub fn set_calendar(&mut self, unix_ms: u64, now: Instant) {
        self.calendar.set(unix_ms, now);
    }

    /// Of every session whose tokens must carry one.
    pub fn generations(&self) -> impl Iterator<Item = (SessionId, u64)> {
        self.generations.iter().map(|(session, generation)| (*session, *generation))
    }

    /// The next thing to do. `None`: all is done for now.
    pub fn poll_effect(&mut self) -> Option<AccountEffect> {
        self.effects.pop_front()
    }

    pub fn handle_request(&mut self, request: AccountRequestId, wish: AccountRequest, now: Instant) {
        if let Err(error) = self.begin(request, wish, now) {
            self.refuse(request, error);
        }
    }

    fn begin(&mut self, request: AccountRequestId, wish: AccountRequest, now: Instant) -> Result<(), AccountError> {
        match wish {
            AccountRequest::Register { session, name, password, from } => {
                self.register(request, session, name, password, from, now)?;
            }
            AccountRequest::SignIn { name, password, from } => {
                self.refuse_if_off()?;
                self.consider(Attempt { request, key: name.key(), password, from, wish: Wish::SignIn }, now);
            }
            AccountRequest::ChangePassword { session, old, new, from } => {
                let key = self.account_of(&session)?;
                self.consider(Attempt { request, key, password: old, from, wish: Wish::Change(new) }, now);
            }
            AccountRequest::Delete { session, password, from } => {
                let key = self.account_of(&session)?;
                self.consider(Attempt { request, key, password, from, wish: Wish::Delete }, now);
            }
            AccountRequest::SignOutEverywhere { session } => {
                let key = self.account_of(&session)?;
                let record = self.lock(&key)?;
                let generation = record.generation + 1;
                self.keep(request, AccountChange::Save(Box::new(AccountRecord { generation, ..record })), None);
            }
            AccountRequest::Tell { session } => {
                let name = session.and_then(|session| self.accounts.get(self.of_session.get(&session)?));
                let name = name.map(|record| record.name.clone());
                self.reply(request, AccountReply::Told { registration: self.config.registration, name });
            }
            AccountRequest::List => {
                let overview = |record: &AccountRecord| admin::AccountOverview {
                    name: record.name.as_str().to_owned(),
                    created: record.created_s,
                };
                self.reply(request, AccountReply::Listed(self.accounts.values().map(overview).collect()));
            }
            AccountRequest::Remove { name } => self.end(request, &name.key())?,
            AccountRequest::Reset { name, password } => {
                let key = name.key();
                self.lock(&key)?;
                self.hash(request, key, Deed::Reset, password);
            }
        }
        Ok(())
    }

    fn register(
        &mut self,
        request: AccountRequestId,
        session: SessionId,
        name: AccountName,
        password: AccountPassword,
        from: IpAddr,
        now: Instant,
    ) -> Result<(), AccountError> {
        self.refuse_if_off()?;
        if self.config.registration == Registration::Closed {
            return Err(AccountError::Closed);
        }
        if self.of_session.contains_key(&session) || self.busy.values().any(|busy| *busy == session) {
            return Err(AccountError::SignedIn);
        }
        let key = name.key();
        if self.accounts.contains_key(&key) || self.busy.contains_key(&key) {
            // Whoever asks for names one after the other learns of them as slowly as of passwords.
            let may_ask = self.wrong_from.take(from, now);
            return Err(if may_ask { AccountError::Exists } else { AccountError::TooManyPasswords });
        }
        if !self.created.take(from, now) {
            return Err(AccountError::TooManyAccounts);
        }
        self.busy.insert(key.clone(), session);
        self.hash(request, key, Deed::Register { name, from }, password);
        Ok(())
    }

    fn refuse_if_off(&self) -> Result<(), AccountError> {
        if self.config.registration == Registration::Off { Err(AccountError::Off) } else { Ok(()) }
    }

    fn account_of(&self, session: &SessionId) -> Result<AccountKey, AccountError> {
        self.refuse_if_off()?;
        self.of_session.get(session).cloned().ok_or(AccountError::NotSignedIn)
    }

    /// Begins a change of an account.
    fn lock(&mut self, key: &AccountKey) -> Result<AccountRecord, AccountError> {
        let record = self.accounts.get(key).cloned().ok_or(AccountError::Unknown)?;
        if self.busy.contains_key(key) {
            return Err(AccountError::Busy);
        }
        self.busy.insert(key.clone(), record.session);
        Ok(record)
    }

    // ------------------------------------------------------------------------------------------------- passwords said

    /// Checking takes a guess from the address and from the account; a right password puts both back. Who finds none
    /// left waits for those who are being checked, as at a room's door.
    fn consider(&mut self, attempt: Attempt, now: Instant) {
        let address_may = self.wrong_from.has_token(attempt.from, now);
        let account_may = self.wrong_at.has_token(&attempt.key, now);
        if address_may && account_may {
            self.wrong_from.take(attempt.from, now);
            self.wrong_at.take(attempt.key.clone(), now);
            return self.check(attempt);
        }
        let has_place = self.waiting.len() < self.config.waiting_attempts;
        if has_place && self.may_hope(&attempt, !address_may, !account_may) {
            self.waiting.push_back(attempt);
        } else {
            self.refuse(attempt.request, AccountError::TooManyPasswords);
        }
    }

    /// Will a verdict come that may give `attempt` its guess back?
    fn may_hope(&self, attempt: &Attempt, for_address: bool, for_account: bool) -> bool {
        let checking = self.jobs.values().filter_map(|job| match job {
            Job::Check { attempt, .. } => Some(attempt),
            Job::Hash { .. } | Job::Keep { .. } => None,
        });
        checking.into_iter().any(|other| {
            (for_address && network(other.from) == network(attempt.from)) || (for_account && other.key == attempt.key)
        })
    }

    fn check(&mut self, attempt: Attempt) {
        let hash = self.accounts.get(&attempt.key).map(|record| record.password_hash.clone());
        let job = self.job();
        self.effects.push_back(AccountEffect::Verify { job, password: attempt.password.clone(), hash: hash.clone() });
        self.jobs.insert(job, Job::Check { attempt, hash });
    }

    /// A password was compared.
    pub fn handle_verified(&mut self, job: AccountJob, right: bool, now: Instant) {
        let Some(Job::Check { attempt, hash }) = self.jobs.remove(&job) else { return };
        // Meanwhile it may have been changed: then the old one opens nothing any more.
        let current = self.accounts.get(&attempt.key).map(|record| &record.password_hash);
        if right && hash.is_some() && current == hash.as_ref() {
            self.wrong_from.give_back(attempt.from);
            self.wrong_at.give_back(&attempt.key);
            let request = attempt.request;
            if let Err(error) = self.grant(attempt) {
                self.refuse(request, error);
            }
        } else {
            self.refuse(attempt.request, AccountError::WrongPassword);
        }
        for attempt in std::mem::take(&mut self.waiting) {
            self.consider(attempt, now);
        }
    }

    fn grant(&mut self, attempt: Attempt) -> Result<(), AccountError> {
        let Attempt { request, key, wish, .. } = attempt;
        match wish {
            Wish::SignIn => {
                let record = self.accounts.get(&key).ok_or(AccountError::WrongPassword)?;
                let (name, session) = (record.name.clone(), record.session);
                self.reply(request, AccountReply::SignedIn { name, session });
            }
            Wish::Change(password) => {
                self.lock(&key)?;
                self.hash(request, key, Deed::Change, password);
            }
            Wish::Delete => self.end(request, &key)?,
        }
        Ok(())
    }

    // --------------------------------------------------------------------------------------------------- what is kept

    fn end(&mut self, request: AccountRequestId, key: &AccountKey) -> Result<(), AccountError> {
        let AccountRecord { session, generation, .. } = self.lock(key)?;
        let change = AccountChange::Forget { key: key.clone(), session, generation: generation + 1 };
        self.keep(request, change, None);
        Ok(())
    }

    fn hash(&mut self, request: AccountRequestId, key: AccountKey, deed: Deed, password: AccountPassword) {
        let job = self.job();
        self.effects.push_back(AccountEffect::Hash { job, password });
        self.jobs.insert(job, Job::Hash { request, key, deed });
    }

    /// A new password was hashed.
    pub fn handle_hashed(&mut self, job: AccountJob, password_hash: String, now: Instant) {
        let Some(Job::Hash { request, key, deed }) = self.jobs.remove(&job) else { return };
        let (record, from) = match (deed, self.accounts.get(&key).cloned(), self.busy.get(&key).copied()) {
            (Deed::Register { name, from }, None, Some(session)) => {
                let generation = self.generations.get(&session).copied().unwrap_or(0) + 1;
                let created_s = self.calendar.unix_s(now);
                (AccountRecord { name, password_hash, session, generation, created_s }, Some(from))
            }
            (Deed::Change | Deed::Reset, Some(record), Some(_)) => {
                (AccountRecord { password_hash, generation: record.generation + 1, ..record }, None)
            }
            // The account is locked from before the hashing on: nothing else can have happened to it.
            (Deed::Register { .. } | Deed::Change | Deed::Reset, _, _) => {
                self.busy.remove(&key);
                return self.refuse(request, AccountError::Busy);
            }
        };
        self.keep(request, AccountChange::Save(Box::new(record)), from);
    }

    /// `from`: who gets the right to make an account back if this one cannot be kept.
    fn keep(&mut self, request: AccountRequestId, change: AccountChange, from: Option<IpAddr>) {
        let job = self.job();
        self.effects.push_back(AccountEffect::Keep { job, change: change.clone() });
        self.jobs.insert(job, Job::Keep { request, change, from });
    }

    /// A change is on the disk, or will never be.
    pub fn handle_kept(&mut self, job: AccountJob, kept: bool) {
        let Some(Job::Keep { request, change, from }) = self.jobs.remove(&job) else { return };
        let (key, session, generation) = match &change {
            AccountChange::Save(record) => (record.name.key(), record.session, record.generation),
            AccountChange::Forget { key, session, generation } => (key.clone(), *session, *generation),
        };
        self.busy.remove(&key);
        if !kept {
            if let Some(from) = from {
                self.created.give_back(from);
            }
            return self.refuse(request, AccountError::NotKept);
        }
        let reply = match change {
            AccountChange::Save(record) => {
                let name = record.name.clone();
                self.insert(*record);
                AccountReply::SignedIn { name, session }
            }
            AccountChange::Forget { .. } => {
                self.accounts.remove(&key);
                self.of_session.remove(&session);
                AccountReply::Done
            }
        };
        self.generations.insert(session, generation);
        // Before the reply: what goes out with it is of the new generation.
        self.effects.push_back(AccountEffect::Outdate { session, generation });
        self.reply(request, reply);
    }

    fn insert(&mut self, record: AccountRecord) {
        let key = record.name.key();
        self.of_session.insert(record.session, key.clone());
        self.generations.insert(record.session, record.generation);
        self.accounts.insert(key, record);
    }

    fn job(&mut self) -> AccountJob {
        self.next_job += 1;
        AccountJob(self.next_job)
    }

    fn reply(&mut self, request: AccountRequestId, reply: AccountReply) {
        self.effects.push_back(AccountEffect::Reply { request, reply });
    }

    fn refuse(&mut self, request: AccountRequestId, error: AccountError) {
        self.reply(request, AccountReply::Refused(error));
    }
}
