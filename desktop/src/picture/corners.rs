//! Round corners over something that has none: what is outside of them is painted over with the ground.

use std::f32::consts::FRAC_PI_2;

use eframe::egui::{Color32, Mesh, Pos2, Rect, Shape, Ui, vec2};

/// Of a corner's arc.
const SEGMENTS: u32 = 8;
/// The edge goes over into the picture within so much, in points.
const FEATHER: f32 = 1.0;

pub(super) fn paint(ui: &Ui, rect: Rect, radius: f32, ground: Color32) {
    if radius > 0.0 {
        ui.painter().add(Shape::mesh(mesh(rect, radius, ground)));
    }
}

fn mesh(rect: Rect, radius: f32, ground: Color32) -> Mesh {
    let mut mesh = Mesh::default();
    for (corner, x, y) in [
        (rect.left_top(), 1.0, 1.0),
        (rect.right_top(), -1.0, 1.0),
        (rect.right_bottom(), -1.0, -1.0),
        (rect.left_bottom(), 1.0, -1.0),
    ] {
        let centre = corner + vec2(x, y) * radius;
        let on_arc = |step: u32, radius: f32| -> Pos2 {
            let angle = FRAC_PI_2 * step as f32 / SEGMENTS as f32;
            centre - vec2(x * angle.cos(), y * angle.sin()) * radius
        };
        let first = mesh.vertices.len() as u32;
        mesh.colored_vertex(corner, ground);
        for step in 0..=SEGMENTS {
            mesh.colored_vertex(on_arc(step, radius + FEATHER / 2.0), ground);
            mesh.colored_vertex(on_arc(step, radius - FEATHER / 2.0), Color32::TRANSPARENT);
        }
        for step in 0..SEGMENTS {
            let outer = first + 1 + step * 2;
            mesh.add_triangle(first, outer, outer + 2);
            mesh.add_triangle(outer, outer + 1, outer + 2);
            mesh.add_triangle(outer + 1, outer + 3, outer + 2);
        }
    }
    mesh
}

#[cfg(test)]
mod tests {
    use eframe::egui::pos2;

    use super::*;

    #[test]
    fn only_the_corners_are_painted_over() {
        let rect = Rect::from_min_max(pos2(10.0, 20.0), pos2(110.0, 80.0));
        let radius = 12.0;
        let mesh = mesh(rect, radius, Color32::BLACK);
        assert!(mesh.is_valid());
        // One triangle after another: where its middle is, and whether something is painted there.
        for triangle in mesh.indices.chunks(3) {
            let corners = [0, 1, 2].map(|i| mesh.vertices[triangle[i] as usize].pos);
            let middle = (corners[0].to_vec2() + corners[1].to_vec2() + corners[2].to_vec2()) / 3.0;
            let inside = rect.shrink(radius).clamp(middle.to_pos2()).distance(middle.to_pos2());
            assert!(rect.expand(FEATHER).contains(middle.to_pos2()), "{middle:?}");
            assert!(inside > radius - FEATHER, "{middle:?}");
        }
    }
}
