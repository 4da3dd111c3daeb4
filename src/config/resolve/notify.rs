//! `[[notify]]`: who is told, of what, and how often.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::time::Duration;

use glob::Pattern;

use super::command::command;
use super::credentials::secret_file;
use super::endpoint::is_webhook;
use super::values::{parsed_or, span_within};
use super::{Names, World, lists};
use crate::config::disk::SecretAt;
use crate::config::error::Findings;
use crate::config::read::Read;
use crate::config::words::one_of;
use crate::config::{Address, Notify, Receiver, raw};
use crate::model::news::News;
use crate::model::secret::Secret;

/// More often than each minute would be a log; a year is never.
const REMIND: RangeInclusive<Duration> =
    Duration::from_secs(60)..=Duration::from_secs(365 * 86_400);
/// What has stood for a day is past waiting.
const SETTLE: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_secs(86_400);
/// Not told again.
const NEVER: &str = "never";
/// At once, without a unit: no unit would change it.
const AT_ONCE: &str = "0";

/// Every sound entry, in the file's order; its files are noted for a look at the disk.
pub(super) fn all(
    reads: &[Read<raw::Notify>],
    world: &World<'_>,
    secrets: &mut Vec<SecretAt>,
    findings: &mut Findings<'_>,
) -> Vec<Notify> {
    let mut names = Names::default();
    reads.iter().filter_map(|read| one(read, &mut names, world, secrets, findings)).collect()
}

fn one(
    read: &Read<raw::Notify>,
    names: &mut Names,
    world: &World<'_>,
    secrets: &mut Vec<SecretAt>,
    findings: &mut Findings<'_>,
) -> Option<Notify> {
    let raw = &read.raw;
    let name = names.take(read, raw.name.as_ref(), findings);
    let to = receiver(read, world, secrets, findings);
    let on = lists::once("on", raw.on.as_ref(), findings, news, |it| *it);
    let on: BTreeSet<_> = match raw.on {
        Some(_) => on.into_iter().collect(),
        None => News::ALL.into_iter().filter(|it| *it != News::Changed).collect(),
    };
    let patterns = lists::list("names", raw.names.as_ref(), findings, pattern);
    let remind = parsed_or("remind", raw.remind.as_ref(), raw::REMIND, findings, remind);
    let settle = parsed_or("settle", raw.settle.as_ref(), raw::SETTLE, findings, settle);
    Some(Notify { name: name?, to: to?, on, names: patterns, remind: remind?, settle: settle? })
}

/// Where messages go: exactly one way.
fn receiver(
    read: &Read<raw::Notify>,
    world: &World<'_>,
    secrets: &mut Vec<SecretAt>,
    findings: &mut Findings<'_>,
) -> Option<Receiver> {
    let raw = &read.raw;
    let mut file = |key, written, findings: &mut Findings<'_>| {
        let secret = secret_file(key, written, world, findings)?;
        let file = secret.file.clone();
        secrets.push(secret);
        Some(file)
    };
    let key = raw.secret_file.as_ref().map(|at| file("secret_file", at, findings));
    let ways = [raw.url.is_some(), raw.url_file.is_some(), raw.command.is_some()];
    let bad = ["url", "url_file", "command"].iter().any(|key| read.is_bad(key));
    if ways.iter().filter(|is| **is).count() != 1 {
        if !bad && !findings.torn {
            let title = read.title();
            let sentence = format!(
                "{title} goes nowhere, or to several places: expected one of `url`, `url_file` and `command`"
            );
            findings.add(&read.span, sentence);
        }
        return None;
    }
    if let Some(written) = &raw.url {
        // The text is not repeated: the path of such an address may well be a secret.
        if let Err(why) = is_webhook(written.get_ref()) {
            findings.add(&written.span(), format!("`url` {why}"));
            return None;
        }
        let url = Address::Written(Secret::new(written.get_ref().clone()));
        return Some(Receiver::Webhook { url, key: or_none(key)? });
    }
    if let Some(written) = &raw.url_file {
        let url = Address::File(file("url_file", written, findings)?);
        return Some(Receiver::Webhook { url, key: or_none(key)? });
    }
    if let Some(alone) = &raw.secret_file {
        let sentence = "`secret_file` does not go with `command`, expected none: what it gets comes from certrotd alone";
        findings.add(&alone.span(), sentence);
    }
    let argv = command("command", raw.command.as_ref(), findings);
    (!argv.is_empty()).then_some(Receiver::Command(argv))
}

/// What was written must be sound; what was not need not be there.
fn or_none<T>(value: Option<Option<T>>) -> Option<Option<T>> {
    match value {
        Some(None) => None,
        other => Some(other.flatten()),
    }
}

fn news(text: &str) -> Result<News, String> {
    one_of(text, "is nothing that can be told")
}

fn pattern(text: &str) -> Result<Pattern, String> {
    Pattern::new(text).map_err(|error| format!("is no pattern: {}", error.msg))
}

fn remind(text: &str) -> Result<Option<Duration>, String> {
    if text == NEVER { Ok(None) } else { span_within(text, REMIND).map(Some) }
}

fn settle(text: &str) -> Result<Duration, String> {
    if text == AT_ONCE { Ok(Duration::ZERO) } else { span_within(text, SETTLE) }
}
