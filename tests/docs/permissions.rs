//! Actions of IAM: the guides call them as `certrotd policy` does.

use certrotd::cloud::PERMISSIONS;

use super::{guides, read, rows, section, spans};

/// What stands before the other names in a cell.
const IDENTITY: &str = "(identity: ";

/// Whether a span is the name of an action: three words with colons between.
fn is_action(span: &str) -> bool {
    let parts: Vec<_> = span.split(':').collect();
    let word = |part: &&str| !part.is_empty() && part.chars().all(|it| it.is_ascii_alphabetic());
    parts.len() == 3 && parts.iter().all(word)
}

fn actions(text: &str) -> Vec<String> {
    spans(text).into_iter().filter(|span| is_action(span)).collect()
}

/// Whether some operation wants this action, and identity policies call it that, or nothing else.
fn is_pair(action: &str, identity: Option<&str>) -> bool {
    PERMISSIONS.iter().any(|it| it.action == action && it.identity == identity)
}

#[test]
fn readme_calls_each_action_as_the_policy_does() {
    let mut seen = 0;
    for row in rows(&section("README.md", "## Credentials")) {
        let cell = row.last().map_or("", String::as_str);
        let (policy, identity) = cell.split_once(IDENTITY).unwrap_or((cell, ""));
        let (policy, identity) = (actions(policy), actions(identity));
        let paired = identity.is_empty() || identity.len() == policy.len();
        assert!(paired, "a name for each, or none: {cell}");
        for (at, action) in policy.iter().enumerate() {
            let other = identity.get(at).map(String::as_str);
            assert!(is_pair(action, other), "{action} and {other:?}: {cell}");
            seen += 1;
        }
    }
    assert!(seen > 8, "the rule has seen {seen} actions");
}

#[test]
fn the_guides_name_no_action_that_nothing_wants() {
    for guide in guides() {
        for action in actions(&read(guide)) {
            let known =
                PERMISSIONS.iter().any(|it| it.action == action || it.identity == Some(&*action));
            assert!(known, "{guide}: {action}");
        }
    }
}
