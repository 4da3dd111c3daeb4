//! What was asked of the cloud that changes something there, in an order that does not depend on
//! which of several steps at once came first.

use certrotd::sim::Call;

use super::stable::{Names, blotted};

/// POSTs and PUTs that only read, or that only get a token.
const NO_WRITES: [&str; 3] = ["/ssl-certs/download", "/auth/tokens", "/api/token"];

/// The writes among these calls, as lines.
pub fn writes(calls: &[Call], names: &mut Names) -> Vec<String> {
    let is_write = |call: &&Call| {
        call.method != "GET" && !NO_WRITES.iter().any(|path| call.path.contains(path))
    };
    let mut lines: Vec<_> = calls.iter().filter(is_write).map(ToString::to_string).collect();
    lines.sort_by_cached_key(|line| blotted(line));
    if lines.is_empty() {
        return vec!["nothing was written".to_owned()];
    }
    lines.iter().map(|line| names.settle(line)).collect()
}

/// How many of these calls were refused for their credential.
pub fn refused(calls: &[Call]) -> String {
    let count = calls.iter().filter(|call| call.status == Some(401)).count();
    format!("refused with 401: {count}")
}
