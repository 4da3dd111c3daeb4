//! What can be said without asking the cloud: the files on this disk, and what the journal
//! remembers. The planner itself says what comes next, so that `status` has no second opinion.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use tokio::task::JoinSet;

use super::looks::{forecast, unseen};
use crate::config::{Certificate, Config, InstanceCa, InstanceSsl};
use crate::model::digest::Sha256;
use crate::model::failure::{Failure, Kind};
use crate::model::time::Time;
use crate::observe::{local, published, switches};
use crate::plan::Plan;
use crate::plan::action::Action;
use crate::plan::hold::Hold;
use crate::plan::memory::Memory;
use crate::plan::observed::{CaSeen, CertificateSeen, FileSeen, Observed, SwitchSeen};

/// A disk that does not answer for this long counts as unreadable, so that an operator gets a reply.
const READ_TIMEOUT: Duration = Duration::from_secs(10);
/// The operation of the failure that stands for "the instance was not asked".
const NOT_ASKED: &str = "look at the instance";

/// Reads the files and plans with them and the memory, sending nothing and writing nothing. The
/// entries come in the configuration's order. What only the cloud could tell is taken to be as the
/// memory has it: an import and its copies stand, an instance publishes what was last installed
/// from it, and nobody else has switched SSL. A CA that was never installed is not planned for.
pub async fn offline(config: &Config, memory: &Memory, now: Time) -> (Observed, Plan) {
    let observed = Observed {
        now,
        doubt: config.schedule.doubt,
        retry: config.schedule.retry,
        in_flight: BTreeSet::new(),
        certificates: certificates(&config.certificates, now).await,
        cas: cas(&config.instance_cas, memory).await,
        switches: config.instance_ssls.iter().map(|entry| switch(entry, now)).collect(),
    };
    let mut plan = forecast(&observed, &mut memory.clone());
    plan.held.retain(
        |held| !matches!(&held.why, Hold::Unseen { failure } if failure.operation == NOT_ASKED),
    );
    (observed, plan)
}

/// All pairs at once: a disk that does not answer is waited for once, not once an entry.
async fn certificates(entries: &[Certificate], now: Time) -> Vec<CertificateSeen> {
    let mut reading = JoinSet::new();
    for (index, entry) in entries.iter().cloned().enumerate() {
        reading.spawn(async move {
            let local = local::read(&entry).await;
            (index, unseen(&entry, local.leaf, now))
        });
    }
    in_order(reading).await
}

async fn cas(entries: &[InstanceCa], memory: &Memory) -> Vec<CaSeen> {
    let mut reading = JoinSet::new();
    for (index, entry) in entries.iter().enumerate() {
        let published = last_known(entry, memory);
        let (name, has_hook) = (entry.name.clone(), !entry.on_change.is_empty());
        let path = entry.path.clone();
        reading.spawn(async move {
            (index, CaSeen { name, published, file: file(path).await, has_hook })
        });
    }
    in_order(reading).await
}

async fn in_order<T: 'static>(reading: JoinSet<(usize, T)>) -> Vec<T> {
    let mut read = reading.join_all().await;
    read.sort_by_key(|(index, _)| *index);
    read.into_iter().map(|(_, seen)| seen).collect()
}

async fn file(path: PathBuf) -> FileSeen {
    let named = path.display().to_string();
    let reading = tokio::task::spawn_blocking(move || published::file(&path));
    let stopped = |why: &str| {
        FileSeen::Unknown(Failure::local(Kind::Operator, "read CA file", format!("{named}: {why}")))
    };
    match tokio::time::timeout(READ_TIMEOUT, reading).await {
        Ok(Ok(seen)) => seen,
        Ok(Err(_)) => stopped("reading it failed inside certrotd"),
        Err(_) => stopped("the disk does not answer"),
    }
}

/// The bundle that was last installed, or tried to be: what the instance published then.
fn last_known(entry: &InstanceCa, memory: &Memory) -> Result<Sha256, Failure> {
    let installs = memory.effects().filter_map(|(action, effect)| match action {
        Action::InstallCa { name, sha256 } if *name == entry.name => Some((effect.seq, *sha256)),
        _ => None,
    });
    let last = installs.max_by_key(|(seq, _)| *seq);
    last.map(|(_, sha256)| sha256)
        .ok_or_else(|| Failure::local(Kind::Transient, NOT_ASKED, "nothing is sent"))
}

/// The task list as it is when nobody else switches.
fn switch(entry: &InstanceSsl, now: Time) -> SwitchSeen {
    SwitchSeen { jobs: Some(Ok(Vec::new())), ..switches::unseen(entry, now) }
}
