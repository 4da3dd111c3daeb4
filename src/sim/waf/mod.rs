//! WAF's half: certificates, and the hosts that serve them, in cloud and in dedicated mode. The list of
//! certificates has no content; only showing one tells which leaf it is. The list of hosts has no
//! certificate; only showing one does.

mod certificates;
mod change;
mod hosts;

pub(super) use certificates::{list, show};
pub(super) use change::{apply, create, delete, update};
pub(super) use hosts::{
    list_cloud, list_premium, show_cloud, show_premium, update_cloud, update_premium,
};

use super::answer::Answer;
use super::ask::Ask;
use super::world::World;

/// What a broken contract gets.
const BAD: &str = "WAF.00011001";
/// What an object gets that is not there.
const MISSING: &str = "WAF.00014002";
/// The documented default and maximum of `pagesize`.
const PAGE_SIZE: usize = 10;
const PAGE_SIZE_MAX: usize = 100;

/// The page that is asked for: its first item's place, and how many.
fn page(world: &mut World, ask: &Ask) -> Result<(usize, usize), Answer> {
    let size =
        ask.number(world, BAD, "pagesize", PAGE_SIZE, |size| (1..=PAGE_SIZE_MAX).contains(&size))?;
    let page = ask.number(world, BAD, "page", 1, |page| page >= 1)?;
    let size = size.min(world.settings.page_max);
    Ok(((page - 1).saturating_mul(size), size))
}

fn missing() -> Answer {
    Answer::error(404, MISSING, "Resource not found.")
}
