//! A panic is a bug, and leaves one line in the log like everything else.

use std::panic::{PanicHookInfo, set_hook};
use std::thread;

/// Replaces the standard hook, whose several lines would break a log that is read line by line.
///
/// The line says where. It says what only if the words are a literal of the source: a message that was
/// put together at run time can hold a secret.
pub(super) fn install_hook() {
    set_hook(Box::new(report));
}

fn report(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
    let words = panic.payload().downcast_ref::<&'static str>().copied();
    let current = thread::current();
    tracing::error!(
        event = "daemon.panicked",
        thread = current.name().unwrap_or("unnamed"),
        location = place,
        error = words.unwrap_or("withheld: it was put together at run time"),
        "a bug stopped a task at {place}; please report this line"
    );
}

#[cfg(test)]
mod tests {
    use std::panic::{catch_unwind, take_hook};

    use super::super::log::tests::{Seen, capture_json};
    use super::*;

    #[test]
    fn a_panic_is_one_line_without_its_values() {
        let seen = Seen::default();
        let former = take_hook();
        capture_json(&seen, || {
            install_hook();
            for hunter in [Some("hunter2"), None] {
                let task = catch_unwind(|| match hunter {
                    Some(secret) => panic!("bad {secret}"),
                    None => panic!("a literal"),
                });
                assert!(task.is_err());
            }
        });
        set_hook(former);
        let lines = seen.lines();
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert_eq!(lines[0]["event"], "daemon.panicked");
        assert!(!lines[0].to_string().contains("hunter2"), "{lines:?}");
        assert!(lines[0]["location"].as_str().unwrap().contains("panic.rs"), "{lines:?}");
        assert_eq!(lines[1]["error"], "a literal");
    }
}
