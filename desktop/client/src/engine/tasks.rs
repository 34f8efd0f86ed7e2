//! The engine's view of tokio: its own, except that tasks have an owner and that a connection under way does not doze.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::task::{AbortHandle, JoinSet};
use webrtc::runtime::{
    AsyncInterval, AsyncTcpListener, AsyncTcpStream, AsyncUdpSocket, JoinHandle, Runtime, TokioRuntime,
};

type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A name server that is silent holds the connection's own loop up for this long at most.
const RESOLVE_MAX: Duration = Duration::from_millis(500);

/// What a step of the connection's set-up leaves to be sent, the engine sends when its timer wakes it next: that would
/// be after 200 ms. For so long after it was asked to hurry …
const HURRY: Duration = Duration::from_secs(1);
/// … it sleeps no longer than this.
const NAP: Duration = Duration::from_millis(5);

/// The engine detaches its tasks; here they end with the one who called for them.
#[derive(Debug)]
pub(super) struct Tasks {
    handle: Handle,
    /// `None` once everything has ended.
    tasks: Mutex<Option<JoinSet<()>>>,
}

impl Tasks {
    pub(super) fn new(handle: Handle) -> Self {
        Self { handle, tasks: Mutex::new(Some(JoinSet::new())) }
    }

    /// Ends every task; none begins afterwards.
    pub(super) fn end(&self) {
        let tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner).take();
        // Outside the lock: what the tasks held may want to spawn as it is dropped.
        drop(tasks);
    }
}

/// What one connection runs on.
#[derive(Debug)]
pub(super) struct ConnectionRuntime {
    tasks: Arc<Tasks>,
    hurry_until: Mutex<Instant>,
}

impl ConnectionRuntime {
    pub(super) fn new(tasks: Arc<Tasks>) -> Self {
        Self { tasks, hurry_until: Mutex::new(Instant::now()) }
    }

    pub(super) fn hurry(&self) {
        *self.hurry_until.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now() + HURRY;
    }
}

struct OwnedTask(Option<AbortHandle>);

impl JoinHandle for OwnedTask {
    fn detach(&self) {}

    fn abort(&self) {
        if let Some(task) = &self.0 {
            task.abort();
        }
    }

    fn is_finished(&self) -> bool {
        self.0.as_ref().is_none_or(AbortHandle::is_finished)
    }
}

impl Runtime for ConnectionRuntime {
    fn spawn(&self, future: Boxed<'static, ()>) -> Box<dyn JoinHandle> {
        let mut tasks = self.tasks.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(tasks) = tasks.as_mut() else { return Box::new(OwnedTask(None)) };
        while tasks.try_join_next().is_some() {}
        Box::new(OwnedTask(Some(tasks.spawn_on(future, &self.tasks.handle))))
    }

    fn wrap_udp_socket(&self, socket: std::net::UdpSocket) -> io::Result<Arc<dyn AsyncUdpSocket>> {
        TokioRuntime.wrap_udp_socket(socket)
    }

    fn wrap_tcp_listener(&self, listener: std::net::TcpListener) -> io::Result<Arc<dyn AsyncTcpListener>> {
        TokioRuntime.wrap_tcp_listener(listener)
    }

    fn connect_tcp<'a>(&'a self, address: SocketAddr) -> Boxed<'a, io::Result<Arc<dyn AsyncTcpStream>>> {
        TokioRuntime.connect_tcp(address)
    }

    fn resolve_host<'a>(&'a self, host: &'a str) -> Boxed<'a, io::Result<Vec<SocketAddr>>> {
        Box::pin(async move {
            match tokio::time::timeout(RESOLVE_MAX, tokio::net::lookup_host(host)).await {
                Ok(found) => Ok(found?.collect()),
                Err(_) => Err(io::ErrorKind::TimedOut.into()),
            }
        })
    }

    fn sleep(&self, duration: Duration) -> Boxed<'static, ()> {
        let until = *self.hurry_until.lock().unwrap_or_else(PoisonError::into_inner);
        TokioRuntime.sleep(if Instant::now() < until { duration.min(NAP) } else { duration })
    }

    fn interval(&self, period: Duration) -> Box<dyn AsyncInterval> {
        TokioRuntime.interval(period)
    }

    fn block_on(&self, future: Pin<Box<dyn Future<Output = ()> + '_>>) {
        TokioRuntime.block_on(future);
    }

    fn yield_now(&self) -> Boxed<'static, ()> {
        TokioRuntime.yield_now()
    }

    fn name(&self) -> &'static str {
        "owned tokio"
    }
}
