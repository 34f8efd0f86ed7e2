//! Who creates a room owns it: what owners and administrators change, and what others do not.

use protocol::api::{CreatedRoom, RoomDetails};
use protocol::{ErrorId, History};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::support::{Peer, Site, Visitor};

const HALL: &str = "/api/v1/rooms/hall";
const TOKEN: &str = "the administrator's own token";

async fn administered() -> (Site, Visitor) {
    let site = Site::with_file("--admin-token-file", TOKEN).await;
    let administrator = Visitor::bearing(&site, TOKEN);
    (site, administrator)
}

#[tokio::test]
async fn an_owner_changes_what_is_said_and_the_rest_stays() {
    let site = Site::with(&[]).await;
    let owner = Visitor::owning(&site, &json!({"id": "hall", "guest_limit": 7})).await;
    let change = json!({"public": true, "lobby": true, "history": {"hours": 3}});
    let changed = owner.patch(HALL, &change).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text);
    let details: RoomDetails = changed.json();
    assert!(details.summary.public && details.summary.lobby && !details.summary.locked && !details.kept);
    assert_eq!((details.summary.guest_limit, details.history), (7, History::Hours(3)));
    assert_eq!(details.owner, Some(owner.join("hall").await.client_id));
    let seen = Visitor::of(&site).inspect("hall").await;
    assert!(seen.public && seen.lobby && seen.guest_limit == 7);
    let unchanged: RoomDetails = owner.patch(HALL, &json!({})).await.json();
    assert_eq!(unchanged.history, History::Hours(3));
}

#[tokio::test]
async fn a_password_comes_and_goes() {
    let site = Site::with(&[]).await;
    let owner = Visitor::owning(&site, &json!({"id": "hall"})).await;
    owner.patch(HALL, &json!({"password": "sesame"})).await;
    let guest = Visitor::of(&site);
    assert_eq!(guest.try_join("hall", &json!({})).await.refusal(), (401, "password-required".into()));
    assert_eq!(guest.try_join("hall", &json!({"password": "sesame"})).await.status, StatusCode::OK);
    owner.patch(HALL, &json!({"password": ""})).await;
    assert_eq!(Visitor::of(&site).try_join("hall", &json!({})).await.status, StatusCode::OK);
}

#[tokio::test]
async fn nobody_else_changes_or_deletes_a_room() {
    let site = Site::with(&[]).await;
    Visitor::owning(&site, &json!({"id": "hall"})).await;
    let seat = Visitor::of(&site).join("hall").await;
    let strangers = [
        (Visitor::of(&site), (401, "unknown-client")),
        (Visitor::bearing(&site, "nonsense"), (401, "unknown-client")),
        // What everybody sees opens nothing.
        (Visitor::bearing(&site, seat.client_id.as_str()), (401, "unknown-client")),
        (Visitor::bearing(&site, &seat.token), (403, "forbidden")),
        (Visitor::owning(&site, &json!({"id": "other"})).await, (403, "forbidden")),
    ];
    for (stranger, (status, id)) in strangers {
        assert_eq!(stranger.patch(HALL, &json!({"public": true})).await.refusal(), (status, id.into()));
        assert_eq!(stranger.delete(HALL).await.refusal(), (status, id.into()));
        for path in ["invites", "bans"] {
            assert_eq!(stranger.get(&format!("{HALL}/{path}")).await.refusal(), (status, id.into()), "{path}");
        }
    }
    assert!(!Visitor::of(&site).inspect("hall").await.public);
}

#[tokio::test]
async fn what_cannot_be_is_refused() {
    let site = Site::with(&[]).await;
    let owner = Visitor::owning(&site, &json!({"id": "hall"})).await;
    let attempts = [
        (json!({"history": {"hours": 8784}}), 200, ""),
        (json!({"history": {"hours": 8785}}), 400, "malformed"),
        (json!({"history": {"hours": 0}}), 400, "malformed"),
        (json!({"history": "sometimes"}), 400, "malformed"),
        (json!({"public": 1}), 400, "malformed"),
        (json!([]), 400, "malformed"),
        (json!({"password": "p".repeat(512)}), 200, ""),
        (json!({"password": "p".repeat(513)}), 413, "too-large"),
        (json!({"kept": true}), 403, "forbidden"),
    ];
    for (change, status, id) in attempts {
        let answer = owner.patch(HALL, &change).await;
        assert_eq!(answer.status.as_u16(), status, "{change} {}", answer.text);
        if status != 200 {
            assert_eq!(answer.error(), id, "{change}");
        }
    }
    assert_eq!(owner.patch("/api/v1/rooms/nowhere", &json!({})).await.refusal(), (404, "unknown-room".into()));
    assert_eq!(owner.delete("/api/v1/rooms/a%2Fb").await.refusal(), (404, "unknown-room".into()));
    let kept = Visitor::of(&site).post_json("/api/v1/rooms", &json!({"id": "ever", "kept": true})).await;
    assert_eq!(kept.refusal(), (403, "forbidden".into()));
}

#[tokio::test]
async fn a_deleted_room_sends_everybody_away_and_stays_away() {
    let site = Site::with(&[]).await;
    let owner = Visitor::owning(&site, &json!({"id": "hall"})).await;
    let (mut guest, _) = Peer::join(&site, "hall").await;
    assert_eq!(owner.delete(HALL).await.status, StatusCode::NO_CONTENT);
    assert!(guest.until_closed().await.iter().any(|envelope| envelope.kind == "bye"));
    assert_eq!(owner.get(HALL).await.refusal(), (404, "unknown-room".into()));
    assert_eq!(owner.delete(HALL).await.refusal(), (404, "unknown-room".into()));
    let site = site.restart(&[]).await;
    assert_eq!(Visitor::of(&site).get(HALL).await.refusal(), (404, "unknown-room".into()));
}

#[tokio::test]
async fn a_locked_room_lets_in_nobody_but_its_owner() {
    let site = Site::with(&[]).await;
    let token = Visitor::founding(&site, &json!({"id": "hall"})).await;
    let owner = Visitor::bearing(&site, &token);
    let early = Visitor::bearing(&site, &Visitor::of(&site).join("hall").await.token);
    owner.patch(HALL, &json!({"locked": true})).await;
    assert!(owner.inspect("hall").await.locked);
    assert_eq!(Visitor::of(&site).try_join("hall", &json!({})).await.refusal(), (403, "locked".into()));
    assert_eq!(Visitor::of(&site).get("/rtc/hall").await.status, StatusCode::FORBIDDEN);
    assert_eq!(early.try_join("hall", &json!({})).await.status, StatusCode::OK, "whoever sits there already");
    assert_eq!(owner.try_join("hall", &json!({})).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_browser_owns_its_room_by_its_cookie() {
    let site = Site::with(&[]).await;
    let page = Visitor::of(&site).saying("sec-fetch-site", "same-origin");
    let created = page.post_json("/api/v1/rooms", &json!({"id": "hall"})).await;
    assert_eq!(created.json::<CreatedRoom>().token, "");
    assert!(created.header("set-cookie").contains("HttpOnly"));
    assert_eq!(page.patch(HALL, &json!({"locked": true})).await.status, StatusCode::OK);
    // The same browser, led by a page of somebody else.
    let led = page.saying("sec-fetch-site", "cross-site");
    assert_eq!(led.patch(HALL, &json!({"locked": false})).await.refusal(), (403, "cross-origin".into()));
    assert_eq!(led.delete(HALL).await.refusal(), (403, "cross-origin".into()));
    assert!(led.inspect("hall").await.locked);
    let person = Visitor::of(&site);
    assert_eq!(person.create("form", &[]).await.status, StatusCode::FOUND);
    let details: RoomDetails = person.patch("/api/v1/rooms/form", &json!({"public": true})).await.json();
    assert_eq!(details.history, History::None, "the form promises nothing");
}

#[tokio::test]
async fn an_administrator_rules_every_room_and_keeps_some() {
    let (site, administrator) = administered().await;
    let created = administrator.post_json("/api/v1/rooms", &json!({"id": "hall", "kept": true, "lobby": true})).await;
    assert_eq!((created.status, created.json::<CreatedRoom>().token.as_str()), (StatusCode::CREATED, ""));
    let details: RoomDetails = administrator.patch(HALL, &json!({"locked": true})).await.json();
    assert!(details.kept && details.owner.is_none());
    assert_eq!(administrator.try_join("hall", &json!({})).await.status, StatusCode::OK, "lobby and lock apart");
    let details: RoomDetails = administrator.patch(HALL, &json!({"kept": false})).await.json();
    assert!(!details.kept);
    Visitor::owning(&site, &json!({"id": "theirs"})).await;
    assert_eq!(administrator.delete("/api/v1/rooms/theirs").await.status, StatusCode::NO_CONTENT);
    for wrong in ["the administrator's own toke", "the administrator's own token!", ""] {
        let answer = Visitor::bearing(&site, wrong).delete(HALL).await;
        assert_eq!(answer.refusal(), (401, ErrorId::UnknownClient.to_string()), "{wrong}");
    }
}

#[tokio::test]
async fn a_history_is_usual_where_a_room_is_open_to_all() {
    let site = Site::with(&[]).await;
    let wishes: [(Value, History); 5] = [
        (json!({"id": "a", "public": true}), History::Hours(24)),
        (json!({"id": "b", "public": true, "password": "p"}), History::None),
        (json!({"id": "c"}), History::None),
        (json!({"id": "d", "public": true, "history": "none"}), History::None),
        (json!({"id": "e", "history": "forever"}), History::Forever),
    ];
    for (wish, history) in wishes {
        let owner = Visitor::owning(&site, &wish).await;
        let path = format!("/api/v1/rooms/{}", wish["id"].as_str().unwrap());
        assert_eq!(owner.patch(&path, &json!({})).await.json::<RoomDetails>().history, history, "{wish}");
    }
}
