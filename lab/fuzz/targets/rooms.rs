//! Arbitrary people in a few rooms.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| server::fuzzing::rooms(bytes));
