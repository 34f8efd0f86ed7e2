//! How much a path carries, from when packets left and when they arrived: a controller on queueing delay and loss, told the
//! time.
//!
//! The delay that a packet has beyond the shortest one of the last minute is time that it waited, most likely behind our own
//! packets. The shortest of a third of a second is looked at, so that jitter is not taken for a queue. The shape is that of
//! RFC 8698 (NADA): warm-up by factors, then a gradual search around what was found; the numbers are ours, see
//! `docs/DECISIONS.md`.

use std::collections::VecDeque;
use std::time::Duration;

/// Bits per second. Where a call begins: a picture that can be looked at, on any path of today.
pub(super) const INITIAL: f64 = 1_500_000.0;
pub(super) const MIN: f64 = 100_000.0;
pub(super) const MAX: f64 = 8_000_000.0;

/// Seconds over which delays, what arrives, and losses are looked at.
const DELAY_WINDOW: f64 = 0.3;
const RATE_WINDOW: f64 = 0.5;
const LOSS_WINDOW: f64 = 1.0;
/// A stretch in which so many packets arrive one behind the other, each of which had to wait, tells what the path carries.
/// A whole window does not: there may have been little to send.
const STRETCH: f64 = 0.1;
const STRETCH_PACKETS: usize = 5;
const WAITED: f64 = 0.01;
/// When so many of the widest stretches, each so many seconds after the one before, tell the same within this part of it,
/// then that is the path's width, known before its queue overflows. Where delays vary by themselves, they differ.
const WIDTH_APART: f64 = 0.4;
const WIDTH_SAME: f64 = 0.08;
const WIDTH_TIMES: usize = 3;
/// And after so many seconds without one, who knows.
const WIDTH_WINDOW: f64 = 4.0;
/// What may be used of it: a frame is larger than its share now and then, and queues are short.
const WIDTH_USED: f64 = 0.93;
/// Packets leave hardly faster than that: what leaves faster waits in the path's queue, where sound has to wait behind it,
/// and what does not fit there is lost. A little faster, or nobody would notice that the path has become wider; and slower
/// until a queue is gone.
const NOTICED: f64 = 1.05;
const DRAINING: f64 = 0.9;
/// What such a stretch has told is believed for so many seconds: that much less than it is no bound.
const BELIEVED: f64 = 1.5;
const BELIEVED_PART: f64 = 0.5;
/// The shortest delay counts for so many periods of ten seconds: clocks drift and routes change.
const BASE_PERIODS: usize = 6;
const BASE_PERIOD: f64 = 10.0;

/// Seconds of waiting that are too many, and what half of all packets vary by on top, up to a bound.
const QUEUE_MAX: f64 = 0.05;
const JITTER_MAX: f64 = 0.1;
/// A queue is to be gone after so many seconds.
const DRAIN: f64 = 0.5;
/// A queue of this part of what it was is on its way.
const DRAINS: f64 = 0.85;
/// How far a decrease goes: not below the first, at least to the second part of what arrives.
const DECREASE: (f64, f64) = (0.5, 0.85);
/// What was found to arrive, once the queue is gone.
const FOUND: f64 = 0.93;
/// Seconds in which a decrease is to show before there is another one.
const HOLD: f64 = 0.4;
/// A delay that stays for so many seconds while hardly anything is sent is the path's own: the route has changed.
const REBASE: f64 = 3.0;
/// Parts of the first delay and of what arrived at first.
const STAYS: f64 = 0.8;
const HARDLY: f64 = 0.5;

/// Growth a second: as long as no bound is known or it is far away, near it, and some time after it was met.
const FAST: f64 = 1.35;
const NEAR: f64 = 1.05;
const LATER: f64 = 1.15;
const LATER_AFTER: f64 = 15.0;
/// From this part of the bound on it is near, and from this one on it is none any more.
const NEAR_FROM: f64 = 0.85;
const REFUTED: f64 = 1.1;
/// Who offers less than this part of the target learns nothing of the path.
const OFFERED: f64 = 0.6;

/// Parts of the packets: a loss that a target is lowered for, and one that it may still grow with.
const LOSS_HIGH: f64 = 0.1;
const LOSS_LOW: f64 = 0.05;
/// Decreases that did not help, after which a loss is the path's own.
const IN_VAIN: u32 = 3;
/// One that leaves more than this part of the loss did not help.
const HELPED: f64 = 0.7;

/// Such a loss has gone when much less is lost for so many seconds: within one, chance may have it.
const GONE: f64 = 3.0;

/// What became of one packet. Times are seconds, those of departure and arrival of two clocks that need not agree.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fate {
    pub(super) left: f64,
    pub(super) arrived: Option<f64>,
    pub(super) bytes: usize,
}

/// Bits per second that may be sent.
#[derive(Debug)]
pub(super) struct Controller {
    target: f64,
    now: Option<f64>,
    /// When, how many bits, and after what delay.
    arrivals: VecDeque<(f64, f64, f64)>,
    delays: VecDeque<(f64, f64)>,
    /// The shortest delay of each period, with the period's number.
    bases: VecDeque<(i64, f64)>,
    fates: VecDeque<(f64, bool, f64)>,
    /// When what was read of the path's width.
    widths: VecDeque<(f64, f64)>,
    /// The newest arrival at the last reading: nothing is read twice.
    read: Option<f64>,
    congested: Option<Congestion>,
    /// What arrived when the path was full last, and when that was.
    bound: Option<(f64, f64)>,
    loss: Loss,
}

/// From the decrease until the queue is gone.
#[derive(Debug, Clone, Copy)]
struct Congestion {
    since: f64,
    /// The last decrease.
    decreased: f64,
    queue: f64,
    carried: f64,
    /// When it began.
    first_queue: f64,
    first_carried: f64,
    first_busiest: f64,
}

#[derive(Debug, Default)]
struct Loss {
    lowered: Option<f64>,
    before: f64,
    in_vain: u32,
    /// What the path loses whatever is sent.
    inherent: f64,
    /// Since when it has lost much less than that.
    gone: Option<f64>,
}

impl Controller {
    pub(super) fn new() -> Self {
        Self {
            target: INITIAL,
            now: None,
            arrivals: VecDeque::new(),
            delays: VecDeque::new(),
            bases: VecDeque::new(),
            fates: VecDeque::new(),
            widths: VecDeque::new(),
            read: None,
            congested: None,
            bound: None,
            loss: Loss::default(),
        }
    }

    pub(super) fn target(&self) -> f64 {
        self.target
    }

    /// Part of the packets of the last second.
    pub(super) fn lost(&self) -> f64 {
        let lost = self.fates.iter().filter(|(_, arrived, _)| !arrived).count();
        lost as f64 / self.fates.len().max(1) as f64
    }

    pub(super) fn handle_feedback(&mut self, now: Duration, fates: &[Fate]) {
        let now = now.as_secs_f64();
        let passed = self.now.map_or(0.0, |before| (now - before).clamp(0.0, DELAY_WINDOW));
        self.now = Some(now);
        for fate in fates {
            self.note(*fate);
        }
        let (Some(queue), Some(carried)) = (self.queue(), self.carried()) else { return };
        let limit = QUEUE_MAX + self.jitter();
        self.read_width(now);
        let is_full = queue > limit;
        if is_full || self.congested.is_some() {
            self.relieve(now, queue, limit, carried);
        } else if !self.lower_by_loss(now, carried) && queue < limit / 2.0 && self.is_used() {
            self.grow(now, passed);
        }
        self.target = self.target.clamp(MIN, MAX);
    }

    fn note(&mut self, Fate { left, arrived, bytes }: Fate) {
        self.fates.push_back((left, arrived.is_some(), bytes as f64 * 8.0));
        let newest = self.fates.back().map_or(left, |(newest, ..)| newest.max(left));
        drop_until(&mut self.fates, |(left, ..)| *left >= newest - LOSS_WINDOW);
        let Some(arrived) = arrived else { return };
        let delay = arrived - left;
        self.arrivals.push_back((arrived, bytes as f64 * 8.0, delay));
        self.delays.push_back((arrived, delay));
        drop_until(&mut self.arrivals, |(at, ..)| *at >= arrived - RATE_WINDOW);
        drop_until(&mut self.delays, |(at, _)| *at >= arrived - DELAY_WINDOW);
        let period = (left / BASE_PERIOD) as i64;
        match self.bases.back_mut() {
            Some((newest, shortest)) if *newest >= period => *shortest = shortest.min(delay),
            Some(_) | None => self.bases.push_back((period, delay)),
        }
        drop_until(&mut self.bases, |(of, _)| *of > period - BASE_PERIODS as i64);
    }

    /// How long even the fastest packets wait.
    fn queue(&self) -> Option<f64> {
        Some(self.shortest()? - self.base()?)
    }

    fn base(&self) -> Option<f64> {
        self.bases.iter().map(|(_, delay)| *delay).min_by(f64::total_cmp)
    }

    fn shortest(&self) -> Option<f64> {
        self.delays.iter().map(|(_, delay)| *delay).min_by(f64::total_cmp)
    }

    /// How much longer than the fastest half of the packets take.
    fn jitter(&self) -> f64 {
        let mut delays: Vec<f64> = self.delays.iter().map(|(_, delay)| *delay).collect();
        let middle = delays.len() / 2;
        let median = if delays.is_empty() { 0.0 } else { *delays.select_nth_unstable_by(middle, f64::total_cmp).1 };
        (median - self.shortest().unwrap_or(median)).min(JITTER_MAX)
    }

    /// What arrives, by the receiver's clock; `None` before there is enough to say.
    fn carried(&self) -> Option<f64> {
        let span = self.arrivals.back()?.0 - self.arrivals.front()?.0;
        let bits: f64 = self.arrivals.iter().skip(1).map(|(_, bits, _)| bits).sum();
        (span > RATE_WINDOW / 2.0).then(|| bits / span)
    }

    /// What arrived in the busiest stretch; `None` if there was none.
    fn busiest(&self) -> Option<f64> {
        let base = self.base()?;
        let rate_from = |first: usize| {
            let (begin, ..) = self.arrivals[first];
            let mut bits = 0.0;
            let waited = self.arrivals.iter().skip(first + 1).take_while(|(.., delay)| delay - base > WAITED);
            waited.enumerate().find_map(|(i, (arrived, size, _))| {
                bits += size;
                (arrived - begin >= STRETCH && i + 1 >= STRETCH_PACKETS).then(|| bits / (arrived - begin))
            })
        };
        (0..self.arrivals.len()).filter_map(rate_from).max_by(f64::total_cmp)
    }

    /// Reads the path's width where something had to wait.
    fn read_width(&mut self, now: f64) {
        let was_read = !self.widths.is_empty();
        drop_until(&mut self.widths, |(at, _)| now - at < WIDTH_WINDOW);
        if was_read && self.widths.is_empty() {
            // Nothing waits any more: the path has become wider.
            self.bound = None;
        }
        if self.widths.back().is_some_and(|(at, _)| now - at < WIDTH_APART) {
            return;
        }
        let newest = self.arrivals.back().map(|(arrived, ..)| *arrived);
        if std::mem::replace(&mut self.read, newest) == newest {
            return;
        }
        let read = self.busiest().map(|width| (now, width));
        self.widths.extend(read);
    }

    /// At how many bits per second packets may leave one after the other, where it is certain what the path carries.
    pub(super) fn outflow(&self) -> Option<f64> {
        self.width().map(|width| width * if self.congested.is_some() { DRAINING } else { NOTICED })
    }

    /// What the path carries, where that is certain.
    fn width(&self) -> Option<f64> {
        let most = self.widths.iter().map(|(_, width)| *width).max_by(f64::total_cmp)?;
        let same = self.widths.iter().filter(|(_, width)| *width > most * (1.0 - WIDTH_SAME)).count();
        (same >= WIDTH_TIMES).then_some(most)
    }

    /// Does what is sent say anything of what could be?
    fn is_used(&self) -> bool {
        let bits: f64 = self.fates.iter().map(|(.., bits)| bits).sum();
        bits / LOSS_WINDOW >= self.target * OFFERED
    }

    /// There is a queue, or there was one a moment ago.
    fn relieve(&mut self, now: f64, queue: f64, limit: f64, carried: f64) {
        let Some(congestion) = &mut self.congested else {
            let busiest = self.busiest().unwrap_or_default();
            let carried = carried.max(busiest).min(self.target);
            let first = Congestion {
                since: now,
                decreased: now,
                queue,
                carried,
                first_queue: queue,
                first_carried: carried,
                first_busiest: busiest,
            };
            self.congested = Some(first);
            return self.decrease(queue, carried);
        };
        if queue < limit / 2.0 {
            let found = congestion.carried;
            self.congested = None;
            self.bound = Some((found, now));
            self.target = self.target.max(found * FOUND);
            return;
        }
        let least = if now - congestion.since < BELIEVED { congestion.first_busiest * BELIEVED_PART } else { 0.0 };
        if now - congestion.since > RATE_WINDOW {
            // Nothing but what the full path carries is in the window now.
            congestion.carried = carried.max(least);
        }
        let is_in_vain = queue > congestion.first_queue * STAYS && carried < congestion.first_carried * HARDLY;
        if now - congestion.since > REBASE && is_in_vain {
            self.target = self.target.max(congestion.first_carried * DECREASE.1);
            self.bases.clear();
            self.congested = None;
            return;
        }
        if now - congestion.decreased < HOLD {
            return;
        }
        let is_draining = queue < congestion.queue * DRAINS;
        (congestion.decreased, congestion.queue) = (now, queue);
        if !is_draining {
            self.decrease(queue, carried.max(least));
        }
    }

    fn decrease(&mut self, queue: f64, carried: f64) {
        let factor = (1.0 - queue / DRAIN).clamp(DECREASE.0, DECREASE.1);
        self.target = self.target.min(carried * factor);
    }

    /// A path may lose instead of letting wait. `true`: that is why the target does not grow.
    fn lower_by_loss(&mut self, now: f64, carried: f64) -> bool {
        let lost = self.lost();
        let loss = &mut self.loss;
        loss.gone = (lost < loss.inherent / 2.0).then(|| loss.gone.unwrap_or(now));
        if loss.gone.is_some_and(|since| now - since >= GONE) {
            *loss = Loss::default();
        }
        let own = lost - loss.inherent;
        if own < LOSS_LOW {
            (loss.in_vain, loss.before) = (0, 0.0);
            return false;
        }
        if own < LOSS_HIGH || loss.lowered.is_some_and(|lowered| now - lowered < LOSS_WINDOW) {
            return true;
        }
        loss.in_vain = if lost > loss.before * HELPED && loss.before > 0.0 { loss.in_vain + 1 } else { 0 };
        if loss.in_vain >= IN_VAIN {
            loss.inherent = lost.min(loss.before);
            return false;
        }
        (loss.lowered, loss.before) = (Some(now), lost);
        self.bound = Some((carried, now));
        self.target = (self.target * (1.0 - lost / 2.0)).max(carried.min(self.target) * 0.9);
        true
    }

    fn grow(&mut self, now: f64, passed: f64) {
        self.bound = self.bound.filter(|(bound, _)| self.target < bound * REFUTED);
        let width = self.width().map(|width| width * WIDTH_USED);
        let bound = self.bound.into_iter().chain(width.map(|width| (width, now)));
        let a_second = match bound.min_by(|(a, _), (b, _)| a.total_cmp(b)) {
            Some((bound, at)) if self.target > bound * NEAR_FROM => {
                if now - at > LATER_AFTER {
                    LATER
                } else {
                    NEAR
                }
            }
            Some(_) | None => FAST,
        };
        self.target = (self.target * f64::powf(a_second, passed)).min(width.unwrap_or(MAX));
    }
}

/// Forgets from the front until `keeps` holds.
fn drop_until<T>(queue: &mut VecDeque<T>, keeps: impl Fn(&T) -> bool) {
    while queue.front().is_some_and(|front| !keeps(front)) {
        queue.pop_front();
    }
}

#[cfg(test)]
mod tests;
