//! The laws of a whole session, one file for each behaviour.

mod candidates;
mod chatting;
mod departing;
mod joining;
mod media_states;
mod negotiating;
mod recovering;
mod returning;
