//! May this leaf go out, and is it imported.

use super::fixture::*;
use crate::cert::Finding;
use crate::model::failure::Kind;
use crate::model::names::Subject;
use crate::model::target::Target::Elb;
use crate::plan::action::{Action, Fact, Import};
use crate::plan::memory::Record;
use crate::plan::observed::{BadInput, CertificateSeen, CopySeen, ImportSeen};

#[test]
fn rules() {
    check_all(cases());
}

pub fn cases() -> Vec<Case> {
    [plain(), doubt(), shared(), alone(), inputs(), ages()].into_iter().flatten().collect()
}

fn found(entry: &str, n: u8) -> CertificateSeen {
    CertificateSeen { import: ImportSeen::Found(format!("scm-{n}")), ..cert(entry, n) }
}

fn trusted(entry: &str, n: u8) -> CertificateSeen {
    CertificateSeen { import: ImportSeen::Trusted, ..cert(entry, n) }
}

fn unknown(entry: &str, n: u8) -> CertificateSeen {
    CertificateSeen { import: ImportSeen::Unknown(failure(Kind::Transient)), ..cert(entry, n) }
}

fn imported(n: u8) -> Record {
    done(&www(), &import(n), Some(&format!("scm-{n}")))
}

fn plain() -> Vec<Case> {
    let throttled = ImportSeen::Unknown(waiting(Kind::Throttled, 7));
    let throttled = CertificateSeen { import: throttled, ..cert("www", 1) };
    vec![
        (
            "a leaf that is not there is imported",
            now(0).cert(cert("www", 1)),
            &["do www: import as www-111111111111, NotImported"],
        ),
        (
            "a leaf that is there is adopted, although no journal knows it",
            now(0).cert(found("www", 1)),
            &["learn www: import as www-111111111111, Seen scm-1"],
        ),
        (
            "an import that the journal knows is left alone",
            now(60).after(1, imported(1)).cert(trusted("www", 1)),
            &[],
        ),
        (
            "a confirmation is remembered, so that the next is a day away",
            now(60).after(1, imported(1)).cert(found("www", 1)),
            &["learn www: import as www-111111111111, Seen scm-1"],
        ),
        (
            "a confirmation just remembered is not remembered again",
            now(60).after(60, saw(&www(), &import(1), "scm-1")).cert(found("www", 1)),
            &[],
        ),
        ("unknown is not absent", now(0).cert(unknown("www", 1)), &["hold www: Unseen"]),
        (
            "the service says when it may be asked again",
            now(0).cert(throttled),
            &["hold www: Unseen +7s"],
        ),
        (
            "a re-check that fails takes nothing away",
            now(60).after(1, imported(1)).cert(unknown("www", 1)),
            &[],
        ),
        (
            "an import that was removed by hand is first remembered as gone",
            now(600).after(1, imported(1)).cert(cert("www", 1)),
            &["learn www: import as www-111111111111, Gone"],
        ),
        (
            "but not by a look that began within the wait: its clock may have been set back since",
            now(600).after(400, imported(1)).cert_looked(519, cert("www", 1)),
            &[],
        ),
        (
            "nor by one that began in the future",
            now(600).after(1, imported(1)).cert_looked(9_000, cert("www", 1)),
            &[],
        ),
        (
            "and then made again",
            now(60)
                .after(1, imported(1))
                .after(60, learned(&www(), &import(1), Fact::Gone))
                .cert(cert("www", 1)),
            &["do www: import as www-111111111111, ImportGone"],
        ),
    ]
}

fn doubt() -> Vec<Case> {
    let lost = |given: Given| {
        given
            .after(0, began(&www(), &import(1)))
            .after(10, failed(&www(), &import(1), failure(Kind::Lost)))
    };
    vec![
        (
            "an import whose answer was lost is held",
            lost(now(11)).cert(cert("www", 1)),
            &["hold www: InDoubt +2s"],
        ),
        (
            "the last look while it is held comes when the wait is over",
            lost(now(128)).cert(cert("www", 1)),
            &["hold www: InDoubt +2s"],
        ),
        (
            "killed between the call and its line is the same doubt",
            now(60).after(0, began(&www(), &import(1))).cert(cert("www", 1)),
            &["hold www: InDoubt +15s"],
        ),
        (
            "found while in doubt is adopted at once",
            lost(now(11)).cert(found("www", 1)),
            &["learn www: import as www-111111111111, Seen scm-1"],
        ),
        (
            "not found by a look after the wait is sent again",
            lost(now(130)).cert(cert("www", 1)),
            &["do www: import as www-111111111111, NotFoundAfterDoubt"],
        ),
        (
            "a look that began before the end of the wait proves nothing",
            lost(now(140)).cert_looked(129, cert("www", 1)),
            &["hold www: InDoubt +0s"],
        ),
        (
            "a doubt that cannot be looked into is never ended by time",
            lost(now(9_000)).cert(unknown("www", 1)),
            &["hold www: Unseen"],
        ),
        (
            "the second try opens a doubt of its own",
            lost(now(200)).after(130, began(&www(), &import(1))).cert(cert("www", 1)),
            &["hold www: InDoubt +15s"],
        ),
    ]
}

fn alone() -> Vec<Case> {
    let alone = |entry| {
        let targets = vec![target_seen(Elb, CopySeen::NotAsked)];
        CertificateSeen { targets, import_alone: true, ..cert(entry, 1) }
    };
    vec![
        (
            "an import waits for no look at the targets",
            now(0).cert(alone("www")),
            &["do www: import as www-111111111111, NotImported"],
        ),
        (
            "targets that nobody looked at get nothing, be it imported meanwhile",
            now(9).after(6, done(&api(), &import(1), Some("scm-1"))).cert_looked(5, alone("www")),
            &["learn www: import as www-111111111111, Seen scm-1", "look again at www"],
        ),
        (
            "nor do they wait for what has come to be known of it",
            now(9)
                .after(6, failed(&api(), &import(1), failure(Kind::Transient)))
                .cert_looked(5, alone("www")),
            &["hold www: BackOff(1) +7s", "look again at www"],
        ),
        (
            "of two with the leaf one imports it, and the other waits for that",
            now(0).cert(alone("www")).cert(alone("api")),
            &["do www: import as www-111111111111, NotImported", "hold api: SameLeaf"],
        ),
    ]
}

fn shared() -> Vec<Case> {
    let elsewhere =
        CertificateSeen { enterprise_project: Some("finance".to_owned()), ..cert("api", 1) };
    let far = CertificateSeen { cloud: name("other"), ..cert("api", 1) };
    vec![
        (
            "equal leaves of two entries are imported once",
            now(0).cert(cert("www", 1)).cert(cert("api", 1)),
            &["do www: import as www-111111111111, NotImported", "hold api: SameLeaf"],
        ),
        (
            "the other waits while the import is under way",
            now(5)
                .after(0, began(&www(), &import(1)))
                .in_flight(www())
                .cert(cert("www", 1))
                .cert(cert("api", 1)),
            &["hold www: InFlight", "hold api: SameLeaf"],
        ),
        (
            "a look that is older than the other's import finds nothing, and that is no news",
            now(9)
                .after(0, began(&www(), &import(1)))
                .after(6, imported(1))
                .after(7, saw(&api(), &import(1), "scm-1"))
                .cert_looked(5, cert("api", 1)),
            &[],
        ),
        (
            "whoever adopts an import remembers it as the newest of its own",
            now(9).after(6, imported(1)).cert(trusted("api", 1)),
            &["learn api: import as api-111111111111, Seen scm-1"],
        ),
        (
            "also when the other saw it a moment before",
            now(9).after(6, saw(&api(), &import(1), "scm-1")).cert_looked(5, found("www", 1)),
            &["learn www: import as www-111111111111, Seen scm-1"],
        ),
        (
            "the other's doubt is shared",
            now(11).after(0, began(&www(), &import(1))).cert(cert("www", 1)).cert(cert("api", 1)),
            &["hold www: InDoubt +8s", "hold api: InDoubt +8s"],
        ),
        (
            "after the doubt one of them sends it",
            now(120).after(0, began(&www(), &import(1))).cert(cert("www", 1)).cert(cert("api", 1)),
            &["do www: import as www-111111111111, NotFoundAfterDoubt", "hold api: SameLeaf"],
        ),
        (
            "two enterprise projects are two imports",
            now(0).cert(cert("www", 1)).cert(elsewhere),
            &[
                "do www: import as www-111111111111, NotImported",
                "do api: import as api-111111111111, NotImported",
            ],
        ),
        (
            "two accounts are two imports",
            now(0).cert(cert("www", 1)).cert(far),
            &[
                "do www: import as www-111111111111, NotImported",
                "do api: import as api-111111111111, NotImported",
            ],
        ),
    ]
}

fn inputs() -> Vec<Case> {
    let torn = BadInput { path: "/pki/privkey.pem".into(), finding: Finding::Mismatch };
    let torn = CertificateSeen { local: Err(torn), ..cert("www", 1) };
    let day = 86_400;
    vec![
        (
            "a bad pair is held, and the other entry goes on",
            now(0).cert(torn).cert(cert("api", 2)),
            &["do api: import as api-222222222222, NotImported", "hold www: BadInput"],
        ),
        (
            "an expired leaf is not sent",
            now(62 * day).cert(cert("www", 1)),
            &["hold www: BadInput"],
        ),
        (
            "a leaf of the future is sent when its day comes",
            now(-30 * day).cert(cert("www", 1)),
            &["hold www: BadInput +86400s"],
        ),
        (
            "a leaf that fell out of its days gets no push either",
            now(62 * day).after(0, imported(1)).cert(trusted("www", 1)),
            &["hold www: BadInput"],
        ),
        (
            "whoever has a step under way is left alone",
            now(0).in_flight(www()).cert(cert("www", 1)),
            &["hold www: InFlight"],
        ),
        (
            "a step of another table under the same name is another subject",
            now(0).in_flight(Subject::Ca(name("www"))).cert(cert("www", 1)),
            &["do www: import as www-111111111111, NotImported"],
        ),
    ]
}

fn ages() -> Vec<Case> {
    let asked = || Record::AskedOlder { name: name("www") };
    let mut twin = cert("www", 2);
    twin.local = Ok(crate::cert::LeafFacts { sha256: digest(9), ..leaf(2) }.into());
    let far = CertificateSeen { cloud: name("other"), ..cert("www", 1) };
    let back = Import { cloud: name("other"), ..Import::clone(&key(2)) };
    let moved = Action::Import { key: back.into() };
    vec![
        (
            "a renewed leaf is imported",
            now(60).after(1, imported(1)).cert(cert("www", 2)),
            &["do www: import as www-222222222222, NotImported"],
        ),
        (
            "an older leaf is not",
            now(60).after(1, imported(2)).cert(cert("www", 1)),
            &["hold www: Older"],
        ),
        (
            "not even when it is imported already",
            now(60).after(1, imported(1)).after(2, imported(2)).cert(trusted("www", 1)),
            &["hold www: Older"],
        ),
        (
            "with equal dates the file wins",
            now(60).after(1, imported(2)).cert(twin),
            &["do www: import as www-999999999999, NotImported"],
        ),
        (
            "an operator may step back",
            now(60).after(1, imported(2)).after(50, asked()).cert(cert("www", 1)),
            &[
                "do www: import as www-111111111111, NotImported",
                "learn www: import as www-111111111111, AllowedOlder",
            ],
        ),
        (
            "the step back is allowed for one leaf alone",
            now(60)
                .after(1, imported(3))
                .after(50, asked())
                .after(51, learned(&www(), &import(2), Fact::AllowedOlder))
                .cert(cert("www", 1)),
            &["hold www: Older"],
        ),
        (
            "and goes forward again without asking",
            now(60)
                .after(1, imported(2))
                .after(51, learned(&www(), &import(1), Fact::AllowedOlder))
                .after(52, imported(1))
                .cert(cert("www", 3)),
            &["do www: import as www-333333333333, NotImported"],
        ),
        (
            "another account begins anew",
            now(60).after(1, imported(2)).cert(far.clone()),
            &["do www: import as www-111111111111, NotImported"],
        ),
        (
            "and has a newest of its own, whatever the former one had",
            now(60).after(1, imported(3)).after(2, done(&www(), &moved, Some("scm-x"))).cert(far),
            &["hold www: Older"],
        ),
    ]
}
