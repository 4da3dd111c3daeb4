//! Looks under way and those that wait for a place: which subjects each belongs to, also when it ends in a panic.

use std::collections::HashSet;
use std::time::Duration;

use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, sleep_until};

use super::looks::Stride;
use super::queue::{Kind, Queue};
use super::roll::Roll;
use crate::model::names::Subject;
use crate::model::time::Time;

/// A stride that has ended.
pub(super) struct Ended {
    /// Whose it was.
    pub subjects: Vec<Subject>,
    /// Absent: it panicked.
    pub stride: Option<Stride>,
}

/// Looks under way, each known by its subject.
#[derive(Default)]
pub(super) struct Looking {
    tasks: JoinSet<Stride>,
    roll: Roll,
    queue: Queue<Begin>,
    /// Those of the tasks that read files.
    reading: HashSet<Id>,
    /// Since when files are read while others wait for that.
    put_off: Option<Instant>,
}

/// How long those that are read already wait for the others that are being read, which may be more urgent. A disk that
/// hangs takes longer, and they go on without it.
const READ_FIRST: Duration = Duration::from_secs(1);

/// Begins a look: what it holds comes to be no sooner.
type Begin = Box<dyn FnOnce(&mut JoinSet<Stride>) -> Id + Send>;

impl Looking {
    /// Begins to look at these. None of them may be looked at already.
    pub fn spawn(
        &mut self,
        subjects: Vec<Subject>,
        look: impl Future<Output = Stride> + Send + 'static,
    ) {
        let id = self.tasks.spawn(look).id();
        self.roll.add(id, subjects);
    }

    /// Begins to read files of these, as [`Self::spawn`].
    pub fn read(
        &mut self,
        subjects: Vec<Subject>,
        read: impl Future<Output = Stride> + Send + 'static,
    ) {
        let id = self.tasks.spawn(read).id();
        self.reading.insert(id);
        self.roll.add(id, subjects);
    }

    /// Looks at this one as soon as there is a place for its kind and none that `ends` sooner wants it.
    pub fn enqueue<L>(
        &mut self,
        kind: Kind,
        ends: Time,
        subject: Subject,
        look: impl FnOnce() -> L + Send + 'static,
    ) where
        L: Future<Output = Stride> + Send + 'static,
    {
        let begin: Begin = Box::new(move |tasks| tasks.spawn(look()).id());
        self.queue.add(kind, ends, subject, begin);
    }

    /// The next stride to end. `None`: there is none under way, and none waits. May be dropped for another wait.
    pub async fn next(&mut self) -> Option<Ended> {
        loop {
            self.admit();
            let put_off = self.put_off_until(Instant::now());
            let ended = match put_off.or_else(|| self.queue.due()) {
                None => self.tasks.join_next_with_id().await?,
                Some(due) => tokio::select! {
                    ended = self.tasks.join_next_with_id() => ended?,
                    () = sleep_until(due) => continue,
                },
            };
            return Some(self.ended(ended));
        }
    }

    /// A stride that has ended already.
    pub fn try_next(&mut self) -> Option<Ended> {
        let ended = self.tasks.try_join_next_with_id()?;
        Some(self.ended(ended))
    }

    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty() && self.queue.len() == 0
    }

    pub fn contains(&self, subject: &Subject) -> bool {
        self.roll.contains(subject) || self.queue.contains(subject)
    }

    /// By when the first of those that wait ends.
    pub fn first(&self) -> Option<Time> {
        self.queue.first()
    }

    /// Who is looked at just now.
    pub fn subjects(&self) -> impl ExactSizeIterator<Item = &Subject> {
        self.roll.subjects()
    }

    /// The look that has been under way for longest.
    pub fn oldest(&mut self) -> Option<(Instant, &Subject)> {
        self.roll.oldest()
    }

    /// Ends all of them; nothing is lost by that.
    pub fn abort(&mut self) {
        self.queue.clear();
        self.tasks.abort_all();
    }

    /// Until when nobody begins who waits.
    fn put_off_until(&self, now: Instant) -> Option<Instant> {
        self.put_off.map(|since| since + READ_FIRST).filter(|until| now < *until)
    }

    fn admit(&mut self) {
        let now = Instant::now();
        match (self.reading.is_empty(), self.queue.len()) {
            (true, _) => self.put_off = None,
            (false, 0) => {}
            (false, _) => self.put_off = self.put_off.or(Some(now)),
        }
        if self.put_off_until(now).is_some() {
            return;
        }
        while let Some((kind, subject, begin)) = self.queue.next(now) {
            let id = begin(&mut self.tasks);
            self.queue.began(&kind, id, now);
            self.roll.add(id, vec![subject]);
        }
    }

    fn ended(&mut self, ended: Result<(Id, Stride), JoinError>) -> Ended {
        let (id, stride) = match ended {
            Ok((id, stride)) => (id, Some(stride)),
            Err(error) => (error.id(), None),
        };
        self.queue.ended(id);
        self.reading.remove(&id);
        Ended { subjects: self.roll.remove(&id), stride }
    }
}
