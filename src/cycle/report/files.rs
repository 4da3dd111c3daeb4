//! What the log says of CA files: which CAs join and which leave, each by its name, and why. The journal
//! has fingerprints alone; names and ends come from the last look at the file.

use std::collections::BTreeMap;
use std::time::Duration;

use tracing::info;

use crate::model::digest::Sha256;
use crate::model::names::Name;
use crate::model::time::{Time, span};
use crate::plan::Step;
use crate::plan::action::{Action, Because};
use crate::plan::memory::{Authorities, Memory};
use crate::plan::observed::{CaSeen, FileSeen};

/// The last look at each CA file, and at what the steps under way began with.
#[derive(Debug, Default)]
pub(super) struct Files {
    seen: BTreeMap<Name, File>,
    replaced: BTreeMap<Name, File>,
}

#[derive(Debug, Clone, Default)]
struct File {
    now: Time,
    inside: Vec<Authority>,
    published: Vec<Authority>,
    overlap: Duration,
    probe: Option<String>,
}

#[derive(Debug, Clone)]
struct Authority {
    sha256: Sha256,
    subject: String,
    ends: Time,
    /// Since when it has been known not to be published any more.
    since: Option<Time>,
}

impl Files {
    pub fn take(&mut self, seen: &CaSeen, memory: &Memory, now: Time) {
        let authority = |it: &crate::cert::CaFacts| Authority {
            sha256: it.sha256,
            subject: it.subject.clone(),
            ends: it.not_after,
            since: memory.former_since(&seen.name, &it.sha256, now),
        };
        let inside = match &seen.file {
            FileSeen::Holds { authorities, .. } => authorities.iter().map(authority).collect(),
            FileSeen::Absent | FileSeen::Unknown(_) => Vec::new(),
        };
        let published = seen.published.iter().flat_map(|it| &it.certificates);
        let published = published.map(authority).collect();
        let probe = seen.instance.as_ref().map(|it| it.probe.clone());
        let file = File { now, inside, published, overlap: seen.overlap, probe };
        self.seen.insert(seen.name.clone(), file);
    }

    /// Keeps what an installation begins with: a look meanwhile may find the new file already.
    pub fn began(&mut self, step: &Step) {
        if let Action::InstallCa { name, .. } = &step.action {
            let file = self.seen.get(name).cloned().unwrap_or_default();
            self.replaced.insert(name.clone(), file);
        }
    }

    /// A file was written.
    pub fn installed(
        &self,
        (name, sha256, authorities): (&Name, &Sha256, &[Sha256]),
        because: &Because,
        elapsed_ms: u64,
    ) {
        let (digest, file) = (sha256.to_string(), self.replaced.get(name));
        let joined = file.map(|file| file.joined(authorities)).unwrap_or_default();
        let what = if joined.is_empty() {
            format!("wrote the CA file of {name} anew")
        } else {
            format!("installed {joined} in the CA file of {name}")
        };
        info!(event = "ca.installed", instance = %name, digest, elapsed_ms, "{what}: {because}");
        let Some(file) = file else { return };
        for authority in file.inside.iter().filter(|it| !authorities.contains(&it.sha256)) {
            let (fingerprint, words, why) =
                (authority.sha256.to_string(), authority.words(), file.why_gone(authority));
            info!(event = "ca.retired", instance = %name, fingerprint, "the CA {words} left the file of {name}: {why}");
        }
    }

    /// A file was found as a step without an end was to leave it. `known`: what the journal knew of it.
    pub fn found(
        &self,
        (name, sha256, authorities): (&Name, &Sha256, &[Sha256]),
        known: Option<&Authorities>,
    ) {
        let digest = sha256.to_string();
        info!(event = "ca.installed", instance = %name, digest, "the CA file of {name} holds what was to be installed, although no end of that is known");
        let former = known.into_iter().flat_map(Authorities::former);
        for authority in former.filter(|it| !authorities.contains(it)) {
            let (fingerprint, short) = (authority.to_string(), authority.short());
            info!(event = "ca.retired", instance = %name, fingerprint, "the former CA {short} left the file of {name} with that installation");
        }
    }

    /// CAs are not published any more and stay in the file for a while.
    pub fn superseded(&self, name: &Name, former: &[Sha256], known: Option<&Authorities>) {
        let is_known = |it: &&Sha256| known.is_some_and(|known| known.former().any(|of| of == *it));
        let file = self.seen.get(name).cloned().unwrap_or_default();
        for sha256 in former.iter().filter(|it| !is_known(it)) {
            let named = file.inside.iter().find(|it| it.sha256 == *sha256);
            let words = named.map_or_else(|| sha256.short(), Authority::words);
            let (fingerprint, stays) = (sha256.to_string(), file.stays());
            info!(event = "ca.superseded", instance = %name, fingerprint, "the CA {words} in the file of {name} is not published any more: {stays}");
        }
    }
}

impl File {
    /// Those of these CAs that it did not hold, by name.
    fn joined(&self, authorities: &[Sha256]) -> String {
        let is_new = |it: &&Authority| {
            authorities.contains(&it.sha256) && self.inside.iter().all(|of| of.sha256 != it.sha256)
        };
        let new: Vec<_> = self.published.iter().filter(is_new).map(Authority::words).collect();
        new.join(" and ")
    }

    fn why_gone(&self, authority: &Authority) -> String {
        if authority.ends < self.now {
            return format!("it expired on {}", authority.ends);
        }
        let mut why = match authority.since.filter(|since| *since < self.now) {
            Some(since) => {
                let age = span(self.now.since(since));
                format!("it is not published since {since} and stood beside the new one for {age}")
            }
            None => "it is not published any more, and `overlap` is 0".to_owned(),
        };
        if let Some(probe) = &self.probe {
            why += &format!("; {probe} verifies with the published one alone");
        }
        why
    }

    /// What becomes of a former CA.
    fn stays(&self) -> String {
        let proof = self.probe.as_ref().map(|probe| {
            format!("until {probe} has been seen to verify with the published one alone")
        });
        let overlap =
            (!self.overlap.is_zero()).then(|| format!("for {} beside it", span(self.overlap)));
        match (overlap, proof) {
            (None, None) => "it leaves at once, since `overlap` is 0".to_owned(),
            (Some(words), None) | (None, Some(words)) => format!("it stays {words}"),
            (Some(overlap), Some(proof)) => format!("it stays {overlap}, and {proof}"),
        }
    }
}

impl Authority {
    /// `CN=Redis CA (1a2b3c4d5e6f)`.
    fn words(&self) -> String {
        format!("{} ({})", self.subject, self.sha256.short())
    }
}
