//! Bans, invites and join tokens.

use std::time::Duration;

use protocol::limits::BANS;
use protocol::{Action, History, Moderate, Role, api};
use serde_json::{Value, json};

use crate::testing::{Bench, SERVER, client, join, marked, room, seconds, session, with_pass, with_password};
use crate::{By, InviteHash, NewInvite, Pass, Reply, Request, RoomError};

const HASH: InviteHash = InviteHash([3; 32]);

fn invite(bench: &mut Bench, by: &str, role: Role, lasts_s: Option<u64>, uses: Option<u32>) -> Reply {
    let invite = NewInvite { hash: HASH, role, expires_in: lasts_s.map(Duration::from_secs), uses };
    bench.ask(Request::Invite { room: room("demo"), by: By::Client(client(by)), invite })
}

/// A room that lets nobody in of itself.
fn fortress() -> Bench {
    let mut bench = Bench::owned(History::None);
    let change = api::EditRoom {
        password: Some("right".into()),
        lobby: Some(true),
        locked: Some(true),
        ..api::EditRoom::default()
    };
    bench.edit("ann", change);
    bench
}

fn with_invite(name: &str) -> Request {
    with_pass(join(name, "demo"), Pass::Invite(HASH))
}

fn is_seated(reply: &Reply) -> bool {
    matches!(reply, Reply::Seated { .. })
}

#[test]
fn a_banned_client_is_out_and_stays_out_until_the_ban_is_lifted() {
    let mut bench = Bench::owned(History::None);
    bench.enter_ours("bo");
    bench.forget();
    bench.moderate("ann", "ban", "bo");
    assert_eq!(bench.heard_of("bo", "moderated"), [json!({"action": "ban", "by": "ann", "client": "bo"})]);
    assert_eq!(bench.disconnected, [client("bo")]);
    bench.wait(seconds(3));
    assert_eq!(bench.ask(join("bo", "demo")), Reply::Refused(RoomError::Banned));
    let list = bench.ask(Request::ListBans { room: room("demo"), by: By::Client(client("ann")) });
    let Reply::Bans(bans) = list else { panic!("{list:?}") };
    assert_eq!((bans[0].client.clone(), bans[0].name.as_str(), bans[0].address), (client("bo"), "bo", false));
    assert_eq!(bans[0].since, 1_000_000);
    bench.moderate("ann", "unban", "bo");
    assert!(is_seated(&bench.ask(join("bo", "demo"))));
}

#[test]
fn a_ban_of_an_address_spares_those_who_keep_order() {
    let mut bench = Bench::owned(History::None);
    for name in ["mo", "bo"] {
        bench.ask(marked(join(name, "demo"), 7));
        bench.introduce(name);
    }
    bench.moderate("ann", "promote", "mo");
    bench.say("ann", SERVER, "moderate", json!({"action": "ban", "client": "bo", "address": true}));
    bench.say("mo", SERVER, "bye", Value::Null);
    assert!(is_seated(&bench.ask(marked(join("mo", "demo"), 7))));
    assert_eq!(bench.ask(marked(join("cy", "demo"), 7)), Reply::Refused(RoomError::Banned));
    assert!(is_seated(&bench.ask(marked(join("cy", "demo"), 8))));
    bench.moderate("ann", "unban", "bo");
    assert!(is_seated(&bench.ask(marked(join("di", "demo"), 7))));
}

#[test]
fn a_ban_beats_an_invite_and_a_join_token_and_takes_the_role() {
    let mut bench = Bench::owned(History::None);
    bench.enter_ours("bo");
    bench.moderate("ann", "promote", "bo");
    invite(&mut bench, "ann", Role::Moderator, None, None);
    bench.moderate("ann", "ban", "bo");
    assert_eq!(bench.role("bo"), Role::Guest);
    for pass in [Pass::Invite(HASH), Pass::Token(Role::Moderator)] {
        assert_eq!(bench.ask(with_pass(join("bo", "demo"), pass)), Reply::Refused(RoomError::Banned));
    }
}

#[test]
fn one_who_knocks_can_be_banned() {
    let mut bench = Bench::owned(History::None);
    bench.edit("ann", api::EditRoom { lobby: Some(true), ..api::EditRoom::default() });
    bench.ask(join("bo", "demo"));
    bench.forget();
    bench.moderate("ann", "ban", "bo");
    assert_eq!(bench.heard_of("ann", "knocking"), [json!({"clients": []})]);
    assert_eq!(bench.ask(join("bo", "demo")), Reply::Refused(RoomError::Banned));
}

#[test]
fn an_invite_opens_password_lobby_and_lock() {
    let mut bench = fortress();
    assert_eq!(bench.ask(with_password(join("bo", "demo"), "right")), Reply::Refused(RoomError::Locked));
    assert_eq!(bench.ask(with_invite("bo")), Reply::Refused(RoomError::InvalidInvite));
    assert!(matches!(invite(&mut bench, "ann", Role::Guest, None, None), Reply::Invited(_)));
    assert!(is_seated(&bench.ask(with_invite("bo"))));
    let other = with_pass(join("cy", "demo"), Pass::Invite(InviteHash([4; 32])));
    assert_eq!(bench.ask(other), Reply::Refused(RoomError::InvalidInvite));
}

#[test]
fn an_invite_does_not_open_a_full_room() {
    let mut bench = fortress();
    invite(&mut bench, "ann", Role::Guest, None, Some(1));
    bench.edit("ann", api::EditRoom { guest_limit: Some(1), ..api::EditRoom::default() });
    assert_eq!(bench.ask(with_invite("bo")), Reply::Refused(RoomError::Full { limit: 1 }));
    bench.edit("ann", api::EditRoom { guest_limit: Some(2), ..api::EditRoom::default() });
    assert!(is_seated(&bench.ask(with_invite("bo"))));
}

#[test]
fn an_invite_is_used_up_by_new_seats_only() {
    let mut bench = fortress();
    invite(&mut bench, "ann", Role::Guest, None, Some(2));
    for _ in 0..3 {
        assert!(is_seated(&bench.ask(with_invite("bo"))));
    }
    assert!(is_seated(&bench.ask(with_invite("cy"))));
    assert_eq!(bench.ask(with_invite("di")), Reply::Refused(RoomError::InvalidInvite));
    assert!(is_seated(&bench.ask(with_invite("cy"))));
    let listed = bench.ask(Request::ListInvites { room: room("demo"), by: By::Client(client("ann")) });
    assert_eq!(listed, Reply::Invites(Vec::new()));
}

#[test]
fn an_invite_expires_to_the_second() {
    let mut bench = fortress();
    invite(&mut bench, "ann", Role::Guest, Some(60), None);
    bench.wait(seconds(59));
    assert!(is_seated(&bench.ask(with_invite("bo"))));
    bench.wait(seconds(1));
    assert_eq!(bench.ask(with_invite("cy")), Reply::Refused(RoomError::InvalidInvite));
}

#[test]
fn a_revoked_invite_opens_nothing() {
    let mut bench = fortress();
    let Reply::Invited(made) = invite(&mut bench, "ann", Role::Guest, None, None) else { panic!() };
    let revoke = |by| Request::Revoke { room: room("demo"), by, invite: crate::InviteId::new(made.id.clone()) };
    let (ann, bo) = (By::Client(client("ann")), By::Client(client("bo")));
    assert_eq!(bench.ask(revoke(bo)), Reply::Refused(RoomError::Forbidden));
    assert_eq!(bench.ask(revoke(ann.clone())), Reply::Done);
    assert_eq!(bench.ask(revoke(ann)), Reply::Refused(RoomError::InvalidInvite));
    assert_eq!(bench.ask(with_invite("bo")), Reply::Refused(RoomError::InvalidInvite));
}

#[test]
fn an_invite_may_make_a_moderator_and_only_the_owner_gives_such() {
    let mut bench = Bench::owned(History::None);
    bench.enter_ours("mo");
    bench.moderate("ann", "promote", "mo");
    assert_eq!(invite(&mut bench, "bo", Role::Guest, None, None), Reply::Refused(RoomError::Forbidden));
    assert_eq!(invite(&mut bench, "mo", Role::Moderator, None, None), Reply::Refused(RoomError::Forbidden));
    assert!(matches!(invite(&mut bench, "ann", Role::Owner, None, None), Reply::Refused(RoomError::OutOfRange { .. })));
    assert!(matches!(
        invite(&mut bench, "ann", Role::Guest, None, Some(0)),
        Reply::Refused(RoomError::OutOfRange { .. })
    ));
    assert!(matches!(invite(&mut bench, "ann", Role::Moderator, None, None), Reply::Invited(_)));
    bench.ask(with_invite("bo"));
    assert_eq!(bench.role("bo"), Role::Moderator);
}

#[test]
fn a_room_has_so_many_invites_and_no_more() {
    let mut bench = Bench::owned(History::None);
    for n in 0..=100 {
        let hash = InviteHash([n; 32]);
        let invite = NewInvite { hash, role: Role::Guest, expires_in: Some(seconds(60)), uses: None };
        let made = bench.ask(Request::Invite { room: room("demo"), by: By::Administrator, invite });
        assert_eq!(matches!(made, Reply::Invited(_)), n < 100, "{n}: {made:?}");
    }
    bench.wait(seconds(60));
    assert!(matches!(invite(&mut bench, "ann", Role::Guest, None, None), Reply::Invited(_)));
}

#[test]
fn a_join_token_opens_the_room_and_gives_its_role_while_the_seat_lasts() {
    let mut bench = fortress();
    let vouched = |role| with_pass(join("bo", "demo"), Pass::Token(role));
    assert!(is_seated(&bench.ask(vouched(Role::Moderator))));
    assert_eq!(bench.role("bo"), Role::Moderator);
    bench.introduce("bo");
    bench.say("bo", SERVER, "bye", Value::Null);
    assert_eq!(bench.role("bo"), Role::Guest);
    assert!(is_seated(&bench.ask(vouched(Role::Owner))));
    assert_eq!(bench.role("bo"), Role::Moderator, "the room has an owner");
    assert!(bench.rooms.has_seat(&room("demo"), &session("bo")));
}

#[test]
fn a_join_token_may_bring_the_owner_of_a_room_without_one() {
    let mut bench = Bench::new();
    bench.ask(with_pass(join("bo", "demo"), Pass::Token(Role::Owner)));
    bench.ask(with_pass(join("cy", "demo"), Pass::Token(Role::Owner)));
    assert_eq!([bench.role("bo"), bench.role("cy")], [Role::Owner, Role::Moderator]);
}

#[test]
fn a_token_shown_by_one_who_sits_there_changes_its_role_at_once_for_everyone() {
    let mut bench = Bench::owned(History::None);
    bench.enter_ours("bo");
    bench.forget();
    bench.ask(with_pass(join("bo", "demo"), Pass::Token(Role::Moderator)));
    assert_eq!(bench.role("bo"), Role::Moderator);
    let info = bench.heard_of("ann", "room-info").pop().expect("it is told");
    assert_eq!(info["clients"][1]["role"], "moderator");
    assert_eq!(bench.heard_of("bo", "room-settings").pop().expect("it is told")["role"], "moderator");
    bench.ask(with_pass(join("bo", "demo"), Pass::Token(Role::Moderator)));
    assert_eq!(bench.heard("ann").len(), 0, "twice is once");
}

#[test]
fn a_room_has_a_thousand_bans_and_the_next_one_is_refused_and_keeps_its_seat() {
    let mut bench = Bench::owned(History::None);
    let ban = |bench: &mut Bench, name: &str| {
        assert!(matches!(bench.ask(join(name, "demo")), Reply::Seated { .. }));
        let deed = Moderate { action: Action::Ban, client: Some(client(name)), address: false };
        bench.ask(Request::Moderate { room: room("demo"), by: By::Administrator, deed })
    };
    for number in 0..BANS {
        assert_eq!(ban(&mut bench, &format!("bad-{number}")), Reply::Done);
    }
    let refused = Reply::Refused(RoomError::TooManyInRoom { what: "bans", limit: BANS });
    assert_eq!((ban(&mut bench, "bo"), bench.participants()), (refused, 2));
    let Reply::Bans(bans) = bench.ask(Request::ListBans { room: room("demo"), by: By::Administrator }) else {
        panic!("a list")
    };
    assert_eq!((bans.len(), &bans[0].client), (BANS, &client("bad-0")));
}
