//! The one UDP socket of all clients. Answers leave from the very address that was asked, also on a machine with several.

use std::io::{self, IoSliceMut};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use quinn_udp::{BATCH_SIZE, RecvMeta, Transmit, UdpSocketState};
use tokio::io::Interest;
use tokio::net::UdpSocket;

/// No datagram of WebRTC is larger (RFC 8831 and RFC 9147 stay below the usual 1500 bytes).
const DATAGRAM_BYTES: usize = 2048;
/// Room for a burst of many clients at once; the system may give less.
const BUFFER_BYTES: usize = 4 * 1024 * 1024;

/// A bound UDP socket.
pub(crate) struct Socket {
    socket: UdpSocket,
    state: UdpSocketState,
    local: SocketAddr,
}

/// One datagram that came in.
pub(crate) struct Datagram<'a> {
    pub source: SocketAddr,
    /// Which of this machine's addresses it came to, where the system says so.
    pub to: Option<IpAddr>,
    pub bytes: &'a [u8],
}

/// Where datagrams land; kept by the caller, so that nothing is allocated for each.
pub(crate) struct Inbox {
    buffer: Vec<u8>,
    slot: usize,
}

impl Socket {
    pub(crate) async fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = UdpSocket::bind(address).await?;
        let state = UdpSocketState::new((&socket).into())?;
        // Smaller buffers only mean that a burst loses more: not worth failing for.
        let _ = state.set_recv_buffer_size((&socket).into(), BUFFER_BYTES);
        let _ = state.set_send_buffer_size((&socket).into(), BUFFER_BYTES);
        let local = socket.local_addr()?;
        Ok(Self { socket, state, local })
    }

    pub(crate) fn local_addr(&self) -> SocketAddr {
        self.local
    }

    pub(crate) fn inbox(&self) -> Inbox {
        let slot = DATAGRAM_BYTES * self.state.gro_segments();
        Inbox { buffer: vec![0; slot * BATCH_SIZE], slot }
    }

    /// Waits until something came in.
    pub(crate) async fn readable(&self) -> io::Result<()> {
        self.socket.readable().await
    }

    /// Takes what came in, a batch at most; `false` if nothing had.
    pub(crate) fn receive(&self, inbox: &mut Inbox, mut each: impl FnMut(Datagram<'_>)) -> bool {
        let mut metas = [RecvMeta::default(); BATCH_SIZE];
        let slot = inbox.slot;
        let received = self.socket.try_io(Interest::READABLE, || {
            let mut slices: Vec<IoSliceMut<'_>> = inbox.buffer.chunks_mut(slot).map(IoSliceMut::new).collect();
            self.state.recv((&self.socket).into(), &mut slices, &mut metas)
        });
        // Errors here are a peer's ICMP or a passing shortage: the next datagram is not worse for it.
        let Ok(count) = received else { return false };
        for (meta, slot) in metas.iter().zip(inbox.buffer.chunks(slot)).take(count) {
            let source = SocketAddr::new(meta.addr.ip().to_canonical(), meta.addr.port());
            let to = meta.dst_ip.map(|ip| ip.to_canonical());
            for bytes in slot[..meta.len].chunks(meta.stride.max(1)) {
                each(Datagram { source, to, bytes });
            }
        }
        true
    }

    /// Sends at once or not at all: what is lost is sent again by the layers above.
    pub(crate) fn send(&self, destination: SocketAddr, from: Option<IpAddr>, contents: &[u8]) {
        let transmit = Transmit {
            destination: SocketAddr::new(self.in_family(destination.ip()), destination.port()),
            ecn: None,
            contents,
            segment_size: None,
            src_ip: from.map(|ip| self.in_family(ip)),
        };
        let sent = self.socket.try_io(Interest::WRITABLE, || self.state.try_send((&self.socket).into(), &transmit));
        if let Err(error) = sent {
            tracing::debug!(%error, "a datagram was not sent");
        }
    }

    /// A socket of IPv6 writes IPv4 addresses in its own way (RFC 4291, section 2.5.5.2).
    fn in_family(&self, ip: IpAddr) -> IpAddr {
        match ip {
            IpAddr::V4(ip) if self.local.is_ipv6() => IpAddr::V6(ip.to_ipv6_mapped()),
            ip => ip,
        }
    }

    /// The addresses for an answer: where a client can reach this socket, as far as this machine knows, and `public` ones.
    pub(crate) fn host_addresses(&self, public: &[IpAddr]) -> io::Result<Vec<SocketAddr>> {
        let mut addresses = Vec::new();
        if self.local.ip().is_unspecified() {
            addresses.extend(if_addrs::get_if_addrs()?.into_iter().map(|interface| interface.ip()));
            addresses.push(Ipv4Addr::LOCALHOST.into());
            addresses.push(Ipv6Addr::LOCALHOST.into());
        } else {
            addresses.push(self.local.ip());
        }
        addresses.extend(public);
        addresses.retain(|ip| self.local.is_ipv6() || ip.is_ipv4());
        addresses.retain(|ip| !is_link_local(ip) && !ip.is_unspecified());
        let mut seen = std::collections::BTreeSet::new();
        addresses.retain(|ip| seen.insert(*ip));
        Ok(addresses.into_iter().map(|ip| SocketAddr::new(ip, self.local.port())).collect())
    }
}

/// An address that means nothing without its interface's name.
fn is_link_local(ip: &IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn bound(address: &str) -> Socket {
        Socket::bind(address.parse().unwrap()).await.unwrap()
    }

    #[tokio::test]
    async fn a_loopback_socket_offers_loopback_and_the_public_addresses() {
        let socket = bound("127.0.0.1:0").await;
        let port = socket.local_addr().port();
        let public = ["203.0.113.7".parse().unwrap()];
        let expected = [format!("127.0.0.1:{port}"), format!("203.0.113.7:{port}")].map(|a| a.parse().unwrap());
        assert_eq!(socket.host_addresses(&public).unwrap(), expected);
    }

    #[tokio::test]
    async fn a_wildcard_socket_offers_every_interface_and_loopback() {
        let socket = bound("0.0.0.0:0").await;
        let addresses = socket.host_addresses(&[]).unwrap();
        assert!(addresses.contains(&SocketAddr::new(Ipv4Addr::LOCALHOST.into(), socket.local_addr().port())));
        assert!(addresses.iter().all(|address| address.is_ipv4() && !address.ip().is_unspecified()));
    }

    #[tokio::test]
    async fn an_answer_leaves_from_the_address_that_was_asked() {
        let server = bound("0.0.0.0:0").await;
        let client = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        // Not the address that the system would choose by itself.
        let asked: SocketAddr = format!("127.0.0.2:{}", server.local_addr().port()).parse().unwrap();
        client.send_to(b"hello", asked).await.unwrap();
        server.readable().await.unwrap();
        let mut inbox = server.inbox();
        assert!(server.receive(&mut inbox, |datagram| {
            assert_eq!(datagram.bytes, b"hello");
            server.send(datagram.source, datagram.to, b"yes?");
        }));
        let mut answer = [0; 16];
        assert_eq!(client.recv_from(&mut answer).await.unwrap(), (4, asked));
    }
}
