//! Rectangles of whole pixels.

use eframe::egui::Rect;

/// Beyond this many pixels there is no window.
const FAR: f32 = 32_768.0;

/// From the upper left corner; `right` and `bottom` do not belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Area {
    pub(crate) left: i32,
    pub(crate) top: i32,
    pub(crate) right: i32,
    pub(crate) bottom: i32,
}

impl Area {
    pub(super) const NOTHING: Self = Self { left: 0, top: 0, right: 0, bottom: 0 };

    /// The pixels that are nearest to a rectangle in points.
    pub(super) fn of_rect(rect: Rect, pixels_per_point: f32) -> Self {
        Self::from_edges(rect, pixels_per_point, f32::round, f32::round)
    }

    /// Every pixel that a rectangle in points touches.
    pub(super) fn touched_by(rect: Rect, pixels_per_point: f32) -> Self {
        Self::from_edges(rect, pixels_per_point, f32::floor, f32::ceil)
    }

    fn from_edges(rect: Rect, pixels_per_point: f32, low: fn(f32) -> f32, high: fn(f32) -> f32) -> Self {
        // Not a number is a side of nothing.
        let pixels = |points: f32, round: fn(f32) -> f32| round((points * pixels_per_point).clamp(-FAR, FAR)) as i32;
        let area = Self {
            left: pixels(rect.min.x, low),
            top: pixels(rect.min.y, low),
            right: pixels(rect.max.x, high),
            bottom: pixels(rect.max.y, high),
        };
        if area.is_empty() { Self::NOTHING } else { area }
    }

    pub(crate) fn is_empty(self) -> bool {
        self.left >= self.right || self.top >= self.bottom
    }

    pub(crate) fn width(self) -> usize {
        usize::try_from(self.right - self.left).unwrap_or(0)
    }

    pub(crate) fn height(self) -> usize {
        usize::try_from(self.bottom - self.top).unwrap_or(0)
    }

    /// Pixels.
    pub(super) fn size(self) -> usize {
        self.width() * self.height()
    }

    pub(crate) fn intersection(self, other: Self) -> Self {
        let area = Self {
            left: self.left.max(other.left),
            top: self.top.max(other.top),
            right: self.right.min(other.right),
            bottom: self.bottom.min(other.bottom),
        };
        if area.is_empty() { Self::NOTHING } else { area }
    }

    /// The smallest one that both are in.
    pub(super) fn union(self, other: Self) -> Self {
        match (self.is_empty(), other.is_empty()) {
            (true, _) => other,
            (_, true) => self,
            (false, false) => Self {
                left: self.left.min(other.left),
                top: self.top.min(other.top),
                right: self.right.max(other.right),
                bottom: self.bottom.max(other.bottom),
            },
        }
    }
}
