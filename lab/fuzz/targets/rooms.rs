//! A crowd whose every decision is one of the bytes, compared with the reference model.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| simulation::crowd::feed(bytes));
