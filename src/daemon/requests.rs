//! What operators ask of a running daemon: files in a directory of the state, which only those who
//! may read the state can write.

use std::io;
use std::path::{Path, PathBuf};

use crate::cycle::Request;
use crate::files::{self, Attributes};

/// Requests taken at once, and the length of one: an operator types them by hand.
const REQUESTS_MAX: usize = 64;
const REQUEST_BYTES_MAX: u64 = 4096;
/// Files that only the daemon's user reads.
const MODE: u32 = 0o600;

/// Where requests lie.
pub fn directory(state: &Path) -> PathBuf {
    state.join("requests")
}

/// The name in that directory that the daemon watches: it is written after each request.
pub fn watched(state: &Path) -> PathBuf {
    directory(state).join("left")
}

/// Leaves a request for the daemon, which takes it at once.
pub fn leave(state: &Path, request: &Request) -> io::Result<()> {
    let text = serde_json::to_string(request)?;
    let digest = crate::model::digest::Sha256::of(text.as_bytes()).short();
    files::atomic::replace(
        &directory(state).join(format!("{digest}.json")),
        text.as_bytes(),
        &Attributes::of_mode(MODE),
    )?;
    files::atomic::replace(&watched(state), digest.as_bytes(), &Attributes::of_mode(MODE))
}

/// Takes all requests. One that cannot be read is removed and logged: it must not come again.
pub fn take(state: &Path) -> Vec<Request> {
    let Ok(entries) = std::fs::read_dir(directory(state)) else { return Vec::new() };
    let paths = entries.flatten().map(|entry| entry.path());
    let requests = paths.filter(|path| path.extension().is_some_and(|end| end == "json"));
    requests.take(REQUESTS_MAX).filter_map(|path| one(&path)).collect()
}

fn one(path: &Path) -> Option<Request> {
    let read = files::read::bounded(path, REQUEST_BYTES_MAX);
    let request = read.and_then(|bytes| Ok(serde_json::from_slice(&bytes)?));
    if let Err(error) = std::fs::remove_file(path) {
        tracing::warn!(event = "request.stuck", error = %error, "{} cannot be removed: {error}", path.display());
        return None;
    }
    request
        .inspect_err(|error| {
            tracing::warn!(event = "request.bad", error = %error, "{} is no request: {error}", path.display());
        })
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::names::Name;
    use crate::scratch::Scratch;

    #[test]
    fn a_request_is_taken_once() {
        let state = Scratch::new();
        let request = Request::Retry(Name::new("www").unwrap());
        leave(&state, &request).unwrap();
        std::fs::write(directory(&state).join("bad.json"), "{").unwrap();
        assert_eq!(take(&state), [request]);
        assert_eq!(take(&state), []);
    }
}
