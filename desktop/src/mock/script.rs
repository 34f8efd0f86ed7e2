//! Who is in the scripted room, and what they do when.

use std::time::Duration;

use protocol::api::RoomSummary;
use protocol::{ClientId, MediaState, Role, RoomId, Username};
use session::{Participant, PeerState, Status};

/// The id of whoever looks.
pub(super) const ME: &str = "me";
/// The script's wall clock begins here: 14 November 2023, 22:13:20 UTC.
pub(super) const EPOCH_MS: u64 = 1_700_000_000_000;

/// One thing that happens.
pub(super) enum Scripted {
    Status(Status),
    /// The server is gone for a while.
    Lose {
        for_ms: u64,
    },
    Roster,
    Peer {
        who: &'static str,
        state: PeerState,
    },
    Change {
        who: &'static str,
        media: MediaState,
    },
    Go(&'static str),
    Speaking {
        who: &'static str,
        speaking: bool,
    },
    Say {
        who: &'static str,
        text: &'static str,
        private: bool,
    },
    /// How loud whoever looks is.
    Level(u8),
    /// Whoever looks speaks, and is heard if the microphone is on.
    Unheard,
    Notice(&'static str),
    /// How the room is set.
    Settings,
    /// The last lines that the room has kept.
    SaidBefore,
    Knock {
        who: &'static str,
        name: &'static str,
    },
}

/// The people of a room, oneself included.
pub(super) struct Cast {
    people: Vec<Participant>,
    /// Someone inside opens only after this long.
    opens_after_ms: u64,
}

const ON: MediaState = MediaState { microphone: true, camera: true, screen: false, hand: false };

impl Cast {
    pub(super) fn alone(me: &Username) -> Self {
        let mut cast = Self { people: vec![person(ME, me.as_str(), ON)], opens_after_ms: 0 };
        cast.set_role(ME, Role::Owner);
        cast
    }

    /// A room where someone has to open.
    pub(super) fn behind_a_lobby(me: &Username) -> Self {
        let people = vec![person("erin", "Erin", ON), person(ME, me.as_str(), ON)];
        let mut cast = Self { people, opens_after_ms: 4_000 };
        cast.set_role("erin", Role::Owner);
        cast
    }

    pub(super) fn company(me: &Username) -> Self {
        let people = vec![
            person("alice", "Alice", ON),
            person("bob", "Bob", MediaState { microphone: false, ..ON }),
            person("carol", "Carol", ON),
            person("dave", "Dave", MediaState { camera: false, ..ON }),
            person(ME, me.as_str(), ON),
        ];
        let mut cast = Self { people, opens_after_ms: 0 };
        cast.set_role("alice", Role::Moderator);
        cast.set_role(ME, Role::Owner);
        cast
    }

    /// Wherever there is company, newcomers knock.
    pub(super) fn has_a_lobby(&self) -> bool {
        self.people.len() > 1
    }

    pub(super) fn role(&self, who: &str) -> Role {
        self.people.iter().find(|one| one.id.as_str() == who).map_or(Role::Guest, |one| one.role)
    }

    pub(super) fn set_role(&mut self, who: &str, role: Role) {
        for one in self.people.iter_mut().filter(|one| one.id.as_str() == who) {
            one.role = role;
        }
    }

    pub(super) fn change_media(&mut self, whose: impl Fn(&str) -> bool, change: impl Fn(&mut MediaState)) {
        for one in self.people.iter_mut().filter(|one| whose(one.id.as_str())) {
            one.media.as_mut().into_iter().for_each(&change);
        }
    }

    /// Someone comes in.
    pub(super) fn add(&mut self, who: &str, name: &str) {
        self.people.push(person(who, name, ON));
    }

    /// Everyone, as the session would tell it.
    pub(super) fn roster(&self, sending: MediaState) -> Vec<Participant> {
        let mut roster = self.people.clone();
        for me in roster.iter_mut().filter(|one| one.me) {
            me.media = Some(sending);
        }
        roster
    }

    pub(super) fn media(&self, who: &str) -> Option<MediaState> {
        self.people.iter().find(|one| one.id.as_str() == who)?.media
    }

    pub(super) fn name(&self, who: &str) -> String {
        self.people.iter().find(|one| one.id.as_str() == who).map(|one| one.username.clone()).unwrap_or_default()
    }

    pub(super) fn change(&mut self, who: &str, media: MediaState) {
        for one in self.people.iter_mut().filter(|one| one.id.as_str() == who) {
            one.media = Some(media);
        }
    }

    pub(super) fn rename(&mut self, who: &str, name: &Username) {
        for one in self.people.iter_mut().filter(|one| one.id.as_str() == who) {
            one.username = name.to_string();
        }
    }

    pub(super) fn remove(&mut self, who: &str) {
        self.people.retain(|one| one.id.as_str() != who);
    }

    /// What happens, in order, counted from the wish to join.
    pub(super) fn script(&self) -> Vec<(Duration, Scripted)> {
        let opened = self.opens_after_ms;
        let mut script = vec![
            at(opened + 100, Scripted::Status(Status::Connecting)),
            at(opened + 240, Scripted::Settings),
            at(opened + 250, Scripted::Status(Status::Joined { me: ClientId::new(ME) })),
            at(opened + 260, Scripted::Roster),
        ];
        if opened > 0 {
            script.insert(0, at(50, Scripted::Status(Status::Knocking)));
        } else if self.people.iter().any(|one| !one.me) {
            script.extend(evening());
        }
        script
    }
}

fn at(ms: u64, scripted: Scripted) -> (Duration, Scripted) {
    (Duration::from_millis(ms), scripted)
}

fn evening() -> Vec<(Duration, Scripted)> {
    use PeerState::{Connected, Connecting, Interrupted};
    use Scripted::{Change, Go, Knock, Level, Lose, Notice, Peer, SaidBefore, Say, Speaking, Status as Told, Unheard};
    let say = |who, text| Say { who, text, private: false };
    vec![
        at(265, SaidBefore),
        at(270, Peer { who: "alice", state: Connected }),
        at(280, Peer { who: "bob", state: Connected }),
        at(290, Peer { who: "carol", state: Connecting }),
        at(300, Peer { who: "dave", state: Connected }),
        at(900, Peer { who: "carol", state: Connected }),
        at(1_000, Speaking { who: "alice", speaking: true }),
        at(1_500, say("alice", "Good morning! Can everyone hear me?")),
        at(2_500, say("bob", "Yes, loud and clear. I am on mute, there is a drill next door.")),
        at(3_500, Speaking { who: "alice", speaking: false }),
        at(3_600, Speaking { who: "carol", speaking: true }),
        at(4_500, say("carol", "The plan for today:\n1. what broke\n2. what we learned\n3. lunch")),
        at(5_000, say("carol", "Anything to add?")),
        at(
            6_000,
            Say { who: "dave", text: "Psst: my camera is off because I am still having breakfast.", private: true },
        ),
        at(7_000, Speaking { who: "carol", speaking: false }),
        at(8_000, Change { who: "alice", media: MediaState { hand: true, ..ON } }),
        at(9_000, Peer { who: "bob", state: Interrupted }),
        at(11_000, Peer { who: "bob", state: Connected }),
        at(12_000, Change { who: "alice", media: ON }),
        at(12_500, Level(4)),
        at(13_000, Unheard),
        at(13_500, Level(0)),
        at(14_000, Notice("The microphone is in use by another program. Close it, then turn the microphone on again.")),
        at(16_000, Change { who: "carol", media: MediaState { screen: true, ..ON } }),
        at(17_000, Speaking { who: "carol", speaking: true }),
        at(22_000, Knock { who: "frank", name: "Frank" }),
        at(26_000, Speaking { who: "carol", speaking: false }),
        at(28_000, Change { who: "carol", media: ON }),
        at(30_000, Lose { for_ms: 3_000 }),
        at(33_000, Told(Status::Joined { me: ClientId::new(ME) })),
        at(36_000, say("dave", "I have to run. See you tomorrow!")),
        at(37_000, Go("dave")),
    ]
}

fn person(id: &str, name: &str, media: MediaState) -> Participant {
    Participant {
        id: ClientId::new(id),
        username: name.to_owned(),
        me: id == ME,
        unstable: false,
        media: Some(media),
        ours: true,
        role: Role::Guest,
    }
}

/// A room that anyone may enter who knows its password.
pub(super) fn summary(
    id: RoomId,
    participants: usize,
    guest_limit: usize,
    has_password: bool,
    public: bool,
    idle_seconds: u64,
) -> RoomSummary {
    let (lobby, locked, who) = (false, false, Vec::new());
    RoomSummary { id, participants, guest_limit, has_password, public, idle_seconds, lobby, locked, who }
}

/// What the lobby lists, and two rooms that it does not.
pub(super) fn rooms() -> Vec<RoomSummary> {
    let room = |name: &str, participants, guest_limit, has_password, public, idle_seconds| {
        let id = RoomId::parse(name).unwrap_or_else(|error| unreachable!("{name}: {error}"));
        summary(id, participants, guest_limit, has_password, public, idle_seconds)
    };
    let mut rooms = vec![
        room("demo", 4, 0, false, true, 2),
        room("vault", 2, 5, true, true, 65),
        room("crowded", 3, 3, false, true, 12),
        room("Lunch table", 1, 0, false, true, 540),
        room("quiet corner", 0, 2, false, true, 7_400),
        room("hidden", 1, 0, true, false, 30),
        room("backstage", 1, 0, false, true, 9_000),
    ];
    for one in rooms.iter_mut().filter(|one| one.id.as_str() == "backstage") {
        one.lobby = true;
    }
    rooms
}
