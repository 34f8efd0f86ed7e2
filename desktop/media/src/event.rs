//! What the engine tells its owner, through one bounded channel.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use crossbeam_channel::{Receiver, Sender, TrySendError};

use crate::packet::PeerTag;

/// Several seconds of everything: an owner that is this far behind has stopped reading.
const BACKLOG_MAX: usize = 1024;

#[derive(Debug, Clone)]
pub enum MediaEvent {
    /// One encoded picture, to be packetised and sent to everyone.
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
    /// A new picture can be fetched; `None` is the self view.
    Picture(Option<PeerTag>),
    Notice(Notice),
}

#[derive(Debug, Clone)]
pub struct EncodedVideo {
    /// One VP8 frame.
    pub data: Bytes,
    /// 90 kHz, from the time of capture.
    pub timestamp: u32,
    pub keyframe: bool,
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

/// The engine's end of the channel. Never blocks: when the owner does not read, what is new is dropped and counted.
#[derive(Debug, Clone)]
pub(crate) struct Events {
    sender: Sender<MediaEvent>,
    dropped: Arc<AtomicU64>,
}

impl Events {
    pub(crate) fn channel() -> (Self, Receiver<MediaEvent>) {
        let (sender, receiver) = crossbeam_channel::bounded(BACKLOG_MAX);
        (Self { sender, dropped: Arc::default() }, receiver)
    }

    /// Says whether the event is on its way.
    pub(crate) fn send(&self, event: MediaEvent) -> bool {
        match self.sender.try_send(event) {
            Ok(()) => true,
            Err(TrySendError::Full(_)) => {
                self.dropped.fetch_add(1, Ordering::Relaxed);
                false
            }
            Err(TrySendError::Disconnected(_)) => false,
        }
    }

    pub(crate) fn notice(&self, sentence: impl Into<String>) {
        self.send(MediaEvent::Notice(Notice(sentence.into())));
    }

    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}
