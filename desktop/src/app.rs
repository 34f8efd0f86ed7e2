//! The window: polls the backend, shows the model, carries out intents.

mod opengl;
mod pace;
mod processor;

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::ValueEnum;
use eframe::egui::{self, OpenUrl, ViewportBuilder, ViewportCommand};
use eframe::glow;
use egui_winit::winit::event_loop::EventLoop;
use jiff::tz::TimeZone;
use protocol::Username;
use session::Status;
use url::Url;

use crate::model::Model;
use crate::picture::Pictures;
use crate::ui::{self, Intent, Scene, View};
use crate::{Backend, Command, Event};

pub use pace::Pace;

/// Why there is no window: the platform's own words.
pub type Failure = Box<dyn Error>;
/// Asks for a repaint, from any thread, as often as one likes.
pub type Wake = Arc<dyn Fn() + Send + Sync>;
/// The window's clock; a test's own.
pub type Clock = Arc<dyn Fn() -> Instant + Send + Sync>;

/// In the lobby the list of rooms is asked for this often.
const REFRESH_EVERY: Duration = Duration::from_secs(5);
/// Small enough for half of an old laptop's screen.
const SIZE_MIN: [f32; 2] = [380.0, 480.0];

/// What draws the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Drawing {
    /// The graphics card where there is one, else the processor
    #[default]
    Auto,
    /// OpenGL, even where that is a program
    Opengl,
    /// The processor alone
    Processor,
}

/// How the window starts.
#[derive(Debug, Clone)]
pub struct WindowOptions {
    pub title: String,
    pub drawing: Drawing,
    /// As the backend has it.
    pub server: Url,
    /// As the backend has it.
    pub username: Username,
    /// The wish to enter a room that the backend has been asked, to go back in after leaving.
    pub entered: Option<Command>,
    pub size: [f32; 2],
    /// Something that the person has to know at once.
    pub trouble: Option<String>,
}

impl Default for WindowOptions {
    fn default() -> Self {
        Self {
            title: "RTC-Chat".to_owned(),
            drawing: Drawing::Auto,
            server: default_server(),
            username: Username::default(),
            entered: None,
            size: [1180.0, 760.0],
            trouble: None,
        }
    }
}

/// This machine's own, as it listens if nothing else is said.
pub fn default_server() -> Url {
    #[expect(clippy::expect_used, reason = "a constant")]
    Url::parse("http://127.0.0.1:5000").expect("a constant address")
}

/// Shows the window until it is closed. What `make_backend` returns lives as long as the window; closing it leaves.
pub fn run(
    options: WindowOptions,
    make_backend: impl FnOnce(Wake) -> Result<Box<dyn Backend>, Failure>,
) -> Result<(), Failure> {
    let mut event_loop = EventLoop::with_user_event().build()?;
    let drawing = options.drawing;
    let mut opening = Opening { options, make_backend: Box::new(make_backend) };
    if drawing == Drawing::Opengl || drawing == Drawing::Auto && has_graphics_card() {
        match opengl::run(opening, &mut event_loop)? {
            None => return Ok(()),
            Some(unopened) => opening = unopened,
        }
    }
    processor::run(opening, &mut event_loop)
}

/// A window that is about to be opened, one way or another.
struct Opening<'a> {
    options: WindowOptions,
    make_backend: MakeBackend<'a>,
}

type MakeBackend<'a> = Box<dyn FnOnce(Wake) -> Result<Box<dyn Backend>, Failure> + 'a>;

impl Opening<'_> {
    fn viewport(&self) -> ViewportBuilder {
        ViewportBuilder::default()
            .with_title(&self.options.title)
            .with_app_id("rtc-chat")
            .with_icon(ui::window_icon())
            .with_inner_size(self.options.size)
            .with_min_inner_size(SIZE_MIN)
    }

    fn open(self, ctx: &egui::Context, pictures: Pictures) -> Result<Window, Failure> {
        let pace = Arc::new(Pace::new(ctx.clone()));
        let backend = (self.make_backend)(waker(&pace))?;
        Ok(Window::with_pictures(ctx, self.options, backend, Arc::new(Instant::now), pace, pictures))
    }
}

/// Whether anything but a program can draw here. Asking OpenGL would load that program, many megabytes of it.
fn has_graphics_card() -> bool {
    if !cfg!(target_os = "linux") {
        return true;
    }
    let nodes = Path::new("/dev/dri").read_dir().into_iter().flatten().flatten();
    let renders = nodes.map(|node| node.file_name()).any(|name| name.to_string_lossy().starts_with("renderD"));
    renders || Path::new("/dev/nvidia0").exists()
}

/// What the backend calls when there is something to look at.
fn waker(pace: &Arc<Pace>) -> Wake {
    let pace = Arc::clone(pace);
    Arc::new(move || pace.wake(Instant::now()))
}

/// The app behind the window.
pub struct Window {
    backend: Box<dyn Backend>,
    model: Model,
    view: View,
    pictures: Pictures,
    pace: Arc<Pace>,
    clock: Clock,
    zone: TimeZone,
    next_refresh: Option<Instant>,
}

impl Window {
    /// For a window that draws without OpenGL.
    pub fn new(
        ctx: &egui::Context,
        options: WindowOptions,
        backend: Box<dyn Backend>,
        clock: Clock,
        pace: Arc<Pace>,
    ) -> Self {
        Self::with_pictures(ctx, options, backend, clock, pace, Pictures::printed())
    }

    fn with_pictures(
        ctx: &egui::Context,
        options: WindowOptions,
        backend: Box<dyn Backend>,
        clock: Clock,
        pace: Arc<Pace>,
        pictures: Pictures,
    ) -> Self {
        ui::theme::apply(ctx);
        let mut view = View::default();
        let mut model = Model::new(options.server, options.username);
        model.trouble = options.trouble;
        if let Some(Command::Join { room, password, invite }) = options.entered {
            view.remember(room, password, invite);
            model.tell_trouble(clock());
        }
        Self { backend, model, view, pictures, pace, clock, zone: TimeZone::system(), next_refresh: None }
    }

    pub fn model(&self) -> &Model {
        &self.model
    }

    fn command(&mut self, command: Command) {
        self.model.note(&command);
        self.backend.command(command);
    }

    fn execute(&mut self, intent: Intent, ctx: &egui::Context) {
        match intent {
            Intent::Do(command) => self.command(command),
            Intent::ReadChat => {
                if let Some(visit) = &mut self.model.visit {
                    visit.chat.mark_read();
                }
            }
            Intent::DismissToast(id) => self.model.toasts.dismiss(id),
            Intent::ForgetRefusal => self.model.lobby.refusal = None,
            Intent::ForgetTrouble => self.model.trouble = None,
            Intent::AskForTrust => self.model.is_asking_for_trust = true,
            Intent::Distrust => self.model.is_asking_for_trust = false,
            Intent::Open(url) => ctx.open_url(OpenUrl::new_tab(url)),
        }
    }

    /// Takes in what happened; whether it led to another scene.
    fn drain(&mut self, now: Instant) -> bool {
        let scene_before = self.scene();
        let mut refused = false;
        while let Some(event) = self.backend.poll_event() {
            refused |=
                matches!(&event, Event::Session(session::Event::Status(Status::Refused(_) | Status::Removed { .. })));
            self.model.apply(event, now);
        }
        self.model.tick(now);
        if refused && self.model.visit.is_none() {
            // The visit is over here; the backend hears that nobody waits for it any more.
            self.backend.command(Command::Leave);
        }
        if scene_before != self.scene() {
            self.next_refresh = None;
        }
        scene_before != self.scene()
    }

    /// Whether one is in the lobby, at a door, or inside.
    fn scene(&self) -> (bool, bool) {
        (self.model.entering().is_some(), self.model.room().is_some())
    }

    /// Keeps the list of rooms fresh while it is looked at.
    fn refresh(&mut self, now: Instant) {
        let lobby = &self.model.lobby;
        let busy = self.model.visit.is_some() || lobby.creating.is_some() || lobby.refreshing;
        if !busy && self.next_refresh.is_none_or(|at| at <= now) {
            self.next_refresh = Some(now + REFRESH_EVERY);
            self.command(Command::ListRooms);
        }
    }

    /// When to look again even if nothing happens.
    fn settled_for(&self, now: Instant) -> Option<Duration> {
        let refresh = if self.model.visit.is_none() { self.next_refresh } else { None };
        let refresh = refresh.map(|at| at.saturating_duration_since(now).max(Duration::from_millis(50)));
        [self.model.settled_for(now), refresh].into_iter().flatten().min()
    }

    /// Takes in what happened, whether or not anybody looks.
    fn look_after(&mut self, ctx: &egui::Context) {
        let now = (self.clock)();
        self.pace.note_repaint(now);
        if self.drain(now) {
            // What stood behind a dialog can be reached by keyboard only once it was painted without it.
            ctx.request_repaint();
        }
        self.refresh(now);
        if self.backend.wants_to_end() {
            ctx.send_viewport_cmd(ViewportCommand::Close);
        }
        if let Some(settled) = self.settled_for(now) {
            // Zero would mean "twice at once".
            ctx.request_repaint_after(settled.max(Duration::from_millis(1)));
        }
    }

    fn show(&mut self, ui: &mut egui::Ui) {
        let now = (self.clock)();
        let mut gallery = self.pictures.of(&*self.backend);
        let mut scene = Scene { model: &self.model, gallery: &mut gallery, now, zone: &self.zone };
        let intents = ui::show(ui, &mut scene, &mut self.view);
        drop(gallery);
        self.pictures.sweep();
        if !intents.is_empty() || ui.input(|input| input.events.iter().any(is_use)) {
            // What was asked for or opened shows in the next picture.
            ui.ctx().request_repaint();
        }
        for intent in intents {
            self.execute(intent, ui.ctx());
        }
    }

    fn leave(&mut self, gl: Option<&glow::Context>) {
        self.backend.command(Command::Leave);
        self.pictures.destroy(gl);
    }
}

/// Whether this may have changed something, unlike a pointer that passes by.
fn is_use(event: &egui::Event) -> bool {
    matches!(
        event,
        egui::Event::Key { .. }
            | egui::Event::Text(_)
            | egui::Event::Paste(_)
            | egui::Event::Ime(_)
            | egui::Event::PointerButton { .. }
            | egui::Event::AccessKitActionRequest(_)
    )
}

impl eframe::App for Window {
    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        self.look_after(ctx);
    }

    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        self.show(ui);
    }

    fn clear_color(&self, _visuals: &egui::Visuals) -> [f32; 4] {
        ui::theme::GROUND.to_normalized_gamma_f32()
    }

    fn on_exit(&mut self, gl: Option<&glow::Context>) {
        self.leave(gl);
    }
}
