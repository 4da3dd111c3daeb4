//! The switches of listeners, hosts, domains and their edges.

use serde_json::{Map, Value, json};

use super::{instances, made};
use crate::sim::answer::Answer;
use crate::sim::ask::{Ask, decoded, texts};
use crate::sim::console;
use crate::sim::edge::Misbehaviour;
use crate::sim::furnish;
use crate::sim::settings::{DomainSetup, HostSetup, ListenerSetup, Pair};
use crate::sim::world::World;

/// The answer, when the switch is one of these.
pub(super) fn handle(world: &mut World, ask: &Ask) -> Option<Answer> {
    let wish: Value = serde_json::from_slice(&ask.body).unwrap_or_default();
    let site = wish["site"].as_str().unwrap_or_default();
    Some(match (ask.method.as_str(), ask.segment(1)) {
        ("GET", "edges") => Answer::json(200, &edges(world)),
        ("GET", "fees") => Answer::json(200, &json!(world.fees)),
        ("GET", "listener" | "host" | "domain") => {
            match console::object(world, &decoded(ask.segment(2))) {
                Some(object) => Answer::json(200, &object),
                None => Answer::text(404, "no such site"),
            }
        }
        ("POST", "garble") => match wish["leaf"].as_str().map(str::parse).transpose() {
            Ok(leaf) => done(console::garble(world, site, leaf)),
            Err(error) => Answer::text(400, &error.to_string()),
        },
        ("POST", "misbehave") => match misbehaviour(&wish["how"]) {
            Some(how) => done(console::misbehave(world, site, how)),
            None => Answer::text(400, "how: garbage, not_tls, silent, closed or null"),
        },
        ("POST", "rebind") => rebound(world, ask, site, &wish),
        ("POST", "scribble") => {
            let field = wish["field"].as_str().unwrap_or_default();
            done(console::scribble(world, site, field, wish["value"].clone()))
        }
        ("POST", "furnish") => {
            furnished(world, ask, &wish).unwrap_or_else(|error| Answer::text(400, &error))
        }
        _ => return None,
    })
}

fn done(done: bool) -> Answer {
    if done { Answer::empty(204) } else { Answer::text(404, "no such site or certificate") }
}

/// Site → address.
fn edges(world: &World) -> Value {
    let sites = world.sites().into_iter();
    let open = sites.filter_map(|(key, _)| {
        world.edges.address(&key).map(|address| (key, json!(address.to_string())))
    });
    open.collect::<Map<_, _>>().into()
}

/// The outer nothing: no such word.
fn misbehaviour(how: &Value) -> Option<Option<Misbehaviour>> {
    Some(match how.as_str() {
        None if how.is_null() => None,
        Some("garbage") => Some(Misbehaviour::Garbage),
        Some("not_tls") => Some(Misbehaviour::NotTls),
        Some("silent") => Some(Misbehaviour::Silent),
        Some("closed") => Some(Misbehaviour::Closed),
        _ => return None,
    })
}

/// `{"site", "certificate_id"}`, or `{"site", "sni": […]}` for the names of a listener.
fn rebound(world: &mut World, ask: &Ask, site: &str, wish: &Value) -> Answer {
    let fields = wish.as_object().cloned().unwrap_or_default();
    let by_name = fields.contains_key("sni");
    if by_name {
        return done(console::rebind_sni(world, site, &texts(&fields, "sni"), ask.now));
    }
    let id = wish["certificate_id"].as_str().unwrap_or_default();
    done(console::rebind(world, site, id, ask.now))
}

/// `{"kind": "listener"|"host"|"domain", "name", "id", "project", "premium", "default", "sni", "key",
/// "days"}`: a new site with certificates made for it. `default` is a name, a list of names, or null for
/// none; left out, it is a host's or domain's own name. `sni` is a list of such. An `instance` has fields
/// of its own.
fn furnished(world: &mut World, ask: &Ask, wish: &Value) -> Result<Answer, String> {
    let part = |key: &str| wish[key].as_str().unwrap_or_default().to_owned();
    let kind = part("kind");
    if kind == "instance" {
        return instances::furnished(world, ask, wish);
    }
    let own = json!(part("name"));
    let default = match wish.get("default") {
        None if kind != "listener" => pair(world, ask, &own, wish),
        None => None,
        Some(names) => pair(world, ask, names, wish),
    };
    let (id, name, project) = (part("id"), part("name"), part("project"));
    let key = match kind.as_str() {
        "listener" => {
            let sni = wish["sni"].as_array().into_iter().flatten();
            let sni = sni.filter_map(|names| pair(world, ask, names, wish)).collect();
            let setup = ListenerSetup { id, name, project, default, sni };
            furnish::listener(world, setup, ask.now)?
        }
        "host" => {
            let premium = wish["premium"].as_bool().unwrap_or_default();
            let setup = HostSetup { id, hostname: name, project, premium, default };
            furnish::host(world, setup, ask.now)?
        }
        "domain" => furnish::domain(world, DomainSetup { name, default }, ask.now)?,
        _ => return Err("kind: listener, host, domain or instance".to_owned()),
    };
    world.open_edges(ask.now).map_err(|error| error.to_string())?;
    let edge = world.edges.address(&key).map(|address| address.to_string());
    Ok(Answer::json(200, &json!({ "id": key, "edge": edge })))
}

fn pair(world: &mut World, ask: &Ask, names: &Value, wish: &Value) -> Option<Pair> {
    let names: Vec<&str> = match names {
        Value::String(name) => vec![name],
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        _ => return None,
    };
    let made = made(world, ask, &names, wish);
    let name = format!("furnished-{}", names.first()?.replace('*', "any"));
    Some(Pair { name, fullchain: made.fullchain_pem(), key: made.key_pem })
}
