//! What the certificates of a place have to do with a rotation, and what the service would refuse.

use super::hold::Hold;
use super::memory::Memory;
use super::observed::{Role, Slot, TargetSeen};
use super::rotation::Case;
use crate::cert::{Family, LeafFacts, family, same_names};
use crate::model::digest::Sha256;
use crate::model::place::Place;
use crate::model::target::Target;

/// Most names that the SNI certificates of a listener may have in all, by ELB's documents.
const SNI_NAMES_MAX: usize = 200;

/// What a bound certificate is to a rotation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Relation {
    /// The leaf that shall stand there.
    Wanted,
    /// Another leaf of this rotation.
    Former,
    /// Unknown to this rotation, and in the place that it is to take: the same names and kind of
    /// key at a listener, whatever stands at a host or domain.
    Alike,
    /// None of its business.
    Other,
}

/// What this slot's certificate is to the rotation. One that cannot be told is left alone at a
/// listener, which may serve others with it.
pub(super) fn relation(
    slot: &Slot,
    wanted: &Sha256,
    case: &Case<'_>,
    target: &TargetSeen,
    memory: &Memory,
) -> Relation {
    let of_others = target.target == Target::Elb;
    match &slot.leaf {
        Some(leaf) if leaf.sha256 == *wanted => Relation::Wanted,
        Some(leaf)
            if leaf.sha256 == case.leaf.sha256 || memory.is_of(case.name(), &leaf.sha256) =>
        {
            Relation::Former
        }
        Some(leaf) if of_others && same_names(leaf, case.leaf) && same_kind(leaf, case.leaf) => {
            Relation::Alike
        }
        _ if of_others => Relation::Other,
        _ => Relation::Alike,
    }
}

/// Whether both have a key of the same kind: RSA and ECDSA may stand side by side for one name.
pub(super) fn same_kind(a: &LeafFacts, b: &LeafFacts) -> bool {
    family(a).is_some() && family(a) == family(b)
}

/// A bound certificate in a few words.
pub(super) fn in_words(slot: &Slot) -> String {
    match &slot.leaf {
        Some(leaf) => format!("{} ({})", leaf.sha256.short(), leaf.subject),
        None => format!("the certificate {}", slot.id),
    }
}

/// What became of a place that was ours.
pub(super) fn now_has(certificate: Option<String>) -> String {
    match certificate {
        Some(words) => format!("has {words}"),
        None => "has no certificate for its names".to_owned(),
    }
}

/// What the service's documents say against this binding.
pub(super) fn unbindable(
    case: &Case<'_>,
    target: &TargetSeen,
    place: &Place,
    slots: &[Slot],
    exchanged: &[(&Slot, Relation)],
    quic: bool,
) -> Option<Hold> {
    if target.target != Target::Elb {
        return None;
    }
    let rule = rule_against(case.leaf, slots, exchanged, quic)?;
    Some(Hold::Unbindable { place: place.clone(), rule })
}

fn rule_against(
    leaf: &LeafFacts,
    slots: &[Slot],
    exchanged: &[(&Slot, Relation)],
    quic: bool,
) -> Option<String> {
    if quic && family(leaf) != Some(Family::Rsa) {
        return Some(format!(
            "a QUIC listener takes RSA certificates alone, and this one is {}",
            leaf.key
        ));
    }
    let is_ours = |slot: &Slot| slot.leaf.as_ref().is_some_and(|at| at.sha256 == leaf.sha256);
    let leaves = |slot: &Slot| exchanged.iter().any(|(gone, _)| *gone == slot) || is_ours(slot);
    // The default is no part of the SNI list, so it may have any names.
    let has_default = slots.iter().any(|slot| slot.role == Role::Default);
    let in_list = exchanged.iter().any(|(slot, _)| slot.role == Role::Sni)
        || (exchanged.is_empty() && has_default);
    if !in_list {
        return None;
    }
    let staying = slots.iter().filter(|slot| slot.role == Role::Sni && !leaves(slot));
    let staying: Vec<_> = staying.filter_map(|slot| Some((slot, slot.leaf.as_ref()?))).collect();
    let ours = leaf.name_set();
    for (slot, other) in staying.iter().filter(|(_, other)| same_kind(other, leaf)) {
        if let Some(name) = other.name_set().intersection(&ours).next() {
            return Some(format!(
                "no two SNI certificates of a listener may have the same name, and {name} stands in {} ({}) too",
                slot.id,
                other.sha256.short()
            ));
        }
    }
    let total = staying.iter().map(|(_, other)| other.names.len()).sum::<usize>() + ours.len();
    (total > SNI_NAMES_MAX).then(|| {
        format!("the SNI certificates of a listener may have {SNI_NAMES_MAX} names in all, and these would have {total}")
    })
}
