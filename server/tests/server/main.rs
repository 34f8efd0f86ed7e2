//! The server from outside: real sockets on loopback, real HTTP, real data channels.

mod api;
mod channel;
mod forms;
mod guard;
mod offers;
mod process;
mod seats;
mod support;
