//! What only the cloud can tell: whether the credentials work, and what they may see. Sends reads
//! alone, each account's first one by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;

use super::Row;
use crate::cli::{Exit, begin_log, print, refusals};
use crate::cloud::permissions;
use crate::config::Config;
use crate::cycle::{World, survey};
use crate::daemon;
use crate::model::failure::{Failure, Kind};
use crate::model::names::{Name, Subject};
use crate::plan::hold::Hold;
use crate::plan::observed::{
    BoundSeen, CaSeen, CopySeen, FileSeen, Handshake, ImportSeen, InstanceSeen, Observed,
    ProbeSeen, Proof,
};
use crate::record;

/// How a database refuses for want of a right, with whichever status.
const DENIED_BY_DATABASE: &str = "DBS.200010";

/// What looking showed.
#[derive(Serialize)]
pub(super) struct Findings {
    clouds: Vec<Account>,
    problems: Vec<Problem>,
}

/// One account.
#[derive(Serialize)]
struct Account {
    name: Name,
    /// Why its credentials do not work.
    error: Option<String>,
    /// Whether looking on with them makes sense.
    #[serde(skip)]
    usable: bool,
    /// The same error as that of one call among others.
    #[serde(skip)]
    cause: Option<String>,
    /// Entries that could not be looked at for that very reason.
    #[serde(skip)]
    unseen: BTreeSet<Subject>,
}

/// Something that could not be seen.
#[derive(Serialize, PartialEq, Eq, PartialOrd, Ord)]
struct Problem {
    table: &'static str,
    name: Name,
    problem: String,
    /// What failed, in the words of every call that fails so.
    #[serde(skip)]
    cause: String,
    /// Whether it is that of its account, whose row says it for all.
    #[serde(skip)]
    told: bool,
}

/// Tries every account, then looks once at whatever belongs to accounts that were not refused. Credentials
/// that were refused are remembered.
pub(super) async fn look(config: Config) -> Result<Findings, Exit> {
    begin_log(&config);
    let mut memory = record::remembered(&config.state).map_err(|error| print::state(&error))?;
    let owners = owners(&config);
    let mut world =
        World::connect(config, &memory, daemon::now).map_err(|failure| print::failed(&failure))?;
    let mut clouds = accounts(&world).await;
    refusals::remember(&world, &mut memory);
    let works = |cloud: &Name| clouds.iter().any(|it| it.name == *cloud && it.usable);
    world.leave_out(|cloud| !works(cloud));
    let world = Arc::new(world);
    let (observed, _) = survey(Arc::clone(&world), &mut memory.clone(), daemon::now()).await;
    refusals::remember(&world, &mut memory);
    let mut problems: Vec<_> = problems(&observed).into_iter().collect();
    tell_once(&mut clouds, &mut problems, &owners);
    Ok(Findings { clouds, problems })
}

/// Every entry, and its account.
fn owners(config: &Config) -> BTreeMap<Subject, Name> {
    let certificates = config.certificates.iter();
    let certificates =
        certificates.map(|it| (Subject::Certificate(it.name.clone()), it.cloud.clone()));
    let cas = config.instance_cas.iter().map(|it| (Subject::Ca(it.name.clone()), it.cloud.clone()));
    let switches = config.instance_ssls.iter();
    let switches = switches.map(|it| (Subject::Ssl(it.name.clone()), it.cloud.clone()));
    certificates.chain(cas).chain(switches).collect()
}

/// Leaves it to an account to say what each of its entries would say again: those that were left out, and those
/// whose problem is the account's own.
fn tell_once(clouds: &mut [Account], problems: &mut [Problem], owners: &BTreeMap<Subject, Name>) {
    for cloud in clouds.iter_mut().filter(|cloud| cloud.error.is_some()) {
        let own = owners.iter().filter(|(_, owner)| **owner == cloud.name);
        for (subject, _) in own {
            let of_it =
                |it: &&mut Problem| it.table == subject.table() && it.name == *subject.name();
            let same = |it: &&mut Problem| cloud.cause.as_ref() == Some(&it.cause);
            let mut found = !cloud.usable;
            for problem in problems.iter_mut().filter(of_it).filter(same) {
                (problem.told, found) = (true, true);
            }
            if found {
                cloud.unseen.insert(subject.clone());
            }
        }
    }
}

/// A failure as others have it that are of one cause. Where no answer came, whichever call it was is no part of it.
fn cause(failure: &Failure) -> String {
    let answered = failure.service.is_none() || failure.status.is_some();
    match failure.kind {
        Kind::Transient if !answered => failure.message.clone(),
        _ => Failure { request_id: None, ..failure.clone() }.to_string(),
    }
}

/// One signed read each, one account after the other.
async fn accounts(world: &World) -> Vec<Account> {
    let mut accounts = Vec::new();
    for cloud in world.clouds() {
        let failure = cloud.verify().await.err();
        // A missing right in IAM says nothing of the other services; a refusal says it of all.
        let usable =
            !failure.as_ref().is_some_and(|it| matches!(it.kind, Kind::Refused | Kind::Withheld));
        let (name, cause) = (cloud.account().name.clone(), failure.as_ref().map(cause));
        let error = failure.as_ref().map(with_right);
        accounts.push(Account { name, error, usable, cause, unseen: BTreeSet::new() });
    }
    accounts
}

/// Every look that failed, as the sentence that holds would have. Sorted, each once.
fn problems(observed: &Observed) -> BTreeSet<Problem> {
    let mut problems = BTreeSet::new();
    let mut add = |subject: Subject, failure: &Failure, problem: String| {
        let (table, name) = (subject.table(), subject.name().clone());
        problems.insert(Problem { table, name, problem, cause: cause(failure), told: false });
    };
    for seen in &observed.certificates {
        let subject = || Subject::Certificate(seen.name.clone());
        if let ImportSeen::Unknown(failure) = &seen.import {
            add(subject(), failure, unseen(failure));
        }
        for target in &seen.targets {
            if let CopySeen::Blind(failure) | CopySeen::Unknown(failure) = &target.copy {
                let place = format!("{} in {}", target.target, target.project);
                let words = format!("{place} cannot be read: {}", with_right(failure));
                add(subject(), failure, words);
                continue;
            }
            for site in &target.sites {
                if let BoundSeen::Unknown(failure) = &site.bound {
                    let place = target.place(&site.site);
                    add(subject(), failure, format!("{place}: {}", with_right(failure)));
                }
            }
            for ProbeSeen { probe, handshake } in &target.probes {
                if let Handshake::Broken(failure) | Handshake::Unreachable(failure) = handshake {
                    add(subject(), failure, format!("probe {probe}: {failure}"));
                }
            }
        }
    }
    for seen in &observed.cas {
        if let Err(failure) = &seen.published {
            let rejected = failure.kind == Kind::Unusable;
            let why = Hold::CaRejected { failure: failure.clone() };
            let words = if rejected { why.to_string() } else { unseen(failure) };
            add(Subject::Ca(seen.name.clone()), failure, words);
        }
        if let FileSeen::Unknown(failure) = &seen.file {
            add(Subject::Ca(seen.name.clone()), failure, unseen(failure));
        }
        if let Some((failure, words)) = unproven(seen) {
            add(Subject::Ca(seen.name.clone()), failure, words);
        }
    }
    for seen in &observed.switches {
        let (job, jobs) = (seen.job.as_ref(), seen.jobs.as_ref());
        let job = job.and_then(|job| job.as_ref().err());
        for failure in job.into_iter().chain(jobs.and_then(|jobs| jobs.as_ref().err())) {
            add(Subject::Ssl(seen.name.clone()), failure, unseen(failure));
        }
        if let (Some(probe), Some(Err(failure))) = (&seen.probe, &seen.greeting) {
            add(Subject::Ssl(seen.name.clone()), failure, format!("probe {probe}: {failure}"));
        }
    }
    problems
}

/// A handshake with an instance that proves nothing, or the opposite.
fn unproven(seen: &CaSeen) -> Option<(&Failure, String)> {
    let InstanceSeen { probe, proof } = seen.instance.as_ref()?;
    match proof {
        Proof::NotAsked | Proof::Verified(_) => None,
        Proof::Unreachable(failure) => Some((failure, format!("probe {probe}: {failure}"))),
        Proof::Refused { failure, .. } => Some((
            failure,
            format!("{probe} does not verify with the published CA alone: {failure}"),
        )),
    }
}

fn unseen(failure: &Failure) -> String {
    let sentence = Hold::Unseen { failure: failure.clone() }.to_string();
    format!("{sentence}{}", right(failure).unwrap_or_default())
}

fn with_right(failure: &Failure) -> String {
    format!("{failure}{}", right(failure).unwrap_or_default())
}

/// Where a service says that a right is missing: the actions that give it, unless its words name one already.
/// The gateway's own refusals are about addresses and accounts, not about rights.
fn right(failure: &Failure) -> Option<String> {
    let (api, code) = (failure.service?, failure.code.as_deref()?);
    let denied = matches!(failure.status, Some(401 | 403)) || code == DENIED_BY_DATABASE;
    if failure.kind != Kind::Operator || !denied || code.starts_with("APIG") {
        return None;
    }
    let wanted: Vec<_> = permissions(api, &failure.operation).collect();
    let names = wanted.iter().flat_map(|it| it.identity.into_iter().chain([it.action]));
    if names.into_iter().any(|name| failure.message.contains(name)) {
        return None;
    }
    let actions: Vec<_> = wanted.iter().map(|it| it.action).collect();
    (!actions.is_empty())
        .then(|| format!("; `certrotd policy` has {} for this call", actions.join(" and ")))
}

impl Findings {
    /// Whether everything could be seen.
    pub(super) fn is_clean(&self) -> bool {
        self.problems.is_empty() && self.clouds.iter().all(|cloud| cloud.error.is_none())
    }

    /// As rows of text.
    pub(super) fn rows(&self) -> Vec<Row> {
        let clouds = self.clouds.iter().map(|cloud| {
            let name = format!("cloud {}", cloud.name);
            let Some(error) = &cloud.error else {
                return super::row(["ok".into(), name, "the credentials work".into()]);
            };
            let own = super::row(["BAD".into(), name]).with(error);
            unseen_for_it(&cloud.unseen).into_iter().fold(own, |row, words| row.with(&words))
        });
        let problems = self.problems.iter().filter(|it| !it.told).map(|it| {
            super::row(["BAD".into(), format!("{} {}", it.table, it.name)]).with(&it.problem)
        });
        clouds.chain(problems).collect()
    }
}

/// How much could not be looked at because of its account.
fn unseen_for_it(subjects: &BTreeSet<Subject>) -> Option<String> {
    let alike = subjects.iter().all(|it| matches!(it, Subject::Certificate(_)));
    let noun = match (alike, subjects.len()) {
        (_, 0) => return None,
        (true, 1) => "certificate",
        (true, _) => "certificates",
        (false, 1) => "entry",
        (false, _) => "entries",
    };
    Some(format!("{} {noun} could not be looked at for that reason", subjects.len()))
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Duration;

    use super::*;
    use crate::config;
    use crate::model::target::Api;
    use crate::model::time::Time;
    use crate::plan::observed::SwitchSeen;

    #[test]
    fn a_missing_right_is_named_where_it_is_known() {
        let failure = |service, operation: &str, status, code: &str, message: &str| Failure {
            service: Some(service),
            status: Some(status),
            code: Some(code.to_owned()),
            ..Failure::local(Kind::Operator, operation, message)
        };
        let elb = failure(Api::Elb, "list listeners", 403, "ELB.1102", "no");
        let words = with_right(&elb);
        assert!(
            words.ends_with("; `certrotd policy` has elb:listeners:list for this call"),
            "{words}"
        );
        let scm = failure(Api::Scm, "list certificates", 401, "SCM.4002", "no policy");
        assert!(unseen(&scm).contains("has scm:cert:list for this call"), "401, but a right");
        let named =
            failure(Api::Rds, "request the CA's link", 403, "X.1", "rds:instance:modifySSL");
        assert_eq!(right(&named), None, "it is said already");
        for other in [
            failure(Api::Elb, "list listeners", 403, "APIGW.0302", "no"),
            failure(Api::Elb, "list listeners", 409, "ELB.1", "no"),
            failure(Api::Elb, "dance", 403, "ELB.1102", "no"),
            Failure { kind: Kind::Refused, ..elb },
        ] {
            assert_eq!(right(&other), None, "{other}");
        }
    }

    #[test]
    fn handshakes_with_instances_that_prove_nothing_are_problems() {
        let schedule =
            config::parse(Path::new("c"), "[cloud.main]\nregion = 'cn-north-4'").unwrap().schedule;
        let failure = |words| Failure::local(Kind::Unusable, "handshake", words);
        let ca = |name, proof| CaSeen {
            name: Name::new(name).unwrap(),
            published: Err(failure("a page")),
            file: FileSeen::Absent,
            overlap: Duration::ZERO,
            has_hook: false,
            instance: Some(InstanceSeen { probe: "redis:6379".to_owned(), proof }),
        };
        let refused = Proof::Refused { leaf: None, failure: failure("not by CN=New") };
        let switch = SwitchSeen {
            name: Name::new("ledger").unwrap(),
            cloud: Name::new("main").unwrap(),
            instance_id: String::new(),
            on: true,
            allow_restart: false,
            assume: None,
            looked_at: Time::from_secs(0),
            job: None,
            jobs: None,
            probe: Some("ledger:3306".to_owned()),
            greeting: Some(Err(failure("no MySQL"))),
            window: None,
        };
        let observed = Observed {
            now: Time::from_secs(0),
            doubt: schedule.doubt,
            retry: schedule.retry,
            in_flight: BTreeSet::new(),
            certificates: Vec::new(),
            cas: vec![
                ca("refused", refused),
                ca("silent", Proof::Unreachable(failure("timed out"))),
                ca("unasked", Proof::NotAsked),
            ],
            switches: vec![switch],
        };
        let mut found = problems(&observed);
        found.retain(|it| !it.problem.ends_with("a page"));
        let said: Vec<_> = found.iter().map(|it| (it.name.as_str(), it.problem.as_str())).collect();
        let expected = [
            (
                "refused",
                "redis:6379 does not verify with the published CA alone: handshake: not by CN=New",
            ),
            ("silent", "probe redis:6379: handshake: timed out"),
            ("ledger", "probe ledger:3306: handshake: no MySQL"),
        ];
        assert_eq!(said, expected);
    }
}
