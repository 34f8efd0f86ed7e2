//! Administration: over the API and with the program's own commands.

use protocol::admin::RoomOverviews;
use reqwest::{Method, StatusCode};
use tempfile::NamedTempFile;

use super::support::program::command;
use super::support::{Peer, Site, Visitor};

const TOKEN: &str = "a-token-of-enough-letters";

fn token_file(token: &str) -> NamedTempFile {
    let file = NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), format!("{token}\n")).expect("a file");
    file
}

async fn site() -> (Site, NamedTempFile) {
    let file = token_file(TOKEN);
    let site = Site::with(&[
        "--room",
        "demo",
        "--wrong-admin-tokens-per-address",
        "1000",
        "--admin-token-file",
        file.path().to_str().expect("UTF-8"),
    ])
    .await;
    (site, file)
}

fn administrator(site: &Site) -> Visitor {
    Visitor::of(site).saying("authorization", &format!("Bearer {TOKEN}"))
}

async fn delete(visitor: &Visitor, path: &str) -> StatusCode {
    visitor.send(Method::DELETE, path, |request| request).await.status
}

#[tokio::test]
async fn only_the_administrators_token_opens_the_door() {
    let (site, _file) = site().await;
    let seat = Visitor::of(&site).join("demo").await;
    for token in ["", "Bearer", "Bearer a-token-of-enough-letter", "Basic x", &format!("Bearer {}", seat.token)] {
        let stranger = Visitor::of(&site).saying("authorization", token);
        assert_eq!(stranger.get("/api/v1/admin/rooms").await.status, StatusCode::UNAUTHORIZED, "{token:?}");
        assert_eq!(delete(&stranger, "/api/v1/admin/rooms/demo").await, StatusCode::UNAUTHORIZED);
        let client = format!("/api/v1/admin/rooms/demo/clients/{}", seat.client_id);
        assert_eq!(delete(&stranger, &client).await, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(Visitor::of(&site).inspect("demo").await.participants, 1);
    assert_eq!(administrator(&site).get("/api/v1/admin/rooms").await.status, StatusCode::OK);
    let without = Site::start().await;
    assert_eq!(administrator(&without).get("/api/v1/admin/rooms").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_administrator_lists_all_rooms_kicks_and_closes() {
    let (site, _file) = site().await;
    let (admin, guest) = (administrator(&site), Visitor::of(&site));
    guest.post_json("/api/v1/rooms", &serde_json::json!({"id": "quiet"})).await;
    guest.get("/rtc/demo").await;
    let mut peer = Peer::connect(&guest, "/rtc/demo").await;
    peer.greeted().await;
    let rooms = admin.get("/api/v1/admin/rooms").await.json::<RoomOverviews>().rooms;
    let names: Vec<_> = rooms.iter().map(|room| (room.room.id.as_str(), room.clients.len())).collect();
    assert_eq!(names, [("demo", 1), ("quiet", 0)], "the one that is not public too");
    let client = &rooms[0].clients[0];
    assert!(client.connected && rooms[0].kept && !rooms[1].kept);
    assert_eq!(delete(&admin, "/api/v1/admin/rooms/demo/clients/nobody").await, StatusCode::NOT_FOUND);
    assert_eq!(delete(&admin, "/api/v1/admin/rooms/nowhere/clients/nobody").await, StatusCode::NOT_FOUND);
    let path = format!("/api/v1/admin/rooms/demo/clients/{}", client.id);
    assert_eq!(delete(&admin, &path).await, StatusCode::NO_CONTENT);
    assert!(peer.until_closed().await.iter().any(|envelope| envelope.kind == "bye"));
    assert_eq!(guest.inspect("demo").await.participants, 0);
    assert_eq!(delete(&admin, "/api/v1/admin/rooms/demo").await, StatusCode::NO_CONTENT);
    assert_eq!(guest.get("/api/v1/rooms/demo").await.status, StatusCode::NOT_FOUND);
    assert_eq!(delete(&admin, "/api/v1/admin/rooms/demo").await, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_program_lists_kicks_and_closes_too() {
    let (site, file) = site().await;
    let seat = Visitor::of(&site).join("demo").await;
    let path = file.path().to_str().unwrap();
    let run = async |arguments: &[&str]| {
        let said = ["rooms", "--server", &site.url, "--token-file", path];
        let output = command(site.data()).args(said).args(arguments).output().await.unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.success(), text(output.stdout), text(output.stderr))
    };
    let (ok, listed, _) = run(&["list"]).await;
    assert!(ok && listed.contains("demo  (1 inside, public, kept)"), "{listed}");
    assert!(listed.contains(&format!("  {}  awaited  Major Tom", seat.client_id)), "{listed}");
    let (_, listed, _) = run(&["list", "--json"]).await;
    assert_eq!(serde_json::from_str::<RoomOverviews>(&listed).unwrap().rooms.len(), 1);
    let (ok, _, complaint) = run(&["kick", "demo", "nobody"]).await;
    assert_eq!((ok, complaint.as_str()), (false, "error: nobody of this id is there\n"));
    assert_eq!(run(&["kick", "demo", seat.client_id.as_str()]).await, (true, String::new(), String::new()));
    assert_eq!(Visitor::of(&site).inspect("demo").await.participants, 0);
    assert!(run(&["close", "demo"]).await.0);
    assert!(!run(&["close", "demo"]).await.0);
    let wrong = token_file("another-token-with-letters");
    let mut list = command(site.data());
    list.args(["rooms", "list", "--server", &site.url, "--token-file"]).arg(wrong.path());
    let output = list.output().await.unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8(output.stderr).unwrap().contains("token is missing or wrong"));
}

#[tokio::test]
async fn an_address_guesses_five_tokens_a_minute_and_not_one_more() {
    let file = token_file(TOKEN);
    let site = Site::with(&["--room", "demo", "--admin-token-file", file.path().to_str().expect("UTF-8")]).await;
    let stranger = Visitor::bearing(&site, "a-guess-of-enough-letters");
    for path in ["/api/v1/admin/rooms", "/api/v1/rooms/demo/bans"].into_iter().cycle().take(5) {
        assert_eq!(stranger.get(path).await.status, StatusCode::UNAUTHORIZED);
    }
    for visitor in [stranger, administrator(&site)] {
        let refused = visitor.get("/api/v1/admin/rooms").await;
        assert_eq!(refused.refusal(), (429, "too-many".to_owned()));
        assert_eq!(refused.header("retry-after"), "5");
        assert_eq!(visitor.get("/api/v1/rooms/demo/bans").await.status, StatusCode::UNAUTHORIZED, "nor elsewhere");
    }
    Visitor::of(&site).join("demo").await;
}
