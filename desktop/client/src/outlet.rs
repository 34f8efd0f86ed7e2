//! What waits to be sent to one peer: sound first, pictures as whole frames, newest wins.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::Notify;

use crate::OutgoingAudio;
use crate::keyframes::KeyframeWish;

/// Packets of sound that wait: half a second, older ones are of no use.
const AUDIO_MAX: usize = 25;
/// Frames that wait: a third of a second at 30 frames a second.
const FRAMES_MAX: usize = 10;
/// A peer whose connection is too slow may ask an encoder that serves others too for a keyframe so often.
const WISH_EVERY: Duration = Duration::from_secs(2);

/// A frame in its payloads, the same for every peer.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) payloads: Vec<Bytes>,
    pub(crate) timestamp: u32,
    pub(crate) keyframe: bool,
}

/// The next thing to send.
#[derive(Debug)]
pub(crate) enum Item {
    Audio(OutgoingAudio),
    Video(Arc<Frame>),
}

/// The way out to one peer. Closed until the connection stands.
#[derive(Debug)]
pub(crate) struct Outlet {
    queue: Mutex<Queue>,
    filled: Notify,
    wish: KeyframeWish,
    frames_dropped: AtomicU64,
}

#[derive(Debug, Default)]
struct Queue {
    open: bool,
    audio: VecDeque<OutgoingAudio>,
    video: VecDeque<Arc<Frame>>,
    /// A frame was left out, so that nothing can be decoded before the next keyframe.
    broken: bool,
    wished: Option<Instant>,
}

impl Outlet {
    pub(crate) fn new(wish: KeyframeWish) -> Self {
        Self { queue: Mutex::default(), filled: Notify::new(), wish, frames_dropped: AtomicU64::new(0) }
    }

    /// From now on everything is sent; the first frame has to be a keyframe.
    pub(crate) fn open(&self) {
        let mut queue = self.queue();
        if !queue.open {
            *queue = Queue { open: true, broken: true, ..Queue::default() };
        }
    }

    /// From now on nothing is sent.
    pub(crate) fn close(&self) {
        *self.queue() = Queue::default();
    }

    pub(crate) fn is_open(&self) -> bool {
        self.queue().open
    }

    pub(crate) fn push_audio(&self, packet: OutgoingAudio) {
        let mut queue = self.queue();
        if !queue.open {
            return;
        }
        if queue.audio.len() == AUDIO_MAX {
            queue.audio.pop_front();
        }
        queue.audio.push_back(packet);
        self.filled.notify_one();
    }

    pub(crate) fn push_video(&self, frame: Arc<Frame>, now: Instant) {
        let mut queue = self.queue();
        if !queue.open {
            return;
        }
        if frame.keyframe {
            // What waits is of the past: the keyframe makes it unnecessary.
            self.count_dropped(queue.video.len());
            queue.video.clear();
            queue.broken = false;
        } else if !queue.broken && queue.video.len() == FRAMES_MAX {
            self.count_dropped(FRAMES_MAX);
            queue.video.clear();
            queue.broken = true;
        }
        if queue.broken {
            self.count_dropped(1);
            if queue.wished.is_none_or(|wished| now.duration_since(wished) >= WISH_EVERY) {
                queue.wished = Some(now);
                self.wish.wish();
            }
            return;
        }
        queue.video.push_back(frame);
        self.filled.notify_one();
    }

    /// Waits for something to send.
    pub(crate) async fn next(&self) -> Item {
        loop {
            if let Some(item) = self.try_next() {
                return item;
            }
            self.filled.notified().await;
        }
    }

    /// Sound that must not wait for the rest of a frame.
    pub(crate) fn next_audio(&self) -> Option<OutgoingAudio> {
        self.queue().audio.pop_front()
    }

    pub(crate) fn frames_dropped(&self) -> u64 {
        self.frames_dropped.load(Ordering::Relaxed)
    }

    fn try_next(&self) -> Option<Item> {
        let mut queue = self.queue();
        match queue.audio.pop_front() {
            Some(packet) => Some(Item::Audio(packet)),
            None => queue.video.pop_front().map(Item::Video),
        }
    }

    fn count_dropped(&self, frames: usize) {
        self.frames_dropped.fetch_add(frames as u64, Ordering::Relaxed);
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use protocol::ClientId;

    use super::*;
    use crate::keyframes::KeyframeWishes;

    fn frame(timestamp: u32, keyframe: bool) -> Arc<Frame> {
        Arc::new(Frame { payloads: vec![Bytes::from_static(b"x")], timestamp, keyframe })
    }

    fn open_outlet() -> (Outlet, KeyframeWishes) {
        let wishes = KeyframeWishes::default();
        let outlet = Outlet::new(wishes.of(ClientId::new("a")));
        outlet.open();
        (outlet, wishes)
    }

    fn drained(outlet: &Outlet) -> Vec<u32> {
        std::iter::from_fn(|| outlet.try_next())
            .map(|item| match item {
                Item::Audio(packet) => packet.timestamp,
                Item::Video(frame) => frame.timestamp,
            })
            .collect()
    }

    #[test]
    fn sound_goes_before_pictures() {
        let (outlet, _) = open_outlet();
        outlet.push_video(frame(1, true), Instant::now());
        outlet.push_audio(OutgoingAudio { data: Bytes::new(), timestamp: 2 });
        assert_eq!(drained(&outlet), [2, 1]);
    }

    #[test]
    fn nothing_is_sent_before_the_first_keyframe() {
        let (outlet, wishes) = open_outlet();
        outlet.push_video(frame(1, false), Instant::now());
        assert!(!wishes.take().is_empty());
        outlet.push_video(frame(2, true), Instant::now());
        outlet.push_video(frame(3, false), Instant::now());
        assert_eq!(drained(&outlet), [2, 3]);
    }

    #[test]
    fn after_a_dropped_frame_nothing_goes_out_until_a_keyframe() {
        let (outlet, wishes) = open_outlet();
        let now = Instant::now();
        for i in 0..=FRAMES_MAX as u32 {
            assert!(wishes.take().is_empty());
            outlet.push_video(frame(i, i == 0), now);
        }
        assert!(!wishes.take().is_empty(), "it asks for the keyframe that it needs");
        outlet.push_video(frame(98, false), now);
        assert!(drained(&outlet).is_empty());
        assert_eq!(outlet.frames_dropped(), FRAMES_MAX as u64 + 2);
        outlet.push_video(frame(99, true), now);
        assert_eq!(drained(&outlet), [99]);
    }

    #[test]
    fn a_slow_peer_asks_for_a_keyframe_only_now_and_then() {
        let (outlet, wishes) = open_outlet();
        let start = Instant::now();
        let wishes = (0..100u32)
            .filter(|i| {
                outlet.push_video(frame(*i, false), start + Duration::from_millis(100) * *i);
                !wishes.take().is_empty()
            })
            .count();
        assert_eq!(wishes, 5);
    }

    #[test]
    fn a_keyframe_outruns_what_waits() {
        let (outlet, _) = open_outlet();
        for i in 0..5 {
            outlet.push_video(frame(i, i == 0), Instant::now());
        }
        outlet.push_video(frame(5, true), Instant::now());
        assert_eq!(drained(&outlet), [5]);
    }

    #[test]
    fn of_sound_the_newest_half_second_is_kept() {
        let (outlet, _) = open_outlet();
        for timestamp in 0..100 {
            outlet.push_audio(OutgoingAudio { data: Bytes::new(), timestamp });
        }
        assert_eq!(drained(&outlet), (75..100).collect::<Vec<_>>());
    }

    #[test]
    fn a_closed_outlet_keeps_nothing() {
        let outlet = Outlet::new(KeyframeWishes::default().of(ClientId::new("a")));
        outlet.push_audio(OutgoingAudio { data: Bytes::new(), timestamp: 1 });
        outlet.push_video(frame(1, true), Instant::now());
        assert!(drained(&outlet).is_empty());
    }
}
