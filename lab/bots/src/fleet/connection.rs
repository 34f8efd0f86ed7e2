//! One member's WebRTC connection with its data channel (`str0m`).

use std::net::SocketAddr;
use std::sync::OnceLock;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use str0m::change::{SdpAnswer, SdpPendingOffer};
use str0m::channel::ChannelId;
use str0m::net::{Protocol, Receive};
use str0m::{Candidate, Event, Input, Output, Rtc, RtcConfig};

/// What a connection has to say.
#[derive(Debug)]
pub(super) enum Happening {
    Opened,
    Frame(Vec<u8>),
    Closed,
}

/// Someone who has offered and waits for the answer.
pub(super) struct Offering {
    rtc: Rtc,
    pending: SdpPendingOffer,
    local: SocketAddr,
    pub sdp: String,
}

/// An answered connection.
pub(super) struct Connection {
    rtc: Rtc,
    local: SocketAddr,
    channel: Option<ChannelId>,
    wake: Instant,
}

impl Offering {
    pub(super) fn new(local: SocketAddr) -> Result<Self> {
        let now = Instant::now();
        let mut rtc = config().clone().build(now);
        rtc.add_local_candidate(Candidate::host(local, "udp")?);
        let mut change = rtc.sdp_api();
        change.add_channel("data".to_owned());
        let (offer, pending) = change.apply().context("an offer")?;
        Ok(Self { rtc, pending, local, sdp: offer.to_sdp_string() })
    }

    pub(super) fn answered(mut self, answer: &str) -> Result<Connection> {
        let answer = SdpAnswer::from_sdp_string(answer)?;
        self.rtc.sdp_api().accept_answer(self.pending, answer)?;
        Ok(Connection { rtc: self.rtc, local: self.local, channel: None, wake: Instant::now() })
    }
}

/// One certificate for all of them: making one is work that a real client does before it joins.
fn config() -> &'static RtcConfig {
    static CONFIG: OnceLock<RtcConfig> = OnceLock::new();
    CONFIG.get_or_init(|| {
        let provider = str0m::crypto::from_feature_flags();
        let mut config = RtcConfig::new().clear_codecs();
        if let Some(certificate) = provider.dtls_provider.generate_certificate() {
            config = config.set_dtls_cert(certificate);
        }
        provider.install_process_default();
        config
    })
}

impl Connection {
    /// When [`Self::handle_timeout`] wants to be called.
    pub(super) fn wake(&self) -> Instant {
        self.wake
    }

    pub(super) fn handle_datagram(&mut self, source: SocketAddr, bytes: &[u8], now: Instant) -> Result<()> {
        let receive = Receive::new(Protocol::Udp, source, self.local, bytes)?;
        Ok(self.rtc.handle_input(Input::Receive(now, receive))?)
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) -> Result<()> {
        Ok(self.rtc.handle_input(Input::Timeout(now))?)
    }

    pub(super) fn send(&mut self, frame: &str) -> Result<()> {
        match self.offer(false, frame.as_bytes())? {
            true => Ok(()),
            false => bail!("the server does not read"),
        }
    }

    /// `false`: there is no place for it at the moment.
    pub(super) fn offer(&mut self, is_binary: bool, frame: &[u8]) -> Result<bool> {
        let mut channel = self.channel.and_then(|id| self.rtc.channel(id)).context("no open channel")?;
        Ok(channel.write(is_binary, frame)?)
    }

    /// Takes everything out of the engine, as it wants after each thing that it is told.
    pub(super) fn drain(
        &mut self,
        mut transmit: impl FnMut(SocketAddr, &[u8]),
        happenings: &mut Vec<Happening>,
    ) -> Result<()> {
        loop {
            match self.rtc.poll_output()? {
                Output::Timeout(at) => {
                    self.wake = at;
                    if !self.rtc.is_alive() {
                        happenings.push(Happening::Closed);
                    }
                    return Ok(());
                }
                Output::Transmit(datagram) => transmit(datagram.destination, &datagram.contents),
                Output::Event(Event::ChannelOpen(channel, _)) => {
                    self.channel = Some(channel);
                    happenings.push(Happening::Opened);
                }
                Output::Event(Event::ChannelData(data)) => happenings.push(Happening::Frame(data.data)),
                Output::Event(Event::ChannelClose(_) | Event::Closed) => happenings.push(Happening::Closed),
                Output::Event(_) => {}
            }
        }
    }
}
