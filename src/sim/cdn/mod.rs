//! CDN's half: domains, their configuration, and the certificates bound to them. Copies that were only
//! pushed show nowhere.

mod certificate;
mod configs;
mod domains;
mod https_info;

pub(super) use configs::{configs_of, show as show_configs, update as update_configs};
pub(super) use domains::{https_info, list};
pub(super) use https_info::update as update_https_info;

use super::answer::Answer;
use super::ask::Ask;
use super::sites::Domain;
use super::world::World;

/// What a broken contract gets.
const BAD: &str = "CDN.0001";
/// Most characters of a certificate's name, and fewest.
const NAME_CHARS: std::ops::RangeInclusive<usize> = 3..=64;

/// Where the domain of this name is. The real code for one that is not there is not documented.
fn place(world: &World, name: &str) -> Result<usize, Answer> {
    world
        .domains
        .iter()
        .position(|domain| domain.name == name)
        .ok_or_else(|| Answer::error(404, "CDN.0101", "The domain name does not exist."))
}

/// The page that is asked for: its first item's place, and how many.
fn page(
    world: &mut World,
    ask: &Ask,
    default: usize,
    size_max: usize,
) -> Result<(usize, usize), Answer> {
    let size =
        ask.number(world, BAD, "page_size", default, |size| (1..=size_max).contains(&size))?;
    let page = ask.number(world, BAD, "page_number", 1, |page| page >= 1)?;
    let size = size.min(world.settings.page_max);
    Ok(((page - 1).saturating_mul(size), size))
}

/// The number that calls a certificate's source.
fn source(domain: &Domain) -> u8 {
    match &domain.bound {
        Some(bound) if bound.scm_certificate_id.is_some() => 2,
        _ => 0,
    }
}
