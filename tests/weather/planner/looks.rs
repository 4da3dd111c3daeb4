//! The looks of a storm: the disk and the memory are read when one begins, the cloud later.

use super::authorities::OVERLAP;
use super::edge::WINDOW;
use super::entries::{KEEP, Wanted, finance, host, import_key, leaf, targets};
use super::fixture::{self, name};
use super::world::{Job, World};
use certrotd::cert::Finding;
use certrotd::model::digest::Sha256;
use certrotd::model::failure::{Failure, Kind};
use certrotd::model::names::{Name, Subject};
use certrotd::model::place::{Dial, Probe};
use certrotd::model::target::Target;
use certrotd::model::time::Time;
use certrotd::plan::action::ImportKey;
use certrotd::plan::memory::Memory;
use certrotd::plan::needs::{self, ImportNeed, SwitchNeed};
use certrotd::plan::observed::{
    BadInput, BoundSeen, CaSeen, CertificateSeen, CopyHeld, CopySeen, FileSeen, Handshake, Holders,
    ImportHeld, ImportSeen, InstanceSeen, JobState, ProbeSeen, Proof, SiteSeen, SwitchJob,
    SwitchSeen, TargetSeen,
};
use certrotd::plan::sight;

/// A look under way.
pub struct Look {
    looked_at: Time,
    import: ImportNeed,
    superseded: Vec<(ImportKey, String)>,
    import_alone: bool,
    switch: SwitchNeed,
    local: Option<u32>,
    wanted: bool,
    pub seen: Option<(Time, Seen)>,
}

pub enum Seen {
    Certificate(CertificateSeen),
    Ca(CaSeen),
    Switch(SwitchSeen),
}

pub fn begin(subject: &Subject, memory: &Memory, world: &World) -> Look {
    let entry = subject.name();
    let local = world.disk.get(entry).copied().flatten();
    let key = local.map(|number| import_key(entry, number));
    let import = key.as_ref().map(|key| needs::import(key, memory, world.clock()));
    let superseded = key.as_ref().map(|key| needs::superseded(entry, key, KEEP, memory));
    Look {
        looked_at: world.clock(),
        import: import.unwrap_or(ImportNeed::Nothing),
        superseded: superseded.unwrap_or_default(),
        import_alone: key
            .is_some_and(|key| needs::import_alone(entry, &key, memory, world.clock())),
        switch: needs::switch(&unseen(entry, world), memory, world.clock()),
        local,
        wanted: world.wanted,
        seen: None,
    }
}

/// Reads the cloud, as far as it lets itself be read.
pub fn see(subject: &Subject, look: &Look, world: &mut World) -> Seen {
    match subject {
        Subject::Certificate(entry) => Seen::Certificate(certificate(entry, look, world)),
        Subject::Ca(entry) => {
            let published = blind(world).map_or(Ok(world.published.0), Err);
            let proof = published.as_ref().map_or(Proof::NotAsked, |of| proof(*of, world));
            let held: Vec<_> = world.file.iter().map(|(n, _)| *n).collect();
            let file = if held.is_empty() { FileSeen::Absent } else { fixture::file(&held) };
            let published = published.as_ref().map(std::slice::from_ref).map_err(Clone::clone);
            let instance = Some(InstanceSeen { probe: "redis:6379".to_owned(), proof });
            let seen = fixture::ca(published, file);
            Seen::Ca(CaSeen { name: entry.clone(), overlap: OVERLAP, instance, ..seen })
        }
        Subject::Ssl(entry) => Seen::Switch(switch(entry, look, world)),
    }
}

/// A handshake, verified with the published CA alone.
fn proof(published: u8, world: &mut World) -> Proof {
    if let Some(failure) = blind(world) {
        return Proof::Unreachable(failure);
    }
    let sha256 = fixture::digest(world.presented);
    let leaf = sight::Seen { sha256, issued: None, ends: None };
    if world.presented == published {
        return Proof::Verified(leaf);
    }
    let failure = Failure::local(Kind::Unusable, "verify", "unknown issuer");
    Proof::Refused { leaf: Some(leaf), failure }
}

fn blind(world: &mut World) -> Option<Failure> {
    let blind = !world.calm && world.rng.percent(15);
    blind.then(|| Failure::local(Kind::Transient, "look", "no answer"))
}

fn certificate(entry: &Name, look: &Look, world: &mut World) -> CertificateSeen {
    let import =
        look.local.map_or(ImportSeen::Trusted, |number| import(entry, number, look, world));
    let wanted = targets(entry.as_str()).iter();
    // A daemon may leave out what cannot change what it does first.
    if look.import_alone && import == ImportSeen::Absent && world.rng.percent(50) {
        let targets = wanted.map(|wanted| unseen_target(entry, wanted)).collect();
        return CertificateSeen { import, targets, import_alone: true, ..pair(entry, look) };
    }
    let targets = wanted.map(|wanted| target(entry, wanted, look, world)).collect();
    let superseded = look.superseded.iter().map(|(key, id)| {
        let there = world.imports.iter().any(|import| import.id == *id);
        let holders = if there { world.holders(id) } else { Holders::Gone };
        ImportHeld { key: key.clone(), id: id.clone(), holders }
    });
    let superseded = superseded.collect();
    CertificateSeen { import, superseded, targets, ..pair(entry, look) }
}

/// An entry as its disk shows it.
fn pair(entry: &Name, look: &Look) -> CertificateSeen {
    let torn = || BadInput { path: "/pki/privkey.pem".into(), finding: Finding::Mismatch };
    CertificateSeen {
        name: entry.clone(),
        cloud: name("main"),
        cert_path: "/pki/fullchain.pem".into(),
        enterprise_project: finance(entry),
        looked_at: look.looked_at,
        local: look.local.map(|number| leaf(entry, number).into()).ok_or_else(torn),
        keep: KEEP,
        newest_named: None,
        superseded: Vec::new(),
        import: ImportSeen::Trusted,
        targets: Vec::new(),
        import_alone: false,
    }
}

/// A target that nobody has looked at.
fn unseen_target(entry: &Name, &(target, project, site): &Wanted) -> TargetSeen {
    let (project, unseen) = (project.to_owned(), fixture::target_seen(target, CopySeen::NotAsked));
    let unseen = TargetSeen { project, window: WINDOW, ..unseen };
    let Some(site) = site else { return unseen };
    let (text, host) = (format!("{}@{site}", host(entry)), host(entry).to_owned());
    let probe = Probe { text, name: Some(host.clone()), at: Dial::Name(host, 443) };
    TargetSeen {
        sites: vec![SiteSeen { site: site.to_owned(), bound: BoundSeen::NotAsked }],
        probes: vec![ProbeSeen { probe, handshake: Handshake::NotAsked }],
        ..unseen
    }
}

fn target(entry: &Name, wanted: &Wanted, look: &Look, world: &mut World) -> TargetSeen {
    let (target, project, _) = *wanted;
    let copy = look.local.map_or(CopySeen::NotAsked, |number| {
        copy(target, project, &import_key(entry, number).leaf, world)
    });
    let mut seen = TargetSeen { copy, ..unseen_target(entry, wanted) };
    if matches!(seen.copy, CopySeen::Found(_) | CopySeen::Absent) {
        seen.copies = copies(target, project, world);
    }
    let places: Vec<_> = seen.sites.iter().map(|site| seen.place(&site.site)).collect();
    for (index, place) in places.iter().enumerate() {
        seen.sites[index].bound = match blind(world) {
            _ if world.blind == Some(target) => {
                BoundSeen::Unknown(Failure::local(Kind::Operator, "list", "no right"))
            }
            Some(failure) => BoundSeen::Unknown(failure),
            None => BoundSeen::Slots { slots: world.slots(place), quic: false },
        };
        seen.probes[index].handshake = world.handshake(entry, place);
    }
    seen
}

/// All that a service lists, whoever made it.
fn copies(target: Target, project: &str, world: &mut World) -> Vec<CopyHeld> {
    let here = world.copies.iter().filter(|copy| {
        let here = copy.target == target && copy.project == project;
        here && copy.is_listed(world)
    });
    let here: Vec<_> = here.map(|copy| (copy.id.clone(), copy.leaf.clone())).collect();
    let held = here.into_iter().map(|(id, leaf)| {
        let holders = world.holders(&id);
        CopyHeld { id, leaf: Some(leaf), holders }
    });
    held.collect()
}

/// Show knows an import at once; the list lags.
fn import(entry: &Name, number: u32, look: &Look, world: &mut World) -> ImportSeen {
    if look.import == ImportNeed::Nothing {
        return ImportSeen::Trusted;
    }
    if let Some(failure) = blind(world) {
        return ImportSeen::Unknown(failure);
    }
    let key = import_key(entry, number);
    let listed = world.imports.iter().find(|import| {
        let shown = matches!(&look.import, ImportNeed::Confirm(id) | ImportNeed::Count(id) if *id == import.id);
        import.key == key && (shown || import.made + world.lag <= world.now)
    });
    listed.map_or(ImportSeen::Absent, |import| ImportSeen::Found(import.id.clone()))
}

fn copy(target: Target, project: &str, leaf: &Sha256, world: &mut World) -> CopySeen {
    if world.blind == Some(target) {
        return CopySeen::Blind(Failure::local(Kind::Operator, "list", "no right"));
    }
    if let Some(failure) = blind(world) {
        return CopySeen::Unknown(failure);
    }
    // No copy is bound here, and CDN lists only what a domain uses.
    let listed = world.copies.iter().filter(|_| target != Target::Cdn).find(|copy| {
        let here = copy.target == target && copy.project == project;
        here && copy.leaf.sha256 == *leaf && copy.is_listed(world)
    });
    listed.map_or(CopySeen::Absent, |copy| CopySeen::Found(copy.id.clone()))
}

fn switch(entry: &Name, look: &Look, world: &mut World) -> SwitchSeen {
    let state = |id: &String, world: &mut World| {
        if let Some(failure) = blind(world) {
            return Err(failure);
        }
        let job = world.jobs.iter().skip(world.forgotten).find(|job| job.id == *id);
        let unknown = Failure::local(Kind::NotFound, "job", "no such job");
        job.ok_or(unknown).map(|job| match (job.ends <= world.now, job.fails) {
            (false, _) => JobState::Running,
            (true, false) => JobState::Completed,
            (true, true) => JobState::Failed("no luck".to_owned()),
        })
    };
    let job = look.switch.job.as_ref().map(|id| state(id, world));
    let jobs = look.switch.jobs.then(|| {
        let listed = world.jobs.iter().filter(|job| job.made + world.lag <= world.now);
        let row = |job: &Job| SwitchJob {
            job_id: job.id.clone(),
            created: world.cloud_time(job.made),
            ended: job.ends <= world.now,
        };
        let rows = listed.map(row).collect();
        blind(world).map_or(Ok(rows), Err)
    });
    let greeting = (world.probed && look.switch.greeting)
        .then(|| blind(world).map_or(Ok(world.actual()), Err));
    let (assume, looked_at) = (world.assume, look.looked_at);
    let unseen = SwitchSeen { on: look.wanted, ..unseen(entry, world) };
    SwitchSeen { assume, looked_at, job, jobs, greeting, ..unseen }
}

fn unseen(entry: &Name, world: &World) -> SwitchSeen {
    let probe = world.probed.then(|| "ledger:3306".to_owned());
    let assume = world.assume;
    SwitchSeen { name: entry.clone(), assume, probe, ..fixture::switch(world.wanted) }
}
