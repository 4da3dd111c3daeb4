//! `[[discover]]`: a pattern and the tables that its matches become, tried with one match that might be.

use std::fmt;
use std::path::Path;

use chrono_tz::Tz;
use toml::Spanned;

use super::certificate::{Register, one};
use super::values::{parsed, parsed_or, path, required};
use super::{Known, World};
use crate::config::error::{Findings, shown};
use crate::config::raw::{self, Texts};
use crate::config::read::Read;
use crate::config::template::{self, Match, check, varies};
use crate::config::words::one_of;
use crate::config::{Certificate, Discover, Outcome, WhenEmpty};
use crate::files::find::{Glob, NameGlob};
use crate::model::names::Name;

/// A file that might match: what is wrong for this one is wrong for all.
const SAMPLE: &str = "/www.example.com/www.example.com.pem";
/// Where keys lie beside their certificates when nothing is said: certbot; lego, Caddy and Kubernetes;
/// acme.sh. The first one is meant where none is there.
pub(super) const KEYS: [&str; 3] = ["privkey.pem", "{stem}.key", "{parent}.key"];

/// How the matches of all patterns become certificates.
#[derive(Debug)]
pub(in crate::config) struct Book {
    pub(super) recipes: Vec<Recipe>,
    /// As in [`World`].
    pub(super) clouds: Vec<Known>,
    pub(super) zone: Tz,
}

impl Book {
    /// What each pattern makes of a file that might be.
    pub(in crate::config) fn samples(&self) -> impl Iterator<Item = &Certificate> {
        self.recipes.iter().map(|recipe| &recipe.sample)
    }
}

/// How the matches of one pattern do.
pub(super) struct Recipe {
    pub(super) glob: Glob,
    pub(super) include: Vec<Sieve>,
    pub(super) exclude: Vec<Sieve>,
    entry: Read<raw::Discover>,
    pushes: Vec<Read<raw::DiscoverPush>>,
    when_empty: WhenEmpty,
    /// What the sample has come to.
    sample: Certificate,
}

impl fmt::Debug for Recipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { glob, include, exclude, sample, .. } = self;
        f.debug_tuple("Recipe").field(glob).field(include).field(exclude).field(sample).finish()
    }
}

/// A pattern of `include` or `exclude`.
#[derive(Debug)]
pub(super) enum Sieve {
    Path(Glob),
    Name(NameGlob),
}

impl Sieve {
    pub(super) fn takes(&self, path: &Path, name: &str) -> bool {
        match self {
            Self::Path(glob) => glob.matches(path),
            Self::Name(glob) => glob.matches(name),
        }
    }
}

/// Every sound pattern, in the file's order.
pub(super) fn all(
    reads: &[(Read<raw::Discover>, Vec<Read<raw::DiscoverPush>>)],
    world: &World<'_>,
    findings: &mut Findings<'_>,
) -> Vec<Recipe> {
    reads.iter().filter_map(|(read, pushes)| recipe(read, pushes, world, findings)).collect()
}

fn recipe(
    read: &Read<raw::Discover>,
    pushes: &[Read<raw::DiscoverPush>],
    world: &World<'_>,
    findings: &mut Findings<'_>,
) -> Option<Recipe> {
    let raw = &read.raw;
    let pattern = required(read, "pattern", raw.pattern.as_ref(), findings);
    let glob = pattern.and_then(|text| {
        parsed("pattern", text, findings, |text| {
            path(text, world)?;
            Glob::new(world.dir, text)
        })
    });
    let include = sieves("include", raw.include.as_ref(), world, findings);
    let exclude = sieves("exclude", raw.exclude.as_ref(), world, findings);
    let when_empty = raw.when_empty.as_ref();
    let when_empty = parsed_or("when_empty", when_empty, raw::WHEN_EMPTY, findings, when_empty_of);
    let sound = placeholders(raw, pushes, findings);
    // A second complaint about a text whose placeholder is wrong would say nothing new.
    let sample = sound.then(|| sample(read, pushes, world, findings)).flatten();
    Some(Recipe {
        glob: glob?,
        include,
        exclude,
        entry: read.with(raw.clone()),
        pushes: pushes.iter().map(|push| push.with(push.raw.clone())).collect(),
        when_empty: when_empty?,
        sample: sample?,
    })
}

fn sample(
    read: &Read<raw::Discover>,
    pushes: &[Read<raw::DiscoverPush>],
    world: &World<'_>,
    findings: &mut Findings<'_>,
) -> Option<Certificate> {
    let path = Path::new(SAMPLE);
    let it = Match::of(path);
    let (entry, pushes) = filled(read, pushes, path, &it, KEYS[0]);
    let name = Name::new(&template::name(&name_text(&read.raw, &it), path)).ok();
    one(&entry, &pushes, name, &mut Register::default(), world, findings)
}

impl Recipe {
    /// What the configuration says of it, before any look.
    pub(super) fn intent(&self) -> Discover {
        let pattern = self.entry.raw.pattern.as_ref();
        Discover {
            pattern: pattern.map(|text| text.get_ref().clone()).unwrap_or_default(),
            when_empty: self.when_empty,
            outcome: Outcome::default(),
        }
    }

    /// The cloud of every match.
    pub(super) fn cloud(&self) -> &Name {
        &self.sample.cloud
    }

    /// What a match is called. Its path alone decides that: what else matches comes and goes.
    pub(super) fn name(&self, path: &Path) -> String {
        let name = template::name(&name_text(&self.entry.raw, &Match::of(path)), path);
        let (varies, text) = (self.glob.varies(), template_of(&self.entry.raw));
        let (stem, dir) = (text.contains("{stem}"), text.contains("{dir}"));
        let parent = dir || text.contains("{parent}");
        let tells = (stem || !varies.file) && (parent || !varies.parent) && (dir || !varies.above);
        if tells { name } else { template::told_apart(&name, path) }
    }

    /// Whether the key's place is written; else it is looked for.
    pub(super) fn has_key(&self) -> bool {
        self.entry.raw.key.is_some()
    }

    /// The tables that a match stands for.
    pub(super) fn tables(
        &self,
        path: &Path,
        key: &str,
    ) -> (Read<raw::Certificate>, Vec<Read<raw::Push>>) {
        filled(&self.entry, &self.pushes, path, &Match::of(path), key)
    }
}

fn name_text(raw: &raw::Discover, it: &Match) -> String {
    it.fill(template_of(raw))
}

fn template_of(raw: &raw::Discover) -> &str {
    raw.name.as_ref().map_or(raw::FOUND_NAME, |text| text.get_ref())
}

/// The tables with every placeholder filled in, each value where it stands in the file. `key`: the private
/// key's place, where none is written.
fn filled(
    read: &Read<raw::Discover>,
    pushes: &[Read<raw::DiscoverPush>],
    path: &Path,
    it: &Match,
    key: &str,
) -> (Read<raw::Certificate>, Vec<Read<raw::Push>>) {
    let raw = &read.raw;
    let at = |text: String| Some(Spanned::new(read.span.clone(), text));
    let fill = |text: &Spanned<String>| Spanned::new(text.span(), it.fill(text.get_ref()));
    let entry = raw::Certificate {
        name: None,
        cloud: raw.cloud.clone(),
        cert: at(path.to_string_lossy().into_owned()),
        key: raw.key.as_ref().map(fill).or_else(|| at(it.fill(key))),
        chain: raw.chain.as_ref().map(fill),
        enterprise_project_id: raw.enterprise_project_id.clone(),
        warn_before: raw.warn_before.clone(),
        keep: raw.keep.clone(),
    };
    let list = |list: &Option<Spanned<Texts>>| {
        let list = list.as_ref()?;
        let items = list.get_ref().iter().map(fill).collect();
        Some(Spanned::new(list.span(), items))
    };
    let push = |push: &Read<raw::DiscoverPush>| {
        let raw = &push.raw;
        push.with(raw::Push {
            service: raw.service.clone(),
            project: raw.project.clone(),
            listeners: raw.listeners.clone(),
            hosts: list(&raw.hosts),
            domains: list(&raw.domains),
            probe: list(&raw.probe),
            window: raw.window.clone(),
            drift: raw.drift.clone(),
        })
    };
    (read.with(entry), pushes.iter().map(push).collect())
}

/// Complains about placeholders that are none, and about hosts and domains that have none: each serves a single
/// certificate, so that two matches would take it from each other for ever.
fn placeholders(
    raw: &raw::Discover,
    pushes: &[Read<raw::DiscoverPush>],
    findings: &mut Findings<'_>,
) -> bool {
    let mut sound = true;
    for (key, text) in [("name", &raw.name), ("key", &raw.key), ("chain", &raw.chain)] {
        let text = text.as_ref();
        sound &= text.is_none_or(|text| parsed(key, text, findings, check).is_some());
    }
    for push in pushes.iter().map(|push| &push.raw) {
        for (key, list) in
            [("hosts", &push.hosts), ("domains", &push.domains), ("probe", &push.probe)]
        {
            for text in list.iter().flat_map(|list| list.get_ref()) {
                sound &= parsed(key, text, findings, check).is_some();
                if key != "probe" && !varies(text.get_ref()) {
                    let (said, why) = (shown(text.get_ref()), "is the same for every match");
                    let sentence = format!(
                        "`{key}` {said} {why}, and one certificate is served there: expected a placeholder such as {{parent}}"
                    );
                    findings.add(&text.span(), sentence);
                    sound = false;
                }
            }
        }
    }
    sound
}

fn sieves(
    key: &str,
    written: Option<&Spanned<Texts>>,
    world: &World<'_>,
    findings: &mut Findings<'_>,
) -> Vec<Sieve> {
    super::lists::list(key, written, findings, |text| {
        if text.contains('/') {
            Glob::new(world.dir, text).map(Sieve::Path)
        } else {
            NameGlob::new(text).map(Sieve::Name)
        }
    })
}

fn when_empty_of(text: &str) -> Result<WhenEmpty, String> {
    one_of(text, "is nothing that an empty pattern can be")
}
