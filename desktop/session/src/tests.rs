//! The laws of a whole session, one file for each behaviour.

mod candidates;
mod chatting;
mod departing;
mod joining;
mod keeping_order;
mod knocking;
mod lasting_lines;
mod media_states;
mod negotiating;
mod recovering;
mod returning;
