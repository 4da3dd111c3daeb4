//! What an answer's code, status and words decide: the table first, the HTTP status where it has no row.

use super::super::Code;
use super::super::code::Does;
use super::super::credentials::Standing;
use super::table::TABLE;
use crate::model::failure::Kind;
use crate::model::target::Api;

/// How a target says that it has a certificate already; no document gives the code for it.
const EXISTS_WORDS: [&str; 4] = ["already exist", "has existed", "duplicate", "same name"];
/// How a service says, beside the word "quota", that there is no room left; again without a documented
/// code. "Querying the quota failed" is not among them.
const FULL_WORDS: [&str; 9] = [
    "exceed",
    "reach",
    "insufficient",
    "not enough",
    "no more",
    "used up",
    "full",
    "out of",
    "over",
];

/// Families whose 401 is about something behind the door: they knew who asked.
const BEHIND_THE_DOOR: [&str; 6] = ["CDN", "DBS", "DCS", "ELB", "SCM", "WAF"];
/// How an answer says that it is about time: an old token, an old signature, a clock that is off.
const TIME_WORDS: [&str; 4] = ["expire", "clock", "skew", "must be updated"];

/// What to do about an answer of this status (not 401) and code.
pub(super) fn kind(api: Api, writes: bool, status: u16, code: &str, message: &str) -> Kind {
    let named = row(code).and_then(|row| by_row(row.does, message));
    named.unwrap_or_else(|| by_status(api, writes, status, message))
}

/// The row of a code, where the table has one.
pub(super) fn row(code: &str) -> Option<&'static Code> {
    let wanted = split(code);
    let found = TABLE.binary_search_by(|row| (row.family, row.number).cmp(&wanted));
    found.ok().map(|index| &TABLE[index])
}

/// What an operator can do about this code, where the service's own words don't say it.
pub(super) fn advice(api: Api, status: u16, code: &str) -> Option<&'static str> {
    let (family, number) = split(code);
    let known = row(code).and_then(|row| row.advice);
    // The gateway's own refusals are about addresses and accounts, not about rights.
    let about_rights = (family, number) == ("DBS", "200010") || status == 403 && family != "APIGW";
    known.or_else(|| about_rights.then(|| right(api)).flatten())
}

/// The right that a database wants for its links to a CA, which are all that certrotd asks of it (the
/// documents' tables of actions).
fn right(api: Api) -> Option<&'static str> {
    match api {
        Api::Rds => Some(
            "give the user rds:instance:modifySSL, which RDS wants even for reading the CA's link",
        ),
        Api::GeminiDb => Some(
            "give the user gaussdbfornosql:instance:listSslCertDownloadAddresses \
             (nosql:instance:listSslCertDownloadAddresses in a role)",
        ),
        Api::Dds => Some("give the user dds:instance:getSslCertDownloadAddress"),
        _ => None,
    }
}

/// What to do about a 401.
pub(super) fn unauthorised(standing: Standing, message: &str) -> Kind {
    match standing {
        Standing::Refused => Kind::Refused,
        // A token is renewed with the next call; a signature is too old because of a clock, or of
        // a temporary key that nobody renews.
        Standing::Stale | Standing::Skewed
            if !message.to_ascii_lowercase().contains("signature") =>
        {
            Kind::Transient
        }
        Standing::Stale | Standing::Skewed | Standing::Good | Standing::Unknown => Kind::Operator,
    }
}

/// What an answer that is not one of success says about the credential that it was asked with.
/// Only a 401 that means "wrong key" or "wrong password" counts towards the lock-out: a missing policy
/// (`SCM.4002`), an account that is not enrolled, an expired token or a clock that is off do not.
pub(super) fn standing(api: Api, status: u16, code: &str, message: &str) -> Standing {
    let (family, _) = split(code);
    if status != 401 {
        let past_the_door = matches!(status, 400 | 403 | 409) && !code.is_empty();
        let at_the_door = family == "APIGW" && status != 403;
        return if past_the_door && !at_the_door { Standing::Good } else { Standing::Unknown };
    }
    match row(code).map(|row| row.does) {
        Some(Does::Token) => Standing::Stale,
        _ if BEHIND_THE_DOOR.contains(&family) => Standing::Good,
        // IAM's own words about an expired password are a refusal; the gateway's are about time.
        _ if says(message, &TIME_WORDS) && (api != Api::Iam || family == "APIGW") => {
            Standing::Skewed
        }
        _ => Standing::Refused,
    }
}

pub(super) fn by_row(does: Does, message: &str) -> Option<Kind> {
    match does {
        Does::Is(kind) => Some(kind),
        Does::Input if says_exists(message) => Some(Kind::Exists),
        Does::Input => Some(Kind::Permanent),
        // Pushing again makes no room.
        Does::Quotes if says_full(message) => Some(Kind::Operator),
        Does::Quotes if says_exists(message) => Some(Kind::Exists),
        Does::Quotes => Some(Kind::Transient),
        Does::Token | Does::Credential => None,
    }
}

fn by_status(api: Api, writes: bool, status: u16, message: &str) -> Kind {
    let unread = if writes { Kind::Lost } else { Kind::Transient };
    match status {
        // A redirect is not followed: the endpoint is not the service's.
        300..=399 | 403 | 407 => Kind::Operator,
        404 => Kind::NotFound,
        408 | 500.. => unread,
        429 => Kind::Throttled,
        400 | 409 if says_full(message) => Kind::Operator,
        400 | 409 if says_exists(message) => Kind::Exists,
        409 if api != Api::Scm => Kind::Busy,
        _ => Kind::Permanent,
    }
}

fn says_exists(message: &str) -> bool {
    says(message, &EXISTS_WORDS)
}

fn says_full(message: &str) -> bool {
    says(message, &["quota"]) && says(message, &FULL_WORDS)
}

fn says(message: &str, words: &[&str]) -> bool {
    let message = message.to_ascii_lowercase();
    words.iter().any(|word| message.contains(word))
}

/// `SCM.0011` as family and number; the gateway signs with either of two names.
fn split(code: &str) -> (&str, &str) {
    match code.split_once('.') {
        Some(("APIG", number)) => ("APIGW", number),
        Some(parts) => parts,
        None => ("", code),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::permissions;
    use super::*;

    #[test]
    fn rights_that_an_advice_names_are_those_of_the_policy() {
        let advised = Api::ALL.into_iter().filter_map(|api| Some((api, right(api)?)));
        let count = advised
            .inspect(|(api, words)| {
                let mut wanted = permissions(*api, "request the CA's link");
                let named = |name: &str| words.contains(name);
                assert!(wanted.any(|it| named(it.identity.unwrap_or(it.action))), "{api}: {words}");
            })
            .count();
        assert_eq!(count, 3);
    }
}
