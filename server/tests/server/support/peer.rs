//! A client's data channel, driven by a task: everything that a browser or a program does, and what they must not do.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use protocol::{Action, Address, ClientId, Envelope, Message, Moderate, Profile};
use str0m::change::{SdpAnswer, SdpPendingOffer};
use str0m::channel::ChannelId;
use str0m::net::{Protocol, Receive};
use str0m::{Candidate, Event, Input, Output, Rtc};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::{Site, Visitor};

/// Nothing that a test waits for takes this long.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a peer hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Heard {
    Open,
    Text(String),
    Binary(Vec<u8>),
    Closed,
}

enum Command {
    Send {
        binary: bool,
        bytes: Vec<u8>,
    },
    /// Opens another channel, which takes the place of the first.
    OpenChannel(String),
    Close,
    /// Neither sends nor receives any more.
    Freeze,
}

/// One side of a data channel, as a client has it.
pub(crate) struct Peer {
    commands: mpsc::Sender<Command>,
    heard: mpsc::Receiver<Heard>,
    _task: JoinSet<()>,
}

/// A peer that has offered and waits for the answer.
pub(crate) struct Offering {
    rtc: Rtc,
    socket: UdpSocket,
    pending: SdpPendingOffer,
    pub sdp: String,
}

impl Offering {
    /// With one data channel of this label, and the candidate of a socket on loopback.
    pub(crate) async fn new(label: &str) -> Self {
        Self::at(label, ([127, 0, 0, 1], 0).into()).await
    }

    pub(crate) async fn at(label: &str, address: SocketAddr) -> Self {
        str0m::crypto::from_feature_flags().install_process_default();
        let socket = UdpSocket::bind(address).await.expect("a socket");
        let mut rtc = Rtc::builder().clear_codecs().set_sctp_max_buffered_amount(8 * 1024 * 1024).build(Instant::now());
        let local = socket.local_addr().expect("its address");
        rtc.add_local_candidate(Candidate::host(local, "udp").expect("a candidate"));
        let mut change = rtc.sdp_api();
        change.add_channel(label.to_owned());
        let (offer, pending) = change.apply().expect("a change");
        Self { rtc, socket, pending, sdp: offer.to_sdp_string() }
    }

    pub(crate) fn answered(self, answer: &str) -> Peer {
        let Self { mut rtc, socket, pending, .. } = self;
        let answer = SdpAnswer::from_sdp_string(answer).expect("an answer");
        rtc.sdp_api().accept_answer(pending, answer).expect("an acceptable answer");
        let (commands, orders) = mpsc::channel(1024);
        let (teller, heard) = mpsc::channel(65536);
        let mut task = JoinSet::new();
        task.spawn(Driver { rtc, socket, channel: None, teller }.run(orders));
        Peer { commands, heard, _task: task }
    }
}

impl Peer {
    /// Takes a seat in a room as a program does, connects, and waits for the greeting.
    pub(crate) async fn join(site: &Site, room: &str) -> (Self, String) {
        let visitor = Visitor::of(site);
        let seat = visitor.join(room).await;
        let visitor = visitor.saying("authorization", &format!("Bearer {}", seat.token));
        let mut peer = Self::connect(&visitor, &format!("/api/v1/rooms/{room}")).await;
        peer.greeted().await;
        (peer, seat.client_id.to_string())
    }

    /// Takes the seat that `visitor` may have, connects, and announces everything that this version understands.
    /// The password of every room in these tests is `sesame`.
    pub(crate) async fn enter(visitor: &Visitor, room: &str, name: &str) -> Self {
        let joined = visitor.try_join(room, &serde_json::json!({"password": "sesame"})).await;
        assert!(joined.status.is_success(), "{}", joined.text);
        let mut peer = Self::connect(visitor, &format!("/api/v1/rooms/{room}")).await;
        peer.greeted().await;
        let capabilities = ["events", "moderation", "chat"].map(|name| name.to_owned().into()).to_vec();
        let profile = Profile { username: name.to_owned(), capabilities };
        peer.say(Address::GroundControl, &Message::Profile(profile)).await;
        peer.settle().await;
        peer
    }

    /// Has something done that only some may do.
    pub(crate) async fn moderate(&mut self, action: Action, client: Option<&ClientId>, address: bool) {
        let wish = Moderate { action, client: client.cloned(), address };
        self.say(Address::GroundControl, &Message::Moderate(wish)).await;
        self.settle().await;
    }

    /// Exchanges offer and answer for a seat that `visitor` has; waits for the open channel.
    pub(crate) async fn connect(visitor: &Visitor, path: &str) -> Self {
        let offering = Offering::new("data").await;
        let answer = visitor.offer(path, &offering.sdp).await.unwrap_or_else(|page| panic!("{}", page.text));
        let mut peer = offering.answered(&answer);
        assert_eq!(peer.hear().await, Heard::Open);
        peer
    }

    pub(crate) async fn greeted(&mut self) {
        let greeting = self.next().await;
        assert_eq!((greeting.kind.as_str(), greeting.sender), ("greeting", Some(Address::GroundControl)));
    }

    pub(crate) async fn hear(&mut self) -> Heard {
        tokio::time::timeout(PATIENCE, self.heard.recv()).await.expect("something to hear").unwrap_or(Heard::Closed)
    }

    /// The next text frame.
    pub(crate) async fn next(&mut self) -> Envelope {
        match self.hear().await {
            Heard::Text(frame) => Envelope::parse(frame.as_bytes()).expect("an envelope"),
            other => panic!("heard {other:?}"),
        }
    }

    /// The next frame of a type; what comes before is dropped.
    pub(crate) async fn next_of(&mut self, kind: &str) -> Envelope {
        loop {
            let envelope = self.next().await;
            if envelope.kind == kind {
                return envelope;
            }
        }
    }

    /// Waits for the end of the connection; the frames that came before it.
    pub(crate) async fn until_closed(&mut self) -> Vec<Envelope> {
        let mut before = Vec::new();
        loop {
            match self.hear().await {
                Heard::Text(frame) => before.push(Envelope::parse(frame.as_bytes()).expect("an envelope")),
                Heard::Closed => return before,
                Heard::Open | Heard::Binary(_) => {}
            }
        }
    }

    pub(crate) async fn say(&self, to: Address, message: &Message) {
        self.send(Envelope::new(None, to, message).to_json()).await;
    }

    pub(crate) async fn send(&self, frame: impl Into<String>) {
        self.command(Command::Send { binary: false, bytes: frame.into().into_bytes() }).await;
    }

    pub(crate) async fn send_bytes(&self, binary: bool, bytes: Vec<u8>) {
        self.command(Command::Send { binary, bytes }).await;
    }

    pub(crate) async fn open_channel(&self, label: &str) {
        self.command(Command::OpenChannel(label.to_owned())).await;
    }

    /// Ends the connection as a closed tab does.
    pub(crate) async fn close(&self) {
        self.command(Command::Close).await;
    }

    /// Stays, but neither sends nor receives any more.
    pub(crate) async fn freeze(&self) {
        self.command(Command::Freeze).await;
    }

    /// Asks the server something and waits for the answer: what was sent before it has been dealt with by then.
    pub(crate) async fn settle(&mut self) {
        self.say(Address::GroundControl, &Message::Ping(serde_json::json!("settle"))).await;
        while self.next_of("pong").await.data != "settle" {}
    }

    async fn command(&self, command: Command) {
        // A peer whose connection is over has nobody to tell: the test sees that in what it hears.
        let _ = self.commands.send(command).await;
    }
}

struct Driver {
    rtc: Rtc,
    socket: UdpSocket,
    channel: Option<ChannelId>,
    teller: mpsc::Sender<Heard>,
}

impl Driver {
    async fn run(mut self, mut orders: mpsc::Receiver<Command>) {
        let mut buffer = vec![0; 2048];
        let local = self.socket.local_addr().expect("its address");
        let _ = self.rtc.handle_input(Input::Timeout(Instant::now()));
        loop {
            let Some(wake) = self.drain().await else { return };
            tokio::select! {
                received = self.socket.recv_from(&mut buffer) => {
                    let Ok((length, source)) = received else { continue };
                    self.receive(source, local, &buffer[..length]);
                }
                order = orders.recv() => match order {
                    Some(Command::Freeze) => return std::future::pending().await,
                    Some(order) => self.obey(order),
                    None => return,
                },
                () = tokio::time::sleep_until(wake.into()) => {
                    let _ = self.rtc.handle_input(Input::Timeout(Instant::now()));
                }
            }
        }
    }

    fn receive(&mut self, source: SocketAddr, destination: SocketAddr, bytes: &[u8]) {
        if let Ok(receive) = Receive::new(Protocol::Udp, source, destination, bytes) {
            let _ = self.rtc.handle_input(Input::Receive(Instant::now(), receive));
        }
    }

    fn obey(&mut self, order: Command) {
        match order {
            Command::Send { binary, bytes } => {
                let channel = self.channel.and_then(|channel| self.rtc.channel(channel));
                let written = channel.map(|mut channel| channel.write(binary, &bytes));
                assert!(matches!(written, Some(Ok(true))), "the frame must go out: {written:?}");
            }
            Command::OpenChannel(label) => {
                let config = str0m::channel::ChannelConfig { label, ..Default::default() };
                self.rtc.direct_api().create_data_channel(config);
            }
            Command::Close => drop(self.rtc.close()),
            Command::Freeze => {}
        }
    }

    /// `None` when the connection is over.
    async fn drain(&mut self) -> Option<Instant> {
        loop {
            match self.rtc.poll_output() {
                Ok(Output::Timeout(_)) | Err(_) if !self.rtc.is_alive() => {
                    let _ = self.teller.send(Heard::Closed).await;
                    return None;
                }
                Ok(Output::Timeout(at)) => return Some(at),
                Ok(Output::Transmit(datagram)) => {
                    let _ = self.socket.send_to(&datagram.contents, datagram.destination).await;
                }
                Ok(Output::Event(event)) => self.tell(event).await,
                Err(error) => panic!("the peer's engine failed: {error}"),
            }
        }
    }

    async fn tell(&mut self, event: Event) {
        let heard = match event {
            Event::ChannelOpen(channel, _) => {
                self.channel = Some(channel);
                Heard::Open
            }
            Event::ChannelData(data) if data.binary => Heard::Binary(data.data),
            Event::ChannelData(data) => Heard::Text(String::from_utf8(data.data).expect("text in UTF-8")),
            Event::Closed | Event::ChannelClose(_) => Heard::Closed,
            _ => return,
        };
        let _ = self.teller.send(heard).await;
    }
}
