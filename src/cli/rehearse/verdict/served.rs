//! Whether what is bound is served: judged by handshakes, and by what was seen at a place from one
//! moment to the next.

use super::super::picture::{Picture, TARGETS};
use super::super::sites::Site;
use super::super::watch::Turn;
use super::{Check, Past, many};
use crate::model::digest::Sha256;
use crate::model::target::Target;

/// A leaf that came to every place.
pub(in super::super) struct Move {
    /// What the handshakes returned before, and what they return now.
    pub(in super::super) before: Vec<Site>,
    pub(in super::super) after: Vec<Site>,
    /// The leaf on the disk.
    pub(in super::super) leaf: Sha256,
}

/// What became of a place where a person bound an older leaf.
pub(in super::super) struct Drift {
    pub(in super::super) older: Sha256,
    /// The leaf on the disk.
    pub(in super::super) wanted: Sha256,
    pub(in super::super) turns: Vec<Turn>,
}

/// What became of a leaf that a place could not serve.
pub(in super::super) struct RollBack {
    /// The leaf on the disk.
    pub(in super::super) rejected: Sha256,
    pub(in super::super) former: Sha256,
    pub(in super::super) turns: Vec<Turn>,
    /// The other places, at the end.
    pub(in super::super) others: Vec<Site>,
    /// What the journal remembers to have been taken back, and for what: the alarm.
    pub(in super::super) remembered: Option<(Sha256, Sha256)>,
    /// How many bindings a further look made.
    pub(in super::super) again: usize,
}

/// Every place of this service has the leaf of the disk bound, and a handshake returns it.
pub(super) fn served(picture: &Picture, target: Target) -> Option<Check> {
    let sites: Vec<_> = picture.sites.iter().filter(|site| site.place.target == target).collect();
    let wrong = sites.iter().filter_map(|site| {
        let leaf = leaf_of(picture, site)?;
        let at = format!("{} of {}", site.place, site.entry);
        match site.served.leaf() == Some(leaf) {
            _ if !site.bound.contains(&leaf) => {
                Some(format!("{at}: {} is not bound", leaf.short()))
            }
            true => None,
            false => Some(format!("{at}: a handshake returns {}", site.served.words())),
        }
    });
    let unread = sites.iter().filter(|site| leaf_of(picture, site).is_none());
    let unread =
        unread.map(|site| format!("{} of {}: there is no leaf to serve", site.place, site.entry));
    let wrong: Vec<_> = wrong.chain(unread).collect();
    let verb = if sites.len() == 1 { "returns" } else { "return" };
    let good =
        format!("{} {verb} the leaf on the disk in a handshake", many(sites.len(), noun(target)));
    (!sites.is_empty()).then(|| Check::new(&format!("Served by {target}"), &wrong, good))
}

fn leaf_of(picture: &Picture, site: &Site) -> Option<Sha256> {
    let rotation = picture.rotations.iter().find(|rotation| rotation.name == site.entry)?;
    rotation.leaf.as_ref().ok().map(|leaf| leaf.sha256)
}

/// What a place of this service is called.
fn noun(target: Target) -> &'static str {
    match target {
        Target::Elb => "listener",
        Target::Waf => "host",
        Target::Cdn => "domain",
    }
}

/// With each of these moves every service had a handshake that returned something else before, and the
/// new leaf afterwards.
pub(in super::super) fn moved(moves: &[Move]) -> Check {
    let mut wrong = Vec::new();
    for Move { before, after, leaf } in moves {
        for target in TARGETS {
            if !after.iter().any(|site| site.place.target == target) {
                wrong.push(format!("{target} has no place to look at"));
            }
        }
        for site in after {
            let known = before.iter().find(|known| known.place == site.place);
            let old = known.and_then(|known| known.served.leaf());
            if old.is_none_or(|old| old == *leaf) || site.served.leaf() != Some(*leaf) {
                let old = known.map_or_else(|| "nothing".to_owned(), |known| known.served.words());
                let (new, leaf) = (site.served.words(), leaf.short());
                wrong.push(format!("{}: {old}, then {new} in place of {leaf}", site.place.target));
            }
        }
    }
    let good =
        format!("{} came to ELB, WAF and CDN, each seen old and new", many(moves.len(), "leaf"));
    Check::new("Old to new", &wrong, good)
}

/// The older leaf stood there and was served, and then the one of the disk again.
pub(in super::super) fn repaired(drift: &Drift) -> Check {
    let Drift { older, wanted, turns } = drift;
    let mut wrong = Vec::new();
    if !turns.iter().any(|turn| stands(turn, *older)) {
        wrong.push(format!("{} was never served there", older.short()));
    }
    if !turns.last().is_some_and(|turn| stands(turn, *wanted)) {
        wrong.push(format!("{} is not served there again", wanted.short()));
    }
    let good =
        format!("{} bound by hand, {} bound and served again", older.short(), wanted.short());
    Check::new("Drift", &wrong, good)
}

/// The new leaf was bound and not served, the former one was bound and served again, once and for all,
/// the journal knows, and no other place went back.
pub(in super::super) fn rolled_back(story: &RollBack) -> Check {
    let RollBack { rejected, former, turns, others, remembered, again } = story;
    let mut wrong = Vec::new();
    let garbage = turns.iter().position(|turn| {
        let leaf = turn.served.leaf();
        turn.bound.contains(rejected) && leaf != Some(*rejected) && leaf != Some(*former)
    });
    if garbage.is_none() {
        wrong.push(format!("{} was never bound and served as garbage", rejected.short()));
    }
    if !turns.last().is_some_and(|turn| stands(turn, *former)) {
        wrong.push(format!("{} is not served again", former.short()));
    }
    if *remembered != Some((*rejected, *former)) {
        wrong.push("the journal does not know of it, so nobody is told".to_owned());
    }
    for site in others.iter().filter(|site| site.served.leaf() != Some(*rejected)) {
        let target = site.place.target;
        wrong.push(format!("{target} returns {}, where nothing was wrong", site.served.words()));
    }
    if *again > 0 {
        wrong.push(format!("{} after it had been taken back", many(*again, "binding")));
    }
    let good = format!(
        "{} was bound and served as garbage, {} bound and served again, no second try",
        rejected.short(),
        former.short()
    );
    Check::new("Roll-back", &wrong, good)
}

fn stands(turn: &Turn, leaf: Sha256) -> bool {
    turn.bound.contains(&leaf) && turn.served.leaf() == Some(leaf)
}

/// What is beyond those that are kept is gone everywhere, and what others own is as it was.
pub(in super::super) fn cleaned(before: &Picture, picture: &Picture, past: &Past) -> Check {
    let (beyond, kept) = past.split();
    let mut wrong = Vec::new();
    if beyond.is_empty() {
        wrong.push("there was nothing to retire".to_owned());
    }
    for leaf in beyond {
        if picture.imports.contains(leaf) {
            wrong.push(format!("the import of {} is still there", leaf.short()));
        }
        let copies = picture.pushed.iter().filter(|(_, copy)| copy == leaf);
        // CDN has no call that deletes a copy, or shows one.
        for (target, _) in copies.filter(|(target, _)| *target != Target::Cdn) {
            wrong.push(format!("a copy of {} is still in {target}", leaf.short()));
        }
    }
    if picture.foreign != before.foreign {
        wrong.push("a certificate that somebody else owns is gone or new".to_owned());
    }
    let good = format!(
        "{} retired in SCM, ELB and WAF; {} kept, and {} of others untouched",
        many(beyond.len(), "leaf"),
        many(kept.len(), "former leaf"),
        many(picture.foreign.len(), "certificate"),
    );
    Check::new("Cleaning up", &wrong, good)
}

/// Nothing was charged.
pub(super) fn free(picture: &Picture) -> Option<Check> {
    let charged = (picture.fees > 0).then(|| format!("{} yuan were charged", picture.fees));
    let wrong: Vec<_> = charged.into_iter().collect();
    (!picture.sites.is_empty())
        .then(|| Check::new("Fees", &wrong, "0 yuan were charged".to_owned()))
}

#[cfg(test)]
mod tests;
