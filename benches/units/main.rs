//! What a cycle is made of, one piece at a time: reading pairs and the configuration, planning, signing,
//! and folding the journal. `cargo bench`; `benches/scale.sh` measures whole processes.

#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on has failed")]

mod fold;
mod parse;
mod plan;
mod sign;

// The signer is private to the client; its file is compiled here a second time.
use certrotd::model;

fn main() {
    divan::main();
}
