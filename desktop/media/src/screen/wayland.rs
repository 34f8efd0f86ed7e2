//! The screen of a Wayland desktop: its portal asks the person, PipeWire brings the pictures.

mod portal;
mod stream;

use std::time::Instant;

use super::{Rhythm, SIZE_MAX, Share};
use crate::choice::ScreenChoice;
use crate::source::{Ending, Outlet};
use portal::Grant;
use stream::Stream;

/// Runs until it is stopped, the person cancels, or the desktop ends it. `bus` is the D-Bus of the session, if it is not
/// the one of the environment.
pub(super) fn run(outlet: &Outlet, share: &Share, bus: Option<&str>) -> Result<(), Ending> {
    if let ScreenChoice::Region(_) = share.choice {
        let sentence = "A part of the screen cannot be shared in a Wayland session: share a window or a screen.";
        return Err(Ending::Failed(sentence.to_owned()));
    }
    let Some(mut grant) = portal::ask(outlet, &share.choice, bus)? else { return Ok(()) };
    let outcome = show(outlet, share, &mut grant);
    grant.end();
    outcome
}

fn show(outlet: &Outlet, share: &Share, grant: &mut Grant) -> Result<(), Ending> {
    let mut stream = Stream::open(grant.take_remote()?, grant.node(), share.fps, SIZE_MAX)?;
    let mut rhythm = Rhythm::new(share.fps, Instant::now());
    while rhythm.wait(outlet) {
        if grant.is_over() {
            return Err(Ending::Failed("The desktop has ended the sharing of the screen.".to_owned()));
        }
        if let Some(picture) = stream.look()? {
            // Whoever needed a picture gets this one.
            outlet.renewed();
            rhythm.change(Instant::now());
            rhythm.send(outlet, picture);
        } else if rhythm.wants_again(outlet, Instant::now())
            && let Some(picture) = stream.again(Instant::now())
        {
            rhythm.send(outlet, picture);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
