//! The older way to set a certificate, for many domains at once. It has a trap that its documents name:
//! what is left out falls back to its default, and so HTTP/2, the redirect and the origin's protocol are
//! silently reset.

use serde_json::{Map, Value, json};

use super::{BAD, certificate, place};
use crate::sim::answer::Answer;
use crate::sim::ask::{Ask, Field, Shape, text};
use crate::sim::sites::{Domain, Site};
use crate::sim::world::World;

/// Most domains of one call.
const DOMAINS_MAX: usize = 50;

const FIELDS: &[Field] = &[
    ("domain_name", Shape::Text, true),
    ("https_switch", Shape::Number, true),
    ("access_origin_way", Shape::Number, false),
    ("force_redirect_https", Shape::Number, false),
    ("force_redirect_config", Shape::Object, false),
    ("http2", Shape::Number, false),
    ("cert_name", Shape::Text, false),
    ("certificate", Shape::Text, false),
    ("private_key", Shape::Text, false),
    ("certificate_type", Shape::Number, false),
    ("scm_certificate_id", Shape::Text, false),
];

/// `PUT /v1.0/cdn/domains/config-https-info`.
pub(in crate::sim) fn update(world: &mut World, ask: &Ask) -> Result<Answer, Answer> {
    world.account(ask)?;
    ask.only_query(world, BAD, &["enterprise_project_id"], &[])?;
    let https = ask.wrapped(world, BAD, "https", FIELDS)?;
    let names: Vec<&str> = text(&https, "domain_name").split(',').map(str::trim).collect();
    if names.len() > DOMAINS_MAX {
        return Err(ask.breach(world, BAD, "more than fifty domains"));
    }
    let places = names.iter().map(|name| place(world, name)).collect::<Result<Vec<_>, _>>()?;
    let bound = match (number(&https, "https_switch"), number(&https, "certificate_type")) {
        (0, _) => None,
        (_, 2) => {
            let id = text(&https, "scm_certificate_id");
            Some(certificate::of_import(world, text(&https, "cert_name"), id)?)
        }
        (_, 0) => {
            let (pem, key) = (text(&https, "certificate"), text(&https, "private_key"));
            Some(certificate::own(text(&https, "cert_name"), pem, key)?)
        }
        _ => return Err(ask.breach(world, BAD, "field \"certificate_type\" is neither 0 nor 2")),
    };
    for place in places {
        let domain = &mut world.domains[place];
        domain.bound.clone_from(&bound);
        domain.modified = ask.now;
        reset(domain, &https);
        world.scribble(Site::Domain(place));
    }
    let result: Vec<Value> = names
        .iter()
        .map(|name| json!({ "domain_name": name, "status": "success", "reason": "" }))
        .collect();
    let told = format!("update {}", names.join(","));
    let mut echo = https;
    echo.remove("private_key");
    let body = json!({ "https": echo, "status": "success", "result": result });
    Ok(Answer::json(200, &body).told(told))
}

/// Sets the neighbours to what was sent, or to their defaults.
fn reset(domain: &mut Domain, https: &Map<String, Value>) {
    let on = |yes: bool| json!(if yes { "on" } else { "off" });
    domain.configs["https"]["http2_status"] = on(number(https, "http2") == 1);
    let redirect = match https.get("force_redirect_config") {
        Some(config) => config["switch"] == 1,
        None => number(https, "force_redirect_https") == 1,
    };
    domain.configs["force_redirect"]["status"] = on(redirect);
    domain.configs["origin_protocol"] = json!(match number(https, "access_origin_way") {
        1 => "follow",
        3 => "https",
        _ => "http",
    });
}

fn number(https: &Map<String, Value>, name: &str) -> i64 {
    https.get(name).and_then(Value::as_i64).unwrap_or_default()
}
