//! The task that owns the session: it has the clock and the network, and carries out what the session wants.

mod effects;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use protocol::{ClientId, IceServer, MediaState};
use session::{Command, Config, Event, PeerKey, Session};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Interval, MissedTickBehavior, sleep_until};

use crate::engine::{Engine, Link, LinkEvent, Order, Peer, PeerNews};
use crate::keyframes::{KeyframeWishes, Spacing};
use crate::lines::Lines;
use crate::seat::{Entrance, Outcome, Seat};
use crate::{ClientEvent, Kind, Options, http};

/// News of all peers together that may wait.
const NEWS: usize = 256;
/// Events that may wait for a reader; with more it has gone away, and so do we.
const WAITING_MAX: usize = 4096;
const FIGURES_EVERY: Duration = Duration::from_millis(250);
/// A smaller change of the estimate is no news to an encoder.
const BITRATE_STEP: f64 = 0.05;
/// How long a leaving client waits for its last words to be out.
const FAREWELL_MAX: Duration = Duration::from_millis(900);

/// What the handle asks of the task.
#[derive(Debug)]
pub(crate) enum Ask {
    Command(Command),
    RequestKeyframe(ClientId, Kind),
}

/// The way to the server.
enum ServerLink {
    None,
    Connecting(AbortHandle),
    Up(Link),
}

/// Something slow that is done.
enum Done {
    Joined(Outcome),
    Connected(Result<Link, String>),
}

/// Something that happened.
enum Input {
    Ask(Ask),
    Done(Done),
    Link(LinkEvent),
    Peer(PeerNews),
    /// A keyframe is wanted, and may be.
    Keyframe,
    /// It is time to look at what the peers' connections carry.
    Figures,
    Timeout,
    /// A waiting event has gone to the reader, or (`false`) there is no reader any more.
    Told(bool),
}

pub(crate) struct Driver {
    session: Session,
    entrance: Entrance,
    engine: Arc<Engine>,
    seat: Option<Seat>,
    /// For whoever holds the handle: the token of our seat.
    token: watch::Sender<Option<String>>,
    ice_servers: Vec<IceServer>,
    link: ServerLink,
    peers: BTreeMap<PeerKey, Peer>,
    lines: Arc<Lines>,
    wishes: KeyframeWishes,
    spacing: Spacing,
    asks: mpsc::Receiver<Ask>,
    news_sender: mpsc::Sender<PeerNews>,
    news: mpsc::Receiver<PeerNews>,
    events: mpsc::Sender<ClientEvent>,
    waiting: VecDeque<ClientEvent>,
    /// As they were told last.
    bitrates: BTreeMap<ClientId, u32>,
    sound_loss: u8,
    work: JoinSet<Done>,
    /// Channels that are closing once everything is out.
    last_words: JoinSet<()>,
    /// The server has heard on the channel that we leave it.
    said_bye: bool,
    /// The session has come to its end.
    is_over: bool,
}

impl Driver {
    pub(crate) fn new(
        options: Options,
        lines: Arc<Lines>,
        asks: mpsc::Receiver<Ask>,
        events: mpsc::Sender<ClientEvent>,
        token: watch::Sender<Option<String>>,
        runtime: &Handle,
    ) -> Self {
        let now = Instant::now();
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let epoch = (now, u64::try_from(since_1970.as_millis()).unwrap_or(u64::MAX));
        let config = Config { username: options.username.clone(), media: MediaState::default(), epoch };
        let (news_sender, news) = mpsc::channel(NEWS);
        let entrance = Entrance::new(options.clone());
        Self {
            session: Session::new(config, rand::random(), now),
            engine: Arc::new(Engine::new(options.loopback || http::is_loopback(&options.server), runtime.clone())),
            seat: entrance.seat_before(),
            entrance,
            token,
            ice_servers: Vec::new(),
            link: ServerLink::None,
            peers: BTreeMap::new(),
            lines,
            wishes: KeyframeWishes::default(),
            spacing: Spacing::default(),
            asks,
            news_sender,
            news,
            events,
            waiting: VecDeque::new(),
            bitrates: BTreeMap::new(),
            sound_loss: 0,
            work: JoinSet::new(),
            last_words: JoinSet::new(),
            said_bye: false,
            is_over: false,
        }
    }

    /// Until the session is over, or nobody is left who cares.
    pub(crate) async fn run(mut self) {
        let mut figures = tokio::time::interval(FIGURES_EVERY);
        figures.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            while let Some(effect) = self.session.poll_effect() {
                self.perform(effect);
            }
            if self.is_over {
                return self.say_farewell().await;
            }
            let Some(input) = self.next(&mut figures).await else { return };
            if !self.handle(input) {
                return;
            }
        }
    }

    /// Waits for the next thing to happen; `None` when the handle is gone.
    async fn next(&mut self, figures: &mut Interval) -> Option<Input> {
        let timeout = self.session.poll_timeout();
        let keyframe = async {
            self.wishes.wished().await;
            sleep_until(self.spacing.due(Instant::now()).into()).await;
        };
        let link = async {
            match &mut self.link {
                ServerLink::Up(link) => link.event().await,
                ServerLink::None | ServerLink::Connecting(_) => std::future::pending().await,
            }
        };
        tokio::select! {
            ask = self.asks.recv() => ask.map(Input::Ask),
            // A task that was called off is no news.
            Some(Ok(done)) = self.work.join_next() => Some(Input::Done(done)),
            event = link => Some(Input::Link(event)),
            Some(news) = self.news.recv() => Some(Input::Peer(news)),
            () = keyframe => Some(Input::Keyframe),
            _ = figures.tick() => Some(Input::Figures),
            () = sleep_until(timeout.unwrap_or_else(Instant::now).into()), if timeout.is_some() => Some(Input::Timeout),
            permit = self.events.reserve(), if !self.waiting.is_empty() => {
                let told = permit.is_ok();
                if let (Ok(permit), Some(event)) = (permit, self.waiting.pop_front()) {
                    permit.send(event);
                }
                Some(Input::Told(told))
            }
        }
    }

    /// `false`: there is nobody left to tell.
    fn handle(&mut self, input: Input) -> bool {
        let now = Instant::now();
        match input {
            Input::Ask(Ask::Command(command)) => self.session.handle_command(command, now),
            Input::Ask(Ask::RequestKeyframe(client, kind)) => self.request_keyframe(&client, kind),
            Input::Done(done) => self.handle_done(done, now),
            Input::Link(LinkEvent::Frame(frame)) => self.session.handle_frame(&frame, now),
            Input::Link(LinkEvent::Down(reason)) => {
                self.link = ServerLink::None;
                self.session.handle_link_down(reason, now);
            }
            Input::Peer(news) => {
                if self.peers.get(&news.peer).is_some_and(|peer| peer.is_news(&news)) {
                    self.session.handle_peer(news.peer, news.event, now);
                }
            }
            Input::Keyframe => {
                self.spacing.passed(now);
                let clients = self.wishes.take().into_iter().collect();
                self.tell(ClientEvent::KeyframeWanted(clients));
            }
            Input::Figures => {
                self.tell_bitrates();
                self.tell_sound_loss();
            }
            Input::Timeout => self.session.handle_timeout(now),
            Input::Told(told) => return told,
        }
        self.waiting.len() <= WAITING_MAX
    }

    fn handle_done(&mut self, done: Done, now: Instant) {
        match done {
            Done::Joined(Outcome { answer, seat, doubt }) => {
                if let Some(doubt) = doubt {
                    self.tell(ClientEvent::Untrusted(doubt));
                }
                if let Some(seat) = seat {
                    if let Seat::Token(token) = &seat {
                        self.token.send_replace(Some(token.clone()));
                    }
                    self.seat = Some(seat);
                }
                self.session.handle_join_result(answer, now);
            }
            Done::Connected(result) => {
                // One that was called off in the last moment.
                if !matches!(self.link, ServerLink::Connecting(_)) {
                    return;
                }
                match result {
                    Ok(link) => {
                        self.link = ServerLink::Up(link);
                        self.session.handle_link_up(now);
                    }
                    Err(reason) => {
                        self.link = ServerLink::None;
                        self.session.handle_link_down(reason, now);
                    }
                }
            }
        }
    }

    fn request_keyframe(&mut self, client: &ClientId, kind: Kind) {
        for (key, peer) in &mut self.peers {
            if key.client == *client {
                peer.order(Order::RequestKeyframe(kind));
            }
        }
    }

    fn tell_bitrates(&mut self) {
        let bitrates = self.lines.bitrates();
        self.bitrates.retain(|client, _| bitrates.iter().any(|(connected, _)| connected == client));
        for (client, bps) in bitrates {
            let told = self.bitrates.get(&client);
            if told.is_none_or(|&told| (f64::from(bps) - f64::from(told)).abs() > f64::from(told) * BITRATE_STEP) {
                self.bitrates.insert(client.clone(), bps);
                self.tell(ClientEvent::Bitrate { client, bps });
            }
        }
    }

    fn tell_sound_loss(&mut self) {
        let loss = self.lines.sound_loss();
        if loss != std::mem::replace(&mut self.sound_loss, loss) {
            self.tell(ClientEvent::SoundLoss(loss));
        }
    }

    fn tell_session(&mut self, event: Event) {
        if let Event::Status(status) = &event {
            self.is_over |= status.is_final();
        }
        self.tell(ClientEvent::Session(event));
    }

    /// In order, and without ever waiting for the reader.
    fn tell(&mut self, event: ClientEvent) {
        if !self.waiting.is_empty() {
            return self.waiting.push_back(event);
        }
        if let Err(mpsc::error::TrySendError::Full(event)) = self.events.try_send(event) {
            self.waiting.push_back(event);
        }
    }

    /// The last words get out, and the last events to their reader, but not at any price.
    async fn say_farewell(mut self) {
        // Before the media's own copies of the sender, which end with the peers.
        self.peers.clear();
        self.work.abort_all();
        if !self.said_bye {
            self.give_seat_back();
        }
        let farewell = async {
            while self.last_words.join_next().await.is_some() {}
            for event in std::mem::take(&mut self.waiting) {
                if self.events.send(event).await.is_err() {
                    return;
                }
            }
        };
        let _ = tokio::time::timeout(FAREWELL_MAX, farewell).await;
    }
}
