//! The probe against simulated edges: every way in which a handshake can end, and what `openssl` says.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "edges/bench.rs"]
mod bench;
#[path = "edges/broken.rs"]
mod broken;
#[path = "edges/choice.rs"]
mod choice;
#[path = "edges/odd.rs"]
mod odd;
#[path = "edges/openssl.rs"]
mod openssl;
#[path = "edges/server.rs"]
mod server;
