//! What a service lists in a project: its certificates, and who uses them. Read once for all entries
//! that ask at the same time.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;

use super::copies::{Copies, Standing};
use super::shown::Shown;
use super::users::Users;
use crate::cloud::{Cloud, cdn, elb, waf};
use crate::model::failure::Failure;
use crate::model::names::Name;
use crate::model::target::Target;
use crate::model::time::Time;
use crate::plan::observed::Room;

/// The lists that were read in this process, each with the moment its reading began.
#[derive(Debug, Default)]
pub struct Lists {
    copies: Shelf<Copies>,
    users: Shelf<Users>,
    shown: Shown,
}

impl From<Shown> for Lists {
    fn from(shown: Shown) -> Self {
        Self { shown, ..Self::default() }
    }
}

impl Lists {
    pub(super) fn shown(&self) -> &Shown {
        &self.shown
    }

    /// The certificates of a service in a project, from a reading that began no earlier than `since`; `now` is
    /// when the look that asks began.
    pub async fn copies(
        &self,
        cloud: &Cloud,
        at: At<'_>,
        since: Instant,
        now: Time,
    ) -> Arc<Result<Copies, Failure>> {
        let read = |former| copies(cloud, at, &self.shown, now, former);
        self.copies.get(cloud, at, since, read).await
    }

    /// Who uses them, likewise.
    pub async fn users(
        &self,
        cloud: &Cloud,
        at: At<'_>,
        since: Instant,
    ) -> Arc<Result<Users, Failure>> {
        self.users.get(cloud, at, since, |_| users(cloud, at)).await
    }

    /// Lets go of what was read. Whoever asks later has it read anew, as it would be anyway: nobody waits for a
    /// reading that was over when it began to ask.
    pub fn let_go(&self) {
        self.copies.let_go();
        self.users.let_go();
    }
}

/// A service and a project's name.
pub type At<'a> = (Target, &'a str);

async fn copies(
    cloud: &Cloud,
    (target, project): At<'_>,
    shown: &Shown,
    now: Time,
    former: Former<Copies>,
) -> Result<Copies, Failure> {
    let former = former.as_deref().and_then(|list| list.as_ref().ok());
    let take = |copy| Standing::listed(copy, former);
    let (all, room) = match target {
        Target::Elb => {
            let all = elb::certificates(cloud, project, take).await?;
            // Who may not read the quota may push all the same.
            let quota = elb::certificate_quota(cloud, project).await.ok().flatten();
            let room = quota.map(|quota| Room { used: all.len(), quota });
            (all, room)
        }
        Target::Waf => (shown.of_waf(cloud, project, now).await?, None),
        Target::Cdn => (cdn::certificates(cloud, take).await?, None),
    };
    Ok(Copies::new(all, room))
}

async fn users(cloud: &Cloud, (target, project): At<'_>) -> Result<Users, Failure> {
    Ok(match target {
        Target::Elb => Users::listeners(elb::listeners(cloud, project).await?),
        Target::Waf => Users::hosts(waf::hosts(cloud, project).await?),
        Target::Cdn => Users::InTheList,
    })
}

/// Readings of one kind. Everybody who waits for the same one shares it.
#[derive(Debug)]
struct Shelf<T> {
    slots: Mutex<BTreeMap<Key, Arc<Slot<T>>>>,
}

/// An account, a service and a project's name.
type Key = (Name, Target, String);
/// The reading before, where there is one.
type Former<T> = Option<Arc<Result<T, Failure>>>;
type Slot<T> = tokio::sync::Mutex<Option<(Instant, Arc<Result<T, Failure>>)>>;

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self { slots: Mutex::default() }
    }
}

impl<T> Shelf<T> {
    fn let_go(&self) {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Whoever has to read makes the reading, and boxes it: all others only wait, with no room for one.
    async fn get<R: Future<Output = Result<T, Failure>>>(
        &self,
        cloud: &Cloud,
        (target, project): At<'_>,
        since: Instant,
        read: impl FnOnce(Former<T>) -> R,
    ) -> Arc<Result<T, Failure>> {
        let key = (cloud.account().name.clone(), target, project.to_owned());
        let slot = {
            let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(slots.entry(key).or_default())
        };
        let mut held = slot.lock().await;
        match &*held {
            Some((began, list)) if *began >= since => Arc::clone(list),
            _ => {
                let began = Instant::now();
                let former = held.take().map(|(_, list)| list);
                let list = Arc::new(Box::pin(read(former)).await);
                *held = Some((began, Arc::clone(&list)));
                list
            }
        }
    }
}
