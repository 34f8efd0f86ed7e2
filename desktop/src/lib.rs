//! The native app: a window, or a participant without one, in a room.
