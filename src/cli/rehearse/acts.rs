//! The acts under the daemon: a start, a renewal, a drift, a roll-back, the renewal after it, and what
//! databases publish. Each changes the disk or the cloud as others do, waits, and tells what handshakes
//! returned meanwhile.

mod databases;

use std::io;
use std::time::{Duration, Instant};

use super::clouds::Calls;
use super::picture::{self, Picture};
use super::show::{self, Dress};
use super::small::Broken;
use super::stage::{Stage, WWW};
use super::verdict::{self, Drift, Move, Past, Renewed, RollBack, many};
use super::watch::{Clients, Watch};
use crate::config::Config;
use crate::cycle::Request;
use crate::daemon::requests;
use crate::model::digest::Sha256;
use crate::model::names::Name;
use crate::model::place::Place;
use crate::plan::hold::Hold;
use crate::record;
pub(super) use databases::ErrorPage;

/// How long the first act may take, the SSL switch included; it needs about 4 s, and more on a host that
/// is busy with other things.
const FIRST_WITHIN: Duration = Duration::from_secs(15);
/// How long a renewal, a repair or a further look may take; each needs about 1 s.
const NEXT_WITHIN: Duration = Duration::from_secs(10);
/// How long a roll-back may take: three looks within a window of one second, and a binding.
const BACK_WITHIN: Duration = Duration::from_secs(12);
/// How often it is looked whether an act is over.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// An act is over when all is as it should be and no call has come for so long.
const QUIET: Duration = Duration::from_millis(400);

/// What the acts are played with.
pub(super) struct Scene<'a> {
    pub(super) stage: &'a Stage,
    pub(super) config: &'a Config,
    pub(super) calls: &'a mut Calls,
    pub(super) watch: &'a mut Watch,
    pub(super) dress: Dress,
    pub(super) past: Past,
}

/// What is to be judged of them.
pub(super) struct Story {
    pub(super) past: Past,
    pub(super) moves: Vec<Move>,
    pub(super) drift: Drift,
    pub(super) back: RollBack,
    pub(super) renewed: Vec<Renewed>,
    pub(super) page: ErrorPage,
    pub(super) clients: Clients,
}

/// Plays them all. An act that does not come to its end in time is the verdict's to tell.
pub(super) async fn play(mut scene: Scene<'_>) -> Result<Story, Broken> {
    let scene = &mut scene;
    let first = first(scene).await?;
    let second = renewed(scene).await?;
    let drift = drifted(scene, first.leaf, second.leaf).await?;
    let back = taken_back(scene, second.leaf).await?;
    let last = healed(scene).await?;
    let renewed = databases::another_ca(scene).await?;
    let page = databases::error_page(scene).await?;
    let (past, clients) = (scene.past.clone(), scene.watch.clients().clone());
    Ok(Story { past, moves: vec![first, second, last], drift, back, renewed, page, clients })
}

async fn first(scene: &mut Scene<'_>) -> Result<Move, Broken> {
    show::heading(scene.dress, "1 · First start: everywhere stands what somebody bound by hand");
    let before = scene.watch.last().to_vec();
    let picture = until(scene, FIRST_WITHIN, all_is_right).await;
    let leaf = leaf(&picture)?;
    Ok(concluded(scene, picture, before, leaf))
}

async fn renewed(scene: &mut Scene<'_>) -> Result<Move, Broken> {
    show::heading(scene.dress, "2 · certbot renews www.example.com");
    let before = scene.watch.last().to_vec();
    let leaf = renew(scene).await?;
    let picture = until(scene, NEXT_WITHIN, all_is_right).await;
    Ok(concluded(scene, picture, before, leaf))
}

async fn drifted(scene: &mut Scene<'_>, older: Sha256, wanted: Sha256) -> Result<Drift, Broken> {
    show::heading(scene.dress, "3 · Drift: somebody binds the former leaf to the listener again");
    let (mark, place) = (scene.watch.mark(), scene.stage.listener());
    let words = if scene.stage.bind_by_hand(older) { "bound by hand" } else { "not there to bind" };
    show::fact(scene.dress, "listener", &format!("{} {words}", older.short()));
    let before = until(scene, Duration::ZERO, |_, _| true).await.sites;
    look_at(scene, WWW.name)?;
    let picture = until(scene, NEXT_WITHIN, all_is_right).await;
    concluded(scene, picture, before, wanted);
    Ok(Drift { older, wanted, turns: scene.watch.since(mark, &place) })
}

async fn taken_back(scene: &mut Scene<'_>, former: Sha256) -> Result<RollBack, Broken> {
    show::heading(scene.dress, "4 · Roll-back: with the next leaf the listener serves garbage");
    let (mark, place) = (scene.watch.mark(), scene.stage.listener());
    let before = scene.watch.last().to_vec();
    if !scene.stage.garble_the_next() {
        return Err(io::Error::other("there is no listener to garble").into());
    }
    let rejected = renew(scene).await?;
    let back = |picture: &Picture, scene: &Scene<'_>| {
        // The listener begins as it ends, so it must have turned there and back.
        let turned = scene.watch.since(mark, &place).len() > 1;
        turned
            && picture.sites.iter().all(|site| {
                let wanted = if site.place == place { former } else { rejected };
                site.bound.contains(&wanted) && site.served.leaf() == Some(wanted)
            })
    };
    let picture = until(scene, BACK_WITHIN, back).await;
    let (calls, bindings) = (picture.calls, picture.bindings);
    let remembered = alarm(scene, &place)?;
    look_at(scene, WWW.name)?;
    let picture = until(scene, NEXT_WITHIN, |picture, _| picture.calls > calls).await;
    let again = picture.bindings.saturating_sub(bindings);
    let words = format!("looked again: {} more", many(again, "binding"));
    show::fact(scene.dress, "then", &words);
    let after = concluded(scene, picture, before, rejected).after;
    let others = after.into_iter().filter(|site| site.place != place).collect();
    let turns = scene.watch.since(mark, &place);
    Ok(RollBack { rejected, former, turns, others, remembered, again })
}

async fn healed(scene: &mut Scene<'_>) -> Result<Move, Broken> {
    show::heading(scene.dress, "5 · The next renewal is sound: served everywhere, then cleaned up");
    let before = scene.watch.last().to_vec();
    let leaf = renew(scene).await?;
    let tidy = |picture: &Picture, scene: &Scene<'_>| {
        all_is_right(picture, scene)
            && scene.past.split().0.iter().all(|leaf| !picture.imports.contains(leaf))
    };
    let picture = until(scene, NEXT_WITHIN, tidy).await;
    left(scene, &picture);
    Ok(concluded(scene, picture, before, leaf))
}

/// What is left of former leaves in the certificate manager, and what it has cost.
fn left(scene: &Scene<'_>, picture: &Picture) {
    let (there, gone): (Vec<_>, Vec<_>) =
        scene.past.former.iter().partition(|leaf| picture.imports.contains(leaf));
    let words = |leaves: &[&Sha256]| {
        let all: Vec<_> = leaves.iter().map(|leaf| leaf.short()).collect();
        if all.is_empty() { "nothing".to_owned() } else { all.join(" and ") }
    };
    show::fact(
        scene.dress,
        "retired",
        &format!("{}, with the copies in ELB and WAF", words(&gone)),
    );
    let keep = scene.past.keep;
    show::fact(scene.dress, "kept", &format!("{}: keep = {keep}", words(&there)));
    show::fact(scene.dress, "charged", &format!("{} yuan", picture.fees));
}

/// Puts a new leaf on the disk as certbot does, and shows it.
async fn renew(scene: &mut Scene<'_>) -> Result<Sha256, Broken> {
    let picture = picture::look(scene.config, &scene.stage.clouds).await;
    let old = leaf(&picture)?;
    scene.past.former.push(old);
    let version = scene.past.former.len() + 1;
    let new = scene.stage.renew(&WWW)?;
    let words = format!("live/{0}/fullchain.pem → archive/{0}/fullchain{version}.pem", WWW.domain);
    show::fact(scene.dress, "link", &words);
    show::fact(scene.dress, "leaf", &format!("{} → {}", old.short(), new.short()));
    Ok(new)
}

/// Has this entry looked at now, as the schedule would within a quarter of an hour.
fn look_at(scene: &Scene<'_>, name: &str) -> Result<(), Broken> {
    let name = Name::new(name).map_err(super::stage::StageError::from)?;
    Ok(requests::leave(&scene.config.state, &Request::Look(name))?)
}

/// What the journal remembers to have been taken back there, and for what; shown in the alarm's words.
fn alarm(scene: &Scene<'_>, place: &Place) -> Result<Option<(Sha256, Sha256)>, Broken> {
    let memory = record::remembered(&scene.config.state)?;
    let name = www()?;
    let Some(fallback) = memory.fallback(&name, place) else { return Ok(None) };
    let Some(former) = fallback.former.leaf.map(|leaf| leaf.sha256) else { return Ok(None) };
    let rejected = fallback.rejected;
    let why = Hold::RolledBack { place: place.clone(), rejected, former };
    show::alarm(scene.dress, &format!("{name}: {why}"));
    Ok(Some((rejected, former)))
}

fn www() -> Result<Name, Broken> {
    Ok(Name::new(WWW.name).map_err(super::stage::StageError::from)?)
}

/// The end of an act: its table and what the cloud holds by now.
fn concluded(
    scene: &Scene<'_>,
    picture: Picture,
    before: Vec<super::sites::Site>,
    leaf: Sha256,
) -> Move {
    show::places(scene.dress, &before, &picture.sites);
    summary(&picture, scene.dress);
    Move { before, after: picture.sites, leaf }
}

fn all_is_right(picture: &Picture, scene: &Scene<'_>) -> bool {
    verdict::checks(picture, &scene.past).iter().all(|check| check.fine)
}

/// Looks until it is right and the daemon has come to rest, or until it has had its time.
async fn until(
    scene: &mut Scene<'_>,
    within: Duration,
    right: impl Fn(&Picture, &Scene<'_>) -> bool,
) -> Picture {
    until_quiet(scene, (within, QUIET), right).await
}

/// The same, where the daemon's rest is to be so long.
async fn until_quiet(
    scene: &mut Scene<'_>,
    (within, rest): (Duration, Duration),
    right: impl Fn(&Picture, &Scene<'_>) -> bool,
) -> Picture {
    let began = Instant::now();
    let mut quiet = (0, Instant::now());
    loop {
        let looking = picture::look(scene.config, &scene.stage.clouds);
        let picture = scene.calls.during(looking).await;
        scene.calls.news(&scene.watch.see(&picture));
        if picture.calls != quiet.0 {
            quiet = (picture.calls, Instant::now());
        }
        let right = right(&picture, scene) && quiet.1.elapsed() >= rest;
        if right || began.elapsed() >= within {
            scene.calls.rest();
            return picture;
        }
        scene.calls.during(tokio::time::sleep(LOOK_EVERY)).await;
    }
}

fn leaf(picture: &Picture) -> Result<Sha256, Broken> {
    let rotation = picture.rotations.iter().find(|rotation| rotation.name.as_str() == WWW.name);
    let leaf = rotation.and_then(|rotation| rotation.leaf.as_ref().ok());
    leaf.map(|leaf| leaf.sha256)
        .ok_or_else(|| io::Error::other("its own pair cannot be read").into())
}

/// What the cloud was made to hold so far.
pub(super) fn summary(picture: &Picture, dress: Dress) {
    let [imports, copies, bindings, switches] = picture.effects();
    let (imports, copies) = (many(imports, "import"), many(copies, "pushed copy"));
    let (bindings, switches) = (many(bindings, "binding"), many(switches, "SSL switch"));
    show::note(
        dress,
        &format!("the cloud now has {imports} and {copies}; {bindings} and {switches} so far"),
    );
}
