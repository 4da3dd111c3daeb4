//! IAM: the id of a project by its name.

use serde::Deserialize;

use super::client::{self, Call};
use super::{Cloud, Result};
use crate::model::failure::Kind;
use crate::model::target::Api;

#[derive(Deserialize)]
struct Body {
    projects: Vec<Project>,
}

#[derive(Deserialize)]
struct Project {
    id: String,
    name: Option<String>,
}

/// The id of the project of exactly this name: `GET /v3/projects?name=`. None, or more than one,
/// is [`Kind::NotFound`] with a sentence.
pub(super) async fn project_id(cloud: &Cloud, name: &str) -> Result<String> {
    let call = Call::get(Api::Iam, "look up the project", "/v3/projects").query("name", name);
    let body: Body = client::json(cloud, &call).await?;
    let mut named: Vec<Project> = body
        .projects
        .into_iter()
        .filter(|project| project.name.as_deref().is_none_or(|found| found == name))
        .collect();
    match (named.pop(), named.len()) {
        (Some(project), 0) => Ok(project.id),
        (None, _) => {
            Err(call.failure(Kind::NotFound, &format!("there is no project named {name:?}")))
        }
        (Some(_), more) => {
            let message = format!("{} projects are named {name:?}: set project_id", more + 1);
            Err(call.failure(Kind::NotFound, &message))
        }
    }
}
