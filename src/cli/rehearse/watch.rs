//! What became of each place and each database, moment by moment: every change of what is bound or
//! installed there, or of what a handshake returns, kept for the verdict.

use std::time::Instant;

use super::picture::{Ca, Picture};
use super::sites::{Served, Site};
use crate::model::digest::Sha256;
use crate::model::names::Name;
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

/// What is new in a look.
pub(super) enum News {
    /// What is bound at a place, or returned there.
    Site(Site),
    /// What a CA file holds, or whether a client connects with it.
    Ca(Ca),
    /// The instance presents another certificate, and its client connects with the file that it has.
    Presents(Ca),
    /// The greeting of this TaurusDB offers SSL now, or no longer.
    Greeting(Name, bool),
}

/// The clients that have a CA file and nothing else.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Clients {
    /// How often one has connected.
    pub(super) connected: usize,
    /// Each time that one has not, with the entry's name.
    pub(super) turned_away: Vec<String>,
    /// Every content that a file had, in order.
    pub(super) files: Vec<Content>,
}

/// What a CA file held.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Content {
    pub(super) name: Name,
    pub(super) holds: Vec<Sha256>,
    /// When it was first seen so.
    pub(super) since: Instant,
}

/// All that was seen so far.
pub(super) struct Watch {
    last: Vec<Site>,
    turns: Vec<Turn>,
    cas: Vec<Ca>,
    greetings: Vec<(Name, bool)>,
    clients: Clients,
}

impl Watch {
    /// Begins with what is there before anything is done.
    pub(super) fn begin(picture: &Picture) -> Self {
        Self {
            last: picture.sites.clone(),
            turns: Vec::new(),
            cas: picture.cas.clone(),
            greetings: greetings(picture),
            clients: Clients::default(),
        }
    }

    /// Takes a look in. Gives what is new in it.
    pub(super) fn see(&mut self, picture: &Picture) -> Vec<News> {
        let mut new = Vec::new();
        for site in &picture.sites {
            let known = self.last.iter_mut().find(|it| it.place == site.place);
            if known.as_deref() == Some(site) {
                continue;
            }
            let Some(known) = known else { continue };
            known.clone_from(site);
            new.push(News::Site(site.clone()));
            let Site { place, bound, served, .. } = site.clone();
            self.turns.push(Turn { place, bound, served });
        }
        for ca in &picture.cas {
            new.extend(self.see_ca(ca));
        }
        for (name, on) in greetings(picture) {
            let known = self.greetings.iter_mut().find(|(known, _)| *known == name);
            if let Some((_, known)) = known.filter(|(_, known)| *known != on) {
                *known = on;
                new.push(News::Greeting(name, on));
            }
        }
        new
    }

    fn see_ca(&mut self, ca: &Ca) -> Option<News> {
        match &ca.client {
            Some(Ok(_)) => self.clients.connected += 1,
            Some(Err(why)) => self.clients.turned_away.push(format!("{}: {why}", ca.name)),
            None => {}
        }
        let known = self.cas.iter_mut().find(|known| known.name == ca.name)?;
        if let Some(file) = ca.file.as_ref().filter(|_| known.file != ca.file) {
            let (name, holds) = (ca.name.clone(), file.clone());
            self.clients.files.push(Content { name, holds, since: Instant::now() });
        }
        let same_file = known.file == ca.file;
        let same_client = known.client == ca.client;
        known.clone_from(ca);
        match (same_file, &ca.client) {
            _ if same_file && same_client => None,
            (true, Some(Ok(_))) => Some(News::Presents(ca.clone())),
            _ => Some(News::Ca(ca.clone())),
        }
    }

    /// What was seen last.
    pub(super) fn last(&self) -> &[Site] {
        &self.last
    }

    /// What became of the clients so far.
    pub(super) fn clients(&self) -> &Clients {
        &self.clients
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

fn greetings(picture: &Picture) -> Vec<(Name, bool)> {
    let greeting = |it: &super::picture::Switch| {
        let on = it.greets.as_ref()?.as_ref().ok()?;
        Some((it.name.clone(), *on))
    };
    picture.switches.iter().filter_map(greeting).collect()
}
