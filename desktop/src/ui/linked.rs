//! What somebody wrote: to be selected, and with links that say where they lead before they are followed.

use std::ops::Range;
use std::sync::Arc;

use eframe::egui::text::{LayoutJob, TextFormat};
use eframe::egui::text_selection::LabelSelectionState;
use eframe::egui::{CursorIcon, Galley, Id, Label, Pos2, Rect, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, vec2};
use url::Url;

use super::theme;
use crate::model::{WebLink, web_links};

const SIZE: f32 = 14.5;
/// Of an address that is told; a longer one is cut.
const TOLD_MAX: usize = 300;

/// Shows `text`; whatever is to be opened in the browser.
pub(super) fn show(ui: &mut Ui, text: &str) -> Option<Url> {
    let links = web_links(text);
    // A long word is broken rather than let out of the panel.
    let label = Label::new(job(text, &links)).wrap().selectable(true);
    let (at, galley, response) = label.layout_in_ui(ui);
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, text));
    if !ui.is_rect_visible(response.rect) {
        return None;
    }
    LabelSelectionState::label_text_selection(ui, &response, at, Arc::clone(&galley), theme::TEXT, Stroke::NONE);
    let mut wanted = None;
    for (n, link) in links.into_iter().enumerate() {
        let chars = text[..link.range.start].chars().count();
        let chars = chars..chars + text[link.range.clone()].chars().count();
        let places = places(&galley, at, chars);
        if is_followed(ui, ui.scope_id().with(("link", n)), &places, &link.url) {
            wanted = Some(link.url);
        }
    }
    wanted
}

fn job(text: &str, links: &[WebLink]) -> LayoutJob {
    let plain = TextFormat::simple(theme::regular(SIZE), theme::TEXT);
    let linked = TextFormat {
        underline: Stroke::new(1.0, theme::ACCENT_BRIGHT),
        ..TextFormat::simple(theme::regular(SIZE), theme::ACCENT_BRIGHT)
    };
    let mut job = LayoutJob::default();
    let mut from = 0;
    for WebLink { range, .. } in links {
        job.append(&text[from..range.start], 0.0, plain.clone());
        job.append(&text[range.clone()], 0.0, linked.clone());
        from = range.end;
    }
    job.append(&text[from..], 0.0, plain);
    job
}

/// Where these characters stand: a link may go over several rows.
fn places(galley: &Galley, at: Pos2, chars: Range<usize>) -> Vec<Rect> {
    let mut places = Vec::new();
    let mut row_start = 0;
    for row in &galley.rows {
        let glyphs = &row.row.glyphs;
        let in_row = |n: usize| n.saturating_sub(row_start).min(glyphs.len());
        if let [first, .., last] | [first @ last] = &glyphs[in_row(chars.start)..in_row(chars.end)] {
            let (left, right) = (first.pos.x, last.pos.x + last.advance_width);
            let corner = at + row.pos.to_vec2() + vec2(left, 0.0);
            places.push(Rect::from_min_size(corner, vec2(right - left, row.row.size.y)));
        }
        row_start += glyphs.len() + usize::from(row.ends_with_newline);
    }
    places
}

fn is_followed(ui: &Ui, id: Id, places: &[Rect], url: &Url) -> bool {
    let mut is_followed = false;
    let mut has_focus = false;
    for (n, place) in places.iter().enumerate() {
        // The keyboard comes to a link once, however many rows it has.
        let sense = if n == 0 { Sense::click() } else { Sense::CLICK };
        let part = ui.interact(*place, id.with(n), sense).on_hover_cursor(CursorIcon::PointingHand);
        if n == 0 {
            part.widget_info(|| WidgetInfo::labeled(Role::Link, true, told(url)));
            has_focus = part.has_focus();
        }
        if has_focus {
            let ring = Stroke::new(2.0, theme::ACCENT_BRIGHT);
            ui.painter().rect_stroke(place.expand(2.0), 3, ring, StrokeKind::Inside);
        }
        is_followed |= part.on_hover_text(told(url)).clicked();
    }
    is_followed
}

/// The host first: what stands before an `@`, or looks like a letter, is no proof.
fn told(url: &Url) -> String {
    let address: String = url.as_str().chars().take(TOLD_MAX).collect();
    format!("Opens {} in the browser:\n{address}", url.host_str().unwrap_or_default())
}
