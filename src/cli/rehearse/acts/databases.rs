//! The acts of the databases: another CA while clients are connected, and an error page in place of one.

use std::time::{Duration, Instant};

use super::super::picture::{Ca, Picture};
use super::super::small::Broken;
use super::super::stage::instances::{DDS, Database, OVERLAP, POSTGRES, REDIS};
use super::super::verdict::{BadCa, Renewed};
use super::super::{picture, show};
use super::{NEXT_WITHIN, Scene, look_at, summary, until, until_quiet};
use crate::model::digest::Sha256;
use crate::sim::pki::Authority;
use crate::sim::{CaFile, Sim};

/// What is waited for no longer than until it is seen.
const AT_ONCE: (Duration, Duration) = (NEXT_WITHIN, Duration::ZERO);

/// An error page stands in place of a CA.
pub(in super::super) struct ErrorPage {
    /// What stood there before.
    pub(in super::super) former: Option<CaFile>,
    pub(in super::super) bad: BadCa,
}

/// Two databases publish another CA. One presents it early, and the former leaves by its overlap; the
/// other late, and the former stays for it.
pub(super) async fn another_ca(scene: &mut Scene<'_>) -> Result<Vec<Renewed>, Broken> {
    show::heading(scene.dress, "6 · Two databases get another CA; their clients stay connected");
    let words = "each client trusts its CA file and nothing else, and connects anew all the time";
    show::note(scene.dress, words);
    let began = Instant::now();
    let (redis, mut early) = publish(scene, REDIS).await?;
    let (postgres, mut late) = publish(scene, POSTGRES).await?;
    let both =
        |picture: &Picture, _: &Scene<'_>| holds(picture, REDIS, 2) && holds(picture, POSTGRES, 2);
    let picture = until_quiet(scene, AT_ONCE, both).await;
    let since = Instant::now();
    (early.both, late.both) = (is_both(&picture, &early), is_both(&picture, &late));

    present(scene, REDIS, &redis)?;
    early.stood = gone(scene, &early, began).await;

    let rest = OVERLAP.saturating_sub(since.elapsed());
    scene.calls.during(tokio::time::sleep(rest)).await;
    let calls = picture::look(scene.config, &scene.stage.clouds).await.calls;
    look_at(scene, POSTGRES.name)?;
    let picture = until(scene, NEXT_WITHIN, |picture, _| picture.calls > calls).await;
    late.unproven = Some(is_both(&picture, &late));
    let words = format!("{} still presents the old one's, so both stay in its file", late.name);
    show::fact(scene.dress, "overlap", &format!("of {} s is over; {words}", OVERLAP.as_secs()));

    present(scene, POSTGRES, &postgres)?;
    late.stood = gone(scene, &late, began).await;
    let all = vec![early, late];
    show::authorities(scene.dress, &all);
    Ok(all)
}

/// An error page comes in place of a CA. It stays until somebody publishes the CA again.
pub(super) async fn error_page(scene: &mut Scene<'_>) -> Result<ErrorPage, Broken> {
    show::heading(scene.dress, "7 · Where a CA was, an error page comes");
    let before = of(&picture::look(scene.config, &scene.stage.clouds).await, DDS).cloned();
    let former = scene.stage.publish_garbage(DDS);
    show::fact(scene.dress, "publishes", &format!("{}: 502 Bad Gateway, as HTML", DDS.name));
    let links = downloads(scene);
    look_at(scene, DDS.name)?;
    let fetched = |_: &Picture, scene: &Scene<'_>| downloads(scene) > links;
    let picture = until(scene, NEXT_WITHIN, fetched).await;
    let after = of(&picture, DDS).cloned();
    let stays = match (&before, &after) {
        (Some(before), Some(after)) if before.stamp == after.stamp => "stays as it was",
        _ => "was touched",
    };
    show::fact(scene.dress, "file", &format!("ca/{}.pem {stays}", DDS.name));
    summary(&picture, scene.dress);
    let bad = BadCa { fetched: downloads(scene) > links, told: false, before, after };
    Ok(ErrorPage { former, bad })
}

/// How often the link of the bad page was followed so far.
fn downloads(scene: &Scene<'_>) -> usize {
    let calls = scene.stage.clouds.all().flat_map(Sim::calls);
    calls.filter(|call| call.service == "obs" && call.path.contains(DDS.id)).count()
}

async fn publish(
    scene: &mut Scene<'_>,
    database: &Database,
) -> Result<(Authority, Renewed), Broken> {
    let look = || picture::look(scene.config, &scene.stage.clouds);
    let old = published(&look().await, database);
    let authority = scene.stage.publish_another(database);
    let new = published(&look().await, database);
    let words = format!("{}: CA {} → {}", database.name, short(&old), short(&new));
    show::fact(scene.dress, "publishes", &format!("{words}, and presents the old one's"));
    look_at(scene, database.name)?;
    let (name, overlap) = (database.name, OVERLAP);
    let renewed = Renewed { name, old, new, both: false, unproven: None, stood: None, overlap };
    Ok((authority, renewed))
}

fn present(scene: &Scene<'_>, database: &Database, authority: &Authority) -> Result<(), Broken> {
    scene.stage.present(database, authority);
    let words = format!("{}: a certificate of its new CA from now on", database.name);
    show::fact(scene.dress, "presents", &words);
    look_at(scene, database.name)
}

/// Waits until the old CA has left the file, and gives how long it stood there.
async fn gone(scene: &mut Scene<'_>, renewed: &Renewed, began: Instant) -> Option<Duration> {
    let is_gone =
        |picture: &Picture, _: &Scene<'_>| file(picture, renewed.name) == Some(&renewed.new);
    until_quiet(scene, AT_ONCE, is_gone).await;
    let contents = scene.watch.clients().files.iter();
    let mut of = contents.filter(|it| it.name.as_str() == renewed.name);
    let gone = of.find(|it| it.holds == renewed.new)?;
    Some(gone.since.duration_since(began))
}

fn of<'a>(picture: &'a Picture, database: &Database) -> Option<&'a Ca> {
    picture.cas.iter().find(|ca| ca.name.as_str() == database.name)
}

fn file<'a>(picture: &'a Picture, name: &str) -> Option<&'a Vec<Sha256>> {
    picture.cas.iter().find(|ca| ca.name.as_str() == name)?.file.as_ref()
}

fn published(picture: &Picture, database: &Database) -> Vec<Sha256> {
    of(picture, database).map(|ca| ca.published.clone()).unwrap_or_default()
}

fn holds(picture: &Picture, database: &Database, count: usize) -> bool {
    file(picture, database.name).is_some_and(|file| file.len() == count)
}

fn is_both(picture: &Picture, renewed: &Renewed) -> bool {
    let Renewed { name, old, new, .. } = renewed;
    file(picture, name).is_some_and(|file| old.iter().chain(new).all(|ca| file.contains(ca)))
}

fn short(all: &[Sha256]) -> String {
    all.first().map(Sha256::short).unwrap_or_default()
}
