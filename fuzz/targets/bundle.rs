//! See `doors::bundle` for what is held.
#![no_main]

use certrotd_fuzz::doors::bundle;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bundle::open(bytes));
