//! TaurusDB's half: the SSL switch, its job, and the list of recent tasks. Nothing here tells
//! whether SSL is on, because nothing in the real API does; the instance's own greeting does.

use std::time::Duration;

use chrono::{DateTime, FixedOffset};
use serde_json::{Value, json};

use super::answer::Answer;
use super::ask::{Ask, Shape};
use super::world::{SslJob, World, fresh_uuid};
use crate::model::time::Time;

const BAD: &str = "DBS.200001";
/// The name of the job that an SSL switch becomes.
const JOB_NAME: &str = "GaussDBforMySQLSwitchSSL";
/// Length and end of a TaurusDB instance's id.
const ID_CHARS: usize = 36;
const ID_END: &str = "in07";
/// The documented page sizes of the task list.
const LIMITS: [usize; 3] = [10, 20, 50];
/// Job times are written in China's zone, as seconds east.
const ZONE_SECS: i32 = 8 * 3600;
const MOMENT: &str = "%Y-%m-%dT%H:%M:%S%z";
const STATES: [&str; 4] = ["Pending", "Running", "Completed", "Failed"];
/// The first so-manieth part of a job's time it is pending.
const PENDING_PART: u32 = 5;

/// `PUT /v3/{project_id}/instances/{instance_id}/ssl-option`: restarts the instance, each time.
pub(super) fn switch(world: &mut World, ask: &Ask) -> Result<Answer, Answer> {
    world.project(ask, ask.segment(1))?;
    ask.only_query(world, BAD, &[], &[])?;
    let body = ask.object(world, BAD, &[("ssl_option", Shape::Flag, true)])?;
    let on = body["ssl_option"] == json!(true);
    let instance = ask.segment(3).to_owned();
    if instance.len() != ID_CHARS || !instance.ends_with(ID_END) {
        return Err(ask.breach(
            world,
            BAD,
            "an instance id of 36 characters that end in in07 is expected",
        ));
    }
    if !world.settings.taurusdb.contains(&instance) {
        return Err(Answer::error(404, "DBS.200002", "The DB instance does not exist."));
    }
    if world.jobs.iter().any(|job| job.instance == instance && ask.now < job.ends) {
        let text = "Another operation is being performed on the DB instance. Try again later.";
        return Err(Answer::error(409, "DBS.201014", text));
    }
    let ends = ask.now + world.settings.job_time;
    let failure = (!world.job_failures.is_empty()).then(|| world.job_failures.remove(0));
    let job = SslJob { id: fresh_uuid(), instance, on, created: ask.now, ends, failure };
    let body = json!({ "job_id": job.id });
    let told = format!("ssl_option {on} → job {}", &job.id[..8]);
    world.jobs.push(job);
    world.edges.wake();
    Ok(Answer::json(200, &body).told(told))
}

/// `GET /v3/{project_id}/jobs?id=…`.
pub(super) fn job(world: &mut World, ask: &Ask) -> Result<Answer, Answer> {
    world.project(ask, ask.segment(1))?;
    ask.only_query(world, BAD, &["id"], &[])?;
    ask.no_body(world, BAD)?;
    let id = ask.param("id").unwrap_or_default();
    let Some(job) = world.jobs.iter().find(|job| job.id == id) else {
        return Err(Answer::error(404, "DBS.200002", "The job does not exist."));
    };
    let status = job.status(ask.now);
    let body = json!({ "job": {
        "id": job.id,
        "name": JOB_NAME,
        "status": status,
        "created": moment(job.created),
        "ended": if job.ends <= ask.now { moment(job.ends) } else { String::new() },
        "process": if status == "Running" { "60%" } else { "" },
        "instance": { "id": job.instance, "name": "simulated" },
        "entities": {},
        "fail_reason": if status == "Failed" { job.failure.clone() } else { None },
    }});
    Ok(Answer::json(200, &body).told(format!("job {} {status}", &job.id[..8])))
}

/// `GET /v3/{project_id}/immediate-jobs`: newest first.
pub(super) fn immediate_jobs(world: &mut World, ask: &Ask) -> Result<Answer, Answer> {
    world.project(ask, ask.segment(1))?;
    let keys = ["status", "job_name", "job_id", "offset", "limit", "start_time", "end_time"];
    ask.only_query(world, BAD, &keys, &[])?;
    ask.no_body(world, BAD)?;
    let limit = ask.number(world, BAD, "limit", LIMITS[0], |limit| LIMITS.contains(&limit))?;
    let offset = ask.number(world, BAD, "offset", 0, |_| true)?;
    let since = parsed(world, ask, "start_time")?;
    let until = parsed(world, ask, "end_time")?;
    if ask.param("status").is_some_and(|status| !STATES.contains(&status)) {
        return Err(ask.breach(world, BAD, "query parameter \"status\" is unknown"));
    }
    let mut found: Vec<&SslJob> = world
        .jobs
        .iter()
        .filter(|job| ask.now >= job.created + world.settings.job_lag)
        .filter(|_| ask.param("job_name").is_none_or(|name| name == JOB_NAME))
        .filter(|job| ask.param("job_id").is_none_or(|id| id == job.id))
        .filter(|job| ask.param("status").is_none_or(|status| status == job.status(ask.now)))
        // The list's times are whole seconds, so its bounds are too.
        .filter(|job| since.is_none_or(|since| job.created.secs() >= since.secs()))
        .filter(|job| until.is_none_or(|until| job.created.secs() <= until.secs()))
        .collect();
    found.reverse();
    let total = found.len();
    let rows: Vec<Value> =
        world.page(found, offset, limit).iter().map(|job| row(job, ask.now)).collect();
    let told = format!("{} of {total}", rows.len());
    let body = json!({ "jobs": rows, "total_count": total, "action_names": [JOB_NAME] });
    Ok(Answer::json(200, &body).told(told))
}

impl SslJob {
    /// The status at this moment, in the service's words.
    pub fn status(&self, now: Time) -> &'static str {
        let length = self.ends.since(self.created);
        match now {
            now if now < self.created + pending(length) => STATES[0],
            now if now < self.ends => STATES[1],
            _ if self.failure.is_none() => STATES[2],
            _ => STATES[3],
        }
    }
}

fn pending(length: Duration) -> Duration {
    length / PENDING_PART
}

fn row(job: &SslJob, now: Time) -> Value {
    let status = job.status(now);
    json!({
        "instance_id": job.instance,
        "instance_name": "simulated",
        "instance_status": "normal",
        "job_id": job.id,
        "order_id": null,
        "job_name": JOB_NAME,
        "status": status,
        "process": if status == "Running" { "60%" } else { "" },
        "created_time": moment(job.created),
        "ended_time": if job.ends <= now { moment(job.ends) } else { String::new() },
        "fail_reason": if status == "Failed" { job.failure.clone() } else { None },
        "show_detail": false,
        "extend_fields": null,
    })
}

fn parsed(world: &mut World, ask: &Ask, key: &str) -> Result<Option<Time>, Answer> {
    let Some(text) = ask.param(key) else { return Ok(None) };
    match DateTime::parse_from_str(text, MOMENT) {
        Ok(moment) => Ok(Some(Time::from(moment.to_utc()))),
        Err(_) => Err(ask.breach(
            world,
            BAD,
            &format!("query parameter {key:?} is not like 2026-01-31T08:00:00+0800"),
        )),
    }
}

fn moment(time: Time) -> String {
    let utc = time.to_utc();
    match FixedOffset::east_opt(ZONE_SECS) {
        Some(zone) => utc.with_timezone(&zone).format(MOMENT).to_string(),
        None => utc.format(MOMENT).to_string(),
    }
}
