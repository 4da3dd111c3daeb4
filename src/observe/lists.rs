//! What a service lists in a project: its certificates, and who uses them. Read once for all entries
//! that ask at the same time.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self { slots: Mutex::default() }
    }
}

impl<T> Shelf<T> {
    fn let_go(&self) {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

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
        slot.get(since, read).await
    }
}

/// A reading, and when it began.
type Read<T> = (Instant, Arc<Result<T, Failure>>);

/// One list.
#[derive(Debug)]
struct Slot<T> {
    /// What was read last, and when its reading began.
    last: Mutex<Option<Read<T>>>,
    /// Held by whoever reads. For whom the last one will do, the next is none of its business.
    reading: tokio::sync::Mutex<()>,
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self { last: Mutex::default(), reading: tokio::sync::Mutex::default() }
    }
}

impl<T> Slot<T> {
    /// Whoever has to read makes the reading, and boxes it: all others only wait, with no room for one.
    async fn get<R: Future<Output = Result<T, Failure>>>(
        &self,
        since: Instant,
        read: impl FnOnce(Former<T>) -> R,
    ) -> Arc<Result<T, Failure>> {
        if let Some(list) = self.since(since) {
            return list;
        }
        let _reading = self.reading.lock().await;
        if let Some(list) = self.since(since) {
            return list;
        }
        let began = Instant::now();
        let former = self.last().as_ref().map(|(_, list)| Arc::clone(list));
        let list = Arc::new(Box::pin(read(former)).await);
        *self.last() = Some((began, Arc::clone(&list)));
        list
    }

    fn since(&self, since: Instant) -> Former<T> {
        let last = self.last();
        last.as_ref().filter(|(began, _)| *began >= since).map(|(_, list)| Arc::clone(list))
    }

    fn last(&self) -> MutexGuard<'_, Option<Read<T>>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const READING: Duration = Duration::from_secs(1);

    async fn read(number: u32) -> Result<u32, Failure> {
        tokio::time::sleep(READING).await;
        Ok(number)
    }

    #[tokio::test(start_paused = true)]
    async fn a_reading_is_shared_and_who_needs_none_waits_for_none() {
        let (slot, start) = (Arc::new(Slot::<u32>::default()), Instant::now());
        let get = |since, number| {
            let slot = Arc::clone(&slot);
            tokio::spawn(async move {
                let list = slot.get(since, |_| read(number)).await;
                (*list.as_ref().as_ref().unwrap(), start.elapsed())
            })
        };
        let both = (get(start, 1), get(start, 2));
        assert_eq!((both.0.await.unwrap(), both.1.await.unwrap()), ((1, READING), (1, READING)));
        let later = get(Instant::now(), 3);
        tokio::time::sleep(READING / 2).await;
        assert_eq!(get(start, 4).await.unwrap(), (1, READING * 3 / 2), "while another is read");
        // A reading that began before is no reading since.
        let last = get(Instant::now(), 5);
        assert_eq!(later.await.unwrap(), (3, READING * 2));
        assert_eq!(last.await.unwrap(), (5, READING * 3));
    }
}
