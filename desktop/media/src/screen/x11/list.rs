//! What can be shared: the whole, its monitors, and windows with their titles (EWMH).

use std::time::{Duration, Instant};

use x11rb::protocol::xproto::{Atom, AtomEnum, ConnectionExt as _, MapState, Window};

use super::ScreenError;
use super::capture::{Capture, News};
use super::display::Display;
use crate::choice::{ScreenChoice, WindowChoice};
use crate::screen::{PREVIEW_MAX, Sight};

/// More than anyone looks through.
const WINDOWS_MAX: usize = 64;

/// Of the windows behind these there are only titles.
const PREVIEWS_MAX: usize = 16;

/// A title is cut to this many characters.
const TITLE_MAX: usize = 200;

/// Smaller windows are helpers that nobody sees.
const SIDE_MIN: u16 = 16;

/// Windows need a moment until they can be seen whole; this is the end of all patience.
const PREVIEW_PATIENCE: Duration = Duration::from_millis(600);
const PREVIEW_PAUSE: Duration = Duration::from_millis(20);

struct Found {
    id: Window,
    title: String,
    size: (u16, u16),
    is_visible: bool,
}

/// Everything that can be shared. An error is a sentence for a person.
pub(in crate::screen) fn sights(name: Option<&str>) -> Result<Vec<Sight>, String> {
    let sentence = |error: ScreenError| error.sentence();
    let display = Display::open(name).map_err(sentence)?;
    let (width, height) = display.size().map_err(sentence)?;
    let mut sights = vec![(ScreenChoice::Screen, "Whole screen".to_owned(), (width, height), true)];
    let monitors = display.monitors().map_err(sentence)?;
    if monitors.len() > 1 {
        let monitor = |(name, part): (String, super::display::Part)| {
            (ScreenChoice::Monitor(name.clone()), name, (part.width, part.height), true)
        };
        sights.extend(monitors.into_iter().map(monitor));
    }
    let windows = windows(&display).map_err(sentence)?;
    let own = |window: &Found| is_ours(&display, window.id);
    let windows = windows.into_iter().filter(|window| !own(window)).take(WINDOWS_MAX);
    sights.extend(windows.map(|window| {
        let choice = ScreenChoice::Window(WindowChoice::Id(window.id));
        (choice, window.title, window.size, window.is_visible)
    }));
    Ok(with_previews(name, sights))
}

fn with_previews(name: Option<&str>, sights: Vec<(ScreenChoice, String, (u16, u16), bool)>) -> Vec<Sight> {
    let open = |choice: &ScreenChoice| Capture::open(name, choice, PREVIEW_MAX).ok();
    // All at once, so that all windows are waited for at once.
    let captures: Vec<Option<Capture>> = sights
        .iter()
        .enumerate()
        .map(|(i, (choice, _, _, is_visible))| (*is_visible && i < PREVIEWS_MAX).then(|| open(choice)).flatten())
        .collect();
    let deadline = Instant::now() + PREVIEW_PATIENCE;
    let looked = sights.into_iter().zip(captures).map(|((choice, name, (width, height), _), capture)| {
        let mut sight = Sight { choice, name, size: (width.into(), height.into()), preview: None };
        if let Some(mut capture) = capture {
            sight.preview = wait_for(&mut capture, deadline);
            sight.size = Some(capture.size()).filter(|size| *size != (0, 0)).unwrap_or(sight.size);
        }
        sight
    });
    looked.collect()
}

fn wait_for(capture: &mut Capture, deadline: Instant) -> Option<std::sync::Arc<crate::frame::I420>> {
    loop {
        let now = Instant::now();
        match capture.look(now).ok()? {
            News::Picture => return capture.grab(now).ok(),
            News::Hidden(_) => return None,
            News::None if now >= deadline => return None,
            News::None => std::thread::sleep(PREVIEW_PAUSE),
        }
    }
}

/// The window that is meant, and its title.
pub(super) fn find(display: &Display, choice: &WindowChoice) -> Result<(Window, String), ScreenError> {
    let wanted = match choice {
        WindowChoice::Id(id) => {
            let known = title(display, *id)?.unwrap_or_else(|| format!("{id:#x}"));
            return Ok((*id, known));
        }
        WindowChoice::Title(wanted) => wanted,
    };
    let windows = windows(display)?;
    if let Some(window) = windows.iter().find(|window| window.title == *wanted) {
        return Ok((window.id, window.title.clone()));
    }
    let folded = wanted.to_lowercase();
    let mut alike = windows.into_iter().filter(|window| window.title.to_lowercase().contains(&folded));
    match (alike.next(), alike.next()) {
        (Some(window), None) => Ok((window.id, window.title)),
        (None, _) => Err(ScreenError::NoWindow(wanted.clone())),
        (Some(_), Some(_)) => Err(ScreenError::ManyWindows(wanted.clone())),
    }
}

/// The topmost first.
fn windows(display: &Display) -> Result<Vec<Found>, ScreenError> {
    let atoms = &display.atoms;
    let mut ids = property(display, display.root, atoms._NET_CLIENT_LIST_STACKING, AtomEnum::WINDOW.into())?;
    if ids.is_empty() {
        ids = property(display, display.root, atoms._NET_CLIENT_LIST, AtomEnum::WINDOW.into())?;
    }
    if ids.is_empty() {
        // No window manager that tells.
        ids = display.connection.query_tree(display.root)?.reply()?.children;
    }
    let mut windows = Vec::new();
    for id in ids.into_iter().rev() {
        // One that is gone by now is none.
        match look_at(display, id) {
            Ok(Some(window)) => windows.push(window),
            Ok(None) | Err(ScreenError::Refused(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(windows)
}

fn look_at(display: &Display, id: Window) -> Result<Option<Found>, ScreenError> {
    let (connection, atoms) = (&display.connection, &display.atoms);
    let attributes = connection.get_window_attributes(id)?;
    let geometry = connection.get_geometry(id)?;
    let (attributes, geometry) = (attributes.reply()?, geometry.reply()?);
    let is_visible = attributes.map_state == MapState::VIEWABLE;
    let kinds = property(display, id, atoms._NET_WM_WINDOW_TYPE, AtomEnum::ATOM.into())?;
    let furniture = [atoms._NET_WM_WINDOW_TYPE_DESKTOP, atoms._NET_WM_WINDOW_TYPE_DOCK];
    let is_managed = is_visible || !property(display, id, atoms.WM_STATE, AtomEnum::ANY.into())?.is_empty();
    let is_small = geometry.width < SIDE_MIN || geometry.height < SIDE_MIN;
    if attributes.override_redirect || is_small || !is_managed || kinds.iter().any(|kind| furniture.contains(kind)) {
        return Ok(None);
    }
    let size = (geometry.width, geometry.height);
    Ok(title(display, id)?.map(|title| Found { id, title, size, is_visible }))
}

/// Without a title a window is none that a person knows.
fn title(display: &Display, id: Window) -> Result<Option<String>, ScreenError> {
    let text = |property: Atom, kind: Atom| -> Result<Vec<u8>, ScreenError> {
        match display.connection.get_property(false, id, property, kind, 0, TITLE_MAX as u32)?.reply() {
            Ok(found) => Ok(found.value),
            Err(error) => match ScreenError::from(error) {
                ScreenError::Refused(_) => Ok(Vec::new()),
                error => Err(error),
            },
        }
    };
    let atoms = &display.atoms;
    let mut words = String::from_utf8_lossy(&text(atoms._NET_WM_NAME, atoms.UTF8_STRING)?).into_owned();
    if words.is_empty() {
        // Latin-1.
        words = text(AtomEnum::WM_NAME.into(), AtomEnum::ANY.into())?.into_iter().map(char::from).collect();
    }
    let words: String = words.chars().filter(|c| !c.is_control()).take(TITLE_MAX).collect();
    let words = words.trim();
    Ok((!words.is_empty()).then(|| words.to_owned()))
}

/// Sharing our own window would show it in itself, again and again.
fn is_ours(display: &Display, id: Window) -> bool {
    let pid = property(display, id, display.atoms._NET_WM_PID, AtomEnum::CARDINAL.into());
    pid.is_ok_and(|pid| pid == [std::process::id()])
}

/// A property of numbers; empty if there is none.
fn property(display: &Display, window: Window, property: Atom, kind: Atom) -> Result<Vec<u32>, ScreenError> {
    let reply = display.connection.get_property(false, window, property, kind, 0, 1024)?.reply()?;
    Ok(reply.value32().map(Iterator::collect).unwrap_or_default())
}
