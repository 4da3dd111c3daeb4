//! The second stride of a certificate: its import, its targets and its probes, as far as they must
//! be asked.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::task::JoinSet;
use tokio::time::Instant;

use super::super::queue::Want;
use super::{Context, Scope, Seen};
use crate::cert::{Family, LeafFacts, family, validity};
use crate::cloud::Cloud;
use crate::config::{Certificate, Push};
use crate::model::digest::Sha256;
use crate::model::failure::Failure;
use crate::model::time::Time;
use crate::observe::imports::Imports;
use crate::observe::{imports, served, targets};
use crate::plan::action::{Import, ImportKey};
use crate::plan::memory::Memory;
use crate::plan::needs::{self, ImportNeed};
use crate::plan::observed::{
    BadInput, BoundSeen, CertificateSeen, CopySeen, Handshake, ImportSeen, ProbeSeen, SiteSeen,
    TargetSeen,
};

/// How one pair's cloud side is looked at.
pub(super) struct Ask {
    need: ImportNeed,
    since: Instant,
    fresh: Instant,
    named: bool,
    former: BTreeSet<Sha256>,
    superseded: Vec<(ImportKey, String)>,
    want: Want,
}

impl Ask {
    /// What the memory leaves to be asked for.
    pub fn about(
        entry: &Certificate,
        leaf: &LeafFacts,
        memory: &Memory,
        context: &Context,
    ) -> Self {
        let (name, key) = (&entry.name, import_key(entry, leaf));
        let pushes = entry.pushes.iter().filter(|push| push.is_pushed_to());
        let pushes: Vec<_> = pushes.map(|push| (push.target, push.project.as_str())).collect();
        let places: Vec<_> = entry.pushes.iter().flat_map(Push::places).collect();
        let superseded = needs::superseded(name, &key, entry.keep, memory);
        // Nothing is deleted by what was read before the step that ended last.
        let fresh = !superseded.is_empty()
            || needs::fresh_lists(&key, &pushes, memory)
            || needs::fresh_places(name, &key, &places, memory);
        let pushes_alone =
            places.is_empty() && needs::pushes_alone(&key, &pushes, memory, context.now);
        let import_alone = context.scope != Scope::All
            && needs::import_alone(name, &key, memory, context.now)
            && validity(leaf, context.now).is_none();
        let fresh = if fresh { context.began } else { context.woken };
        // Thousands that are imported one after the other need not each wait for another list.
        let recent = fresh.checked_sub(needs::JUST_IMPORTED).unwrap_or(fresh);
        Self {
            need: needs::import(&key, memory, context.now),
            since: if pushes_alone { recent.max(context.woken) } else { fresh },
            fresh,
            named: needs::named(name, memory),
            former: needs::former(name, &key, memory),
            superseded,
            want: match (import_alone, pushes_alone) {
                (true, _) => Want::Import,
                (false, true) => Want::Pushes,
                (false, false) => Want::All,
            },
        }
    }

    /// What is decided first: where it is the import, it is planned whatever the targets show.
    pub fn want(&self) -> Want {
        self.want
    }

    /// Whether there is nothing to be asked.
    pub fn is_idle(&self, entry: &Certificate) -> bool {
        let known = self.need == ImportNeed::Nothing && !self.named;
        known && self.superseded.is_empty() && entry.pushes.is_empty()
    }
}

/// Looks at the cloud side of an entry whose leaf may go out.
pub(super) async fn look(
    cloud: &Cloud,
    entry: &Certificate,
    leaf: Arc<LeafFacts>,
    ask: Ask,
    context: &Context,
) -> Seen {
    let seen = unseen(entry, Ok(Arc::clone(&leaf)), context.now);
    let unasked = seen.targets.clone();
    let enterprise = entry.enterprise_project_id.as_deref();
    let name = entry.name.of_import(&leaf.sha256);
    let import = imports::look(cloud, &leaf, &name, enterprise, &ask.need);
    let named = async {
        match ask.named {
            true => imports::newest_named(cloud, &leaf, &entry.name, enterprise).await,
            false => Ok(None),
        }
    };
    let targets = look_at_targets(cloud, &unasked, &leaf, &ask, context);
    let held = imports::held(cloud, &ask.superseded);
    if ask.want == Want::Import {
        let (import, newest_named, others) = settled(tokio::join!(import, named));
        let newer = newest_named.is_some_and(|newest| newest > leaf.not_before);
        if import == ImportSeen::Absent && !newer {
            // Its import shall not wait for lists that its targets may take long to give.
            let seen = CertificateSeen { import, newest_named, import_alone: true, ..seen };
            return Seen::Certificate { seen, others };
        }
        let (targets, superseded) = tokio::join!(targets, held);
        let seen = CertificateSeen { import, newest_named, superseded, targets, ..seen };
        return Seen::Certificate { seen, others };
    }
    let (import, named, targets, superseded) = tokio::join!(import, named, targets, held);
    let (import, newest_named, others) = settled((import, named));
    let seen = CertificateSeen { import, newest_named, superseded, targets, ..seen };
    Seen::Certificate { seen, others }
}

type Named = Result<Option<Time>, Failure>;

fn settled((import, named): (Imports, Named)) -> (ImportSeen, Option<Time>, Vec<String>) {
    let Imports { seen, others } = import;
    match named {
        Ok(newest) => (seen, newest, others),
        // Whether this leaf is the newer one cannot be told, so it must not go out.
        Err(failure) => (ImportSeen::Unknown(failure), None, others),
    }
}

/// An entry whose files are read and whose cloud side is not looked at.
pub(in crate::cycle) fn unseen(
    entry: &Certificate,
    local: Result<Arc<LeafFacts>, BadInput>,
    now: Time,
) -> CertificateSeen {
    let target = |push: &Push| TargetSeen {
        target: push.target,
        project: push.project.clone(),
        copy: CopySeen::NotAsked,
        room: None,
        copies: Vec::new(),
        sites: push
            .places()
            .map(|place| SiteSeen { site: place.site, bound: BoundSeen::NotAsked })
            .collect(),
        probes: push
            .probes
            .iter()
            .map(|probe| ProbeSeen { probe: probe.clone(), handshake: Handshake::NotAsked })
            .collect(),
        window: push.window,
        drift: push.drift,
    };
    CertificateSeen {
        name: entry.name.clone(),
        cloud: entry.cloud.clone(),
        enterprise_project: entry.enterprise_project_id.clone(),
        cert_path: entry.cert.to_path_buf(),
        looked_at: now,
        local,
        keep: entry.keep,
        newest_named: None,
        superseded: Vec::new(),
        import: ImportSeen::Trusted,
        targets: entry.pushes.iter().map(target).collect(),
        import_alone: false,
    }
}

fn import_key(entry: &Certificate, leaf: &LeafFacts) -> ImportKey {
    ImportKey::from(Import {
        cloud: entry.cloud.clone(),
        enterprise_project: entry.enterprise_project_id.clone(),
        leaf: leaf.sha256,
        issued: leaf.not_before,
    })
}

/// All targets of an entry with all their probes, at once and in the order of the entry.
async fn look_at_targets(
    cloud: &Cloud,
    targets: &[TargetSeen],
    leaf: &Arc<LeafFacts>,
    ask: &Ask,
    context: &Context,
) -> Vec<TargetSeen> {
    let mut asked = JoinSet::new();
    for (index, target) in targets.iter().enumerate() {
        let (cloud, lists) = (cloud.clone(), Arc::clone(&context.lists));
        let (mut seen, leaf, former) = (target.clone(), Arc::clone(leaf), ask.former.clone());
        let (since, fresh, now) = (ask.since, ask.fresh, context.now);
        asked.spawn(async move {
            let wanted = targets::Wanted { leaf: &leaf, former: &former, since, fresh, now };
            let probes = std::mem::take(&mut seen.probes);
            let probes = probe(&probes, &leaf);
            let list = targets::look(&lists, &cloud, &wanted, &mut seen);
            let (probes, ()) = tokio::join!(probes, list);
            (index, TargetSeen { probes, ..seen })
        });
    }
    let mut seen = asked.join_all().await;
    seen.sort_by_key(|(index, _)| *index);
    seen.into_iter().map(|(_, target)| target).collect()
}

/// A handshake for each probe, all at once.
async fn probe(probes: &[ProbeSeen], leaf: &LeafFacts) -> Vec<ProbeSeen> {
    let family = family(leaf).unwrap_or(Family::Rsa);
    let mut asked = JoinSet::new();
    for (index, ProbeSeen { probe, .. }) in probes.iter().cloned().enumerate() {
        asked.spawn(async move {
            let handshake = served::look(&probe, family).await;
            (index, ProbeSeen { probe, handshake })
        });
    }
    let mut seen = asked.join_all().await;
    seen.sort_by_key(|(index, _)| *index);
    seen.into_iter().map(|(_, probe)| probe).collect()
}
