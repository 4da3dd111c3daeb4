//! See `doors::greeting` for what is held.
#![no_main]

use certrotd_fuzz::doors::greeting;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| greeting::open(bytes));
