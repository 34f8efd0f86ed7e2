//! Remote control for programs: commands as JSON lines on standard input, events as JSON lines on standard output.
//!
//! Commands: `{"say": "hello"}`, `{"say": "psst", "to": "<client id>"}`, `{"camera": true}`, `{"microphone": false}`,
//! `{"screen": true}`, `{"screens": true}`, `{"share": "window:Slides"}` (as after `--screen`), `{"screen_sound": true}`, `{"screen_motion": true}`, `{"hand": true}`, `{"name": "Ann"}`, `{"join": "room", "password": "…"}`, `{"leave": true}`,
//! `{"moderate": "kick", "client": "<id>"}` (any action; with a ban also `"address": true`), `{"edit": "<number of a
//! line>", "text": "…"}`, `{"delete": "<number>"}`, `{"earlier": "<number>"}`, `{"set": {"lobby": true}}`,
//! `{"make_invite": {"uses": 1}}`, `{"revoke_invite": "<id>"}`, `{"invites": true}`, `{"bans": true}`,
//! `{"lift_ban": "<client id>"}`, `{"delete_room": true}`, `{"rooms": true}`, `{"report": true}`, `{"quit": true}`. Each event is an object with the field `event`.

use std::io::{BufRead, Write};
use std::sync::Arc;

use crossbeam_channel::{Receiver, bounded};
use media::{ChoiceError, Picture, Processing, Screens};
use protocol::api::{CreateInvite, EditRoom};
use protocol::{Action, Address, ClientId, Moderate, RoomId, TextId, Username};
use serde::Deserialize;
use serde_json::{Value, json};
use session::{ChatLine, Event as SessionEvent, Status};

use crate::report::{Report, Reporting, state_name};
use crate::{Backend, Command, Event, Speaker, Tile};

/// Longer lines are no commands.
const LINE_MAX: usize = 64 * 1024;

/// Commands may wait for the next look at them.
const LINES_MAX: usize = 256;

/// One line of standard input.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Line {
    say: Option<String>,
    to: Option<String>,
    camera: Option<bool>,
    microphone: Option<bool>,
    screen: Option<bool>,
    screens: Option<bool>,
    screen_sound: Option<bool>,
    screen_motion: Option<bool>,
    share: Option<String>,
    hand: Option<bool>,
    name: Option<String>,
    join: Option<String>,
    password: Option<String>,
    invite: Option<String>,
    moderate: Option<Action>,
    client: Option<String>,
    address: bool,
    edit: Option<TextId>,
    text: Option<String>,
    delete: Option<TextId>,
    earlier: Option<TextId>,
    set: Option<EditRoom>,
    delete_room: Option<bool>,
    make_invite: Option<CreateInvite>,
    revoke_invite: Option<String>,
    invites: Option<bool>,
    bans: Option<bool>,
    lift_ban: Option<String>,
    leave: Option<bool>,
    rooms: Option<bool>,
    report: Option<bool>,
    quit: Option<bool>,
}

/// A backend under remote control; whoever looks at it sees the same events.
pub struct Controlled<B> {
    inner: B,
    lines: Receiver<String>,
    quit: bool,
}

impl<B: Reporting> Controlled<B> {
    /// Reads standard input on a thread of its own; the program wants to end when it says so or ends.
    pub fn new(inner: B, wake: Arc<dyn Fn() + Send + Sync>) -> std::io::Result<Self> {
        let (sender, lines) = bounded(LINES_MAX);
        let read = move || {
            for line in std::io::stdin().lock().lines() {
                let Ok(line) = line else { break };
                if line.len() > LINE_MAX || sender.send(line).is_err() {
                    break;
                }
                wake();
            }
            // Whoever controlled us is gone.
            let _ = sender.send(r#"{"quit":true}"#.to_owned());
            wake();
        };
        std::thread::Builder::new().name("control".to_owned()).spawn(read)?;
        Ok(Self { inner, lines, quit: false })
    }

    fn obey(&mut self, line: &str) {
        let parsed: Line = match serde_json::from_str(line) {
            Ok(parsed) => parsed,
            Err(error) => return write(&json!({"event": "control-error", "text": error.to_string()})),
        };
        if parsed.report == Some(true) {
            write(&json!({"event": "report", "report": self.inner.report()}));
        }
        self.quit |= parsed.quit == Some(true);
        match commands(parsed) {
            Ok(commands) => commands.into_iter().for_each(|command| self.inner.command(command)),
            Err(text) => write(&json!({"event": "control-error", "text": text})),
        }
    }
}

fn commands(line: Line) -> Result<Vec<Command>, String> {
    let mut commands = Vec::new();
    if let Some(text) = line.say {
        let to = line.to.map_or(Address::Room, |id| Address::Client(ClientId::new(id)));
        commands.push(Command::Say { to, text });
    }
    commands.extend(line.camera.map(Command::SetCamera));
    commands.extend(line.microphone.map(Command::SetMicrophone));
    // First, so that a screen that is shared by the same line has it from the beginning.
    commands.extend(line.screen_sound.map(Command::SetScreenSound));
    commands.extend(line.screen_motion.map(Command::SetScreenMotion));
    commands.extend(line.screen.map(Command::SetScreen));
    if let Some(choice) = line.share {
        commands.push(Command::ShareScreen(choice.parse().map_err(|error: ChoiceError| error.to_string())?));
    }
    commands.extend(line.hand.map(Command::SetHand));
    if let Some(name) = line.name {
        commands.push(Command::SetUsername(Username::parse(&name).map_err(|error| error.to_string())?));
    }
    if let Some(room) = line.join {
        let room = RoomId::parse(&room).map_err(|error| error.to_string())?;
        commands.push(Command::Join { room, password: line.password, invite: line.invite });
    }
    if let Some(action) = line.moderate {
        let client = line.client.map(ClientId::new);
        if client.is_none() && action.names_a_client() {
            return Err("to whom? `client` is missing".to_owned());
        }
        commands.push(Command::Moderate(Moderate { action, client, address: line.address }));
    }
    if let Some(id) = line.edit {
        let text = line.text.ok_or("`text` is missing")?;
        commands.push(Command::EditText { id, text });
    }
    commands.extend(line.delete.map(Command::DeleteText));
    commands.extend(line.earlier.map(|before| Command::LoadEarlier { before }));
    commands.extend(line.set.map(Command::EditRoom));
    commands.extend(line.make_invite.map(Command::CreateInvite));
    commands.extend(line.revoke_invite.map(Command::RevokeInvite));
    commands.extend(line.lift_ban.map(|client| Command::LiftBan(ClientId::new(client))));
    for (wanted, command) in [
        (line.invites, Command::ListInvites),
        (line.bans, Command::ListBans),
        (line.delete_room, Command::DeleteRoom),
        (line.screens, Command::ListScreens),
    ] {
        commands.extend((wanted == Some(true)).then_some(command));
    }
    if line.leave == Some(true) {
        commands.push(Command::Leave);
    }
    if line.rooms == Some(true) {
        commands.push(Command::ListRooms);
    }
    Ok(commands)
}

impl<B: Reporting> Backend for Controlled<B> {
    fn poll_event(&mut self) -> Option<Event> {
        while let Ok(line) = self.lines.try_recv() {
            self.obey(&line);
        }
        let event = self.inner.poll_event()?;
        write(&to_json(&event));
        Some(event)
    }

    fn command(&mut self, command: Command) {
        self.inner.command(command);
    }

    fn picture(&self, tile: &Tile) -> Option<Picture> {
        self.inner.picture(tile)
    }

    fn wants_to_end(&self) -> bool {
        self.quit || self.inner.wants_to_end()
    }
}

impl<B: Reporting> Reporting for Controlled<B> {
    fn report(&self) -> Report {
        self.inner.report()
    }
}

/// A reader that went away is no reason to stop the call.
fn write(value: &Value) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{value}").and_then(|()| out.flush());
}

fn to_json(event: &Event) -> Value {
    match event {
        Event::Rooms(rooms) => json!({"event": "rooms", "rooms": rooms}),
        Event::LobbyFailed(notice) => json!({"event": "lobby-failed", "id": notice.id, "text": notice.message}),
        Event::Entering(room) => json!({"event": "entering", "room": room}),
        // Nothing that a program waits for; and where someone was is nobody's business.
        Event::Known(known) => json!({"event": "known", "rooms": known.rooms.len(), "servers": known.servers.len()}),
        // Programs have the server's API for accounts.
        Event::Account { state, failure, .. } => {
            json!({"event": "account", "signed_in": state.name.is_some(), "id": failure.as_ref().map(|notice| &notice.id)})
        }
        Event::AccountFailed { failure, .. } => {
            json!({"event": "account-failed", "id": failure.id, "text": failure.message})
        }
        Event::Untrusted(doubt) => {
            json!({"event": "untrusted", "found": doubt.untrusted.found.to_string(),
                   "expected": doubt.untrusted.expected.map(|expected| expected.to_string())})
        }
        Event::Session(event) => session_json(event),
        Event::RoomEdited(room) => json!({"event": "room-edited", "room": room}),
        Event::Invites(invites) => json!({"event": "invites", "invites": invites}),
        Event::InviteMade(invite) => json!({"event": "invite-made", "invite": invite}),
        Event::Bans(bans) => json!({"event": "bans", "bans": bans}),
        Event::RoomFailed(notice) => json!({"event": "room-failed", "id": notice.id, "text": notice.message}),
        Event::Sending { camera, microphone, screen, hand } => {
            json!({"event": "sending", "camera": camera, "microphone": microphone, "screen": screen, "hand": hand})
        }
        Event::CameraAwaited(awaited) => json!({"event": "camera-awaited", "awaited": awaited}),
        Event::Speaking { who, speaking } => {
            let who = match who {
                Speaker::Me => Value::Null,
                Speaker::Client(id) => json!(id),
            };
            json!({"event": "speaking", "client": who, "speaking": speaking})
        }
        Event::Processing(Processing { echo, noise, gain }) => {
            json!({"event": "processing", "echo": echo, "noise": noise, "gain": gain})
        }
        Event::Screens(found) => screens_json(found),
        Event::ScreenSound { wished, missing } => {
            json!({"event": "screen-sound", "wished": wished, "missing": missing})
        }
        Event::ScreenMotion(wished) => json!({"event": "screen-motion", "wished": wished}),
        Event::Level(step) => json!({"event": "level", "step": step}),
        Event::Unheard => json!({"event": "unheard"}),
        Event::Notice(text) => json!({"event": "notice", "text": text}),
        Event::Left => json!({"event": "left"}),
    }
}

fn screens_json(found: &Result<Screens, String>) -> Value {
    match found {
        Ok(Screens::Asked) => json!({"event": "screens", "asked": true}),
        Ok(Screens::Listed(sights)) => {
            let one = |sight: &media::Sight| json!({"share": sight.choice.to_string(), "name": sight.name, "size": sight.size});
            json!({"event": "screens", "screens": sights.iter().map(one).collect::<Vec<_>>()})
        }
        Err(text) => json!({"event": "screens", "text": text}),
    }
}

fn session_json(event: &SessionEvent) -> Value {
    match event {
        SessionEvent::Status(status) => match status {
            Status::Joining => json!({"event": "status", "status": "joining"}),
            Status::Knocking => json!({"event": "status", "status": "knocking"}),
            Status::Connecting => json!({"event": "status", "status": "connecting"}),
            Status::Joined { me } => json!({"event": "status", "status": "joined", "me": me}),
            Status::Reconnecting { attempt, reason, .. } => {
                json!({"event": "status", "status": "reconnecting", "attempt": attempt, "reason": reason})
            }
            Status::Refused(notice) => {
                json!({"event": "status", "status": "refused", "id": notice.id, "text": notice.message})
            }
            Status::Removed { banned, by } => {
                json!({"event": "status", "status": "removed", "banned": banned, "by": by})
            }
            Status::Left => json!({"event": "status", "status": "left"}),
        },
        SessionEvent::Roster(participants) => {
            let participants: Vec<Value> = participants
                .iter()
                .map(|one| {
                    json!({"id": one.id, "name": one.username, "me": one.me, "unstable": one.unstable,
                           "media": one.media, "ours": one.ours, "role": one.role})
                })
                .collect();
            json!({"event": "roster", "participants": participants})
        }
        SessionEvent::Chat(line) => {
            let mut value = line_json(line);
            value["event"] = json!("chat");
            value
        }
        SessionEvent::History { lines, more } => {
            let lines: Vec<Value> = lines.iter().map(line_json).collect();
            json!({"event": "history", "lines": lines, "more": more})
        }
        SessionEvent::TextEdited { id, text } => json!({"event": "text-edited", "id": id, "text": text}),
        SessionEvent::TextDeleted { id, by } => json!({"event": "text-deleted", "id": id, "by": by}),
        SessionEvent::Settings(settings) => json!({"event": "settings", "settings": settings}),
        SessionEvent::Knocking(clients) => json!({"event": "knocking", "clients": clients}),
        SessionEvent::Moderated { action, by } => json!({"event": "moderated", "action": action, "by": by}),
        SessionEvent::Shown { client, view } => {
            json!({"event": "shown", "client": client, "height": view.height, "screen": view.screen})
        }
        SessionEvent::Peer { client, state } => json!({"event": "peer", "client": client, "state": state_name(*state)}),
        SessionEvent::Notice(notice) => json!({"event": "refused", "id": notice.id, "text": notice.message}),
    }
}

fn line_json(line: &ChatLine) -> Value {
    json!({"from": line.from, "name": line.name, "time": line.time_ms, "text": line.text, "mine": line.mine,
           "private": line.private, "to": line.to, "id": line.id, "edited": line.edited})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Vec<Command>, String> {
        commands(serde_json::from_str(line).map_err(|error| error.to_string())?)
    }

    #[test]
    fn a_moderator_is_driven_by_lines() {
        let kick = Moderate { action: Action::Kick, client: Some(ClientId::new("a")), address: false };
        assert_eq!(read(r#"{"moderate": "kick", "client": "a"}"#), Ok(vec![Command::Moderate(kick)]));
        let ban = Moderate { action: Action::Ban, client: Some(ClientId::new("a")), address: true };
        assert_eq!(read(r#"{"moderate": "ban", "client": "a", "address": true}"#), Ok(vec![Command::Moderate(ban)]));
        let mute_all = Moderate { action: Action::MuteAll, client: None, address: false };
        assert_eq!(read(r#"{"moderate": "mute-all"}"#), Ok(vec![Command::Moderate(mute_all)]));
        assert!(read(r#"{"moderate": "admit"}"#).is_err() && read(r#"{"moderate": "dance"}"#).is_err());
        let lobby = EditRoom { lobby: Some(true), ..EditRoom::default() };
        assert_eq!(read(r#"{"set": {"lobby": true}}"#), Ok(vec![Command::EditRoom(lobby)]));
    }

    #[test]
    fn what_is_shared_is_said_as_on_the_command_line() {
        let share = Command::ShareScreen(media::ScreenChoice::Monitor("DP-1".to_owned()));
        assert_eq!(read(r#"{"share": "monitor:DP-1"}"#), Ok(vec![share]));
        assert_eq!(read(r#"{"screens": true}"#), Ok(vec![Command::ListScreens]));
        assert!(read(r#"{"share": "moon"}"#).is_err());
        let screen = Command::ShareScreen(media::ScreenChoice::Screen);
        let smooth = vec![Command::SetScreenMotion(true), screen.clone()];
        assert_eq!(read(r#"{"share": "screen", "screen_motion": true}"#), Ok(smooth));
        let with_sound = vec![Command::SetScreenSound(true), screen];
        assert_eq!(read(r#"{"share": "screen", "screen_sound": true}"#), Ok(with_sound));
    }

    #[test]
    fn lines_of_the_chat_are_named_by_their_number() {
        let edit = Command::EditText { id: TextId(7), text: "x".into() };
        assert_eq!(read(r#"{"edit": "7", "text": "x"}"#), Ok(vec![edit]));
        assert_eq!(read(r#"{"delete": "7"}"#), Ok(vec![Command::DeleteText(TextId(7))]));
        assert!(read(r#"{"edit": "7"}"#).is_err());
    }
}
