//! When, as arithmetic: cron lines, back-off, spans and windows. Reads no clock; every moment is given.

mod backoff;
mod cron;
mod span;
mod window;

pub use backoff::{Backoff, poll_delay};
pub use cron::{Cron, CronError};
pub use span::{SpanError, parse_span, parse_span_range};
pub use window::{Window, WindowError};
