//! How long a service asks us to wait, in each of its spellings.

use super::*;

const POLICY: &str =
    "The throttling threshold has been reached: policy user over ratelimit,limit:10,time:1 minute";

fn throttled(message: &str, retry_after: Option<&str>) -> Judgement {
    let mut throttled = answer(429, &coded("APIGW.0308", message));
    throttled.retry_after = retry_after.map(str::to_owned);
    judged(Api::Scm, true, throttled)
}

#[test]
fn a_throttle_says_how_long_to_wait_and_how_often_to_call() {
    let found = throttled(POLICY, None);
    assert_eq!(found.failure.wait, Some(Duration::from_secs(60)));
    let policy = found.throttle.unwrap().policy.unwrap();
    assert_eq!((policy.calls, policy.window), (10, Duration::from_secs(60)));
    // The header wins for the wait; the policy is one all the same.
    let found = throttled(POLICY, Some("7"));
    assert_eq!(found.failure.wait, Some(Duration::from_secs(7)));
    assert_eq!(found.throttle.unwrap().policy, Some(policy));
    assert_eq!(
        throttled("slow down", None).throttle.unwrap(),
        Refusal { wait: None, policy: None, of_operation: false }
    );
    assert_eq!(judged(Api::Scm, true, answer(503, "")).throttle, None);
}

#[test]
fn policies_are_read_in_every_spelling() {
    for (text, expected) in [
        ("policy user over ratelimit,limit:10,time:1 minute", Some((Some(10), 60))),
        ("policy ip over ratelimit,limit:5,time:5 second", Some((Some(5), 5))),
        ("policy api over ratelimit,limit:2000,time:1 minute", Some((Some(2000), 60))),
        ("Limit: 100, Time: 2 hours.", Some((Some(100), 7200))),
        ("limit:60,time:60s", Some((Some(60), 60))),
        ("limit:1000,time:1day", Some((Some(1000), 86_400))),
        ("limit:60,time:minute", Some((Some(60), 60))),
        ("time:5 second", Some((None, 5))),
        ("limit:0,time:1 minute", Some((None, 60))),
        ("limit:ten,time:1 minute", Some((None, 60))),
        ("limit:10,time:500 ms", None),
        ("limit:10,time:0 second", None),
        ("limit:10,time:x", None),
        ("limit:10", None),
        ("the time: 2026-11-22", None),
        ("", None),
    ] {
        assert_eq!(words::policy(text), expected, "{text}");
    }
}

#[test]
fn a_policy_for_an_api_is_about_its_operation() {
    for (text, expected) in [
        ("policy api over ratelimit,limit:2000,time:1 minute", true),
        ("The throttling threshold has been reached: Policy API over rateLimit", true),
        ("policy app over ratelimit,limit:10,time:1 minute", false),
        ("policy ip over ratelimit,limit:5,time:5 second", false),
        (POLICY, false),
        ("the api is called too often", false),
    ] {
        assert_eq!(throttled(text, None).throttle.unwrap().of_operation, expected, "{text}");
    }
}

#[test]
fn a_policys_window_is_a_day_at_most() {
    let throttle = throttled("limit:10,time:9 days", None).throttle.unwrap();
    assert_eq!(throttle.policy.unwrap().window, Duration::from_secs(24 * 3600));
}

#[test]
fn the_header_is_seconds_or_a_date_and_is_bounded() {
    let now = super::super::super::testing::now();
    let date = |secs: i64| {
        let at = now.to_utc() + chrono::TimeDelta::seconds(secs);
        at.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
    };
    let huge = "9".repeat(40);
    for (value, least, most) in [
        ("7", 7, 7),
        (" 90 ", 90, 90),
        ("3601", 3600, 3600),
        (huge.as_str(), 3600, 3600),
        (date(40).as_str(), 38, 40),
        (date(86_400).as_str(), 3600, 3600),
    ] {
        // Of a fault as well: a service in trouble may say when to come back.
        let mut fault = answer(503, "");
        fault.retry_after = Some(value.to_owned());
        let failure = judged(Api::Scm, true, fault).failure;
        assert_eq!(failure.kind, Kind::Lost);
        for wait in [failure.wait, throttled("words", Some(value)).failure.wait] {
            let wait = wait.unwrap().as_secs();
            assert!((least..=most).contains(&wait), "{value}: {wait}");
        }
    }
    for value in ["0", "", "-5", "soon", "1.5", date(-40).as_str()] {
        // What asks for nothing leaves the policy's word.
        assert_eq!(
            throttled(POLICY, Some(value)).failure.wait,
            Some(Duration::from_secs(60)),
            "{value}"
        );
    }
}
