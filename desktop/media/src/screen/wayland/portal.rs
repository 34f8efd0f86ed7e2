//! The portal (`org.freedesktop.portal.ScreenCast`): the desktop asks the person what may be seen.

use std::future::Future;
use std::os::fd::OwnedFd;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use ashpd::desktop::screencast::{
    CursorMode, OpenPipeWireRemoteOptions, Screencast, SelectSourcesOptions, SourceType, StartCastOptions,
};
use ashpd::desktop::{CreateSessionOptions, ResponseError, Session};
use ashpd::zbus;
use ashpd::zbus::export::futures_core::Stream as _;
use ashpd::{Error, PortalError, enumflags2::BitFlags};
use async_io::Timer;

use crate::choice::ScreenChoice;
use crate::source::{Ending, Outlet};

/// So soon it is seen that nobody wants the screen any more.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// A portal that does not take note of the end in this time is left alone.
const END_MAX: Duration = Duration::from_secs(1);

const NO_PORTAL: &str = "The screen cannot be shared: no desktop portal answers. Install xdg-desktop-portal and the part \
                         of it for your desktop (xdg-desktop-portal-gnome, -kde or -wlr), then log in again.";

type Closed = Pin<Box<dyn Future<Output = ()>>>;

/// What the person lets us see.
pub(super) struct Grant {
    remote: Option<OwnedFd>,
    node: u32,
    session: Rc<Session<Screencast>>,
    closed: Closed,
}

/// Asks, and waits for the answer. `None` if nobody waits for it any more.
pub(super) fn ask(outlet: &Outlet, choice: &ScreenChoice, bus: Option<&str>) -> Result<Option<Grant>, Ending> {
    let answer = async_io::block_on(or_stopped(outlet, negotiate(kinds(choice), bus)));
    answer.transpose().map_err(|error| match error {
        Error::Response(ResponseError::Cancelled) => Ending::Ended,
        Error::PortalNotFound(_) | Error::Portal(PortalError::ZBus(_)) | Error::Zbus(_) | Error::IO(_) => {
            tracing::info!(%error, "no portal shares the screen");
            Ending::Failed(NO_PORTAL.to_owned())
        }
        error => Ending::Failed(format!("The screen cannot be shared: the desktop says {error}.")),
    })
}

fn kinds(choice: &ScreenChoice) -> BitFlags<SourceType> {
    match choice {
        ScreenChoice::Screen | ScreenChoice::Region(_) => SourceType::Monitor | SourceType::Window,
        ScreenChoice::Monitor(_) => SourceType::Monitor.into(),
        ScreenChoice::Window(_) => SourceType::Window.into(),
    }
}

async fn negotiate(kinds: BitFlags<SourceType>, bus: Option<&str>) -> Result<Grant, Error> {
    // A connection of its own: when it ends, the desktop closes whatever it still shows.
    let connection = match bus {
        Some(address) => zbus::connection::Builder::address(address)?.build().await?,
        None => zbus::Connection::session().await?,
    };
    let portal = Screencast::with_connection(connection).await?;
    let session = Rc::new(portal.create_session(CreateSessionOptions::default()).await?);
    let offered = portal.available_source_types().await.unwrap_or(kinds);
    let kinds = if (kinds & offered).is_empty() { offered } else { kinds & offered };
    let draws = portal.available_cursor_modes().await.is_ok_and(|modes| modes.contains(CursorMode::Embedded));
    let wish = SelectSourcesOptions::default()
        .set_sources(kinds)
        .set_multiple(false)
        .set_cursor_mode(draws.then_some(CursorMode::Embedded));
    portal.select_sources(&*session, wish).await?.response()?;
    let streams = portal.start(&*session, None, StartCastOptions::default()).await?.response()?;
    let node = streams.streams().first().ok_or(Error::NoResponse)?.pipe_wire_node_id();
    let remote = portal.open_pipe_wire_remote(&*session, OpenPipeWireRemoteOptions::default()).await?;
    let closed = Box::pin(closed(Rc::clone(&session)));
    Ok(Grant { remote: Some(remote), node, session, closed })
}

/// Until the desktop ends the session, or is gone.
async fn closed(session: Rc<Session<Screencast>>) {
    if let Ok(words) = session.receive_closed().await {
        let mut words = pin!(words);
        std::future::poll_fn(|context| words.as_mut().poll_next(context)).await;
    }
}

/// The outcome of `work`, or `None` as soon as nobody wants it any more.
async fn or_stopped<T>(outlet: &Outlet, work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    let mut timer = Timer::after(LOOK_EVERY);
    std::future::poll_fn(|context| {
        if let Poll::Ready(outcome) = work.as_mut().poll(context) {
            return Poll::Ready(Some(outcome));
        }
        while Pin::new(&mut timer).poll(context).is_ready() {
            if outlet.stopped() {
                return Poll::Ready(None);
            }
            timer = Timer::after(LOOK_EVERY);
        }
        Poll::Pending
    })
    .await
}

impl Grant {
    /// The way to PipeWire, once.
    pub(super) fn take_remote(&mut self) -> Result<OwnedFd, Ending> {
        self.remote.take().ok_or_else(|| Ending::Failed("The screen cannot be shared twice at once.".to_owned()))
    }

    pub(super) fn node(&self) -> u32 {
        self.node
    }

    /// Whether the desktop has ended it.
    pub(super) fn is_over(&mut self) -> bool {
        self.closed.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready()
    }

    /// The desktop need not say any more that the screen is shared.
    pub(super) fn end(self) {
        let close = async {
            let mut timer = Timer::after(END_MAX);
            let mut close = pin!(self.session.close());
            std::future::poll_fn(|context| {
                let is_done = close.as_mut().poll(context).is_ready();
                if is_done || Pin::new(&mut timer).poll(context).is_ready() { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
        };
        async_io::block_on(close);
    }
}
