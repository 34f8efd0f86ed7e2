//! The server from outside: real sockets on loopback, real HTTP, real data channels.

mod api;
mod bans;
mod channel;
mod forms;
mod guard;
mod invites;
mod join_tokens;
mod knocking;
mod offers;
mod ownership;
mod process;
mod seats;
mod storing;
mod support;
