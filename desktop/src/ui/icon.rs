//! The page's icons (`assets/icons`), painted as strokes in any size and colour.

mod outline;
mod window;

use std::sync::OnceLock;

use eframe::egui::{Color32, Painter, Pos2, Rect, Shape, Stroke, Vec2, epaint::PathShape};
use outline::Outline;

pub(crate) use window::window_icon;

macro_rules! icons {
    ($($name:ident = $file:literal),* $(,)?) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Icon { $($name),* }

        impl Icon {
            #[cfg(test)]
            const ALL: &[Self] = &[$(Self::$name),*];

            fn outlines(self) -> &'static [Outline] {
                match self {
                    $(Self::$name => {
                        static READ: OnceLock<Vec<Outline>> = OnceLock::new();
                        READ.get_or_init(|| outline::read(include_str!(concat!("../../../assets/icons/", $file, ".svg"))))
                    })*
                }
            }
        }
    };
}

icons! {
    Camera = "camera",
    CameraOff = "camera-off",
    Chat = "chat",
    Close = "close",
    Expand = "expand",
    Hand = "hand",
    Leave = "leave",
    Link = "link",
    Lock = "lock",
    More = "more",
    Microphone = "microphone",
    MicrophoneOff = "microphone-off",
    People = "people",
    Refresh = "refresh",
    Screen = "screen",
    ScreenOff = "screen-off",
    Send = "send",
    Settings = "settings",
    Shrink = "shrink",
    Signal = "signal",
    Sound = "sound",
}

/// The icons are drawn in a square of this side, with lines of this width.
const SIDE: f32 = 24.0;
const WIDTH: f32 = 1.8;

impl Icon {
    /// Paints the icon around `centre`, `size` wide and high.
    pub(super) fn paint(self, painter: &Painter, centre: Pos2, size: f32, colour: Color32) {
        let square = Rect::from_center_size(centre, Vec2::splat(size));
        let scale = size / SIDE;
        let stroke = Stroke::new((WIDTH * scale).max(1.2), colour);
        for outline in self.outlines() {
            let points: Vec<Pos2> = outline.points.iter().map(|&(x, y)| square.min + Vec2::new(x, y) * scale).collect();
            if outline.closed {
                painter.add(Shape::Path(PathShape::closed_line(points, stroke)));
                continue;
            }
            // Round caps, as in the page.
            if let (Some(&first), Some(&last)) = (points.first(), points.last()) {
                painter.circle_filled(first, stroke.width * 0.5, colour);
                painter.circle_filled(last, stroke.width * 0.5, colour);
            }
            painter.add(Shape::line(points, stroke));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_icon_has_lines_inside_its_square() {
        for icon in Icon::ALL {
            let outlines = icon.outlines();
            assert!(!outlines.is_empty(), "{icon:?}");
            for &(x, y) in outlines.iter().flat_map(|outline| &outline.points) {
                assert!((0.0..=SIDE).contains(&x) && (0.0..=SIDE).contains(&y), "{icon:?}: {x} {y}");
            }
        }
    }
}
