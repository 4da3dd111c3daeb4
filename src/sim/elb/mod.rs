//! ELB's half: certificates, listeners and the quota. The error codes are of the right family; which
//! one the real service gives for each rule is documented for some only.

mod certificates;
mod change;
mod listeners;
mod paging;
mod rules;

pub(super) use certificates::{list, show};
pub(super) use change::{create, delete, update};
pub(super) use listeners::{
    list as list_listeners, show as show_listener, update as update_listener,
};

use serde_json::json;

use super::answer::Answer;
use super::ask::Ask;
use super::world::World;

/// What a broken contract gets.
const BAD: &str = "ELB.0300";
/// What a parameter gets that cannot be, although its form is right.
const INVALID: &str = "ELB.8902";
/// What a conflict with something else gets, with 409.
const CONFLICT: &str = "ELB.8907";
/// ELB's words when a project holds as many certificates as it may.
pub(super) const QUOTA_TEXT: &str = "Quota exceeded for resources: ['certificate'].";

/// `GET /v3/{project_id}/elb/quotas`: what a project may hold, not what it holds.
pub(super) fn quotas(world: &mut World, ask: &Ask) -> Result<Answer, Answer> {
    world.project(ask, ask.segment(1))?;
    ask.only_query(world, BAD, &[], &[])?;
    ask.no_body(world, BAD)?;
    let quota = json!({
        "project_id": ask.segment(1),
        "loadbalancer": 50,
        "certificate": world.settings.elb_quota,
        "listener": 100,
        "l7policy": 500,
        "condition_per_policy": 10,
        "pool": 500,
        "healthmonitor": -1,
        "member": 500,
        "members_per_pool": 1000,
        "listeners_per_pool": 50,
        "ipgroup": 50,
        "ipgroup_bindings": 50,
        "ipgroup_max_length": 300,
        "ipgroups_per_listener": 50,
        "security_policy": 50,
        "listeners_per_loadbalancer": 50,
        "pools_per_l7policy": 10,
        "l7policies_per_listener": 100,
        "free_instance_members_per_pool": 50,
        "free_instance_listeners_per_loadbalancer": 10,
    });
    let body = json!({ "quota": quota, "request_id": ask.request_id });
    Ok(Answer::json(200, &body).told(format!("{} certificates", world.settings.elb_quota)))
}

fn invalid(message: &str) -> Answer {
    Answer::error(400, INVALID, message)
}

fn conflict(message: &str) -> Answer {
    Answer::error(409, CONFLICT, message)
}

fn no_certificate() -> Answer {
    Answer::error(404, CONFLICT, "Certificate is not found.")
}
