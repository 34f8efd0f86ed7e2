//! Pictures of people on the screen: through a shader, or without the graphics card.

mod blit;
mod canvas;
mod corners;
mod shader;
mod software;

pub use software::pixels;

use std::collections::BTreeSet;
use std::sync::Arc;

use eframe::egui::{PaintCallback, PaintCallbackInfo, Rect, Ui, vec2};
use eframe::{egui_glow, glow};

use crate::ui::{Gallery, Place, fit, theme};
use crate::{Backend, Tile};
use blit::Blit;
use shader::Shader;
use software::Software;

/// Keeps the newest picture of every tile where it can be painted quickly.
pub(crate) struct Pictures {
    painter: Painter,
    /// Whose pictures were painted since the last [`Pictures::sweep`].
    painted: BTreeSet<Tile>,
}

enum Painter {
    Shader(Arc<Shader>),
    Blit(Arc<Blit>),
    Software(Software),
}

/// How pictures get to the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Copied pixels where OpenGL is software itself, else the shader.
    Cheaper,
    Shader,
    Software,
}

impl Pictures {
    /// `gl` is absent in tests without a window.
    pub(crate) fn new(gl: Option<&glow::Context>, way: Way) -> Self {
        let painter = match (gl, way) {
            (None, _) | (_, Way::Software) => None,
            (Some(gl), Way::Cheaper) if shader::is_software(gl) => Blit::new(gl).map(|blit| Painter::Blit(blit.into())),
            (Some(gl), Way::Cheaper | Way::Shader) => Shader::compile(gl)
                .map(|shader| Painter::Shader(shader.into()))
                .map_err(|error| tracing::warn!(%error, "pictures are drawn without the graphics card"))
                .ok(),
        };
        let painter = painter.unwrap_or_else(|| Painter::Software(Software::default()));
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
            Painter::Blit(blit) => blit.keep(&painted),
            Painter::Software(software) => software.keep(&painted),
        }
    }

    /// Gives everything back to the graphics card.
    pub(crate) fn destroy(&self, gl: Option<&glow::Context>) {
        match (&self.painter, gl) {
            (Painter::Shader(shader), Some(gl)) => shader.destroy(gl),
            (Painter::Blit(blit), Some(gl)) => blit.destroy(gl),
            (Painter::Software(_), _) | (_, None) => {}
        }
    }
}

struct Hung<'a> {
    pictures: &'a mut Pictures,
    backend: &'a dyn Backend,
}

impl Gallery for Hung<'_> {
    fn paint(&mut self, ui: &Ui, tile: &Tile, place: Place) -> Option<Rect> {
        let picture = self.backend.picture(tile)?;
        self.pictures.painted.insert(tile.clone());
        let size = vec2(picture.frame.width() as f32, picture.frame.height() as f32);
        let (rect, part) = fit(place.rect, size, place.fit);
        // A picture with room around it does not reach the tile's corners.
        let radius = if rect.size() == place.rect.size() { place.radius } else { 0.0 };
        let part = mirror(part, place.mirrored);
        match &mut self.pictures.painter {
            Painter::Software(software) => software.paint(ui, tile, &picture, rect, part, radius),
            Painter::Shader(shader) => {
                let shader = Arc::clone(shader);
                let stamp = shader::Stamp { tile: tile.clone(), picture, part, radius };
                call(ui, rect, move |info, gl| shader.paint(gl, info, &stamp));
            }
            Painter::Blit(blit) => {
                let blit = Arc::clone(blit);
                let stamp = blit::Stamp { tile: tile.clone(), picture, part };
                call(ui, rect, move |info, gl| blit.paint(gl, info, &stamp));
                corners::paint(ui, rect, radius, theme::GROUND);
            }
        }
        Some(rect)
    }
}

/// Lets this be called when the window's painter is there.
fn call(ui: &Ui, rect: Rect, paint: impl Fn(&PaintCallbackInfo, &glow::Context) + Send + Sync + 'static) {
    let callback = egui_glow::CallbackFn::new(move |info, painter| paint(&info, painter.gl()));
    ui.painter().add(PaintCallback { rect, callback: Arc::new(callback) });
}

fn mirror(part: Rect, mirrored: bool) -> Rect {
    let (left, right) = (part.left(), part.right());
    if mirrored { part.with_min_x(right).with_max_x(left) } else { part }
}
