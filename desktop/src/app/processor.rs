//! The window that the processor draws: where there is no graphics card, this takes a fraction of what a program that
//! plays one takes.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};

use eframe::UserEvent;
use eframe::egui::{self, Context, FullOutput, RawInput, ViewportId, ViewportInfo};
use egui_winit::accesskit_winit;
use egui_winit::winit::application::ApplicationHandler;
use egui_winit::winit::event::{StartCause, WindowEvent};
use egui_winit::winit::event_loop::{ActiveEventLoop, ControlFlow, EventLoop, EventLoopProxy};
use egui_winit::winit::platform::run_on_demand::EventLoopExtRunOnDemand;
use egui_winit::winit::raw_window_handle::{HasDisplayHandle, RawDisplayHandle};
use egui_winit::winit::window::{Window as Frame, WindowId};
use egui_winit::{ActionRequested, State};
use softbuffer::Surface;

use super::{Failure, Opening, Window};
use crate::picture::{Pictures, Printer};
use crate::raster::{Area, Raster, TEXTURE_SIDE_MAX};
use crate::ui::theme;

/// A mouse may speak a thousand times a second.
const DRAWN_EVERY_MIN: Duration = Duration::from_millis(8);

pub(super) fn run(opening: Opening<'_>, event_loop: &mut EventLoop<UserEvent>) -> Result<(), Failure> {
    let mut desk = Desk {
        opening: Some(opening),
        ctx: context(event_loop.create_proxy()),
        proxy: event_loop.create_proxy(),
        shown: None,
        failure: None,
        due: None,
    };
    event_loop.run_app_on_demand(&mut desk)?;
    desk.failure.map_or(Ok(()), Err)
}

/// As [`eframe`] makes it.
fn context(proxy: EventLoopProxy<UserEvent>) -> Context {
    let ctx = Context::default();
    ctx.set_embed_viewports(false);
    ctx.options_mut(|options| options.max_passes = const { std::num::NonZeroUsize::new(2).unwrap() });
    ctx.add_font_provider(Arc::new(egui_system_font_provider::SystemFontProvider::new()));
    ctx.set_request_repaint_callback(move |info| {
        let Some(when) = Instant::now().checked_add(info.delay) else { return };
        let (viewport_id, cumulative_pass_nr) = (info.viewport_id, info.current_cumulative_pass_nr);
        // An error means that the window is closed.
        let _ = proxy.send_event(UserEvent::RequestRepaint { viewport_id, when, cumulative_pass_nr });
    });
    ctx
}

/// What the event loop speaks to.
struct Desk<'a> {
    opening: Option<Opening<'a>>,
    ctx: Context,
    proxy: EventLoopProxy<UserEvent>,
    shown: Option<Shown>,
    failure: Option<Failure>,
    /// When the window is to be looked after next.
    due: Option<Instant>,
}

struct Shown {
    window: Window,
    frame: Arc<Frame>,
    surface: Surface<Arc<Frame>, Arc<Frame>>,
    /// Its compositor keeps what was drawn, and says when it is time for more.
    composed: bool,
    state: State,
    info: ViewportInfo,
    actions: Vec<ActionRequested>,
    /// What came while nobody looked.
    waiting: RawInput,
    raster: Raster,
    printer: Printer,
    drawn: Option<Instant>,
}

impl ApplicationHandler<UserEvent> for Desk<'_> {
    fn resumed(&mut self, event_loop: &ActiveEventLoop) {
        let Some(opening) = self.opening.take() else { return };
        match self.open(event_loop, opening) {
            Ok(shown) => {
                let frame = Arc::clone(&self.shown.insert(shown).frame);
                self.draw(event_loop, true);
                // Not before there is something to see.
                frame.set_visible(true);
            }
            Err(error) => self.fail(event_loop, error),
        }
    }

    fn new_events(&mut self, event_loop: &ActiveEventLoop, _cause: StartCause) {
        self.draw_if_due(event_loop);
    }

    fn about_to_wait(&mut self, event_loop: &ActiveEventLoop) {
        self.draw_if_due(event_loop);
        event_loop.set_control_flow(self.due.map_or(ControlFlow::Wait, ControlFlow::WaitUntil));
    }

    fn user_event(&mut self, event_loop: &ActiveEventLoop, event: UserEvent) {
        match event {
            UserEvent::RequestRepaint { viewport_id, when, cumulative_pass_nr } => {
                let pass = self.ctx.cumulative_pass_nr_for(viewport_id);
                // Otherwise it has been drawn since.
                if pass == cumulative_pass_nr || pass == cumulative_pass_nr + 1 {
                    self.draw_at(when);
                }
            }
            UserEvent::AccessKitActionRequest(event) => {
                let Some(shown) = &mut self.shown else { return };
                match event.window_event {
                    accesskit_winit::WindowEvent::InitialTreeRequested => {
                        self.ctx.enable_accesskit();
                        self.draw(event_loop, false);
                    }
                    accesskit_winit::WindowEvent::ActionRequested(request) => {
                        shown.state.on_accesskit_action_request(request);
                        self.draw_at(Instant::now());
                    }
                    accesskit_winit::WindowEvent::AccessibilityDeactivated => self.ctx.disable_accesskit(),
                }
            }
        }
    }

    fn window_event(&mut self, event_loop: &ActiveEventLoop, _window: WindowId, event: WindowEvent) {
        let Some(shown) = &mut self.shown else { return };
        match &event {
            WindowEvent::RedrawRequested => {
                let lost = !shown.composed;
                return self.draw(event_loop, lost);
            }
            WindowEvent::Resized(_) => self.due = Some(Instant::now()),
            WindowEvent::Occluded(occluded) => shown.info.occluded = Some(*occluded),
            WindowEvent::CloseRequested => {
                shown.info.events.push(egui::ViewportEvent::Close);
                self.due = Some(Instant::now());
            }
            _ => {}
        }
        if shown.state.on_window_event(&shown.frame, &event).repaint {
            self.draw_at(Instant::now());
        }
    }

    fn exiting(&mut self, _event_loop: &ActiveEventLoop) {
        if let Some(shown) = &mut self.shown {
            shown.window.leave(None);
        }
        self.shown = None;
    }
}

impl Desk<'_> {
    fn open(&self, event_loop: &ActiveEventLoop, opening: Opening<'_>) -> Result<Shown, Failure> {
        let viewport = opening.viewport().with_visible(false);
        let frame = Arc::new(egui_winit::create_window(&self.ctx, event_loop, &viewport)?);
        let surface = Surface::new(&softbuffer::Context::new(Arc::clone(&frame))?, Arc::clone(&frame))?;
        let composed = matches!(frame.display_handle()?.as_raw(), RawDisplayHandle::Wayland(_));
        let (scale, theme) = (Some(frame.scale_factor() as f32), frame.theme());
        let mut state = State::new(self.ctx.clone(), ViewportId::ROOT, &*frame, scale, theme, Some(TEXTURE_SIDE_MAX));
        state.init_accesskit(event_loop, &frame, self.proxy.clone());
        let mut info = ViewportInfo::default();
        egui_winit::update_viewport_info(&mut info, &self.ctx, &frame, true);
        Ok(Shown {
            window: opening.open(&self.ctx, Pictures::printed())?,
            frame,
            surface,
            composed,
            state,
            info,
            actions: Vec::new(),
            waiting: RawInput::default(),
            raster: Raster::new(theme::GROUND),
            printer: Printer::default(),
            drawn: None,
        })
    }

    fn fail(&mut self, event_loop: &ActiveEventLoop, error: Failure) {
        self.failure = Some(error);
        event_loop.exit();
    }

    fn draw_at(&mut self, when: Instant) {
        self.due = Some(self.due.map_or(when, |due| due.min(when)));
    }

    fn draw_if_due(&mut self, event_loop: &ActiveEventLoop) {
        let (Some(due), Some(shown)) = (self.due, &self.shown) else { return };
        let due = shown.drawn.map_or(due, |drawn| due.max(drawn + DRAWN_EVERY_MIN));
        if due > Instant::now() {
            self.due = Some(due);
        } else if shown.composed {
            self.due = None;
            shown.frame.request_redraw();
        } else {
            // The window asks for what it has lost by itself, and that is another matter.
            self.draw(event_loop, false);
        }
    }

    /// `lost`: what was drawn before may not be on the screen any more.
    fn draw(&mut self, event_loop: &ActiveEventLoop, lost: bool) {
        self.due = None;
        let Some(shown) = &mut self.shown else { return };
        shown.drawn = Some(Instant::now());
        match shown.draw(&self.ctx, event_loop, lost) {
            Ok(true) => {}
            Ok(false) => event_loop.exit(),
            Err(error) => self.fail(event_loop, error),
        }
    }
}

impl Shown {
    /// Says whether the window stays.
    fn draw(&mut self, ctx: &Context, event_loop: &ActiveEventLoop, lost: bool) -> Result<bool, Failure> {
        egui_winit::update_viewport_info(&mut self.info, ctx, &self.frame, false);
        let mut input = std::mem::take(&mut self.waiting);
        input.append(self.state.take_egui_input(&self.frame));
        input.viewports = [(ViewportId::ROOT, self.info.clone())].into_iter().collect();
        let stays = !self.info.close_requested();
        self.info.events.clear();
        // Before the first drawing nothing is visible.
        if lost || self.info.visible().unwrap_or(true) {
            let Self { window, .. } = self;
            let output = ctx.run_ui(input, |ui| {
                window.look_after(ui.ctx());
                window.show(ui);
            });
            self.take_output(ctx, event_loop, output, lost)?;
        } else {
            let output = ctx.run_logic(&input, |ctx| self.window.look_after(ctx));
            self.waiting = input;
            self.state.handle_platform_output_with_event_loop(&self.frame, event_loop, output.platform_output);
            let commands = output.viewport_commands.into_values().flatten();
            egui_winit::process_viewport_commands(ctx, &mut self.info, commands, &self.frame, &mut self.actions);
        }
        Ok(stays)
    }

    fn take_output(
        &mut self,
        ctx: &Context,
        event_loop: &ActiveEventLoop,
        output: FullOutput,
        lost: bool,
    ) -> Result<(), Failure> {
        self.state.handle_platform_output_with_event_loop(&self.frame, event_loop, output.platform_output);
        let size = self.frame.inner_size();
        let pixels = (size.width as usize, size.height as usize);
        // Where a window has no size at the moment, its letters come all the same, and only once.
        let changed = self.raster.update(output.shapes, output.textures_delta, pixels, output.pixels_per_point);
        if let (Some(width), Some(height)) = (NonZeroU32::new(size.width), NonZeroU32::new(size.height))
            && (changed || lost)
        {
            self.present(ctx, (width, height), lost)?;
        }
        let commands = output.viewport_output.into_values().flat_map(|viewport| viewport.commands);
        egui_winit::process_viewport_commands(ctx, &mut self.info, commands, &self.frame, &mut self.actions);
        self.act();
        Ok(())
    }

    fn present(&mut self, ctx: &Context, size: (NonZeroU32, NonZeroU32), lost: bool) -> Result<(), Failure> {
        let (width, height) = size;
        self.surface.resize(width, height)?;
        let mut buffer = self.surface.buffer_mut()?;
        let (printer, age) = (&mut self.printer, buffer.age());
        let changed =
            self.raster.draw(ctx, &mut buffer, age, |callback, place, sheet| printer.paint(callback, place, sheet));
        self.frame.pre_present_notify();
        if lost {
            buffer.present()?;
        } else {
            let changed: Vec<softbuffer::Rect> = changed.into_iter().filter_map(rect).collect();
            buffer.present_with_damage(&changed)?;
        }
        Ok(())
    }

    /// Does what the window asked for, apart from what this one never does.
    fn act(&mut self) {
        for action in self.actions.drain(..) {
            let event = match action {
                ActionRequested::Cut => egui::Event::Cut,
                ActionRequested::Copy => egui::Event::Copy,
                ActionRequested::Paste => match self.state.clipboard_text() {
                    Some(text) => egui::Event::Paste(text.replace("\r\n", "\n")),
                    None => continue,
                },
                ActionRequested::Screenshot(_) | ActionRequested::PaintWhileHidden => continue,
            };
            self.state.egui_input_mut().events.push(event);
        }
    }
}

fn rect(area: Area) -> Option<softbuffer::Rect> {
    let (x, y) = (u32::try_from(area.left).ok()?, u32::try_from(area.top).ok()?);
    let (width, height) = (u32::try_from(area.width()).ok()?, u32::try_from(area.height()).ok()?);
    Some(softbuffer::Rect { x, y, width: NonZeroU32::new(width)?, height: NonZeroU32::new(height)? })
}
