//! Ten thousand certificates of which nothing has changed: what a cycle asks the cloud for, call by call.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use certrotd::cert::facts;
use certrotd::config;
use certrotd::cycle::{Cycle, Ended, Until};
use certrotd::model::names::{Name, Subject};
use certrotd::model::target::Target;
use certrotd::model::time::Time;
use certrotd::plan::action::{Action, Fact, Import, ImportKey};
use certrotd::plan::memory::{Memory, Record};
use certrotd::plan::needs::recheck_after;
use certrotd::record::Journal;
use certrotd::sim::pki::KeyKind;
use certrotd::sim::{Call, Pair};
use common::{House, now};
use tokio::sync::mpsc;

const CERTIFICATES: u32 = 10_000;
const COUNT: usize = CERTIFICATES as usize;
/// Rows on a page.
const ELB_PAGE: usize = 200;
const WAF_PAGE: usize = 100;
const WAF_SHOW: &str = "waf GET /*/*/waf/certificate/*";
const CDN: &str = "cdn GET /*/cdn/domains/https-certificate-info";
/// How far the second cycle is from the first: less than a signature's clock may be wrong.
const LATER: Duration = Duration::from_secs(600);
/// When everything was imported: long enough ago for others of the same leaf to have been counted.
const DAYS_AGO: Duration = Duration::from_secs(3 * 86_400);
const TARGETS: [Target; 3] = [Target::Elb, Target::Waf, Target::Cdn];

/// How far the cycle's clock is ahead, in seconds.
static AHEAD: AtomicU64 = AtomicU64::new(0);

fn clock() -> Time {
    now() + Duration::from_secs(AHEAD.load(Ordering::Relaxed))
}

#[test]
fn a_cycle_of_ten_thousand_settled_certificates_reads_each_list_once_and_writes_nothing() {
    let house = House::with(|settings| {
        settings.import_quota = usize::MAX;
        settings.elb_quota = usize::MAX;
    });
    let due = settled(&house);
    let pushes = ["elb", "waf", "cdn"].map(|it| format!("[[discover.push]]\nservice = \"{it}\"\n"));
    let pattern = house.scratch.path("many/*/fullchain.pem");
    let lines = format!("[[discover]]\npattern = \"{}\"\n{}", pattern.display(), pushes.concat());
    fs::write(house.config_path(), format!("{}\n{lines}", house.base())).unwrap();
    let config = config::load(&house.config_path()).unwrap();
    assert_eq!(config.certificates.len(), COUNT);

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut cycle = Cycle::open(config, clock).unwrap();
    let mut once = || {
        let before = house.sim.calls().len();
        let (_wake, mut wakes) = mpsc::channel(1);
        let until = Until::Settled { wait: Duration::ZERO, jobs: Duration::ZERO };
        let ended = runtime.block_on(cycle.run(&mut wakes, until, |_| ())).unwrap();
        assert_eq!(ended, Ended::Settled);
        assert_eq!(cycle.held().count(), 0, "{:?}", cycle.held().next());
        house.sim.calls().split_off(before)
    };
    let first = kinds(&once());
    assert_eq!(first[WAF_SHOW], COUNT, "each once, since its list shows no PEM: {first:?}");
    AHEAD.store(LATER.as_secs(), Ordering::Relaxed);
    let mut second = kinds(&once());
    let mut asked = |kind| second.remove(kind).unwrap_or_default();
    // Its pages end with one that is not full.
    let pages =
        ["elb GET /*/*/elb/certificates", "waf GET /*/*/waf/certificate", CDN].map(&mut asked);
    assert_eq!(pages, [COUNT / ELB_PAGE + 1, COUNT / WAF_PAGE, 1]);
    assert_eq!(asked("elb GET /*/*/elb/quotas"), 1);
    // What the test itself takes is over too by then.
    let sample = asked("scm GET /*/scm/certificates/*");
    assert!(
        (due / 2..due * 4).contains(&sample),
        "{sample} imports looked at again, {due} were due"
    );
    assert!(second.is_empty(), "nothing else is asked for, and nothing is written: {second:?}");
    assert_eq!(house.writes(), [0, 0, 0]);
    assert!(house.sim.violations().is_empty(), "{:?}", house.sim.violations());
}

/// How often each was asked for, ids left out.
fn kinds(calls: &[Call]) -> BTreeMap<String, usize> {
    let mut kinds = BTreeMap::new();
    for call in calls {
        let path: Vec<_> = call
            .path
            .split('/')
            .map(|part| if part.contains(|c: char| c.is_ascii_digit()) { "*" } else { part })
            .collect();
        *kinds
            .entry(format!("{} {} {}", call.service, call.method, path.join("/")))
            .or_default() += 1;
    }
    kinds
}

/// Everything was imported, pushed and counted some days ago, and the journal knows it; each import is looked at again at a
/// moment of its own. Gives how many of them are due until the second cycle.
fn settled(house: &House) -> usize {
    let (began, mut due) = (now(), 0);
    let (mut sent, mut seen) = (Vec::new(), Vec::new());
    for number in 0..CERTIFICATES {
        let name = Name::new(&format!("{number:05}")).unwrap();
        let (pair, key) = pair(house, &name);
        let left = recheck_after(&key) * (number + 1) / CERTIFICATES;
        due += usize::from(left <= LATER);
        let (begins, sees) = known(house, &name, &pair, &key);
        sent.extend(begins);
        seen.push((began + left - recheck_after(&key), sees));
    }
    seen.sort_by_key(|(at, _)| *at);
    let mut journal = Journal::open(&house.state()).unwrap();
    let mut memory = Memory::default();
    journal.note(began - DAYS_AGO, sent, &mut memory);
    for (at, records) in seen {
        journal.note(at, records, &mut memory);
    }
    journal.commit().unwrap();
    due
}

/// A pair on the disk.
fn pair(house: &House, name: &Name) -> (Pair, ImportKey) {
    let issued = house.issue(name.as_str(), KeyKind::EcdsaP256, 60);
    let directory = house.scratch.path("many").join(name.as_str());
    fs::create_dir_all(&directory).unwrap();
    fs::write(directory.join("fullchain.pem"), issued.fullchain_pem()).unwrap();
    fs::write(directory.join("privkey.pem"), issued.key_pem.expose()).unwrap();
    let key = ImportKey::from(Import {
        cloud: Name::new("sim").unwrap(),
        enterprise_project: None,
        leaf: issued.sha256,
        issued: facts(&issued.leaf_der).unwrap().not_before,
    });
    let pair = Pair {
        name: name.of_import(&issued.sha256),
        fullchain: issued.fullchain_pem(),
        key: issued.key_pem,
    };
    (pair, key)
}

/// Puts a pair into the cloud, and gives what the journal says of its steps, and of what was seen of them.
fn known(house: &House, name: &Name, pair: &Pair, key: &ImportKey) -> (Vec<Record>, Vec<Record>) {
    let subject = Subject::Certificate(name.clone());
    let scm_id = house.sim.keep_import(pair).unwrap();
    let import = Action::Import { key: key.clone() };
    let mut steps = vec![(import, Some(scm_id.clone()), Some(scm_id.clone()))];
    for target in TARGETS {
        // CDN lists no certificate that no domain uses.
        let id = (target != Target::Cdn).then(|| house.sim.keep(target, "", pair).unwrap());
        let project = house.settings().region.clone();
        let push = Action::Push { key: key.clone(), scm_id: scm_id.clone(), target, project };
        steps.push((push, None, id));
    }
    let (mut sent, mut seen) = (Vec::new(), Vec::new());
    for (action, id, listed) in steps {
        let subject = || subject.clone();
        sent.push(Record::Began { subject: subject(), action: action.clone() });
        sent.push(Record::Done { subject: subject(), action: action.clone(), id });
        if listed.is_some() {
            let fact = Fact::Seen { id: listed };
            seen.push(Record::Learned { subject: subject(), action, fact });
        }
    }
    (sent, seen)
}
