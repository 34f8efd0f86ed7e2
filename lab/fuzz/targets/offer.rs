//! The body of an offer, as far as the WebRTC engine's answer.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| server::fuzzing::offer(bytes));
