//! Import: every documented check, and a new certificate each time.

use serde_json::json;

use super::{BAD, material};
use crate::model::digest::{Sha1, Sha256};
use crate::model::secret::Secret;
use crate::sim::answer::Answer;
use crate::sim::ask::{Ask, Field, Shape, text};
use crate::sim::world::{ScmCertificate, World};

/// Name lengths that the current documents allow, in characters.
const NAME_CHARS: std::ops::RangeInclusive<usize> = 3..=63;

const FIELDS: &[Field] = &[
    ("name", Shape::Text, true),
    ("certificate", Shape::Text, true),
    ("certificate_chain", Shape::Text, false),
    ("private_key", Shape::Text, true),
    ("duplicate_check", Shape::Flag, false),
    ("enterprise_project_id", Shape::Text, false),
];

/// `POST /v3/scm/certificates/import`. The same pair twice makes two certificates.
pub(in crate::sim) fn import(world: &mut World, ask: &Ask) -> Result<Answer, Answer> {
    world.account(ask)?;
    ask.only_query(world, BAD, &[], &[])?;
    let body = ask.object(world, BAD, FIELDS)?;
    let name = text(&body, "name");
    if !is_name(name) {
        return Err(Answer::error(400, "SCM.0032", "Invalid certificate name."));
    }
    let chain = text(&body, "certificate_chain");
    if chain.is_empty() && body.contains_key("certificate_chain") {
        return Err(Answer::error(400, "SCM.0054", "The certificate chain is empty."));
    }
    let certificate = text(&body, "certificate");
    let (der, leaf) = material::check(certificate, chain, text(&body, "private_key"), ask.now)?;
    if world.imports.len() >= world.settings.import_quota {
        return Err(Answer::error(400, "SCM.0011", "The certificate quota has been reached."));
    }
    let project = match text(&body, "enterprise_project_id") {
        "" => "0",
        "all" => {
            return Err(ask.breach(world, BAD, "a certificate lies in one enterprise project"));
        }
        project => project,
    };
    let id = world.certificate_id(ask.now);
    let mut names = leaf.names.into_iter();
    world.imports.push(ScmCertificate {
        id: id.clone(),
        name: name.to_owned(),
        sha256: Sha256::of(&der),
        sha1: Sha1::of(&der),
        created: ask.now,
        domain: names.next().unwrap_or_default(),
        sans: names.collect(),
        not_before: leaf.not_before,
        not_after: leaf.not_after,
        signature_algorithm: leaf.signature_algorithm,
        family: leaf.family,
        fullchain: [certificate, chain].join("\n").trim_end().to_owned(),
        key: Secret::new(text(&body, "private_key").to_owned()),
        enterprise_project_id: project.to_owned(),
    });
    Ok(Answer::json(200, &json!({ "certificate_id": id })).told(format!("import {name} → {id}")))
}

fn is_name(name: &str) -> bool {
    NAME_CHARS.contains(&name.chars().count())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))
}
