//! Shapes as pixels, without a window.

use eframe::egui::epaint::{CircleShape, ImageDelta, Mesh, RectShape, Shadow, Vertex, WHITE_UV};
use eframe::egui::{
    ColorImage, FontId, PaintCallback, Pos2, RawInput, Rect, Shape, Stroke, StrokeKind, TextureOptions, pos2, vec2,
};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::sync::Arc;

use super::*;

const SIZE: (usize, usize) = (160, 120);
const BLACK: Color32 = Color32::BLACK;

/// A context that knows letters, and its textures.
fn context() -> (Context, TexturesDelta) {
    let ctx = Context::default();
    let output = ctx.run_ui(RawInput::default(), |_| {});
    let mut textures = output.textures_delta;
    // All the letters that are used here.
    ctx.fonts_mut(|fonts| fonts.layout_no_wrap("abcdefghijklmno".into(), FontId::proportional(14.0), Color32::WHITE));
    let output = ctx.run_ui(RawInput::default(), |_| {});
    textures.append(output.textures_delta);
    (ctx, textures)
}

fn shown(shape: Shape) -> ClippedShape {
    ClippedShape::new(Rect::EVERYTHING, shape)
}

/// The whole of it, drawn once.
fn drawn(shapes: Vec<ClippedShape>, extra: Option<(TextureId, ColorImage)>) -> Vec<u32> {
    let (ctx, mut textures) = context();
    if let Some((id, image)) = extra {
        textures.set.entry(id).or_default().push(ImageDelta::full(image, TextureOptions::LINEAR));
    }
    let mut raster = Raster::new(BLACK);
    assert!(raster.update(shapes, textures, SIZE, 1.0));
    let mut pixels = vec![0x00ab_cdef; SIZE.0 * SIZE.1];
    let areas = raster.draw(&ctx, &mut pixels, 0, |_, _, _| {});
    assert_eq!(areas, [Area { left: 0, top: 0, right: SIZE.0 as i32, bottom: SIZE.1 as i32 }]);
    pixels
}

fn at(pixels: &[u32], x: usize, y: usize) -> u32 {
    pixels[y * SIZE.0 + x]
}

fn vertex(pos: Pos2, color: Color32) -> Vertex {
    Vertex { pos, uv: WHITE_UV, color }
}

fn anywhere(rng: &mut impl Rng) -> Pos2 {
    pos2(rng.random_range(-20.0..180.0), rng.random_range(-20.0..140.0))
}

fn any_colour(rng: &mut impl Rng) -> Color32 {
    let [r, g, b, a] = rng.next_u32().to_be_bytes();
    Color32::from_rgba_unmultiplied(r, g, b, a)
}

/// Something of every kind that a window is made of.
fn any_shape(ctx: &Context, rng: &mut impl Rng) -> ClippedShape {
    let (place, colour) = (anywhere(rng), any_colour(rng));
    let rect = Rect::from_min_size(place, vec2(rng.random_range(0.0..60.0), rng.random_range(0.0..40.0)));
    let rounding = rng.random_range(0.0..12.0_f32);
    let stroke = Stroke::new(rng.random_range(0.0..4.0_f32), any_colour(rng));
    let shape = match rng.next_u32() % 7 {
        0 => RectShape::new(rect, rounding, colour, stroke, StrokeKind::Middle).into(),
        1 => Shape::rect_filled(rect, 0.0, colour),
        2 => CircleShape { center: place, radius: rounding * 2.0, fill: colour, stroke }.into(),
        3 => Shape::line_segment([place, anywhere(rng)], stroke),
        4 => Shadow { offset: [3, 5], blur: 9, spread: 2, color: colour }.as_shape(rect, rounding).into(),
        5 => {
            let words: String = (0..rng.random_range(1..9)).map(|_| rng.random_range('a'..='o')).collect();
            let galley = ctx.fonts_mut(|fonts| fonts.layout_no_wrap(words, FontId::proportional(14.0), colour));
            Shape::galley(place.round(), galley, colour)
        }
        _ => {
            let mut mesh = Mesh::default();
            mesh.vertices.extend((0..3).map(|_| vertex(anywhere(rng), any_colour(rng))));
            mesh.add_triangle(0, 1, 2);
            Shape::mesh(mesh)
        }
    };
    let clip = if rng.random_bool(0.3) { Rect::from_two_pos(anywhere(rng), anywhere(rng)) } else { Rect::EVERYTHING };
    ClippedShape::new(clip, shape)
}

#[test]
fn drawing_only_what_has_changed_gives_the_same_as_drawing_all_of_it() {
    let (ctx, mut textures) = context();
    for seed in 1..=6 {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut raster = Raster::new(BLACK);
        // As many buffers as a window may have, drawn into in turn.
        let buffers_count = 1 + seed as usize % 3;
        let mut buffers = vec![vec![0xdead_u32; SIZE.0 * SIZE.1]; buffers_count];
        let mut shapes: Vec<ClippedShape> = (0..12).map(|_| any_shape(&ctx, &mut rng)).collect();
        raster.update(Vec::new(), textures.clone(), SIZE, 1.0);
        for step in 0..40 {
            let number = rng.random_range(0..shapes.len());
            match rng.next_u32() % 4 {
                0 if shapes.len() > 6 => drop(shapes.remove(number)),
                1 => shapes.insert(number, any_shape(&ctx, &mut rng)),
                _ => shapes[number] = any_shape(&ctx, &mut rng),
            }
            raster.update(shapes.clone(), TexturesDelta::default(), SIZE, 1.0);
            let age = if step < buffers_count { 0 } else { buffers_count as u8 };
            let buffer = &mut buffers[step % buffers_count];
            let changed = raster.draw(&ctx, buffer, age, |_, _, _| {});
            let mut whole = Raster::new(BLACK);
            whole.update(shapes.clone(), textures.clone(), SIZE, 1.0);
            let mut expected = vec![0; SIZE.0 * SIZE.1];
            whole.draw(&ctx, &mut expected, 0, |_, _, _| {});
            let wrong = (0..expected.len()).find(|&i| buffer[i] != expected[i]);
            let wrong = wrong.map(|i| (i % SIZE.0, i / SIZE.0, buffer[i], expected[i]));
            assert_eq!(wrong, None, "seed {seed}, step {step}, drawn again: {changed:?}");
        }
    }
    textures.clear();
}

#[test]
fn a_shape_stays_within_the_pixels_that_it_may_touch() {
    let (ctx, mut textures) = context();
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let ground = Ground { width: SIZE.0, height: SIZE.1, pixels_per_point: 1.0 };
    let mut raster = Raster::new(BLACK);
    for number in 0..3000 {
        let shape = any_shape(&ctx, &mut rng);
        let covered = damage::covered(&shape, ground);
        raster.update(vec![shape.clone()], std::mem::take(&mut textures), SIZE, 1.0);
        let mut pixels = vec![0; SIZE.0 * SIZE.1];
        raster.draw(&ctx, &mut pixels, 0, |_, _, _| {});
        let outside = (0..pixels.len())
            .filter(|&i| pixels[i] != 0)
            .map(|i| ((i % SIZE.0) as i32, (i / SIZE.0) as i32))
            .find(|&(x, y)| x < covered.left || y < covered.top || x >= covered.right || y >= covered.bottom);
        assert_eq!(outside, None, "{number}: {covered:?}, {shape:?}");
    }
}

#[test]
fn what_stays_is_not_drawn_again() {
    let (ctx, textures) = context();
    let square =
        |x: f32, colour| shown(Shape::rect_filled(Rect::from_min_size(pos2(x, 20.0), vec2(10.0, 10.0)), 0.0, colour));
    let mut raster = Raster::new(BLACK);
    let mut pixels = vec![0; SIZE.0 * SIZE.1];
    assert!(raster.update(vec![square(20.0, Color32::RED), square(100.0, Color32::RED)], textures, SIZE, 1.0));
    raster.draw(&ctx, &mut pixels, 0, |_, _, _| {});
    let none = TexturesDelta::default;
    assert!(!raster.update(vec![square(20.0, Color32::RED), square(100.0, Color32::RED)], none(), SIZE, 1.0));
    assert!(raster.update(vec![square(20.0, Color32::RED), square(100.0, Color32::BLUE)], none(), SIZE, 1.0));
    let areas = raster.draw(&ctx, &mut pixels, 1, |_, _, _| {});
    assert!(matches!(areas[..], [area] if area.left >= 97 && area.size() <= 256), "{areas:?}");
    assert_eq!((at(&pixels, 25, 25), at(&pixels, 105, 25)), (0x00ff_0000, 0x0000_00ff));
    // Another size, or another buffer, is another matter.
    assert!(raster.update(vec![square(20.0, Color32::RED)], none(), SIZE, 2.0));
    assert_eq!(raster.draw(&ctx, &mut pixels, 1, |_, _, _| {})[0].size(), pixels.len());
    assert_eq!(raster.draw(&ctx, &mut pixels, 0, |_, _, _| {})[0].size(), pixels.len());
    assert!(raster.draw(&ctx, &mut [0; 7], 0, |_, _, _| {}).is_empty(), "pixels of another size are left alone");
}

#[test]
fn triangles_that_share_a_side_cover_each_pixel_once() {
    let half = Color32::from_rgba_premultiplied(64, 64, 64, 128);
    for seed in 1..=20 {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        // A fan around a point of a rectangle; its corners in turn, and points between them. All of them are middles of
        // pixels, so that sides go through many others.
        let rect = Rect::from_min_max(pos2(10.5, 10.5), pos2(150.5, 110.5));
        let middle = |at: f32| at.floor() + 0.5;
        let centre = pos2(middle(rng.random_range(20.0..140.0)), middle(rng.random_range(20.0..100.0)));
        let corners = [rect.left_top(), rect.right_top(), rect.right_bottom(), rect.left_bottom()];
        let mut mesh = Mesh::default();
        mesh.vertices.push(vertex(centre, half));
        for (i, corner) in corners.into_iter().enumerate() {
            let mut shares: Vec<f32> = (0..3).map(|_| rng.random_range(0.0..1.0)).collect();
            shares.sort_by(f32::total_cmp);
            mesh.vertices.push(vertex(corner, half));
            let next = corners[(i + 1) % 4];
            let between = shares.into_iter().map(|share| corner + (next - corner) * share);
            mesh.vertices.extend(between.map(|at| vertex(pos2(middle(at.x), middle(at.y)), half)));
        }
        let around = mesh.vertices.len() as u32 - 1;
        // Each of them may turn either way.
        for i in 0..around {
            let (a, b) = (1 + i, 1 + (i + 1) % around);
            if rng.random_bool(0.5) { mesh.add_triangle(0, a, b) } else { mesh.add_triangle(b, a, 0) }
        }
        let pixels = drawn(vec![shown(Shape::mesh(mesh))], None);
        for (i, pixel) in pixels.iter().enumerate() {
            let (x, y) = (i % SIZE.0, i / SIZE.0);
            let inside = (10..150).contains(&x) && (10..110).contains(&y);
            assert_eq!(*pixel, if inside { 0x0040_4040 } else { 0 }, "seed {seed}: pixel {x}, {y}");
        }
    }
}

#[test]
fn colours_go_over_into_each_other_and_never_beyond() {
    let mut mesh = Mesh::default();
    for (place, colour) in [(pos2(0.0, 0.0), BLACK), (pos2(160.0, 0.0), Color32::WHITE), (pos2(0.0, 120.0), BLACK)] {
        mesh.vertices.push(vertex(place, colour));
    }
    mesh.add_triangle(0, 1, 2);
    let pixels = drawn(vec![shown(Shape::mesh(mesh))], None);
    for x in 0..150 {
        let [_, r, g, b] = at(&pixels, x, 3).to_be_bytes();
        let expected = (x as f32 + 0.5) / 160.0 * 255.0;
        assert!(r == g && g == b && (f32::from(r) - expected).abs() <= 1.0, "{x}: {r}, {g}, {b}");
    }
}

/// A texture of 8 × 8 texels, each of its own colour.
fn chequered() -> ColorImage {
    let texel = |i: usize| Color32::from_rgb((i % 8 * 30) as u8, (i / 8 * 30) as u8, 77);
    ColorImage::new([8, 8], (0..64).map(texel).collect())
}

fn stamped(rect: Rect) -> Vec<u32> {
    let id = TextureId::User(5);
    let whole = Rect::from_min_max(Pos2::ZERO, pos2(1.0, 1.0));
    drawn(vec![shown(Shape::image(id, rect, whole, Color32::WHITE))], Some((id, chequered())))
}

#[test]
fn a_texture_at_its_size_is_copied_and_a_larger_one_goes_over_from_texel_to_texel() {
    let pixels = stamped(Rect::from_min_size(pos2(30.0, 40.0), vec2(8.0, 8.0)));
    for y in 0..8 {
        for x in 0..8 {
            assert_eq!(at(&pixels, 30 + x, 40 + y), u32::from_be_bytes([0, x as u8 * 30, y as u8 * 30, 77]));
        }
    }
    assert_eq!((at(&pixels, 29, 40), at(&pixels, 38, 47)), (0, 0));
    let pixels = stamped(Rect::from_min_size(pos2(30.0, 40.0), vec2(64.0, 64.0)));
    let red = |x: usize| at(&pixels, 30 + x, 60).to_be_bytes()[1];
    assert!((0..63).all(|x| red(x) <= red(x + 1) && red(x + 1) - red(x) <= 5), "without steps");
    assert_eq!((red(0), red(63)), (0, 210));
}

#[test]
fn words_are_where_they_should_be_and_as_bright() {
    let (ctx, mut textures) = context();
    textures.clear();
    let white = Color32::WHITE;
    let galley = ctx.fonts_mut(|fonts| fonts.layout_no_wrap("mmmm".into(), FontId::proportional(14.0), white));
    let bounds = galley.mesh_bounds.translate(vec2(20.0, 30.0)).expand(1.0);
    let pixels = drawn(vec![shown(Shape::galley(pos2(20.0, 30.0), galley, white))], None);
    let lit = |i: &usize| pixels[*i] & 0xff > 200;
    let outside = (0..pixels.len()).filter(|i| !bounds.contains(pos2((i % SIZE.0) as f32, (i / SIZE.0) as f32)));
    assert_eq!(outside.filter(|i| pixels[*i] != 0).count(), 0);
    assert!((0..pixels.len()).filter(lit).count() > 40);
}

/// A window without a size is minimised, and what it is given then it is given once.
#[test]
fn letters_that_came_while_there_was_no_window_are_there_when_it_comes_back() {
    let (ctx, textures) = context();
    let galley = ctx.fonts_mut(|fonts| fonts.layout_no_wrap("mm".into(), FontId::proportional(14.0), Color32::WHITE));
    let words = vec![shown(Shape::galley(pos2(20.0, 30.0), galley, Color32::WHITE))];
    let mut raster = Raster::new(BLACK);
    raster.update(words.clone(), textures, (0, 0), 1.0);
    assert!(raster.update(words, TexturesDelta::default(), SIZE, 1.0));
    let mut pixels = vec![0; SIZE.0 * SIZE.1];
    raster.draw(&ctx, &mut pixels, 0, |_, _, _| {});
    assert!(pixels.iter().any(|pixel| pixel & 0xff > 200));
}

#[test]
fn a_picture_is_drawn_in_its_place_as_far_as_it_is_seen() {
    let (ctx, textures) = context();
    let rect = Rect::from_min_max(pos2(-10.0, 20.4), pos2(50.0, 60.4));
    let callback = PaintCallback { rect, callback: Arc::new(()) };
    let clip = Rect::from_min_max(pos2(5.0, 0.0), pos2(40.0, 50.0));
    let mut raster = Raster::new(BLACK);
    raster.update(vec![ClippedShape::new(clip, Shape::Callback(callback))], textures, SIZE, 1.0);
    let mut pixels = vec![0; SIZE.0 * SIZE.1];
    raster.draw(&ctx, &mut pixels, 0, |_, place, sheet| {
        assert_eq!(place, Area { left: -10, top: 20, right: 50, bottom: 60 });
        let row: Vec<u8> = (0..60).flat_map(|x| [x, 1, 2, 3]).collect();
        sheet.copy(place, &row.repeat(40));
    });
    for (x, y, expected) in [(5, 20, 15), (39, 49, 49)] {
        assert_eq!(at(&pixels, x, y), u32::from_be_bytes([0, 2, 1, expected]));
    }
    assert!([(4, 30), (40, 30), (20, 19), (20, 50)].iter().all(|&(x, y)| at(&pixels, x, y) == 0));
}

#[test]
fn shapes_that_make_no_sense_draw_nothing_and_hurt_nobody() {
    let mut mesh = Mesh::default();
    for place in [pos2(f32::NAN, 3.0), pos2(f32::INFINITY, 9.0), pos2(-1e30, 7.0), pos2(50.0, 50.0)] {
        mesh.vertices.push(vertex(place, Color32::WHITE));
    }
    mesh.indices = vec![0, 1, 2, 2, 1, 3, 3, 3, 3, 3, 1, 2];
    let rects = [Rect::NOTHING, Rect::NAN, Rect::EVERYTHING];
    let shapes = rects.map(|clip| ClippedShape::new(clip, Shape::mesh(mesh.clone())));
    assert!(drawn(shapes.into(), None).iter().all(|pixel| *pixel == 0));
}
