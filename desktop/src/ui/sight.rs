//! How large everybody's picture is shown, which they are told: nobody sends what nobody sees.

use std::collections::BTreeMap;

use eframe::egui::{Rect, Ui};
use protocol::{ClientId, View};

use super::Intent;
use crate::{Command, Tile};

/// Heights in pixels that others are told. Between them a window can be resized without a word to anybody.
const HEIGHTS: [u32; 9] = [90, 135, 180, 270, 360, 540, 720, 1080, 2160];

#[derive(Debug, Default)]
pub(super) struct Sight {
    /// Of the frame that is being painted.
    seen: BTreeMap<ClientId, Seen>,
    told: BTreeMap<ClientId, View>,
}

/// Of one person.
#[derive(Debug, Default)]
struct Seen {
    camera: u32,
    screen: u32,
}

impl Sight {
    /// Someone's tile is at `rect`.
    pub(super) fn note(&mut self, ui: &Ui, tile: &Tile, rect: Rect) {
        let pixels = rect.height().max(rect.width() * 9.0 / 16.0) * ui.pixels_per_point();
        let height = step(if ui.is_rect_visible(rect) { pixels } else { 0.0 });
        match tile {
            Tile::Client(client) => self.seen.entry(client.clone()).or_default().camera = height,
            Tile::Screen(client) => self.seen.entry(client.clone()).or_default().screen = height,
            Tile::Me | Tile::MyScreen => {}
        }
    }

    /// What has changed since the last frame. Whoever is not on the stage at all is not seen; whoever left is forgotten.
    pub(super) fn tell(&mut self, present: &[&ClientId], intents: &mut Vec<Intent>) {
        let mut seen = std::mem::take(&mut self.seen);
        self.told.retain(|client, _| present.contains(&client));
        for client in present {
            let Seen { camera, screen } = seen.remove(*client).unwrap_or_default();
            let view = View { height: camera, screen: Some(screen) };
            if self.told.insert((*client).clone(), view) != Some(view) {
                intents.push(Intent::Do(Command::ShowAt { client: (*client).clone(), view }));
            }
        }
    }

    /// Everything is told anew in the next room.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }
}

fn step(pixels: f32) -> u32 {
    if pixels <= 0.0 {
        return 0;
    }
    HEIGHTS.into_iter().find(|height| *height as f32 >= pixels).unwrap_or(HEIGHTS[HEIGHTS.len() - 1])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(intents: &[Intent]) -> Vec<(String, u32)> {
        let shown = |intent: &Intent| match intent {
            Intent::Do(Command::ShowAt { client, view }) => Some((client.to_string(), view.height)),
            _ => None,
        };
        intents.iter().filter_map(shown).collect()
    }

    #[test]
    fn a_picture_is_never_told_to_be_smaller_than_it_is_shown() {
        for pixels in 1..2_160 {
            assert!(step(pixels as f32) >= pixels, "{pixels}");
        }
        assert_eq!((step(0.0), step(9_000.0)), (0, 2_160));
    }

    #[test]
    fn everyone_is_told_once_and_again_when_it_is_different() {
        let mut sight = Sight::default();
        let (a, b) = (ClientId::new("a"), ClientId::new("b"));
        let mut frame = |seen: &[(&ClientId, u32)], present: &[&ClientId]| {
            let mut intents = Vec::new();
            sight.seen =
                seen.iter().map(|(client, height)| ((*client).clone(), Seen { camera: *height, screen: 0 })).collect();
            sight.tell(present, &mut intents);
            told(&intents)
        };
        assert_eq!(frame(&[(&a, 360)], &[&a, &b]), [("a".to_owned(), 360), ("b".to_owned(), 0)]);
        assert_eq!(frame(&[(&a, 360)], &[&a, &b]), []);
        assert_eq!(frame(&[(&a, 360), (&b, 180)], &[&a, &b]), [("b".to_owned(), 180)]);
        assert_eq!(frame(&[(&b, 180)], &[&b]), []);
        assert_eq!(frame(&[(&a, 360), (&b, 180)], &[&a, &b]), [("a".to_owned(), 360)], "who comes back is told again");
    }
}
