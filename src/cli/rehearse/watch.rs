//! What became of each place, moment by moment: every change of what is bound there or of what a
//! handshake returns, kept for the verdict.

use super::picture::Picture;
use super::sites::{Served, Site};
use crate::model::digest::Sha256;
use crate::model::place::Place;

/// One look that differed from the one before.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Turn {
    pub(super) place: Place,
    /// What was bound there.
    pub(super) bound: Vec<Sha256>,
    /// What a handshake returned.
    pub(super) served: Served,
}

/// All that was seen so far.
pub(super) struct Watch {
    last: Vec<Site>,
    turns: Vec<Turn>,
}

impl Watch {
    /// Begins with what is there before anything is done.
    pub(super) fn begin(picture: &Picture) -> Self {
        Self { last: picture.sites.clone(), turns: Vec::new() }
    }

    /// Takes a look in. Gives the places where something is new in it.
    pub(super) fn see(&mut self, picture: &Picture) -> Vec<Site> {
        let mut new = Vec::new();
        for site in &picture.sites {
            let known = self.last.iter_mut().find(|it| it.place == site.place);
            if known.as_deref() == Some(site) {
                continue;
            }
            let Some(known) = known else { continue };
            known.clone_from(site);
            new.push(site.clone());
            let Site { place, bound, served, .. } = site.clone();
            self.turns.push(Turn { place, bound, served });
        }
        new
    }

    /// What was seen last.
    pub(super) fn last(&self) -> &[Site] {
        &self.last
    }

    /// How many turns there were: a place in the story to come back to.
    pub(super) fn mark(&self) -> usize {
        self.turns.len()
    }

    /// The turns of a place since then.
    pub(super) fn since(&self, mark: usize, place: &Place) -> Vec<Turn> {
        let turns = self.turns.iter().skip(mark);
        turns.filter(|turn| turn.place == *place).cloned().collect()
    }
}
