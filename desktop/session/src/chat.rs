//! Chat lines, in and out.

use std::collections::VecDeque;
use std::time::Instant;

use protocol::limits::{TEXT_CHARS, TEXTS, USERNAME_CHARS};
use protocol::{Address, ClientId, Text, TextId, Username};

use crate::ChatLine;

/// Tells the time of day from the monotonic clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WallClock {
    epoch: (Instant, u64),
}

impl WallClock {
    pub(crate) fn new(epoch: (Instant, u64)) -> Self {
        Self { epoch }
    }

    /// Milliseconds since 1970.
    pub(crate) fn at(&self, now: Instant) -> u64 {
        self.epoch.1 + now.saturating_duration_since(self.epoch.0).as_millis() as u64
    }
}

/// A line as the wire has it. `key`: what a server of ours knows it by when it is said again.
pub(crate) fn write_line(name: &Username, text: String, time_ms: u64, key: Option<u64>) -> Text {
    let key = key.map(|key| format!("{key:016x}"));
    Text { from: name.as_str().to_owned(), time: time_ms as f64, text, key }
}

fn is_same(one: &Text, other: &Text) -> bool {
    if one.key.is_some() && other.key.is_some() { one.key == other.key } else { one == other }
}

/// How a line came.
#[derive(Debug, Clone, Default)]
pub(crate) struct Way {
    /// Whom a private line is for.
    pub(crate) to: Option<ClientId>,
    pub(crate) id: Option<TextId>,
}

/// A line as a person sees it, bounded whatever a server of an earlier version lets through.
///
/// The name is the one that the line carries; where it carries none, the one in the roster.
pub(crate) fn read_line(text: &Text, from: ClientId, known_as: &str, mine: bool, way: Way, now_ms: u64) -> ChatLine {
    let name = if text.from.trim().is_empty() { displayed_name(known_as) } else { displayed_name(&text.from) };
    let time_ms = if text.time >= 1.0 && text.time < u64::MAX as f64 { text.time as u64 } else { now_ms };
    let Way { to, id } = way;
    let text = bounded_text(&text.text);
    ChatLine { from, name, time_ms, text, mine, private: to.is_some(), to, id, edited: false }
}

pub(crate) fn bounded_text(text: &str) -> String {
    text.chars().take(TEXT_CHARS).collect()
}

/// A name without what hides or reorders text, of bounded length, never empty.
pub(crate) fn displayed_name(name: &str) -> String {
    let bounded: String = name.chars().take(USERNAME_CHARS).collect();
    Username::parse(&bounded).unwrap_or_default().as_str().to_owned()
}

/// Lines of ours that may wait for their echo: as many as a server takes at once. The oldest give way.
const UNECHOED_MAX: usize = TEXTS.1 as usize;
/// Lines that are remembered, so that one that is said again is shown once.
const HEARD_MAX: usize = 200;

/// Lines without a number that may come before the server knows that we understand numbers.
const EARLY_MAX: usize = 64;

/// Lines to the room that come before the server has read our profile: without their numbers. Whether they will be read
/// in the history too is known when the server has said how the room is set.
#[derive(Debug, Default)]
pub(crate) struct EarlyLines {
    lines: Vec<(ClientId, Text)>,
    is_over: bool,
}

impl EarlyLines {
    pub(crate) fn begin_link(&mut self) {
        self.is_over = false;
    }

    /// `true`: it is held back.
    pub(crate) fn hold(&mut self, from: &ClientId, line: &Text, way: &Way) -> bool {
        let is_early = !self.is_over && way.to.is_none() && way.id.is_none() && self.lines.len() < EARLY_MAX;
        if is_early {
            self.lines.push((from.clone(), line.clone()));
        }
        is_early
    }

    /// From now on lines have numbers. Those that came before.
    pub(crate) fn end(&mut self) -> Vec<(ClientId, Text)> {
        self.is_over = true;
        std::mem::take(&mut self.lines)
    }
}

/// Lines under way, and those that have arrived.
///
/// A link may break between a line and its echo, and nobody knows who has heard it: on a server of ours it is said
/// again on return with the same key, by which the server knows it. Whoever has heard it before (from a server that
/// has been killed meanwhile) passes it over.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    unechoed: VecDeque<(Address, Text)>,
    heard: VecDeque<(ClientId, Text)>,
}

impl Lines {
    /// A line of ours goes out, or waits until it can.
    pub(crate) fn said(&mut self, to: Address, line: Text) {
        if self.unechoed.len() == UNECHOED_MAX {
            self.unechoed.pop_front();
        }
        self.unechoed.push_back((to, line));
    }

    /// What has not come back, in the order in which it was said.
    pub(crate) fn unechoed(&self) -> impl Iterator<Item = &(Address, Text)> {
        self.unechoed.iter()
    }

    /// A line of ours came back.
    pub(crate) fn echoed(&mut self, line: &Text) {
        self.unechoed.retain(|(_, said)| !is_same(said, line));
    }

    /// The room has kept a line of ours to everyone that did not come back.
    pub(crate) fn kept(&mut self, text: &str) {
        let is_it = |(to, said): &(Address, Text)| *to == Address::Room && said.text == text;
        if let Some(at) = self.unechoed.iter().position(is_it) {
            self.unechoed.remove(at);
        }
    }

    /// Whether this line is heard for the first time. Without a key and a time there is no telling.
    pub(crate) fn is_new(&mut self, from: &ClientId, line: &Text) -> bool {
        if line.time <= 0.0 && line.key.is_none() {
            return true;
        }
        if self.heard.iter().any(|(known, heard)| known == from && is_same(heard, line)) {
            return false;
        }
        if self.heard.len() == HEARD_MAX {
            self.heard.pop_front();
        }
        self.heard.push_back((from.clone(), line.clone()));
        true
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::moment;

    fn read(from: &str, time: f64, text: &str) -> ChatLine {
        let text = Text { from: from.to_owned(), time, text: text.to_owned(), key: None };
        read_line(&text, ClientId::new("a"), "Ann", false, Way::default(), 7_000)
    }

    #[test]
    fn a_line_without_a_name_takes_the_rosters() {
        assert_eq!(read("", 5.0, "x").name, "Ann");
        assert_eq!(read("Bo", 5.0, "x").name, "Bo");
    }

    #[test]
    fn a_line_without_a_time_is_from_now() {
        assert_eq!(read("", 0.0, "x").time_ms, 7_000);
        assert_eq!(read("", -4.0, "x").time_ms, 7_000);
        assert_eq!(read("", 1700000000123.5, "x").time_ms, 1_700_000_000_123);
    }

    #[test]
    fn names_and_texts_are_bounded_and_literal() {
        assert_eq!(read("", 1.0, &"x".repeat(5_000)).text.len(), TEXT_CHARS);
        assert_eq!(read(&"x".repeat(5_000), 1.0, "").name.len(), USERNAME_CHARS);
        assert_eq!(displayed_name("a\u{202e}b\u{200b}"), "ab");
        assert_eq!(displayed_name("\u{200b} "), Username::DEFAULT);
        assert_eq!(read("", 1.0, "<b>hi</b>").text, "<b>hi</b>");
    }

    #[test]
    fn a_line_is_new_once_and_nothing_grows_for_ever() {
        let mut lines = Lines::default();
        let (ann, bo) = (ClientId::new("a"), ClientId::new("b"));
        let line = |time| Text { time, text: "hi".into(), ..Text::default() };
        assert!(lines.is_new(&ann, &line(5.0)) && !lines.is_new(&ann, &line(5.0)));
        assert!(lines.is_new(&bo, &line(5.0)) && lines.is_new(&ann, &line(6.0)));
        assert!(lines.is_new(&ann, &line(0.0)) && lines.is_new(&ann, &line(0.0)), "without a time all are new");
        for time in 0..1_000 {
            lines.is_new(&ann, &line(f64::from(time) + 10.0));
            lines.said(Address::Room, line(f64::from(time)));
        }
        assert_eq!((lines.heard.len(), lines.unechoed().count()), (HEARD_MAX, UNECHOED_MAX));
        lines.echoed(&line(999.0));
        assert_eq!(lines.unechoed().count(), UNECHOED_MAX - 1);
    }

    #[test]
    fn the_time_of_day_follows_the_monotonic_clock() {
        let start = moment();
        let clock = WallClock::new((start, 1_700_000_000_000));
        assert_eq!(clock.at(start + Duration::from_millis(1_500)), 1_700_000_001_500);
    }
}
