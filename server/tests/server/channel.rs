//! The data channel, as a client hears and speaks it.

use std::net::IpAddr;

use protocol::limits::{FRAME_BYTES, FRAME_BYTES_SDP};
use protocol::{Address, ClientId, Envelope, Message, RoomInfo};
use serde_json::json;

use super::support::peer::Offering;
use super::support::{Heard, Peer, Site, Visitor};

/// A frame of exactly this size.
fn frame(receiver: &str, kind: &str, bytes: usize) -> String {
    let empty = format!(r#"{{"receiver":"{receiver}","type":"{kind}","data":""}}"#);
    let filler = "x".repeat(bytes - empty.len());
    empty.replace(r#""data":"""#, &format!(r#""data":"{filler}""#))
}

fn roster(envelope: &Envelope) -> Vec<(String, String)> {
    match envelope.message().expect("a room-info") {
        Message::RoomInfo(RoomInfo { clients, .. }) => {
            clients.into_iter().map(|client| (client.id.to_string(), client.username)).collect()
        }
        other => panic!("{other:?}"),
    }
}

async fn ask_roster(peer: &mut Peer) -> Vec<(String, String)> {
    peer.say(Address::GroundControl, &Message::GetRoomInfo).await;
    roster(&peer.next_of("room-info").await)
}

#[tokio::test]
async fn a_client_is_greeted_and_learns_its_id_from_its_pong() {
    let site = Site::start().await;
    let visitor = Visitor::of(&site);
    let id = visitor.get("/rtc/demo").await.attribute("data-client-id").to_owned();
    let mut ann = Peer::connect(&visitor, "/rtc/demo").await;
    ann.greeted().await;
    ann.say(Address::GroundControl, &Message::Greeting("hello".into())).await;
    ann.say(Address::GroundControl, &Message::Ping(json!({"n": [1, null]}))).await;
    let pong = ann.next().await;
    assert_eq!((pong.kind.as_str(), pong.receiver.as_str(), pong.data), ("pong", id.as_str(), json!({"n": [1, null]})));
}

#[tokio::test]
async fn a_profile_names_a_client_for_the_whole_room() {
    let site = Site::start().await;
    let (mut ann, ann_id) = Peer::join(&site, "demo").await;
    let (mut bob, bob_id) = Peer::join(&site, "demo").await;
    let both = |name: &str| vec![(ann_id.clone(), "Major Tom".to_owned()), (bob_id.clone(), name.to_owned())];
    assert_eq!(ask_roster(&mut bob).await, both("Major Tom"));
    bob.send(r#"{"receiver":"ground control","type":"profile","data":{"username":"Bob"}}"#).await;
    assert_eq!(roster(&bob.next_of("room-info").await), both("Bob"));
    assert_eq!(roster(&ann.next_of("room-info").await), both("Bob"));
}

#[tokio::test]
async fn a_text_comes_back_to_its_sender_and_reaches_the_room_once() {
    let site = Site::start().await;
    let (mut ann, ann_id) = Peer::join(&site, "demo").await;
    let (mut bob, _) = Peer::join(&site, "demo").await;
    let data = json!({"from": "Ann", "time": 1.5, "text": "<b>hi</b>"});
    ann.send(json!({"receiver": "room", "type": "text", "data": data}).to_string()).await;
    for peer in [&mut ann, &mut bob] {
        let text = peer.next_of("text").await;
        assert_eq!((text.sender.unwrap().as_str(), &text.data), (ann_id.as_str(), &data));
    }
    ann.settle().await;
    bob.say(Address::GroundControl, &Message::Ping(json!(1))).await;
    assert_eq!(bob.next().await.kind, "pong", "and nothing before it");
}

#[tokio::test]
async fn a_message_reaches_its_receiver_with_its_true_sender() {
    let site = Site::start().await;
    let (ann, ann_id) = Peer::join(&site, "demo").await;
    let (mut bob, bob_id) = Peer::join(&site, "demo").await;
    let sdp = json!({"type": "offer", "sdp": "v=0"});
    let forged = json!({"sender": bob_id, "receiver": bob_id, "type": "offer", "data": sdp});
    ann.send(forged.to_string()).await;
    let offer = bob.next_of("offer").await;
    assert_eq!((offer.sender.unwrap().as_str(), offer.data), (ann_id.as_str(), sdp));
}

#[tokio::test]
async fn nobody_hears_another_room() {
    let site = Site::with(&["--room", "one,two"]).await;
    let (mut ann, _) = Peer::join(&site, "one").await;
    let (mut bob, bob_id) = Peer::join(&site, "two").await;
    ann.send(json!({"receiver": bob_id, "type": "offer", "data": "v=0"}).to_string()).await;
    let refused = ann.next_of("error").await;
    ann.send(json!({"receiver": "nobody", "type": "offer", "data": "v=0"}).to_string()).await;
    assert_eq!(ann.next_of("error").await.data, refused.data, "as if there were nobody of this id");
    ann.send(json!({"receiver": "room", "type": "text", "data": {"text": "hi"}}).to_string()).await;
    ann.settle().await;
    bob.say(Address::GroundControl, &Message::Ping(json!(1))).await;
    assert_eq!(bob.next().await.kind, "pong");
}

#[tokio::test]
async fn what_is_no_message_is_answered_and_the_channel_lives_on() {
    let site = Site::start().await;
    let (mut ann, _) = Peer::join(&site, "demo").await;
    let deep = format!(r#"{{"receiver":"room","type":"x","data":{}}}"#, "[".repeat(5_000));
    let bad: [(bool, Vec<u8>, &str); 6] = [
        (true, b"\x00\x01".to_vec(), "binary-frame"),
        (false, b"nonsense".to_vec(), "malformed"),
        (false, b"[]".to_vec(), "malformed"),
        (false, b"\xff\xfe".to_vec(), "malformed"),
        (false, deep.into_bytes(), "malformed"),
        (false, br#"{"receiver":"ground control","type":"dance"}"#.to_vec(), "unknown-type"),
    ];
    for (binary, bytes, id) in bad {
        ann.send_bytes(binary, bytes).await;
        let error = ann.next().await;
        assert_eq!(error.kind, "error");
        assert!(error.data.as_str().unwrap().starts_with(id), "{}", error.data);
    }
    ann.settle().await;
}

#[tokio::test]
async fn a_frame_has_at_most_8_kib_and_an_sdp_64_kib() {
    let site = Site::start().await;
    let (mut ann, _) = Peer::join(&site, "demo").await;
    let (mut bob, bob_id) = Peer::join(&site, "demo").await;
    for (kind, limit) in [("anything", FRAME_BYTES), ("offer", FRAME_BYTES_SDP), ("answer", FRAME_BYTES_SDP)] {
        ann.send(frame(&bob_id, kind, limit)).await;
        assert_eq!(bob.next().await.kind, kind);
        ann.send(frame(&bob_id, kind, limit + 1)).await;
        assert!(ann.next().await.data.as_str().unwrap().starts_with("too-large"));
    }
    ann.settle().await;
}

#[tokio::test]
async fn a_client_that_says_bye_is_out_and_the_others_know() {
    let site = Site::start().await;
    let (mut ann, _) = Peer::join(&site, "demo").await;
    let (mut bob, bob_id) = Peer::join(&site, "demo").await;
    ann.say(Address::GroundControl, &Message::Bye).await;
    assert_eq!(roster(&bob.next_of("room-info").await), [(bob_id, "Major Tom".into())]);
    ann.until_closed().await;
    assert_eq!(Visitor::of(&site).inspect("demo").await.participants, 1);
}

#[tokio::test]
async fn a_closed_tab_is_gone_at_once() {
    let site = Site::start().await;
    let (ann, _) = Peer::join(&site, "demo").await;
    let (mut bob, bob_id) = Peer::join(&site, "demo").await;
    let start = std::time::Instant::now();
    ann.close().await;
    assert_eq!(roster(&bob.next_of("room-info").await), [(bob_id, "Major Tom".into())]);
    assert!(start.elapsed().as_secs_f32() < 1.0, "{:?}", start.elapsed());
}

#[tokio::test]
async fn whoever_leaves_through_the_api_is_disconnected() {
    let site = Site::start().await;
    let visitor = Visitor::of(&site);
    visitor.get("/rtc/demo").await;
    let mut ann = Peer::connect(&visitor, "/rtc/demo").await;
    ann.greeted().await;
    visitor.post_json("/api/v1/rooms/demo/leave", &json!({})).await;
    ann.until_closed().await;
}

#[tokio::test]
async fn the_newest_channel_is_the_one_that_counts() {
    let site = Site::start().await;
    let (mut ann, _) = Peer::join(&site, "demo").await;
    ann.open_channel("another label").await;
    assert_eq!(ann.hear().await, Heard::Open);
    ann.greeted().await;
    ann.settle().await;
}

#[tokio::test]
async fn a_client_that_opens_channel_after_channel_is_disconnected() {
    let site = Site::start().await;
    let (mut ann, _) = Peer::join(&site, "demo").await;
    for number in 0..8 {
        ann.open_channel(&number.to_string()).await;
    }
    ann.until_closed().await;
}

#[tokio::test]
async fn a_client_that_does_not_read_is_disconnected_and_the_others_lose_nothing() {
    let site = Site::with(&["--room", "demo", "--backlog-bytes", "300000"]).await;
    let (mut ann, ann_id) = Peer::join(&site, "demo").await;
    let (bob, bob_id) = Peer::join(&site, "demo").await;
    let (mut eve, eve_id) = Peer::join(&site, "demo").await;
    bob.freeze().await;
    let mut sent = 0;
    let everyone = [ann_id, eve_id];
    // Those who read keep up; what waits for the one who does not grows until it is out.
    loop {
        assert!(sent < 10, "still there");
        ann.send(frame("room", "offer", FRAME_BYTES_SDP)).await;
        sent += 1;
        for peer in [&mut ann, &mut eve] {
            assert_eq!(peer.next().await.kind, "offer");
        }
        ann.say(Address::GroundControl, &Message::GetRoomInfo).await;
        let left = roster(&ann.next_of("room-info").await);
        if left.iter().map(|(id, _)| id).eq(&everyone) {
            break;
        }
        assert!(left.iter().any(|(id, _)| *id == bob_id));
    }
    assert_eq!(sent, 5, "300 000 bytes hold four such frames");
    assert_eq!(roster(&eve.next_of("room-info").await).len(), 2);
}

#[tokio::test]
async fn a_server_on_every_interface_is_reached_at_each_address_that_it_names() {
    for listen in ["0.0.0.0:0", "[::]:0"] {
        if std::net::UdpSocket::bind(listen).is_err() {
            continue; // a machine without IPv6
        }
        let site = Site::with(&["--room", "demo", "--rtc-listen", listen]).await;
        let addresses = answered_addresses(&site).await;
        assert!(addresses.contains(&[127, 0, 0, 1].into()), "{addresses:?}");
        for address in addresses {
            let visitor = Visitor::of(&site);
            visitor.get("/rtc/demo").await;
            let offering = Offering::at("data", (address, 0).into()).await;
            let answer = visitor.offer("/rtc/demo", &offering.sdp).await.unwrap_or_else(|page| panic!("{}", page.text));
            let only = answer.lines().filter(|line| candidate_address(line).is_none_or(|named| named == address));
            let only: String = only.flat_map(|line| [line, "\r\n"]).collect();
            let mut peer = offering.answered(&only);
            assert_eq!(peer.hear().await, Heard::Open, "{address}");
            peer.greeted().await;
        }
    }
}

/// How fast the answers come is the bench's matter; here it counts that every one comes.
#[tokio::test]
async fn whatever_some_send_the_others_are_answered_and_lose_nothing() {
    let site = Site::start().await;
    let (mut ann, ann_id) = Peer::join(&site, "demo").await;
    let (mut bob, _) = Peer::join(&site, "demo").await;
    let ping = br#"{"receiver":"ground control","type":"ping"}"#.to_vec();
    let twice = br#"{"receiver":"room","receiver":"ground control","type":"ping","type":"text"}"#.to_vec();
    let floods =
        [(false, ping), (false, vec![b'['; 100_000]), (false, twice), (false, vec![0xff; 100]), (true, vec![0; 100])];
    let mut crowd = Vec::new();
    for (binary, bytes) in floods {
        let (flood, _) = Peer::join(&site, "demo").await;
        // The sender has a limit too.
        for _ in 0..if bytes.len() > 1_000 { 40 } else { 200 } {
            flood.send_bytes(binary, bytes.clone()).await;
        }
        crowd.push(flood);
    }
    for number in 0..20 {
        let text = format!(r#"{{"receiver":"room","type":"text","data":{{"from":"Ann","text":"line {number}"}}}}"#);
        ann.send(text).await;
        ann.settle().await;
        let heard = bob.next_of("text").await;
        assert_eq!(heard.sender, Some(Address::Client(ClientId::new(ann_id.clone()))));
        assert!(heard.data.to_string().contains(&format!("line {number}\"")), "{}", heard.data);
        bob.settle().await;
    }
    for flood in &mut crowd {
        let told = flood.next_of("error").await;
        assert!(told.data.is_string(), "{}", told.data);
    }
}

fn candidate_address(line: &str) -> Option<IpAddr> {
    line.strip_prefix("a=candidate:")?.split(' ').nth(4)?.parse().ok()
}

async fn answered_addresses(site: &Site) -> Vec<IpAddr> {
    let visitor = Visitor::of(site);
    visitor.get("/rtc/demo").await;
    let offer = Offering::new("data").await;
    let answer = visitor.offer("/rtc/demo", &offer.sdp).await.unwrap_or_else(|page| panic!("{}", page.text));
    answer.lines().filter_map(candidate_address).collect()
}
