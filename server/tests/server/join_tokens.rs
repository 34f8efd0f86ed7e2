//! Join tokens: another application sends its users in, with a name and a role.

use std::time::{SystemTime, UNIX_EPOCH};

use jsonwebtoken::{EncodingKey, Header, encode};
use protocol::api::Seat;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::support::{Peer, Site, Visitor};

const SECRET: &str = "a secret of thirty-two bytes at least";

fn token(claims: &Value) -> String {
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    encode(&Header::default(), claims, &key).expect("a token")
}

fn soon() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970").as_secs() + 60
}

async fn site() -> Site {
    Site::with_file("--join-key", SECRET).await
}

#[tokio::test]
async fn a_token_opens_its_room_and_gives_a_name_and_a_role() {
    let site = site().await;
    let wish = json!({"id": "hall", "password": "sesame", "lobby": true, "public": true});
    let owner = Visitor::owning(&site, &wish).await;
    owner.patch("/api/v1/rooms/hall", &json!({"locked": true})).await;
    let claims = json!({"room": "hall", "name": "Ann", "role": "moderator", "exp": soon()});
    let joined = Visitor::of(&site).try_join("hall", &json!({"join_token": token(&claims)})).await;
    assert_eq!(joined.status, StatusCode::OK, "{}", joined.text);
    let seat: Seat = joined.json();
    let ann = Visitor::bearing(&site, &seat.token);
    assert_eq!(ann.get("/api/v1/rooms/hall/invites").await.status, StatusCode::OK, "as a moderator");
    let mut peer = Peer::connect(&ann, "/api/v1/rooms/hall").await;
    peer.greeted().await;
    assert_eq!(ann.inspect("hall").await.who, ["Ann"]);
    let page = Visitor::of(&site).get(&format!("/rtc/hall?join_token={}", token(&claims))).await;
    assert!(page.text.contains("data-client-id"), "{}", page.text);
}

#[tokio::test]
async fn what_is_no_good_token_opens_nothing() {
    let site = site().await;
    Visitor::owning(&site, &json!({"id": "hall"})).await;
    let good = token(&json!({"room": "hall", "exp": soon()}));
    for bad in [
        token(&json!({"room": "other", "exp": soon()})),
        token(&json!({"room": "hall", "exp": 1})),
        token(&json!({"room": "hall"})),
        "nonsense".to_owned(),
        good[..good.len() - 2].to_owned(),
    ] {
        let answer = Visitor::of(&site).try_join("hall", &json!({"join_token": bad})).await;
        assert_eq!(answer.refusal(), (401, "invalid-token".into()), "{bad}");
    }
    assert_eq!(Visitor::of(&site).try_join("hall", &json!({"join_token": good})).await.status, StatusCode::OK);
    let without = Site::with(&[]).await;
    Visitor::owning(&without, &json!({"id": "hall"})).await;
    let answer = Visitor::of(&without).try_join("hall", &json!({"join_token": good})).await;
    assert_eq!(answer.refusal(), (401, "invalid-token".into()));
}
