//! The links to an instance's CA as GeminiDB, RDS, DDS and GaussDB give them: one path, three shapes.
//! The simulated cloud has one port for all of them, so the instance tells which service was asked.

use serde_json::{Value, json};

use super::answer::Answer;
use super::ask::Ask;
use super::instance_setup::CaInstance;
use super::obs;
use super::world::World;
use crate::model::target::CaSource;

const BAD: &str = "DBS.200001";
/// What everything behind this path is called when no instance tells.
const UNTOLD: &str = "geminidb";

/// Which service a request for links asks; nothing for other requests.
pub(super) fn service(world: &World, ask: &Ask) -> Option<&'static str> {
    let segments = ask.segments();
    let ["v3", _, "instances", id, "ssl-cert", "download-link"] = segments.as_slice() else {
        return None;
    };
    Some(database(world, id).map_or(UNTOLD, |instance| instance.source.api().key()))
}

/// `GET /v3/{project_id}/instances/{instance_id}/ssl-cert/download-link`.
pub(super) fn download_link(world: &mut World, ask: &Ask) -> Result<Answer, Answer> {
    world.project(ask, ask.segment(1))?;
    ask.only_query(world, BAD, &[], &[])?;
    ask.no_body(world, BAD)?;
    let Some(instance) = database(world, ask.segment(3)) else {
        return Err(Answer::error(404, "DBS.200002", "The DB instance does not exist."));
    };
    let served: &[_] = if instance.ccm.is_some() { &[] } else { &instance.published };
    let links: Vec<(&str, String)> = served
        .iter()
        .map(|(category, file)| {
            (category.as_str(), obs::link_to(world, instance, category, file, ask.now))
        })
        .collect();
    let told = format!("links: {}", links.len());
    let certs =
        links.iter().map(|(category, link)| json!({ "category": category, "download_link": link }));
    let body = match instance.source {
        CaSource::Rds => json!({ "cert_info_list": certs.collect::<Vec<Value>>() }),
        CaSource::GaussDb => json!({ "download_link": links.first().map(|(_, link)| link) }),
        CaSource::Dcs | CaSource::GeminiDb | CaSource::Dds => {
            json!({ "certs": certs.collect::<Vec<Value>>() })
        }
    };
    Ok(Answer::json(200, &body).told(told))
}

/// The instance of this id; those of DCS are behind another path.
fn database<'a>(world: &'a World, id: &str) -> Option<&'a CaInstance> {
    let mut found = world.settings.instances.iter().filter(|found| found.id == id);
    found.find(|found| found.source != CaSource::Dcs)
}
