//! See `doors::pem` for what is held.
#![no_main]

use certrotd_fuzz::doors::pem;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| pem::open(bytes));
