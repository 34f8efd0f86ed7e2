//! Which qualities of one's picture are encoded, and who gets which: one encoding for all whose needs are alike, three at
//! most, however many there are.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::packet::PeerTag;

/// Encodings at one time.
pub(crate) const RUNGS: usize = 3;

/// Bits per pixel below which a picture is better smaller, and above which it only costs.
const CAMERA_BITS: (f64, f64) = (0.022, 0.18);
/// Up to this size. The larger a camera's picture, the smoother it is from pixel to pixel: the bits that still show grow
/// with its sides and not with its area, to 2.5 Mbit/s for 1280×720 at 30 frames a second.
const CAMERA_PIXELS: f64 = 640.0 * 360.0;
/// Text has few colours and stands still.
const SCREEN_BITS: (f64, f64) = (0.012, 0.18);
const BITRATE_MIN: u32 = 30_000;
/// Sides are not halved below this height.
const HEIGHT_MIN: u32 = 90;
/// A screen keeps its size, and gives frames up instead: frames a second where there is little room.
const SCREEN_FPS_LOW: u32 = 5;

/// To climb, a way must carry this much more than the better quality needs at least, for this long.
const CLIMB: f64 = 1.3;
const CLIMB_AFTER: Duration = Duration::from_secs(2);
/// Who can take less than this part of what the best of its quality can, would pull all of them down, and gets the next
/// quality; until it can take the larger part.
const ALIKE: (f64, f64) = (0.5, 0.65);
/// A quality of this part of the height at which it is shown looks the same.
const SHOWN: f64 = 0.75;

/// What one peer can take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Need {
    /// What the way to it carries, sound excluded, bits per second.
    pub bitrate: u32,
    /// How high it shows the picture, in pixels: 0 is not at all. `None`: it does not say.
    pub height: Option<u32>,
}

/// What is to be encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Original {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) fps: u32,
    /// Text rather than faces.
    pub(crate) screen: bool,
}

/// How much the processor can do, as rungs and frames that are left out. See [`super::load`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Saving {
    /// The best qualities that are not encoded, as far as there are others.
    pub(crate) rungs: usize,
    /// Frames a second: this many in four are left out.
    pub(crate) quarters: u32,
}

/// One encoding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rung {
    pub(crate) shape: Shape,
    /// Bits per second.
    pub(crate) bitrate: u32,
    pub(crate) peers: Vec<PeerTag>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) fps: u32,
}

/// Which rung each peer stands on. Told the time. Keeps its lists, so a running picture allocates nothing.
#[derive(Debug, Default)]
pub(crate) struct Ladder {
    peers: BTreeMap<PeerTag, Standing>,
    /// What can be had of which picture.
    made_for: Option<(Original, Saving)>,
    steps: Vec<Step>,
    /// Who stands on which of them, and what it can take.
    crowds: [Vec<(PeerTag, u32)>; RUNGS],
    rungs: [Option<Rung>; RUNGS],
}

#[derive(Debug)]
struct Standing {
    need: Need,
    /// By its bitrate alone.
    rung: Option<usize>,
    /// Since when it could climb.
    climbs_since: Option<Instant>,
    /// On which rungs the others could take far more.
    apart: [bool; RUNGS],
}

impl Ladder {
    /// `needs` are all the peers there are.
    pub(crate) fn set_needs(&mut self, needs: &BTreeMap<PeerTag, Need>) {
        self.peers.retain(|peer, _| needs.contains_key(peer));
        for (peer, need) in needs {
            let standing = Standing { need: *need, rung: None, climbs_since: None, apart: [false; RUNGS] };
            self.peers.entry(*peer).or_insert(standing).need = *need;
        }
    }

    /// The encodings from now on, the best first; `None` where nobody needs one.
    pub(crate) fn plan(&mut self, original: Original, saving: Saving, now: Instant) -> &[Option<Rung>; RUNGS] {
        if self.made_for.replace((original, saving)) != Some((original, saving)) {
            self.steps = steps(original, saving);
        }
        let Self { peers, steps, crowds, rungs, .. } = self;
        crowds.iter_mut().for_each(Vec::clear);
        for (peer, standing) in peers.iter_mut() {
            let rung = standing.climb(steps, now);
            if let Some(shown) = standing.need.seen(steps, original.screen) {
                crowds[rung.max(shown)].push((*peer, standing.need.bitrate));
            }
        }
        for (i, rung) in rungs.iter_mut().enumerate() {
            let Some(step) = steps.get(i) else {
                *rung = None;
                continue;
            };
            let (upper, lower) = crowds.split_at_mut(i + 1);
            if let (Some(next), true) = (lower.first_mut(), i + 1 < steps.len()) {
                part(peers, i, step.most, &mut upper[i], next);
            }
            let crowd = &upper[i];
            let least = crowd.iter().map(|(_, bitrate)| *bitrate).min();
            let mut names = rung.take().map_or_else(Vec::new, |rung| rung.peers);
            *rung = least.map(|least| {
                names.clear();
                names.extend(crowd.iter().map(|(peer, _)| *peer));
                Rung { shape: step.shape, bitrate: least.clamp(BITRATE_MIN, step.most), peers: names }
            });
        }
        &self.rungs
    }
}

/// Sends those of a crowd on rung `i` to the next who would pull all others down; `most` is what the rung can use.
fn part(
    peers: &mut BTreeMap<PeerTag, Standing>,
    i: usize,
    most: u32,
    crowd: &mut Vec<(PeerTag, u32)>,
    next: &mut Vec<(PeerTag, u32)>,
) {
    let best = crowd.iter().map(|(_, bitrate)| *bitrate).max().unwrap_or_default().min(most);
    crowd.retain(|(peer, bitrate)| {
        let Some(standing) = peers.get_mut(peer) else { return false };
        let share = if standing.apart[i] { ALIKE.1 } else { ALIKE.0 };
        standing.apart[i] = f64::from(*bitrate) < f64::from(best) * share;
        if standing.apart[i] {
            next.push((*peer, *bitrate));
        }
        !standing.apart[i]
    });
}

impl Standing {
    fn climb(&mut self, steps: &[Step], now: Instant) -> usize {
        let carried = |factor: f64| {
            let enough = |step: &Step| f64::from(self.need.bitrate) >= f64::from(step.least) * factor;
            steps.iter().position(enough).unwrap_or(steps.len() - 1)
        };
        let rung = match self.rung.map(|rung| rung.min(steps.len() - 1)) {
            None => carried(1.0),
            Some(rung) if carried(1.0) > rung => {
                self.climbs_since = None;
                carried(1.0)
            }
            Some(rung) if carried(CLIMB) < rung => {
                let since = *self.climbs_since.get_or_insert(now);
                if now < since + CLIMB_AFTER {
                    rung
                } else {
                    self.climbs_since = None;
                    carried(CLIMB)
                }
            }
            Some(rung) => {
                self.climbs_since = None;
                rung
            }
        };
        self.rung = Some(rung);
        rung
    }
}

impl Need {
    /// The smallest quality that is as good as any for the size at which it is shown; `None` where it is not shown.
    fn seen(self, steps: &[Step], screen: bool) -> Option<usize> {
        match self.height {
            Some(0) => None,
            Some(height) if !screen => {
                let enough = |step: &Step| f64::from(step.shape.height) >= f64::from(height) * SHOWN;
                Some(steps.iter().rposition(enough).unwrap_or_default())
            }
            // Text is read, and scaled by whoever shows it.
            Some(_) | None => Some(0),
        }
    }
}

/// A quality that can be had.
#[derive(Debug)]
struct Step {
    shape: Shape,
    /// Bits per second: what it needs, and what it can use.
    least: u32,
    most: u32,
}

/// At least one.
fn steps(original: Original, saving: Saving) -> Vec<Step> {
    let Original { width, height, fps, screen } = original;
    let shapes: [Shape; RUNGS] = std::array::from_fn(|i| {
        let (halvings, fps) = match (screen, i) {
            (false, _) => (i, fps),
            (true, 0) => (0, fps),
            (true, _) => (i - 1, fps.min(SCREEN_FPS_LOW)),
        };
        if halvings == 0 {
            return Shape { width, height, fps };
        }
        Shape { width: (width >> halvings) & !1, height: (height >> halvings) & !1, fps }
    });
    let (least, most) = if screen { SCREEN_BITS } else { CAMERA_BITS };
    let step = |shape: Shape| {
        let area = f64::from(shape.width) * f64::from(shape.height);
        let pixels = area * f64::from(shape.fps);
        let smoothness = if screen { 1.0 } else { (CAMERA_PIXELS / area).sqrt().min(1.0) };
        let most = ((pixels * most * smoothness) as u32).clamp(BITRATE_MIN, BITRATE_MAX);
        let fps = (shape.fps * 4u32.saturating_sub(saving.quarters) / 4).max(1);
        Step { shape: Shape { fps, ..shape }, least: ((pixels * least) as u32).min(most), most }
    };
    let mut steps: Vec<Step> = shapes
        .into_iter()
        .enumerate()
        .filter(|(i, shape)| *i == 0 || (shape.height >= HEIGHT_MIN && shape.width >= HEIGHT_MIN))
        .map(|(_, shape)| step(shape))
        .collect();
    steps.drain(..saving.rungs.min(steps.len() - 1));
    steps
}

/// No picture needs more.
const BITRATE_MAX: u32 = 4_000_000;

#[cfg(test)]
mod tests;
