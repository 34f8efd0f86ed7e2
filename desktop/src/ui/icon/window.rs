//! The page's icon (`assets/favicon.svg`), filled, as the picture that the window has in lists of windows.

use eframe::egui::{Color32, IconData};

use super::outline;

const SVG: &str = include_str!("../../../../assets/favicon.svg");
/// Pixels, as many as the icon has units.
const SIDE: usize = 64;
/// Lines in each row of pixels, each of which is covered exactly.
const LINES: usize = 8;

pub(crate) fn window_icon() -> IconData {
    let mut pixels = vec![Color32::TRANSPARENT; SIDE * SIDE];
    for element in SVG.split_inclusive('>') {
        let colour = outline::attribute(element, "fill").and_then(|colour| Color32::from_hex(colour).ok());
        let Some(colour) = colour else { continue };
        for outline in outline::read(element) {
            fill(&mut pixels, &outline.points, colour);
        }
    }
    let rgba = pixels.into_iter().flat_map(|pixel| pixel.to_srgba_unmultiplied()).collect();
    IconData { rgba, width: SIDE as u32, height: SIDE as u32 }
}

/// Lays `colour` over what is inside the closed line through `points` (even-odd rule).
fn fill(pixels: &mut [Color32], points: &[(f32, f32)], colour: Color32) {
    let ends = points.iter().cycle().skip(1);
    let edges: Vec<_> = points.iter().zip(ends).collect();
    for (y, row) in pixels.chunks_exact_mut(SIDE).enumerate() {
        let mut covered = [0.0_f32; SIDE];
        for line in 0..LINES {
            let at = y as f32 + (line as f32 + 0.5) / LINES as f32;
            let crossed = edges.iter().filter(|(a, b)| (a.1 <= at) != (b.1 <= at));
            let mut crossings: Vec<f32> = crossed.map(|(a, b)| a.0 + (b.0 - a.0) * (at - a.1) / (b.1 - a.1)).collect();
            crossings.sort_by(f32::total_cmp);
            for pair in crossings.chunks_exact(2) {
                for (x, covered) in covered.iter_mut().enumerate() {
                    let part = pair[1].min(x as f32 + 1.0) - pair[0].max(x as f32);
                    *covered += part.max(0.0) / LINES as f32;
                }
            }
        }
        for (pixel, part) in row.iter_mut().zip(covered) {
            *pixel = pixel.lerp_to_gamma(colour, part.min(1.0));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(icon: &IconData, x: usize, y: usize) -> [u8; 4] {
        let start = (y * SIDE + x) * 4;
        [0, 1, 2, 3].map(|i| icon.rgba[start + i])
    }

    #[test]
    fn the_window_s_icon_is_the_page_s() {
        let icon = window_icon();
        let (dark, bright) = ([0x12, 0x18, 0x1f, 0xff], [0x6f, 0xb1, 0xff, 0xff]);
        assert_eq!((at(&icon, 0, 0), at(&icon, 63, 63)), ([0; 4], [0; 4]), "round corners");
        assert_eq!((at(&icon, 32, 3), at(&icon, 42, 32)), (dark, dark), "the ground");
        assert_eq!((at(&icon, 25, 32), at(&icon, 52, 32)), (bright, bright), "body and lens");
        assert_eq!((at(&icon, 19, 32), at(&icon, 31, 32)), (dark, dark), "eyes");
        let soft = icon.rgba.chunks_exact(4).filter(|pixel| (1..255).contains(&pixel[3])).count();
        assert!((20..200).contains(&soft), "{soft} pixels at the edge");
    }
}
