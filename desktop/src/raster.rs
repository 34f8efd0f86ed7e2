//! Draws egui's shapes into pixels on the processor, and only where something has changed: for machines without a
//! graphics card, where OpenGL would be software too, only slower and larger.

mod area;
mod colour;
mod damage;
mod mesh;
mod sheet;
mod texture;

use std::collections::{BTreeMap, VecDeque};

use eframe::egui::epaint::{ClippedShape, PaintCallback, Primitive, TextureId};
use eframe::egui::{Color32, Context, TexturesDelta};

pub(crate) use area::Area;
pub(crate) use sheet::Sheet;
use texture::Texture;

/// Side of a texture in texels: the window's letters and small pictures fit well.
pub(crate) const TEXTURE_SIDE_MAX: usize = 2048;

/// Windows draw into up to three buffers in turn; one that is older is drawn whole.
const HISTORY_MAX: usize = 3;

/// What a picture is drawn into, and with what.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Ground {
    width: usize,
    height: usize,
    pixels_per_point: f32,
}

pub(crate) struct Raster {
    ground_colour: Color32,
    ground: Option<Ground>,
    textures: BTreeMap<TextureId, Texture>,
    doomed: Vec<TextureId>,
    /// What should be seen.
    shapes: Vec<ClippedShape>,
    /// Where something has changed since the last drawing.
    pending: Vec<Area>,
    /// Where each of the last drawings differed from the one before; the newest first.
    history: VecDeque<Vec<Area>>,
}

impl Raster {
    pub(crate) fn new(ground_colour: Color32) -> Self {
        Self {
            ground_colour,
            ground: None,
            textures: BTreeMap::new(),
            doomed: Vec::new(),
            shapes: Vec::new(),
            pending: Vec::new(),
            history: VecDeque::new(),
        }
    }

    /// What should be seen from now on, in a window of this size in pixels. Says whether that is anything new.
    pub(crate) fn update(
        &mut self,
        shapes: Vec<ClippedShape>,
        textures: TexturesDelta,
        (width, height): (usize, usize),
        pixels_per_point: f32,
    ) -> bool {
        let ground = Ground { width, height, pixels_per_point };
        let mut everything = self.ground.replace(ground) != Some(ground);
        everything |= self.take_textures(textures);
        if everything {
            self.pending = vec![ground.area()];
        } else {
            damage::note(&self.shapes, &shapes, ground, &mut self.pending);
        }
        self.shapes = shapes;
        !self.pending.is_empty()
    }

    /// Brings pixels up to date that were drawn so many drawings ago (0: never), and says where they have changed since.
    /// `paint` draws what is not made of triangles into its place.
    pub(crate) fn draw(
        &mut self,
        ctx: &Context,
        pixels: &mut [u32],
        age: u8,
        mut paint: impl FnMut(&PaintCallback, Area, &mut Sheet<'_>),
    ) -> Vec<Area> {
        let Some(ground) = self.ground.filter(|ground| ground.width * ground.height == pixels.len()) else {
            return Vec::new();
        };
        self.history.push_front(std::mem::take(&mut self.pending));
        self.history.truncate(HISTORY_MAX);
        let age = usize::from(age);
        let areas = if age == 0 || age > self.history.len() {
            vec![ground.area()]
        } else {
            damage::joined(self.history.iter().take(age).flatten().copied())
        };
        let touched = self.shapes.iter().filter(|shape| {
            let covered = damage::covered(shape, ground);
            areas.iter().any(|area| !area.intersection(covered).is_empty())
        });
        let primitives = ctx.tessellate(touched.cloned().collect(), ground.pixels_per_point);
        for area in &areas {
            let mut sheet = Sheet::new(pixels, ground.width, *area);
            sheet.fill(*area, self.ground_colour);
            for primitive in &primitives {
                let clip = Area::of_rect(primitive.clip_rect, ground.pixels_per_point).intersection(*area);
                if clip.is_empty() {
                    continue;
                }
                sheet.clip_to(clip);
                match &primitive.primitive {
                    Primitive::Mesh(mesh) => {
                        if let Some(texture) = self.textures.get(&mesh.texture_id) {
                            mesh::draw(mesh, texture, ground.pixels_per_point, &mut sheet);
                        }
                    }
                    Primitive::Callback(callback) => {
                        paint(callback, Area::of_rect(callback.rect, ground.pixels_per_point), &mut sheet);
                    }
                }
            }
        }
        areas
    }

    /// Says whether something that is drawn already may look different now.
    fn take_textures(&mut self, mut delta: TexturesDelta) -> bool {
        let mut changed = false;
        // What is to be freed may still be seen in the shapes that come with it.
        for id in self.doomed.drain(..) {
            self.textures.remove(&id);
        }
        for (id, patches) in std::mem::take(&mut delta.set).into_iter().collect::<BTreeMap<_, _>>() {
            for patch in patches {
                // Letters are added to what is there, which stays.
                changed |= id != TextureId::default() || patch.pos.is_none();
                match patch.pos {
                    None => drop(self.textures.insert(id, Texture::new(&patch))),
                    Some(at) => {
                        if let Some(texture) = self.textures.get_mut(&id) {
                            texture.set(at, &patch);
                        }
                    }
                }
            }
        }
        self.doomed.extend(std::mem::take(&mut delta.free));
        changed
    }
}

impl Ground {
    fn area(self) -> Area {
        Area { left: 0, top: 0, right: self.width as i32, bottom: self.height as i32 }
    }
}

#[cfg(test)]
mod tests;
