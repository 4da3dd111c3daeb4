//! What keys mean when they are absent, as they would be written.

/// When a cycle starts by itself.
pub(in crate::config) const RECONCILE: &str = "0 */15 * * * *";
/// The time zone of the cron line.
pub(in crate::config) const TIMEZONE: &str = "UTC";
/// Spread of many hosts.
pub(in crate::config) const JITTER: &str = "30s";
/// Whether files are watched.
pub(in crate::config) const WATCH: bool = true;
/// How long a lost answer is held: some listings lag behind what was written by up to a minute.
pub(in crate::config) const DOUBT: &str = "2m";
/// Waits between tries.
pub(in crate::config) const RETRY: &str = "10s..15m";
/// Where the journal lies.
pub(in crate::config) const STATE: &str = "/var/lib/certrotd/state";
/// Form of the log.
pub(in crate::config) const LOG_FORMAT: &str = "auto";
/// Level of the log.
pub(in crate::config) const LOG_LEVEL: &str = "info";
/// Calls at once.
pub(in crate::config) const MAX_IN_FLIGHT: i64 = 16;
/// When an ageing certificate is warned of.
pub(in crate::config) const WARN_BEFORE: &str = "21d";
/// Superseded imports that stay.
pub(in crate::config) const KEEP: i64 = 2;
/// How long an edge may serve the old certificate: what CDN's nodes take to follow.
pub(in crate::config) const WINDOW_CDN: &str = "10m";
/// The same for the other services.
pub(in crate::config) const WINDOW: &str = "1m";
/// What is done about a foreign certificate.
pub(in crate::config) const DRIFT: &str = "report";
/// The CA that GeminiDB clients outside the mainland's national algorithms want.
pub(in crate::config) const CATEGORY: &str = "international";
/// Permissions of a CA file.
pub(in crate::config) const MODE: &str = "0644";
/// How long clients may take to load a new CA file.
pub(in crate::config) const OVERLAP: &str = "30d";
/// How most instances begin TLS.
pub(in crate::config) const PROTOCOL: &str = "tls";
/// Whether a restart is allowed.
pub(in crate::config) const ALLOW_RESTART: bool = false;
/// What each found rotation is called: ACME clients name the directory after the certificate.
pub(in crate::config) const FOUND_NAME: &str = "{parent}";
/// What a pattern without a match is.
pub(in crate::config) const WHEN_EMPTY: &str = "alarm";
/// How often it is told again of what lasts: somebody else may be on duty tomorrow.
pub(in crate::config) const REMIND: &str = "24h";
/// How long something stands before it is told: a call that fails once is no news.
pub(in crate::config) const SETTLE: &str = "1m";
