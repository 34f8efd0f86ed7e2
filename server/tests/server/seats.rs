//! One session, one seat, however often it comes.

use protocol::{Address, Message};
use reqwest::StatusCode;

use super::support::{Peer, Site, Visitor};

#[tokio::test]
async fn fifty_reloads_take_one_seat() {
    let site = Site::start().await;
    let ann = Visitor::of(&site);
    ann.create("two", &[("guest_limit", "2")]).await;
    let id = ann.get("/rtc/two").await.attribute("data-client-id").to_owned();
    for _ in 0..50 {
        assert_eq!(ann.get("/rtc/two").await.attribute("data-client-id"), id);
    }
    assert_eq!(ann.inspect("two").await.participants, 1);
    assert_eq!(Visitor::of(&site).get("/rtc/two").await.status, StatusCode::OK);
    assert_eq!(Visitor::of(&site).get("/rtc/two").await.status, StatusCode::IM_A_TEAPOT);
}

#[tokio::test]
async fn a_new_connection_takes_the_seat_over_and_the_old_one_is_closed() {
    let site = Site::start().await;
    let visitor = Visitor::of(&site);
    visitor.get("/rtc/demo").await;
    let mut before = Peer::connect(&visitor, "/rtc/demo").await;
    before.greeted().await;
    let (mut bob, _) = Peer::join(&site, "demo").await;
    visitor.get("/rtc/demo").await;
    let mut after = Peer::connect(&visitor, "/rtc/demo").await;
    after.greeted().await;
    before.until_closed().await;
    after.settle().await;
    for peer in [&mut after, &mut bob] {
        // What was said on the way is past then.
        peer.settle().await;
        peer.say(Address::GroundControl, &Message::GetRoomInfo).await;
        let Message::RoomInfo(info) = peer.next_of("room-info").await.message().unwrap() else { panic!() };
        assert_eq!(info.clients.len(), 2);
    }
}

#[tokio::test]
async fn an_old_connection_lives_until_the_new_one_is_open() {
    let site = Site::start().await;
    let visitor = Visitor::of(&site);
    visitor.get("/rtc/demo").await;
    let mut ann = Peer::connect(&visitor, "/rtc/demo").await;
    ann.greeted().await;
    let never = super::support::peer::Offering::new("data").await;
    assert!(visitor.offer("/rtc/demo", &never.sdp).await.is_ok());
    ann.settle().await;
}

#[tokio::test]
async fn a_room_has_its_limit_exactly_when_many_join_at_once() {
    let site = Site::start().await;
    Visitor::of(&site).create("five", &[("guest_limit", "5")]).await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let visitor = Visitor::of(&site);
        tasks.spawn(async move { visitor.get("/rtc/five").await.status });
    }
    let statuses = tasks.join_all().await;
    assert_eq!(statuses.iter().filter(|status| **status == StatusCode::OK).count(), 5);
    assert_eq!(statuses.iter().filter(|status| **status == StatusCode::IM_A_TEAPOT).count(), 45);
}
