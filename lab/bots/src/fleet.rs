//! Many clients of the data channel from one process: one thread, one UDP socket, and an address of 127/8 for each.
//!
//! A member of the fleet takes its seat by HTTP as every program does, and then pings and chats by its [`Habits`].
//! What all of them saw is summed up in a [`Tally`].

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use client::api::{Admission, Api};
use protocol::RoomId;
use protocol::api::{JoinRoom, Seat};
use tokio::sync::{mpsc, oneshot};

mod connection;
mod driver;
mod member;
mod tally;

use connection::Offering;
use driver::{Driver, Order};
pub use member::{Habits, Talk};
pub use tally::{Tally, percentile};

/// Orders that may wait for the thread; whoever gives one more waits.
const ORDERS_MAX: usize = 1024;
/// The members' addresses begin here: none of them is one that a server listens on.
const FIRST_ADDRESS: u32 = u32::from_be_bytes([127, 1, 0, 0]);

/// Which member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MemberId(u32);

/// How someone goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Farewell {
    /// Says `bye`, as a page does that is closed.
    Bye,
    /// Falls silent, as a machine does that loses its power.
    Vanish,
}

/// Someone who has an answer to the offer and is on the way in.
#[derive(Debug)]
pub struct Newcomer {
    pub id: MemberId,
    arrived: oneshot::Receiver<Duration>,
}

impl Newcomer {
    /// Waits for the first `room-info`; how long it took from the posting of the offer on.
    pub async fn arrived(self) -> Result<Duration> {
        self.arrived.await.context("the connection ended before it was there")
    }
}

/// Members of one fleet.
pub struct Fleet {
    orders: mpsc::Sender<Order>,
    port: u16,
    next: AtomicU32,
    thread: Option<JoinHandle<()>>,
}

impl Fleet {
    pub fn launch() -> Result<Self> {
        let (orders, inbox) = mpsc::channel(ORDERS_MAX);
        let (ready, port) = std::sync::mpsc::sync_channel(1);
        let thread = std::thread::Builder::new().name("fleet".to_owned()).spawn(move || {
            let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
            runtime.block_on(async {
                let Ok((driver, port)) = Driver::bind() else { return };
                if ready.send(port).is_ok() {
                    driver.run(inbox).await;
                }
            });
        })?;
        let port = port.recv().context("the fleet's thread cannot have a socket")?;
        Ok(Self { orders, port, next: AtomicU32::new(0), thread: Some(thread) })
    }

    /// Takes a seat, offers, and hands the answered connection over to the thread. `pass`: how to be let in.
    pub async fn join(&self, api: &Api, room: &RoomId, pass: &JoinRoom, habits: Habits) -> Result<Newcomer> {
        let (offering, id, seat) = self.seated(api, room, pass).await?;
        let started = Instant::now();
        let answer = api.offer(room, &seat.token, &offering.sdp).await?;
        let connection = offering.answered(&answer)?;
        let (teller, arrived) = oneshot::channel();
        let (connection, client) = (Box::new(connection), seat.client_id);
        self.order(Order::Enter { id, client, connection, habits, started, teller }).await?;
        Ok(Newcomer { id, arrived })
    }

    /// Takes a seat and posts an offer, but never connects.
    pub async fn offer_only(&self, api: &Api, room: &RoomId, pass: &JoinRoom) -> Result<()> {
        let (offering, _, seat) = self.seated(api, room, pass).await?;
        api.offer(room, &seat.token, &offering.sdp).await?;
        Ok(())
    }

    async fn seated(&self, api: &Api, room: &RoomId, pass: &JoinRoom) -> Result<(Offering, MemberId, Seat)> {
        let Admission::Seated(seat) = api.join(room, pass, None).await? else { bail!("must knock at {room}") };
        let id = MemberId(FIRST_ADDRESS + self.next.fetch_add(1, Ordering::Relaxed));
        let offering = Offering::new(SocketAddr::new(Ipv4Addr::from(id.0).into(), self.port))?;
        Ok((offering, id, seat))
    }

    pub async fn depart(&self, id: MemberId, farewell: Farewell) -> Result<()> {
        self.order(Order::Depart { id, farewell }).await
    }

    /// Whether those who have a habit of talking do it. At first they do.
    pub async fn let_talk(&self, talk: bool) -> Result<()> {
        self.order(Order::LetTalk(talk)).await
    }

    /// What was seen since the last time that somebody asked.
    pub async fn tally(&self) -> Result<Tally> {
        let (reply, tally) = oneshot::channel();
        self.order(Order::Tally { reply }).await?;
        tally.await.context("the fleet's thread is gone")
    }

    async fn order(&self, order: Order) -> Result<()> {
        self.orders.send(order).await.ok().context("the fleet's thread is gone")
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        // The thread ends with its orders.
        let (gone, _) = mpsc::channel(1);
        self.orders = gone;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
