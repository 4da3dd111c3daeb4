//! Looks under way: which subjects each belongs to, also when it ends in a panic.

use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;

use super::looks::Stride;
use super::roll::Roll;
use crate::model::names::Subject;

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
}

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

    /// The next stride to end. `None`: there is none under way.
    pub async fn next(&mut self) -> Option<Ended> {
        let ended = self.tasks.join_next_with_id().await?;
        Some(self.ended(ended))
    }

    /// A stride that has ended already.
    pub fn try_next(&mut self) -> Option<Ended> {
        let ended = self.tasks.try_join_next_with_id()?;
        Some(self.ended(ended))
    }

    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    pub fn contains(&self, subject: &Subject) -> bool {
        self.roll.contains(subject)
    }

    /// Who is looked at.
    pub fn subjects(&self) -> impl ExactSizeIterator<Item = &Subject> {
        self.roll.subjects()
    }

    /// The look that has been under way for longest.
    pub fn oldest(&mut self) -> Option<(Instant, &Subject)> {
        self.roll.oldest()
    }

    /// Ends all of them; nothing is lost by that.
    pub fn abort(&mut self) {
        self.tasks.abort_all();
    }

    fn ended(&mut self, ended: Result<(Id, Stride), JoinError>) -> Ended {
        let (id, stride) = match ended {
            Ok((id, stride)) => (id, Some(stride)),
            Err(error) => (error.id(), None),
        };
        Ended { subjects: self.roll.remove(&id), stride }
    }
}
