//! What the tests stand on: a server of their own, visitors with cookies, and peers with a data channel.

pub(crate) mod authority;
pub(crate) mod peer;
pub(crate) mod program;
pub(crate) mod site;
pub(crate) mod visitor;

pub(crate) use authority::Authority;
pub(crate) use peer::{Heard, Peer};
pub(crate) use program::Program;
pub(crate) use site::Site;
pub(crate) use visitor::Visitor;
