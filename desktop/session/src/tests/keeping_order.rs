//! Roles, and what people with a role do.

use protocol::{
    Action, Address, Capability, ClientId, ErrorId, ErrorNotice, History, Knock, Message, Moderate, OfferForm, Role,
    RoomSettings,
};
use serde_json::json;

use crate::testing::{Bench, ours, plain, seconds};
use crate::{Command, Effect, Event, PeerState, Status};

fn settings(role: Role) -> RoomSettings {
    RoomSettings {
        locked: true,
        lobby: false,
        public: true,
        has_password: false,
        guest_limit: 5,
        history: History::None,
        role,
    }
}

fn moderated(bench: &mut Bench, action: &str) {
    bench.server("moderated", json!({"action": action, "by": "a", "client": "m"}));
}

#[test]
fn a_session_announces_that_it_understands_roles_and_lasting_lines() {
    let bench = Bench::linked();
    let profile = bench.sent().into_iter().find_map(|(_, message)| match message {
        Message::Profile(profile) => Some(profile),
        _ => None,
    });
    let announced = profile.unwrap().capabilities;
    assert!(announced.contains(&Capability::Moderation) && announced.contains(&Capability::Chat));
}

#[test]
fn how_the_room_is_set_and_who_knocks_is_told() {
    let mut bench = Bench::with(&[]);
    bench.forget();
    bench.server("room-settings", json!(settings(Role::Owner)));
    bench.server("knocking", json!({"clients": [{"id": "k", "username": "\u{202e}"}]}));
    let knock = Knock { id: ClientId::new("k"), username: "Major Tom".into() };
    assert_eq!(bench.told(), [Event::Settings(settings(Role::Owner)), Event::Knocking(vec![knock])]);
}

#[test]
fn the_roster_says_who_has_which_role() {
    let mut ann = ours("a");
    ann["role"] = json!("owner");
    let mut bench = Bench::with(&[ann.clone(), ours("b")]);
    let roles = |bench: &Bench| bench.roster().into_iter().map(|one| one.role).collect::<Vec<_>>();
    assert_eq!(roles(&bench), [Role::Owner, Role::Guest, Role::Guest]);
    ann["role"] = json!("moderator");
    bench.room_info(&[ann, ours("b")]);
    assert_eq!(roles(&bench), [Role::Moderator, Role::Guest, Role::Guest]);
}

#[test]
fn a_wish_of_a_moderator_goes_to_the_server() {
    let mut bench = Bench::with(&[ours("a")]);
    bench.forget();
    let wish = Moderate { action: Action::Ban, client: Some(ClientId::new("a")), address: true };
    bench.command(Command::Moderate(wish.clone()));
    assert_eq!(bench.sent(), [(Address::GroundControl, Message::Moderate(wish))]);
}

#[test]
fn what_cannot_be_done_now_or_here_is_said_so() {
    let wish = Command::Moderate(Moderate { action: Action::MuteAll, client: None, address: false });
    let mut bench = Bench::with(&[]);
    bench.link_down();
    bench.command(wish.clone());
    assert_eq!(bench.notices(), ["offline"]);
    let mut bench = Bench::classic(&[plain("a")]);
    bench.forget();
    bench.command(wish);
    assert_eq!(bench.notices(), ["unknown-type"]);
    assert!(bench.sent().is_empty(), "a server of the first version is asked for nothing that it does not know");
}

#[test]
fn whoever_is_muted_or_told_to_lower_the_hand_does_so_and_tells_everyone() {
    let mut bench = Bench::with(&[ours("a")]);
    let media = protocol::MediaState { microphone: true, camera: true, screen: false, hand: true };
    bench.command(Command::SetMedia(media));
    let to = |client: &str| Address::Client(ClientId::new(client));
    bench.forget();
    moderated(&mut bench, "mute");
    let muted = protocol::MediaState { microphone: false, ..media };
    assert_eq!(bench.sent(), [(to("a"), Message::MediaState(muted))]);
    assert_eq!(bench.told(), [Event::Moderated { action: Action::Mute, by: Some("A".into()) }]);
    bench.forget();
    moderated(&mut bench, "lower-hand");
    assert_eq!(bench.sent(), [(to("a"), Message::MediaState(protocol::MediaState { hand: false, ..muted }))]);
    bench.forget();
    moderated(&mut bench, "mute-all");
    assert!(bench.sent().is_empty(), "it is mute already");
    assert_eq!(bench.told(), [Event::Moderated { action: Action::MuteAll, by: Some("A".into()) }]);
}

#[test]
fn whoever_is_put_out_does_not_come_back_by_itself() {
    for (action, banned) in [("kick", false), ("ban", true)] {
        let mut bench = Bench::with(&[ours("a")]);
        bench.connect("a", 1, OfferForm::Object, 7);
        bench.forget();
        moderated(&mut bench, action);
        bench.server("bye", json!(null));
        bench.link_down();
        assert_eq!(bench.statuses(), [Status::Removed { banned, by: Some("A".into()) }]);
        assert_eq!(bench.take(|effect| *effect == Effect::HangUp), 1);
        assert_eq!(bench.orders(), ["close a#1"]);
        assert_eq!(bench.peer_states("a"), [PeerState::Closed]);
        bench.forget();
        bench.wait_in_silence(seconds(120));
        assert!(bench.effects.is_empty(), "{:?}", bench.effects);
    }
}

#[test]
fn whoever_is_on_another_device_now_does_not_fight_over_the_seat() {
    let mut bench = Bench::with(&[ours("a")]);
    bench.connect("a", 1, OfferForm::Object, 7);
    bench.forget();
    bench.server("error", json!("elsewhere: you are in this room on another device now"));
    bench.link_down();
    let notice = ErrorNotice::new(ErrorId::Elsewhere, "you are in this room on another device now");
    assert_eq!(bench.statuses(), [Status::Refused(notice)]);
    assert_eq!(bench.take(|effect| *effect == Effect::HangUp), 1, "without a bye: the seat is another's");
    assert!(bench.sent().iter().all(|(_, message)| *message != Message::Bye));
    bench.forget();
    bench.wait_in_silence(seconds(120));
    assert!(bench.effects.is_empty(), "{:?}", bench.effects);
}

#[test]
fn an_administrator_has_no_name() {
    let mut bench = Bench::with(&[]);
    bench.server("moderated", json!({"action": "kick", "by": "ground control"}));
    assert_eq!(bench.statuses().last(), Some(&Status::Removed { banned: false, by: None }));
}

#[test]
fn nobody_in_the_room_can_pose_as_the_server() {
    let mut bench = Bench::with(&[ours("a")]);
    bench.forget();
    for kind in ["moderated", "knocking", "room-settings", "text-deleted", "text-edited", "chat"] {
        let data = json!({"action": "kick", "by": "a", "clients": [], "id": "1", "client": "a", "text": "x", "time": 1,
            "messages": [], "more": false, "locked": true, "lobby": true, "public": true, "has_password": true,
            "guest_limit": 0});
        bench.frame("a", "m", kind, data.clone());
        bench.frame("a", "room", kind, data);
    }
    assert!(bench.told().is_empty());
}
