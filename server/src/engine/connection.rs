//! One client's WebRTC connection: the only file that names the WebRTC engine (`str0m`).

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use protocol::{ClientId, RoomId};
use rooms::SessionId;
use str0m::change::SdpOffer;
use str0m::channel::ChannelId;
use str0m::net::{Protocol, Receive};
use str0m::{Candidate, Event, IceConnectionState, Input, Output, Rtc, RtcConfig, RtcError};

use super::offer::OfferError;

/// A client that opens more channels than this is not one of ours.
const CHANNELS_MAX: usize = 8;
/// A channel that is being closed may take this long to get out what waits in it.
const FINISHING_MAX: Duration = Duration::from_secs(2);

/// What all connections have in common: one certificate, the limits, and the addresses for the answers.
pub(crate) struct Factory {
    config: RtcConfig,
    candidates: Vec<SocketAddr>,
}

/// Whose connection it is.
#[derive(Debug, Clone)]
pub(crate) struct Owner {
    pub room: RoomId,
    pub session: SessionId,
    pub client: ClientId,
    /// Who posted the offer.
    pub from: IpAddr,
}

/// What a connection has to say.
#[derive(Debug)]
pub(crate) enum Happening {
    /// Its channel opened; also when a newer channel takes the place of the last.
    Opened,
    Frame(Vec<u8>),
    /// A binary frame, which the protocol does not have.
    Binary,
    /// It is over; nothing more comes.
    Closed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// No channel yet; given up at `until`.
    HalfOpen {
        until: Instant,
    },
    Open {
        channel: ChannelId,
    },
    /// Closed as soon as everything is out, at `until` at the latest.
    Finishing {
        channel: ChannelId,
        until: Instant,
    },
    Closed,
}

/// Why a frame could not be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SendError {
    /// There is no open channel.
    NotOpen,
    /// More waits for this client than is allowed.
    Backlog,
    /// The frame is larger than the client said it takes.
    TooLarge,
}

/// One connection, from its offer to its end.
pub(crate) struct Connection {
    pub owner: Owner,
    rtc: Rtc,
    phase: Phase,
    /// [`Happening::Closed`] was said.
    end_told: bool,
    channels: usize,
    wake: Instant,
    canonical: Vec<SocketAddr>,
}

impl Factory {
    /// `candidates`: the addresses under which clients reach the socket. `backlog`: bytes that may wait for a client.
    pub(crate) fn new(candidates: Vec<SocketAddr>, backlog: usize) -> Self {
        let provider = str0m::crypto::from_feature_flags();
        let mut config = RtcConfig::new().set_ice_lite(true).set_sctp_max_buffered_amount(backlog).clear_codecs();
        // One certificate for all: making one takes longer than everything else about an offer.
        if let Some(certificate) = provider.dtls_provider.generate_certificate() {
            config = config.set_dtls_cert(certificate);
        }
        provider.install_process_default();
        Self { config, candidates }
    }

    /// Of connections to come.
    pub(crate) fn set_backlog(&mut self, backlog: usize) {
        self.config = self.config.clone().set_sctp_max_buffered_amount(backlog);
    }

    /// Takes an offer that [`prepare`](super::offer::prepare) has checked. The answer is complete.
    pub(crate) fn accept(
        &self,
        owner: Owner,
        offer: &str,
        half_open: Duration,
        now: Instant,
    ) -> Result<(Connection, String), OfferError> {
        let offer = SdpOffer::from_sdp_string(offer).map_err(|_| OfferError::Unreadable)?;
        let mut rtc = self.config.clone().build(now);
        for address in &self.candidates {
            if let Ok(candidate) = Candidate::host(*address, "udp") {
                rtc.add_local_candidate(candidate);
            }
        }
        let answer = rtc.sdp_api().accept_offer(offer).map_err(|_| OfferError::Unreadable)?;
        let phase = Phase::HalfOpen { until: now + half_open };
        let canonical = self.candidates.clone();
        let connection = Connection { owner, rtc, phase, end_told: false, channels: 0, wake: now, canonical };
        Ok((connection, answer.to_sdp_string()))
    }
}

impl Connection {
    /// What a client writes first in the user name of its checks to us.
    pub(crate) fn fragment(&mut self) -> String {
        self.rtc.direct_api().local_ice_credentials().ufrag
    }

    /// When [`Self::handle_timeout`] wants to be called.
    pub(crate) fn wake(&self) -> Instant {
        match self.phase {
            Phase::HalfOpen { until } | Phase::Finishing { until, .. } => self.wake.min(until),
            Phase::Open { .. } | Phase::Closed => self.wake,
        }
    }

    pub(crate) fn is_half_open(&self) -> bool {
        matches!(self.phase, Phase::HalfOpen { .. })
    }

    /// Is this datagram for this connection: a check signed with what the answer said, or from where it came before?
    pub(crate) fn accepts(&self, source: SocketAddr, to: Option<IpAddr>, bytes: &[u8], now: Instant) -> bool {
        self.input(source, to, bytes, now).is_some_and(|input| self.rtc.accepts(&input))
    }

    /// Feeds a datagram. `false` if it is not for this connection.
    pub(crate) fn handle_datagram(
        &mut self,
        source: SocketAddr,
        to: Option<IpAddr>,
        bytes: &[u8],
        now: Instant,
    ) -> bool {
        let Some(input) = self.input(source, to, bytes, now).filter(|input| self.rtc.accepts(input)) else {
            return false;
        };
        if self.rtc.handle_input(input).is_err() {
            self.drop_dead();
        }
        true
    }

    fn input<'a>(&self, source: SocketAddr, to: Option<IpAddr>, bytes: &'a [u8], now: Instant) -> Option<Input<'a>> {
        let receive = Receive::new(Protocol::Udp, source, self.destination(source, to)?, bytes).ok()?;
        Some(Input::Receive(now, receive))
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        if let Phase::HalfOpen { until } | Phase::Finishing { until, .. } = self.phase
            && until <= now
        {
            return self.shut_down();
        }
        if self.rtc.handle_input(Input::Timeout(now)).is_err() {
            self.drop_dead();
        }
    }

    /// Queues a text frame on the current channel.
    pub(crate) fn send(&mut self, frame: &str) -> Result<(), SendError> {
        let Phase::Open { channel } = self.phase else { return Err(SendError::NotOpen) };
        let mut channel = self.rtc.channel(channel).ok_or(SendError::NotOpen)?;
        match channel.write(false, frame.as_bytes()) {
            Ok(true) => Ok(()),
            Ok(false) => Err(SendError::Backlog),
            Err(_) => Err(SendError::TooLarge),
        }
    }

    /// Closes once everything is out that was sent.
    pub(crate) fn finish(&mut self, now: Instant) {
        match self.phase {
            Phase::Open { channel } => self.phase = Phase::Finishing { channel, until: now + FINISHING_MAX },
            Phase::HalfOpen { .. } => self.shut_down(),
            Phase::Finishing { .. } | Phase::Closed => {}
        }
    }

    /// Closes now; the other side is told.
    pub(crate) fn shut_down(&mut self) {
        // An error means that the engine was not up yet: then there is nobody to tell.
        if self.rtc.close().is_err() {
            self.rtc.disconnect();
        }
        self.phase = Phase::Closed;
    }

    /// Takes everything out of the engine, as it wants after each thing that it is told.
    pub(crate) fn drain(&mut self, mut transmit: impl FnMut(SocketAddr, &[u8]), happenings: &mut VecDeque<Happening>) {
        loop {
            match self.rtc.poll_output() {
                Ok(Output::Timeout(at)) if self.is_finished() => {
                    self.wake = at;
                    self.shut_down();
                }
                Ok(Output::Timeout(at)) => {
                    self.wake = at;
                    break;
                }
                Ok(Output::Transmit(datagram)) => transmit(datagram.destination, &datagram.contents),
                Ok(Output::Event(event)) => self.handle_event(event, happenings),
                Err(error) => self.end_with(&error),
            }
        }
        if !self.rtc.is_alive() {
            self.phase = Phase::Closed;
        }
        if self.phase == Phase::Closed && !std::mem::replace(&mut self.end_told, true) {
            happenings.push_back(Happening::Closed);
        }
    }

    fn handle_event(&mut self, event: Event, happenings: &mut VecDeque<Happening>) {
        match event {
            Event::ChannelOpen(channel, _) => self.open_channel(channel, happenings),
            Event::ChannelData(data) if self.current() == Some(data.id) => happenings.push_back(match data.binary {
                true => Happening::Binary,
                false => Happening::Frame(data.data),
            }),
            Event::ChannelClose(channel) if self.current() == Some(channel) => self.shut_down(),
            Event::Closed => self.phase = Phase::Closed,
            Event::IceConnectionStateChange(IceConnectionState::Disconnected) => self.shut_down(),
            _ => {}
        }
    }

    /// The newest channel is the current one, whatever its label.
    fn open_channel(&mut self, channel: ChannelId, happenings: &mut VecDeque<Happening>) {
        self.channels += 1;
        match self.phase {
            Phase::HalfOpen { .. } | Phase::Open { .. } if self.channels <= CHANNELS_MAX => {
                self.phase = Phase::Open { channel };
                happenings.push_back(Happening::Opened);
            }
            Phase::HalfOpen { .. } | Phase::Open { .. } => self.shut_down(),
            Phase::Finishing { .. } | Phase::Closed => {}
        }
    }

    fn current(&self) -> Option<ChannelId> {
        match self.phase {
            Phase::Open { channel } => Some(channel),
            Phase::HalfOpen { .. } | Phase::Finishing { .. } | Phase::Closed => None,
        }
    }

    /// Everything that was sent before [`Self::finish`] has arrived.
    fn is_finished(&mut self) -> bool {
        let Phase::Finishing { channel, .. } = self.phase else { return false };
        self.rtc.channel(channel).is_none_or(|mut channel| channel.buffered_amount() == 0)
    }

    fn end_with(&mut self, error: &RtcError) {
        tracing::debug!(%error, "a connection failed");
        self.drop_dead();
    }

    fn drop_dead(&mut self) {
        self.rtc.disconnect();
    }

    /// Which of our candidates a datagram came to; an address that we did not know of stands for the first of its family.
    fn destination(&self, source: SocketAddr, to: Option<IpAddr>) -> Option<SocketAddr> {
        let exact = to.and_then(|to| self.canonical.iter().find(|candidate| candidate.ip() == to));
        exact.or_else(|| self.canonical.iter().find(|candidate| candidate.is_ipv4() == source.is_ipv4())).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HALF_OPEN: Duration = Duration::from_secs(15);

    type End = fn(&mut Connection, Instant);

    fn offered(now: Instant) -> Connection {
        let factory = Factory::new(vec!["127.0.0.1:9".parse().unwrap()], 1024);
        let mut client = Rtc::new(now);
        let mut change = client.sdp_api();
        change.add_channel("data".into());
        let (offer, _) = change.apply().unwrap();
        let owner = Owner {
            room: RoomId::parse("demo").unwrap(),
            session: SessionId::new([7; 32]),
            client: ClientId::new("ann"),
            from: [127, 0, 0, 1].into(),
        };
        let (mut connection, _) = factory.accept(owner, &offer.to_sdp_string(), HALF_OPEN, now).unwrap();
        connection.handle_timeout(now);
        assert!(ends(&mut connection).is_empty());
        connection
    }

    fn ends(connection: &mut Connection) -> VecDeque<Happening> {
        let mut happenings = VecDeque::new();
        connection.drain(|_, _| {}, &mut happenings);
        happenings
    }

    #[test]
    fn an_end_is_told_once_whatever_brought_it() {
        let now = Instant::now();
        let endings: [(&str, End); 4] = [
            ("given up", |connection, now| connection.handle_timeout(now + HALF_OPEN)),
            ("shut down", |connection, _| connection.shut_down()),
            ("finished", |connection, now| connection.finish(now)),
            ("failed", |connection, _| connection.drop_dead()),
        ];
        for (name, end) in endings {
            let mut connection = offered(now);
            end(&mut connection, now);
            assert!(matches!(ends(&mut connection).make_contiguous(), [Happening::Closed]), "{name}");
            connection.shut_down();
            assert!(ends(&mut connection).is_empty(), "{name}");
        }
    }

    #[test]
    fn a_half_open_connection_wakes_for_its_end() {
        let now = Instant::now();
        let mut connection = offered(now);
        assert!(connection.wake() <= now + HALF_OPEN);
        connection.handle_timeout(now + HALF_OPEN - Duration::from_millis(1));
        assert!(ends(&mut connection).is_empty() && connection.is_half_open());
    }
}
