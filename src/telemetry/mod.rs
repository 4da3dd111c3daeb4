//! How the daemon is watched: its log, what it tells the service manager, and what it shows over HTTP.

pub mod bar;
pub mod http;
mod journald;
mod json;
mod level;
pub mod log;
pub mod metrics;
pub mod notify;
pub mod page;
mod panic;
mod record;
mod text;
