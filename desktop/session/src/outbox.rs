//! What goes out: effects in order, and frames paced to stay under the server's limit.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use protocol::limits::MESSAGES;
use protocol::{Address, Envelope, Message};

use crate::{Effect, Event};

/// Between two frames in the long run: somewhat slower than a server of ours allows, as the network bunches frames.
const FRAME_EVERY: Duration = Duration::from_millis(1200 / MESSAGES.0 as u64);
/// Frames that may go out at once.
const BURST: u32 = MESSAGES.1 * 5 / 6;
/// Frames that may wait. Only a broken peer or a broken server makes us want more; what comes on top is lost.
const WAITING_MAX: usize = 1024;

/// Everything on its way to the shell.
#[derive(Debug)]
pub(crate) struct Outbox {
    effects: VecDeque<Effect>,
    waiting: VecDeque<String>,
    open: bool,
    /// The virtual schedule of a leaky bucket: when the frames sent so far would have gone out at the steady pace.
    paid_until: Instant,
}

impl Outbox {
    pub(crate) fn new(now: Instant) -> Self {
        Self { effects: VecDeque::new(), waiting: VecDeque::new(), open: false, paid_until: now }
    }

    /// The link to the server is up: frames can go out.
    pub(crate) fn open(&mut self, now: Instant) {
        self.open = true;
        self.waiting.clear();
        self.paid_until = now;
    }

    /// The link is gone, and what waited for it is, too.
    pub(crate) fn close(&mut self) {
        self.open = false;
        self.waiting.clear();
    }

    pub(crate) fn push(&mut self, effect: Effect) {
        self.effects.push_back(effect);
    }

    pub(crate) fn event(&mut self, event: Event) {
        self.push(Effect::Event(event));
    }

    /// Sends as soon as the pace allows. Without a link nothing is sent.
    pub(crate) fn send(&mut self, receiver: Address, message: &Message, now: Instant) {
        if self.open && self.waiting.len() < WAITING_MAX {
            self.waiting.push_back(Envelope::new(None, receiver, message).to_json());
            self.release(now);
        }
    }

    /// Sends last words: at once, instead of what still waits.
    pub(crate) fn send_last(&mut self, receiver: Address, message: &Message) {
        self.waiting.clear();
        if self.open {
            self.push(Effect::SendFrame(Envelope::new(None, receiver, message).to_json()));
        }
    }

    /// Lets go what may go by now.
    pub(crate) fn release(&mut self, now: Instant) {
        while self.next_release().is_some_and(|at| at <= now) {
            let Some(frame) = self.waiting.pop_front() else { return };
            self.paid_until = self.paid_until.max(now) + FRAME_EVERY;
            self.push(Effect::SendFrame(frame));
        }
    }

    /// When the next frame that waits may go.
    pub(crate) fn next_release(&self) -> Option<Instant> {
        let ahead = FRAME_EVERY * (BURST - 1);
        (!self.waiting.is_empty()).then(|| self.paid_until.checked_sub(ahead).unwrap_or(self.paid_until))
    }

    pub(crate) fn poll(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::moment;

    fn frames(outbox: &mut Outbox) -> usize {
        std::iter::from_fn(|| outbox.poll()).filter(|effect| matches!(effect, Effect::SendFrame(_))).count()
    }

    #[test]
    fn frames_stay_under_the_servers_rate() {
        let start = moment();
        let mut outbox = Outbox::new(start);
        outbox.open(start);
        for _ in 0..200 {
            outbox.send(Address::Room, &Message::Bye, start);
        }
        let (rate, burst) = MESSAGES;
        let mut bucket = f64::from(burst);
        let (mut now, mut sent) = (start, 0);
        loop {
            let n = frames(&mut outbox);
            sent += n;
            bucket -= n as f64;
            assert!(bucket >= 0.0, "the server would have refused frame {sent}");
            let Some(next) = outbox.next_release() else { break };
            assert!(next > now, "time moves forward");
            bucket = (bucket + (next - now).as_secs_f64() * f64::from(rate)).min(f64::from(burst));
            now = next;
            outbox.release(now);
        }
        assert_eq!(sent, 200);
        assert!(now - start < Duration::from_secs(7));
    }

    #[test]
    fn frames_keep_their_order_and_die_with_the_link() {
        let start = moment();
        let mut outbox = Outbox::new(start);
        outbox.send(Address::Room, &Message::Bye, start);
        assert_eq!(outbox.poll(), None, "no link, no frame");
        outbox.open(start);
        for n in 0..BURST + 2 {
            outbox.send(Address::Room, &Message::Ping(n.into()), start);
        }
        for n in 0..BURST {
            let Some(Effect::SendFrame(frame)) = outbox.poll() else { panic!("frame {n} is missing") };
            assert_eq!(Envelope::parse(frame.as_bytes()).unwrap().data, serde_json::json!(n));
        }
        outbox.close();
        outbox.release(start + Duration::from_secs(9));
        assert_eq!(outbox.poll(), None);
    }

    #[test]
    fn the_last_words_do_not_wait() {
        let start = moment();
        let mut outbox = Outbox::new(start);
        outbox.open(start);
        for n in 0..BURST + 2 {
            outbox.send(Address::Room, &Message::Ping(n.into()), start);
        }
        frames(&mut outbox);
        outbox.send_last(Address::GroundControl, &Message::Bye);
        assert_eq!(frames(&mut outbox), 1);
        assert_eq!(outbox.next_release(), None);
    }
}
