//! CDN: the certificates that domains use, and which certificate a domain takes from the certificate manager.

use std::time::Duration;

mod bind;
mod certificates;
#[cfg(test)]
mod tests;

pub use bind::bind;
pub use certificates::certificates;

/// How often the configuration of domains may be read and written in [`CONFIG_WINDOW`], by an account;
/// beyond it the gateway throttles.
pub(super) const CONFIG_CALLS_MAX: usize = 20;
/// The span that [`CONFIG_CALLS_MAX`] is for.
pub(super) const CONFIG_WINDOW: Duration = Duration::from_secs(60);
