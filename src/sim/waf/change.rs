//! Certificates made, changed in place, bound to hosts and deleted through WAF's own API.

use serde_json::{Value, json};

use super::certificates::{bind_host, hosts_of, whole};
use super::{BAD, missing};
use crate::model::secret::Secret;
use crate::model::target::Target;
use crate::sim::answer::Answer;
use crate::sim::ask::{Ask, Field, Shape, text, texts};
use crate::sim::sites::Site;
use crate::sim::stored::{Content, StoredCertificate};
use crate::sim::world::World;

/// Longest name, in characters.
const NAME_CHARS_MAX: usize = 256;
/// What a certificate in use, or one that cannot be read, gets. The real codes are not documented.
const IN_USE: &str = "WAF.00014005";
const UNREADABLE: &str = "WAF.00011002";

/// `POST /v1/{project_id}/waf/certificate`.
pub(in crate::sim) fn create(world: &mut World, ask: &Ask) -> Result<Answer, Answer> {
    let project = world.project(ask, ask.segment(1))?;
    ask.only_query(world, BAD, &["enterprise_project_id", "verify_cert_key"], &[])?;
    let fields: [Field; 3] =
        [("name", Shape::Text, true), ("content", Shape::Text, true), ("key", Shape::Text, true)];
    let body = ask.object(world, BAD, &fields)?;
    let name = named(world, ask, text(&body, "name"))?;
    let content = content(text(&body, "content"), &Secret::new(text(&body, "key").to_owned()))?;
    let made = StoredCertificate::new(Target::Waf, &project, &name, content, ask.now);
    let answer = whole(world, &made, ask.now).told(format!("create {name} as {}", made.id));
    world.certificates.push(made);
    Ok(answer)
}

/// `PUT /v1/{project_id}/waf/certificate/{id}`: the name, and the content when both parts are sent.
pub(in crate::sim) fn update(world: &mut World, ask: &Ask) -> Result<Answer, Answer> {
    let project = world.project(ask, ask.segment(1))?;
    ask.only_query(world, BAD, &["enterprise_project_id"], &[])?;
    let fields: [Field; 3] =
        [("name", Shape::Text, true), ("content", Shape::Text, false), ("key", Shape::Text, false)];
    let body = ask.object(world, BAD, &fields)?;
    let name = named(world, ask, text(&body, "name"))?;
    if body.contains_key("content") != body.contains_key("key") {
        return Err(ask.breach(world, BAD, "content and key go together"));
    }
    let content = match body.get("content").and_then(Value::as_str) {
        Some(pem) => Some(content(pem, &Secret::new(text(&body, "key").to_owned()))?),
        None => None,
    };
    let found = world.stored_mut(Target::Waf, &project, ask.segment(4)).ok_or_else(missing)?;
    found.name = name;
    if let Some(content) = content {
        found.replace(content, ask.now);
    }
    found.updated = ask.now;
    Ok(Answer::json(200, &brief(found)).told(format!("update {}", found.name)))
}

/// `DELETE /v1/{project_id}/waf/certificate/{id}`: refused while a host serves it.
pub(in crate::sim) fn delete(world: &mut World, ask: &Ask) -> Result<Answer, Answer> {
    let project = world.project(ask, ask.segment(1))?;
    ask.only_query(world, BAD, &["enterprise_project_id"], &[])?;
    let id = ask.segment(4);
    let found = world.stored(Target::Waf, &project, id).ok_or_else(missing)?;
    if hosts_of(world, found).next().is_some() {
        return Err(Answer::error(400, IN_USE, "The certificate is used by a domain name."));
    }
    let answer = Answer::json(200, &brief(found)).told(format!("delete {}", found.name));
    world.certificates.retain(|other| other.target != Target::Waf || other.id != id);
    Ok(answer)
}

/// `POST /v1/{project_id}/waf/certificate/{id}/apply-to-hosts`: all of them, or none when one is not
/// there.
pub(in crate::sim) fn apply(world: &mut World, ask: &Ask) -> Result<Answer, Answer> {
    let project = world.project(ask, ask.segment(1))?;
    ask.only_query(world, BAD, &["enterprise_project_id"], &[])?;
    let fields =
        [("cloud_host_ids", Shape::Texts, false), ("premium_host_ids", Shape::Texts, false)];
    let body = ask.object(world, BAD, &fields)?;
    let wanted: Vec<(&str, bool)> = [("cloud_host_ids", false), ("premium_host_ids", true)]
        .into_iter()
        .flat_map(|(key, premium)| texts(&body, key).into_iter().map(move |id| (id, premium)))
        .collect();
    if wanted.is_empty() {
        return Err(ask.breach(world, BAD, "no host to apply the certificate to"));
    }
    let found = world.stored(Target::Waf, &project, ask.segment(4)).ok_or_else(missing)?.clone();
    let mut places = Vec::new();
    for (id, premium) in wanted {
        let place = world
            .hosts
            .iter()
            .position(|host| host.id == id && host.premium == premium && host.project == project);
        places.push(place.ok_or_else(missing)?);
    }
    for place in &places {
        world.hosts[*place].bind(&found.id, &found.name);
        world.scribble(Site::Host(*place));
    }
    let mut answer = brief(&found);
    answer["bind_host"] = bind_host(world, &found);
    let told = format!("apply {} to {} host(s)", found.name, places.len());
    Ok(Answer::json(200, &answer).told(told))
}

fn named(world: &mut World, ask: &Ask, name: &str) -> Result<String, Answer> {
    let fits = (1..=NAME_CHARS_MAX).contains(&name.chars().count());
    if fits && name.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c)) {
        return Ok(name.to_owned());
    }
    Err(ask.breach(world, BAD, "field \"name\" is no name of a certificate"))
}

fn content(pem: &str, key: &Secret) -> Result<Content, Answer> {
    Content::read(pem, key).map_err(|why| Answer::error(400, UNREADABLE, why))
}

fn brief(found: &StoredCertificate) -> Value {
    json!({
        "id": found.id,
        "name": found.name,
        "expire_time": found.not_after.millis(),
        "timestamp": found.created.millis(),
    })
}
