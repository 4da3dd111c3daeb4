//! What was asked of the cloud that changes something there, in an order that does not depend on
//! which of several steps at once ended first.

use certrotd::sim::Call;

use super::stable::{Names, blotted};

/// POSTs and PUTs that only read, or that only get a token.
const NO_WRITES: [&str; 4] =
    ["/ssl-certs/download", "/auth/tokens", "/api/token", "/deployed-resources"];

/// The writes among these calls, as lines: imports, and then by what was written to; in the order
/// in which they came, but for neighbours that went well and may have come in any order.
pub fn writes(calls: &[Call], names: &mut Names) -> Vec<String> {
    let is_write = |call: &&Call| {
        call.method != "GET" && !NO_WRITES.iter().any(|path| call.path.contains(path))
    };
    let writes = calls.iter().filter(is_write);
    let (mut imports, others): (Vec<_>, Vec<_>) =
        writes.partition(|call| call.path.ends_with("/import"));
    // The ids that imports give are named first, in an order that is the same each time.
    let mut lines = sorted(&mut imports, names);
    let mut others: Vec<_> =
        others.into_iter().map(|call| (names.settle(&call.path), call)).collect();
    others.sort_by(|(a, _), (b, _)| a.cmp(b));
    for group in others.chunk_by(|(a, _), (b, _)| a == b) {
        lines.extend(sorted(&mut group.iter().map(|(_, call)| *call).collect::<Vec<_>>(), names));
    }
    if lines.is_empty() {
        return vec!["nothing was written".to_owned()];
    }
    lines
}

fn sorted(calls: &mut [&Call], names: &mut Names) -> Vec<String> {
    let well = |call: &Call| call.status.is_some_and(|status| status < 300);
    for run in calls.chunk_by_mut(|a, b| well(a) && well(b)) {
        run.sort_by_cached_key(|call| blotted(&text(call)));
    }
    calls.iter().map(|call| names.settle(&text(call))).collect()
}

/// The ledger's line. That an answer was slow in coming is no part of what was written.
fn text(call: &Call) -> String {
    call.to_string().trim_end_matches(" [slow]").to_owned()
}

/// How many of these calls were refused for their credential.
pub fn refused(calls: &[Call]) -> String {
    let count = calls.iter().filter(|call| call.status == Some(401)).count();
    format!("refused with 401: {count}")
}
