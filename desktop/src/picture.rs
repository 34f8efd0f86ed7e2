//! Pictures of people on the screen: through a shader, or without the graphics card.

mod canvas;
mod corners;
mod print;
mod shader;

pub use canvas::pixels;

use std::collections::BTreeSet;
use std::sync::Arc;

use eframe::egui::{PaintCallback, PaintCallbackInfo, Rect, Ui, vec2};
use eframe::{egui_glow, glow};

use crate::ui::{Gallery, Place, fit, theme};
use crate::{Backend, Tile};
pub(crate) use print::Printer;
use print::Prints;
use shader::Shader;
pub(crate) use shader::{ShaderError, is_software};

/// Keeps the newest picture of every tile where it can be painted quickly.
pub(crate) struct Pictures {
    painter: Painter,
    /// Whose pictures were painted since the last [`Pictures::sweep`].
    painted: BTreeSet<Tile>,
}

enum Painter {
    Shader(Arc<Shader>),
    Prints(Prints),
}

impl Pictures {
    /// Made colourful by the graphics card.
    pub(crate) fn through_opengl(gl: &glow::Context) -> Result<Self, ShaderError> {
        Ok(Self { painter: Painter::Shader(Shader::compile(gl)?.into()), painted: BTreeSet::new() })
    }

    /// For a window that draws without OpenGL: what is painted is a [`print::Print`].
    pub(crate) fn printed() -> Self {
        Self { painter: Painter::Prints(Prints::default()), painted: BTreeSet::new() }
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
            Painter::Prints(prints) => prints.keep(&painted),
        }
    }

    /// Gives everything back to the graphics card.
    pub(crate) fn destroy(&self, gl: Option<&glow::Context>) {
        match (&self.painter, gl) {
            (Painter::Shader(shader), Some(gl)) => shader.destroy(gl),
            (Painter::Prints(_), _) | (_, None) => {}
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
            Painter::Shader(shader) => {
                let shader = Arc::clone(shader);
                let stamp = shader::Stamp { tile: tile.clone(), picture, part, radius };
                call(ui, rect, move |info, gl| shader.paint(gl, info, &stamp));
            }
            Painter::Prints(prints) => {
                let callback = prints.of(tile, picture, part);
                ui.painter().add(PaintCallback { rect, callback });
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
