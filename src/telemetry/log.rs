//! Installs the log on standard error, in the format that whoever reads it expects.

use std::fs::File;
use std::io::{self, IsTerminal as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::fs::MetadataExt as _;
use std::sync::OnceLock;

use chrono::{Local, Utc};
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Context, SubscriberExt as _};
use tracing_subscriber::registry::{LookupSpan, Registry};
use tracing_subscriber::{Layer, reload};

pub use super::level::BadLevel;
use super::record::Record;
use super::text::Dress;
use super::{bar, journald, json, level, panic, text};
use crate::model::time::Time;

/// How the log is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Format {
    /// Whichever of the others fits where standard error goes: see [`resolve`].
    #[default]
    Auto,
    /// A line of text an event, for eyes.
    Text,
    /// A flat JSON object a line, for collectors.
    Json,
    /// Entries of the systemd journal with filterable fields.
    Journald,
}

/// The installed log: what a reload of the configuration can still change.
#[derive(Clone)]
pub struct Handle(reload::Handle<Targets, Registry>);

impl Handle {
    /// Puts another level in force, for the whole process and at once.
    /// Refuses what [`init`] refuses; then the former level stays.
    pub fn reload(&self, level: &str) -> Result<(), BadLevel> {
        self.put(level::parse(level)?);
        Ok(())
    }

    fn put(&self, targets: Targets) {
        // This fails only when the subscriber is gone, and then there is no log to change.
        let _ = self.0.reload(targets);
    }
}

/// Installs the log on standard error for the whole process, and a hook that makes a panic one line of it.
///
/// `level` is one of `off`, `error`, `warn`, `info`, `debug`, `trace`, or a list such as `info,certrotd=debug`.
/// Libraries stay at `info` or `warn` whatever the level, unless the list names them: what they print below
/// that can hold tokens. A second call keeps the first one's format and sets the level.
pub fn init(format: Format, level: &str) -> Result<Handle, BadLevel> {
    static INSTALLED: OnceLock<Handle> = OnceLock::new();
    let targets = level::parse(level)?;
    let handle = INSTALLED.get_or_init(|| install(format, targets.clone()));
    handle.put(targets);
    Ok(handle.clone())
}

/// What `Auto` means here: the journal where standard error already goes there, text on a terminal, else JSON.
/// Any other format means itself.
pub fn resolve(format: Format, stderr_is_terminal: bool, journal_stream: bool) -> Format {
    match format {
        Format::Auto if journal_stream => Format::Journald,
        Format::Auto if stderr_is_terminal => Format::Text,
        Format::Auto => Format::Json,
        chosen => chosen,
    }
}

fn install(format: Format, targets: Targets) -> Handle {
    let terminal = io::stderr().is_terminal();
    let (filter, handle) = reload::Layer::new(targets);
    let resolved = resolve(format, terminal, stderr_is_the_journal());
    let subscriber = tracing_subscriber::registry().with(filter).with(layers(resolved, terminal));
    // This fails only when a test has put its own subscriber in place; that one then sees the events.
    let _ = tracing::subscriber::set_global_default(subscriber);
    panic::install_hook();
    Handle(handle)
}

fn layers<S>(resolved: Format, terminal: bool) -> Vec<Box<dyn Layer<S> + Send + Sync>>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let colour = terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let style = match resolved {
        Format::Json => Style::Json,
        Format::Text | Format::Auto if colour => Style::Text(Dress::Colour),
        Format::Text | Format::Auto => Style::Text(Dress::Plain),
        Format::Journald => match journald::layers() {
            Ok(layers) => return layers,
            // The service manager reads priorities from the stream, so the levels survive.
            Err(_) => Style::Text(Dress::Priority),
        },
    };
    vec![Lines { style, out: || bar::Above }.boxed()]
}

/// Whether standard error is the stream that the service manager connected to the journal: it names that
/// stream's device and inode, since a variable alone would be inherited by processes that log elsewhere.
fn stderr_is_the_journal() -> bool {
    let named = std::env::var("JOURNAL_STREAM").ok();
    named.is_some_and(|stream| Some(stream) == stderr_inode().ok())
}

fn stderr_inode() -> io::Result<String> {
    let file = File::from(io::stderr().as_fd().try_clone_to_owned()?);
    let metadata = file.metadata()?;
    Ok(format!("{}:{}", metadata.dev(), metadata.ino()))
}

#[derive(Clone, Copy)]
enum Style {
    Json,
    Text(Dress),
}

/// Writes each event as one line, in one write, so that lines of several threads do not mix.
struct Lines<W> {
    style: Style,
    out: W,
}

impl<S, W> Layer<S> for Lines<W>
where
    S: Subscriber,
    W: for<'a> MakeWriter<'a> + 'static,
{
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let record = Record::of(event);
        let line = match self.style {
            Style::Json => json::line(&record, Time::from(Utc::now())),
            Style::Text(dress) => text::line(&record, Local::now(), dress),
        };
        // Nobody is left to be told that the log cannot be written; the work goes on.
        let _ = self.out.make_writer_for(event.metadata()).write_all(line.as_bytes());
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::{Arc, Mutex};

    use serde_json::Value;

    use super::*;

    /// What a log under test has written.
    #[derive(Clone, Default)]
    pub(in super::super) struct Seen(Arc<Mutex<Vec<u8>>>);

    impl Seen {
        pub(in super::super) fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }

        fn writer(&self) -> impl Fn() -> Self + 'static {
            let seen = self.clone();
            move || seen.clone()
        }

        pub(in super::super) fn lines(&self) -> Vec<Value> {
            self.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
        }
    }

    impl io::Write for Seen {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    pub(in super::super) fn capture_json(seen: &Seen, body: impl FnOnce()) {
        let layer = Lines { style: Style::Json, out: seen.writer() };
        let subscriber = tracing_subscriber::registry().with(layer);
        tracing::subscriber::with_default(subscriber, body);
    }

    #[test]
    fn auto_follows_the_reader() {
        assert_eq!(resolve(Format::Auto, false, true), Format::Journald);
        assert_eq!(resolve(Format::Auto, true, false), Format::Text);
        assert_eq!(resolve(Format::Auto, false, false), Format::Json);
        assert_eq!(resolve(Format::Json, true, true), Format::Json);
    }

    #[test]
    fn events_become_flat_objects_with_typed_fields() {
        let seen = Seen::default();
        let cause = io::Error::other("connection reset");
        let error: &(dyn std::error::Error + 'static) = &cause;
        capture_json(&seen, || {
            let name = "www";
            tracing::info!(
                event = "certificate.imported",
                certificate = %name,
                elapsed_ms = 412_u64,
                days_left = -3_i64,
                retry = false,
                ratio = 0.5,
                error,
                "imported {name}\nas scs1"
            );
            tracing::warn!(target: "some_library", code = 7, "odd");
        });
        let lines = seen.lines();
        let (ours, library) = (&lines[0], &lines[1]);
        assert_eq!(ours["event"], "certificate.imported");
        assert_eq!(ours["level"], "info");
        assert_eq!(ours["message"], "imported www\nas scs1");
        assert_eq!(ours["certificate"], "www");
        assert_eq!(ours["elapsed_ms"], 412);
        assert_eq!(ours["days_left"], -3);
        assert_eq!(ours["retry"], false);
        assert_eq!(ours["ratio"], 0.5);
        assert_eq!(ours["error"], "connection reset");
        assert!(ours.as_object().unwrap().values().all(|value| !value.is_object()));
        assert_eq!(library["event"], "log");
        assert_eq!(library["module"], "some_library");
        assert_eq!(library["code"], 7);
    }

    #[test]
    fn a_line_stays_bounded() {
        let seen = Seen::default();
        let huge = "x".repeat(1 << 20);
        capture_json(&seen, || {
            tracing::info!(event = "log", a = %huge, b = %huge, c = %huge, d = %huge, e = %huge, "{huge}");
        });
        let line = seen.text();
        assert!(line.len() < 40_000, "{} bytes", line.len());
        assert!(seen.lines()[0]["message"].as_str().unwrap().ends_with('…'));
    }

    #[test]
    fn a_reload_changes_the_level_and_a_bad_one_does_not() {
        let seen = Seen::default();
        let (filter, handle) = reload::Layer::new(level::parse("info").unwrap());
        let handle = Handle(handle);
        let layer = Lines { style: Style::Json, out: seen.writer() };
        let subscriber = tracing_subscriber::registry().with(filter).with(layer);
        tracing::subscriber::with_default(subscriber, || {
            tracing::debug!("unseen");
            handle.reload("debug").unwrap();
            tracing::debug!("first");
            assert!(handle.reload("wran").is_err());
            tracing::debug!("second");
            handle.reload("off").unwrap();
            tracing::error!("unseen");
        });
        let messages: Vec<_> = seen.lines().iter().map(|line| line["message"].clone()).collect();
        assert_eq!(messages, ["first", "second"]);
    }

    /// Installing is for a whole process, so it is tried in one of its own: this test, run again.
    #[test]
    fn installed_it_holds_libraries_back_and_reports_panics() {
        const CHILD: &str = "CERTROTD_TEST_LOG_CHILD";
        if std::env::var_os(CHILD).is_some() {
            return speak();
        }
        let this = "telemetry::log::tests::installed_it_holds_libraries_back_and_reports_panics";
        let child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", this, "--nocapture"])
            .env(CHILD, "1")
            .env_remove("JOURNAL_STREAM")
            .output()
            .unwrap();
        let text = String::from_utf8(child.stderr).unwrap();
        let lines: Vec<Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let events: Vec<_> = lines.iter().map(|line| line["event"].as_str().unwrap()).collect();
        assert_eq!(events, ["daemon.ready", "log", "daemon.panicked", "daemon.stopping"], "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }

    fn speak() {
        let handle = init(Format::Auto, "trace").unwrap();
        tracing::trace!(event = "daemon.ready", "ready");
        tracing::trace!(target: "hyper::proto", "x-auth-token: hunter2");
        tracing::debug!(target: "some_library", "token hunter2");
        tracing::info!(target: "some_library", "fine");
        handle.reload("warn").unwrap();
        tracing::info!("held back");
        let secret = "hunter2";
        assert!(std::thread::spawn(move || panic!("lost {secret}")).join().is_err());
        init(Format::Text, "info").unwrap();
        tracing::info!(event = "daemon.stopping", "the first format stays");
    }
}
