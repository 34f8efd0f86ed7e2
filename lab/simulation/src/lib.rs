//! Seeded worlds on virtual time: the cores under schedules of people, against plain reference models and laws.
//!
//! A world is made of one seed, so whatever fails can be replayed: `SEED=17 cargo test -p simulation`.

pub mod crowd;
pub mod seeds;
pub mod session_world;
pub mod webrtc;
