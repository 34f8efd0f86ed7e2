//! A client's beginning and end, without a server that would let it in.

use std::time::Instant;

use protocol::{ErrorId, RoomId, Username};
use session::Status;
use url::Url;

use super::*;
use crate::Kind;
use crate::stand_in::StandIn;

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

fn start(server: Url) -> (Client, mpsc::Receiver<ClientEvent>) {
    let options = Options {
        server,
        trust: None,
        room: RoomId::parse("r").unwrap(),
        password: None,
        invite: None,
        token: None,
        username: Username::default(),
        loopback: false,
        create: false,
    };
    Client::start(options, &Handle::current())
}

async fn status(events: &mut mpsc::Receiver<ClientEvent>) -> Option<Status> {
    loop {
        match timeout(PATIENCE, events.recv()).await.expect("an event in time") {
            Some(ClientEvent::Session(Event::Status(status))) => return Some(status),
            Some(_) => {}
            None => return None,
        }
    }
}

#[tokio::test]
async fn a_refusal_is_told_and_ends_everything() {
    let body = r#"{"error": {"id": "room-full", "message": "the room is full"}}"#;
    let server = StandIn::start(move |_| (409, Vec::new(), body.into())).await;
    let (_client, mut events) = start(server.url.clone());
    assert_eq!(status(&mut events).await, Some(Status::Joining));
    let Some(Status::Refused(notice)) = status(&mut events).await else { panic!("it is refused") };
    assert_eq!(notice.id, ErrorId::RoomFull);
    assert_eq!(status(&mut events).await, None);
}

#[tokio::test]
async fn leaving_takes_at_most_a_second_whatever_the_server_does() {
    // It takes the connection and never answers.
    let deaf = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}", deaf.local_addr().unwrap())).unwrap();
    let (client, mut events) = start(url);
    assert_eq!(status(&mut events).await, Some(Status::Joining));
    let asked = Instant::now();
    client.leave().await;
    assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
    assert_eq!(status(&mut events).await, Some(Status::Left));
    assert_eq!(status(&mut events).await, None);
}

#[tokio::test]
async fn dropping_it_ends_every_task() {
    let server = StandIn::start(|_| (502, Vec::new(), String::new())).await;
    let (client, mut events) = start(server.url.clone());
    assert_eq!(status(&mut events).await, Some(Status::Joining));
    assert!(matches!(status(&mut events).await, Some(Status::Reconnecting { attempt: 1, .. })));
    drop(client);
    while timeout(PATIENCE, events.recv()).await.expect("an end in time").is_some() {}
}

#[tokio::test]
async fn media_without_anyone_to_send_it_to_costs_nothing_and_hurts_nobody() {
    let server = StandIn::start(|_| (502, Vec::new(), String::new())).await;
    let (client, _events) = start(server.url.clone());
    for timestamp in 0..10_000 {
        let frame = OutgoingVideo { data: vec![0; 5000].into(), timestamp, keyframe: false, screen: false };
        client.send_video(frame, &[ClientId::new("nobody")]);
        client.send_audio(OutgoingAudio { data: vec![0; 80].into(), timestamp });
    }
    client.request_keyframe(&ClientId::new("nobody"), Kind::Video);
    assert!(client.peer_reports().is_empty());
}
