//! Screens: the one of an X11 display, or what a Wayland desktop hands out.

mod canvas;
mod wayland;
mod x11;

pub(crate) use canvas::{Canvas, Order};

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::choice::ScreenChoice;
use crate::frame::I420;
use crate::source::{Ending, Outlet, Pacer};

/// Enough for slides, text and a pointer; a film is not what a screen is shared for.
pub(crate) const FPS: u32 = 15;

/// Where movement matters more than letters.
pub(crate) const MOTION_FPS: u32 = 30;

/// A larger screen is scaled down to this.
const SIZE_MAX: (u32, u32) = (1920, 1080);

/// A picture that stands still is sent again this often: whoever has just come sees it, and whoever hears nothing for
/// three seconds takes the picture for lost. It is encoded in almost nothing.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// And so long after its last change, in milliseconds: a page that was turned takes more than the bitrate has, so that it
/// arrives blurred, and each repetition sharpens it. Within a second the text is as clear as it will be.
const SHARPEN_AFTER: [u64; 5] = [150, 300, 450, 650, 900];

/// The picture of a list is as large as that at most.
const PREVIEW_MAX: (u32, u32) = (256, 160);

/// What is to be shared, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Share {
    pub(crate) choice: ScreenChoice,
    pub(crate) fps: u32,
    /// The X11 display, if not `$DISPLAY`.
    pub(crate) display: Option<String>,
}

/// What can be shared.
#[derive(Debug, Clone)]
pub enum Screens {
    /// The whole first, then monitors if there are several, then windows, the topmost first.
    Listed(Vec<Sight>),
    /// The desktop asks the person itself (Wayland).
    Asked,
}

/// Something that can be shared.
#[derive(Debug, Clone)]
pub struct Sight {
    pub choice: ScreenChoice,
    /// A window's title, a monitor's name; as found, so it may contain anything.
    pub name: String,
    /// Width and height in pixels.
    pub size: (u32, u32),
    /// A small picture; `None` for a window that is minimised.
    pub preview: Option<Arc<I420>>,
}

impl PartialEq for Sight {
    fn eq(&self, other: &Self) -> bool {
        let preview = |sight: &Self| sight.preview.as_ref().map(Arc::as_ptr);
        (&self.choice, &self.name, self.size, preview(self)) == (&other.choice, &other.name, other.size, preview(other))
    }
}

impl PartialEq for Screens {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Listed(ours), Self::Listed(theirs)) => ours == theirs,
            (Self::Asked, Self::Asked) => true,
            (Self::Listed(_), Self::Asked) | (Self::Asked, Self::Listed(_)) => false,
        }
    }
}

/// Looks at what can be shared, which takes some tenths of a second. An error is a sentence for a person.
pub fn sights() -> Result<Screens, String> {
    if is_wayland() {
        return Ok(Screens::Asked);
    }
    x11::sights(None).map(Screens::Listed)
}

/// Runs until it is stopped, or what is shared goes away. `tell` takes sentences for a person.
pub(crate) fn run(outlet: &Outlet, share: &Share, tell: &dyn Fn(String)) -> Result<(), Ending> {
    if share.display.is_none() && is_wayland() {
        return wayland::run(outlet, share, None);
    }
    x11::run(outlet, share, tell).map_err(Ending::Failed)
}

fn is_wayland() -> bool {
    std::env::var("XDG_SESSION_TYPE").is_ok_and(|kind| kind == "wayland")
        || std::env::var_os("WAYLAND_DISPLAY").is_some_and(|name| !name.is_empty())
}

/// When a picture is due that shows nothing new.
#[derive(Debug)]
struct Rhythm {
    pacer: Pacer,
    still: Still,
}

/// How long nothing has changed. Told the time.
#[derive(Debug, Default)]
struct Still {
    sent: Option<Instant>,
    changed: Option<Instant>,
    /// How many of the repetitions that sharpen were wanted since.
    sharpened: usize,
}

impl Still {
    fn change(&mut self, now: Instant) {
        (self.changed, self.sharpened) = (Some(now), 0);
    }

    /// Whether the same picture is due again.
    fn wants_again(&mut self, now: Instant) -> bool {
        let after = SHARPEN_AFTER.get(self.sharpened).map(|after| Duration::from_millis(*after));
        let sharpens = self.changed.zip(after).is_some_and(|(changed, after)| now >= changed + after);
        self.sharpened += usize::from(sharpens);
        sharpens || self.sent.is_some_and(|sent| now >= sent + AGAIN_AFTER)
    }
}

impl Rhythm {
    fn new(fps: u32, now: Instant) -> Self {
        Self { pacer: Pacer::new((fps, 1), now), still: Still::default() }
    }

    /// Waits for the next moment to look at the screen; `false` if it has ended.
    fn wait(&mut self, outlet: &Outlet) -> bool {
        outlet.sleep_until(self.pacer.next(Instant::now()))
    }

    fn send(&mut self, outlet: &Outlet, picture: Arc<I420>) {
        self.still.sent = Some(picture.captured());
        outlet.send(picture);
    }

    /// The picture that is sent next shows something new.
    fn change(&mut self, now: Instant) {
        self.still.change(now);
    }

    /// Whether the newest picture is to be sent again, although nothing is new.
    fn wants_again(&mut self, outlet: &Outlet, now: Instant) -> bool {
        let is_due = self.still.wants_again(now);
        outlet.renewed() || is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When, in milliseconds, a picture that changed at these times is sent again, looked at 20 times a second.
    fn repetitions(changes: &[u64], until: u64) -> Vec<u64> {
        let start = Instant::now();
        let mut still = Still::default();
        let mut again = Vec::new();
        for millis in (0..until).step_by(50) {
            let now = start + Duration::from_millis(millis);
            let is_new = changes.contains(&millis);
            if is_new {
                still.change(now);
            }
            if is_new || still.wants_again(now) {
                still.sent = Some(now);
                again.extend((!is_new).then_some(millis));
            }
        }
        again
    }

    #[test]
    fn what_stands_still_is_sent_again_until_it_is_sharp_and_then_once_a_second() {
        assert_eq!(repetitions(&[0], 3_500), [150, 300, 450, 650, 900, 1_900, 2_900]);
    }

    #[test]
    fn what_keeps_changing_is_not_sent_twice() {
        let changes: Vec<u64> = (0..3_000).step_by(100).collect();
        assert_eq!(repetitions(&changes, 3_000), [0; 0]);
    }

    #[test]
    fn a_change_begins_the_sharpening_anew() {
        assert_eq!(repetitions(&[0, 400], 1_400), [150, 300, 550, 700, 850, 1_050, 1_300]);
    }
}
