//! What can happen to a call, by chance.

use std::time::Duration;

use certrotd::sim::{Fault, Rule};

use crate::rng::Rng;

/// The longest that a write stays on its way after its caller is gone, in seconds. With the longest lag
/// of a list it stays under the shortest time for which a lost answer is waited for.
const LATE_SECS_MAX: u64 = 40;
/// The longest that an answer takes, in seconds: the client gives up before.
const SLOW_SECS_MAX: u64 = 90;

/// Parts of paths: every service, and every write more often.
const PATHS: [&str; 20] = [
    "",
    "/v3/scm/",
    "/certificates/import",
    "/certificates/import",
    "/certificates/import",
    "/push",
    "/push",
    "/push",
    "/elb/certificates",
    "/elb/listeners",
    "/elb/listeners",
    "/waf/certificate",
    "/apply-to-hosts",
    "/cdn/",
    "/deployed-resources",
    "/ssl",
    "/ssl-option",
    "jobs",
    "/auth/tokens",
    "/obs/",
];

/// Services of which nothing can be seen for a while.
const REGIONS: [&str; 6] = ["/elb/", "/waf/", "/cdn/", "/v3/scm/", "/instances/", "jobs"];

/// Bodies of errors in every shape that has been seen, and some that nobody wants to see.
const SHAPES: [&str; 12] = [
    r#"{"error_code":"APIGW.0601","error_msg":"Internal server error.","request_id":"1"}"#,
    r#"{"errorCode":"WAF.00010001","errorMsg":"Internal error."}"#,
    r#"{"code":500,"message":"internal"}"#,
    r#"{"errCode":"DBS.108000","externalMessage":"Server failure."}"#,
    r#"{"errCode":"DBS.108000","errMsg":"Server failure."}"#,
    r#"{"errorCode":"X.1","errorMessage":"no luck"}"#,
    r#"{"error":{"code":"ELB.8907","message":"no luck","title":"Bad"}}"#,
    r#"{"cdn":{"error_code":"CDN.0001","error_msg":"no luck"}}"#,
    r#"{"error_code":"APIGW.0601","error_msg":"#,
    "upstream connect error",
    "<html><body>Bad gateway</body></html>",
    "",
];

/// A 200 that holds a failure, as a batch has it.
const PARTIAL: &str = r#"{"results":[{"project_name":"cn-north-4","cert_id":"","message":"failed"}],"failure_list":[{"resource":"x","failure_info":"no luck"}]}"#;

/// A rule that strikes the next few calls of some kind. Where nothing may come late, nothing does.
pub fn gust(rng: &mut Rng, late: bool) -> Rule {
    let fault = fault(rng, late);
    let path = rng.one_of(&PATHS);
    let times = Some(1 + u32::try_from(rng.below(3)).unwrap());
    let after = u32::try_from(rng.below(2)).unwrap();
    Rule { method: None, path: path.to_owned(), after, times, fault }
}

/// A service that cannot be read, until the weather is cleared.
pub fn blindness(rng: &mut Rng) -> Rule {
    let code = |status, code: &str| {
        let (code, message) = (code.to_owned(), "no luck".to_owned());
        Fault::Code { status, code, message }
    };
    let fault = match rng.below(4) {
        0 => code(403, "APIGW.0302"),
        1 => Fault::Status(404),
        2 => Fault::Status(500),
        _ => code(403, "X.0403"),
    };
    Rule::new("GET", rng.one_of(&REGIONS), fault)
}

fn fault(rng: &mut Rng, late: bool) -> Fault {
    let shape = rng.one_of(&SHAPES).to_owned();
    let secs = |rng: &mut Rng, most| Duration::from_millis(rng.below(most * 1000));
    match rng.below(15) {
        0 => Fault::Throttled,
        1 => Fault::Status(rng.one_of(&[403, 404, 408, 500, 502, 503, 504])),
        2 => Fault::DropBefore,
        3 | 4 => Fault::DropAfter,
        5 => Fault::Slow(secs(rng, SLOW_SECS_MAX)),
        6 => Fault::TokenExpired,
        7 => Fault::LyingHtml,
        8 => Fault::Truncated,
        9 => {
            let message = "no luck".to_owned();
            let code = rng.one_of(&["APIGW.0605", "SCM.0016", "DBS.201014", "DCS.4026"]).to_owned();
            Fault::Code { status: rng.one_of(&[400, 409, 500]), code, message }
        }
        10 => Fault::Garbage,
        11 if late => Fault::Late(secs(rng, LATE_SECS_MAX)),
        11 | 12 => Fault::RetryAfter { status: rng.one_of(&[429, 503]), seconds: rng.below(120) },
        13 => Fault::Says { status: rng.one_of(&[400, 403, 409, 429, 500, 503]), body: shape },
        _ if rng.percent(30) => Fault::DoneSays { status: 200, body: PARTIAL.to_owned() },
        _ => Fault::DoneSays { status: rng.one_of(&[500, 502, 504]), body: shape },
    }
}
