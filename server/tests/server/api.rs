//! The JSON API, as programs and our own page use it.

use protocol::api::{RoomList, RoomSummary, Seat};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::support::{Site, Visitor};

#[tokio::test]
async fn a_room_is_created_listed_and_inspected() {
    let site = Site::start().await;
    let program = Visitor::of(&site);
    let wish = json!({"id": "Größe", "public": true, "guest_limit": 7, "password": "p"});
    let created = program.post_json("/api/v1/rooms", &wish).await;
    assert_eq!(created.status, StatusCode::CREATED);
    let summary: RoomSummary = created.json();
    assert_eq!((summary.id.as_str(), summary.guest_limit, summary.has_password), ("Größe", 7, true));
    let rooms = program.get("/api/v1/rooms").await.json::<RoomList>().rooms;
    assert!(rooms.iter().any(|room| room.id == summary.id) && rooms.len() == 2, "{rooms:?}");
    assert_eq!(program.inspect("Gr%C3%B6%C3%9Fe").await.id, summary.id);
    let again = program.post_json("/api/v1/rooms", &wish).await;
    assert_eq!((again.status, again.error().as_str()), (StatusCode::CONFLICT, "room-exists"));
}

#[tokio::test]
async fn a_room_that_is_not_public_is_not_listed() {
    let site = Site::with(&[]).await;
    let program = Visitor::of(&site);
    program.post_json("/api/v1/rooms", &json!({"id": "quiet"})).await;
    assert_eq!(program.get("/api/v1/rooms").await.json::<RoomList>(), RoomList::default());
    assert!(!program.inspect("quiet").await.public);
    assert!(!program.get("/rtc").await.text.contains("quiet"));
}

#[tokio::test]
async fn every_refusal_has_a_status_and_an_identifier() {
    let site = Site::start().await;
    let program = Visitor::of(&site);
    program.post_json("/api/v1/rooms", &json!({"id": "vault", "password": "p"})).await;
    let attempts = [
        ("/api/v1/rooms", json!({"id": "a/b"}), 400, "invalid-name"),
        ("/api/v1/rooms", json!({"name": "a"}), 400, "malformed"),
        ("/api/v1/rooms", json!([]), 400, "malformed"),
        ("/api/v1/rooms/nowhere/join", json!({}), 404, "unknown-room"),
        ("/api/v1/rooms/vault/join", json!({}), 401, "password-required"),
        ("/api/v1/rooms/vault/join", json!({"password": "q"}), 403, "wrong-password"),
        ("/api/v1/rooms/demo/leave", json!({}), 401, "unknown-client"),
        ("/api/v1/rooms/demo/offer", json!({"type": "offer", "sdp": ""}), 401, "unknown-client"),
        ("/api/v1/nowhere", json!({}), 404, "malformed"),
    ];
    for (path, body, status, id) in attempts {
        let answer = program.post_json(path, &body).await;
        assert_eq!((answer.status.as_u16(), answer.error().as_str()), (status, id), "{path} {body}");
    }
    assert_eq!(program.get("/api/v1/rooms/nowhere").await.status, StatusCode::NOT_FOUND);
    assert_eq!(program.post_text("/api/v1/rooms", "{nonsense".into()).await.error(), "malformed");
}

#[tokio::test]
async fn a_token_brings_back_the_same_client_and_a_client_id_is_no_token() {
    let site = Site::start().await;
    let seat = Visitor::of(&site).join("demo").await;
    let mine = Visitor::of(&site).saying("authorization", &format!("Bearer {}", seat.token));
    let again: Seat = mine.join("demo").await;
    assert_eq!((again.client_id, again.token), (seat.client_id.clone(), seat.token));
    assert_eq!(mine.inspect("demo").await.participants, 1);
    for forged in [seat.client_id.as_str(), "", "AAAA"] {
        let thief = Visitor::of(&site).saying("authorization", &format!("Bearer {forged}"));
        for path in ["leave", "offer"] {
            let answer = thief.post_json(&format!("/api/v1/rooms/demo/{path}"), &json!({})).await;
            assert_eq!((answer.status, answer.error().as_str()), (StatusCode::UNAUTHORIZED, "unknown-client"));
        }
    }
}

#[tokio::test]
async fn whoever_leaves_frees_the_seat() {
    let site = Site::start().await;
    let seat = Visitor::of(&site).join("demo").await;
    let mine = Visitor::of(&site).saying("authorization", &format!("Bearer {}", seat.token));
    assert_eq!(mine.inspect("demo").await.participants, 1);
    assert_eq!(mine.post_json("/api/v1/rooms/demo/leave", &json!({})).await.status, StatusCode::NO_CONTENT);
    assert_eq!(mine.inspect("demo").await.participants, 0);
    let again = mine.post_json("/api/v1/rooms/demo/leave", &json!({})).await;
    assert_eq!((again.status, again.error().as_str()), (StatusCode::NOT_FOUND, "unknown-client"));
}

#[tokio::test]
async fn after_a_restart_a_session_is_the_same_client() {
    let site = Site::start().await;
    let page = Visitor::of(&site);
    let before = page.get("/rtc/demo").await.attribute("data-client-id").to_owned();
    let seat = Visitor::of(&site).join("demo").await;
    let site = site.restart(&["--room", "demo"]).await;
    let program = Visitor::of(&site).saying("authorization", &format!("Bearer {}", seat.token));
    assert_eq!(program.join("demo").await.client_id, seat.client_id);
    assert_eq!(page.moving_to(&site).join("demo").await.client_id.as_str(), before, "by cookie");
}

#[tokio::test]
async fn a_browser_keeps_its_session_out_of_reach_of_scripts() {
    let site = Site::start().await;
    let page = Visitor::of(&site).saying("sec-fetch-site", "same-origin");
    let joined = page.post_json("/api/v1/rooms/demo/join", &json!({})).await;
    let seat: Seat = joined.json();
    assert_eq!(seat.token, "");
    assert!(joined.header("set-cookie").contains("HttpOnly"));
    assert_eq!(page.join("demo").await.client_id, seat.client_id, "by the cookie");
    let beacon = page.send(Method::POST, "/api/v1/rooms/demo/leave", |request| request).await;
    assert_eq!(beacon.status, StatusCode::NO_CONTENT);
}

/// The names of an object's fields, those of its parts too.
fn described<'a>(schemas: &'a Value, schema: &'a Value) -> Vec<&'a str> {
    let own = schema["properties"].as_object().into_iter().flat_map(|fields| fields.keys().map(String::as_str));
    let parts = schema["allOf"].as_array().into_iter().flatten().flat_map(|part| match part["$ref"].as_str() {
        Some(name) => described(schemas, &schemas[name.rsplit('/').next().expect("a name")]),
        None => described(schemas, part),
    });
    own.chain(parts).collect()
}

#[tokio::test]
async fn the_description_is_complete_and_readable() {
    let site = Site::start().await;
    let program = Visitor::of(&site);
    let description: Value = program.get("/api/v1/openapi.json").await.json();
    let page = program.get("/api").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(!page.text.contains("<script") && page.header("content-security-policy").contains("default-src 'none'"));
    let tables =
        [include_str!("../../../protocol/src/api.rs"), include_str!("../../../protocol/src/admin.rs")].concat();
    let rows = tables.lines().filter_map(|line| line.strip_prefix("//! | `")?.split_once('`'));
    let routes: Vec<(&str, &str)> = rows.filter_map(|(route, _)| route.split_once(' ')).collect();
    assert!(routes.len() >= 16, "{routes:?}");
    for (method, path) in routes {
        let operation = &description["paths"][path][method.to_lowercase()];
        assert!(operation["summary"].is_string(), "{method} {path}");
        assert!(page.text.contains(&format!("{method} {path}")), "{method} {path}");
    }
    for (name, _) in description["components"]["schemas"].as_object().expect("schemas") {
        assert!(page.text.contains(&format!("id=\"{name}\"")), "{name}");
    }
}

#[tokio::test]
async fn the_description_names_every_route_and_what_it_answers() {
    let site = Site::start().await;
    let program = Visitor::of(&site);
    let description: Value = program.get("/api/v1/openapi.json").await.json();
    let schemas = &description["components"]["schemas"];
    let describes = |schema: &str, value: &Value| {
        let mut known = described(schemas, &schemas[schema]);
        known.sort();
        let mut fields: Vec<&str> = value.as_object().expect("an object").keys().map(String::as_str).collect();
        fields.sort_unstable();
        // The owner may be absent.
        known.retain(|name| fields.contains(name) || *name != "owner");
        assert_eq!(fields, known, "{schema}");
    };
    describes("RoomList", &program.get("/api/v1/rooms").await.json());
    describes("RoomSummary", &program.get("/api/v1/rooms/demo").await.json());
    describes("Seat", &program.post_json("/api/v1/rooms/demo/join", &json!({})).await.json());
    describes("Failure", &program.get("/api/v1/rooms/nowhere").await.json());
    let created: Value = program.post_json("/api/v1/rooms", &json!({"id": "mine", "lobby": true})).await.json();
    describes("CreatedRoom", &created);
    let owner = Visitor::bearing(&site, created["token"].as_str().expect("a token"));
    describes("RoomDetails", &owner.patch("/api/v1/rooms/mine", &json!({})).await.json());
    let invite = json!({"expires_in_seconds": 9, "uses": 9});
    describes("CreatedInvite", &owner.post_json("/api/v1/rooms/mine/invites", &invite).await.json());
    let invites: Value = owner.get("/api/v1/rooms/mine/invites").await.json();
    describes("InviteList", &invites);
    describes("Invite", &invites["invites"][0]);
    describes("BanList", &owner.get("/api/v1/rooms/mine/bans").await.json());
    describes("Waiting", &Visitor::of(&site).try_join("mine", &json!({})).await.json());
    for (path, methods) in description["paths"].as_object().expect("paths") {
        let path = path.replace("{room}", "demo").replace("{id}", "x").replace("{client}", "x");
        let all = [(Method::GET, "get"), (Method::POST, "post"), (Method::PATCH, "patch"), (Method::DELETE, "delete")];
        for (method, name) in all {
            let answer = program.send(method, &path, |request| request.body("{}")).await;
            assert_eq!(answer.status == StatusCode::METHOD_NOT_ALLOWED, methods.get(name).is_none(), "{name} {path}");
        }
    }
}
