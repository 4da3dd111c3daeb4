//! Misbehaviour on demand: rules that strike the calls they match.

use std::time::Duration;

use serde::Deserialize;

use super::answer::Answer;
use super::ask::Ask;

/// What a broken machine in between may send: no UTF-8, no JSON.
const GARBAGE: [u8; 12] = [0, 255, 254, b'{', b'"', 0xC3, 0x28, 0, 1, 2, 3, 0x80];

/// Which calls are struck, how often, and with what.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The HTTP method; absent: any.
    #[serde(default)]
    pub method: Option<String>,
    /// Part of the path; empty: any.
    #[serde(default)]
    pub path: String,
    /// How many matching calls pass before the first is struck.
    #[serde(default)]
    pub after: u32,
    /// How many calls are struck; absent: all until the weather is cleared.
    #[serde(default)]
    pub times: Option<u32>,
    /// What happens to them.
    pub fault: Fault,
}

/// What can happen to a call.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// 429 `APIGW.0308` with the gateway's policy message; nothing is done.
    Throttled,
    /// This status with a bare text body, as a proxy in between would; nothing is done.
    Status(u16),
    /// The connection is closed before anything is done.
    DropBefore,
    /// The work is done, then the connection is closed without an answer.
    DropAfter,
    /// The work is done, and the answer comes this much later.
    Slow(Duration),
    /// 401 `APIGW.0307`: the token must be updated; nothing is done.
    TokenExpired,
    /// 200 with a page of HTML; nothing is done.
    LyingHtml,
    /// The work is done, and the answer stops half-way through its body.
    Truncated,
    /// 200 with bytes that are no text; nothing is done.
    Garbage,
    /// The connection is closed at once, and the work is done this much later, when its caller has long
    /// given it up.
    Late(Duration),
    /// This status with a header that says how many seconds to wait; nothing is done.
    RetryAfter {
        /// The HTTP status.
        status: u16,
        /// What the header says.
        seconds: u64,
    },
    /// This answer, whatever it is; nothing is done.
    Says {
        /// The HTTP status.
        status: u16,
        /// The body.
        body: String,
    },
    /// The work is done, and this is the answer instead of its own.
    DoneSays {
        /// The HTTP status.
        status: u16,
        /// The body.
        body: String,
    },
    /// This error in the services' common shape; nothing is done.
    Code {
        /// The HTTP status.
        status: u16,
        /// The error code.
        code: String,
        /// The message.
        message: String,
    },
}

impl Rule {
    /// Strikes every call with this method and this part in its path.
    pub fn new(method: &str, path: &str, fault: Fault) -> Self {
        Self {
            method: Some(method.to_owned()),
            path: path.to_owned(),
            after: 0,
            times: None,
            fault,
        }
    }

    /// Strikes only the next so many.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// Lets so many pass first.
    #[must_use]
    pub fn after(mut self, calls: u32) -> Self {
        self.after = calls;
        self
    }

    fn matches(&self, ask: &Ask) -> bool {
        self.method.as_ref().is_none_or(|method| method.eq_ignore_ascii_case(&ask.method))
            && ask.path.contains(&self.path)
    }
}

impl Fault {
    /// The fault's word for the ledger.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Throttled => "throttled",
            Self::Status(_) => "status",
            Self::DropBefore => "dropped before",
            Self::DropAfter => "dropped after",
            Self::Slow(_) => "slow",
            Self::TokenExpired => "token expired",
            Self::LyingHtml => "lying html",
            Self::Truncated => "truncated",
            Self::Garbage => "garbage",
            Self::Late(_) => "late",
            Self::RetryAfter { .. } => "retry after",
            Self::Says { .. } => "said",
            Self::DoneSays { .. } => "done and said",
            Self::Code { .. } => "error code",
        }
    }

    /// The answer that takes the place of the work, for the faults that do none of it.
    pub(super) fn instead(&self, ask: &Ask) -> Option<Answer> {
        Some(match self {
            Self::Throttled => Answer::gateway(
                429,
                "APIGW.0308",
                "The throttling threshold has been reached: policy user over ratelimit,limit:10,time:1 minute",
                &ask.request_id,
            ),
            Self::Status(status) => Answer::text(*status, "upstream connect error"),
            Self::TokenExpired => {
                Answer::gateway(401, "APIGW.0307", "The token must be updated.", &ask.request_id)
            }
            Self::LyingHtml => {
                let page =
                    b"<!DOCTYPE html><html><body>Please sign in to the network.</body></html>";
                Answer::bytes(200, "text/html", page.to_vec())
            }
            Self::Code { status, code, message } => Answer::error(*status, code, message),
            Self::Garbage => Answer::bytes(200, "application/json", GARBAGE.to_vec()),
            Self::RetryAfter { status, seconds } => Answer::text(*status, "come back later")
                .with_header("Retry-After", seconds.to_string()),
            Self::Says { status, body } => said(*status, body),
            Self::DropBefore
            | Self::DropAfter
            | Self::Slow(_)
            | Self::Late(_)
            | Self::DoneSays { .. }
            | Self::Truncated => return None,
        })
    }

    /// The answer that takes the place of the one that the work had.
    pub(super) fn after(&self) -> Option<Answer> {
        match self {
            Self::DoneSays { status, body } => Some(said(*status, body)),
            _ => None,
        }
    }
}

/// A body that its sender calls JSON, whatever it is.
fn said(status: u16, body: &str) -> Answer {
    Answer::bytes(status, "application/json", body.as_bytes().to_vec())
}

/// The first rule that strikes this call; its counts go down.
pub(super) fn strike(rules: &mut [Rule], ask: &Ask) -> Option<Fault> {
    for rule in rules.iter_mut().filter(|rule| rule.times != Some(0) && rule.matches(ask)) {
        if rule.after > 0 {
            rule.after -= 1;
            continue;
        }
        rule.times = rule.times.map(|times| times - 1);
        return Some(rule.fault.clone());
    }
    None
}
