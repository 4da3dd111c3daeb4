//! What a listener's certificates must be to each other.

use super::{invalid, no_certificate};
use crate::model::target::Target;
use crate::sim::answer::Answer;
use crate::sim::stored::StoredCertificate;
use crate::sim::world::World;
use crate::sim::x509::Family;

/// Most names of a listener's certificates by name, all together.
const NAMES_MAX: usize = 200;

/// Whether a listener of this project may hold these certificates: all of them there and of type
/// server, and among those by name no name twice for one family of keys, nor too many names.
pub(super) fn check(
    world: &World,
    project: &str,
    default: &str,
    by_name: &[&str],
) -> Result<(), Answer> {
    if default.is_empty() {
        return Err(invalid("default_tls_container_ref of an HTTPS listener must not be empty."));
    }
    server(world, project, default)?;
    let mut seen: Vec<(Family, String)> = Vec::new();
    for id in by_name {
        let found = server(world, project, id)?;
        for name in found.domains() {
            let entry = (found.family, name.to_ascii_lowercase());
            if seen.contains(&entry) {
                return Err(invalid(&format!("Domain {name} repeats in sni_container_refs.")));
            }
            seen.push(entry);
        }
    }
    if seen.len() > NAMES_MAX {
        return Err(invalid(&format!("sni_container_refs have more than {NAMES_MAX} domains.")));
    }
    Ok(())
}

fn server<'a>(world: &'a World, project: &str, id: &str) -> Result<&'a StoredCertificate, Answer> {
    let found = world.stored(Target::Elb, project, id).ok_or_else(no_certificate)?;
    if found.labels.kind == "server" {
        Ok(found)
    } else {
        Err(invalid(&format!("Certificate {id} is not of type server.")))
    }
}
