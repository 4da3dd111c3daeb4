//! See `doors::archive` for what is held.
#![no_main]

use certrotd_fuzz::doors::archive;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| archive::open(bytes));
