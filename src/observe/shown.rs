//! What is inside certificates that a service lists without their PEM. Each is shown once, and again within a day
//! or when its row has changed: of ten thousand, a cycle asks for what is new.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::task::JoinSet;

use super::copies::{Inside, Standing};
use crate::cloud::{Cloud, Copy, waf};
use crate::model::failure::Failure;
use crate::model::names::Name;
use crate::model::time::Time;
use crate::plan::needs;

/// What was shown of each.
#[derive(Debug, Default)]
pub struct Shown(Mutex<BTreeMap<Key, Look>>);

/// An account, a project's name, and the service's id of a certificate.
type Key = (Name, String, String);

/// What one look showed.
#[derive(Debug, Clone)]
struct Look {
    /// The row as it was then.
    stamp: String,
    at: Time,
    inside: Option<Inside>,
}

impl Shown {
    /// Every certificate of this project in WAF, each with what is in it. What was shown before a failure is not
    /// asked for again.
    pub async fn of_waf(
        &self,
        cloud: &Cloud,
        project: &str,
        now: Time,
    ) -> Result<Vec<Standing>, Failure> {
        let listed = waf::certificates(cloud, project).await?;
        let of = |copy: &Copy| (cloud.account().name.clone(), project.to_owned(), copy.id.clone());
        let keys: BTreeSet<_> = listed.iter().map(of).collect();
        let (mut standing, mut asked) = (Vec::new(), JoinSet::new());
        for copy in listed {
            let key = of(&copy);
            if copy.pem.is_some() {
                standing.push(Standing::from(copy));
            } else if let Some(look) = self.known(&key, &copy, now) {
                standing.push(Standing::new(copy, look.inside));
            } else {
                let (cloud, project) = (cloud.clone(), project.to_owned());
                asked.spawn(async move { (key, waf::shown(&cloud, &project, &copy).await) });
            }
        }
        while let Some(ended) = asked.join_next().await {
            let Ok((key, shown)) = ended else { continue };
            // A row that is gone by the time it is shown is no copy any more.
            let Some(copy) = shown? else { continue };
            let stamp = copy.stamp.clone();
            let shown = Standing::from(copy);
            let look = Look { stamp, at: now, inside: shown.inside.clone() };
            self.looks().insert(key, look);
            standing.push(shown);
        }
        let here = |key: &Key| key.0 == cloud.account().name && key.1 == project;
        self.looks().retain(|key, _| !here(key) || keys.contains(key));
        Ok(standing)
    }

    fn known(&self, key: &Key, copy: &Copy, now: Time) -> Option<Look> {
        let look = self.looks().get(key).filter(|look| look.stamp == copy.stamp).cloned()?;
        // Either way round: the clock may have been set back since.
        let age = now.since(look.at).max(look.at.since(now));
        (age < needs::recheck_after(key)).then_some(look)
    }

    fn looks(&self) -> MutexGuard<'_, BTreeMap<Key, Look>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
