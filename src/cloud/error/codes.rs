//! The table of the services' error codes. What it does not name goes by the HTTP status.

use super::super::credentials::Standing;
use crate::model::failure::Kind;
use crate::model::target::Api;

/// DCS while the instance is busy with another task (as the official Terraform provider waits for).
const DCS_BUSY: [&str; 15] = [
    "4026", "4049", "4096", "4097", "4111", "4113", "4114", "4115", "4116", "4117", "4118", "4120",
    "4121", "4231", "4975",
];
/// The databases while the instance is busy or in a state that forbids the call, whichever of them says
/// it (as the official Terraform provider waits for, service by service).
const DBS_BUSY: [&str; 24] = [
    "00010009", "01010337", "01280030", "05000084", "200011", "200018", "200019", "200047",
    "200076", "200080", "200452", "200463", "200611", "201000", "201014", "201015", "201202",
    "201206", "212033", "280005", "280011", "280036", "280343", "280816",
];
/// The certificate manager's codes for an input that it will refuse again.
const SCM_PERMANENT: [&str; 22] = [
    "0003", "0005", "0006", "0009", "0010", "0012", "0013", "0014", "0015", "0023", "0024", "0030",
    "0031", "0032", "0053", "0054", "0059", "0069", "0070", "0079", "0099", "0114",
];
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

/// What to do about an answer of this status (not 401) and code.
pub(super) fn kind(api: Api, writes: bool, status: u16, code: &str, message: &str) -> Kind {
    named(code, message).unwrap_or_else(|| by_status(api, writes, status, message))
}

/// What an operator can do about this code, where the service's own words don't say it.
pub(super) fn advice(api: Api, status: u16, code: &str) -> Option<&'static str> {
    match split(code) {
        ("SCM", "0011") => Some("the quota of certificates is used up, delete some or raise it"),
        ("SCM", "0202") => Some("give the pushing user rights in ELB"),
        ("SCM", "0212") => Some("give the pushing user rights in CDN"),
        ("SCM", "0222") => Some("give the pushing user rights in WAF"),
        ("SCM", "4002") => Some("give the user a policy for the certificate manager (scm:cert:*)"),
        ("SCM", "0069") => Some("`project` must be the name of a project, such as a region's id"),
        ("DCS", "4201") => Some("SSL is off on this instance, or its version has none"),
        ("DBS", "200010") => right(api),
        ("CDN", "00010198") => Some(
            "switch on the delegation that lets CDN read the certificate manager (SCM), in the HTTPS \
             settings of CDN's console",
        ),
        ("APIGW", "0101") => Some("no such API at this endpoint, look at [cloud.NAME.endpoints]"),
        // The gateway's own refusals are about addresses and accounts, not about rights.
        (family, _) if status == 403 && family != "APIGW" => right(api),
        _ => None,
    }
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
        Standing::Stale if !message.to_ascii_lowercase().contains("signature") => Kind::Transient,
        Standing::Stale | Standing::Good | Standing::Unknown => Kind::Operator,
    }
}

/// What an answer that is not one of success says about the credential that it was asked with.
/// Only a 401 that means "wrong key" or "wrong password" counts towards the lock-out: a missing policy
/// (`SCM.4002`), an account that is not enrolled, an expired token or a clock that is off do not.
pub(super) fn standing(api: Api, status: u16, code: &str, message: &str) -> Standing {
    let (family, number) = split(code);
    if status != 401 {
        let past_the_door = matches!(status, 400 | 403 | 409) && !code.is_empty();
        let at_the_door = family == "APIGW" && status != 403;
        return if past_the_door && !at_the_door { Standing::Good } else { Standing::Unknown };
    }
    let message = message.to_ascii_lowercase();
    let old =
        ["expire", "clock", "skew", "must be updated"].iter().any(|word| message.contains(word));
    match (family, number) {
        ("APIGW", "0307") | ("SCM", "1000") | ("DCS", "1001" | "1002" | "1003" | "1004") => {
            Standing::Stale
        }
        ("SCM" | "DCS" | "DBS" | "CDN" | "WAF" | "ELB", _) => Standing::Good,
        // IAM's own words about an expired password are a refusal; the gateway's are about time.
        _ if old && (api != Api::Iam || family == "APIGW") => Standing::Stale,
        _ => Standing::Refused,
    }
}

fn named(code: &str, message: &str) -> Option<Kind> {
    let (family, number) = split(code);
    match family {
        "SCM" => scm(number, message),
        "DCS" => dcs(number),
        "DBS" => dbs(number),
        "APIGW" => gateway(number),
        _ => None,
    }
}

fn scm(number: &str, message: &str) -> Option<Kind> {
    match number {
        "0008" | "0020" => Some(Kind::NotFound),
        "0011" | "0202" | "0212" | "0222" | "1004" | "1009" | "1010" | "4002" => {
            Some(Kind::Operator)
        }
        // An order that is not settled yet, as the official Terraform provider waits for on a deletion.
        "0016" => Some(Kind::Transient),
        // The target's quota, quoted: pushing again makes no room.
        "0028" | "0201" | "0203" | "0211" | "0221" if says_full(message) => Some(Kind::Operator),
        // The target's refusal, quoted: nothing was copied, unless it says that a copy is there.
        "0028" | "0201" | "0203" | "0211" | "0221" if says_exists(message) => Some(Kind::Exists),
        "0028" | "0201" | "0203" | "0211" | "0221" => Some(Kind::Transient),
        number if SCM_PERMANENT.contains(&number) => {
            Some(if says_exists(message) { Kind::Exists } else { Kind::Permanent })
        }
        _ => None,
    }
}

fn dcs(number: &str) -> Option<Kind> {
    match number {
        "4201" | "4061" => Some(Kind::Permanent),
        "5010" => Some(Kind::Transient),
        "3022" => Some(Kind::NotFound),
        "2007" => Some(Kind::Operator),
        number if DCS_BUSY.contains(&number) => Some(Kind::Busy),
        _ => None,
    }
}

fn dbs(number: &str) -> Option<Kind> {
    match number {
        "200001" => Some(Kind::Permanent),
        "200002" | "280110" => Some(Kind::NotFound),
        "200010" => Some(Kind::Operator),
        number if DBS_BUSY.contains(&number) => Some(Kind::Busy),
        _ => None,
    }
}

fn gateway(number: &str) -> Option<Kind> {
    match number {
        "0101" => Some(Kind::NotFound),
        "0302" | "0306" | "0310" | "0401" | "0402" | "0404" | "0501" | "0502" | "0801" | "0802" => {
            Some(Kind::Operator)
        }
        "0308" => Some(Kind::Throttled),
        _ => None,
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
    let message = message.to_ascii_lowercase();
    EXISTS_WORDS.iter().any(|words| message.contains(words))
}

fn says_full(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    message.contains("quota") && FULL_WORDS.iter().any(|words| message.contains(words))
}

/// `SCM.0011` as family and number; the gateway signs with either of two names.
fn split(code: &str) -> (&str, &str) {
    match code.split_once('.') {
        Some(("APIG", number)) => ("APIGW", number),
        Some(parts) => parts,
        None => ("", code),
    }
}
