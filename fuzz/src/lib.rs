//! What the targets call. It lies with the test that replays the seeds, so that both do the same.

#[path = "../../tests/fuzz_replay/doors/mod.rs"]
pub mod doors;
