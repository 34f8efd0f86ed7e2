//! Invites: what they open, how often, for how long, and who makes them.

use protocol::api::{CreatedInvite, InviteList, RoomDetails};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::support::{Site, Visitor};

const INVITES: &str = "/api/v1/rooms/hall/invites";

async fn closed_hall(site: &Site) -> Visitor {
    Visitor::owning(site, &json!({"id": "hall", "password": "sesame", "lobby": true})).await
}

async fn invited(owner: &Visitor, wish: &Value) -> CreatedInvite {
    let created = owner.post_json(INVITES, wish).await;
    assert_eq!(created.status, StatusCode::CREATED, "{}", created.text);
    created.json()
}

async fn with_invite(site: &Site, token: &str) -> (u16, String) {
    let answer = Visitor::of(site).try_join("hall", &json!({"invite": token})).await;
    if answer.status == StatusCode::OK { (200, String::new()) } else { answer.refusal() }
}

#[tokio::test]
async fn an_invite_opens_password_lobby_and_lock_as_often_as_it_says() {
    let site = Site::with(&[]).await;
    let owner = closed_hall(&site).await;
    owner.patch("/api/v1/rooms/hall", &json!({"locked": true})).await;
    let twice = invited(&owner, &json!({"uses": 2})).await;
    assert_eq!(with_invite(&site, &twice.token).await.0, 200);
    assert_eq!(owner.get(INVITES).await.json::<InviteList>().invites[0].uses_left, Some(1));
    assert_eq!(with_invite(&site, &twice.token).await.0, 200);
    assert_eq!(with_invite(&site, &twice.token).await, (403, "invalid-invite".into()));
    let always = invited(&owner, &json!({})).await;
    for _ in 0..5 {
        assert_eq!(with_invite(&site, &always.token).await.0, 200);
    }
    for wrong in ["AAAAAAAAAAAAAAAAAAAAAA", "nonsense", &twice.invite.id] {
        assert_eq!(with_invite(&site, wrong).await, (403, "invalid-invite".into()), "{wrong}");
    }
}

#[tokio::test]
async fn an_invite_opens_neither_the_limit_nor_another_room() {
    let site = Site::with(&[]).await;
    let owner = closed_hall(&site).await;
    owner.patch("/api/v1/rooms/hall", &json!({"guest_limit": 1})).await;
    Visitor::owning(&site, &json!({"id": "other", "password": "p"})).await;
    let invite = invited(&owner, &json!({})).await;
    assert_eq!(with_invite(&site, &invite.token).await.0, 200);
    assert_eq!(with_invite(&site, &invite.token).await, (418, "room-full".into()));
    let elsewhere = Visitor::of(&site).try_join("other", &json!({"invite": invite.token})).await;
    assert_ne!(elsewhere.status, StatusCode::OK);
}

#[tokio::test]
async fn an_invite_is_listed_without_its_secret_and_revoked_by_its_name() {
    let site = Site::with(&[]).await;
    let owner = closed_hall(&site).await;
    assert_eq!(owner.get(INVITES).await.json::<InviteList>(), InviteList::default());
    let invite = invited(&owner, &json!({"expires_in_seconds": 60})).await;
    let listed = owner.get(INVITES).await;
    assert!(!listed.text.contains(&invite.token), "{}", listed.text);
    assert_eq!(listed.json::<InviteList>().invites, std::slice::from_ref(&invite.invite));
    assert_eq!(invite.invite.expires, Some(invite.invite.created + 60));
    let path = format!("{INVITES}/{}", invite.invite.id);
    assert_eq!(Visitor::of(&site).delete(&path).await.refusal(), (401, "unknown-client".into()));
    assert_eq!(owner.delete(&path).await.status, StatusCode::NO_CONTENT);
    assert_eq!(owner.delete(&path).await.refusal(), (403, "invalid-invite".into()));
    assert_eq!(with_invite(&site, &invite.token).await, (403, "invalid-invite".into()));
}

#[tokio::test]
async fn an_invite_has_its_bounds() {
    let site = Site::with(&[]).await;
    let owner = closed_hall(&site).await;
    let year = 366 * 24 * 60 * 60;
    let attempts = [
        (json!({"expires_in_seconds": 1}), 201),
        (json!({"expires_in_seconds": 0}), 400),
        (json!({"expires_in_seconds": year}), 201),
        (json!({"expires_in_seconds": year + 1}), 400),
        (json!({"uses": 1}), 201),
        (json!({"uses": 0}), 400),
        (json!({"uses": -1}), 400),
        (json!({"role": "moderator"}), 201),
        (json!({"role": "owner"}), 400),
        (json!({"role": "king"}), 400),
    ];
    for (wish, status) in attempts {
        let answer = owner.post_json(INVITES, &wish).await;
        assert_eq!(answer.status.as_u16(), status, "{wish} {}", answer.text);
    }
}

#[tokio::test]
async fn a_room_has_100_invites_and_not_101() {
    let site = Site::with(&[]).await;
    let owner = closed_hall(&site).await;
    for _ in 0..100 {
        invited(&owner, &json!({})).await;
    }
    assert_eq!(owner.post_json(INVITES, &json!({})).await.refusal(), (429, "too-many".into()));
}

#[tokio::test]
async fn an_invites_link_leads_into_the_room() {
    let site = Site::with(&[]).await;
    let owner = closed_hall(&site).await;
    let invite = invited(&owner, &json!({"uses": 1})).await;
    let path = invite.url.strip_prefix(&site.url).expect("an address of this server");
    assert_eq!(path, format!("/rtc/hall?invite={}", invite.token));
    let guest = Visitor::of(&site);
    let page = guest.get(path).await;
    assert_eq!(page.status, StatusCode::OK);
    let client = page.attribute("data-client-id").to_owned();
    let again = guest.get(path).await;
    assert_eq!(again.attribute("data-client-id"), client, "a reload is no second use");
    assert_eq!(guest.inspect("hall").await.participants, 1);
    assert_eq!(Visitor::of(&site).get(path).await.status, StatusCode::FORBIDDEN, "it is used up");
    let second = path.replace("/rtc/", "/chat/");
    assert_eq!(Visitor::of(&site).get(&second).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn an_invite_can_make_moderators_and_only_owners_make_such_invites() {
    let site = Site::with(&[]).await;
    let owner = closed_hall(&site).await;
    let invite = invited(&owner, &json!({"role": "moderator"})).await;
    let joined = Visitor::of(&site).try_join("hall", &json!({"invite": invite.token})).await;
    let seat: protocol::api::Seat = joined.json();
    let details: RoomDetails = owner.patch("/api/v1/rooms/hall", &json!({})).await.json();
    assert_eq!(details.moderators, [seat.client_id]);
    let moderator = Visitor::bearing(&site, &seat.token);
    invited(&moderator, &json!({})).await;
    let refused = moderator.post_json(INVITES, &json!({"role": "moderator"})).await;
    assert_eq!(refused.refusal(), (403, "forbidden".into()));
    assert_eq!(moderator.patch("/api/v1/rooms/hall", &json!({})).await.refusal(), (403, "forbidden".into()));
}
