//! Where two drawings differ.

use eframe::egui::epaint::{ClippedShape, Shape};

use super::{Area, Ground};

/// Points that a shape may reach beyond its own bounds: edges are softened, and places brought to whole pixels.
const BEYOND: f32 = 3.0;

/// More places than this are drawn as fewer that are larger.
const AREAS_MAX: usize = 12;

/// Adds where the shapes `after` look different from those `before`.
pub(super) fn note(before: &[ClippedShape], after: &[ClippedShape], ground: Ground, areas: &mut Vec<Area>) {
    let found = areas.len();
    if before.len() == after.len() {
        let changed = before.iter().zip(after).filter(|(before, after)| before != after);
        areas.extend(changed.flat_map(|(before, after)| [covered(before, ground), covered(after, ground)]));
    } else {
        // Something came or went: what stands before and after it stays.
        let head = before.iter().zip(after).take_while(|(before, after)| before == after).count();
        let (before, after) = (&before[head..], &after[head..]);
        let tail = before.iter().rev().zip(after.iter().rev()).take_while(|(before, after)| before == after).count();
        let changed = before[..before.len() - tail].iter().chain(&after[..after.len() - tail]);
        areas.extend(changed.map(|shape| covered(shape, ground)));
    }
    if areas.len() > found {
        *areas = joined(areas.drain(..));
    }
}

/// The pixels that a shape may touch.
pub(super) fn covered(clipped: &ClippedShape, ground: Ground) -> Area {
    let clip = Area::of_rect(clipped.clip_rect, ground.pixels_per_point).intersection(ground.area());
    if clip.is_empty() || matches!(clipped.shape, Shape::Noop) {
        return Area::NOTHING;
    }
    let bounds = clipped.transform_after_tessellation * clipped.shape.visual_bounding_rect();
    if !bounds.is_finite() {
        return clip;
    }
    Area::touched_by(bounds.expand(BEYOND), ground.pixels_per_point).intersection(clip)
}

/// The same places, where none lies over another, and not too many.
pub(super) fn joined(areas: impl Iterator<Item = Area>) -> Vec<Area> {
    let mut apart: Vec<Area> = Vec::new();
    for area in areas.filter(|area| !area.is_empty()) {
        let mut whole = area;
        // A larger one may reach others.
        while let Some(at) = apart.iter().position(|other| !other.intersection(whole).is_empty()) {
            whole = whole.union(apart.swap_remove(at));
        }
        apart.push(whole);
        if apart.len() > AREAS_MAX {
            join_cheapest(&mut apart);
        }
    }
    apart
}

/// Joins the two whose union adds the fewest pixels.
fn join_cheapest(areas: &mut Vec<Area>) {
    let cost = |a: Area, b: Area| a.union(b).size().saturating_sub(a.size() + b.size());
    let pairs = (0..areas.len()).flat_map(|b| (0..b).map(move |a| (a, b)));
    let Some((a, b)) = pairs.min_by_key(|&(a, b)| cost(areas[a], areas[b])) else { return };
    let (second, first) = (areas.swap_remove(b), areas.swap_remove(a));
    let whole = first.union(second);
    let rest: Vec<Area> = std::mem::take(areas);
    *areas = joined(rest.into_iter().chain([whole]));
}
