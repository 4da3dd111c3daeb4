//! One target of a rotation: the copy of its leaf there, what its listeners, hosts or domains are
//! bound to, and who uses the copies of former leaves. Found by the leaf inside, never by name.

use std::collections::BTreeSet;

use tokio::time::Instant;

use super::copies::{Copies, Standing};
use super::lists::Lists;
use super::users::Users;
use crate::cert::LeafFacts;
use crate::cloud::Cloud;
use crate::model::digest::Sha256;
use crate::model::failure::{Failure, Kind};
use crate::model::target::Target;
use crate::model::time::Time;
use crate::plan::observed::{
    BoundSeen, CopyHeld, CopySeen, Holders, Role, SiteSeen, Slot, TargetSeen,
};

/// What is looked for.
#[derive(Debug)]
pub struct Wanted<'a> {
    /// The leaf on this disk.
    pub leaf: &'a LeafFacts,
    /// Former leaves of the same entry.
    pub former: &'a BTreeSet<Sha256>,
    /// Lists whose reading began before this will not do.
    pub since: Instant,
    /// Nor will those that began before this, unless the leaf's copy is missing there and there is room for it: only
    /// its push follows from that.
    pub fresh: Instant,
    /// When the look began.
    pub now: Time,
}

/// Fills in what the service shows of a target.
pub async fn look(lists: &Lists, cloud: &Cloud, wanted: &Wanted<'_>, seen: &mut TargetSeen) {
    let at = (seen.target, seen.project.as_str());
    let mut copies = lists.copies(cloud, at, wanted.since, wanted.now).await;
    let awaited = copies.as_ref().as_ref().is_ok_and(|it| it.awaits(wanted.leaf));
    if wanted.since < wanted.fresh && !awaited {
        copies = lists.copies(cloud, at, wanted.fresh, wanted.now).await;
    }
    let copies = match copies.as_ref() {
        Ok(copies) => copies,
        Err(failure) => {
            for site in &mut seen.sites {
                site.bound = BoundSeen::Unknown(failure.clone());
            }
            seen.copy = match failure.kind {
                Kind::Operator | Kind::NotFound | Kind::Permanent => {
                    CopySeen::Blind(failure.clone())
                }
                _ => CopySeen::Unknown(failure.clone()),
            };
            return;
        }
    };
    seen.room = copies.room;
    let superseded = copies.of_leaves(wanted.former);
    let asked = !seen.sites.is_empty() || !superseded.is_empty();
    let users = match asked {
        true => Some(lists.users(cloud, at, wanted.since).await),
        false => None,
    };
    let users = users.as_deref();
    for site in &mut seen.sites {
        site.bound = bound(site, copies, users);
    }
    let in_place = |id: &str| {
        seen.sites.iter().any(|site| match &site.bound {
            BoundSeen::Slots { slots, .. } => slots.iter().any(|slot| slot.id == id),
            BoundSeen::NotAsked | BoundSeen::Unknown(_) => false,
        })
    };
    let mut ours = copies.holding(wanted.leaf);
    // Of several, the one in use is the one to look at.
    ours.sort_by_key(|standing| (!in_place(&standing.id), standing.id.clone()));
    seen.copy = match ours.first() {
        Some(standing) => CopySeen::Found(standing.id.clone()),
        None => CopySeen::Absent,
    };
    let in_place = seen.sites.iter().flat_map(|site| match &site.bound {
        BoundSeen::Slots { slots, .. } => slots.as_slice(),
        BoundSeen::NotAsked | BoundSeen::Unknown(_) => &[],
    });
    let in_place = in_place.filter_map(|slot| copies.of(&slot.id));
    let alike = copies.for_names_of(wanted.leaf).into_iter();
    let matters = copies.once(superseded.into_iter().chain(in_place).chain(alike));
    let held = matters.into_iter().filter(|_| seen.target != Target::Cdn);
    let held = held.filter(|it| !it.holds(wanted.leaf));
    let held = held.map(|it| CopyHeld {
        id: it.id.clone(),
        leaf: it.leaf().cloned(),
        holders: holders(it, &seen.sites, users),
    });
    seen.copies = held.collect();
}

/// What stands at a site.
fn bound(site: &SiteSeen, copies: &Copies, users: Option<&Result<Users, Failure>>) -> BoundSeen {
    let slot = |role: Role, id: &str| {
        let leaf = copies.of(id).and_then(|standing| standing.leaf().cloned());
        Slot { role, id: id.to_owned(), leaf }
    };
    match users {
        None => BoundSeen::NotAsked,
        Some(Err(failure)) => BoundSeen::Unknown(failure.clone()),
        Some(Ok(Users::Listeners(all))) => {
            match all.called(&site.site).find(|it| it.id == site.site) {
                Some(listener) => {
                    let default = listener.default_ref.iter().map(|id| slot(Role::Default, id));
                    let named = listener.sni_refs.iter().map(|id| slot(Role::Sni, id));
                    let quic = listener.protocol.eq_ignore_ascii_case("QUIC");
                    BoundSeen::Slots { slots: default.chain(named).collect(), quic }
                }
                None => missing("list listeners", "listener", &site.site),
            }
        }
        Some(Ok(Users::Hosts(all))) => {
            let hosts: Vec<_> = all.called(&site.site).filter(|host| host.is(&site.site)).collect();
            if hosts.is_empty() {
                return missing("list hosts", "host", &site.site);
            }
            let ids = hosts.iter().map(|host| host.certificate_id.as_deref().unwrap_or_default());
            BoundSeen::Slots { slots: ids.map(|id| slot(Role::Default, id)).collect(), quic: false }
        }
        Some(Ok(Users::InTheList)) => {
            let slots = copies.used_by(&site.site).into_iter().map(|it| Slot {
                role: Role::Default,
                id: String::new(),
                leaf: it.leaf().cloned(),
            });
            BoundSeen::Slots { slots: slots.collect(), quic: false }
        }
    }
}

fn missing(operation: &str, what: &str, site: &str) -> BoundSeen {
    let words = format!("there is no {what} {site} in this project: correct `{what}s`");
    BoundSeen::Unknown(Failure::local(Kind::NotFound, operation, words))
}

/// Who uses a copy beside the entry's own sites.
fn holders(copy: &Standing, sites: &[SiteSeen], users: Option<&Result<Users, Failure>>) -> Holders {
    let is_own = |id: &str| sites.iter().any(|site| site.site == id);
    let mut found: Vec<String> = match users {
        None => return Holders::Unknown("nobody asked".to_owned()),
        Some(Err(failure)) => return Holders::Unknown(failure.to_string()),
        Some(Ok(Users::Listeners(all))) => all
            .using(&copy.id)
            .filter(|listener| !is_own(&listener.id))
            .map(|listener| format!("listener {} ({})", listener.id, listener.name))
            .collect(),
        Some(Ok(Users::Hosts(all))) => all
            .using(&copy.id)
            .filter(|host| !sites.iter().any(|site| host.is(&site.site)))
            .map(|host| format!("host {}", host.hostname))
            .collect(),
        Some(Ok(Users::InTheList)) => Vec::new(),
    };
    let own = |name: &String| sites.iter().any(|site| site.site.eq_ignore_ascii_case(name));
    let listed = copy.bound_to.iter().filter(|name| !own(name)).map(|name| format!("host {name}"));
    for name in listed {
        if !found.contains(&name) {
            found.push(name);
        }
    }
    if found.is_empty() { Holders::Nobody } else { Holders::Some(found) }
}

#[cfg(test)]
mod tests;
