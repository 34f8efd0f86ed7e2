//! How large everybody's picture is shown, which they are told: nobody sends what nobody sees.

use std::collections::BTreeMap;

use eframe::egui::{Rect, Ui};
use protocol::ClientId;

use super::Intent;
use crate::{Command, Tile};

/// Heights in pixels that others are told. Between them a window can be resized without a word to anybody.
const HEIGHTS: [u32; 9] = [90, 135, 180, 270, 360, 540, 720, 1080, 2160];

#[derive(Debug, Default)]
pub(super) struct Sight {
    /// Of the frame that is being painted.
    seen: BTreeMap<ClientId, u32>,
    told: BTreeMap<ClientId, u32>,
}

impl Sight {
    /// Someone's tile is at `rect`.
    pub(super) fn note(&mut self, ui: &Ui, tile: &Tile, rect: Rect) {
        let Tile::Client(client) = tile else { return };
        let is_seen = ui.is_rect_visible(rect);
        let pixels = if is_seen { rect.height().max(rect.width() * 9.0 / 16.0) * ui.pixels_per_point() } else { 0.0 };
        self.seen.insert(client.clone(), step(pixels));
    }

    /// What has changed since the last frame. Whoever is not on the stage at all is not seen; whoever left is forgotten.
    pub(super) fn tell(&mut self, present: &[&ClientId], intents: &mut Vec<Intent>) {
        let seen = std::mem::take(&mut self.seen);
        self.told.retain(|client, _| present.contains(&client));
        for client in present {
            let height = seen.get(*client).copied().unwrap_or(0);
            if self.told.insert((*client).clone(), height) != Some(height) {
                intents.push(Intent::Do(Command::ShowAt { client: (*client).clone(), height }));
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
            Intent::Do(Command::ShowAt { client, height }) => Some((client.to_string(), *height)),
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
            sight.seen = seen.iter().map(|(client, height)| ((*client).clone(), *height)).collect();
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
