//! DCS's half: the link to an instance's CA.

use serde_json::json;

use super::answer::Answer;
use super::ask::Ask;
use super::obs::{self, DCS_BUCKET};
use super::settings::CaFile;
use super::world::World;

const BAD: &str = "DCS.4061";

/// `POST /v2/{project_id}/instances/{instance_id}/ssl-certs/download`, without a body.
pub(super) fn download(world: &mut World, ask: &Ask) -> Result<Answer, Answer> {
    world.project(ask, ask.segment(1))?;
    ask.only_query(world, BAD, &[], &[])?;
    ask.no_body(world, BAD)?;
    let id = ask.segment(3);
    let Some(instance) = world.settings.dcs.iter().find(|found| found.id == id) else {
        return Err(error(404, "DCS.3022", "The instance does not exist."));
    };
    let file = match instance.ca {
        None => return Err(error(400, "DCS.4201", "Do not support SSL.")),
        Some(CaFile::Zip(_)) => "redis-ssl.zip",
        Some(_) => "ca.crt",
    };
    let link = obs::link(world, &format!("/obs/{DCS_BUCKET}/{id}/{file}"), ask.now);
    let body = json!({ "file_name": file, "link": link, "bucket_name": DCS_BUCKET });
    Ok(Answer::json(200, &body).told(format!("link to {file}")))
}

/// DCS adds a third field to its errors.
fn error(status: u16, code: &str, message: &str) -> Answer {
    let body = json!({ "error_code": code, "error_msg": message, "error_ext_msg": null });
    Answer::json(status, &body).told(code)
}
