//! Accounts: the same person on several devices, and nobody else.

use protocol::admin::AccountOverviews;
use protocol::api::{RoomDetails, Seat};
use protocol::{AccountState, Registration, SignedIn};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::support::program::command;
use super::support::visitor::Page;
use super::support::{Peer, Program, Site, Visitor};

const ACCOUNT: &str = "/api/v1/account";
const SESSION: &str = "/api/v1/session";
const ADMIN_TOKEN: &str = "a-token-of-enough-letters";

fn login(name: &str, password: &str) -> Value {
    json!({"name": name, "password": password})
}

fn ann() -> Value {
    login("Ann", "right right")
}

/// A program that is signed in.
async fn device(site: &Site, login: &Value) -> Visitor {
    let answer = Visitor::of(site).post_json(SESSION, login).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    Visitor::bearing(site, &answer.json::<SignedIn>().token)
}

/// Makes the account for a session of its own; what holds its token.
async fn registered(site: &Site, login: &Value) -> Visitor {
    let answer = Visitor::of(site).post_json(ACCOUNT, login).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    Visitor::bearing(site, &answer.json::<SignedIn>().token)
}

async fn state(visitor: &Visitor) -> AccountState {
    visitor.get(ACCOUNT).await.json()
}

async fn name_of(visitor: &Visitor) -> Option<String> {
    state(visitor).await.name
}

async fn delete_account(visitor: &Visitor, password: &str) -> Page {
    visitor.send(Method::DELETE, ACCOUNT, |request| request.json(&json!({"password": password}))).await
}

#[tokio::test]
async fn nobody_needs_an_account_and_who_has_one_is_the_same_on_every_device() {
    let site = Site::with(&[]).await;
    let owner = Visitor::owning(&site, &json!({"id": "hall"})).await;
    let before: Seat = owner.join("hall").await;
    assert_eq!(name_of(&owner).await, None);
    let made = owner.post_json(ACCOUNT, &ann()).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let laptop = Visitor::bearing(&site, &made.json::<SignedIn>().token);
    let phone = device(&site, &login("aNN", "right right")).await;
    assert_eq!(name_of(&phone).await.as_deref(), Some("Ann"));
    for device in [&laptop, &phone] {
        assert_eq!(device.join("hall").await.client_id, before.client_id);
        let details: RoomDetails = device.patch("/api/v1/rooms/hall", &json!({"lobby": true})).await.json();
        assert_eq!(details.owner.as_ref(), Some(&before.client_id));
    }
    assert_eq!(laptop.inspect("hall").await.participants, 1, "one person, one seat");
    assert_eq!(name_of(&owner).await, None, "what was handed out before the account is nobody's");
    assert_eq!(owner.patch("/api/v1/rooms/hall", &json!({})).await.refusal(), (401, "unknown-client".into()));
}

#[tokio::test]
async fn another_password_or_signing_out_everywhere_ends_the_other_devices_also_inside_a_room() {
    let site = Site::start().await;
    let laptop = registered(&site, &ann()).await;
    let phone = device(&site, &ann()).await;
    let seat = phone.join("demo").await;
    let mut call = Peer::connect(&phone, "/api/v1/rooms/demo").await;
    call.greeted().await;
    let change = json!({"old_password": "right right", "password": "other other"});
    let wrong = json!({"old_password": "wrong wrong", "password": "other other"});
    assert_eq!(laptop.patch(ACCOUNT, &wrong).await.refusal(), (403, "wrong-password".into()));
    let changed: SignedIn = laptop.patch(ACCOUNT, &change).await.json();
    call.until_closed().await;
    assert_eq!((name_of(&phone).await, name_of(&laptop).await), (None, None), "tokens from before");
    assert_ne!(phone.join("demo").await.client_id, seat.client_id, "somebody else from now on");
    let laptop = Visitor::bearing(&site, &changed.token);
    assert_eq!(name_of(&laptop).await.as_deref(), Some("Ann"));
    assert_eq!(laptop.join("demo").await.client_id, seat.client_id);
    assert_eq!(laptop.post_json(SESSION, &ann()).await.refusal(), (403, "wrong-password".into()));
    let phone = device(&site, &login("Ann", "other other")).await;
    let everywhere = format!("{SESSION}?everywhere=true");
    assert_eq!(phone.delete(&everywhere).await.status, StatusCode::NO_CONTENT);
    assert_eq!((name_of(&phone).await, name_of(&laptop).await), (None, None));
    assert_eq!(phone.delete(&everywhere).await.refusal(), (401, "not-signed-in".into()));
}

#[tokio::test]
async fn a_second_device_takes_the_seat_and_the_first_one_is_told() {
    let site = Site::with(&[]).await;
    let laptop = registered(&site, &ann()).await;
    laptop.post_json("/api/v1/rooms", &json!({"id": "hall"})).await;
    let mut first = Peer::enter(&laptop, "hall", "Ann").await;
    let phone = device(&site, &ann()).await;
    let mut second = Peer::enter(&phone, "hall", "Ann").await;
    let before_the_end = first.until_closed().await;
    let told = before_the_end.last().expect("a last word");
    assert_eq!(told.kind, "error");
    assert!(told.data.as_str().expect("a text").starts_with("elsewhere: "), "{told:?}");
    second.settle().await;
    assert_eq!(phone.inspect("hall").await.participants, 1);
}

#[tokio::test]
async fn a_browser_holds_its_account_in_the_cookie_and_lets_go_of_it_again() {
    let site = Site::start().await;
    let page = Visitor::of(&site).saying("sec-fetch-site", "same-origin");
    let anonymous = page.join("demo").await.client_id;
    let made = page.post_json(ACCOUNT, &ann()).await;
    assert_eq!(made.json::<SignedIn>(), SignedIn { name: "Ann".to_owned(), token: String::new() });
    assert!(made.header("set-cookie").contains("HttpOnly") && made.header("set-cookie").contains("SameSite=Lax"));
    assert_eq!(page.join("demo").await.client_id, anonymous, "the account is the session's that was there");
    assert_eq!(page.delete(SESSION).await.status, StatusCode::NO_CONTENT);
    assert_eq!(name_of(&page).await, None);
    assert_ne!(page.join("demo").await.client_id, anonymous);
    assert_eq!(page.post_json(SESSION, &ann()).await.status, StatusCode::OK);
    assert_eq!(page.join("demo").await.client_id, anonymous);
    let again = page.post_json(ACCOUNT, &login("Bob", "right right")).await;
    assert_eq!(again.refusal(), (409, "signed-in".into()));
    assert_eq!(delete_account(&page, "wrong wrong").await.refusal(), (403, "wrong-password".into()));
    assert_eq!(delete_account(&page, "right right").await.status, StatusCode::NO_CONTENT);
    assert_eq!(name_of(&page).await, None);
    assert_eq!(page.post_json(SESSION, &ann()).await.refusal(), (403, "wrong-password".into()));
    assert_ne!(page.join("demo").await.client_id, anonymous);
}

#[tokio::test]
async fn an_unknown_name_and_a_wrong_password_get_the_same_answer() {
    let site = Site::with(&[]).await;
    registered(&site, &ann()).await;
    let guess = async |name| Visitor::of(&site).post_json(SESSION, &login(name, "wrong wrong")).await;
    let (known, unknown) = (guess("Ann").await, guess("Eva").await);
    assert_eq!((known.status, &known.text), (unknown.status, &unknown.text));
    assert_eq!(known.refusal(), (403, "wrong-password".into()));
}

#[tokio::test]
async fn names_and_passwords_are_bounded_before_anything_is_hashed() {
    let site = Site::with(&[]).await;
    let made = async |name: &str, password: &str| {
        let answer = Visitor::of(&site).post_json(ACCOUNT, &login(name, password)).await;
        if answer.status == StatusCode::CREATED { (201, String::new()) } else { answer.refusal() }
    };
    let refused = |id: &str| (400, id.to_owned());
    assert_eq!(made(&"x".repeat(64), &"ü".repeat(8)).await, (201, String::new()));
    assert_eq!(made(&"x".repeat(65), &"ü".repeat(8)).await, refused("invalid-name"));
    assert_eq!(made(" ", &"ü".repeat(8)).await, refused("invalid-name"));
    assert_eq!(made("Eva", &"ü".repeat(7)).await, refused("invalid-password"));
    assert_eq!(made("Eva", &"ü".repeat(257)).await, refused("invalid-password"));
    assert_eq!(made("Eva", &"x".repeat(9_000)).await, (413, "too-large".into()));
    assert_eq!(made("Eva", &"ü".repeat(256)).await, (201, String::new()));
    assert_eq!(made("eVA", "right right").await, (409, "account-exists".into()));
    let signed_in = Visitor::of(&site).post_json(SESSION, &login("Eva", &"ü".repeat(257))).await;
    assert_eq!(signed_in.refusal(), refused("invalid-password"));
}

#[tokio::test]
async fn every_limit_of_accounts_can_be_set() {
    let flags = ["--behind-proxy", "--accounts-burst", "2", "--accounts-per-hour", "0"];
    let guesses = ["--wrong-passwords-per-address", "3", "--wrong-passwords-per-account", "4"];
    let site = Site::with(&[&flags[..], &guesses].concat()).await;
    let at = |address: &str| Visitor::of(&site).saying("x-forwarded-for", address);
    for name in ["Ann", "Bob"] {
        let made = at("192.0.2.1").post_json(ACCOUNT, &login(name, "right right")).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    }
    let third = login("Eva", "right right");
    assert_eq!(at("192.0.2.1").post_json(ACCOUNT, &third).await.refusal(), (429, "too-many".into()));
    assert_eq!(at("192.0.2.2").post_json(ACCOUNT, &third).await.status, StatusCode::CREATED);
    let guess =
        async |address: &str, name: &str| at(address).post_json(SESSION, &login(name, "wrong wrong")).await.refusal().0;
    for _ in 0..3 {
        assert_eq!(guess("192.0.2.3", "Ann").await, 403);
    }
    assert_eq!(guess("192.0.2.3", "Bob").await, 429, "of this address");
    assert_eq!(guess("192.0.2.4", "Ann").await, 403);
    assert_eq!(guess("192.0.2.5", "Ann").await, 429, "at this account");
    assert_eq!(guess("192.0.2.5", "Bob").await, 403);
    let room = Visitor::of(&site).saying("x-forwarded-for", "192.0.2.3");
    room.post_json("/api/v1/rooms", &json!({"id": "hall", "password": "sesame"})).await;
    let joined = room.try_join("hall", &json!({"password": "sesame"})).await;
    assert_eq!(joined.status, StatusCode::OK, "rooms count their own");
}

#[tokio::test]
async fn whoever_runs_the_server_takes_no_new_accounts_or_none_at_all() {
    let site = Site::start().await;
    let laptop = registered(&site, &ann()).await;
    let client = laptop.join("demo").await.client_id;
    let site = site.restart(&["--room", "demo", "--accounts", "closed"]).await;
    let eva = login("Eva", "right right");
    assert_eq!(Visitor::of(&site).post_json(ACCOUNT, &eva).await.refusal(), (403, "accounts-closed".into()));
    assert_eq!(state(&Visitor::of(&site)).await.registration, Registration::Closed);
    assert_eq!(device(&site, &ann()).await.join("demo").await.client_id, client);
    let site = site.restart(&["--room", "demo", "--accounts", "off"]).await;
    for (method, path, body) in [
        (Method::POST, ACCOUNT, eva),
        (Method::POST, SESSION, ann()),
        (Method::PATCH, ACCOUNT, json!({"old_password": "right right", "password": "other other"})),
        (Method::DELETE, ACCOUNT, json!({"password": "right right"})),
    ] {
        let laptop = Visitor::bearing(&site, token_of(&laptop));
        let answer = laptop.send(method.clone(), path, |request| request.json(&body)).await;
        assert_eq!(answer.refusal(), (403, "accounts-closed".into()), "{method} {path}");
    }
    let laptop = laptop.moving_to(&site);
    assert_eq!(laptop.join("demo").await.client_id, client, "who is signed in stays who one is");
}

fn token_of(visitor: &Visitor) -> &str {
    visitor.header("authorization").strip_prefix("Bearer ").expect("a token")
}

#[tokio::test]
async fn an_acknowledged_account_survives_a_kill() {
    let data = tempfile::tempdir().unwrap();
    let sign_in = async |program: &Program, password: &str| {
        let login = login("Ann", password);
        Visitor::at(&program.url).post_json(SESSION, &login).await
    };
    let program = Program::over(data.path(), &["--room", "demo"]).await;
    let made = Visitor::at(&program.url).post_json(ACCOUNT, &ann()).await;
    assert_eq!(made.status, StatusCode::CREATED);
    program.kill().await;
    let program = Program::over(data.path(), &["--room", "demo"]).await;
    let signed_in: SignedIn = sign_in(&program, "right right").await.json();
    assert_eq!(signed_in, made.json(), "the same session in the same generation");
    let laptop = Visitor::at(&program.url).saying("authorization", &format!("Bearer {}", signed_in.token));
    let change = json!({"old_password": "right right", "password": "other other"});
    let changed: SignedIn = laptop.patch(ACCOUNT, &change).await.json();
    program.kill().await;
    let program = Program::over(data.path(), &["--room", "demo"]).await;
    assert_eq!(sign_in(&program, "right right").await.status, StatusCode::FORBIDDEN);
    assert_eq!(sign_in(&program, "other other").await.json::<SignedIn>(), changed);
    let with = |token: &str| Visitor::at(&program.url).saying("authorization", &format!("Bearer {token}"));
    assert_eq!(name_of(&with(&signed_in.token)).await, None, "an outdated token stays outdated");
    assert_eq!(delete_account(&with(&changed.token), "other other").await.status, StatusCode::NO_CONTENT);
    program.kill().await;
    let program = Program::over(data.path(), &["--room", "demo"]).await;
    assert_eq!(sign_in(&program, "other other").await.status, StatusCode::FORBIDDEN);
    let late = Visitor::at(&program.url).saying("authorization", &format!("Bearer {}", changed.token));
    assert_eq!(late.get(ACCOUNT).await.json::<AccountState>().name, None);
}

#[tokio::test]
async fn nothing_secret_of_an_account_is_in_the_database() {
    let site = Site::start().await;
    let laptop = registered(&site, &ann()).await;
    let token = token_of(&laptop).to_owned();
    let data = site.stop().await;
    let file = std::fs::read(data.path().join("rtc-chat.sqlite")).unwrap();
    let has = |text: &str| file.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(has("Ann") && !has("right right") && !has(&token));
}

#[tokio::test]
async fn an_administrator_lists_resets_and_removes() {
    let site = Site::with_file("--admin-token-file", ADMIN_TOKEN).await;
    let admin = Visitor::bearing(&site, ADMIN_TOKEN);
    let laptop = registered(&site, &ann()).await;
    registered(&site, &login("Zoë / Z", "right right")).await;
    let path = site.data().join("given");
    let run = async |arguments: &[&str]| {
        let said = ["accounts", "--server", &site.url, "--token-file", path.to_str().unwrap()];
        let output = command(site.data()).args(said).args(arguments).output().await.unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.success(), text(output.stdout), text(output.stderr))
    };
    let (ok, listed, _) = run(&["list"]).await;
    let names: Vec<_> = listed.lines().filter_map(|line| line.split_once("  ")).map(|(_, name)| name).collect();
    assert!(ok && names == ["Ann", "Zoë / Z"], "{listed}");
    let (_, listed, _) = run(&["list", "--json"]).await;
    assert_eq!(serde_json::from_str::<AccountOverviews>(&listed).unwrap().accounts.len(), 2);
    let (ok, chosen, _) = run(&["reset-password", "ann"]).await;
    assert!(ok && chosen.trim().len() == 20, "{chosen}");
    assert_eq!(name_of(&laptop).await, None, "signed out");
    assert_eq!(Visitor::of(&site).post_json(SESSION, &ann()).await.refusal(), (403, "wrong-password".into()));
    let laptop = device(&site, &login("Ann", chosen.trim())).await;
    assert_eq!(run(&["remove", "Zoë / Z"]).await, (true, String::new(), String::new()));
    assert_eq!(run(&["remove", "Eva"]).await.2, "error: there is no account of this name\n");
    assert_eq!(admin.delete("/api/v1/admin/accounts/ANN").await.status, StatusCode::NO_CONTENT);
    assert_eq!(name_of(&laptop).await, None);
    assert_eq!(admin.get("/api/v1/admin/accounts").await.json::<AccountOverviews>().accounts, []);
    for (method, path) in [(Method::GET, ""), (Method::DELETE, "/Ann"), (Method::POST, "/Ann/password")] {
        let answer = laptop.send(method, &format!("/api/v1/admin/accounts{path}"), |request| request).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    }
}
