//! Remote control for programs: commands as JSON lines on standard input, events as JSON lines on standard output.
//!
//! Commands: `{"say": "hello"}`, `{"say": "psst", "to": "<client id>"}`, `{"camera": true}`, `{"microphone": false}`,
//! `{"screen": true}`, `{"hand": true}`, `{"name": "Ann"}`, `{"join": "room", "password": "…"}`, `{"leave": true}`,
//! `{"rooms": true}`, `{"report": true}`, `{"quit": true}`. Each event is an object with the field `event`.

use std::io::{BufRead, Write};
use std::sync::Arc;

use crossbeam_channel::{Receiver, bounded};
use media::Picture;
use protocol::{Address, ClientId, RoomId, Username};
use serde::Deserialize;
use serde_json::{Value, json};
use session::{Event as SessionEvent, Status};

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
    hand: Option<bool>,
    name: Option<String>,
    join: Option<String>,
    password: Option<String>,
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
    commands.extend(line.screen.map(Command::SetScreen));
    commands.extend(line.hand.map(Command::SetHand));
    if let Some(name) = line.name {
        commands.push(Command::SetUsername(Username::parse(&name).map_err(|error| error.to_string())?));
    }
    if let Some(room) = line.join {
        let room = RoomId::parse(&room).map_err(|error| error.to_string())?;
        commands.push(Command::Join { room, password: line.password });
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
        Event::Session(event) => session_json(event),
        Event::Sending { camera, microphone, screen, hand } => {
            json!({"event": "sending", "camera": camera, "microphone": microphone, "screen": screen, "hand": hand})
        }
        Event::Speaking { who, speaking } => {
            let who = match who {
                Speaker::Me => Value::Null,
                Speaker::Client(id) => json!(id),
            };
            json!({"event": "speaking", "client": who, "speaking": speaking})
        }
        Event::Notice(text) => json!({"event": "notice", "text": text}),
        Event::Left => json!({"event": "left"}),
    }
}

fn session_json(event: &SessionEvent) -> Value {
    match event {
        SessionEvent::Status(status) => match status {
            Status::Joining => json!({"event": "status", "status": "joining"}),
            Status::Connecting => json!({"event": "status", "status": "connecting"}),
            Status::Joined { me } => json!({"event": "status", "status": "joined", "me": me}),
            Status::Reconnecting { attempt, reason, .. } => {
                json!({"event": "status", "status": "reconnecting", "attempt": attempt, "reason": reason})
            }
            Status::Refused(notice) => {
                json!({"event": "status", "status": "refused", "id": notice.id, "text": notice.message})
            }
            Status::Left => json!({"event": "status", "status": "left"}),
        },
        SessionEvent::Roster(participants) => {
            let participants: Vec<Value> = participants
                .iter()
                .map(|one| {
                    json!({"id": one.id, "name": one.username, "me": one.me, "unstable": one.unstable,
                           "media": one.media, "ours": one.ours})
                })
                .collect();
            json!({"event": "roster", "participants": participants})
        }
        SessionEvent::Chat(line) => json!({"event": "chat", "from": line.from, "name": line.name, "time": line.time_ms,
            "text": line.text, "mine": line.mine, "private": line.private}),
        SessionEvent::Peer { client, state } => json!({"event": "peer", "client": client, "state": state_name(*state)}),
        SessionEvent::Notice(notice) => json!({"event": "refused", "id": notice.id, "text": notice.message}),
    }
}
