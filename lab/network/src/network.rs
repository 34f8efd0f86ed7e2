//! Two namespaces with a bad network between them, and a third that both reach undisturbed.

use std::io;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use thiserror::Error;
use tokio::sync::{Notify, oneshot};
use tun_rs::{AsyncDevice, DeviceBuilder, Layer};

use crate::namespace::{Namespace, wire};
use crate::{Counts, Path, Profile};

/// What Ethernet carries.
const MTU: u16 = 1500;
/// Packets that are taken from one side before the other is looked at.
const BATCH: usize = 64;

/// An end of the bad network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Left,
    Right,
}

/// Why there is no such network here.
#[derive(Debug, Error)]
pub enum NetworkError {
    #[error("cannot make namespaces and interfaces (it takes root and iproute2): {0}")]
    Setup(#[from] io::Error),
    #[error("the network's thread did not start")]
    Thread,
}

/// Real packets of real programs, carried along two [`Path`]s by a thread.
///
/// `left` and `right` reach each other only through them; both reach `hub`, where a server can live, directly.
pub struct Network {
    left: Namespace,
    right: Namespace,
    hub: Namespace,
    counts: Arc<Mutex<[Counts; 2]>>,
    restart: Arc<Notify>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Network {
    /// The addresses of the two sides on the bad network.
    pub const ADDRESSES: [&str; 2] = ["10.77.0.1", "10.77.0.2"];
    /// Where left and right find the hub.
    pub const HUB: [&str; 2] = ["10.78.1.1", "10.78.2.1"];

    /// The same profile in both directions, with different luck.
    pub fn new(profile: Profile, seed: u64) -> Result<Self, NetworkError> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let tag = format!("{:x}{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let (left, right, hub) = (Namespace::new("left")?, Namespace::new("right")?, Namespace::new("hub")?);
        let names = [format!("rl{tag}"), format!("rr{tag}")];
        let counts = Arc::new(Mutex::new([Counts::default(); 2]));
        let (stop, stopped) = oneshot::channel();
        let (ready, is_ready) = std::sync::mpsc::sync_channel(1);
        let restart = Arc::<Notify>::default();
        let (told, restarted, inside) = (Arc::clone(&counts), Arc::clone(&restart), names.clone());
        let thread = std::thread::Builder::new().name("network".to_owned()).spawn(move || {
            let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
            runtime.block_on(async {
                let carrier = Carrier::new(&inside, profile, seed, told);
                let (answer, carrier) = match carrier {
                    Ok(carrier) => (Ok(()), Some(carrier)),
                    Err(error) => (Err(error), None),
                };
                if ready.send(answer).is_ok()
                    && let Some(carrier) = carrier
                {
                    carrier.run(&restarted, stopped).await;
                }
            });
        })?;
        let network = Self { left, right, hub, counts, restart, stop: Some(stop), thread: Some(thread) };
        is_ready.recv().map_err(|_| NetworkError::Thread)??;
        network.left.adopt(&names[0], &format!("{}/24", Self::ADDRESSES[0]))?;
        network.right.adopt(&names[1], &format!("{}/24", Self::ADDRESSES[1]))?;
        let ends = |side: &str| [format!("h{side}{tag}"), format!("s{side}{tag}")];
        let (to_left, to_right) = (ends("l"), ends("r"));
        wire(&network.hub, &network.left, [&to_left[0], &to_left[1]], ["10.78.1.1/24", "10.78.1.2/24"])?;
        wire(&network.hub, &network.right, [&to_right[0], &to_right[1]], ["10.78.2.1/24", "10.78.2.2/24"])?;
        Ok(network)
    }

    /// A command that runs at one end.
    pub fn command(&self, side: Side, program: &str) -> Command {
        match side {
            Side::Left => self.left.command(program),
            Side::Right => self.right.command(program),
        }
    }

    /// The namespace of one end, for programs that are started by others.
    pub fn namespace(&self, side: Side) -> &str {
        match side {
            Side::Left => self.left.name(),
            Side::Right => self.right.name(),
        }
    }

    /// A command that runs where both ends reach it undisturbed.
    pub fn command_at_hub(&self, program: &str) -> Command {
        self.hub.command(program)
    }

    /// The profile's first phase begins now, in both directions.
    pub fn restart(&self) {
        self.restart.notify_one();
    }

    /// What became of the packets from this side.
    pub fn counts(&self, from: Side) -> Counts {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        match from {
            Side::Left => counts[0],
            Side::Right => counts[1],
        }
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The thread's own: two interfaces and a path from each to the other.
struct Carrier {
    devices: [AsyncDevice; 2],
    paths: [Path; 2],
    counts: Arc<Mutex<[Counts; 2]>>,
}

impl Carrier {
    fn new(names: &[String; 2], profile: Profile, seed: u64, counts: Arc<Mutex<[Counts; 2]>>) -> io::Result<Self> {
        let open = |name: &String| DeviceBuilder::new().name(name).layer(Layer::L3).mtu(MTU).build_async();
        let (devices, now) = ([open(&names[0])?, open(&names[1])?], Instant::now());
        let paths = [Path::new(profile, seed, now), Path::new(profile, !seed, now)];
        Ok(Self { devices, paths, counts })
    }

    async fn run(mut self, restart: &Notify, mut stopped: oneshot::Receiver<()>) {
        let mut buffer = vec![0; usize::from(MTU)];
        loop {
            let wake = self.paths.iter().filter_map(Path::poll_timeout).min();
            tokio::select! {
                _ = self.devices[0].readable() => self.take(0, &mut buffer),
                _ = self.devices[1].readable() => self.take(1, &mut buffer),
                () = sleep_until(wake) => {}
                () = restart.notified() => self.paths.iter_mut().for_each(|path| path.restart(Instant::now())),
                _ = &mut stopped => return,
            }
            self.deliver(Instant::now());
        }
    }

    fn take(&mut self, from: usize, buffer: &mut [u8]) {
        for _ in 0..BATCH {
            // Nothing there, or an interface that is not in its place yet.
            let Ok(length) = self.devices[from].try_recv(buffer) else { return };
            self.paths[from].handle_packet(&buffer[..length], Instant::now());
        }
    }

    fn deliver(&mut self, now: Instant) {
        for from in 0..2 {
            while let Some(packet) = self.paths[from].poll_arrival(now) {
                // An interface whose queue is full is one more place where packets are lost.
                let _ = self.devices[1 - from].try_send(&packet);
            }
        }
        *self.counts.lock().unwrap_or_else(PoisonError::into_inner) = [self.paths[0].counts(), self.paths[1].counts()];
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}
