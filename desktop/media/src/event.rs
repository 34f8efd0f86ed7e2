//! What the engine tells its owner, through one bounded channel.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use crossbeam_channel::{Receiver, Sender, TrySendError};

use crate::packet::PeerTag;
use crate::stats::VideoSource;

/// Several seconds of everything: an owner that is this far behind has stopped reading.
const BACKLOG_MAX: usize = 1024;

/// The highest step of a level meter.
pub const LEVELS: u8 = 5;

#[derive(Debug, Clone)]
pub enum MediaEvent {
    /// One encoded picture, to be packetised and sent to those whom it is for.
    Video(EncodedVideo),
    /// One encoded packet of sound, to be sent to everyone.
    Audio(EncodedAudio),
    /// This peer's picture cannot go on without a keyframe (PLI).
    KeyframeNeeded(PeerTag),
    /// Someone began or stopped speaking; `None` is oneself.
    Speaking {
        who: Option<PeerTag>,
        speaking: bool,
    },
    /// How loud oneself is, for a meter: 0 is a quiet room or a microphone that is off, [`LEVELS`] a raised voice. Told
    /// when it changes, ten times a second at most.
    Level(u8),
    /// One has been speaking for a second while the microphone was off.
    Unheard,
    /// A new picture can be fetched; `None` is the self view.
    Picture(Option<PeerTag>),
    /// A source that was wanted cannot be had: it is off until it is wanted again. The notice that follows says why.
    SourceLost(VideoSource),
    /// A source that is wanted has no pictures for now: it comes back by itself, unless it is switched off. The notice that
    /// follows says why.
    SourceAway(VideoSource),
    /// It is there again, and sends.
    SourceBack(VideoSource),
    Notice(Notice),
}

#[derive(Debug, Clone)]
pub struct EncodedVideo {
    /// One VP8 frame.
    pub data: Bytes,
    /// 90 kHz, from the time of capture.
    pub timestamp: u32,
    pub keyframe: bool,
    pub source: VideoSource,
    /// Who has everything that it builds on.
    pub peers: Arc<[PeerTag]>,
}

#[derive(Debug, Clone)]
pub struct EncodedAudio {
    /// One Opus packet.
    pub data: Bytes,
    /// 48 kHz.
    pub timestamp: u32,
}

/// A device is missing, busy or failed: a sentence that says what happened and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice(pub String);

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The engine's end of the channel. Never blocks: when the owner does not read, the newest wins.
#[derive(Debug, Clone)]
pub(crate) struct Events {
    sender: Sender<MediaEvent>,
    /// For taking out the oldest.
    receiver: Receiver<MediaEvent>,
    dropped: Arc<AtomicU64>,
}

impl Events {
    pub(crate) fn channel() -> (Self, Receiver<MediaEvent>) {
        let (sender, receiver) = crossbeam_channel::bounded(BACKLOG_MAX);
        (Self { sender, receiver: receiver.clone(), dropped: Arc::default() }, receiver)
    }

    /// `false` if something older had to make room.
    pub(crate) fn send(&self, event: MediaEvent) -> bool {
        let (mut event, mut had_room) = (event, true);
        while let Err(TrySendError::Full(again)) = self.sender.try_send(event) {
            if self.receiver.try_recv().is_ok() {
                self.dropped.fetch_add(1, Ordering::Relaxed);
            }
            (event, had_room) = (again, false);
        }
        had_room
    }

    pub(crate) fn notice(&self, sentence: impl Into<String>) {
        self.send(MediaEvent::Notice(Notice(sentence.into())));
    }

    /// Events that nobody took in time.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_that_does_not_read_gets_the_newest() {
        let (events, receiver) = Events::channel();
        for number in 0..BACKLOG_MAX + 10 {
            events.send(MediaEvent::Picture(Some(PeerTag(number as u64))));
        }
        let first = receiver.try_recv().unwrap();
        assert!(matches!(first, MediaEvent::Picture(Some(PeerTag(10)))), "{first:?}");
        assert_eq!((events.dropped(), receiver.len()), (10, BACKLOG_MAX - 1));
    }
}
