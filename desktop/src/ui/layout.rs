//! Where tiles and pictures go: plain geometry.

use eframe::egui::{Pos2, Rect, Vec2, pos2, vec2};

use super::theme::GAP;

/// The shape of a tile.
const ASPECT: f32 = 16.0 / 9.0;
/// A face in a smaller tile says nothing: rather scroll.
const TILE_WIDTH_MIN: f32 = 170.0;

/// How a picture fills its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// All of the picture, with room left over: screens, where every word counts.
    Contain,
    /// All of the place, with edges of the picture cut off: faces.
    Cover,
}

/// Where a picture of `size` is painted in `rect`, and which part of it (in fractions).
pub fn fit(rect: Rect, size: Vec2, how: Fit) -> (Rect, Rect) {
    let whole = Rect::from_min_max(Pos2::ZERO, pos2(1.0, 1.0));
    if size.x <= 0.0 || size.y <= 0.0 || !rect.is_positive() {
        return (rect, whole);
    }
    let scale = rect.size() / size;
    match how {
        Fit::Contain => (Rect::from_center_size(rect.center(), size * scale.min_elem()), whole),
        Fit::Cover => {
            let shown = rect.size() / (size * scale.max_elem());
            (rect, Rect::from_center_size(whole.center(), shown))
        }
    }
}

/// Tiles in an area.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tiling {
    pub(super) tiles: Vec<Rect>,
    /// How high all of them are together: more than the area, if one must scroll.
    pub(super) height: f32,
}

/// The arrangement of `count` tiles that makes them largest.
pub(super) fn grid(area: Rect, count: usize) -> Tiling {
    if count == 0 {
        return Tiling { tiles: Vec::new(), height: 0.0 };
    }
    let width_with = |columns: usize| {
        let rows = count.div_ceil(columns);
        let across = (area.width() - GAP * (columns - 1) as f32) / columns as f32;
        let down = (area.height() - GAP * (rows - 1) as f32) / rows as f32;
        across.min(down * ASPECT)
    };
    let best = (1..=count).max_by(|&a, &b| width_with(a).total_cmp(&width_with(b))).unwrap_or(1);
    let (columns, width) = if width_with(best) >= TILE_WIDTH_MIN.min(area.width()) {
        (best, width_with(best))
    } else {
        let columns = (((area.width() + GAP) / (TILE_WIDTH_MIN + GAP)) as usize).clamp(1, count);
        (columns, (area.width() - GAP * (columns - 1) as f32) / columns as f32)
    };
    let tile = vec2(width, width / ASPECT).max(Vec2::splat(1.0)).floor();
    let rows = count.div_ceil(columns);
    let height = rows as f32 * (tile.y + GAP) - GAP;
    let top = area.top() + ((area.height() - height) / 2.0).max(0.0);
    let tiles = (0..count)
        .map(|i| {
            let (row, column) = (i / columns, i % columns);
            // The last row may have fewer: it stands in the middle.
            let in_row = (count - row * columns).min(columns) as f32;
            let left = area.center().x - (in_row * (tile.x + GAP) - GAP) / 2.0;
            let min = pos2(left + column as f32 * (tile.x + GAP), top + row as f32 * (tile.y + GAP));
            Rect::from_min_size(min.round(), tile)
        })
        .collect();
    Tiling { tiles, height }
}

/// One large place, and a strip for everyone else: beside it where the area is wide, else below.
pub(super) struct Spotlight {
    pub(super) large: Rect,
    pub(super) strip: Rect,
    pub(super) tile: Vec2,
    pub(super) beside: bool,
}

pub(super) fn spotlight(area: Rect, others: usize) -> Spotlight {
    if others == 0 {
        return Spotlight { large: area, strip: Rect::NOTHING, tile: Vec2::ZERO, beside: true };
    }
    let beside = area.width() > area.height() * 1.45;
    let width =
        if beside { (area.width() * 0.2).clamp(130.0, 240.0) } else { (area.width() * 0.3).clamp(110.0, 200.0) };
    let tile = vec2(width, width / ASPECT).floor();
    let (large, strip) = if beside {
        let (left, right) = area.split_left_right_at_x(area.right() - tile.x - GAP);
        (left, right.with_min_x(right.left() + GAP))
    } else {
        let (top, bottom) = area.split_top_bottom_at_y(area.bottom() - tile.y - GAP);
        (top, bottom.with_min_y(bottom.top() + GAP))
    };
    Spotlight { large, strip, tile, beside }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(width: f32, height: f32) -> Rect {
        Rect::from_min_size(pos2(10.0, 20.0), vec2(width, height))
    }

    #[test]
    fn tiles_are_inside_apart_and_of_one_shape() {
        for count in 1..=9 {
            for (w, h) in [(1280.0, 640.0), (700.0, 700.0), (400.0, 800.0)] {
                let area = area(w, h);
                let Tiling { tiles, height } = grid(area, count);
                assert_eq!(tiles.len(), count);
                assert!(height <= h + 1.0, "{count} in {w}×{h}: {height}");
                for (i, a) in tiles.iter().enumerate() {
                    assert!(area.expand(1.0).contains_rect(*a), "{count} in {w}×{h}");
                    assert!((a.aspect_ratio() - ASPECT).abs() < 0.05);
                    assert!(tiles[i + 1..].iter().all(|b| !a.intersects(*b)));
                }
            }
        }
    }

    #[test]
    fn the_arrangement_follows_the_window() {
        let columns = |count, w, h| {
            let tiles = grid(area(w, h), count).tiles;
            tiles.iter().filter(|tile| tile.top() == tiles[0].top()).count()
        };
        assert_eq!(columns(2, 1280.0, 600.0), 2);
        assert_eq!(columns(2, 400.0, 800.0), 1);
        assert_eq!(columns(4, 1280.0, 700.0), 2);
        assert_eq!(columns(5, 1280.0, 700.0), 3);
    }

    #[test]
    fn a_crowd_scrolls_instead_of_shrinking_away() {
        let tiling = grid(area(400.0, 400.0), 30);
        assert!(tiling.height > 400.0);
        assert!(tiling.tiles.iter().all(|tile| tile.width() >= TILE_WIDTH_MIN));
    }

    #[test]
    fn a_tiny_window_still_has_a_tile() {
        let tiling = grid(area(60.0, 10.0), 3);
        assert!(tiling.tiles.iter().all(|tile| tile.is_positive()));
    }

    #[test]
    fn contain_shows_all_of_the_picture_and_cover_fills_the_place() {
        let place = area(200.0, 100.0);
        let (shown, part) = fit(place, vec2(100.0, 100.0), Fit::Contain);
        assert_eq!(shown.size(), vec2(100.0, 100.0));
        assert_eq!(part.size(), vec2(1.0, 1.0));
        let (shown, part) = fit(place, vec2(100.0, 100.0), Fit::Cover);
        assert_eq!(shown, place);
        assert_eq!(part.size(), vec2(1.0, 0.5));
        assert_eq!(fit(place, Vec2::ZERO, Fit::Cover).0, place);
    }

    #[test]
    fn the_strip_stands_where_there_is_room() {
        let wide = spotlight(area(1200.0, 600.0), 3);
        assert!(wide.beside && wide.large.width() > 900.0 && !wide.large.intersects(wide.strip));
        let tall = spotlight(area(500.0, 800.0), 3);
        assert!(!tall.beside && tall.large.height() > 600.0 && !tall.large.intersects(tall.strip));
        assert_eq!(spotlight(area(500.0, 800.0), 0).large, area(500.0, 800.0));
    }
}
