//! Effect: one step, one change to the world. Nothing here decides.

pub mod bind;
pub mod hook;

use std::sync::Arc;

use crate::cert::{CaBundle, CaFacts, Material};
use crate::cloud::{Cloud, elb, scm, taurusdb, waf};
use crate::config::InstanceCa;
use crate::files;
use crate::model::digest::Sha256;
use crate::model::failure::{Failure, Kind};
use crate::model::names::Subject;
use crate::model::target::Target;
use crate::plan::Step;
use crate::plan::action::{Action, Retired};

/// The bytes that travel beside a plan, from the look that the plan rests on.
#[derive(Debug, Clone)]
pub enum Payload {
    /// The step needs none.
    None,
    /// What an import sends.
    Pair(Arc<Material>),
    /// What may go into a CA file: the CAs that are published, and those that it holds.
    Authorities(Arc<Vec<CaFacts>>),
}

/// What a step acts on, beside its payload.
#[derive(Debug, Clone)]
pub enum Place {
    /// The cloud of the entry.
    Cloud(Cloud),
    /// The CA file of the entry.
    File(Box<InstanceCa>),
}

/// Has the effect. Gives the id that the world gave it, where there is one.
pub async fn run(step: &Step, place: &Place, payload: &Payload) -> Result<Option<String>, Failure> {
    match (&step.action, place, payload) {
        (Action::Import { key }, Place::Cloud(cloud), Payload::Pair(material)) => {
            let name = step.subject.name().of_import(&key.leaf);
            let import = scm::Import {
                name: &name,
                certificate: &material.certificate,
                chain: &material.chain,
                private_key: &material.private_key,
                enterprise_project_id: key.enterprise_project.as_deref(),
            };
            scm::import(cloud, &import).await.map(Some)
        }
        (Action::Push { scm_id, target, project, .. }, Place::Cloud(cloud), _) => {
            scm::push(cloud, scm_id, *target, project).await.map(|()| None)
        }
        (Action::Bind { key, place, id, instead_of }, Place::Cloud(cloud), _) => {
            let name = step.subject.name().of_import(&key.leaf);
            let enterprise_project = key.enterprise_project.as_deref();
            let binding = bind::Binding { id, instead_of, name: &name, enterprise_project };
            bind::run(cloud, place, &binding).await.map(|()| None)
        }
        (Action::Retire { what, .. }, Place::Cloud(cloud), _) => {
            retire(cloud, what).await.map(|()| None)
        }
        (Action::SwitchSsl { instance_id, on, .. }, Place::Cloud(cloud), _) => {
            taurusdb::switch_ssl(cloud, instance_id, *on).await.map(Some)
        }
        (
            Action::InstallCa { authorities, sha256, .. },
            Place::File(entry),
            Payload::Authorities(known),
        ) => {
            let of = |digest: &Sha256| known.iter().find(|it| it.sha256 == *digest).cloned();
            let bundle = CaBundle::of(authorities.iter().filter_map(of).collect());
            if bundle.sha256 != *sha256 {
                return Err(unfit(&step.subject));
            }
            install(entry, bundle).await.map(|()| None)
        }
        (Action::RunHook { sha256, .. }, Place::File(entry), _) => {
            hook::run(entry, sha256).await.map(|()| None)
        }
        _ => Err(unfit(&step.subject)),
    }
}

async fn retire(cloud: &Cloud, what: &Retired) -> Result<(), Failure> {
    match what {
        Retired::Import { scm_id } => scm::delete(cloud, scm_id).await,
        Retired::Copy { target: Target::Elb, project, id } => {
            elb::delete_certificate(cloud, project, id).await
        }
        Retired::Copy { target: Target::Waf, project, id } => {
            waf::delete_certificate(cloud, project, id).await
        }
        Retired::Copy { target: Target::Cdn, .. } => {
            let words = "CDN keeps no copies of its own";
            Err(Failure::local(Kind::Permanent, "delete certificate", words))
        }
    }
}

async fn install(entry: &InstanceCa, bundle: CaBundle) -> Result<(), Failure> {
    let (path, attributes) = (entry.path.clone(), entry.attributes());
    let write = move || files::atomic::replace(&path, bundle.pem.as_bytes(), &attributes);
    let failed = |error: &dyn std::fmt::Display| {
        let words = format!("{}: {error}", entry.path.display());
        Failure::local(Kind::Transient, "install CA file", words)
    };
    match tokio::task::spawn_blocking(write).await {
        Ok(written) => written.map_err(|error| failed(&error)),
        Err(stopped) => Err(failed(&stopped)),
    }
}

/// A step whose bytes are no longer at hand is not taken; the next look brings them again.
fn unfit(subject: &Subject) -> Failure {
    Failure::local(
        Kind::Transient,
        "start step",
        format!("the bytes for {subject} are not at hand"),
    )
}
