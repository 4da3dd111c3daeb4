//! Storms, then calm: seeded bad weather over the planner alone, which is fast, and over all of the
//! daemon against the simulated cloud, which is true. A seed that fails prints the command that
//! replays it.
#![expect(clippy::unwrap_used, reason = "a storm that cannot go on has failed")]

#[path = "weather/cloud/mod.rs"]
mod cloud;
#[path = "weather/planner/mod.rs"]
mod planner;
#[path = "weather/rng.rs"]
mod rng;
#[path = "weather/seeds.rs"]
mod seeds;
