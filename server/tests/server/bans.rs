//! Bans: who does not come in, who is listed, who may come again.

use protocol::api::BanList;
use protocol::{Action, ClientId};
use reqwest::StatusCode;
use serde_json::json;

use super::support::{Peer, Site, Visitor};

const BANS: &str = "/api/v1/rooms/hall/bans";

/// An owner's voice inside and outside of the room, and a guest's.
async fn with_guest(site: &Site) -> (Visitor, Peer, Visitor, ClientId) {
    let owner = Visitor::owning(site, &json!({"id": "hall"})).await;
    let inside = Peer::enter(&owner, "hall", "Owner").await;
    let seat = Visitor::of(site).join("hall").await;
    (owner, inside, Visitor::bearing(site, &seat.token), seat.client_id)
}

#[tokio::test]
async fn a_ban_holds_until_it_is_lifted_also_over_a_restart() {
    let site = Site::with(&[]).await;
    let (owner, mut inside, guest, client) = with_guest(&site).await;
    let mut peer = Peer::enter(&guest, "hall", "Dan").await;
    inside.moderate(Action::Ban, Some(&client), false).await;
    assert!(peer.until_closed().await.iter().any(|envelope| envelope.kind == "bye"));
    assert_eq!(guest.try_join("hall", &json!({})).await.refusal(), (403, "banned".into()));
    assert_eq!(guest.get("/rtc/hall").await.status, StatusCode::OK, "another session of the same person");
    let bans = owner.get(BANS).await.json::<BanList>().bans;
    assert_eq!((bans.len(), &bans[0].client, bans[0].name.as_str(), bans[0].address), (1, &client, "Dan", false));
    let site = site.restart(&[]).await;
    let (owner, guest) = (owner.moving_to(&site), guest.moving_to(&site));
    assert_eq!(guest.try_join("hall", &json!({})).await.refusal(), (403, "banned".into()));
    assert_eq!(owner.get(BANS).await.json::<BanList>().bans, bans);
    let path = format!("{BANS}/{client}");
    assert_eq!(guest.delete(&path).await.refusal(), (403, "forbidden".into()));
    assert_eq!(owner.delete(&path).await.status, StatusCode::NO_CONTENT);
    assert_eq!(owner.delete(&path).await.refusal(), (404, "unknown-receiver".into()));
    assert_eq!(guest.try_join("hall", &json!({})).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_banned_address_is_refused_whatever_its_session() {
    let site = Site::with(&["--behind-proxy"]).await;
    let at = |address: &str| Visitor::of(&site).saying("x-forwarded-for", address);
    let owner = Visitor::owning(&site, &json!({"id": "hall"})).await;
    let mut inside = Peer::enter(&owner, "hall", "Owner").await;
    let seat = at("192.0.2.7").join("hall").await;
    inside.moderate(Action::Ban, Some(&seat.client_id), true).await;
    assert_eq!(at("192.0.2.7").try_join("hall", &json!({})).await.refusal(), (403, "banned".into()));
    assert_eq!(at("192.0.2.7").get("/rtc/hall").await.status, StatusCode::FORBIDDEN);
    assert_eq!(at("192.0.2.8").try_join("hall", &json!({})).await.status, StatusCode::OK);
    let listed = owner.get(BANS).await;
    assert!(listed.json::<BanList>().bans[0].address && !listed.text.contains("192.0.2.7"));
}
