//! The accounts' desk in the loop: what is asked comes in, what they want done is done, answers go out.

use std::collections::BTreeMap;
use std::time::Instant;

use rooms::accounts::{
    AccountEffect, AccountReply, AccountRequest, AccountRequestId, Accounts, AccountsConfig, StoredAccounts,
};
use tokio::sync::oneshot;

use super::connection::Connection;
use super::event_loop::Engine;
use super::hasher::{For, Job};
use super::{Command, EngineHandle, Unavailable};
use crate::calendar::unix_ms;
use crate::generations::Generations;
use crate::store::Change;

/// The accounts, and who waits for an answer.
pub(super) struct Desk {
    pub(super) accounts: Accounts,
    waiting: BTreeMap<AccountRequestId, oneshot::Sender<AccountReply>>,
    next_request: u64,
    /// What the HTTP side judges tokens by.
    generations: Generations,
}

impl Desk {
    pub(super) fn new(config: AccountsConfig, stored: StoredAccounts, generations: Generations, now: Instant) -> Self {
        let mut accounts = Accounts::new(config, stored, now);
        accounts.set_calendar(unix_ms(), now);
        for (session, generation) in accounts.generations() {
            generations.set(session, generation);
        }
        Self { accounts, waiting: BTreeMap::new(), next_request: 0, generations }
    }

    pub(super) fn take(&mut self, request: AccountRequest, reply: oneshot::Sender<AccountReply>, now: Instant) {
        let id = AccountRequestId(self.next_request);
        self.next_request += 1;
        self.waiting.insert(id, reply);
        self.accounts.handle_request(id, request, now);
    }
}

impl EngineHandle {
    pub(crate) async fn account(&self, request: AccountRequest) -> Result<AccountReply, Unavailable> {
        self.ask(|reply| Command::Account { request: Box::new(request), reply }).await
    }
}

impl Engine {
    /// Does everything that the accounts want.
    pub(super) fn settle_accounts(&mut self) {
        while let Some(effect) = self.desk.accounts.poll_effect() {
            match effect {
                AccountEffect::Reply { request, reply } => {
                    // One that cannot be delivered is one that nobody waits for any more.
                    if let Some(waiting) = self.desk.waiting.remove(&request) {
                        drop(waiting.send(reply));
                    }
                }
                AccountEffect::Hash { job, password } => {
                    let password = password.reveal().to_owned();
                    self.hasher.push(Job::Hash { job: For::Accounts(job), password });
                }
                AccountEffect::Verify { job, password, hash } => {
                    let password = password.reveal().to_owned();
                    self.hasher.push(Job::Verify { job: For::Accounts(job), password, hash });
                }
                AccountEffect::Keep { job, change } => self.keeping.write(Change::Account { job, change }),
                AccountEffect::Outdate { session, generation } => {
                    self.desk.generations.set(session, generation);
                    // Whoever has a token that counts comes back at once, as the same; the others as somebody else.
                    for id in self.connections.of_session(&session) {
                        self.connections.with(id, &self.socket, Connection::shut_down);
                    }
                }
            }
        }
    }
}
