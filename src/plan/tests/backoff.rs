//! Back-off: doubling, within the life that is left, and never sooner than the service asks.

use super::fixture::*;
use crate::model::failure::{Failure, Kind};
use crate::plan::memory::Record;

#[test]
fn rules() {
    check_all(cases());
}

pub fn cases() -> Vec<Case> {
    [waits(), persons(), lives()].into_iter().flatten().collect()
}

/// The import was tried at each of these moments and failed a second later.
pub fn tried(given: Given, failure: &Failure, moments: &[i64]) -> Given {
    moments.iter().fold(given, |given, secs| {
        let failed = failed(&www(), &import(1), failure.clone());
        given.after(*secs, began(&www(), &import(1))).after(secs + 1, failed)
    })
}

fn after_failures(secs: i64, kind: Kind, moments: &[i64]) -> Given {
    tried(now(secs), &failure(kind), moments)
}

fn waits() -> Vec<Case> {
    let withheld = failure(Kind::Withheld);
    let withheld_first = tried(now(60), &withheld, &[0, 20, 40]);
    vec![
        (
            "after the first failure the first wait",
            after_failures(1, Kind::Transient, &[0]).cert(cert("www", 1)),
            &["hold www: BackOff(1) +10s"],
        ),
        (
            "then twice that",
            after_failures(31, Kind::Transient, &[0, 30]).cert(cert("www", 1)),
            &["hold www: BackOff(2) +20s"],
        ),
        (
            "and twice again",
            after_failures(91, Kind::Busy, &[0, 30, 90]).cert(cert("www", 1)),
            &["hold www: BackOff(3) +40s"],
        ),
        (
            "when it is over, another try",
            after_failures(200, Kind::Transient, &[0, 30, 90]).cert(cert("www", 1)),
            &["do www: import as www-111111111111, NotImported"],
        ),
        (
            "one that went well begins the count anew",
            after_failures(200, Kind::Transient, &[0, 30])
                .after(60, done(&www(), &import(1), Some("scm-1")))
                .after(70, learned(&www(), &import(1), crate::plan::action::Fact::Gone))
                .after(198, began(&www(), &import(1)))
                .after(199, failed(&www(), &import(1), failure(Kind::Transient)))
                .cert(cert("www", 1)),
            &["hold www: BackOff(1) +9s"],
        ),
        (
            "what was not even sent is no attempt",
            tried(withheld_first, &failure(Kind::Transient), &[59]).cert(cert("www", 1)),
            &["hold www: BackOff(1) +10s"],
        ),
        (
            "a failure of one leaf does not gate the next",
            after_failures(1, Kind::Permanent, &[0]).cert(cert("www", 2)),
            &["do www: import as www-222222222222, NotImported"],
        ),
        (
            "nor another entry's",
            after_failures(1, Kind::Transient, &[0]).cert(cert("www", 1)).cert(cert("api", 2)),
            &["do api: import as api-222222222222, NotImported", "hold www: BackOff(1) +10s"],
        ),
    ]
}

fn persons() -> Vec<Case> {
    let refused = || after_failures(90_000, Kind::Permanent, &[0]);
    let asked_early: Record = retry("www");
    vec![
        (
            "what a person must mend is tried at the longest distance",
            after_failures(1, Kind::Operator, &[0]).cert(cert("www", 1)),
            &["hold www: BackOff(1) +900s"],
        ),
        (
            "what is refused is not tried by itself",
            refused().cert(cert("www", 1)),
            &["hold www: Refused"],
        ),
        (
            "it is when a person says so",
            refused().after(89_000, retry("www")).cert(cert("www", 1)),
            &["do www: import as www-111111111111, NotImported"],
        ),
        (
            "once: the next refusal counts again",
            tried(now(90_000).after(5, asked_early), &failure(Kind::Permanent), &[0, 6])
                .cert(cert("www", 1)),
            &["hold www: Refused"],
        ),
        (
            "another entry's request does not count",
            refused().after(89_000, retry("api")).cert(cert("www", 1)),
            &["hold www: Refused"],
        ),
        (
            "a person also ends a wait",
            after_failures(3, Kind::Operator, &[0]).after(2, retry("www")).cert(cert("www", 1)),
            &["do www: import as www-111111111111, NotImported"],
        ),
        (
            "but not a doubt",
            now(3).after(0, began(&www(), &import(1))).after(2, retry("www")).cert(cert("www", 1)),
            &["hold www: InDoubt +4s"],
        ),
    ]
}

fn lives() -> Vec<Case> {
    let end = 61 * 86_400;
    let late = |kind| after_failures(end - 2_000, kind, &[end - 2_001]);
    let asks = |kind| Failure { status: Some(429), ..waiting(kind, 1) };
    let banned = |secs| tried(now(secs), &waiting(Kind::Throttled, 3_600), &[secs - 1]);
    vec![
        (
            "a wait takes a twentieth of the life left at most",
            late(Kind::Operator).cert(cert("www", 1)),
            &["hold www: BackOff(1) +100s"],
        ),
        (
            "unless the service asks for more",
            banned(end - 2_000).cert(cert("www", 1)),
            &["hold www: BackOff(1) +3600s"],
        ),
        (
            "what the service asks for wins over the doubling, too",
            banned(1).cert(cert("www", 1)),
            &["hold www: BackOff(1) +3600s"],
        ),
        (
            "but never makes it shorter",
            tried(now(91), &asks(Kind::Transient), &[0, 30, 90]).cert(cert("www", 1)),
            &["hold www: BackOff(3) +40s"],
        ),
        (
            "what was called too often waits a tenth, since all calls together are paced",
            tried(now(1), &asks(Kind::Throttled), &[0]).cert(cert("www", 1)),
            &["hold www: BackOff(1) +1s"],
        ),
        (
            "which doubles as any other",
            tried(now(91), &asks(Kind::Throttled), &[0, 5, 10, 20, 40, 90]).cert(cert("www", 1)),
            &["hold www: BackOff(6) +30s"],
        ),
        (
            "and our own limit is no try: nothing was sent",
            tried(now(91), &waiting(Kind::Throttled, 48), &[0, 30, 90]).cert(cert("www", 1)),
            &["hold www: BackOff(1) +48s"],
        ),
    ]
}
