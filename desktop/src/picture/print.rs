//! Pictures where no graphics card draws: made ready at their size on the screen, and copied to their place.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use eframe::egui::{PaintCallback, Rect};
use media::Picture;

use super::canvas::Canvas;
use crate::Tile;
use crate::raster::{Area, Sheet};

/// A picture to be drawn into its place.
pub(crate) struct Print {
    picture: Picture,
    /// What of it is seen, in which all of it goes from 0 to 1; where its left is beyond its right, both are swapped.
    part: Rect,
}

/// As long as a tile shows the same, it is the same print: the window need not draw it again.
#[derive(Default)]
pub(super) struct Prints {
    tiles: BTreeMap<Tile, Arc<Print>>,
}

impl Prints {
    pub(super) fn of(&mut self, tile: &Tile, picture: Picture, part: Rect) -> Arc<Print> {
        match self.tiles.get(tile) {
            Some(print) if print.picture.number == picture.number && print.part == part => Arc::clone(print),
            _ => {
                let print = Arc::new(Print { picture, part });
                self.tiles.insert(tile.clone(), Arc::clone(&print));
                print
            }
        }
    }

    pub(super) fn keep(&mut self, tiles: &BTreeSet<Tile>) {
        self.tiles.retain(|tile, _| tiles.contains(tile));
    }
}

/// Draws prints, one after the other.
#[derive(Default)]
pub(crate) struct Printer {
    canvas: Canvas,
}

impl Printer {
    pub(crate) fn paint(&mut self, callback: &PaintCallback, place: Area, sheet: &mut Sheet<'_>) {
        let (Ok(width), Ok(height)) = (u32::try_from(place.width()), u32::try_from(place.height())) else { return };
        let Some(print) = callback.callback.downcast_ref::<Print>() else { return };
        if width == 0 || height == 0 {
            return;
        }
        match self.canvas.draw(&print.picture.frame, print.part, (width, height)) {
            Ok(pixels) => sheet.copy(place, pixels),
            Err(error) => tracing::error!(%error, "a picture is not painted"),
        }
    }
}
