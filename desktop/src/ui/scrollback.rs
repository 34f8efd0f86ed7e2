//! The part of the chat that is in sight: it stays where it is when earlier lines come in above it.

use std::collections::BTreeMap;

use eframe::egui::{ScrollArea, Ui, vec2};

use crate::model::{Chat, Shown};

/// A guess, until a line has been on screen once.
const HEIGHT_GUESS: f32 = 44.0;
/// Twice as many as there are entries in a chat.
const HEIGHTS_MAX: usize = 4_000;
/// What is further below is not measured before one comes near it.
const FAR: f32 = 2_000.0;

/// How high the entries are at a width, so that only the visible ones are laid out, and which is the first in sight.
#[derive(Debug, Default)]
pub(super) struct Scrollback {
    width: f32,
    /// With a heading of its own a line is higher.
    heights: BTreeMap<(u64, bool), f32>,
    first: Option<First>,
    /// Where to scroll to, at once.
    target: Option<f32>,
}

/// The first entry in sight.
#[derive(Debug, Clone, Copy)]
struct First {
    number: u64,
    /// How many there are before it.
    index: usize,
    /// Of its end, on the screen: a heading may vanish above it.
    bottom: f32,
    at_end: bool,
    /// The pass in which that was so.
    pass: u64,
}

impl Scrollback {
    /// Shows the entries, each drawn by `draw`, which is told the width.
    pub(super) fn show(&mut self, ui: &mut Ui, chat: &Chat, mut draw: impl FnMut(&mut Ui, Shown<'_>, f32)) {
        let pass = ui.ctx().cumulative_pass_nr();
        let before = self.first.filter(|first| first.pass + 1 == pass);
        let screen_top = ui.available_rect_before_wrap().top();
        let mut area = ScrollArea::vertical().auto_shrink(false).stick_to_bottom(true);
        if let Some(target) = self.target.take() {
            area = area.vertical_scroll_offset(target);
        }
        let mut first = None;
        let mut moved = None;
        let mut is_passed = false;
        let shown = area.show_viewport(ui, |ui, viewport| {
            ui.spacing_mut().item_spacing.y = 0.0;
            let width = ui.available_width() - 10.0;
            self.prepare(width);
            let top = ui.cursor().top();
            for (index, shown) in chat.entries().enumerate() {
                let number = shown.number;
                let is_anchor = before.is_some_and(|before| before.number == number);
                let at = ui.cursor().top() - top;
                // How much stands above the first in sight is to be known exactly.
                let counts = before.is_some() && !is_passed;
                let height = self.skipped(&shown, at, viewport.top(), viewport.bottom(), counts);
                is_passed |= is_anchor;
                let height = if let Some(height) = height {
                    ui.allocate_space(vec2(width, height));
                    height
                } else {
                    let key = (number, shown.continued);
                    let height = ui.push_id(number, |ui| draw(ui, shown, width)).response.rect.height();
                    self.heights.insert(key, height);
                    height
                };
                let bottom = at + height;
                if first.is_none() && bottom > viewport.top() {
                    first = Some(First { number, index, bottom: top + bottom, at_end: false, pass });
                }
                if let Some(before) = before.filter(|before| is_anchor && before.index != index) {
                    moved = Some((First { index, pass, ..before }, screen_top + bottom - before.bottom));
                }
            }
            ui.add_space(6.0);
        });
        let at_end = shown.state.clamped_offset().y + shown.inner_rect.height() >= shown.content_size.y - 1.0;
        self.first = first.map(|first| First { at_end, ..first });
        // At the end it follows what is new, and what is forgotten above does not matter.
        let matters = |(now, _): &(First, f32)| before.is_some_and(|before| !before.at_end || now.index > before.index);
        if let Some((anchor, target)) = moved.filter(matters) {
            self.first = Some(anchor);
            self.target = Some(target.max(0.0));
            // Nobody sees the lines jump.
            ui.ctx().request_discard("lines came in above");
        }
    }

    /// Forgets everything that was measured at another width, and entries that are no more before they are too many.
    fn prepare(&mut self, width: f32) {
        if (self.width - width).abs() > 0.5 || self.heights.len() > HEIGHTS_MAX {
            self.heights.clear();
            self.width = width;
        }
    }

    /// How much room is left for an entry that is not drawn.
    fn skipped(&self, shown: &Shown<'_>, at: f32, top: f32, bottom: f32, counts: bool) -> Option<f32> {
        match self.heights.get(&(shown.number, shown.continued)).copied() {
            Some(height) => (at + height < top - 50.0 || at > bottom + 50.0).then_some(height),
            None => (at > bottom + FAR && !counts).then_some(HEIGHT_GUESS),
        }
    }
}
