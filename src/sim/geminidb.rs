//! GeminiDB's half: the list of its instances, which tells whether SSL is on and which serve a
//! certificate of the certificate manager.

use serde_json::{Value, json};

use super::answer::Answer;
use super::ask::Ask;
use super::instance_setup::CaInstance;
use super::world::World;
use crate::model::target::CaSource;
use crate::model::time::Time;

const BAD: &str = "DBS.200001";
/// Longest page, which is also what a call gets that asks for none.
const LIMIT_MAX: usize = 100;
/// An id or name that begins so stands for every one that holds the rest.
const PART: char = '*';
const MOMENT: &str = "%Y-%m-%dT%H:%M:%S";
/// The port of an instance that nobody can reach.
const PORT: u16 = 8635;

/// `GET /v3/{project_id}/instances`.
pub(super) fn list(world: &mut World, ask: &Ask) -> Result<Answer, Answer> {
    world.project(ask, ask.segment(1))?;
    let keys = ["id", "name", "mode", "datastore_type", "vpc_id", "subnet_id", "offset", "limit"];
    ask.only_query(world, BAD, &keys, &[])?;
    ask.no_body(world, BAD)?;
    let allowed = |limit| (1..=LIMIT_MAX).contains(&limit);
    let limit = ask.number(world, BAD, "limit", LIMIT_MAX, allowed)?;
    let offset = ask.number(world, BAD, "offset", 0, |_| true)?;
    let instances = world.settings.instances.iter();
    let found: Vec<&CaInstance> = instances
        .filter(|found| found.source == CaSource::GeminiDb)
        .filter(|found| ask.param("id").is_none_or(|wish| fits(wish, &found.id)))
        .filter(|found| ask.param("name").is_none_or(|wish| fits(wish, &name(found))))
        .filter(|_| ask.param("datastore_type").is_none_or(|wish| wish == "redis"))
        .filter(|_| ask.param("mode").is_none_or(|wish| wish == "Cluster"))
        .collect();
    let total = found.len();
    let page = world.page(found, offset, limit);
    let rows: Vec<Value> = page.iter().map(|found| row(world, found, ask.now)).collect();
    let told = format!("{} of {total}", rows.len());
    Ok(Answer::json(200, &json!({ "instances": rows, "total_count": total })).told(told))
}

fn fits(wish: &str, text: &str) -> bool {
    wish.strip_prefix(PART).map_or(wish == text, |part| text.contains(part))
}

fn name(instance: &CaInstance) -> String {
    format!("nosql-{}", instance.id.get(..4).unwrap_or_default())
}

fn row(world: &World, instance: &CaInstance, now: Time) -> Value {
    let moment = now.to_utc().format(MOMENT).to_string();
    let address = world.running.address(&instance.id);
    let port = address.map_or(PORT, |address| address.port()).to_string();
    let mut row = json!({
        "id": instance.id,
        "name": name(instance),
        "status": "normal",
        "port": port,
        "mode": "Cluster",
        "product_type": "Standard",
        "region": world.settings.region,
        "datastore": { "type": "redis", "version": "6.2", "patch_available": false },
        "engine": "rocksDB",
        "created": moment,
        "updated": moment,
        "db_user_name": "rwuser",
        "vpc_id": "490a4a08-ef4b-44c5-94be-3051ef9e4fce",
        "subnet_id": "0e2eda62-1d42-4d64-a9d1-4e9aa9cd994f",
        "security_group_id": "2a1f7fc8-3307-42a7-aa6f-42c8b9b8f8c5",
        "backup_strategy": { "start_time": "16:00-17:00", "keep_days": 7 },
        "pay_mode": "0",
        "maintenance_window": "02:00-06:00",
        "groups": [],
        "enterprise_project_id": "0",
        "dedicated_resource_id": null,
        "time_zone": "",
        "actions": [],
        "lb_ip_address": "127.0.0.1",
        "lb_port": port,
        "availability_zone": "cn-north-4a",
        "ssl": if instance.ssl { "1" } else { "0" },
    });
    if let Some(ccm) = &instance.ccm {
        row["ccm_cert_info"] = json!({ "cert_id": ccm.id, "cert_type": ccm.kind });
    }
    row
}
