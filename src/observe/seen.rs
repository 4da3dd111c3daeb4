//! What was read of the pairs and shown of the copies, from one process to the next: whoever comes next looks
//! whether the files are as they were, and reads those alone that are not.
//!
//! Nothing here is believed for an entry's name. A verdict is that of the files, which tell by themselves that they are
//! the same, wherever the configuration has them; what was shown of a copy belongs to its row in the list.

mod bytes;

use std::collections::BTreeMap;

use bytes::{Reader, Writer};

use super::copies::Inside;
use super::lists::Lists;
use super::local::{Judged, Known};
use super::shown::{Look, Looks, Shown};
use crate::cert::Rejected;
use crate::files::Identity;
use crate::model::names::Name;

/// What was read of each entry's files last.
#[derive(Debug, Default)]
pub struct Pairs {
    known: BTreeMap<Name, Known>,
    changed: bool,
}

impl Pairs {
    /// What is known of this entry's.
    pub fn get(&self, name: &Name) -> Option<&Known> {
        self.known.get(name)
    }

    /// Takes in what is known of this entry's now.
    pub fn insert(&mut self, name: Name, known: Known) {
        let former = self.known.insert(name, known.clone());
        self.changed |= former.is_none_or(|former| !former.is(&known));
    }

    /// Could not be read, or is of no concern any more.
    pub fn remove(&mut self, name: &Name) {
        self.changed |= self.known.remove(name).is_some();
    }

    /// What [`pack`] gave could not be kept.
    pub fn keep_again(&mut self) {
        self.changed = true;
    }

    /// Lets go of the others.
    pub fn retain(&mut self, mut keep: impl FnMut(&Name) -> bool) {
        self.known.retain(|name, _| keep(name));
    }
}

/// Whether there is anything that [`pack`] has not given yet, or was given to [`unpack`].
pub fn has_changed(pairs: &mut Pairs, lists: &Lists) -> bool {
    // Both are asked: each forgets with that.
    std::mem::take(&mut pairs.changed) | lists.shown().take_changed()
}

/// All of it as bytes. There is no secret in them: a key is in none of it.
pub fn pack(pairs: &Pairs, lists: &Lists) -> Vec<u8> {
    let looks = lists.shown().looks();
    let mut to = Writer::default();
    to.number(pairs.known.len() as u64);
    for (name, known) in &pairs.known {
        to.bytes(name.as_str().as_bytes());
        put_judged(known.judged(), &mut to);
    }
    to.number(looks.len() as u64);
    for ((account, project, id), Look { stamp, at, inside }) in looks.iter() {
        [account.as_str(), project, id, &**stamp].into_iter().for_each(|it| to.text(it));
        to.time(*at);
        to.out.extend_from_slice(inside.sha256.bytes());
        to.number(u64::from(inside.leaf.is_some()));
        inside.leaf.iter().for_each(|leaf| to.leaf(leaf));
    }
    to.out
}

/// Takes back what [`pack`] gave; absent: these are not such bytes.
pub fn unpack(bytes: &[u8]) -> Option<(Pairs, Lists)> {
    let mut from = Reader::of(bytes);
    let known = from.all(|from| {
        let name = Name::new(std::str::from_utf8(from.bytes()?).ok()?).ok()?;
        Some((name, take_judged(from)?.into()))
    })?;
    let looks = from.all(take_look)?;
    let pairs = Pairs { known: known.into_iter().collect(), changed: false };
    let looks: Looks = looks.into_iter().collect();
    from.rest.is_empty().then(|| (pairs, Lists::from(Shown::from(looks))))
}

fn put_judged<'s>(judged: &'s Judged, to: &mut Writer<'s>) {
    let Judged { stood, content, verdict } = judged;
    to.number(stood.len() as u64);
    for number in stood.iter().flat_map(Identity::numbers) {
        to.out.extend_from_slice(&number.to_le_bytes());
    }
    to.out.extend_from_slice(content.bytes());
    to.number(u64::from(verdict.is_ok()));
    match verdict {
        Ok(leaf) => to.leaf(leaf),
        // Rare. Nothing in it can fail to be written; if it did, it would not be read back either.
        Err(rejected) => to.bytes(&serde_json::to_vec(rejected).unwrap_or_default()),
    }
}

fn take_judged(from: &mut Reader<'_>) -> Option<Judged> {
    let stood = from.all(|from| {
        let mut numbers = [0; 5];
        for number in &mut numbers {
            *number = u64::from_le_bytes(from.exactly()?);
        }
        Some(Identity::from_numbers(numbers))
    })?;
    let (stood, content) = (stood.into(), from.digest()?);
    let verdict = match from.number()? {
        0 => Err(serde_json::from_slice::<Rejected>(from.bytes()?).ok()?),
        _ => Ok(from.leaf()?),
    };
    Some(Judged { stood, content, verdict })
}

fn take_look<'b>(from: &mut Reader<'b>) -> Option<((Name, &'b str, &'b str), Look)> {
    let key = (Name::new(from.text()?).ok()?, from.text()?, from.text()?);
    let (stamp, at, sha256) = (from.text()?.into(), from.time()?, from.digest()?);
    let leaf = match from.number()? {
        0 => None,
        _ => Some(from.leaf()?),
    };
    Some((key, Look { stamp, at, inside: Inside { sha256, leaf } }))
}

#[cfg(test)]
mod tests;
