//! The certificate manager's half: import, push, deploy, list, show, delete.

mod deploy;
mod import;
mod material;
mod push;
mod read;

pub(super) use deploy::{deploy, deployed_resources};
pub(super) use import::import;
pub(super) use push::{batch_push, push};
pub(super) use read::{delete, list, show};

use super::answer::Answer;
use super::world::World;

/// "Invalid parameter", which is also what a broken contract gets here.
const BAD: &str = "SCM.0005";

/// The certificate of this id, which has 16 characters.
fn certificate(world: &World, id: &str) -> Result<usize, Answer> {
    world
        .imports
        .iter()
        .position(|import| import.id == id)
        .ok_or_else(|| Answer::error(400, "SCM.0008", "Invalid certificate id."))
}
