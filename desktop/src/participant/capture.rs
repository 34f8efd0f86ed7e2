//! What is captured, and for which stay: outside a room there is no light on the camera and no open microphone.

use std::sync::{Mutex, MutexGuard, PoisonError};

use protocol::MediaState;

/// What the devices are told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Captured {
    /// What is sent.
    pub(super) sending: MediaState,
    /// There is no camera, and as soon as there is one it is to send.
    pub(super) awaits_camera: bool,
}

/// Told from any thread; whether somebody looks at the events makes no difference.
pub(super) struct Capture {
    /// Turns the devices on and off; outside a room everything is off.
    apply: Box<dyn Fn(Option<Captured>) + Send + Sync>,
    state: Mutex<State>,
}

struct State {
    /// What the person wants.
    wanted: Captured,
    /// The number of the last stay; no stay has zero.
    stay: u64,
    is_over: bool,
}

impl Capture {
    pub(super) fn new(sending: MediaState, apply: impl Fn(Option<Captured>) + Send + Sync + 'static) -> Self {
        let wanted = Captured { sending, awaits_camera: false };
        Self { apply: Box::new(apply), state: Mutex::new(State { wanted, stay: 0, is_over: true }) }
    }

    /// Of whoever is inside, or will be.
    pub(super) fn sending(&self) -> MediaState {
        self.lock().wanted.sending
    }

    pub(super) fn awaits_camera(&self) -> bool {
        self.lock().wanted.awaits_camera
    }

    /// Whether that is something new.
    pub(super) fn change(&self, change: impl FnOnce(&mut MediaState)) -> bool {
        self.update(|wanted| change(&mut wanted.sending))
    }

    /// By the person. Off is off, also for a camera that is awaited; one that is awaited cannot be on before it is there.
    pub(super) fn set_camera(&self, on: bool) -> bool {
        self.update(|wanted| {
            if !(on && wanted.awaits_camera) {
                wanted.sending.camera = on;
                wanted.awaits_camera = false;
            }
        })
    }

    /// There is no camera, and it was to be on.
    pub(super) fn lose_camera(&self) -> bool {
        self.update(|wanted| wanted.awaits_camera |= std::mem::take(&mut wanted.sending.camera))
    }

    /// It is there again. Whoever has switched it off meanwhile is not filmed.
    pub(super) fn regain_camera(&self) -> bool {
        self.update(|wanted| wanted.sending.camera |= std::mem::take(&mut wanted.awaits_camera))
    }

    /// A room is entered; with the answer its end is told.
    pub(super) fn begin(&self) -> u64 {
        let mut state = self.lock();
        state.stay += 1;
        state.is_over = false;
        state.wanted.awaits_camera = false;
        self.switch(&state);
        state.stay
    }

    /// The end of an earlier stay changes nothing. What was awaited in this one is not awaited in the next.
    pub(super) fn end(&self, stay: u64) {
        let mut state = self.lock();
        if state.stay == stay && !state.is_over {
            state.is_over = true;
            state.wanted.awaits_camera = false;
            self.switch(&state);
        }
    }

    fn update(&self, change: impl FnOnce(&mut Captured)) -> bool {
        let mut state = self.lock();
        let before = state.wanted;
        change(&mut state.wanted);
        let is_new = state.wanted != before;
        if is_new {
            self.switch(&state);
        }
        is_new
    }

    /// Under the lock: what is told last is what holds.
    fn switch(&self, state: &State) {
        (self.apply)((!state.is_over).then_some(state.wanted));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
