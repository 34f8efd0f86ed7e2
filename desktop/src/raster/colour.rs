//! Colours with their alpha multiplied in, as egui has them, over pixels without one (0x00RRGGBB).

use eframe::egui::Color32;

/// A product of two parts of 255, rounded.
pub(super) fn multiply(a: u8, b: u8) -> u8 {
    let product = u32::from(a) * u32::from(b) + 128;
    ((product + (product >> 8)) >> 8) as u8
}

/// What is seen of a texel under a tint.
pub(super) fn tinted(texel: Color32, tint: Color32) -> Color32 {
    let ([r, g, b, a], [tr, tg, tb, ta]) = (texel.to_array(), tint.to_array());
    Color32::from_rgba_premultiplied(multiply(r, tr), multiply(g, tg), multiply(b, tb), multiply(a, ta))
}

pub(super) fn opaque(colour: Color32) -> u32 {
    let [r, g, b, _] = colour.to_array();
    u32::from_be_bytes([0, r, g, b])
}

/// Lays a colour over a pixel.
pub(super) fn over(pixel: &mut u32, colour: Color32) {
    let [r, g, b, a] = colour.to_array();
    let rest = u32::from(255 - a);
    // Red and blue at once, with room between them.
    let scaled = |pair: u32| {
        let product = pair * rest + 0x0080_0080;
        ((product + ((product >> 8) & 0x00ff_00ff)) >> 8) & 0x00ff_00ff
    };
    let under = scaled(*pixel & 0x00ff_00ff) | (scaled((*pixel >> 8) & 0x0000_00ff) << 8);
    if r.max(g).max(b) <= a {
        // Nothing is carried from one part into the next.
        *pixel = under + opaque(colour);
    } else {
        // Light that is added.
        let [_, under_r, under_g, under_b] = under.to_be_bytes();
        *pixel =
            u32::from_be_bytes([0, under_r.saturating_add(r), under_g.saturating_add(g), under_b.saturating_add(b)]);
    }
}

/// From parts of 255 that may be a little off.
pub(super) fn from_parts([r, g, b, a]: [f32; 4]) -> Color32 {
    let a = (a + 0.5).clamp(0.0, 255.0);
    let part = |value: f32| (value + 0.5).clamp(0.0, a) as u8;
    Color32::from_rgba_premultiplied(part(r), part(g), part(b), a as u8)
}
