//! The data channel to the server.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;
use webrtc::data_channel::{DataChannel, DataChannelEvent};
use webrtc::peer_connection::{RTCPeerConnectionState, RTCSessionDescription};

use super::connection::{Connection, ConnectionEvent, MediaSetup};
use super::{Engine, EngineError};

/// Host candidates are there at once; what is not there by then does not come.
const GATHER_MAX: Duration = Duration::from_secs(1);
/// From the answer to the open channel.
const OPEN_MAX: Duration = Duration::from_secs(10);
/// Frames that may wait in either direction; a side that cannot keep up loses the link.
const FRAMES: usize = 256;
/// How long a closing link waits for what was sent to be acknowledged.
const FLUSH_MAX: Duration = Duration::from_millis(400);
const CLOSE_MAX: Duration = Duration::from_millis(150);
const FLUSH_LOOK: Duration = Duration::from_millis(5);

/// What the server's end of the link does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LinkEvent {
    Frame(String),
    /// Final.
    Down(String),
}

/// A connection to the server whose offer is made and not yet answered.
pub(crate) struct LinkOffer {
    pub(crate) sdp: String,
    connection: Connection,
    channel: Arc<dyn DataChannel>,
    events: mpsc::Receiver<ConnectionEvent>,
}

/// An open data channel to the server.
pub(crate) struct Link {
    frames: mpsc::Sender<String>,
    events: mpsc::Receiver<LinkEvent>,
    task: JoinSet<()>,
}

impl Engine {
    /// Makes the offer for the server: complete, one data channel, ordered and reliable.
    pub(crate) async fn offer_link(&self) -> Result<LinkOffer, EngineError> {
        let refused = |error: webrtc::error::Error| EngineError::Setup(error.to_string());
        let (connection, mut events) = self.connect(&[], MediaSetup::default()).await?;
        let channel = connection.create_data_channel("data", None).await.map_err(refused)?;
        let offer = connection.create_offer(None).await.map_err(refused)?;
        connection.set_local_description(offer).await.map_err(refused)?;
        let gathered = async {
            while let Some(event) = events.recv().await {
                if matches!(event, ConnectionEvent::Gathered) {
                    break;
                }
            }
        };
        // Without its end there is still what was found so far.
        let _ = timeout(GATHER_MAX, gathered).await;
        let sdp = connection.local_description().await.ok_or(EngineError::Closed)?.sdp;
        Ok(LinkOffer { sdp, connection, channel, events })
    }
}

impl LinkOffer {
    /// Takes the server's answer and waits until the channel is open.
    pub(crate) async fn accept(self, answer: String) -> Result<Link, EngineError> {
        let refused = |error: webrtc::error::Error| EngineError::Description(error.to_string());
        let Self { connection, channel, mut events, .. } = self;
        let answer = RTCSessionDescription::answer(answer).map_err(refused)?;
        connection.hurry();
        let opened = async {
            connection.set_remote_description(answer).await.map_err(refused)?;
            wait_until_open(&*channel, &mut events).await
        };
        timeout(OPEN_MAX, opened).await.unwrap_or(Err(EngineError::Slow("connecting to the server")))?;
        let (frames, outgoing) = mpsc::channel(FRAMES);
        let (told, incoming) = mpsc::channel(FRAMES);
        let mut task = JoinSet::new();
        task.spawn(async move {
            let reason = run(&*channel, &mut events, outgoing, &told).await;
            // Closed before it is said, so that whoever connects anew finds the old connection gone.
            close(&*channel).await;
            let _ = connection.close().await;
            let _ = told.send(LinkEvent::Down(reason)).await;
        });
        Ok(Link { frames, events: incoming, task })
    }
}

impl Link {
    /// Queues a frame. `false`: the link is down, or so far behind that it is given up.
    pub(crate) fn send(&self, frame: String) -> bool {
        self.frames.try_send(frame).is_ok()
    }

    pub(crate) async fn event(&mut self) -> LinkEvent {
        self.events.recv().await.unwrap_or_else(|| LinkEvent::Down("the link has ended".into()))
    }

    /// Closes the channel once what was sent is out.
    pub(crate) async fn close(self) {
        let Self { frames, mut events, mut task } = self;
        drop(frames);
        // Emptied, so that the link's task never waits for us.
        while events.recv().await.is_some() {}
        while task.join_next().await.is_some() {}
    }
}

async fn wait_until_open(
    channel: &dyn DataChannel,
    events: &mut mpsc::Receiver<ConnectionEvent>,
) -> Result<(), EngineError> {
    loop {
        tokio::select! {
            event = channel.poll() => match event {
                Some(DataChannelEvent::OnOpen) => return Ok(()),
                Some(DataChannelEvent::OnClose) | None => return Err(EngineError::Closed),
                Some(_) => {}
            },
            event = events.recv() => if let Some(reason) = end_of(event) {
                return Err(EngineError::Setup(reason));
            },
        }
    }
}

/// Carries frames both ways until one side ends it, and says why it ended.
async fn run(
    channel: &dyn DataChannel,
    events: &mut mpsc::Receiver<ConnectionEvent>,
    mut outgoing: mpsc::Receiver<String>,
    told: &mpsc::Sender<LinkEvent>,
) -> String {
    loop {
        tokio::select! {
            frame = outgoing.recv() => match frame {
                Some(frame) => if let Err(error) = channel.send_text(&frame).await {
                    return error.to_string();
                },
                None => {
                    flush(channel).await;
                    return "hung up".into();
                }
            },
            event = channel.poll() => match event {
                Some(DataChannelEvent::OnMessage(message)) => {
                    // The protocol is text; what is not is no concern of ours.
                    let Ok(frame) = String::from_utf8(message.data.to_vec()) else { continue };
                    if told.try_send(LinkEvent::Frame(frame)).is_err() {
                        return "we could not keep up with the server".into();
                    }
                }
                Some(DataChannelEvent::OnClose | DataChannelEvent::OnClosing) | None => {
                    return "the server closed the channel".into();
                }
                Some(_) => {}
            },
            event = events.recv() => if let Some(reason) = end_of(event) {
                return reason;
            },
        }
    }
}

/// Silence is an end here: joining anew costs little, and what was said meanwhile is lost either way.
fn end_of(event: Option<ConnectionEvent>) -> Option<String> {
    match event {
        Some(ConnectionEvent::State(RTCPeerConnectionState::Disconnected)) => {
            Some("the server has fallen silent".into())
        }
        Some(ConnectionEvent::State(RTCPeerConnectionState::Failed)) => Some("no way to the server was found".into()),
        Some(ConnectionEvent::State(RTCPeerConnectionState::Closed)) | None => Some("the connection is closed".into()),
        Some(_) => None,
    }
}

/// Tells the server that the channel ends, and gives it a moment to agree.
async fn close(channel: &dyn DataChannel) {
    if channel.close().await.is_err() {
        return;
    }
    let closed = async { while !matches!(channel.poll().await, Some(DataChannelEvent::OnClose) | None) {} };
    let _ = timeout(CLOSE_MAX, closed).await;
}

async fn flush(channel: &dyn DataChannel) {
    let sent = async {
        while channel.outstanding_bytes().await.is_ok_and(|bytes| bytes > 0) {
            tokio::time::sleep(FLUSH_LOOK).await;
        }
    };
    let _ = timeout(FLUSH_MAX, sent).await;
}
