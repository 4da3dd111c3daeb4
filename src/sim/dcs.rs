//! DCS's half: the link to an instance's CA, and what it tells of an instance's SSL.

use serde_json::json;

use super::answer::Answer;
use super::ask::Ask;
use super::instance_setup::CaInstance;
use super::obs;
use super::world::World;
use crate::model::target::CaSource;

const BAD: &str = "DCS.4061";
/// The port of an instance that nobody can reach.
const PORT: u16 = 6379;
const MOMENT: &str = "%Y-%m-%dT%H:%M:%S%.3fZ";

/// `POST /v2/{project_id}/instances/{instance_id}/ssl-certs/download`, without a body.
pub(super) fn download(world: &mut World, ask: &Ask) -> Result<Answer, Answer> {
    bare(world, ask)?;
    let instance = with_ssl(world, ask.segment(3))?;
    let Some((category, file)) = instance.published.first() else { return Err(unsupported()) };
    let name = obs::file_name(instance.source, file);
    let link = obs::link_to(world, instance, category, file, ask.now);
    let bucket = obs::bucket(instance.source);
    let body = json!({ "file_name": name, "link": link, "bucket_name": bucket });
    Ok(Answer::json(200, &body).told(format!("link to {name}")))
}

/// `GET /v2/{project_id}/instances/{instance_id}/ssl`. The port is a text. When the certificate ends is
/// known of those alone that can be shaken hands with.
pub(super) fn ssl(world: &mut World, ask: &Ask) -> Result<Answer, Answer> {
    bare(world, ask)?;
    let instance = with_ssl(world, ask.segment(3))?;
    let (address, ends) = (world.running.address(&instance.id), world.running.ends(&instance.id));
    let port = address.map_or(PORT, |address| address.port());
    let body = json!({
        "enabled": instance.ssl,
        "ip": "127.0.0.1",
        "port": port.to_string(),
        "domain_name": format!("redis-{}.dcs.internal", instance.id.get(..8).unwrap_or_default()),
        "ssl_expired_at": ends.map(|ends| ends.to_utc().format(MOMENT).to_string()),
        "ssl_validated": ends.is_some_and(|ends| ask.now < ends),
    });
    let told = if instance.ssl { "SSL on" } else { "SSL off" };
    Ok(Answer::json(200, &body).told(told))
}

/// A call has neither query nor body.
fn bare(world: &mut World, ask: &Ask) -> Result<(), Answer> {
    world.project(ask, ask.segment(1))?;
    ask.only_query(world, BAD, &[], &[])?;
    ask.no_body(world, BAD)
}

/// The instance, unless it does not support SSL.
fn with_ssl<'a>(world: &'a World, id: &str) -> Result<&'a CaInstance, Answer> {
    let instances = world.settings.instances.iter();
    let found =
        instances.filter(|found| found.source == CaSource::Dcs).find(|found| found.id == id);
    match found {
        None => Err(error(404, "DCS.3022", "The instance does not exist.")),
        Some(instance) if instance.published.is_empty() => Err(unsupported()),
        Some(instance) => Ok(instance),
    }
}

fn unsupported() -> Answer {
    error(400, "DCS.4201", "Do not support SSL.")
}

/// DCS adds a third field to its errors.
fn error(status: u16, code: &str, message: &str) -> Answer {
    let body = json!({ "error_code": code, "error_msg": message, "error_ext_msg": null });
    Answer::json(status, &body).told(code)
}
