//! What outlives the process: after a restart, after `kill -9`, and with a disk that fails.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;

use protocol::api::{BanList, CreatedInvite, InviteList, RoomDetails, Seat};
use protocol::{Address, Chat, GetChat, Message, Text, TextId};
use reqwest::StatusCode;
use serde_json::json;
use sqlx::{ConnectOptions, Connection};

use super::support::{Peer, Program, Site, Visitor};

/// Nobody is slowed down.
const FAST: &[&str] =
    &["--texts-per-second=100000", "--texts-burst=100000", "--messages-per-second=100000", "--messages-burst=100000"];
/// Lines on their way at once; the server takes 64.
const WINDOW: usize = 32;
const KILLS: usize = 20;

async fn write(peer: &Peer, text: &str) {
    let text = Text { from: "Ann".to_owned(), text: text.to_owned(), ..Text::default() };
    peer.say(Address::Room, &Message::Text(text)).await;
}

/// The next line of the room as it was acknowledged: its number and its text.
async fn echo(peer: &mut Peer) -> (TextId, String) {
    let said = peer.next_of("text").await;
    (said.id.expect("a number"), said.data["text"].as_str().expect("a text").to_owned())
}

/// Everything that the room has kept, the oldest first.
async fn history(peer: &mut Peer) -> Vec<(TextId, String)> {
    let mut all = Vec::new();
    let mut before = None;
    loop {
        peer.say(Address::GroundControl, &Message::GetChat(GetChat { before, limit: 100 })).await;
        let said = peer.next_of("chat").await;
        let Chat { messages, more } = serde_json::from_value(said.data).expect("lines");
        before = messages.first().map(|line| line.id);
        all.splice(0..0, messages.into_iter().map(|line| (line.id, line.text)));
        if !more {
            return all;
        }
    }
}

#[tokio::test]
async fn every_acknowledged_line_survives_kill_9_and_nothing_else_appears() {
    let data = tempfile::tempdir().unwrap();
    let (mut sent, mut acknowledged) = (Vec::new(), BTreeMap::new());
    for round in 0..KILLS {
        let program = Program::over(data.path(), FAST).await;
        let visitor = Visitor::at(&program.url);
        if round == 0 {
            let wish = json!({"id": "hall", "history": "forever"});
            assert_eq!(visitor.post_json("/api/v1/rooms", &wish).await.status, StatusCode::CREATED);
        }
        let mut peer = Peer::enter(&visitor.with_session("hall").await, "hall", "Ann").await;
        for number in 0..WINDOW {
            sent.push(format!("{round}-{number}"));
            write(&peer, &format!("{round}-{number}")).await;
        }
        // Killed with a window full of lines, after more and more of them.
        for number in 0..round * 7 {
            let (id, text) = echo(&mut peer).await;
            assert_eq!(acknowledged.insert(id, text), None, "{id} was given twice");
            sent.push(format!("{round}-{}", WINDOW + number));
            write(&peer, &format!("{round}-{}", WINDOW + number)).await;
        }
        program.kill().await;
    }
    let program = Program::over(data.path(), FAST).await;
    let visitor = Visitor::at(&program.url).with_session("hall").await;
    let found = history(&mut Peer::enter(&visitor, "hall", "Ann").await).await;
    let by_id: BTreeMap<_, _> = found.iter().cloned().collect();
    assert_eq!(by_id.len(), found.len(), "each number once");
    for (id, text) in &acknowledged {
        assert_eq!(by_id.get(id), Some(text), "{id}");
    }
    let mut texts: Vec<_> = found.iter().map(|(_, text)| text.clone()).collect();
    texts.sort();
    let count = texts.len();
    texts.dedup();
    assert_eq!(texts.len(), count, "each line once");
    sent.sort();
    assert!(texts.iter().all(|text| sent.binary_search(text).is_ok()), "nobody said that");
    assert!(acknowledged.len() > 1000, "{}", acknowledged.len());
}

#[tokio::test]
async fn a_line_that_is_said_again_after_kill_9_stands_once_under_its_number() {
    let data = tempfile::tempdir().unwrap();
    let (mut session, mut ids) = (String::new(), BTreeMap::new());
    for round in 0..=6 {
        let program = Program::over(data.path(), FAST).await;
        let visitor = Visitor::at(&program.url);
        if round == 0 {
            let wish = json!({"id": "hall", "history": "forever"});
            assert_eq!(visitor.post_json("/api/v1/rooms", &wish).await.status, StatusCode::CREATED);
            session = format!("Bearer {}", visitor.join("hall").await.token);
        }
        let visitor = visitor.saying("authorization", &session);
        let mut peer = Peer::enter(&visitor, "hall", "Ann").await;
        for number in 0..WINDOW {
            let key = Some(format!("key {number}"));
            let text = Text { text: format!("line {number}"), key, ..Text::default() };
            peer.say(Address::Room, &Message::Text(text)).await;
        }
        // Killed after more and more echoes; at last all of them come.
        for _ in 0..(WINDOW * round).div_ceil(6) {
            let (id, text) = echo(&mut peer).await;
            assert_eq!(*ids.entry(text.clone()).or_insert(id), id, "{text}");
        }
        if round < 6 {
            program.kill().await;
            continue;
        }
        let kept: BTreeMap<_, _> = history(&mut peer).await.into_iter().map(|(id, text)| (text, id)).collect();
        assert_eq!((kept.len(), &kept), (WINDOW, &ids));
    }
}

#[tokio::test]
async fn a_room_is_the_same_after_a_restart() {
    let site = Site::with(&[]).await;
    let wish = json!({"id": "Größe", "password": "sesame", "public": true, "guest_limit": 9, "history": {"hours": 5}});
    let owner = Visitor::owning(&site, &wish).await;
    const PATH: &str = "/api/v1/rooms/Gr%C3%B6%C3%9Fe";
    let invites = format!("{PATH}/invites");
    let invite: CreatedInvite = owner.post_json(&invites, &json!({"role": "moderator", "uses": 3})).await.json();
    let guest = Visitor::of(&site).try_join("Gr%C3%B6%C3%9Fe", &json!({"invite": invite.token})).await;
    assert_eq!(guest.status, StatusCode::OK);
    let mut peer = Peer::enter(&owner, "Gr%C3%B6%C3%9Fe", "Ann").await;
    write(&peer, "hello").await;
    let line = echo(&mut peer).await;
    let before: RoomDetails = owner.patch(PATH, &json!({"lobby": true, "locked": true})).await.json();
    let listed = owner.get(&invites).await.json::<InviteList>();
    assert_eq!((before.moderators.len(), listed.invites[0].uses_left), (1, Some(2)));
    let site = site.restart(&[]).await;
    let owner = owner.moving_to(&site);
    let after: RoomDetails = owner.patch(PATH, &json!({})).await.json();
    assert_eq!((&after.owner, &after.moderators, after.history), (&before.owner, &before.moderators, before.history));
    let (was, is) = (&before.summary, &after.summary);
    assert_eq!((is.lobby, is.locked, is.public, is.guest_limit), (was.lobby, was.locked, was.public, was.guest_limit));
    assert!(is.has_password);
    assert_eq!(owner.get(&invites).await.json::<InviteList>(), listed);
    assert_eq!(owner.get(&format!("{PATH}/bans")).await.json::<BanList>(), BanList::default());
    let mut peer = Peer::enter(&owner, "Gr%C3%B6%C3%9Fe", "Ann").await;
    assert_eq!(history(&mut peer).await, std::slice::from_ref(&line));
    write(&peer, "again").await;
    assert!(echo(&mut peer).await.0 > line.0, "numbers rise over a restart");
}

#[tokio::test]
async fn a_created_room_is_there_as_soon_as_it_was_said_to_be() {
    let data = tempfile::tempdir().unwrap();
    for round in 0..5 {
        let program = Program::over(data.path(), &[]).await;
        let visitor = Visitor::at(&program.url);
        for earlier in 0..round {
            assert_eq!(visitor.get(&format!("/api/v1/rooms/room-{earlier}")).await.status, StatusCode::OK);
        }
        let wish = json!({"id": format!("room-{round}"), "password": "sesame"});
        assert_eq!(visitor.post_json("/api/v1/rooms", &wish).await.status, StatusCode::CREATED);
        program.kill().await;
    }
}

#[tokio::test]
async fn who_was_inside_comes_back_after_a_kill_without_a_password_and_without_knocking() {
    let data = tempfile::tempdir().unwrap();
    let program = Program::over(data.path(), &[]).await;
    let wish = json!({"id": "hall", "password": "sesame", "guest_limit": 2});
    let owner = Visitor::at(&program.url);
    assert_eq!(owner.post_json("/api/v1/rooms", &wish).await.status, StatusCode::CREATED);
    let joined = Visitor::at(&program.url).try_join("hall", &json!({"password": "sesame"})).await;
    let seat: Seat = joined.json();
    program.kill().await;
    let program = Program::over(data.path(), &[]).await;
    assert_eq!(
        Visitor::at(&program.url).try_join("hall", &json!({})).await.refusal(),
        (401, "password-required".into())
    );
    let back = Visitor::at(&program.url).saying("authorization", &format!("Bearer {}", seat.token));
    assert_eq!(back.join("hall").await.client_id, seat.client_id);
    assert_eq!(back.inspect("hall").await.participants, 1);
}

#[tokio::test]
async fn a_history_that_is_given_up_is_forgotten() {
    let site = Site::with(&[]).await;
    let owner = Visitor::owning(&site, &json!({"id": "hall", "history": "forever"})).await;
    let mut peer = Peer::enter(&owner, "hall", "Ann").await;
    write(&peer, "hello").await;
    echo(&mut peer).await;
    assert_eq!(history(&mut peer).await.len(), 1);
    for history in ["none", "forever"] {
        owner.patch("/api/v1/rooms/hall", &json!({"history": history})).await;
    }
    assert_eq!(history(&mut peer).await, []);
}

#[tokio::test]
async fn the_settings_rooms_stay_kept_and_nothing_of_them_is_lost() {
    let site = Site::start().await;
    let site = site.restart(&["--room", "demo", "--room", "more"]).await;
    let visitor = Visitor::of(&site);
    assert!(visitor.inspect("demo").await.public && visitor.inspect("more").await.public);
}

#[tokio::test]
async fn a_disk_that_fails_refuses_lines_and_nothing_else() {
    let site = Site::with(&[]).await;
    let kept = Visitor::owning(&site, &json!({"id": "kept", "history": "forever"})).await;
    let loose = Visitor::owning(&site, &json!({"id": "loose"})).await;
    let mut writer = Peer::enter(&kept, "kept", "Ann").await;
    let mut talker = Peer::enter(&loose, "loose", "Bea").await;
    assert_eq!(kept.get("/readyz").await.status, StatusCode::OK);
    // Somebody else writes into the file and does not end.
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(site.data().join("rtc-chat.sqlite"));
    let mut thief = options.connect().await.unwrap();
    let held = thief.begin_with("BEGIN IMMEDIATE").await.unwrap();
    write(&writer, "lost").await;
    let error = writer.next_of("error").await;
    assert!(error.data.as_str().expect("a text").starts_with("internal: "), "{error:?}");
    assert_eq!(kept.get("/readyz").await.status, StatusCode::SERVICE_UNAVAILABLE);
    write(&talker, "heard").await;
    assert_eq!(echo(&mut talker).await.1, "heard", "who keeps nothing loses nothing");
    assert_eq!(Visitor::of(&site).try_join("loose", &json!({})).await.status, StatusCode::OK);
    held.rollback().await.unwrap();
    write(&writer, "found").await;
    assert_eq!(echo(&mut writer).await.1, "found");
    assert_eq!(kept.get("/readyz").await.status, StatusCode::OK);
    assert_eq!(history(&mut writer).await.len(), 1);
}

#[tokio::test]
async fn key_and_database_are_for_nobody_else() {
    let site = Site::with(&[]).await;
    Visitor::owning(&site, &json!({"id": "hall"})).await;
    for name in ["session.key", "rtc-chat.sqlite", "rtc-chat.sqlite-wal", "rtc-chat.sqlite.lock"] {
        let mode = std::fs::metadata(site.data().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[tokio::test]
async fn a_damaged_database_is_said_in_a_sentence() {
    let data = tempfile::tempdir().unwrap();
    std::fs::write(data.path().join("rtc-chat.sqlite"), "no database ".repeat(1000)).unwrap();
    let output = tokio::process::Command::new(env!("CARGO_BIN_EXE_rtc-chat-server"))
        .args(["--listen", "127.0.0.1:0", "--data-dir", data.path().to_str().unwrap()])
        .output()
        .await
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && stderr.contains("is damaged"), "{stderr}");
}
