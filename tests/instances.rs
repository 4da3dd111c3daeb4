//! Handshakes with instances: what verifies with the published CA alone, what does not and why, and how
//! TLS begins with each kind of database. Debian's own servers are judged by `tests/instances/run`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "instances/bench.rs"]
mod bench;
#[path = "instances/foreign.rs"]
mod foreign;
#[path = "instances/mysql.rs"]
mod mysql;
#[path = "instances/postgres.rs"]
mod postgres;
#[path = "instances/trust.rs"]
mod trust;
#[path = "instances/unwilling.rs"]
mod unwilling;
