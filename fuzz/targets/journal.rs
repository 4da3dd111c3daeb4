//! See `doors::journal` for what is held.
#![no_main]

use certrotd_fuzz::doors::journal;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| journal::open(bytes));
