//! What is inside certificates that a service lists without their PEM. Each is shown once, and again within a day
//! or when its row has changed: of ten thousand, a cycle asks for what is new.

mod looks;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::task::JoinSet;

pub(super) use looks::{Look, Looks};

use super::copies::Standing;
use crate::cloud::{Cloud, Copy, waf};
use crate::model::failure::{Failure, Kind};
use crate::model::names::Name;
use crate::model::time::Time;
use crate::plan::needs;

/// So many are shown at once: each may wait for its turn where the service limits its callers, and as many turns as
/// this are never far ahead.
const SHOWN_AT_ONCE: usize = 32;

/// What was shown of each.
#[derive(Debug, Default)]
pub struct Shown {
    looks: Mutex<Looks>,
    changed: AtomicBool,
}

impl Shown {
    /// Whether anything was shown since this was asked last.
    pub(super) fn take_changed(&self) -> bool {
        self.changed.swap(false, Ordering::Relaxed)
    }

    /// Every certificate of this project in WAF, each with what is in it. What was shown before a failure is not
    /// asked for again.
    pub async fn of_waf(
        &self,
        cloud: &Cloud,
        project: &str,
        now: Time,
    ) -> Result<Vec<Standing>, Failure> {
        let listed = waf::certificates(cloud, project).await?;
        let account = &cloud.account().name;
        let ids: BTreeSet<_> = listed.iter().map(|copy| copy.id.clone()).collect();
        let (mut standing, mut closed) = (Vec::new(), Vec::new());
        for copy in listed {
            if copy.pem.is_some() {
                standing.push(Standing::listed(copy, None));
            } else if let Some(look) = self.known(account, project, &copy, now) {
                standing.push(Standing::new(copy, Some(look.inside)));
            } else {
                closed.push(copy);
            }
        }
        let (mut closed, mut asked, mut failed) = (closed.into_iter(), JoinSet::new(), None);
        loop {
            while failed.is_none()
                && asked.len() < SHOWN_AT_ONCE
                && let Some(copy) = closed.next()
            {
                let (cloud, project) = (cloud.clone(), project.to_owned());
                asked.spawn(async move { waf::shown(&cloud, &project, &copy).await });
            }
            let Some(ended) = asked.join_next().await else { break };
            match ended.unwrap_or_else(|_| Err(broken())) {
                Ok(Some(copy)) => {
                    let (id, stamp) = (copy.id.as_str().into(), copy.stamp.as_str().into());
                    let shown = Standing::listed(copy, None);
                    if let Some(inside) = shown.inside.clone() {
                        let look = Look { stamp, at: now, inside };
                        self.looks().insert(account, project, id, look);
                        self.changed.store(true, Ordering::Relaxed);
                    }
                    standing.push(shown);
                }
                // A row that is gone by the time it is shown is no copy any more.
                Ok(None) => {}
                // What else is under way is worth having: the next look goes on from there.
                Err(failure) => failed = failed.or(Some(failure)),
            }
        }
        if let Some(failure) = failed {
            return Err(failure);
        }
        self.looks().retain(account, project, |id| ids.contains(id));
        Ok(standing)
    }

    fn known(&self, account: &Name, project: &str, copy: &Copy, now: Time) -> Option<Look> {
        let is_it = |look: &&Look| *look.stamp == copy.stamp;
        let look = self.looks().get(account, project, &copy.id).filter(is_it).cloned()?;
        // Either way round: the clock may have been set back since.
        let age = now.since(look.at).max(look.at.since(now));
        (age < needs::recheck_after(&(account, project, &copy.id))).then_some(look)
    }

    pub(super) fn looks(&self) -> MutexGuard<'_, Looks> {
        self.looks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<Looks> for Shown {
    fn from(looks: Looks) -> Self {
        Self { looks: Mutex::new(looks), changed: AtomicBool::new(false) }
    }
}

/// A look that panicked has logged itself. What it looked at is not absent for that.
fn broken() -> Failure {
    Failure::local(Kind::Transient, "show certificate", "the look failed inside certrotd")
}
