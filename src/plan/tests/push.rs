//! Pushes: what the target shows is believed before what it answered.

use super::fixture::*;
use crate::model::failure::Kind;
use crate::model::target::Target::{self, Cdn, Elb, Waf};
use crate::plan::action::Fact;
use crate::plan::observed::{CertificateSeen, CopySeen, ImportSeen};

#[test]
fn rules() {
    check_all(cases());
}

pub fn cases() -> Vec<Case> {
    [first(), answered(), doubt(), blind(), failures(), shared()].into_iter().flatten().collect()
}

/// Ten minutes in; the import of leaf 1 is confirmed.
fn given(copy: CopySeen, target: Target, history: impl Fn(Given) -> Given) -> Given {
    let known = now(600).after(600, saw(&www(), &import(1), "scm-1"));
    history(known).cert(pushed("www", 1, target, copy))
}

fn nothing(given: Given) -> Given {
    given
}

fn blindness() -> CopySeen {
    CopySeen::Blind(failure(Kind::Operator))
}

fn first() -> Vec<Case> {
    let unseen = CopySeen::Unknown(failure(Kind::Transient));
    vec![
        (
            "a target without the leaf gets it",
            given(CopySeen::Absent, Elb, nothing),
            &["do www: push scm-1 to ELB in north, NotPushed"],
        ),
        (
            "a copy that is there is adopted",
            given(CopySeen::Found("c1".into()), Waf, nothing),
            &["learn www: push scm-1 to WAF in north, Seen c1"],
        ),
        (
            "a copy once seen is no news",
            given(CopySeen::Found("c1".into()), Waf, |it| {
                it.after(9, saw(&www(), &push(1, Waf), "c1"))
            }),
            &[],
        ),
        (
            "a target that we may not read may still be pushed to",
            given(blindness(), Elb, nothing),
            &["do www: push scm-1 to ELB in north, NotPushed"],
        ),
        (
            "a target that could not be read this time is not pushed to",
            given(unseen, Elb, nothing),
            &["hold www: Unseen"],
        ),
        (
            "nothing is pushed before the import stands",
            now(0).cert(CertificateSeen {
                import: ImportSeen::Absent,
                ..pushed("www", 1, Elb, CopySeen::Absent)
            }),
            &["do www: import as www-111111111111, NotImported"],
        ),
    ]
}

fn answered() -> Vec<Case> {
    let took = |it: Given| it.after(500, done(&www(), &push(1, Elb), None));
    let long_ago = |it: Given| it.after(100, done(&www(), &push(1, Elb), None));
    let seen = |it: Given| it.after(100, saw(&www(), &push(1, Elb), "c1"));
    let late = now(600)
        .after(600, saw(&www(), &import(1), "scm-1"))
        .after(600, saw(&www(), &push(1, Elb), "c1"))
        .cert_looked(590, pushed("www", 1, Elb, CopySeen::Absent));
    vec![
        (
            "a push just taken need not be listed yet",
            given(CopySeen::Absent, Elb, took),
            &["hold www: NotListedYet +15s"],
        ),
        (
            "a push taken long ago that is not listed is a matter for a person",
            given(CopySeen::Absent, Elb, long_ago),
            &["hold www: NeverListed"],
        ),
        (
            "who may have it sent again",
            given(CopySeen::Absent, Elb, |it| long_ago(it).after(599, retry("www"))),
            &["do www: push scm-1 to ELB in north, CopyGone"],
        ),
        (
            "a request to retry is spent by the next answer",
            given(CopySeen::Absent, Elb, |it| long_ago(it.after(99, retry("www")))),
            &["hold www: NeverListed"],
        ),
        (
            "where nothing can be listed a good answer is enough",
            given(blindness(), Elb, long_ago),
            &[],
        ),
        (
            "CDN lists only what a domain uses: a good answer is enough",
            given(CopySeen::Absent, Cdn, |it| it.after(100, done(&www(), &push(1, Cdn), None))),
            &[],
        ),
        (
            "a copy that was seen and is gone is first remembered as gone",
            given(CopySeen::Absent, Elb, seen),
            &["learn www: push scm-1 to ELB in north, Gone"],
        ),
        (
            "and then pushed again",
            given(CopySeen::Absent, Elb, |it| {
                seen(it).after(600, learned(&www(), &push(1, Elb), Fact::Gone))
            }),
            &["do www: push scm-1 to ELB in north, CopyGone"],
        ),
        ("a look older than the sight of the copy takes nothing away", late, &[]),
        (
            "a copy that was seen a moment ago is not gone yet",
            given(CopySeen::Absent, Elb, |it| it.after(590, saw(&www(), &push(1, Elb), "c1"))),
            &["hold www: NotListedYet +8s"],
        ),
        (
            "a look begun before the clock was set back takes nothing away for a while",
            given(CopySeen::Absent, Elb, |it| {
                it.after(644, began(&www(), &push(1, Elb)))
                    .after(596, saw(&www(), &push(1, Elb), "c1"))
            }),
            &["hold www: NotListedYet +4s"],
        ),
        (
            "a CDN copy that is bound no more is not gone",
            given(CopySeen::Absent, Cdn, |it| it.after(9, saw(&www(), &push(1, Cdn), "c1"))),
            &[],
        ),
    ]
}

fn doubt() -> Vec<Case> {
    let begun = |secs: i64| move |it: Given| it.after(secs, began(&www(), &push(1, Elb)));
    let unseen = CopySeen::Unknown(failure(Kind::Transient));
    let early = now(600)
        .after(600, saw(&www(), &import(1), "scm-1"))
        .after(470, began(&www(), &push(1, Elb)))
        .cert_looked(589, pushed("www", 1, Elb, CopySeen::Absent));
    vec![
        (
            "a push in doubt is looked for",
            given(CopySeen::Absent, Elb, begun(590)),
            &["hold www: InDoubt +8s"],
        ),
        (
            "found: done",
            given(CopySeen::Found("c1".into()), Elb, begun(590)),
            &["learn www: push scm-1 to ELB in north, Seen c1"],
        ),
        (
            "not found after the wait: sent again",
            given(CopySeen::Absent, Elb, begun(470)),
            &["do www: push scm-1 to ELB in north, NotFoundAfterDoubt"],
        ),
        ("a look that began within the wait proves nothing", early, &["hold www: InDoubt +0s"]),
        (
            "a doubt that could not be looked into this time stays",
            given(unseen, Elb, begun(100)),
            &["hold www: Unseen"],
        ),
        (
            "every further doubt can be looked into again",
            given(CopySeen::Absent, Elb, |it| begun(470)(begun(300)(begun(100)(it)))),
            &["do www: push scm-1 to ELB in north, NotFoundAfterDoubt"],
        ),
    ]
}

fn blind() -> Vec<Case> {
    let once = |target| move |it: Given| it.after(100, began(&www(), &push(1, target)));
    let twice =
        |target| move |it: Given| once(target)(it).after(300, began(&www(), &push(1, target)));
    let busy_first = |it: Given| {
        let busy = failed(&www(), &push(1, Elb), failure(Kind::Busy));
        it.after(90, began(&www(), &push(1, Elb)))
            .after(91, busy)
            .after(100, began(&www(), &push(1, Elb)))
    };
    vec![
        (
            "in doubt with a target that nobody may read waits too",
            given(blindness(), Elb, |it| it.after(590, began(&www(), &push(1, Elb)))),
            &["hold www: InDoubt +8s"],
        ),
        (
            "and is then sent once more",
            given(blindness(), Elb, once(Elb)),
            &["do www: push scm-1 to ELB in north, UnseenAfterDoubt"],
        ),
        (
            "a try that was surely not done does not use up that one",
            given(blindness(), Elb, busy_first),
            &["do www: push scm-1 to ELB in north, UnseenAfterDoubt"],
        ),
        ("but not a third time", given(blindness(), Elb, twice(Elb)), &["hold www: DoubtStays"]),
        (
            "unless a person says so",
            given(blindness(), Elb, |it| twice(Elb)(it).after(599, retry("www"))),
            &["do www: push scm-1 to ELB in north, UnseenAfterDoubt"],
        ),
        (
            "CDN that lists nothing of it is as good as blind",
            given(CopySeen::Absent, Cdn, once(Cdn)),
            &["do www: push scm-1 to CDN in north, UnseenAfterDoubt"],
        ),
        (
            "for CDN too once only",
            given(CopySeen::Absent, Cdn, twice(Cdn)),
            &["hold www: DoubtStays"],
        ),
        (
            "a target that nobody looked at is blind as well",
            given(CopySeen::NotAsked, Elb, twice(Elb)),
            &["hold www: DoubtStays"],
        ),
    ]
}

fn failures() -> Vec<Case> {
    let fails = |target, kind| {
        move |it: Given| {
            it.after(594, began(&www(), &push(1, target)))
                .after(595, failed(&www(), &push(1, target), failure(kind)))
        }
    };
    vec![
        (
            "a push that failed waits",
            given(CopySeen::Absent, Elb, fails(Elb, Kind::Busy)),
            &["hold www: BackOff(1) +5s"],
        ),
        (
            "a push that was refused waits for a person",
            given(CopySeen::Absent, Elb, fails(Elb, Kind::Permanent)),
            &["hold www: Refused"],
        ),
        (
            "a refused push whose copy is there is done all the same",
            given(CopySeen::Found("c1".into()), Elb, fails(Elb, Kind::Permanent)),
            &["learn www: push scm-1 to ELB in north, Seen c1"],
        ),
        (
            "a copy that exists and is found is done",
            given(CopySeen::Found("c1".into()), Elb, fails(Elb, Kind::Exists)),
            &["learn www: push scm-1 to ELB in north, Seen c1"],
        ),
        (
            "a copy that exists and is not found is a matter for a person",
            given(CopySeen::Absent, Elb, fails(Elb, Kind::Exists)),
            &["hold www: ExistsUnlisted"],
        ),
        (
            "who has looked there may ask for another push",
            given(CopySeen::Absent, Elb, fails(Elb, Kind::Exists)).after(600, retry("www")),
            &["do www: push scm-1 to ELB in north, NotPushed"],
        ),
        (
            "CDN cannot show it, so its word is taken",
            given(CopySeen::Absent, Cdn, fails(Cdn, Kind::Exists)),
            &["learn www: push scm-1 to CDN in north, Seen"],
        ),
        (
            "a push is not tried again while the target cannot be seen",
            given(CopySeen::Unknown(failure(Kind::Transient)), Elb, |it| {
                it.after(100, failed(&www(), &push(1, Elb), failure(Kind::Busy)))
            }),
            &["hold www: Unseen"],
        ),
    ]
}

fn shared() -> Vec<Case> {
    let known = || {
        now(600)
            .after(600, saw(&www(), &import(1), "scm-1"))
            .after(600, saw(&api(), &import(1), "scm-1"))
    };
    let both = |it: Given| {
        it.cert(pushed("www", 1, Elb, CopySeen::Absent)).cert(pushed(
            "api",
            1,
            Elb,
            CopySeen::Absent,
        ))
    };
    let mut wide = pushed("www", 1, Elb, CopySeen::Absent);
    wide.targets.extend(pushed("www", 1, Waf, CopySeen::Absent).targets);
    wide.targets.extend(pushed("www", 1, Waf, CopySeen::Absent).targets);
    wide.targets[2].project = "south".to_owned();
    vec![
        (
            "two entries that share a copy push it once",
            both(known()),
            &["do www: push scm-1 to ELB in north, NotPushed", "hold api: SameLeaf"],
        ),
        (
            "while one pushes, the other waits",
            both(known().after(599, began(&www(), &push(1, Elb))).in_flight(www())),
            &["hold www: InFlight", "hold api: SameLeaf"],
        ),
        (
            "services and projects are pushed to independently",
            known().cert(wide),
            &[
                "do www: push scm-1 to ELB in north, NotPushed",
                "do www: push scm-1 to WAF in north, NotPushed",
                "do www: push scm-1 to WAF in south, NotPushed",
            ],
        ),
        (
            "one import made again has its copy already",
            given(CopySeen::Found("c1".into()), Elb, |it| {
                it.after(9, saw(&www(), &with_id("scm-0"), "c1"))
            }),
            &["learn www: push scm-1 to ELB in north, Seen c1"],
        ),
    ]
}

fn with_id(id: &str) -> crate::plan::action::Action {
    let mut action = push(1, Elb);
    if let crate::plan::action::Action::Push { scm_id, .. } = &mut action {
        *scm_id = id.to_owned();
    }
    action
}
