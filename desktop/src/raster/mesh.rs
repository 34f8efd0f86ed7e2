//! Triangles, and the rectangles that most of them are halves of.

use eframe::egui::epaint::{Mesh, Vertex};
use eframe::egui::{Color32, Pos2};

use super::Area;
use super::colour::{from_parts, over, tinted};
use super::sheet::Sheet;
use super::texture::Texture;

/// Parts of a pixel that corners are rounded to, as graphics cards do.
const PARTS: f32 = 256.0;

/// Corners beyond are no picture.
const FAR: f32 = 16_384.0;

/// A texel counts as one pixel when the difference shows nowhere in a window.
const SAME: f32 = 1.0 / 1024.0;

/// And as hit in its middle.
const NEAR: f32 = 1.0 / 32.0;

pub(super) fn draw(mesh: &Mesh, texture: &Texture, pixels_per_point: f32, sheet: &mut Sheet<'_>) {
    let corner = |&index: &u32| {
        let vertex = mesh.vertices.get(index as usize)?;
        let pos = Pos2::new(vertex.pos.x * pixels_per_point, vertex.pos.y * pixels_per_point);
        (pos.x.abs() < FAR && pos.y.abs() < FAR).then_some(Vertex { pos, ..*vertex })
    };
    let mut indices = &mesh.indices[..];
    while let Some((first, after)) = indices.split_at_checked(3) {
        if let Some((second, rest)) = after.split_at_checked(3)
            && second[..2] == [first[2], first[1]]
            && let [Some(a), Some(b), Some(c), Some(d)] = [&first[0], &first[1], &first[2], &second[2]].map(corner)
            && let Some(quad) = Quad::of([a, b, c, d])
        {
            quad.draw(texture, sheet);
            indices = rest;
            continue;
        }
        if let [Some(a), Some(b), Some(c)] = [&first[0], &first[1], &first[2]].map(corner) {
            triangle([a, b, c], texture, sheet);
        }
        indices = after;
    }
}

/// An upright rectangle of one colour, whose texture is upright too.
struct Quad {
    min: Pos2,
    max: Pos2,
    uv_min: Pos2,
    uv_max: Pos2,
    colour: Color32,
}

impl Quad {
    /// The corners are the upper left, the upper right, the lower left and the lower right one.
    fn of([a, b, c, d]: [Vertex; 4]) -> Option<Self> {
        let upright = |of: fn(&Vertex) -> Pos2| {
            let [a, b, c, d] = [of(&a), of(&b), of(&c), of(&d)];
            a.y == b.y && c.y == d.y && a.x == c.x && b.x == d.x
        };
        let same = [b, c, d].iter().all(|corner| corner.color == a.color);
        (same
            && a.pos.x <= d.pos.x
            && a.pos.y <= d.pos.y
            && upright(|vertex| vertex.pos)
            && upright(|vertex| vertex.uv))
        .then_some(Self { min: a.pos, max: d.pos, uv_min: a.uv, uv_max: d.uv, colour: a.color })
    }

    fn draw(&self, texture: &Texture, sheet: &mut Sheet<'_>) {
        // A pixel belongs to it if its middle does, the left and the upper edge included.
        let edge = |at: f32| (at - 0.5).ceil() as i32;
        let clip = sheet.clip();
        let (left, right) = (edge(self.min.x).max(clip.left), edge(self.max.x).min(clip.right));
        let (top, bottom) = (edge(self.min.y).max(clip.top), edge(self.max.y).min(clip.bottom));
        if left >= right || top >= bottom {
            return;
        }
        if self.uv_min == self.uv_max {
            return sheet.fill(Area { left, top, right, bottom }, tinted(texture.filling(self.uv_min), self.colour));
        }
        let (width, height) = texture.size();
        let step_x = (self.uv_max.x - self.uv_min.x) * width / (self.max.x - self.min.x);
        let step_y = (self.uv_max.y - self.uv_min.y) * height / (self.max.y - self.min.y);
        let first_x = self.uv_min.x * width + (left as f32 + 0.5 - self.min.x) * step_x;
        let first_y = self.uv_min.y * height + (top as f32 + 0.5 - self.min.y) * step_y;
        let middle = |at: f32| (at - at.floor() - 0.5).abs() < NEAR;
        let plain = (step_x - 1.0).abs() < SAME && (step_y - 1.0).abs() < SAME && middle(first_x) && middle(first_y);
        for y in top..bottom {
            let at_y = first_y + (y - top) as f32 * step_y;
            let row = sheet.row(y, left, right);
            if plain {
                let (x, y) = (first_x.floor() as i32, first_y.floor() as i32 + (y - top));
                for (pixel, x) in row.iter_mut().zip(x..) {
                    let texel = texture.texel(x, y);
                    if texel != Color32::TRANSPARENT {
                        over(pixel, tinted(texel, self.colour));
                    }
                }
            } else {
                for (number, pixel) in row.iter_mut().enumerate() {
                    over(pixel, tinted(texture.at(first_x + number as f32 * step_x, at_y), self.colour));
                }
            }
        }
    }
}

/// One side of a triangle: positive where the triangle is, for each pixel's middle.
struct Side {
    /// At the middle of the pixel at 0, 0.
    start: i64,
    by_x: i64,
    by_y: i64,
}

impl Side {
    fn new((ax, ay): (i64, i64), (bx, by): (i64, i64)) -> Self {
        let (dx, dy) = (bx - ax, by - ay);
        let (unit, half) = (PARTS as i64, PARTS as i64 / 2);
        // What lies on a side belongs to one of the two triangles that share it: to the one right of it or below.
        let belongs = dy < 0 || (dy == 0 && dx > 0);
        let start = dx * (half - ay) - dy * (half - ax) - i64::from(!belongs);
        Self { start, by_x: -dy * unit, by_y: dx * unit }
    }

    /// Narrows the pixels of a row to those on the right side of it.
    fn narrow(&self, y: i32, left: &mut i32, right: &mut i32) {
        let at = self.start + self.by_y * i64::from(y);
        let limit = |value: i64| value.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32;
        match self.by_x {
            0 if at < 0 => *right = *left,
            0 => {}
            by if by > 0 => *left = (*left).max(limit(-at.div_euclid(by))),
            by => *right = (*right).min(limit(at.div_euclid(-by) + 1)),
        }
    }
}

/// Something that changes evenly over a triangle.
#[derive(Clone, Copy)]
struct Slope<const N: usize> {
    start: [f32; N],
    by_x: [f32; N],
    by_y: [f32; N],
}

impl<const N: usize> Slope<N> {
    fn new(corners: [Pos2; 3], values: [[f32; N]; 3]) -> Self {
        let [a, b, c] = corners;
        let (ab, ac) = (b - a, c - a);
        let whole = ab.x * ac.y - ab.y * ac.x;
        let [first, second, third] = values;
        let by_x = std::array::from_fn(|i| ((second[i] - first[i]) * ac.y - (third[i] - first[i]) * ab.y) / whole);
        let by_y = std::array::from_fn(|i| ((third[i] - first[i]) * ab.x - (second[i] - first[i]) * ac.x) / whole);
        let (by_x, by_y): ([f32; N], [f32; N]) = (by_x, by_y);
        Self { start: std::array::from_fn(|i| first[i] - by_x[i] * a.x - by_y[i] * a.y), by_x, by_y }
    }

    /// At the middle of a pixel.
    fn at(&self, x: i32, y: i32) -> [f32; N] {
        let (x, y) = (x as f32 + 0.5, y as f32 + 0.5);
        std::array::from_fn(|i| self.start[i] + self.by_x[i] * x + self.by_y[i] * y)
    }
}

fn triangle(mut corners: [Vertex; 3], texture: &Texture, sheet: &mut Sheet<'_>) {
    let exact = |vertex: &Vertex| ((vertex.pos.x * PARTS).round() as i64, (vertex.pos.y * PARTS).round() as i64);
    let turn = |[a, b, c]: [(i64, i64); 3]| (b.0 - a.0) * (c.1 - a.1) - (b.1 - a.1) * (c.0 - a.0);
    let mut points = [exact(&corners[0]), exact(&corners[1]), exact(&corners[2])];
    match turn(points) {
        0 => return,
        1.. => {}
        _ => {
            corners.swap(1, 2);
            points.swap(1, 2);
        }
    }
    let [a, b, c] = points;
    let sides = [Side::new(a, b), Side::new(b, c), Side::new(c, a)];
    let whole = |part: i64| part.div_euclid(PARTS as i64) as i32;
    let (lowest, highest) = (a.1.min(b.1).min(c.1), a.1.max(b.1).max(c.1));
    let clip = sheet.clip();
    // The slopes go by the rounded corners too, or colours would overshoot on thin ones.
    let at = points.map(|(x, y)| Pos2::new(x as f32 / PARTS, y as f32 / PARTS));
    let plain_texture = corners[1].uv == corners[0].uv && corners[2].uv == corners[0].uv;
    let plain_colour = corners[1].color == corners[0].color && corners[2].color == corners[0].color;
    let texel = texture.filling(corners[0].uv);
    let (width, height) = texture.size();
    let colours = Slope::new(at, corners.map(|corner| corner.color.to_array().map(f32::from)));
    let places = Slope::new(at, corners.map(|corner| [corner.uv.x * width, corner.uv.y * height]));
    for y in whole(lowest).max(clip.top)..(whole(highest) + 1).min(clip.bottom) {
        let (mut left, mut right) = (clip.left, clip.right);
        sides.iter().for_each(|side| side.narrow(y, &mut left, &mut right));
        if left >= right {
            continue;
        }
        if plain_texture && plain_colour {
            sheet.fill_row(y, left, right, tinted(texel, corners[0].color));
            continue;
        }
        for (pixel, x) in sheet.row(y, left, right).iter_mut().zip(left..) {
            let colour = if plain_colour { corners[0].color } else { from_parts(colours.at(x, y)) };
            let texel = if plain_texture {
                texel
            } else {
                let [u, v] = places.at(x, y);
                texture.at(u, v)
            };
            over(pixel, tinted(texel, colour));
        }
    }
}
