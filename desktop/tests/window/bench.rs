//! A window on a bench: a scripted room behind it, a clock that is turned by hand, and an ear for its commands.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use desktop::app::{Clock, Pace, Window, WindowOptions};
use desktop::mock::ScriptedRoom;
use desktop::{Backend, Command, Event, Tile};
use eframe::egui;
use egui_kittest::kittest::{NodeT, Queryable};
use egui_kittest::{Harness, Node};
use media::Picture;
use protocol::ClientId;
use session::ChatLine;

/// A line that Alice says to everyone.
pub(crate) fn line(text: &str) -> ChatLine {
    ChatLine {
        from: ClientId::new("alice"),
        name: "Alice".to_owned(),
        time_ms: 0,
        text: text.to_owned(),
        mine: false,
        private: false,
        to: None,
        id: None,
        edited: false,
    }
}

pub(crate) fn said(line: ChatLine) -> Event {
    Event::Session(session::Event::Chat(line))
}

/// What went between the window and what is behind it.
#[derive(Default)]
pub(crate) struct Wire {
    pub(crate) commands: Vec<Command>,
    /// Told to the window before whatever the script says.
    pub(crate) events: VecDeque<Event>,
}

struct Tapped {
    inner: ScriptedRoom,
    wire: Rc<RefCell<Wire>>,
}

impl Backend for Tapped {
    fn poll_event(&mut self) -> Option<Event> {
        let injected = self.wire.borrow_mut().events.pop_front();
        injected.or_else(|| self.inner.poll_event())
    }

    fn command(&mut self, command: Command) {
        self.wire.borrow_mut().commands.push(command.clone());
        self.inner.command(command);
    }

    fn picture(&self, tile: &Tile) -> Option<Picture> {
        self.inner.picture(tile)
    }
}

pub(crate) struct Bench {
    pub(crate) window: Harness<'static, Window>,
    wire: Rc<RefCell<Wire>>,
    clock: Arc<AtomicU64>,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with_size(1180.0, 760.0)
    }

    pub(crate) fn with_size(width: f32, height: f32) -> Self {
        let (start, clock) = (Instant::now(), Arc::new(AtomicU64::new(0)));
        let elapsed = {
            let clock = Arc::clone(&clock);
            move || Duration::from_millis(clock.load(Ordering::Relaxed))
        };
        let wire = Rc::new(RefCell::new(Wire::default()));
        let backend = Tapped { inner: ScriptedRoom::new(start, Arc::new(elapsed.clone())), wire: Rc::clone(&wire) };
        let now: Clock = Arc::new(move || start + elapsed());
        let window = Harness::builder().with_size([width, height]).with_max_steps(12).build_eframe(|context| {
            let pace = Arc::new(Pace::new(context.egui_ctx.clone()));
            Window::new(&context.egui_ctx, WindowOptions::default(), Box::new(backend), now, pace)
        });
        Self { window, wire, clock }
    }

    /// In the room `demo` with four others, some seconds into the script.
    pub(crate) fn in_company(seconds: u64) -> Self {
        let mut bench = Self::new();
        bench.click("Join demo");
        bench.wait(seconds * 1_000);
        bench.commands();
        bench
    }

    /// Lets time pass, and looks.
    pub(crate) fn wait(&mut self, ms: u64) {
        self.clock.fetch_add(ms, Ordering::Relaxed);
        self.window.run();
    }

    /// Lets something happen.
    pub(crate) fn tell(&mut self, events: impl IntoIterator<Item = Event>) {
        self.wire.borrow_mut().events.extend(events);
        self.window.run();
    }

    /// What was asked for since the last time, apart from what the window asks for by itself.
    pub(crate) fn commands(&self) -> Vec<Command> {
        let commands = std::mem::take(&mut self.wire.borrow_mut().commands);
        let by_itself = |command: &Command| matches!(command, Command::ListRooms | Command::ShowAt { .. });
        commands.into_iter().filter(|command| !by_itself(command)).collect()
    }

    /// Who was told since the last time how high its picture is shown. Whatever else was asked for is forgotten.
    pub(crate) fn sights(&self) -> Vec<(String, u32)> {
        let commands = std::mem::take(&mut self.wire.borrow_mut().commands);
        let sight = |command| match command {
            Command::ShowAt { client, view } => Some((client.to_string(), view.height)),
            _ => None,
        };
        commands.into_iter().filter_map(sight).collect()
    }

    #[track_caller]
    pub(crate) fn click(&mut self, name: &str) {
        self.window.get_by_label(name).click();
        self.window.run();
    }

    #[track_caller]
    pub(crate) fn type_into(&mut self, name: &str, text: &str) {
        let field = self.window.get_by_label(name);
        field.focus();
        self.window.run();
        self.window.get_by_label(name).type_text(text);
        self.window.run();
    }

    pub(crate) fn press(&mut self, key: egui::Key) {
        self.window.key_press(key);
        self.window.run();
    }

    /// Whether something of this name, or text that contains it, is there.
    pub(crate) fn sees(&self, text: &str) -> bool {
        self.window.query_all_by_label_contains(text).next().is_some()
    }

    #[track_caller]
    pub(crate) fn is_on(&self, name: &str) -> bool {
        use egui::accesskit::Toggled;
        self.window.get_by_label(name).accesskit_node().toggled() == Some(Toggled::True)
    }

    pub(crate) fn is_disabled(&self, name: &str) -> bool {
        self.window.get_by_label(name).accesskit_node().is_disabled()
    }

    /// The field's text.
    #[track_caller]
    pub(crate) fn text_of(&self, name: &str) -> String {
        self.window.get_by_label(name).value().unwrap_or_default()
    }

    pub(crate) fn nodes(&self) -> Vec<Node<'_>> {
        self.window.root().children_recursive().collect()
    }
}
