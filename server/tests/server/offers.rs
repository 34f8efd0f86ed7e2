//! `POST …/offer`: who may, what is refused, and what the server never does.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::json;
use tokio::net::UdpSocket;

use super::support::peer::Offering;
use super::support::{Heard, Peer, Site, Visitor};

async fn refused(visitor: &Visitor, path: &str, sdp: &str) -> (u16, String) {
    let page = visitor.offer(path, sdp).await.expect_err("a refusal");
    (page.status.as_u16(), page.error())
}

#[tokio::test]
async fn only_the_holder_of_a_seat_in_the_room_gets_an_answer() {
    let site = Site::with(&["--room", "one,two"]).await;
    let sdp = Offering::new("data").await.sdp;
    let ann = Visitor::of(&site);
    assert_eq!(refused(&ann, "/rtc/nowhere", &sdp).await, (404, "unknown-room".into()));
    assert_eq!(refused(&ann, "/rtc/one", &sdp).await, (404, "unknown-client".into()), "without a cookie");
    ann.get("/rtc").await;
    assert_eq!(refused(&ann, "/rtc/one", &sdp).await, (404, "unknown-client".into()), "without a seat");
    ann.get("/rtc/two").await;
    assert_eq!(refused(&ann, "/rtc/one", &sdp).await, (401, "wrong-room".into()));
    assert_eq!(refused(&ann, "/rtc/nowhere", &sdp).await, (404, "unknown-room".into()));
    assert!(ann.offer("/rtc/two", &sdp).await.is_ok() && ann.offer("/chat/two", &sdp).await.is_ok());
}

#[tokio::test]
async fn an_answer_is_complete_and_fits_its_offer() {
    let site = Site::with(&["--room", "demo", "--rtc-address", "203.0.113.7"]).await;
    let visitor = Visitor::of(&site);
    visitor.get("/rtc/demo").await;
    let offer = Offering::new("any label").await.sdp;
    assert!(offer.contains("a=setup:actpass"));
    let answer = visitor.offer("/rtc/demo", &offer).await.unwrap_or_else(|page| panic!("{}", page.text));
    let lines: Vec<_> = answer.lines().collect();
    assert!(lines.contains(&"a=setup:passive") || lines.contains(&"a=setup:active"), "{answer}");
    assert!(lines.contains(&"a=ice-lite"), "{answer}");
    for address in ["127.0.0.1", "203.0.113.7"] {
        assert!(lines.iter().any(|line| line.starts_with("a=candidate:") && line.contains(address)), "{answer}");
    }
}

#[tokio::test]
async fn what_is_no_offer_is_refused() {
    let site = Site::start().await;
    let visitor = Visitor::of(&site);
    visitor.get("/rtc/demo").await;
    let sdp = Offering::new("data").await.sdp;
    let candidates = "a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n".repeat(65);
    let audio = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n";
    for bad in ["", "nonsense", "v=0\r\nm=application \r\n", audio, &format!("{sdp}{candidates}")] {
        assert_eq!(refused(&visitor, "/rtc/demo", bad).await, (400, "invalid-offer".into()), "{bad:.40}");
    }
    for body in [json!({"type": "answer", "sdp": sdp}), json!({"type": "offer"}), json!("v=0"), json!(null)] {
        assert_eq!(visitor.post_json("/rtc/demo/offer", &body).await.status, StatusCode::BAD_REQUEST, "{body}");
    }
    let deep = "[".repeat(50_000);
    assert_eq!(visitor.post_text("/rtc/demo/offer", deep).await.error(), "malformed");
    assert!(visitor.offer("/rtc/demo", &sdp).await.is_ok(), "and the seat is as good as before");
}

#[tokio::test]
async fn an_address_in_an_offer_is_never_contacted() {
    let site = Site::start().await;
    let bystander = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let victim = bystander.local_addr().unwrap();
    let visitor = Visitor::of(&site);
    visitor.get("/rtc/demo").await;
    let offering = Offering::new("data").await;
    let own = offering.sdp.lines().find(|line| line.starts_with("a=candidate")).unwrap().to_owned();
    let mut words: Vec<_> = own.split(' ').map(str::to_owned).collect();
    (words[4], words[5]) = (victim.ip().to_string(), victim.port().to_string());
    let sdp = offering.sdp.replace(&own, &format!("{}\r\na=candidate:9 1 udp 99 10.0.0.1 9 typ host", words.join(" ")));
    let answer = visitor.offer("/rtc/demo", &sdp).await.unwrap_or_else(|page| panic!("{}", page.text));
    let mut peer = offering.answered(&answer);
    assert_eq!(peer.hear().await, Heard::Open, "the client's own checks suffice");
    peer.greeted().await;
    let mut buffer = [0; 1500];
    let contact = tokio::time::timeout(Duration::from_millis(300), bystander.recv_from(&mut buffer)).await;
    assert!(contact.is_err(), "{contact:?}");
}

#[tokio::test]
async fn an_address_posts_its_burst_of_offers_and_not_one_more() {
    let site = Site::with(&["--room", "demo", "--offers-burst", "3", "--offers-per-minute", "1"]).await;
    let visitor = Visitor::of(&site);
    visitor.get("/rtc/demo").await;
    let sdp = Offering::new("data").await.sdp;
    for _ in 0..3 {
        assert!(visitor.offer("/rtc/demo", &sdp).await.is_ok());
    }
    assert_eq!(refused(&visitor, "/rtc/demo", &sdp).await, (429, "too-many".into()));
}

#[tokio::test]
async fn half_open_connections_are_few_and_short_lived() {
    let flags = ["--room", "demo", "--half-open-per-address", "2", "--half-open-seconds", "0.2"];
    let site = Site::with(&flags).await;
    let sdp = Offering::new("data").await.sdp;
    let visitors = [Visitor::of(&site), Visitor::of(&site), Visitor::of(&site)];
    for visitor in &visitors {
        visitor.get("/rtc/demo").await;
    }
    assert!(visitors[0].offer("/rtc/demo", &sdp).await.is_ok());
    assert!(visitors[0].offer("/rtc/demo", &sdp).await.is_ok(), "a client has one: its second replaces its first");
    assert!(visitors[1].offer("/rtc/demo", &sdp).await.is_ok());
    assert_eq!(refused(&visitors[2], "/rtc/demo", &sdp).await, (429, "too-many".into()));
    let freed = async {
        while visitors[2].offer("/rtc/demo", &sdp).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), freed).await.expect("room for another before long");
}

#[tokio::test]
async fn an_open_connection_is_not_half_open() {
    let site = Site::with(&["--room", "demo", "--half-open-per-address", "1"]).await;
    let (mut ann, _) = Peer::join(&site, "demo").await;
    let (mut bob, _) = Peer::join(&site, "demo").await;
    ann.settle().await;
    bob.settle().await;
}
