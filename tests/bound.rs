//! A rotation is done when it is served: binding, handshakes, roll-back, drift and cleaning up, by
//! the real binary against edges that speak TLS.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod common;

#[path = "bound/bench.rs"]
mod bench;
#[path = "bound/binding.rs"]
mod binding;
#[path = "bound/cleaning.rs"]
mod cleaning;
#[path = "bound/drifting.rs"]
mod drifting;
#[path = "bound/limits.rs"]
mod limits;
#[path = "bound/rolling_back.rs"]
mod rolling_back;
#[path = "bound/secrets.rs"]
mod secrets;
