//! The accounts, driven by hand: verdicts come when the test says so.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use protocol::{AccountName, AccountPassword, Registration};

use super::*;
use crate::SessionId;
use crate::testing::{origin, session};

const HOME: [u8; 4] = [192, 0, 2, 1];

struct Bench {
    accounts: Accounts,
    now: Instant,
    replies: BTreeMap<AccountRequestId, AccountReply>,
    jobs: Vec<AccountEffect>,
    outdated: Vec<(SessionId, u64)>,
    next: u64,
}

impl Bench {
    fn new() -> Self {
        Self::with(AccountsConfig::default(), StoredAccounts::default())
    }

    fn with(config: AccountsConfig, stored: StoredAccounts) -> Self {
        let now = origin();
        let mut accounts = Accounts::new(config, stored, now);
        accounts.set_calendar(7_000, now);
        Self { accounts, now, replies: BTreeMap::new(), jobs: vec![], outdated: vec![], next: 0 }
    }

    /// Asks, and lets the verdicts wait.
    fn ask_later(&mut self, request: AccountRequest) -> AccountRequestId {
        self.next += 1;
        let id = AccountRequestId(self.next);
        self.accounts.handle_request(id, request, self.now);
        self.drain();
        id
    }

    /// Asks, and does all that it takes.
    fn ask(&mut self, request: AccountRequest) -> AccountReply {
        let id = self.ask_later(request);
        self.work();
        self.replies.remove(&id).expect("a reply")
    }

    fn drain(&mut self) {
        while let Some(effect) = self.accounts.poll_effect() {
            match effect {
                AccountEffect::Reply { request, reply } => {
                    assert!(self.replies.insert(request, reply).is_none(), "one reply each");
                }
                AccountEffect::Outdate { session, generation } => self.outdated.push((session, generation)),
                job => self.jobs.push(job),
            }
        }
    }

    /// Hashes are the passwords themselves here.
    fn do_one(&mut self, works: bool) {
        match self.jobs.remove(0) {
            AccountEffect::Hash { job, password } => {
                self.accounts.handle_hashed(job, password.reveal().to_owned(), self.now);
            }
            AccountEffect::Verify { job, password, hash } => {
                let right = hash.as_deref() == Some(password.reveal());
                self.accounts.handle_verified(job, right, self.now);
            }
            AccountEffect::Keep { job, .. } => self.accounts.handle_kept(job, works),
            AccountEffect::Reply { .. } | AccountEffect::Outdate { .. } => unreachable!("no job"),
        }
        self.drain();
    }

    fn work(&mut self) {
        while !self.jobs.is_empty() {
            self.do_one(true);
        }
    }

    fn refused(&mut self, request: AccountRequest) -> Option<AccountError> {
        match self.ask(request) {
            AccountReply::Refused(error) => Some(error),
            _ => None,
        }
    }

    fn name_of(&mut self, who: &str) -> Option<String> {
        match self.ask(AccountRequest::Tell { session: Some(session(who)) }) {
            AccountReply::Told { name, .. } => name.map(String::from),
            other => panic!("{other:?}"),
        }
    }

    fn passes(&mut self, time: Duration) {
        self.now += time;
    }
}

fn name(text: &str) -> AccountName {
    AccountName::parse(text).unwrap()
}

fn password(text: &str) -> AccountPassword {
    AccountPassword::parse(text).unwrap()
}

fn register(who: &str, account: &str, from: [u8; 4]) -> AccountRequest {
    let password = password("right right");
    AccountRequest::Register { session: session(who), name: name(account), password, from: IpAddr::from(from) }
}

fn sign_in(account: &str, secret: &str, from: [u8; 4]) -> AccountRequest {
    AccountRequest::SignIn { name: name(account), password: password(secret), from: IpAddr::from(from) }
}

fn change(who: &str, old: &str, new: &str) -> AccountRequest {
    let (session, from) = (session(who), IpAddr::from(HOME));
    AccountRequest::ChangePassword { session, old: password(old), new: password(new), from }
}

fn delete(who: &str, secret: &str) -> AccountRequest {
    AccountRequest::Delete { session: session(who), password: password(secret), from: IpAddr::from(HOME) }
}

fn signed_in(account: &str, who: &str) -> AccountReply {
    AccountReply::SignedIn { name: name(account), session: session(who) }
}

#[test]
fn whoever_signs_in_gets_the_session_that_the_account_was_made_for() {
    let mut bench = Bench::new();
    assert_eq!(bench.ask(register("ann", "Ann", HOME)), signed_in("Ann", "ann"));
    assert_eq!(bench.ask(sign_in("aNN", "right right", HOME)), signed_in("Ann", "ann"));
    assert_eq!(bench.name_of("ann").as_deref(), Some("Ann"));
    assert_eq!(bench.name_of("bob"), None);
    assert_eq!(bench.refused(register("bob", "ANN", HOME)), Some(AccountError::Exists));
    assert_eq!(bench.refused(register("ann", "Another", HOME)), Some(AccountError::SignedIn));
    assert_eq!(bench.refused(change("bob", "right right", "other other")), Some(AccountError::NotSignedIn));
}

#[test]
fn an_account_exists_when_it_is_kept_and_its_name_and_session_are_taken_before() {
    let mut bench = Bench::new();
    let first = bench.ask_later(register("ann", "Ann", HOME));
    let second = bench.ask_later(register("bob", "ann", HOME));
    let third = bench.ask_later(register("ann", "Anna", HOME));
    bench.do_one(true);
    assert_eq!(bench.replies.remove(&second), Some(AccountReply::Refused(AccountError::Exists)));
    assert_eq!(bench.replies.remove(&third), Some(AccountReply::Refused(AccountError::SignedIn)));
    let told = bench.ask_later(AccountRequest::Tell { session: Some(session("ann")) });
    assert!(!bench.replies.contains_key(&first), "nothing is said before it is kept");
    assert!(matches!(bench.replies.remove(&told), Some(AccountReply::Told { name: None, .. })));
    bench.work();
    assert_eq!(bench.replies.remove(&first), Some(signed_in("Ann", "ann")));
}

#[test]
fn what_could_not_be_kept_did_not_happen() {
    let config = AccountsConfig { accounts_per_address: (1, 0), ..AccountsConfig::default() };
    let mut bench = Bench::with(config, StoredAccounts::default());
    let lost = bench.ask_later(register("ann", "Ann", HOME));
    bench.do_one(true);
    bench.do_one(false);
    assert_eq!(bench.replies.remove(&lost), Some(AccountReply::Refused(AccountError::NotKept)));
    assert_eq!(bench.ask(register("ann", "Ann", HOME)), signed_in("Ann", "ann"), "it costs nothing either");
    let lost = bench.ask_later(change("ann", "right right", "other other"));
    bench.do_one(true);
    bench.do_one(true);
    bench.do_one(false);
    assert_eq!(bench.replies.remove(&lost), Some(AccountReply::Refused(AccountError::NotKept)));
    assert_eq!(bench.ask(sign_in("Ann", "right right", HOME)), signed_in("Ann", "ann"));
    assert_eq!(bench.outdated.len(), 1);
}

#[test]
fn each_change_outdates_the_tokens_from_before_and_the_account_may_end() {
    let mut bench = Bench::new();
    bench.ask(register("ann", "Ann", HOME));
    assert_eq!(bench.refused(change("ann", "wrong wrong", "other other")), Some(AccountError::WrongPassword));
    assert_eq!(bench.ask(change("ann", "right right", "other other")), signed_in("Ann", "ann"));
    assert_eq!(bench.refused(sign_in("Ann", "right right", HOME)), Some(AccountError::WrongPassword));
    assert_eq!(bench.ask(sign_in("Ann", "other other", HOME)), signed_in("Ann", "ann"));
    assert_eq!(bench.ask(AccountRequest::SignOutEverywhere { session: session("ann") }), signed_in("Ann", "ann"));
    assert_eq!(bench.refused(delete("ann", "right right")), Some(AccountError::WrongPassword));
    assert_eq!(bench.ask(delete("ann", "other other")), AccountReply::Done);
    let generations: Vec<_> = bench.outdated.iter().map(|(_, generation)| *generation).collect();
    assert_eq!(generations, [1, 2, 3, 4]);
    assert_eq!(bench.name_of("ann"), None);
    assert_eq!(bench.refused(sign_in("Ann", "other other", HOME)), Some(AccountError::WrongPassword));
    assert_eq!(bench.ask(register("bob", "Ann", HOME)), signed_in("Ann", "bob"), "the name is free again");
    assert_eq!(bench.ask(register("ann", "Eva", HOME)), signed_in("Eva", "ann"));
    assert_eq!(bench.outdated.last(), Some(&(session("ann"), 5)), "old tokens of a session never come back");
}

#[test]
fn a_password_that_was_changed_while_it_was_compared_opens_nothing() {
    let mut bench = Bench::new();
    bench.ask(register("ann", "Ann", HOME));
    let reset = AccountRequest::Reset { name: name("ann"), password: password("other other") };
    bench.ask_later(reset);
    let thief = bench.ask_later(sign_in("Ann", "right right", HOME));
    let verdict = bench.jobs.remove(1);
    bench.work();
    bench.jobs.push(verdict);
    bench.work();
    assert_eq!(bench.replies.remove(&thief), Some(AccountReply::Refused(AccountError::WrongPassword)));
}

#[test]
fn an_account_is_changed_by_one_at_a_time() {
    let mut bench = Bench::new();
    bench.ask(register("ann", "Ann", HOME));
    let everywhere = || AccountRequest::SignOutEverywhere { session: session("ann") };
    bench.ask_later(everywhere());
    let second = bench.ask_later(everywhere());
    assert_eq!(bench.replies.remove(&second), Some(AccountReply::Refused(AccountError::Busy)));
    bench.work();
    assert_eq!(bench.ask(everywhere()), signed_in("Ann", "ann"));
}

#[test]
fn a_name_that_nobody_has_costs_a_comparison_and_gets_the_answer_of_a_wrong_password() {
    let mut bench = Bench::new();
    bench.ask(register("ann", "Ann", HOME));
    for account in ["Ann", "Nobody"] {
        let id = bench.ask_later(sign_in(account, "wrong wrong", HOME));
        assert!(matches!(bench.jobs[..], [AccountEffect::Verify { .. }]), "{account}");
        bench.work();
        assert_eq!(bench.replies.remove(&id), Some(AccountReply::Refused(AccountError::WrongPassword)));
    }
    let unfounded = AccountRequest::SignIn { name: name("Nobody"), password: password("whatever"), from: HOME.into() };
    bench.ask_later(unfounded);
    let Some(AccountEffect::Verify { job, hash: None, .. }) = bench.jobs.pop() else { panic!("{:?}", bench.jobs) };
    bench.accounts.handle_verified(job, true, bench.now);
    bench.drain();
    let last = AccountRequestId(bench.next);
    assert_eq!(bench.replies.remove(&last), Some(AccountReply::Refused(AccountError::WrongPassword)));
}

#[test]
fn an_address_has_5_wrong_passwords_a_minute_for_accounts_and_for_names_that_are_taken() {
    let mut bench = Bench::new();
    bench.ask(register("ann", "Ann", HOME));
    for guess in 0..4 {
        let refused = bench.refused(sign_in(&format!("Nobody {guess}"), "wrong wrong", HOME));
        assert_eq!(refused, Some(AccountError::WrongPassword), "{guess}");
    }
    assert_eq!(bench.refused(register("bob", "Ann", HOME)), Some(AccountError::Exists));
    assert_eq!(bench.refused(sign_in("Ann", "right right", HOME)), Some(AccountError::TooManyPasswords));
    assert_eq!(bench.refused(register("bob", "Ann", HOME)), Some(AccountError::TooManyPasswords));
    assert_eq!(bench.ask(sign_in("Ann", "right right", [192, 0, 2, 2])), signed_in("Ann", "ann"));
    bench.passes(Duration::from_millis(11_999));
    assert_eq!(bench.refused(sign_in("Ann", "right right", HOME)), Some(AccountError::TooManyPasswords));
    bench.passes(Duration::from_millis(1));
    assert_eq!(bench.ask(sign_in("Ann", "right right", HOME)), signed_in("Ann", "ann"));
}

#[test]
fn an_account_has_30_wrong_passwords_a_minute_whether_or_not_it_exists() {
    for account in ["Ann", "Nobody"] {
        let mut bench = Bench::new();
        bench.ask(register("ann", "Ann", HOME));
        for guess in 0..30 {
            let refused = bench.refused(sign_in(account, "wrong wrong", [198, 51, 100, guess]));
            assert_eq!(refused, Some(AccountError::WrongPassword), "{guess}");
        }
        assert_eq!(bench.refused(sign_in(account, "right right", HOME)), Some(AccountError::TooManyPasswords));
    }
}

#[test]
fn a_class_that_signs_in_at_once_gets_in_and_a_machine_gets_no_more_guesses() {
    let mut bench = Bench::new();
    bench.ask(register("ann", "Ann", HOME));
    let class: Vec<_> = (0..40).map(|_| bench.ask_later(sign_in("Ann", "right right", HOME))).collect();
    bench.work();
    assert!(class.iter().all(|id| bench.replies.remove(id) == Some(signed_in("Ann", "ann"))));
    let guesses: Vec<_> = (0..40).map(|_| bench.ask_later(sign_in("Ann", "wrong wrong", HOME))).collect();
    bench.work();
    let wrong = AccountReply::Refused(AccountError::WrongPassword);
    assert_eq!(guesses.iter().filter(|id| bench.replies.remove(id) == Some(wrong.clone())).count(), 5);
}

#[test]
fn an_address_makes_20_accounts_and_then_5_an_hour() {
    let mut bench = Bench::new();
    let mut made = 0;
    let mut next = |bench: &mut Bench, from| {
        made += 1;
        bench.refused(register(&format!("s{made}"), &format!("Account {made}"), from))
    };
    for count in 0..20 {
        assert_eq!(next(&mut bench, HOME), None, "{count}");
    }
    assert_eq!(next(&mut bench, HOME), Some(AccountError::TooManyAccounts));
    assert_eq!(next(&mut bench, [192, 0, 2, 2]), None);
    bench.passes(Duration::from_mins(12));
    assert_eq!(next(&mut bench, HOME), None);
    assert_eq!(next(&mut bench, HOME), Some(AccountError::TooManyAccounts));
    bench.passes(Duration::from_hours(1));
    assert_eq!((0..6).filter(|_| next(&mut bench, HOME).is_none()).count(), 5);
}

#[test]
fn whoever_runs_the_server_closes_registration_or_does_without() {
    let ann = || AccountRecord {
        name: name("Ann"),
        password_hash: "right right".to_owned(),
        session: session("ann"),
        generation: 3,
        created_s: 7,
    };
    let stored = || StoredAccounts { accounts: vec![ann()], generations: vec![(session("gone"), 9)] };
    let with = |registration| Bench::with(AccountsConfig { registration, ..AccountsConfig::default() }, stored());
    let mut closed = with(Registration::Closed);
    assert_eq!(closed.refused(register("bob", "Bob", HOME)), Some(AccountError::Closed));
    assert_eq!(closed.ask(sign_in("ann", "right right", HOME)), signed_in("Ann", "ann"));
    let mut off = with(Registration::Off);
    assert_eq!(off.refused(register("bob", "Bob", HOME)), Some(AccountError::Off));
    assert_eq!(off.refused(sign_in("ann", "right right", HOME)), Some(AccountError::Off));
    assert_eq!(off.refused(delete("ann", "right right")), Some(AccountError::Off));
    let known: BTreeMap<_, _> = off.accounts.generations().collect();
    assert_eq!(known, BTreeMap::from([(session("ann"), 3), (session("gone"), 9)]), "tokens are judged all the same");
    let AccountReply::Listed(listed) = off.ask(AccountRequest::List) else { panic!() };
    assert_eq!((listed.len(), listed[0].name.as_str(), listed[0].created), (1, "Ann", 7));
    assert_eq!(off.refused(AccountRequest::Remove { name: name("bob") }), Some(AccountError::Unknown));
    assert_eq!(off.ask(AccountRequest::Remove { name: name("ANN") }), AccountReply::Done);
    assert_eq!(off.outdated, [(session("ann"), 4)]);
}

#[test]
fn limits_and_registration_can_be_set_while_the_server_runs_and_what_was_tried_counts_on() {
    let mut bench = Bench::new();
    bench.ask(register("ann", "Ann", HOME));
    for _ in 0..3 {
        assert_eq!(bench.refused(sign_in("Ann", "wrong wrong", HOME)), Some(AccountError::WrongPassword));
    }
    bench.accounts.configure(AccountsConfig {
        registration: Registration::Closed,
        wrong_passwords_per_minute: (2, 30),
        ..AccountsConfig::default()
    });
    assert_eq!(bench.refused(sign_in("Ann", "right right", HOME)), Some(AccountError::TooManyPasswords));
    assert_eq!(bench.refused(register("bob", "Bob", HOME)), Some(AccountError::Closed));
}
