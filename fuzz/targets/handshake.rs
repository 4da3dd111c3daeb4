//! See `doors::handshake` for what is held.
#![no_main]

use certrotd_fuzz::doors::handshake;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| handshake::open(bytes));
