//! The server from outside: real sockets on loopback, real HTTP, real data channels.

mod accounts;
mod acme;
mod admin;
mod api;
mod bans;
mod channel;
mod described;
mod forms;
mod guard;
mod invites;
mod join_tokens;
mod knocking;
mod offers;
mod operations;
mod ownership;
mod process;
mod reloading;
mod running;
mod seats;
mod storing;
mod support;
mod tls;
