//! The program itself: its one line, its help, its logs, its end.

use std::time::{Duration, Instant};

use protocol::{Address, Message};
use tokio::process::Command;

use super::support::{Peer, Program, Visitor, site};

#[tokio::test]
async fn told_to_stop_it_says_bye_to_everyone_and_ends() {
    for signal in ["-TERM", "-INT"] {
        let program = Program::start(&[]).await;
        let mut peers = Vec::new();
        for _ in 0..2 {
            let visitor = Visitor::at(&program.url);
            visitor.get("/rtc/demo").await;
            let mut peer = Peer::connect(&visitor, "/rtc/demo").await;
            peer.greeted().await;
            peers.push(peer);
        }
        let start = Instant::now();
        program.signal(signal);
        for peer in &mut peers {
            let last = peer.until_closed().await;
            assert!(last.iter().any(|envelope| envelope.kind == "bye"), "{last:?}");
        }
        let (stdout, _) = program.ended().await;
        assert_eq!(stdout, "", "exactly one line on stdout");
        assert!(start.elapsed() < Duration::from_secs(10));
    }
}

#[tokio::test]
async fn a_client_that_hears_nothing_does_not_keep_it_from_ending() {
    let program = Program::start(&[]).await;
    let visitor = Visitor::at(&program.url);
    visitor.get("/rtc/demo").await;
    let mut peer = Peer::connect(&visitor, "/rtc/demo").await;
    peer.greeted().await;
    peer.freeze().await;
    program.signal("-TERM");
    program.ended().await;
}

#[tokio::test]
async fn its_log_holds_nothing_personal() {
    let program = Program::start(&[]).await;
    let visitor = Visitor::at(&program.url);
    let created = visitor.create("private-room", &[("password", "open-sesame")]).await;
    assert_eq!(created.status.as_u16(), 302);
    let client = visitor.get("/rtc/demo").await.attribute("data-client-id").to_owned();
    let mut peer = Peer::connect(&visitor, "/rtc/demo").await;
    peer.greeted().await;
    peer.send(r#"{"receiver":"room","type":"text","data":{"from":"Ann-Marie","text":"a-secret-line"}}"#).await;
    peer.settle().await;
    peer.say(Address::GroundControl, &Message::Bye).await;
    peer.until_closed().await;
    program.signal("-TERM");
    let (_, stderr) = program.ended().await;
    for personal in ["open-sesame", "a-secret-line", "Ann-Marie", "private-room", "127.0.0.1", "candidate", &client] {
        assert!(!stderr.contains(personal), "{personal} in {stderr}");
    }
    assert!(stderr.contains("INFO"));
}

#[tokio::test]
async fn what_keeps_it_from_starting_is_said_in_a_sentence() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let data = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_rtc-chat-server"))
        .args(["--listen", &address, "--data-dir", data.path().to_str().unwrap()])
        .output()
        .await
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && output.stdout.is_empty());
    assert!(stderr.contains(&format!("cannot listen for HTTP on {address}")), "{stderr}");
}

#[test]
fn its_help_names_every_setting_with_default_and_variable() {
    let help = site::help();
    for part in [
        "--listen",
        "RTC_CHAT_LISTEN",
        "[default: 127.0.0.1:5000]",
        "--rtc-listen",
        "--rtc-address",
        "--room",
        "--data-dir",
        "--assets",
        "--ice-server",
        "--log",
        "[default: info]",
        "--offers-per-minute",
        "[default: 120]",
        "--half-open-per-address",
        "[default: 128]",
        "--backlog-bytes",
        "[default: 1048576]",
        "--hashing-slots",
        "RTC_CHAT_CONFIG",
    ] {
        assert!(help.contains(part), "{part} in {help}");
    }
}
