//! The proving ground's hands: real servers, participants, windows and browsers, started on free ports and ended again.

pub mod browser;
pub mod cameras;
pub mod display;
pub mod fleet;
pub mod load;
pub mod marks;
pub mod material;
pub mod old;
pub mod participant;
pub mod place;
pub mod process;
pub mod scene;
pub mod server;
pub mod soak;

pub use browser::{Browsers, Page, PageOptions, screen_video, tile_video};
pub use cameras::Cameras;
pub use display::Display;
pub use participant::{Looks, Participant};
pub use place::Place;
pub use scene::Scene;
pub use server::Server;
