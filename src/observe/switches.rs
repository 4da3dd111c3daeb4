//! An SSL switch: the job that the journal waits for, and the list of recent tasks. There is no
//! call that tells the state itself.

use std::time::Duration;

use super::instance;
use crate::cloud::{Cloud, Result, taurusdb};
use crate::config::InstanceSsl;
use crate::model::failure::Kind;
use crate::model::time::Time;
use crate::plan::needs::SwitchNeed;
use crate::plan::observed::{JobState, SwitchJob, SwitchSeen};
use crate::plan::ssl;

/// How far back the task list is read: a switch of which the journal knows nothing must still be
/// found when somebody loses the journal weeks later.
const TASKS_SINCE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The entry with nothing looked at.
pub fn unseen(entry: &InstanceSsl, now: Time) -> SwitchSeen {
    SwitchSeen {
        name: entry.name.clone(),
        cloud: entry.cloud.clone(),
        instance_id: entry.instance_id.clone(),
        on: entry.enabled,
        allow_restart: entry.allow_restart,
        assume: entry.assume,
        looked_at: now,
        job: None,
        jobs: None,
        probe: entry.probe.as_ref().map(|probe| probe.text.clone()),
        greeting: None,
        window: entry.window.clone(),
    }
}

/// Looks at what the planner needs.
pub async fn look(cloud: &Cloud, entry: &InstanceSsl, need: &SwitchNeed, now: Time) -> SwitchSeen {
    let mut seen = unseen(entry, now);
    if let Some(job) = &need.job {
        seen.job = Some(taurusdb::job(cloud, job).await.map(state));
    }
    if need.jobs {
        seen.jobs = Some(tasks(cloud, entry, now).await);
    }
    // Before its job has ended a greeting proves nothing, and each reading counts against this host.
    let ended = match &seen.job {
        None | Some(Ok(JobState::Completed | JobState::Failed(_))) => true,
        Some(Err(failure)) => failure.kind == Kind::NotFound,
        Some(Ok(JobState::Running)) => false,
    };
    let restarts = ssl::running(&seen, now).is_some();
    if let Some(probe) = entry.probe.as_ref().filter(|_| need.greeting && ended && !restarts) {
        seen.greeting = Some(instance::greeting(probe).await);
    }
    // Settled as it seemed, the instance says otherwise: before any switch the list must be read.
    let contradicts = matches!(&seen.greeting, Some(Ok(shown)) if *shown != entry.enabled);
    if contradicts && need.job.is_none() && seen.jobs.is_none() {
        seen.jobs = Some(tasks(cloud, entry, now).await);
    }
    seen
}

/// The recent switches of this instance, whoever asked for them.
async fn tasks(cloud: &Cloud, entry: &InstanceSsl, now: Time) -> Result<Vec<SwitchJob>> {
    let jobs = taurusdb::switch_jobs(cloud, &entry.instance_id, now - TASKS_SINCE).await;
    jobs.map(|jobs| jobs.into_iter().map(row).collect())
}

fn state(state: taurusdb::JobState) -> JobState {
    match state {
        taurusdb::JobState::Running => JobState::Running,
        taurusdb::JobState::Completed => JobState::Completed,
        taurusdb::JobState::Failed(reason) => JobState::Failed(reason),
    }
}

fn row(job: taurusdb::SwitchJob) -> SwitchJob {
    let ended = ["completed", "failed"].contains(&job.status.to_ascii_lowercase().as_str());
    SwitchJob { job_id: job.job_id, created: job.created, ended }
}
