//! What is taken over while the server runs: limits, ICE servers, the administrator's token, the join key.

use protocol::{Address, Message};
use reqwest::StatusCode;

use super::support::{Peer, Program, Site, Visitor, site};

async fn reload(site: &Site, flags: &[&str]) {
    site.controls.reload(&site::settings(site.data(), flags)).await;
}

#[tokio::test]
async fn another_administrators_token_takes_the_place_of_the_first() {
    let data = tempfile::tempdir().unwrap();
    let (file, broken) = (data.path().join("token"), data.path().join("short"));
    std::fs::write(&file, "the-first-token-of-all").unwrap();
    std::fs::write(&broken, "short").unwrap();
    let flags = ["--admin-token-file", file.to_str().unwrap()];
    let site = Site::with(&flags).await;
    let status = async |token| Visitor::bearing(&site, token).get("/api/v1/admin/rooms").await.status;
    assert_eq!(status("the-first-token-of-all").await, StatusCode::OK);
    std::fs::write(&file, "the-second-token-of-all").unwrap();
    reload(&site, &flags).await;
    assert_eq!(status("the-first-token-of-all").await, StatusCode::UNAUTHORIZED);
    assert_eq!(status("the-second-token-of-all").await, StatusCode::OK);
    reload(&site, &["--admin-token-file", broken.to_str().unwrap()]).await;
    assert_eq!(status("the-second-token-of-all").await, StatusCode::OK, "a broken one changes nothing");
    reload(&site, &[]).await;
    assert_eq!(status("the-second-token-of-all").await, StatusCode::NOT_FOUND, "there is no administrator any more");
}

#[tokio::test]
async fn limits_and_ice_servers_are_exchanged_while_people_talk() {
    let site = Site::with(&["--room", "demo"]).await;
    let (mut ann, _) = Peer::join(&site, "demo").await;
    let flags = ["--texts-burst=2", "--ice-server=stun:stun.example:3478", "--http-connections-per-address=1"];
    reload(&site, &flags).await;
    ann.say(Address::GroundControl, &Message::GetIceServers).await;
    let told = ann.next_of("ice-servers").await;
    assert!(told.data.to_string().contains("stun.example"), "{:?}", told.data);
    for _ in 0..3 {
        ann.send(r#"{"receiver":"room","type":"text","data":{"from":"Ann","text":"x"}}"#).await;
    }
    let refused = ann.next_of("error").await;
    assert!(refused.data.to_string().contains("too-many"), "{:?}", refused.data);
    reload(&site, &["--rooms-burst=0", "--rooms-per-hour=0"]).await;
    let refused = Visitor::of(&site).post_json("/api/v1/rooms", &serde_json::json!({"id": "new"})).await;
    assert_eq!(refused.refusal(), (429, "too-many".to_owned()));
    ann.settle().await;
}

#[tokio::test]
async fn a_hang_up_says_what_changed_and_what_needs_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("server.toml");
    std::fs::write(&file, "texts-burst = 5\n").unwrap();
    let mut program = Program::over(data.path(), &["--config", file.to_str().unwrap()]).await;
    std::fs::write(&file, "texts-burst = 6\nroom = [\"new\"]\n").unwrap();
    program.signal("-HUP");
    program.logs("these need a restart and stay as they were settings=\"room\"").await;
    program.logs("read the settings again changed=\"texts-burst\"").await;
    program.signal("-HUP");
    program.logs("settings=\"room\"").await;
    program.logs("read the settings again changed=\"\"").await;
}
