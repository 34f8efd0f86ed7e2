//! What of the screen is to be shared: a list with small pictures, or a word about who asks.

use eframe::egui::text::{LayoutJob, TextFormat, TextWrapping};
use eframe::egui::{
    Align2, Checkbox, Key, Label, Rect, Response, Role, ScrollArea, Sense, Stroke, StrokeKind, TextureHandle,
    TextureOptions, Ui, Vec2, WidgetInfo, vec2,
};
use media::{ScreenChoice, Screens, Sight};

use super::icon::Icon;
use super::layout::{Fit, fit};
use super::theme::{self, regular, strong};
use super::widget::{Look, actions, button, button_enabled, complaint, dialog, focus_ring, soft};
use super::{Intent, View};
use crate::Command;
use crate::model::{Model, plain_name};
use crate::picture::pixels;

const COLUMNS: usize = 3;
const CELL: Vec2 = vec2(176.0, 138.0);
const PICTURE: Vec2 = vec2(164.0, 96.0);
const GAP: f32 = 10.0;

/// The dialog's state.
#[derive(Default)]
pub(super) struct ScreenForm {
    chosen: Option<ScreenChoice>,
    /// Other programs' sound is to go along; `None`: as it is.
    sound: Option<bool>,
    /// It is a film; `None`: as it is.
    motion: Option<bool>,
    /// The small pictures, once they are there.
    previews: Option<Vec<Option<TextureHandle>>>,
    place: Option<Rect>,
}

impl std::fmt::Debug for ScreenForm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ScreenForm").field("chosen", &self.chosen).finish_non_exhaustive()
    }
}

enum Choice {
    Stay,
    Again,
    Share,
    Cancel,
}

/// Stops what is shared, or asks what is to be.
pub(super) fn toggle(is_shared: bool, view: &mut View, intents: &mut Vec<Intent>) {
    if is_shared {
        return intents.push(Intent::Do(Command::SetScreen(false)));
    }
    view.screens = Some(ScreenForm { chosen: view.shared.clone(), ..ScreenForm::default() });
    intents.push(Intent::Do(Command::ListScreens));
}

pub(super) fn show(ui: &mut Ui, model: &Model, view: &mut View, intents: &mut Vec<Intent>) {
    let Some(form) = &mut view.screens else { return };
    if model.sending.screen {
        // Somebody else has decided: a program in control.
        view.screens = None;
        return;
    }
    let shown = dialog("screens").show(ui.ctx(), |ui| {
        let width = COLUMNS as f32 * CELL.x + (COLUMNS - 1) as f32 * GAP;
        ui.set_width((width + 14.0).min(ui.ctx().content_rect().width() - 80.0));
        ui.spacing_mut().item_spacing.y = 14.0;
        ui.heading("What do you want to share?");
        match &model.screens {
            None => waiting(ui),
            Some(Ok(Screens::Asked)) => asked(ui, model, form),
            Some(Ok(Screens::Listed(sights))) if sights.is_empty() => empty(ui, None),
            Some(Ok(Screens::Listed(sights))) => listed(ui, model, sights, form),
            Some(Err(why)) => empty(ui, Some(why)),
        }
    });
    if form.place.replace(shown.response.rect) != Some(shown.response.rect) {
        // It has grown, and finds its place with the next frame.
        ui.ctx().request_repaint();
    }
    let choice = if shown.should_close() { Choice::Cancel } else { shown.inner };
    match choice {
        Choice::Stay => {}
        Choice::Again => {
            form.previews = None;
            intents.push(Intent::Do(Command::ListScreens));
        }
        Choice::Share => {
            let chosen = form.chosen.clone().unwrap_or_default();
            let sound = form.sound.filter(|wished| *wished != model.screen_sound);
            intents.extend(sound.map(|wished| Intent::Do(Command::SetScreenSound(wished))));
            let motion = form.motion.filter(|wished| *wished != model.screen_motion);
            intents.extend(motion.map(|wished| Intent::Do(Command::SetScreenMotion(wished))));
            view.shared = Some(chosen.clone());
            view.screens = None;
            intents.push(Intent::Do(Command::ShareScreen(chosen)));
        }
        Choice::Cancel => view.screens = None,
    }
}

fn waiting(ui: &mut Ui) -> Choice {
    ui.label(soft("Looking at what there is…"));
    actions(ui, |ui| if button(ui, Look::Bare, "Cancel").clicked() { Choice::Cancel } else { Choice::Stay })
}

/// The desktop's own dialog follows.
fn asked(ui: &mut Ui, model: &Model, form: &mut ScreenForm) -> Choice {
    let words = "Your desktop asks which screen or window, and shows that it is shared.";
    ui.add(Label::new(soft(words)).wrap());
    how(ui, model, form);
    buttons(ui, "Choose…", true)
}

fn empty(ui: &mut Ui, why: Option<&str>) -> Choice {
    match why {
        Some(why) => drop(complaint(ui, why)),
        None => drop(ui.label(soft("There is nothing that can be shared."))),
    }
    actions(ui, |ui| {
        if button(ui, Look::Main, "Look again").clicked() {
            Choice::Again
        } else if button(ui, Look::Bare, "Cancel").clicked() {
            Choice::Cancel
        } else {
            Choice::Stay
        }
    })
}

fn listed(ui: &mut Ui, model: &Model, sights: &[Sight], form: &mut ScreenForm) -> Choice {
    let is_first_look = form.previews.is_none();
    let ctx = ui.ctx().clone();
    let load = |sight: &Sight| {
        let picture = sight.preview.as_ref()?;
        Some(ctx.load_texture("preview", pixels(picture), TextureOptions::LINEAR))
    };
    let previews = form.previews.get_or_insert_with(|| sights.iter().map(load).collect());
    // What was shared last may be gone.
    let is_there = sights.iter().any(|sight| Some(&sight.choice) == form.chosen.as_ref());
    if !is_there {
        form.chosen = sights.first().map(|sight| sight.choice.clone());
    }
    let mut at_once = false;
    let height = (ui.ctx().content_rect().height() - 300.0).clamp(CELL.y, 3.0 * (CELL.y + GAP));
    let columns = ((ui.available_width() + GAP) / (CELL.x + GAP)).floor().max(1.0) as usize;
    ScrollArea::vertical().max_height(height).show(ui, |ui| {
        ui.spacing_mut().item_spacing = Vec2::splat(GAP);
        for (row, line) in sights.chunks(columns).enumerate() {
            ui.horizontal(|ui| {
                for (column, sight) in line.iter().enumerate() {
                    let is_chosen = form.chosen.as_ref() == Some(&sight.choice);
                    let preview = previews.get(row * columns + column).and_then(Option::as_ref);
                    let response = cell(ui, sight, preview, is_chosen);
                    if is_chosen && is_first_look {
                        response.request_focus();
                        response.scroll_to_me(None);
                    }
                    let enter = response.has_focus() && ui.input(|input| input.key_pressed(Key::Enter));
                    at_once |= response.double_clicked() || enter;
                    if response.clicked() || enter {
                        form.chosen = Some(sight.choice.clone());
                    }
                }
            });
        }
    });
    how(ui, model, form);
    if at_once { Choice::Share } else { buttons(ui, "Share", form.chosen.is_some()) }
}

fn how(ui: &mut Ui, model: &Model, form: &mut ScreenForm) {
    let ScreenForm { sound, motion, .. } = form;
    let words = "For films and games: smooth, at the cost of sharp letters.";
    tick(ui, "Smooth motion", Ok(words), motion, model.screen_motion);
    let missing = model.screen_sound_missing.as_deref();
    let words = "What other programs play, also while you are muted. The call itself is not in it.";
    tick(ui, "Share the sound too", missing.map_or(Ok(words), Err), sound, model.screen_sound);
}

/// Something that may be wished, and in a sentence what it is or why it cannot be had; `current` is how it is.
fn tick(ui: &mut Ui, name: &str, words: Result<&str, &str>, wish: &mut Option<bool>, current: bool) {
    let mut ticked = words.is_ok() && wish.unwrap_or(current);
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 4.0;
        if ui.add_enabled(words.is_ok(), Checkbox::new(&mut ticked, name)).changed() {
            *wish = Some(ticked);
        }
        let (Ok(words) | Err(words)) = words;
        ui.add(Label::new(soft(words)).wrap());
    });
}

fn buttons(ui: &mut Ui, share: &str, enabled: bool) -> Choice {
    actions(ui, |ui| {
        if button_enabled(ui, Look::Main, share, enabled).clicked() {
            Choice::Share
        } else if button(ui, Look::Bare, "Cancel").clicked() {
            Choice::Cancel
        } else {
            Choice::Stay
        }
    })
}

fn cell(ui: &mut Ui, sight: &Sight, preview: Option<&TextureHandle>, is_chosen: bool) -> Response {
    let (rect, response) = ui.allocate_exact_size(CELL, Sense::click());
    let name = plain_name(&sight.name);
    let words = match (&sight.choice, &sight.preview) {
        (ScreenChoice::Window(_), None) => format!("{name}, minimised"),
        (ScreenChoice::Monitor(_), _) => format!("Monitor {name}"),
        _ => name,
    };
    if ui.is_rect_visible(rect) {
        let lit = response.hovered() || response.has_focus();
        let fill = if lit || is_chosen { theme::HOVER } else { theme::SURFACE };
        ui.painter().rect_filled(rect, theme::ROUND, fill);
        if is_chosen {
            let stroke = Stroke::new(2.0, theme::ACCENT);
            ui.painter().rect_stroke(rect, theme::ROUND, stroke, StrokeKind::Inside);
        }
        focus_ring(ui, &response, theme::ROUND);
        let ground = Rect::from_min_size(rect.min + vec2((CELL.x - PICTURE.x) / 2.0, 6.0), PICTURE);
        ui.painter().rect_filled(ground, 6, theme::PICTURE_GROUND);
        picture(ui, ground, preview);
        title(ui, rect, &words, sight.size);
    }
    response.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, is_chosen, &words));
    response.on_hover_text(words)
}

fn picture(ui: &Ui, ground: Rect, preview: Option<&TextureHandle>) {
    let Some(texture) = preview else {
        return Icon::Screen.paint(ui.painter(), ground.center(), 28.0, theme::EDGE);
    };
    let (place, part) = fit(ground, texture.size_vec2(), Fit::Contain);
    ui.painter().image(texture.id(), place, part, eframe::egui::Color32::WHITE);
}

/// Painted, not written: the cell has the words as its name already.
fn title(ui: &Ui, cell: Rect, words: &str, (width, height): (u32, u32)) {
    let mut job = LayoutJob::single_section(words.to_owned(), TextFormat::simple(strong(12.5), theme::TEXT));
    job.wrap = TextWrapping::truncate_at_width(PICTURE.x);
    let words = ui.painter().layout_job(job);
    ui.painter().galley(cell.min + vec2((CELL.x - PICTURE.x) / 2.0 + 2.0, PICTURE.y + 9.0), words, theme::TEXT);
    let size = format!("{width}×{height}");
    let corner = cell.left_bottom() + vec2((CELL.x - PICTURE.x) / 2.0 + 2.0, -4.0);
    ui.painter().text(corner, Align2::LEFT_BOTTOM, size, regular(11.0), theme::SOFT);
}
