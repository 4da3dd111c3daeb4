//! See `doors::answers` for what is held.
#![no_main]

use certrotd_fuzz::doors::answers;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| answers::open(bytes));
