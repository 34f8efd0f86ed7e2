//! How one stands with the server.

use std::time::{Duration, Instant};

use eframe::egui::{
    Color32, Frame, Label, Margin, RichText, Role, Sense, Stroke, Ui, UiBuilder, WidgetInfo, pos2, vec2,
};

use super::theme;
use crate::model::{Connection, Visit};

/// A dot and a word, for the header.
pub(super) fn pill(ui: &mut Ui, visit: &Visit, now: Instant) {
    let (colour, text) = summary(&visit.connection, now);
    let galley = ui.painter().layout_no_wrap(text.clone(), theme::regular(13.0), theme::SOFT);
    let (pill, response) = ui.allocate_exact_size(vec2(galley.size().x + 37.0, 26.0), Sense::hover());
    ui.painter().rect_filled(pill, 13, theme::SURFACE);
    ui.painter().circle_filled(pos2(pill.left() + 15.0, pill.center().y), 4.0, colour);
    let start = pos2(pill.left() + 26.0, pill.center().y - galley.size().y / 2.0);
    ui.painter().galley(start, galley, theme::SOFT);
    response.widget_info(|| WidgetInfo::labeled(Role::Status, true, &text));
}

fn summary(connection: &Connection, now: Instant) -> (Color32, String) {
    match connection {
        Connection::Joined => (theme::GOOD, "Connected".to_owned()),
        Connection::Joining | Connection::Knocking | Connection::Connecting => (theme::WARN, "Connecting…".to_owned()),
        Connection::Lost { .. } => (theme::BAD, format!("Reconnecting {}", countdown(connection, now))),
    }
}

/// A sentence over the stage while the server is gone.
pub(super) fn banner(ui: &mut Ui, visit: &Visit, now: Instant) {
    let Connection::Lost { attempt, reason, .. } = &visit.connection else { return };
    let reason = if reason.is_empty() { String::new() } else { format!(" ({reason})") };
    let text = format!(
        "The connection to the server is lost{reason}. The call goes on; attempt {attempt} {}.",
        countdown(&visit.connection, now)
    );
    let builder = UiBuilder::new().accessibility_role(Role::Status);
    ui.scope_builder(builder, |ui| {
        Frame::new()
            .fill(Color32::from_rgb(0x3a, 0x2a, 0x1a))
            .stroke(Stroke::new(1.0, theme::WARN.gamma_multiply(0.4)))
            .corner_radius(theme::ROUND)
            .inner_margin(Margin::symmetric(14, 9))
            .show(ui, |ui| {
                ui.take_available_width();
                ui.add(Label::new(RichText::new(text).size(14.0).color(theme::WARN)).wrap());
            });
    });
    ui.add_space(4.0);
}

pub(super) fn countdown(connection: &Connection, now: Instant) -> String {
    match connection.countdown(now) {
        None | Some(Duration::ZERO) => "now".to_owned(),
        Some(left) => format!("in {} s", left.as_secs() + u64::from(left.subsec_nanos() > 0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_countdown_never_shows_zero_seconds() {
        let now = Instant::now();
        let lost =
            |ms| Connection::Lost { attempt: 1, retry_at: now + Duration::from_millis(ms), reason: String::new() };
        assert_eq!(countdown(&lost(2_500), now), "in 3 s");
        assert_eq!(countdown(&lost(2_000), now), "in 2 s");
        assert_eq!(countdown(&lost(1), now), "in 1 s");
        assert_eq!(countdown(&lost(0), now), "now");
    }
}
