//! What an answer means: a [`Failure`] with its kind, and what it says about the credential.

use std::time::Duration;

use super::credentials::Standing;
use super::http::{Answer, Broken, Cut};
use super::rate::{Ended, Policy, Refusal};
use crate::model::failure::{Failure, Kind};
use crate::model::target::Api;
use crate::model::time::Time;

mod codes;
mod redact;
mod table;
mod words;

pub(super) use table::TABLE;
pub(super) use words::{bounded, first_line, unreadable};

/// The longest wait that a service may ask for, in seconds: a day's quota is asked after again within the hour.
const WAIT_SECS_MAX: u64 = 3600;
/// The longest window of a policy, in seconds: a day, as long as any that is known.
const POLICY_SECS_MAX: u64 = 24 * 3600;

/// What was sent, as far as its answer has to be judged by it.
pub(super) struct Sent<'a> {
    pub(super) api: Api,
    pub(super) operation: &'static str,
    /// Who would have been connected to.
    pub(super) to: String,
    /// Whether it changes something.
    pub(super) writes: bool,
    /// When its answer came.
    pub(super) now: Time,
    /// What must not come back in a message.
    pub(super) secrets: Vec<&'a str>,
}

/// What a failed call means.
pub(super) struct Judgement {
    pub(super) failure: Failure,
    /// What it says about the credential.
    pub(super) standing: Standing,
    /// What it says about calling less often.
    pub(super) throttle: Option<Refusal>,
}

impl Judgement {
    /// One that says nothing about the credential.
    pub(super) fn mute(failure: Failure) -> Box<Self> {
        Box::new(Self { failure, standing: Standing::Unknown, throttle: None })
    }
}

/// The answer itself if it is one of success, whole; else the failure, and what it says about the credential.
pub(super) fn judge(
    sent: &Sent<'_>,
    outcome: Result<Answer, Broken>,
) -> Result<Answer, Box<Judgement>> {
    let blank = |kind, message: &str| Failure {
        service: Some(sent.api),
        ..Failure::local(kind, sent.operation, words::clean(message, &sent.secrets))
    };
    let unread = if sent.writes { Kind::Lost } else { Kind::Transient };
    match outcome {
        Err(Broken::Unsent(why)) => {
            let why = format!("could not connect to {}: {why}", sent.to);
            Err(Judgement::mute(blank(Kind::Transient, &why)))
        }
        Err(Broken::Forbidden(why)) => Err(Judgement::mute(blank(Kind::Transient, &why))),
        Err(Broken::Unanswered(why)) => Err(Judgement::mute(blank(unread, &why))),
        Ok(answer) if answer.is_success() => match &answer.cut {
            None => Ok(answer),
            Some(cut) => {
                let (kind, why) = match cut {
                    Cut::TooLong(why) if !sent.writes => (Kind::Unusable, why),
                    Cut::TooLong(why) | Cut::BrokeOff(why) => (unread, why),
                };
                let failure = Failure {
                    status: Some(answer.status),
                    request_id: answer.request_id.as_deref().map(bounded),
                    ..blank(kind, why)
                };
                Err(Judgement::mute(failure))
            }
        },
        Ok(answer) => Err(Box::new(refusal(sent, &answer))),
    }
}

/// What an outcome tells about calling more or less often.
pub(super) fn taken(unsent: bool, judged: &Result<Answer, Box<Judgement>>) -> Ended {
    match judged {
        _ if unsent => Ended::Unsent,
        Err(judgement) => judgement.throttle.map_or(Ended::Taken, Ended::Refused),
        Ok(_) => Ended::Taken,
    }
}

/// Whether the service itself says that it has no such thing. A 404 of the gateway (wrong endpoint) or
/// of a proxy is no such word, because unknown is not absent.
pub(super) fn is_gone(failure: &Failure) -> bool {
    failure.kind == Kind::NotFound
        && failure.code.as_deref().is_some_and(|code| !code.starts_with("APIG"))
}

/// A status that is not one of success, read with its words.
fn refusal(sent: &Sent<'_>, answer: &Answer) -> Judgement {
    let said = words::read(&answer.body);
    let code = said.code.as_deref().unwrap_or_default();
    let raw = said.message.as_str();
    let standing = codes::standing(sent.api, answer.status, code, raw);
    let kind = match answer.status {
        401 => codes::unauthorised(standing, raw),
        status => codes::kind(sent.api, sent.writes, status, code, raw),
    };
    let advice = codes::advice(sent.api, answer.status, code);
    let request_id = answer.request_id.as_deref().or(said.request_id.as_deref());
    let failure = Failure {
        kind,
        service: Some(sent.api),
        operation: sent.operation.to_owned(),
        status: Some(answer.status),
        code: said.code.as_deref().map(|code| words::clean(code, &sent.secrets)),
        message: advised(standing, advice, words::clean(raw, &sent.secrets)),
        request_id: request_id.map(|id| words::clean(id, &sent.secrets)),
        wait: wait(sent.now, kind, answer.retry_after.as_deref(), raw),
    };
    let throttle = (kind == Kind::Throttled).then(|| Refusal {
        wait: failure.wait,
        policy: policy(raw),
        of_operation: words::is_of_operation(raw),
    });
    Judgement { failure, standing, throttle }
}

/// The service's words, and what an operator can do where that is known.
fn advised(standing: Standing, advice: Option<&str>, message: String) -> String {
    let old = matches!(standing, Standing::Stale | Standing::Skewed)
        && message.to_ascii_lowercase().contains("signature");
    let advice = if old { Some("check this host's clock") } else { advice };
    match advice {
        Some(advice) => format!("{}: {advice}", message.trim_end_matches('.')),
        None => message,
    }
}

/// How long the service asks us to wait: `Retry-After`, else the gateway's policy in the message.
fn wait(now: Time, kind: Kind, retry_after: Option<&str>, message: &str) -> Option<Duration> {
    let asked = retry_after.and_then(|value| words::seconds_of_header(value, now));
    let window = || words::policy(message).map(|(_, secs)| secs);
    let asked = asked.or_else(|| (kind == Kind::Throttled).then(window).flatten());
    asked.map(bounded_wait)
}

/// The policy that the gateway names.
fn policy(message: &str) -> Option<Policy> {
    let (calls, secs) = words::policy(message)?;
    Some(Policy {
        calls: usize::try_from(calls?).ok()?,
        window: Duration::from_secs(secs.min(POLICY_SECS_MAX)),
    })
}

fn bounded_wait(secs: u64) -> Duration {
    Duration::from_secs(secs.min(WAIT_SECS_MAX))
}

/// How long an answer's `Retry-After` asks to wait.
pub(super) fn retry_after(answer: &Answer, now: Time) -> Option<Duration> {
    let value = answer.retry_after.as_deref()?;
    words::seconds_of_header(value, now).map(bounded_wait)
}

#[cfg(test)]
mod tests;
