//! Building a peer connection: addresses, timing of ICE, codecs, and the way its events come out.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use protocol::IceServer;
use rtc::ice::mdns::MulticastDnsMode;
use tokio::sync::mpsc;
use webrtc::data_channel::DataChannel;
use webrtc::media_stream::track_remote::TrackRemote;
use webrtc::peer_connection::{
    MediaEngine, PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler, RTCConfigurationBuilder,
    RTCIceCandidateInit, RTCIceGatheringState, RTCIceServer, RTCPeerConnectionIceEvent, RTCPeerConnectionState,
    Registry, SettingEngine, SettingEngineBuilder,
};
use webrtc::runtime::Runtime;

use super::tasks::ConnectionRuntime;
use super::{Engine, EngineError};

/// How often the candidate pairs are tried. The engine needs three rounds; its own 200 ms would cost 0.6 s a call.
const CHECK_INTERVAL: Duration = Duration::from_millis(20);
/// After so many checks a pair is given up: five seconds, for an answer that takes its time.
const CHECKS: u16 = 250;
/// ICE hears nothing for this long: disconnected. As long as a browser waits.
const DISCONNECTED: Duration = Duration::from_secs(5);
/// And for this long after that: failed.
const FAILED: Duration = Duration::from_secs(10);
const KEEP_ALIVE: Duration = Duration::from_secs(1);
/// A relay costs; a direct way gets this head start.
const RELAY_WAIT: Duration = Duration::from_millis(500);
/// Bytes that may wait in a data channel before its sender has to.
const CHANNEL_BYTES: usize = 1024 * 1024;
/// More events than a connection can have waiting: its candidates, states and tracks.
const EVENTS: usize = 128;

/// Something that happened to a connection.
pub(super) enum ConnectionEvent {
    Candidate(RTCIceCandidateInit),
    Gathered,
    State(RTCPeerConnectionState),
    Track(Arc<dyn TrackRemote>),
}

/// A peer connection; dropping it closes it.
pub(super) struct Connection {
    inner: Arc<dyn PeerConnection>,
    runtime: Arc<ConnectionRuntime>,
}

impl Connection {
    /// The description that is set next begins the set-up: it shall be quick.
    pub(super) fn hurry(&self) {
        self.runtime.hurry();
    }
}

impl Deref for Connection {
    type Target = dyn PeerConnection;

    fn deref(&self) -> &Self::Target {
        &*self.inner
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let inner = Arc::clone(&self.inner);
        self.runtime.spawn(Box::pin(async move {
            if let Err(error) = inner.close().await {
                tracing::debug!(%error, "closing a connection");
            }
        }));
    }
}

/// The codecs and the chain that media runs through; default for a connection without any.
#[derive(Default)]
pub(super) struct MediaSetup {
    pub(super) codecs: MediaEngine,
    pub(super) chain: Registry,
}

impl Engine {
    pub(super) async fn connect(
        &self,
        ice_servers: &[IceServer],
        media: MediaSetup,
    ) -> Result<(Connection, mpsc::Receiver<ConnectionEvent>), EngineError> {
        let (events, receiver) = mpsc::channel(EVENTS);
        let runtime = Arc::new(ConnectionRuntime::new(Arc::clone(&self.tasks)));
        let configuration = RTCConfigurationBuilder::new().with_ice_servers(usable(ice_servers)).build();
        let connection = PeerConnectionBuilder::new()
            .with_configuration(configuration)
            .with_media_engine(media.codecs)
            .with_interceptor_registry(media.chain)
            .with_setting_engine(settings(self.loopback))
            .with_runtime(Arc::clone(&runtime) as Arc<dyn Runtime>)
            .with_handler(Arc::new(Handler { events }))
            .with_udp_addrs(addresses(self.loopback))
            .with_data_channel_send_buffer_limit(CHANNEL_BYTES)
            .build()
            .await
            .map_err(|error| EngineError::Setup(error.to_string()))?;
        let connection = Connection { inner: Arc::new(connection), runtime };
        Ok((connection, receiver))
    }
}

fn settings(loopback: bool) -> SettingEngine {
    SettingEngineBuilder::new()
        .with_include_loopback_candidate(loopback)
        // A name ending in `.local` is ignored: the other side reaches us, and we learn its address from that.
        .with_multicast_dns_mode(MulticastDnsMode::Disabled)
        .with_ice_timeouts(Some(DISCONNECTED), Some(FAILED), Some(KEEP_ALIVE))
        .with_ice_connection_attempts(Some(CHECK_INTERVAL), Some(CHECKS))
        .with_host_acceptance_min_wait(Some(Duration::ZERO))
        .with_srflx_acceptance_min_wait(Some(Duration::ZERO))
        .with_prflx_acceptance_min_wait(Some(Duration::ZERO))
        .with_relay_acceptance_min_wait(Some(RELAY_WAIT))
        // An ICE restart answers a change of networks, so it takes the interfaces of now.
        .with_discard_local_candidates_during_ice_restart(true)
        .build()
}

/// Where sockets are bound. A wildcard stands for every interface that there is at the time, without the loopback; of a
/// family that no interface has it would become a candidate `0.0.0.0`, so it is left out.
fn addresses(loopback: bool) -> Vec<SocketAddr> {
    let interfaces: Vec<IpAddr> = rtc::shared::ifaces::ifaces()
        .map(|found| found.into_iter().filter_map(|interface| interface.addr).map(|addr| addr.ip()).collect())
        .unwrap_or_default();
    let usable = |ip: &&IpAddr| match ip {
        IpAddr::V4(v4) => !v4.is_loopback() && !v4.is_unspecified() && !v4.is_link_local(),
        IpAddr::V6(v6) => !v6.is_loopback() && !v6.is_unspecified() && v6.segments()[0] & 0xffc0 != 0xfe80,
    };
    let mut addresses = Vec::new();
    if interfaces.iter().filter(usable).any(IpAddr::is_ipv4) {
        addresses.push(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)));
    }
    if interfaces.iter().filter(usable).any(IpAddr::is_ipv6) {
        addresses.push(SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)));
    }
    if loopback || addresses.is_empty() {
        addresses.push(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
    }
    addresses
}

/// The servers that the engine can talk to: one that it cannot would make it refuse all of them.
fn usable(servers: &[IceServer]) -> Vec<RTCIceServer> {
    let mut usable = Vec::new();
    for server in servers {
        for url in &server.urls {
            let candidate = RTCIceServer {
                urls: vec![url.clone()],
                username: server.username.clone().unwrap_or_default(),
                credential: server.credential.clone().unwrap_or_default(),
            };
            if candidate.urls().is_ok() {
                usable.push(candidate);
            } else {
                tracing::debug!("an ICE server of no use");
            }
        }
    }
    usable
}

/// Called on the connection's own loop, so it never waits: the queue is longer than anything that can come.
struct Handler {
    events: mpsc::Sender<ConnectionEvent>,
}

impl Handler {
    fn tell(&self, event: ConnectionEvent) {
        if self.events.try_send(event).is_err() {
            tracing::debug!("an event of a connection that nobody listens to");
        }
    }
}

#[async_trait::async_trait]
impl PeerConnectionEventHandler for Handler {
    async fn on_ice_candidate(&self, event: RTCPeerConnectionIceEvent) {
        match event.candidate.to_json() {
            Ok(candidate) => self.tell(ConnectionEvent::Candidate(candidate)),
            Err(error) => tracing::debug!(%error, "a candidate that cannot be written"),
        }
    }

    async fn on_ice_gathering_state_change(&self, state: RTCIceGatheringState) {
        if state == RTCIceGatheringState::Complete {
            self.tell(ConnectionEvent::Gathered);
        }
    }

    async fn on_connection_state_change(&self, state: RTCPeerConnectionState) {
        self.tell(ConnectionEvent::State(state));
    }

    async fn on_track(&self, track: Arc<dyn TrackRemote>) {
        self.tell(ConnectionEvent::Track(track));
    }

    /// The channels that we use are ours; one that the other side opens is left alone.
    async fn on_data_channel(&self, _channel: Arc<dyn DataChannel>) {}
}
