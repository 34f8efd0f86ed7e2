//! What is captured, and for which stay: outside a room there is no light on the camera and no open microphone.

use std::sync::{Mutex, MutexGuard, PoisonError};

use protocol::MediaState;

/// Told from any thread; whether somebody looks at the events makes no difference.
pub(super) struct Capture {
    /// Turns the devices on and off; `None`: nobody is inside.
    apply: Box<dyn Fn(Option<MediaState>) + Send + Sync>,
    state: Mutex<State>,
}

struct State {
    /// What the person wants.
    sending: MediaState,
    /// The number of the last stay; no stay has zero.
    stay: u64,
    is_over: bool,
}

impl Capture {
    pub(super) fn new(sending: MediaState, apply: impl Fn(Option<MediaState>) + Send + Sync + 'static) -> Self {
        Self { apply: Box::new(apply), state: Mutex::new(State { sending, stay: 0, is_over: true }) }
    }

    /// Of whoever is inside, or will be.
    pub(super) fn sending(&self) -> MediaState {
        self.lock().sending
    }

    /// Whether that is something new.
    pub(super) fn change(&self, change: impl FnOnce(&mut MediaState)) -> bool {
        let mut state = self.lock();
        let before = state.sending;
        change(&mut state.sending);
        let is_new = state.sending != before;
        if is_new {
            self.switch(&state);
        }
        is_new
    }

    /// A room is entered; with the answer its end is told.
    pub(super) fn begin(&self) -> u64 {
        let mut state = self.lock();
        state.stay += 1;
        state.is_over = false;
        self.switch(&state);
        state.stay
    }

    /// The end of an earlier stay changes nothing.
    pub(super) fn end(&self, stay: u64) {
        let mut state = self.lock();
        if state.stay == stay && !state.is_over {
            state.is_over = true;
            self.switch(&state);
        }
    }

    /// Under the lock: what is told last is what holds.
    fn switch(&self, state: &State) {
        (self.apply)((!state.is_over).then_some(state.sending));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
