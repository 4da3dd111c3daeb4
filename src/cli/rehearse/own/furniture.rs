//! The simulated cloud of an operator's configuration: every listener, host, domain and instance that it
//! names, with certificates for the operator's names that somebody else has bound.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::super::clouds::Clouds;
use super::super::stage::instances::speech;
use crate::cert::{self, Family, LeafFacts};
use crate::config::{Certificate, Config, InstanceCa, Push};
use crate::daemon;
use crate::model::account::Account;
use crate::model::names::Name;
use crate::model::place::Place;
use crate::model::target::{SslSwitch, Target};
use crate::observe::local;
use crate::sim::pki::{Authority, KeyKind};
use crate::sim::{
    CaFile, CaInstance, DomainSetup, HostSetup, ListenerSetup, Listening, Pair, Settings,
};

/// Most places of a rehearsal, and most databases with a probe: each has a port of its own, and a process
/// may have a thousand.
const PLACES_MAX: usize = 200;
/// Most domains of CDN among them: so many bindings its limit lets through within a minute.
const DOMAINS_MAX: usize = 6;
/// How long before the operator's leaf the one that stands there was issued, and how long it still has.
const MONTH: Duration = Duration::from_secs(30 * 86_400);
/// The name of a leaf that stands for one without any.
const NAMELESS: &str = "rehearsal.invalid";

/// What stands at the places of each entry.
pub(super) type Stand = BTreeMap<Name, Pair>;

/// Leaves out the places that are too many, and the targets that have none left. Gives how many places.
pub(super) fn bound_places(config: &mut Config) -> usize {
    let (mut places, mut domains, mut left_out) = (0, 0, 0);
    for entry in config.certificates.iter_mut().map(Arc::make_mut) {
        let fitting = |push: &Push| {
            let is_cdn = push.target == Target::Cdn;
            let room = if is_cdn { DOMAINS_MAX - domains } else { PLACES_MAX - places };
            let sites: Box<[_]> = push.sites.iter().take(room).cloned().collect();
            left_out += push.sites.len() - sites.len();
            *(if is_cdn { &mut domains } else { &mut places }) += sites.len();
            let stays = push.sites.is_empty() || !sites.is_empty();
            stays.then(|| Push { sites, ..push.clone() })
        };
        entry.pushes = entry.pushes.iter().filter_map(fitting).collect();
    }
    left_out
}

/// A certificate for each entry that is bound somewhere, for the same names and with the same kind of
/// key, issued before the operator's own and still valid.
pub(super) async fn by_hand(config: &Config) -> Stand {
    let authority = Authority::new("By Hand");
    let mut stand = Stand::new();
    for entry in &config.certificates {
        if entry.pushes.iter().any(|push| !push.sites.is_empty()) {
            let leaf = local::read(entry, None).await.leaf.ok();
            stand.insert(entry.name.clone(), pair(entry, leaf.as_deref(), &authority));
        }
    }
    stand
}

fn pair(entry: &Certificate, leaf: Option<&LeafFacts>, authority: &Authority) -> Pair {
    let wanted = entry.needed_names();
    let own = leaf.into_iter().flat_map(|leaf| leaf.names.iter());
    let needed = wanted.iter().map(|(name, _)| name).filter(|_| leaf.is_none());
    let mut names: Vec<&str> = own.chain(needed).map(String::as_str).collect();
    names.retain(|name| name.is_ascii());
    if names.is_empty() {
        names.push(NAMELESS);
    }
    let kind = match leaf.and_then(cert::family) {
        Some(Family::Rsa) => KeyKind::Rsa2048,
        Some(Family::Ed25519) => KeyKind::Ed25519,
        Some(Family::Ecdsa) | None => KeyKind::EcdsaP256,
    };
    let now = daemon::now();
    let issued = leaf.map_or(now, |leaf| leaf.not_before.min(now)) - MONTH;
    let issued = authority.issue(&names, kind, issued, now + MONTH);
    let name = format!("by-hand-{}", entry.name);
    Pair { name, fullchain: issued.fullchain_pem(), key: issued.key_pem }
}

/// One place. A listener that several entries share has the first one's as its default, and the others'
/// by name.
fn furnish_place(settings: &mut Settings, place: Place, entry: &Certificate, stand: &Stand) {
    let Some(pair) = stand.get(&entry.name).cloned() else { return };
    let Place { target, project, site } = place;
    match target {
        Target::Elb => match settings.listeners.iter_mut().find(|it| it.id == site) {
            Some(listener) => listener.sni.push(pair),
            None => settings.listeners.push(ListenerSetup {
                id: site,
                project,
                default: Some(pair),
                ..ListenerSetup::default()
            }),
        },
        Target::Waf => {
            // An id has no dot, and a host that is called by its id may have any name.
            let (id, hostname) = match site.contains('.') || site.contains(':') {
                true => (String::new(), site),
                false => (site.clone(), format!("{site}.{NAMELESS}")),
            };
            let default = Some(pair);
            let host = HostSetup { id, hostname, project, default, ..HostSetup::default() };
            settings.waf_hosts.push(host);
        }
        Target::Cdn => {
            settings.cdn_domains.push(DomainSetup { name: site, default: Some(pair) });
        }
    }
}

/// A cloud for this account: its region and projects, and every place and instance that the file names
/// there.
pub(super) fn of_account(
    config: &Config,
    account: &Account,
    authority: &Authority,
    stand: &Stand,
) -> Settings {
    let usual = Settings::default();
    let mut settings = Settings {
        region: account.region.clone(),
        project_id: account.project_id.clone().unwrap_or(usual.project_id),
        domain_id: account.domain_id.clone().unwrap_or(usual.domain_id),
        import_quota: usual.import_quota.max(config.certificates.len()),
        elb_quota: usual.elb_quota.max(config.certificates.len() + PLACES_MAX),
        ..Settings::default()
    };
    let here = |cloud: &Name| *cloud == account.name;
    for entry in config.certificates.iter().filter(|it| here(&it.cloud)) {
        for push in entry.pushes.iter() {
            if push.project != account.region && !settings.sub_projects.contains(&push.project) {
                settings.sub_projects.push(push.project.clone());
            }
            push.places().for_each(|place| furnish_place(&mut settings, place, entry, stand));
        }
    }
    for entry in config.instance_cas.iter().filter(|it| here(&it.cloud)) {
        furnish_ca(&mut settings, entry, authority);
    }
    for entry in config.instance_ssls.iter().filter(|it| here(&it.cloud)) {
        match entry.switch {
            SslSwitch::TaurusDb => settings.taurusdb.push(entry.instance_id.clone()),
        }
    }
    settings
}

/// Brings each switch to where the rehearsal of it begins: to what the operator knows, else to where it
/// still has to be switched.
pub(super) fn turn_switches(config: &Config, clouds: &Clouds) {
    for entry in &config.instance_ssls {
        let on = entry.assume.unwrap_or(!entry.enabled);
        if let Some(sim) = clouds.of(&entry.cloud) {
            sim.set_ssl(&entry.instance_id, on);
        }
    }
}

/// Every other instance gives its CA as a bare PEM, the rest as an archive: both occur. Where there is a
/// probe, the entry's name stands for a port that speaks its protocol.
fn furnish_ca(settings: &mut Settings, entry: &InstanceCa, authority: &Authority) {
    let InstanceCa { name, source, instance_id: id, category, probe, .. } = entry;
    let instances = &mut settings.instances;
    let pem = authority.ca_pem().to_owned();
    let file = if instances.len().is_multiple_of(2) { CaFile::Zip(pem) } else { CaFile::Pem(pem) };
    let at = instances.iter().position(|instance| instance.id == *id).unwrap_or_else(|| {
        instances.push(CaInstance::bare(*source, id));
        instances.len() - 1
    });
    let category = if source.has_categories() { category.as_str() } else { "" };
    instances[at] = instances[at].clone().publishing(category, file);
    if let Some(probe) = probe.as_ref().filter(|_| settings.listening.len() < PLACES_MAX) {
        let (now, id) = (daemon::now(), name.as_str().to_owned());
        let pair = authority.instance(now - MONTH, now + MONTH);
        settings.listening.push(Listening { id, speech: speech(probe.protocol), pair });
    }
}
