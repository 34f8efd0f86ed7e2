//! What waits to be sent to one peer: sound first, pictures as whole frames, newest wins.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::Notify;
use tokio::time::timeout_at;

use crate::keyframes::KeyframeWish;
use crate::{Kind, OutgoingAudio};

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
    /// Of a screen, not of a camera.
    pub(crate) screen: bool,
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
    /// A screen's picture has a track of its own.
    takes_both: bool,
    audio: VecDeque<OutgoingAudio>,
    /// By track: the one that everyone has, and the screen's.
    video: [Pictures; 2],
}

/// The pictures of one track.
#[derive(Debug, Default)]
struct Pictures {
    frames: VecDeque<Arc<Frame>>,
    /// A frame was left out, so that nothing can be decoded before the next keyframe.
    broken: bool,
    /// What it shows at the moment.
    screen: bool,
    wished: Option<Instant>,
}

impl Outlet {
    pub(crate) fn new(wish: KeyframeWish) -> Self {
        Self { queue: Mutex::default(), filled: Notify::new(), wish, frames_dropped: AtomicU64::new(0) }
    }

    /// From now on everything is sent; the first frame of each track has to be a keyframe.
    pub(crate) fn open(&self, takes_both: bool) {
        let mut queue = self.queue();
        if !queue.open {
            let broken = || Pictures { broken: true, ..Pictures::default() };
            *queue = Queue { open: true, takes_both, video: [broken(), broken()], ..Queue::default() };
        }
    }

    /// From now on nothing is sent.
    pub(crate) fn close(&self) {
        *self.queue() = Queue::default();
    }

    pub(crate) fn is_open(&self) -> bool {
        self.queue().open
    }

    /// Whether camera and screen go out side by side, and not one instead of the other.
    pub(crate) fn takes_both(&self) -> bool {
        self.queue().takes_both
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
        let own_track = queue.takes_both && frame.screen;
        let pictures = &mut queue.video[usize::from(own_track)];
        // Another picture begins, as it does for a decoder.
        pictures.broken |= pictures.screen != frame.screen;
        pictures.screen = frame.screen;
        if frame.keyframe {
            // What waits is of the past: the keyframe makes it unnecessary.
            self.count_dropped(pictures.frames.len());
            pictures.frames.clear();
            pictures.broken = false;
        } else if !pictures.broken && pictures.frames.len() == FRAMES_MAX {
            self.count_dropped(FRAMES_MAX);
            pictures.frames.clear();
            pictures.broken = true;
        }
        if pictures.broken {
            self.count_dropped(1);
            if pictures.wished.is_none_or(|wished| now.duration_since(wished) >= WISH_EVERY) {
                pictures.wished = Some(now);
                self.wish.wish(if own_track { Kind::Screen } else { Kind::Video });
            }
            return;
        }
        pictures.frames.push_back(frame);
        self.filled.notify_one();
    }

    /// Waits until there may be something to send.
    pub(crate) async fn filled(&self) {
        self.filled.notified().await;
    }

    /// Sound never waits for a picture.
    pub(crate) fn next_audio(&self) -> Option<OutgoingAudio> {
        self.queue().audio.pop_front()
    }

    /// The next packet of sound, as soon as there is one; `None` when there was none until then.
    pub(crate) async fn next_audio_until(&self, deadline: tokio::time::Instant) -> Option<OutgoingAudio> {
        loop {
            if let Some(packet) = self.next_audio() {
                return Some(packet);
            }
            timeout_at(deadline, self.filled()).await.ok()?;
        }
    }

    /// The next picture of a track.
    pub(crate) fn next_frame(&self, track: usize) -> Option<Arc<Frame>> {
        self.queue().video[track].frames.pop_front()
    }

    pub(crate) fn frames_dropped(&self) -> u64 {
        self.frames_dropped.load(Ordering::Relaxed)
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
        Arc::new(Frame { payloads: vec![Bytes::from_static(b"x")], timestamp, keyframe, screen: false })
    }

    fn open_outlet() -> (Outlet, KeyframeWishes) {
        let wishes = KeyframeWishes::default();
        let outlet = Outlet::new(wishes.of(ClientId::new("a")));
        outlet.open(false);
        (outlet, wishes)
    }

    fn drained(outlet: &Outlet) -> Vec<u32> {
        let sound = std::iter::from_fn(|| outlet.next_audio()).map(|packet| packet.timestamp);
        let pictures = [0, 1]
            .into_iter()
            .flat_map(|track| std::iter::from_fn(move || outlet.next_frame(track)).map(|frame| frame.timestamp));
        sound.chain(pictures).collect()
    }

    fn screen(timestamp: u32, keyframe: bool) -> Arc<Frame> {
        Arc::new(Frame { payloads: vec![Bytes::from_static(b"x")], timestamp, keyframe, screen: true })
    }

    #[test]
    fn a_screen_goes_beside_the_camera_where_both_are_taken_and_instead_of_it_elsewhere() {
        let wishes = KeyframeWishes::default();
        let outlet = Outlet::new(wishes.of(ClientId::new("a")));
        outlet.open(true);
        let now = Instant::now();
        outlet.push_video(frame(1, true), now);
        outlet.push_video(screen(2, true), now);
        outlet.push_video(frame(3, false), now);
        outlet.push_video(screen(4, false), now);
        let track = |track| std::iter::from_fn(|| outlet.next_frame(track)).map(|frame| frame.timestamp).collect();
        let (camera, shared): (Vec<u32>, Vec<u32>) = (track(0), track(1));
        assert_eq!((camera, shared), (vec![1, 3], vec![2, 4]));

        let (outlet, wishes) = open_outlet();
        for picture in [frame(1, true), screen(2, false), screen(3, true), frame(4, false), screen(5, false)] {
            outlet.push_video(picture, now);
        }
        // The camera's picture cannot follow the screen's without a keyframe, nor the screen's after it.
        assert_eq!(drained(&outlet), [3]);
        assert_eq!(wishes.take().into_iter().collect::<Vec<_>>(), [(ClientId::new("a"), Kind::Video)]);
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

    #[tokio::test(start_paused = true)]
    async fn sound_does_not_wait_until_a_picture_may_go_on() {
        let (outlet, _) = open_outlet();
        let start = tokio::time::Instant::now();
        let deadline = start + Duration::from_millis(100);
        let speak = async {
            tokio::time::sleep(Duration::from_millis(7)).await;
            outlet.push_audio(OutgoingAudio { data: Bytes::new(), timestamp: 1 });
        };
        let (packet, ()) = tokio::join!(outlet.next_audio_until(deadline), speak);
        assert_eq!(packet.map(|packet| packet.timestamp), Some(1));
        assert_eq!(start.elapsed(), Duration::from_millis(7));
        outlet.push_video(frame(1, true), Instant::now());
        assert!(outlet.next_audio_until(deadline).await.is_none());
        assert_eq!(start.elapsed(), Duration::from_millis(100), "a picture that comes does not end the wait");
    }

    #[test]
    fn a_closed_outlet_keeps_nothing() {
        let outlet = Outlet::new(KeyframeWishes::default().of(ClientId::new("a")));
        outlet.push_audio(OutgoingAudio { data: Bytes::new(), timestamp: 1 });
        outlet.push_video(frame(1, true), Instant::now());
        assert!(drained(&outlet).is_empty());
    }
}
