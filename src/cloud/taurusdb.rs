//! TaurusDB: the SSL switch, its jobs, and the list of what was switched lately.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::client::{self, Call};
use super::{Cloud, Result};
use crate::model::failure::Kind;
use crate::model::target::Api;
use crate::model::time::Time;

/// The instant-task list's name for a switch of SSL.
const SWITCH_JOB: &str = "GaussDBforMySQLSwitchSSL";
/// Tasks a page: the list takes 10, 20 or 50.
const PAGE_ITEMS: usize = 50;
/// Pages that are read before we say that this is not a list to look through.
const PAGES_MAX: usize = 20;
/// How far past our clock the list is asked, for a cloud whose clock is ahead of ours: the gateway
/// refuses signatures that are further off.
const CLOCK_SKEW_MAX: Duration = Duration::from_secs(15 * 60);
/// How the service writes and reads moments.
const TIME_FORMAT: &str = "%Y-%m-%dT%H:%M:%S%z";

#[derive(Serialize)]
struct SwitchBody {
    ssl_option: bool,
}

#[derive(Deserialize)]
struct Switched {
    job_id: Option<String>,
}

/// Switches SSL, which **restarts the instance at once**, and returns the job's id:
/// `PUT /v3/{project_id}/instances/{instance_id}/ssl-option`. An answer without an id is [`Kind::Lost`].
pub async fn switch_ssl(cloud: &Cloud, instance_id: &str, on: bool) -> Result<String> {
    let (project, project_id) = cloud.own_project().await?;
    let path = format!(
        "/v3/{}/instances/{}/ssl-option",
        client::segment(&project_id),
        client::segment(instance_id)
    );
    let call = Call::put(Api::TaurusDb, "switch SSL", path)
        .project(&project, &project_id)
        .body(&SwitchBody { ssl_option: on })?
        .write();
    let switched: Switched = client::json(cloud, &call).await?;
    switched
        .job_id
        .filter(|id| !id.is_empty())
        .ok_or_else(|| call.failure(Kind::Lost, "the answer has no job id"))
}

/// How a job stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobState {
    /// Not begun or under way.
    Running,
    /// Done.
    Completed,
    /// Failed, with the service's reason.
    Failed(String),
}

#[derive(Deserialize)]
struct JobBody {
    job: Option<Job>,
}

#[derive(Deserialize)]
struct Job {
    #[serde(default)]
    status: String,
    fail_reason: Option<String>,
}

/// How this job stands: `GET /v3/{project_id}/jobs?id=`. [`Kind::NotFound`] when the service knows none
/// of that id, [`Kind::Unusable`] for a state that its document does not name.
pub async fn job(cloud: &Cloud, job_id: &str) -> Result<JobState> {
    let (project, project_id) = cloud.own_project().await?;
    let path = format!("/v3/{}/jobs", client::segment(&project_id));
    let call = Call::get(Api::TaurusDb, "look at the job", path)
        .project(&project, &project_id)
        .query("id", job_id);
    let body: JobBody = client::json(cloud, &call).await?;
    let job = body
        .job
        .ok_or_else(|| call.failure(Kind::NotFound, "the service knows no job of this id"))?;
    match job.status.to_ascii_lowercase().as_str() {
        "pending" | "running" => Ok(JobState::Running),
        "completed" => Ok(JobState::Completed),
        "failed" => Ok(JobState::Failed(client::bounded(&job.fail_reason.unwrap_or_default()))),
        other => {
            let message = format!("the job is in the unknown state {:?}", client::bounded(other));
            Err(call.failure(Kind::Unusable, &message))
        }
    }
}

/// A switch of SSL that the instant-task list knows. It does not say in which direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SwitchJob {
    /// The job's id.
    pub job_id: String,
    /// When it was begun.
    pub created: Time,
    /// `Pending`, `Running`, `Completed` or `Failed`, as the service writes it.
    pub status: String,
}

#[derive(Deserialize)]
struct JobPage {
    jobs: Vec<JobRow>,
    total_count: Option<usize>,
}

#[derive(Deserialize)]
struct JobRow {
    job_id: String,
    instance_id: Option<String>,
    job_name: Option<String>,
    status: Option<String>,
    created_time: Option<String>,
}

/// Every switch of SSL on this instance since that moment, from the instant-task list:
/// `GET /v3/{project_id}/immediate-jobs`. All or nothing: a list that could not be read to its end,
/// or a row without a moment, is a failure, because a database is never restarted on a guess.
pub async fn switch_jobs(cloud: &Cloud, instance_id: &str, since: Time) -> Result<Vec<SwitchJob>> {
    let (project, project_id) = cloud.own_project().await?;
    let until = cloud.now() + CLOCK_SKEW_MAX;
    let mut seen = BTreeSet::new();
    let mut jobs = Vec::new();
    for _ in 0..PAGES_MAX {
        let path = format!("/v3/{}/immediate-jobs", client::segment(&project_id));
        let call = Call::get(Api::TaurusDb, "list the instance's tasks", path)
            .project(&project, &project_id)
            .query("job_name", SWITCH_JOB)
            .query("start_time", since.to_utc().format(TIME_FORMAT))
            .query("end_time", until.to_utc().format(TIME_FORMAT))
            .query("offset", seen.len())
            .query("limit", PAGE_ITEMS)
            .list();
        let page: JobPage = client::json(cloud, &call).await?;
        let rows = page.jobs.len();
        let before = seen.len();
        for row in page.jobs {
            if seen.insert(row.job_id.clone()) && is_switch_of(&row, instance_id) {
                jobs.push(switch_job(&call, row)?);
            }
        }
        let complete = page.total_count.map_or(rows < PAGE_ITEMS, |total| seen.len() >= total);
        if complete {
            return Ok(jobs);
        }
        if seen.len() == before {
            return Err(call.failure(Kind::Unusable, "the list of tasks is shorter than it says"));
        }
    }
    Err(Call::get(Api::TaurusDb, "list the instance's tasks", "")
        .failure(Kind::Unusable, "the list of tasks does not end"))
}

/// A row that names no instance might be any instance's.
fn is_switch_of(row: &JobRow, instance_id: &str) -> bool {
    row.instance_id.as_deref().is_none_or(|id| id == instance_id)
        && row.job_name.as_deref().is_none_or(|name| name == SWITCH_JOB)
}

fn switch_job(call: &Call, row: JobRow) -> Result<SwitchJob> {
    let created = row.created_time.as_deref().and_then(moment).ok_or_else(|| {
        call.failure(Kind::Unusable, "a task of the list does not say when it was begun")
    })?;
    Ok(SwitchJob { job_id: row.job_id, created, status: row.status.unwrap_or_default() })
}

/// Reads `+0800`, `+08:00` and `Z`, each with or without a fraction of a second.
fn moment(text: &str) -> Option<Time> {
    let moment = DateTime::parse_from_rfc3339(text)
        .or_else(|_| DateTime::parse_from_str(text, TIME_FORMAT))
        .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z"))
        .ok()?;
    Some(moment.with_timezone(&Utc).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_come_with_several_kinds_of_offset() {
        let noon = Some(Time::from_secs(1_795_348_800));
        for text in [
            "2026-11-22T12:00:00Z",
            "2026-11-22T12:00:00+0000",
            "2026-11-22T20:00:00+0800",
            "2026-11-22T20:00:00+08:00",
            "2026-11-22T12:00:00.000Z",
        ] {
            assert_eq!(moment(text), noon, "{text}");
        }
        assert_eq!(moment("yesterday"), None);
    }
}
