//! Laws of the fold.

use protocol::{ClientId, ErrorId, ErrorNotice, Role, RoomId};
use session::{ChatLine, Event as Session, Participant, PeerState};

use super::*;
use crate::{NewRoom, Speaker, Tile};

struct World {
    model: Model,
    now: Instant,
}

impl World {
    fn new() -> Self {
        let server = Url::parse("http://127.0.0.1:5000").unwrap();
        Self { model: Model::new(server, Username::default()), now: Instant::now() }
    }

    fn hear(&mut self, events: impl IntoIterator<Item = Event>) {
        for event in events {
            self.model.apply(event, self.now);
        }
    }

    fn inside() -> Self {
        let mut world = Self::new();
        world.hear([Event::Entering(room()), status(Status::Joined { me: ClientId::new("me") })]);
        world.hear([roster(&["me", "a", "b"])]);
        world
    }

    fn visit(&self) -> &Visit {
        self.model.visit.as_ref().unwrap()
    }

    fn face(&self, tile: &Tile) -> Face {
        self.visit().faces(self.model.sending).into_iter().find(|face| face.tile == *tile).unwrap()
    }
}

fn room() -> RoomId {
    RoomId::parse("demo").unwrap()
}

fn status(status: Status) -> Event {
    Event::Session(Session::Status(status))
}

fn person(id: &str, media: Option<MediaState>) -> Participant {
    Participant {
        id: ClientId::new(id),
        username: id.into(),
        me: id == "me",
        unstable: false,
        media,
        ours: true,
        role: Role::Guest,
    }
}

fn roster(ids: &[&str]) -> Event {
    let on = MediaState { microphone: true, camera: true, ..MediaState::default() };
    Event::Session(Session::Roster(ids.iter().map(|id| person(id, Some(on))).collect()))
}

fn peer(id: &str, state: PeerState) -> Event {
    Event::Session(Session::Peer { client: ClientId::new(id), state })
}

fn client(id: &str) -> Tile {
    Tile::Client(ClientId::new(id))
}

fn refused(id: ErrorId) -> Event {
    status(Status::Refused(ErrorNotice::new(id, "no")))
}

#[test]
fn the_switch_of_an_awaited_camera_turns_it_off() {
    let mut world = World::new();
    assert_eq!(world.model.camera_switch(), Command::SetCamera(true));
    world.hear([Event::CameraAwaited(true)]);
    assert_eq!(world.model.camera_switch(), Command::SetCamera(false));
    world.hear([Event::CameraAwaited(false)]);
    assert_eq!(world.model.camera_switch(), Command::SetCamera(true));
}

#[test]
fn the_list_of_rooms_is_unknown_then_there_and_survives_a_failure() {
    let mut world = World::new();
    world.model.note(&Command::ListRooms);
    assert!(world.model.lobby.refreshing && world.model.lobby.listing.is_none());
    world.hear([Event::Rooms(vec![])]);
    assert!(!world.model.lobby.refreshing && world.model.lobby.listing.is_some());
    world.hear([Event::LobbyFailed(ErrorNotice::new(ErrorId::Internal, "out of order"))]);
    assert_eq!(world.model.lobby.failure.as_deref(), Some("Out of order."));
    assert!(world.model.lobby.listing.is_some());
}

#[test]
fn a_failure_while_creating_is_about_the_creation() {
    let mut world = World::new();
    world.model.note(&Command::CreateRoom(NewRoom {
        room: room(),
        password: None,
        public: true,
        guest_limit: 0,
        lobby: false,
        history: None,
    }));
    world.hear([Event::LobbyFailed(ErrorNotice::new(ErrorId::RoomExists, "exists"))]);
    let lobby = &world.model.lobby;
    assert!(lobby.creating.is_none() && lobby.failure.is_none() && lobby.create_refusal.is_some());
}

#[test]
fn a_refusal_at_the_door_stays_in_the_lobby_until_the_next_try() {
    let mut world = World::new();
    world.hear([Event::Entering(room()), refused(ErrorId::WrongPassword)]);
    assert!(world.model.visit.is_none());
    assert_eq!(world.model.lobby.refusal.as_ref().unwrap().error.id, ErrorId::WrongPassword);
    assert_eq!(world.model.toasts.iter().count(), 0);
    world.hear([Event::Left]);
    assert!(world.model.lobby.refusal.is_some(), "the end of the visit does not wipe its reason");
    world.model.note(&Command::Join { room: room(), password: None, invite: None });
    assert!(world.model.lobby.refusal.is_none());
}

#[test]
fn a_refusal_after_a_stay_is_a_toast_and_the_room_a_click_away() {
    let mut world = World::inside();
    world.hear([refused(ErrorId::UnknownRoom)]);
    assert!(world.model.visit.is_none() && world.model.lobby.refusal.is_none());
    assert_eq!(world.model.lobby.left, Some(room()));
    assert_eq!(world.model.toasts.iter().count(), 1);
}

#[test]
fn leaving_can_be_undone_and_giving_up_at_the_door_leaves_nothing() {
    let mut world = World::inside();
    world.hear([Event::Left]);
    assert_eq!(world.model.lobby.left, Some(room()));
    world.hear([Event::Entering(room()), Event::Left]);
    assert_eq!(world.model.lobby.left, None);
}

#[test]
fn one_is_in_the_room_only_once_let_in_and_stays_while_reconnecting() {
    let mut world = World::new();
    world.hear([Event::Entering(room()), status(Status::Joining), status(Status::Connecting)]);
    assert!(world.model.room().is_none() && world.model.entering().is_some());
    world.hear([status(Status::Joined { me: ClientId::new("me") }), roster(&["me", "a"])]);
    let retry_at = world.now + Duration::from_millis(2_500);
    world.hear([status(Status::Reconnecting { attempt: 2, retry_at, reason: "gone".into() })]);
    assert_eq!(world.model.room().unwrap().people.len(), 2);
    assert_eq!(world.visit().connection.countdown(world.now), Some(Duration::from_millis(2_500)));
    let settled = world.model.settled_for(world.now).unwrap();
    assert!(settled > Duration::from_millis(500) && settled < Duration::from_millis(600), "{settled:?}");
}

#[test]
fn oneself_is_the_last_tile_and_shows_what_is_sent() {
    let mut world = World::inside();
    let tiles: Vec<_> = world.visit().faces(world.model.sending).into_iter().map(|face| face.tile).collect();
    assert_eq!(tiles, [client("a"), client("b"), Tile::Me]);
    assert_eq!(world.face(&Tile::Me).showing, Showing::Nothing);
    world.hear([Event::Sending { camera: true, microphone: true, screen: true, hand: true }]);
    let me = world.face(&Tile::Me);
    assert!(me.showing == Showing::Camera && me.shares && me.hand && !me.muted);
    assert_eq!(world.face(&Tile::MyScreen).showing, Showing::Screen);
}

#[test]
fn a_link_is_connecting_until_told_otherwise_and_again_after_its_end() {
    let mut world = World::inside();
    assert_eq!(world.face(&client("a")).link, Link::Connecting);
    world.hear([peer("a", PeerState::Connected)]);
    assert_eq!(world.face(&client("a")).link, Link::Good);
    world.hear([peer("a", PeerState::Interrupted)]);
    assert_eq!(world.face(&client("a")).link, Link::Interrupted);
    world.hear([peer("a", PeerState::Closed)]);
    assert_eq!(world.face(&client("a")).link, Link::Connecting);
}

#[test]
fn a_link_may_be_told_before_the_roster_and_silence_is_shown() {
    let mut world = World::inside();
    world.hear([peer("c", PeerState::Connected), roster(&["me", "a"]), roster(&["me", "a", "c"])]);
    assert_eq!(world.face(&client("c")).link, Link::Good);
    let silent = Participant { unstable: true, ..person("c", None) };
    world.hear([Event::Session(Session::Roster(vec![person("me", None), silent]))]);
    assert_eq!(world.face(&client("c")).link, Link::Unstable);
    assert_eq!(world.face(&client("c")).showing, Showing::Unknown);
}

#[test]
fn who_is_muted_or_gone_does_not_speak() {
    let mut world = World::inside();
    let speaks = |speaking| Event::Speaking { who: Speaker::Client(ClientId::new("a")), speaking };
    world.hear([speaks(true)]);
    assert!(world.face(&client("a")).speaking);
    let muted = person("a", Some(MediaState { camera: true, ..MediaState::default() }));
    world.hear([Event::Session(Session::Roster(vec![person("me", None), muted]))]);
    assert!(world.face(&client("a")).muted && !world.face(&client("a")).speaking);
    world.hear([speaks(true), roster(&["me"]), roster(&["me", "a"])]);
    assert!(!world.face(&client("a")).speaking);
}

#[test]
fn the_first_shared_screen_gets_the_large_place_unless_someone_is_chosen() {
    let mut world = World::inside();
    let large = |world: &World, chosen: Option<&Tile>| {
        let faces = world.visit().faces(world.model.sending);
        spotlight(&faces, chosen).map(|large| faces[large].tile.clone())
    };
    assert_eq!(large(&world, None), None);
    let sharing = |id| person(id, Some(MediaState { screen: true, ..MediaState::default() }));
    world.hear([Event::Session(Session::Roster(vec![sharing("me"), person("a", None), sharing("b")]))]);
    let shared = Tile::Screen(ClientId::new("b"));
    assert_eq!(large(&world, None), Some(shared.clone()));
    assert_eq!(large(&world, Some(&client("a"))), Some(client("a")));
    assert_eq!(large(&world, Some(&client("gone"))), Some(shared));
}

#[test]
fn a_shared_screen_has_a_tile_beside_its_owners() {
    let mut world = World::inside();
    let both = MediaState { screen: true, camera: true, ..MediaState::default() };
    world.hear([Event::Session(Session::Roster(vec![person("me", None), person("a", Some(both)), person("b", None)]))]);
    let tiles: Vec<_> = world.visit().faces(both).into_iter().map(|face| face.tile).collect();
    let screen = Tile::Screen(ClientId::new("a"));
    assert_eq!(tiles, [client("a"), screen.clone(), client("b"), Tile::Me, Tile::MyScreen]);
    assert_eq!([world.face(&client("a")).showing, world.face(&screen).showing], [Showing::Camera, Showing::Screen]);
}

#[test]
fn coming_and_going_is_told_but_not_who_was_there_before() {
    let mut world = World::inside();
    assert!(world.visit().chat.is_empty());
    world.hear([roster(&["me", "b", "c"])]);
    let entries: Vec<_> = world.visit().chat.entries().map(|shown| shown.entry.clone()).collect();
    assert_eq!(entries, [Entry::Left("a".into()), Entry::Joined("c".into())]);
    assert_eq!(world.visit().chat.unread(), 0);
}

#[test]
fn text_of_strangers_is_tamed_on_its_way_in() {
    let mut world = World::inside();
    let line = ChatLine {
        from: ClientId::new("a"),
        name: "a\nb".into(),
        time_ms: u64::MAX,
        text: "x\u{202e}y".into(),
        mine: false,
        private: true,
        to: None,
        id: None,
        edited: false,
    };
    world.hear([Event::Session(Session::Chat(line))]);
    let Entry::Line(line) = world.visit().chat.entries().last().unwrap().entry else { panic!() };
    assert_eq!((line.name.as_str(), line.text.as_str()), ("a b", "xy"));
}

#[test]
fn a_toast_is_dropped_by_the_clock_it_is_told() {
    let mut world = World::new();
    world.hear([Event::Notice("No camera was found.".into())]);
    let wait = world.model.settled_for(world.now).unwrap();
    world.model.tick(world.now + wait);
    assert_eq!(world.model.toasts.iter().count(), 0);
    assert_eq!(world.model.settled_for(world.now), None);
}
