//! The thread of a fleet: waits for a datagram, an order or the time, and lets the members do what comes of it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::IoSliceMut;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use anyhow::Result;
use protocol::ClientId;
use quinn_udp::{BATCH_SIZE, RecvMeta, Transmit, UdpSocketState};
use tokio::io::Interest;
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, oneshot};

use super::connection::{Connection, Happening};
use super::member::{Habits, Member};
use super::tally::{Notes, Tally};
use super::{Farewell, MemberId};

const DATAGRAM_BYTES: usize = 2048;
/// All members share it.
const BUFFER_BYTES: usize = 16 * 1024 * 1024;
/// No member is asked again sooner.
const REST: Duration = Duration::from_micros(100);

pub(super) enum Order {
    Enter {
        id: MemberId,
        client: ClientId,
        connection: Box<Connection>,
        habits: Habits,
        started: Instant,
        teller: oneshot::Sender<Duration>,
    },
    Depart {
        id: MemberId,
        farewell: Farewell,
    },
    LetTalk(bool),
    Tally {
        reply: oneshot::Sender<Tally>,
    },
}

pub(super) struct Driver {
    socket: UdpSocket,
    state: UdpSocketState,
    members: BTreeMap<MemberId, Entry>,
    wakes: BTreeSet<(Instant, MemberId)>,
    notes: Notes,
}

struct Entry {
    member: Member,
    /// Where it stands in the list of wakes.
    wake: Instant,
    /// It said `bye`: its end is its own wish.
    is_leaving: bool,
}

impl Driver {
    pub(super) fn bind() -> Result<(Self, u16)> {
        let socket = std::net::UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
        socket.set_nonblocking(true)?;
        let socket = UdpSocket::from_std(socket)?;
        let state = UdpSocketState::new((&socket).into())?;
        // Smaller buffers only mean that a burst loses more.
        let _ = state.set_recv_buffer_size((&socket).into(), BUFFER_BYTES);
        let _ = state.set_send_buffer_size((&socket).into(), BUFFER_BYTES);
        let port = socket.local_addr()?.port();
        let (members, wakes) = (BTreeMap::new(), BTreeSet::new());
        Ok((Self { socket, state, members, wakes, notes: Notes::default() }, port))
    }

    /// Runs until nobody gives orders any more.
    pub(super) async fn run(mut self, mut orders: mpsc::Receiver<Order>) {
        let slot = DATAGRAM_BYTES * self.state.gro_segments();
        let mut buffer = vec![0; slot * BATCH_SIZE];
        loop {
            let wake = self.wakes.first().map(|(at, _)| *at);
            tokio::select! {
                _ = self.socket.readable() => self.receive(&mut buffer, slot),
                order = orders.recv() => match order {
                    Some(order) => self.obey(order),
                    None => return,
                },
                () = sleep_until(wake) => {}
            }
            self.handle_timeouts(Instant::now());
        }
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Enter { id, client, connection, habits, started, teller } => {
                // Golden ratio: any number of members is spread evenly.
                let phase = (f64::from(id.0) * 0.618_033_988_749_895).fract();
                let (now, member) = (Instant::now(), Member::new(connection, client, habits, phase, started, teller));
                self.members.insert(id, Entry { member, wake: now, is_leaving: false });
                self.with(id, |member, notes| member.handle_timeout(now, notes));
            }
            Order::Depart { id, farewell } => {
                let Some(entry) = self.members.get_mut(&id) else { return };
                entry.is_leaving = true;
                match farewell {
                    Farewell::Bye => self.with(id, |member, notes| member.say_bye(Instant::now(), notes)),
                    Farewell::Vanish => self.forget(id),
                }
            }
            Order::LetTalk(talk) => self.notes.is_hushed = !talk,
            Order::Tally { reply } => {
                let tally = std::mem::take(&mut self.notes.tally);
                let _ = reply.send(Tally { members: self.members.len(), ..tally });
            }
        }
    }

    fn receive(&mut self, buffer: &mut [u8], slot: usize) {
        let mut metas = [RecvMeta::default(); BATCH_SIZE];
        let received = self.socket.try_io(Interest::READABLE, || {
            let mut slices: Vec<IoSliceMut<'_>> = buffer.chunks_mut(slot).map(IoSliceMut::new).collect();
            self.state.recv((&self.socket).into(), &mut slices, &mut metas)
        });
        let Ok(count) = received else { return };
        let now = Instant::now();
        for (meta, slot) in metas.iter().zip(buffer.chunks(slot)).take(count) {
            let Some(IpAddr::V4(to)) = meta.dst_ip.map(|ip| ip.to_canonical()) else { continue };
            for bytes in slot[..meta.len].chunks(meta.stride.max(1)) {
                self.with(MemberId(to.into()), |member, _| member.connection.handle_datagram(meta.addr, bytes, now));
            }
        }
    }

    fn handle_timeouts(&mut self, now: Instant) {
        while let Some(&(at, id)) = self.wakes.first()
            && at <= now
        {
            self.notes.tally.late = self.notes.tally.late.max(now - at);
            self.with(id, |member, notes| member.handle_timeout(now, notes));
        }
    }

    /// Changes one member and does everything that comes of it. Who fails is lost.
    fn with(&mut self, id: MemberId, change: impl FnOnce(&mut Member, &mut Notes) -> Result<()>) {
        let Some(entry) = self.members.get_mut(&id) else { return };
        self.wakes.remove(&(entry.wake, id));
        let (socket, state) = (&self.socket, &self.state);
        let settled = change(&mut entry.member, &mut self.notes)
            .and_then(|()| settle(&mut entry.member, &mut self.notes, |to, bytes| send(socket, state, id, to, bytes)));
        match settled {
            Ok(Standing::There) => {
                // Never at once again: the engine may name an instant that is past.
                entry.wake = entry.member.wake().max(Instant::now() + REST);
                self.wakes.insert((entry.wake, id));
            }
            Ok(Standing::Over) | Err(_) => {
                self.notes.tally.lost += usize::from(!entry.is_leaving);
                self.members.remove(&id);
            }
        }
    }

    fn forget(&mut self, id: MemberId) {
        if let Some(entry) = self.members.remove(&id) {
            self.wakes.remove(&(entry.wake, id));
        }
    }
}

/// Whether there is still a connection.
enum Standing {
    There,
    Over,
}

/// Sends what the member has to send and tells it what came in, until both are silent.
fn settle(member: &mut Member, notes: &mut Notes, mut transmit: impl FnMut(SocketAddr, &[u8])) -> Result<Standing> {
    loop {
        let mut happenings = Vec::new();
        member.connection.drain(&mut transmit, &mut happenings)?;
        if happenings.is_empty() {
            return Ok(Standing::There);
        }
        for happening in happenings {
            match happening {
                Happening::Opened => member.handle_opened()?,
                Happening::Frame(frame) => member.handle_frame(&frame, Instant::now(), notes)?,
                Happening::Closed => return Ok(Standing::Over),
            }
        }
    }
}

fn send(socket: &UdpSocket, state: &UdpSocketState, from: MemberId, destination: SocketAddr, contents: &[u8]) {
    let src_ip = Some(Ipv4Addr::from(from.0).into());
    let transmit = Transmit { destination, ecn: None, contents, segment_size: None, src_ip };
    // What is not sent is sent again by the layers above.
    let _ = socket.try_io(Interest::WRITABLE, || state.try_send(socket.into(), &transmit));
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}
