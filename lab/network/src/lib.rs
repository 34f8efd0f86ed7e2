//! A bad network to test on: delay, jitter, loss, bursts, reordering, duplication, a bottleneck and outages, all seeded.
//!
//! [`Path`] is the core: one direction, told packets and the time. [`Network`] carries real packets along two of them,
//! between two network namespaces, so that any program can be at either end.

mod conditions;
mod loss;
mod namespace;
mod network;
mod path;
mod profile;

pub use conditions::{Conditions, Rate};
pub use loss::Loss;
pub use namespace::Namespace;
pub use network::{Network, NetworkError, Side};
pub use path::{Counts, Path};
pub use profile::{Phase, Profile, UnknownProfile};
