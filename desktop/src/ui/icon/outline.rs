//! Reads the outlines of an icon: the part of SVG that our icons use (paths, rounded rectangles, circles; strokes only).

use std::f32::consts::{FRAC_PI_2, PI, TAU};

/// A line through points, in the icon's own units.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Outline {
    pub(super) points: Vec<(f32, f32)>,
    pub(super) closed: bool,
}

/// How many straight pieces stand for a curve. An icon is some twenty pixels wide.
const CURVE_PIECES: u32 = 8;
const CIRCLE_PIECES: f32 = 28.0;

/// Every outline of `svg`; what is not understood is left out.
pub(super) fn read(svg: &str) -> Vec<Outline> {
    let mut outlines = Vec::new();
    for element in svg.split('<').skip(1) {
        let (name, attributes) = element.split_once(' ').unwrap_or((element, ""));
        let number = |key: &str| attribute(attributes, key).and_then(|value| value.parse::<f32>().ok()).unwrap_or(0.0);
        match name {
            "path" => outlines.extend(attribute(attributes, "d").map(path).unwrap_or_default()),
            "rect" => {
                outlines.push(rectangle((number("x"), number("y")), (number("width"), number("height")), number("rx")))
            }
            "circle" => {
                let (cx, cy, r) = (number("cx"), number("cy"), number("r"));
                let mut points = arc_points((cx, cy), (r, r), 0.0, 0.0, TAU);
                points.pop();
                outlines.push(Outline { points, closed: true });
            }
            _ => {}
        }
    }
    outlines
}

pub(super) fn attribute<'a>(attributes: &'a str, key: &str) -> Option<&'a str> {
    let mut rest = attributes;
    while let Some((name, after)) = rest.split_once("=\"") {
        let (value, next) = after.split_once('"')?;
        if name.trim() == key {
            return Some(value);
        }
        rest = next;
    }
    None
}

fn rectangle((x, y): (f32, f32), (w, h): (f32, f32), r: f32) -> Outline {
    let corners = [
        (x + w - r, y + r, -FRAC_PI_2),
        (x + w - r, y + h - r, 0.0),
        (x + r, y + h - r, FRAC_PI_2),
        (x + r, y + r, PI),
    ];
    let points =
        corners.into_iter().flat_map(|(cx, cy, from)| arc_points((cx, cy), (r, r), 0.0, from, FRAC_PI_2)).collect();
    Outline { points, closed: true }
}

fn arc_points((cx, cy): (f32, f32), (rx, ry): (f32, f32), tilt: f32, from: f32, sweep: f32) -> Vec<(f32, f32)> {
    let pieces = (sweep.abs() / TAU * CIRCLE_PIECES).ceil().max(2.0);
    (0..=pieces as u32)
        .map(|i| {
            let angle = from + sweep * i as f32 / pieces;
            let (x, y) = (rx * angle.cos(), ry * angle.sin());
            (cx + x * tilt.cos() - y * tilt.sin(), cy + x * tilt.sin() + y * tilt.cos())
        })
        .collect()
}

/// Path data: a letter and its numbers, over and over (SVG 2, section 9.3).
fn path(data: &str) -> Vec<Outline> {
    let mut pen = Pen::default();
    let mut rest = data.trim_start();
    while let Some(letter) = rest.chars().next() {
        if !letter.is_ascii_alphabetic() {
            break;
        }
        let mut after = &rest[1..];
        let mut numbers = Vec::new();
        while let Some((number, next)) =
            take_number(after, letter.eq_ignore_ascii_case(&'a') && matches!(numbers.len() % 7, 3 | 4))
        {
            numbers.push(number);
            after = next;
        }
        pen.draw(letter, &numbers);
        rest = after.trim_start();
    }
    pen.finish(false);
    pen.outlines
}

/// The next number. A flag of an arc is one digit, even where the next number follows without a space.
fn take_number(text: &str, flag: bool) -> Option<(f32, &str)> {
    let text = text.trim_start_matches([' ', ',', '\n', '\t']);
    let mut end = 0;
    let mut dot = false;
    for (i, c) in text.char_indices() {
        let goes_on = match c {
            '0'..='9' => true,
            '-' | '+' => i == 0,
            '.' => !std::mem::replace(&mut dot, true),
            _ => false,
        };
        if !goes_on || (flag && i > 0) {
            break;
        }
        end = i + 1;
    }
    Some((text[..end].parse().ok()?, &text[end..]))
}

#[derive(Default)]
struct Pen {
    outlines: Vec<Outline>,
    current: Outline,
    at: (f32, f32),
    /// The second control point of the curve before, for `s`.
    control: Option<(f32, f32)>,
}

impl Pen {
    fn draw(&mut self, letter: char, numbers: &[f32]) {
        let relative = letter.is_ascii_lowercase();
        let count = match letter.to_ascii_lowercase() {
            'm' | 'l' => 2,
            'h' | 'v' => 1,
            'c' => 6,
            's' => 4,
            'a' => 7,
            _ => return self.finish(letter.eq_ignore_ascii_case(&'z')),
        };
        for (i, n) in numbers.chunks_exact(count).enumerate() {
            let (ox, oy) = if relative { self.at } else { (0.0, 0.0) };
            let point = |i: usize| (ox + n[i], oy + n[i + 1]);
            let before = self.at;
            let mut control = None;
            match letter.to_ascii_lowercase() {
                'm' if i == 0 => {
                    self.finish(false);
                    self.at = point(0);
                    self.current.points.push(self.at);
                }
                'm' | 'l' => self.line(point(0)),
                'h' => self.line((ox + n[0], before.1)),
                'v' => self.line((before.0, oy + n[0])),
                'c' => {
                    control = Some(point(2));
                    self.curve(point(0), point(2), point(4));
                }
                's' => {
                    let (cx, cy) = self.control.unwrap_or(before);
                    control = Some(point(0));
                    self.curve((2.0 * before.0 - cx, 2.0 * before.1 - cy), point(0), point(2));
                }
                _ => self.arc((n[0], n[1]), n[2].to_radians(), n[3] != 0.0, n[4] != 0.0, point(5)),
            }
            self.control = control;
        }
    }

    fn line(&mut self, to: (f32, f32)) {
        if self.current.points.is_empty() {
            self.current.points.push(self.at);
        }
        self.current.points.push(to);
        self.at = to;
    }

    fn curve(&mut self, a: (f32, f32), b: (f32, f32), to: (f32, f32)) {
        let from = self.at;
        for i in 1..=CURVE_PIECES {
            let t = i as f32 / CURVE_PIECES as f32;
            let u = 1.0 - t;
            let mix = |p0: f32, p1: f32, p2: f32, p3: f32| {
                u * u * u * p0 + 3.0 * u * u * t * p1 + 3.0 * u * t * t * p2 + t * t * t * p3
            };
            self.line((mix(from.0, a.0, b.0, to.0), mix(from.1, a.1, b.1, to.1)));
        }
    }

    /// From end points to centre: SVG 2, appendix B.2.4.
    fn arc(&mut self, (rx, ry): (f32, f32), tilt: f32, large: bool, clockwise: bool, to: (f32, f32)) {
        let from = self.at;
        let (dx, dy) = ((from.0 - to.0) / 2.0, (from.1 - to.1) / 2.0);
        let (x, y) = (tilt.cos() * dx + tilt.sin() * dy, tilt.cos() * dy - tilt.sin() * dx);
        let short = (x * x / (rx * rx) + y * y / (ry * ry)).sqrt().max(1.0);
        let (rx, ry) = (rx * short, ry * short);
        let rest = rx * rx * ry * ry - rx * rx * y * y - ry * ry * x * x;
        let sign = if large == clockwise { -1.0 } else { 1.0 };
        let root = sign * (rest / (rx * rx * y * y + ry * ry * x * x)).max(0.0).sqrt();
        let (cx, cy) = (root * rx * y / ry, -root * ry * x / rx);
        let centre = (
            tilt.cos() * cx - tilt.sin() * cy + (from.0 + to.0) / 2.0,
            tilt.sin() * cx + tilt.cos() * cy + (from.1 + to.1) / 2.0,
        );
        let start = ((y - cy) / ry).atan2((x - cx) / rx);
        let end = ((-y - cy) / ry).atan2((-x - cx) / rx);
        let mut sweep = end - start;
        if clockwise && sweep < 0.0 {
            sweep += TAU;
        } else if !clockwise && sweep > 0.0 {
            sweep -= TAU;
        }
        for point in arc_points(centre, (rx, ry), tilt, start, sweep).into_iter().skip(1) {
            self.line(point);
        }
        self.at = to;
    }

    fn finish(&mut self, closed: bool) {
        let points = std::mem::take(&mut self.current.points);
        if points.len() > 1 {
            if closed {
                self.at = points[0];
            }
            self.outlines.push(Outline { points, closed });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(outline: &Outline) -> [(f32, f32); 2] {
        [outline.points[0], outline.points[outline.points.len() - 1]]
    }

    #[test]
    fn lines_may_be_relative_and_crowded() {
        let outlines = path("m3 3 18 18M10 20H4v-6l.5.5z");
        assert_eq!(outlines[0], Outline { points: vec![(3.0, 3.0), (21.0, 21.0)], closed: false });
        assert_eq!(outlines[1].points, [(10.0, 20.0), (4.0, 20.0), (4.0, 14.0), (4.5, 14.5)]);
        assert!(outlines[1].closed);
    }

    #[test]
    fn an_arc_bulges_to_the_side_its_flags_say() {
        let down = &path("M5 11a7 7 0 0 0 14 0")[0];
        assert!(down.points.iter().any(|&(_, y)| (y - 18.0).abs() < 0.2));
        let up = &path("M5 11a7 7 0 0114 0")[0];
        assert!(up.points.iter().any(|&(_, y)| (y - 4.0).abs() < 0.2));
        for outline in [down, up] {
            let [_, (x, y)] = ends(outline);
            assert!((x - 19.0).abs() < 0.01 && (y - 11.0).abs() < 0.01);
        }
    }

    #[test]
    fn curves_end_where_they_should() {
        let outline = &path("M3 13c0-1 .4-1.900 1.200-2.500s5.600.8 7.800 2.500")[0];
        let [_, (x, y)] = ends(outline);
        assert!((x - 12.0).abs() < 0.01 && (y - 13.0).abs() < 0.01, "{x} {y}");
    }

    #[test]
    fn shapes_are_read_with_their_attributes() {
        let svg = r#"<svg viewBox="0 0 24 24"><rect x="2" y="4" width="10" height="6" rx="1"/><circle cx="9" cy="8" r="3"/></svg>"#;
        let outlines = read(svg);
        assert_eq!(outlines.len(), 2);
        assert!(outlines.iter().all(|outline| outline.closed));
        assert!(outlines[1].points.iter().all(|&(x, y)| ((x - 9.0).hypot(y - 8.0) - 3.0).abs() < 0.01));
    }

    #[test]
    fn nonsense_is_left_out() {
        assert!(read("<path d=\"M\"/><path/><blink><path d=\"&&\"/>").is_empty());
    }
}
