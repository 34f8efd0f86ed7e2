//! Pictures of people on the screen: through a shader, or without the graphics card.

mod shader;
mod software;

pub use software::pixels;

use std::collections::BTreeSet;
use std::sync::Arc;

use eframe::egui::{self, PaintCallback, Ui, vec2};
use eframe::{egui_glow, glow};

use crate::ui::{Gallery, Place, fit};
use crate::{Backend, Tile};
use shader::{Shader, Stamp};
use software::Software;

/// Keeps the newest picture of every tile where it can be painted quickly.
pub(crate) struct Pictures {
    painter: Painter,
    /// Whose pictures were painted since the last [`Pictures::sweep`].
    painted: BTreeSet<Tile>,
}

enum Painter {
    Shader(Arc<Shader>),
    Software(Software),
}

/// How pictures get to the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Ready pixels where OpenGL is software itself, else the shader.
    Cheaper,
    Shader,
    Software,
}

impl Pictures {
    /// `gl` is absent in tests without a window.
    pub(crate) fn new(gl: Option<&glow::Context>, way: Way) -> Self {
        let painter = match gl {
            Some(gl) if way == Way::Shader || (way == Way::Cheaper && !shader::is_software(gl)) => Shader::compile(gl)
                .map_or_else(
                    |error| {
                        tracing::warn!(%error, "pictures are drawn without the graphics card");
                        Painter::Software(Software::default())
                    },
                    |shader| Painter::Shader(Arc::new(shader)),
                ),
            Some(_) | None => Painter::Software(Software::default()),
        };
        Self { painter, painted: BTreeSet::new() }
    }

    /// Makes the pictures of `backend` ready to be painted.
    pub(crate) fn of<'a>(&'a mut self, backend: &'a dyn Backend) -> impl Gallery + 'a {
        Hung { pictures: self, backend }
    }

    /// Forgets the pictures that were not painted since the last time.
    pub(crate) fn sweep(&mut self) {
        let painted = std::mem::take(&mut self.painted);
        match &mut self.painter {
            Painter::Shader(shader) => shader.keep(&painted),
            Painter::Software(software) => software.keep(&painted),
        }
    }

    /// Gives everything back to the graphics card.
    pub(crate) fn destroy(&self, gl: Option<&glow::Context>) {
        if let (Painter::Shader(shader), Some(gl)) = (&self.painter, gl) {
            shader.destroy(gl);
        }
    }
}

struct Hung<'a> {
    pictures: &'a mut Pictures,
    backend: &'a dyn Backend,
}

impl Gallery for Hung<'_> {
    fn paint(&mut self, ui: &Ui, tile: &Tile, place: Place) -> bool {
        let Some(picture) = self.backend.picture(tile) else { return false };
        self.pictures.painted.insert(tile.clone());
        let size = vec2(picture.frame.width() as f32, picture.frame.height() as f32);
        let (rect, part) = fit(place.rect, size, place.fit);
        // A picture with room around it does not reach the tile's corners.
        let radius = if rect.size() == place.rect.size() { place.radius } else { 0.0 };
        match &mut self.pictures.painter {
            Painter::Software(software) => {
                software.paint(ui, tile, &picture, rect, mirror(part, place.mirrored), radius);
            }
            Painter::Shader(shader) => {
                let shader = Arc::clone(shader);
                let stamp = Stamp { tile: tile.clone(), picture, part: mirror(part, place.mirrored), radius };
                let callback =
                    egui_glow::CallbackFn::new(move |info, painter| shader.paint(painter.gl(), &info, &stamp));
                ui.painter().add(PaintCallback { rect, callback: Arc::new(callback) });
            }
        }
        true
    }
}

fn mirror(part: egui::Rect, mirrored: bool) -> egui::Rect {
    let (left, right) = (part.left(), part.right());
    if mirrored { part.with_min_x(right).with_max_x(left) } else { part }
}
