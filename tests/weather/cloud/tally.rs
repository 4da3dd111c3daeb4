//! What happened in all storms together: one in which nothing happens proves nothing.

use std::collections::BTreeMap;
use std::sync::Mutex;

use certrotd::plan::action::{Action, Retired};

use super::events;

static COUNTS: Mutex<BTreeMap<String, u64>> = Mutex::new(BTreeMap::new());

/// It has happened once more.
pub fn count(what: &str) {
    if !what.starts_with("said: ") {
        events::tell(|| format!("# {what}"));
    }
    *COUNTS.lock().unwrap().entry(what.to_owned()).or_default() += 1;
}

/// Fails when one of these never happened; prints how often everything did.
#[expect(clippy::print_stderr, reason = "a test says what it did")]
pub fn judge(expected: &[&str]) {
    let counts = COUNTS.lock().unwrap();
    let all: Vec<_> = counts.iter().map(|(what, count)| format!("{what} × {count}")).collect();
    eprintln!("{}", all.join("; "));
    let never: Vec<_> = expected.iter().filter(|what| !counts.contains_key(**what)).collect();
    assert!(never.is_empty(), "never happened: {never:?}");
}

/// An action in a word or two.
pub fn word(action: &Action) -> String {
    match action {
        Action::Import { .. } => "import".to_owned(),
        Action::Push { target, .. } => format!("push to {target}"),
        Action::Bind { place, .. } => format!("bind in {}", place.target),
        Action::Retire { what: Retired::Import { .. }, .. } => "retire import".to_owned(),
        Action::Retire { what: Retired::Copy { .. }, .. } => "retire copy".to_owned(),
        Action::InstallCa { .. } => "install".to_owned(),
        Action::RunHook { .. } => "hook".to_owned(),
        Action::SwitchSsl { .. } => "switch".to_owned(),
    }
}
