//! `[schedule]`, `[state]`, `[log]` and `[metrics]`.

use std::ffi::OsStr;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use chrono_tz::Tz;
use tracing_subscriber::filter::{LevelFilter, Targets};

use super::World;
use super::values::{parsed, parsed_or, path, span_within};
use crate::config::error::{Findings, shown};
use crate::config::read::Read;
use crate::config::words::one_of;
use crate::config::{Log, LogFormat, Metrics, Schedule, raw};
use crate::model::time::span as in_words;
use crate::schedule::{Backoff, Cron, parse_span_range};

/// More jitter than an hour would be another schedule.
const JITTER: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_secs(3600);
/// Below a second a lost write would be repeated before any list could show it.
const DOUBT: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(86_400);
/// A tenth of a second still spares a service that is down; a day is a certificate's patience.
const RETRY: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_secs(86_400);
/// What the names of files end in that the textfile collector of node_exporter reads.
const COLLECTED: &str = "prom";

pub(super) fn schedule(
    read: &Read<raw::Schedule>,
    findings: &mut Findings<'_>,
) -> Option<Schedule> {
    let raw = &read.raw;
    let zone = parsed_or("timezone", raw.timezone.as_ref(), raw::TIMEZONE, findings, |text| {
        time_zone(text)
    });
    // A bad zone must not hide a bad line.
    let line_zone = zone.unwrap_or(Tz::UTC);
    let reconcile =
        parsed_or("reconcile", raw.reconcile.as_ref(), raw::RECONCILE, findings, |line| {
            Cron::parse(line, line_zone)
        });
    let jitter = parsed_or("jitter", raw.jitter.as_ref(), raw::JITTER, findings, |text| {
        span_within(text, JITTER)
    });
    let doubt = parsed_or("doubt", raw.doubt.as_ref(), raw::DOUBT, findings, |text| {
        span_within(text, DOUBT)
    });
    let retry = parsed_or("retry", raw.retry.as_ref(), raw::RETRY, findings, backoff);
    zone?;
    Some(Schedule {
        reconcile: reconcile?,
        jitter: jitter?,
        watch: raw.watch.as_ref().map_or(raw::WATCH, |watch| *watch.get_ref()),
        doubt: doubt?,
        retry: retry?,
    })
}

pub(super) fn state(
    read: &Read<raw::State>,
    world: &World<'_>,
    findings: &mut Findings<'_>,
) -> Option<PathBuf> {
    parsed_or("path", read.raw.path.as_ref(), raw::STATE, findings, |text| path(text, world))
}

pub(super) fn log(read: &Read<raw::Log>, findings: &mut Findings<'_>) -> Option<Log> {
    let raw = &read.raw;
    let format = parsed_or("format", raw.format.as_ref(), raw::LOG_FORMAT, findings, log_format);
    let level = parsed_or("level", raw.level.as_ref(), raw::LOG_LEVEL, findings, log_level);
    Some(Log { format: format?, level: level? })
}

pub(super) fn metrics(
    read: &Read<raw::Metrics>,
    world: &World<'_>,
    findings: &mut Findings<'_>,
) -> Metrics {
    let raw = &read.raw;
    let listen = raw.listen.as_ref().and_then(|at| parsed("listen", at, findings, address));
    let textfile = raw.textfile.as_ref();
    let textfile = textfile.and_then(|at| parsed("textfile", at, findings, |it| page(it, world)));
    Metrics { listen, textfile }
}

fn address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse()
        .map_err(|_| "is no address with a port, expected such as 127.0.0.1:9469 or [::1]:9469")
}

/// Another name would never be read.
fn page(text: &str, world: &World<'_>) -> Result<PathBuf, &'static str> {
    let path = path(text, world)?;
    if path.extension() == Some(OsStr::new(COLLECTED)) {
        return Ok(path);
    }
    Err("is nothing that node_exporter collects, expected a name that ends in .prom")
}

fn time_zone(text: &str) -> Result<Tz, &'static str> {
    text.parse().map_err(|_| "is no time zone, expected an IANA name such as UTC or Asia/Shanghai")
}

fn backoff(text: &str) -> Result<Backoff, String> {
    let (first, longest) = parse_span_range(text).map_err(|error| error.to_string())?;
    if RETRY.contains(&first) && RETRY.contains(&longest) {
        return Ok(Backoff { first, longest });
    }
    Err(format!(
        "is out of bounds, expected both from {} to {}",
        in_words(*RETRY.start()),
        in_words(*RETRY.end())
    ))
}

fn log_format(text: &str) -> Result<LogFormat, String> {
    one_of(text, "is no form of a log")
}

/// Stricter than the filter's own parser, which takes a misspelled level for a target and then logs
/// everything of it.
fn log_level(text: &str) -> Result<String, String> {
    let directives: Vec<&str> = text.split(',').map(str::trim).collect();
    for directive in &directives {
        let level = directive.rsplit_once('=').map_or(*directive, |(_, level)| level);
        let known = level.parse::<LevelFilter>().is_ok() && level.chars().all(char::is_alphabetic);
        if !known || directive.starts_with('=') {
            return Err(format!(
                "has {}, expected off, error, warn, info, debug or trace, or such as certrotd=debug",
                shown(directive)
            ));
        }
    }
    let level = directives.join(",");
    level.parse::<Targets>().map_err(|error| format!("is no log level: {error}"))?;
    Ok(level)
}
