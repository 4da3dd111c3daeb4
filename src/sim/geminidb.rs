//! GeminiDB's half: the links to an instance's CA bundles, by category.

use serde_json::{Value, json};

use super::answer::Answer;
use super::ask::Ask;
use super::obs::{self, GEMINIDB_BUCKET};
use super::world::World;

const BAD: &str = "DBS.200001";

/// `GET /v3/{project_id}/instances/{instance_id}/ssl-cert/download-link`.
pub(super) fn download_link(world: &mut World, ask: &Ask) -> Result<Answer, Answer> {
    world.project(ask, ask.segment(1))?;
    ask.only_query(world, BAD, &[], &[])?;
    ask.no_body(world, BAD)?;
    let id = ask.segment(3);
    let Some(instance) = world.settings.geminidb.iter().find(|found| found.id == id) else {
        return Err(Answer::error(404, "DBS.200002", "The DB instance does not exist."));
    };
    let link = |category: &str| {
        obs::link(world, &format!("/obs/{GEMINIDB_BUCKET}/{id}/{category}/ca.crt"), ask.now)
    };
    let certs: Vec<Value> = instance
        .certs
        .iter()
        .map(|(category, _)| json!({ "category": category, "download_link": link(category) }))
        .collect();
    let told = format!("links: {}", certs.len());
    Ok(Answer::json(200, &json!({ "certs": certs })).told(told))
}
