//! How the daemon is watched: its log, and what it tells the service manager.

mod journald;
mod json;
mod level;
pub mod log;
pub mod notify;
mod panic;
mod record;
mod text;
