//! Services that are full: what makes room for a rotation, and what does not.

use super::fixture::*;
use super::places::*;
use super::retire::{by, free, unknown};
use crate::model::failure::{Failure, Kind};
use crate::model::target::Target::{Elb, Waf};
use crate::plan::observed::{CertificateSeen, CopyHeld, CopySeen, Holders, Room};

#[test]
fn rules() {
    check_all(cases());
}

pub fn cases() -> Vec<Case> {
    [room(), imports()].into_iter().flatten().collect()
}

/// The service is full.
fn room() -> Vec<Case> {
    let full = |copies: Vec<CopyHeld>| {
        let mut seen = bound(4, Elb, vec![]);
        seen.targets[0].copy = CopySeen::Absent;
        seen.targets[0].room = Some(Room { used: 120, quota: 120 });
        seen.targets[0].copies = copies;
        seen
    };
    let given = || known(3, Elb).after(10, saw(&www(), &import(4), "scm-4"));
    let roomy = || {
        let mut seen = full(vec![free(1)]);
        seen.targets[0].room = Some(Room { used: 119, quota: 120 });
        seen
    };
    let of = || retire_copy(1, Elb, "c1");
    vec![
        (
            "room is made by the oldest, within the number or not",
            given().cert(full(vec![free(1), free(2), free(3)])),
            &["do www: retire copy c1 of 111111111111 from ELB in north, MakesRoom"],
        ),
        (
            "by the oldest that nobody uses",
            given().cert(full(vec![
                copy_held("c1", 1, by("listener l9")),
                copy_held("c2", 2, unknown()),
                free(3),
            ])),
            &[
                "do www: retire copy c3 of 333333333333 from ELB in north, MakesRoom",
                "hold www: StillUsed",
            ],
        ),
        ("where there is none, a person must", given().cert(full(vec![])), &["hold www: Full"]),
        (
            "not while there is room",
            given().cert(roomy()),
            &["do www: push scm-4 to ELB in north, NotPushed"],
        ),
        (
            "a deletion in doubt is waited for",
            given().after(590, began(&www(), &of())).cert(full(vec![free(1)])),
            &["hold www: InDoubt +8s"],
        ),
        (
            "and then sent again",
            given().after(470, began(&www(), &of())).cert(full(vec![free(1)])),
            &["do www: retire copy c1 of 111111111111 from ELB in north, MakesRoom"],
        ),
        (
            "WAF too",
            known(3, Waf).after(10, saw(&www(), &import(4), "scm-4")).cert({
                let mut seen = full(vec![free(1)]);
                seen.targets[0].target = Waf;
                seen
            }),
            &["do www: retire copy c1 of 111111111111 from WAF in north, MakesRoom"],
        ),
    ]
}

/// The certificate manager is full.
fn imports() -> Vec<Case> {
    let full = || Failure { code: Some("SCM.0011".into()), ..failure(Kind::Operator) };
    let given = || {
        known(3, Elb)
            .after(590, began(&www(), &import(4)))
            .after(591, failed(&www(), &import(4), full()))
    };
    let seen = |superseded| CertificateSeen { superseded, ..cert("www", 4) };
    let all = || (1..=3).map(|n| import_held(n, Holders::Nobody)).collect::<Vec<_>>();
    let of = || retire_import(1);
    vec![
        (
            "room is made by the oldest",
            given().cert(seen(all())),
            &["do www: retire import scm-1 of 111111111111, MakesRoom"],
        ),
        (
            "by the oldest that nobody uses or needs",
            given().after(20, saw(&api(), &import(1), "scm-1")).cert(seen(all())),
            &["do www: retire import scm-2 of 222222222222, MakesRoom"],
        ),
        (
            "the one in use is not given up for it",
            given().cert(seen(vec![import_held(3, Holders::Nobody)])),
            &["hold www: BackOff(1) +891s"],
        ),
        (
            "where there is none, the import waits",
            given().cert(seen(vec![])),
            &["hold www: BackOff(1) +891s"],
        ),
        (
            "after the deletion it is tried at once",
            given().after(595, done(&www(), &of(), None)).cert(seen(vec![])),
            &["do www: import as www-444444444444, NotImported"],
        ),
        (
            "a deletion in doubt is waited for and not sent again",
            given()
                .after(595, began(&www(), &of()))
                .cert(seen(vec![import_held(1, Holders::Nobody)])),
            &["hold www: InDoubt +4s"],
        ),
    ]
}
