//! The switches of instances: what they publish, what they present, and whether their SSL is on.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{DAY_SECS, DAYS, scripted};
use crate::model::target::CaSource;
use crate::model::time::Time;
use crate::sim::answer::Answer;
use crate::sim::ask::Ask;
use crate::sim::greeter::Speech;
use crate::sim::instance_setup::{CaFile, CaInstance, CcmCertificate};
use crate::sim::instances;
use crate::sim::pki;
use crate::sim::settings::Pair;
use crate::sim::world::World;

/// The answer, when the switch is one of these.
pub(super) fn handle(world: &mut World, ask: &Ask) -> Option<Answer> {
    let wish: Value = serde_json::from_slice(&ask.body).unwrap_or_default();
    let id = wish["instance"].as_str().unwrap_or_default();
    Some(match (ask.method.as_str(), ask.segment(1)) {
        ("GET", "instances") => Answer::json(200, &all(world, ask.now)),
        ("POST", "publish") => published(world, id, &wish),
        ("POST", "present") => presented(world, ask, id, &wish),
        ("POST", "fail-job") => {
            world.job_failures.push(wish["reason"].as_str().unwrap_or("no reason").to_owned());
            Answer::empty(204)
        }
        ("POST", "ssl") => match wish["on"].as_bool() {
            Some(on) => done(instances::set_ssl(world, id, on, ask.now)),
            None => Answer::text(400, "on: true or false"),
        },
        _ => return None,
    })
}

fn done(done: bool) -> Answer {
    if done { Answer::empty(204) } else { Answer::text(404, "no such instance") }
}

/// Id → service, whether SSL is on, and the address of those that listen.
fn all(world: &World, now: Time) -> Value {
    let publishing = world.settings.instances.iter();
    let publishing = publishing.map(|found| (found.id.as_str(), found.source.api().key()));
    let taurusdb = world.settings.taurusdb.iter().map(|id| (id.as_str(), "taurusdb"));
    let told = publishing.chain(taurusdb).map(|(id, service)| {
        let address = world.running.address(id).map(|address| address.to_string());
        let ends = world.running.ends(id).map(|ends| ends.to_string());
        let ssl = world.ssl(id, now);
        let told =
            json!({ "service": service, "ssl": ssl, "address": address, "certificate_ends": ends });
        (id.to_owned(), told)
    });
    told.collect::<Map<_, _>>().into()
}

/// `{"instance", "pem"}`: in every category and the forms that they have. With `category` or `form` (`pem`,
/// `zip`, `der`, `zip_of_der`, `text`): that category alone, in that form. Without `pem`: the CA of the
/// scripts' authority.
fn published(world: &mut World, id: &str, wish: &Value) -> Answer {
    let pem = pem(world, wish);
    let (category, form) = (wish["category"].as_str(), wish["form"].as_str());
    if category.is_none() && form.is_none() {
        return done(instances::set_ca(world, id, &pem));
    }
    match file(form, &pem) {
        Some(file) => {
            done(instances::publish(world, id, category.unwrap_or("international"), file))
        }
        None => Answer::text(400, "form: pem, zip, der, zip_of_der or text"),
    }
}

fn pem(world: &mut World, wish: &Value) -> String {
    let own = wish["pem"].as_str().map(str::to_owned);
    own.unwrap_or_else(|| scripted(world).ca_pem().to_owned())
}

fn file(form: Option<&str>, pem: &str) -> Option<CaFile> {
    Some(match form {
        None | Some("pem") => CaFile::Pem(pem.to_owned()),
        Some("zip") => CaFile::Zip(pem.to_owned()),
        Some("der") => CaFile::der(pem),
        Some("zip_of_der") => CaFile::zip_of_der(pem),
        Some("text") => CaFile::Bytes(pem.as_bytes().to_vec()),
        Some(_) => return None,
    })
}

/// `{"instance", "days", "self_signed"}`: presents a new certificate, and tells the CA that verifies it.
fn presented(world: &mut World, ask: &Ask, id: &str, wish: &Value) -> Answer {
    let (pair, ca) = certificate(world, ask, wish);
    match world.running.present(id, &pair) {
        Ok(()) => Answer::json(200, &json!({ "ca": ca })),
        Err(error) => Answer::text(404, &error),
    }
}

/// A certificate of the scripts' authority, or one that signed itself; and what verifies it.
fn certificate(world: &mut World, ask: &Ask, wish: &Value) -> (Pair, String) {
    let days = wish["days"].as_i64().unwrap_or(DAYS);
    let ends = Time::from_secs(ask.now.secs().saturating_add(days.saturating_mul(DAY_SECS)));
    let begins = ask.now.min(ends) - Duration::from_secs(DAY_SECS.unsigned_abs());
    if wish["self_signed"].as_bool().unwrap_or_default() {
        let pair = pki::self_signed(begins, ends);
        let ca = pair.fullchain.clone();
        return (pair, ca);
    }
    let authority = scripted(world);
    (authority.instance(begins, ends), authority.ca_pem().to_owned())
}

/// `{"kind": "instance", "id", "service", "form", "pem", "speech", "days", "self_signed", "ccm"}`: a new
/// instance that publishes a CA; with `speech` (`tls`, `postgres`, `mysql`), one that can be shaken hands
/// with; with `ccm` (`{"id", "kind"}`), one that serves a certificate of the certificate manager.
pub(super) fn furnished(world: &mut World, ask: &Ask, wish: &Value) -> Result<Answer, String> {
    let id = wish["id"].as_str().unwrap_or_default();
    let source: CaSource = serde_json::from_value(wish["service"].clone())
        .map_err(|_| "service: dcs, geminidb, rds, dds or gaussdb")?;
    if id.is_empty() || world.settings.instances.iter().any(|found| found.id == id) {
        return Err("id: one that no instance has".to_owned());
    }
    let (pair, ca) = certificate(world, ask, wish);
    let pem = wish["pem"].as_str().unwrap_or(&ca);
    let file = file(wish["form"].as_str(), pem).ok_or("form: pem, zip, der, zip_of_der or text")?;
    if let Some(speech) = wish.get("speech").filter(|speech| !speech.is_null()) {
        let speech: Speech =
            serde_json::from_value(speech.clone()).map_err(|_| "speech: tls, postgres or mysql")?;
        world.open_instance(id, speech, &pair).map_err(|error| error.to_string())?;
    }
    let text = |key: &str| wish["ccm"][key].as_str().map(str::to_owned);
    let ccm = text("id").zip(text("kind")).map(|(id, kind)| CcmCertificate { id, kind });
    world.settings.instances.push(CaInstance { ccm, ..CaInstance::new(source, id, file) });
    let address = world.running.address(id).map(|address| address.to_string());
    Ok(Answer::json(200, &json!({ "id": id, "address": address, "ca": ca })))
}
