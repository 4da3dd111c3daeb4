//! What can be said without asking the cloud: the files on this disk, and what the journal
//! remembers. The planner itself says what comes next, so that `status` has no second opinion.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::task::JoinSet;

use super::keep;
use super::looks::{forecast, unseen};
use crate::cert::CaBundle;
use crate::config::{Config, InstanceCa, InstanceSsl};
use crate::model::digest::Sha256;
use crate::model::failure::{Failure, Kind};
use crate::model::names::Subject;
use crate::model::time::Time;
use crate::observe::{local, published, switches};
use crate::plan::hold::Hold;
use crate::plan::memory::Memory;
use crate::plan::observed::{CaSeen, CertificateSeen, FileSeen, Observed, SwitchSeen};
use crate::plan::{Plan, ssl};

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
        certificates: certificates(config, now).await,
        cas: cas(&config.instance_cas, memory).await,
        switches: config.instance_ssls.iter().map(|entry| switch(entry, memory, now)).collect(),
    };
    let mut plan = forecast(&observed, &mut memory.clone());
    // What a handshake showed last is told in words of its own.
    plan.held.retain(|held| {
        let shown = matches!(held.why, Hold::Unproven { .. } | Hold::Unreachable { .. });
        !(shown && matches!(held.subject, Subject::Ca(_)))
    });
    plan.held.retain(
        |held| !matches!(&held.why, Hold::Unseen { failure } if failure.operation == NOT_ASKED),
    );
    (observed, plan)
}

/// All pairs at once: a disk that does not answer is waited for once, not once an entry.
async fn certificates(config: &Config, now: Time) -> Vec<CertificateSeen> {
    let (entries, (known, _)) = (&config.certificates, keep::taken(&config.state));
    let read = local::read_all(entries, |entry| known.get(&entry.name).cloned()).await;
    entries.iter().zip(read).map(|(entry, local)| unseen(entry, local.leaf, now)).collect()
}

async fn cas(entries: &[InstanceCa], memory: &Memory) -> Vec<CaSeen> {
    let mut reading = JoinSet::new();
    for (index, entry) in entries.iter().cloned().enumerate() {
        let known = memory.authorities(&entry.name).map(|known| known.published.clone());
        reading.spawn(async move {
            let file = published::on_disk(&entry).await;
            (index, published::unseen(&entry, last_known(&file, known), file))
        });
    }
    in_order(reading).await
}

async fn in_order<T: 'static>(reading: JoinSet<(usize, T)>) -> Vec<T> {
    let mut read = reading.join_all().await;
    read.sort_by_key(|(index, _)| *index);
    read.into_iter().map(|(_, seen)| seen).collect()
}

/// What the instance published when it was last asked, as far as the file still has it.
fn last_known(file: &FileSeen, known: Option<Vec<Sha256>>) -> Result<Arc<CaBundle>, Failure> {
    let not_asked = || Failure::local(Kind::Transient, NOT_ASKED, "nothing is sent");
    let FileSeen::Holds { authorities, .. } = file else { return Err(not_asked()) };
    let known = known.unwrap_or_default();
    let of = |digest: &Sha256| authorities.iter().find(|it| it.sha256 == *digest).cloned();
    let published: Vec<_> = known.iter().filter_map(of).collect();
    if published.is_empty() || published.len() < known.len() {
        return Err(not_asked());
    }
    Ok(Arc::new(CaBundle::of(published)))
}

/// The task list as it is when nobody else switches, and the greeting as it was when it was last read;
/// where nobody has, there might as well be none.
fn switch(entry: &InstanceSsl, memory: &Memory, now: Time) -> SwitchSeen {
    let mut seen = SwitchSeen { jobs: Some(Ok(Vec::new())), ..switches::unseen(entry, now) };
    seen.greeting = ssl::remembered(&seen, memory);
    seen.probe = seen.probe.filter(|_| seen.greeting.is_some());
    seen
}
