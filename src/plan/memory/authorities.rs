//! What is remembered of CAs: which are published, which a file holds beside them, and since when.

use super::packed::shape;
use super::{Effect, Memory};
use crate::model::digest::Sha256;
use crate::model::names::{Name, Subject};
use crate::model::time::Time;
use crate::plan::action::Action;

/// The CAs of one entry, as of the last line that says so.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Authorities {
    /// Fingerprints of those that are published, sorted.
    pub published: Vec<Sha256>,
    /// The line that first named exactly these: what was proven before was proven for others.
    pub published_seq: u64,
    former: Vec<Former>,
}

/// A CA that the file holds and that is not published.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Former {
    sha256: Sha256,
    /// When the first line of an unbroken row said so, and which one it was.
    since: Time,
    seq: u64,
}

shape!(Authorities { published, published_seq, former });
shape!(Former { sha256, since, seq });

impl Authorities {
    /// Fingerprints of those that the file holds beside them, sorted.
    pub fn former(&self) -> impl Iterator<Item = &Sha256> {
        self.former.iter().map(|former| &former.sha256)
    }
}

impl Memory {
    /// The CAs of this entry.
    pub fn authorities(&self, name: &Name) -> Option<&Authorities> {
        self.authorities.get(name)
    }

    /// Since when a CA in this entry's file is not published any more, never after `now`; absent: it is
    /// not known to be so.
    pub fn former_since(&self, name: &Name, authority: &Sha256, now: Time) -> Option<Time> {
        let known = self.authorities.get(name)?;
        let former = known.former.iter().find(|former| former.sha256 == *authority)?;
        Some(self.not_after(now, former.since, former.seq))
    }

    /// What is remembered of the installation of these bytes for this entry.
    pub fn installed(&self, name: &Name, sha256: &Sha256) -> Option<&Effect> {
        let (of, bytes) = (name.clone(), *sha256);
        let first = Action::InstallCa { name: of, sha256: bytes, authorities: Box::default() };
        let installs = self.effects.range(first..).take_while(|(action, _)| {
            matches!(action, Action::InstallCa { name: of, sha256: bytes, .. } if of == name && bytes == sha256)
        });
        installs.map(|(_, effect)| effect).max_by_key(|effect| effect.seq)
    }

    pub(super) fn publish(
        &mut self,
        at: Time,
        subject: &Subject,
        published: &[Sha256],
        former: &[Sha256],
    ) {
        let seq = self.clock.lines;
        let known = self.authorities.remove(subject.name()).unwrap_or_default();
        let since = |sha256: &Sha256| {
            let before = known.former.iter().find(|former| former.sha256 == *sha256);
            before.cloned().unwrap_or(Former { sha256: *sha256, since: at, seq })
        };
        let former = former.iter().map(since).collect();
        let published_seq = if known.published == published { known.published_seq } else { seq };
        let authorities = Authorities { published: published.to_vec(), published_seq, former };
        self.authorities.insert(subject.name().clone(), authorities);
    }
}
