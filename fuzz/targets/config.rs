//! See `doors::config` for what is held.
#![no_main]

use certrotd_fuzz::doors::config;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| config::open(bytes));
