//! Looks under way: which subject each belongs to, also when it ends in a panic.

use std::collections::HashMap;

use tokio::task::{Id, JoinError, JoinSet};

use super::looks::Look;
use crate::model::names::Subject;

/// Looks under way, each known by its subject.
#[derive(Default)]
pub(super) struct Looking {
    tasks: JoinSet<Look>,
    subjects: HashMap<Id, Subject>,
}

impl Looking {
    pub fn spawn(&mut self, subject: Subject, look: impl Future<Output = Look> + Send + 'static) {
        let id = self.tasks.spawn(look).id();
        self.subjects.insert(id, subject);
    }

    /// The next look to end; the bare subject when it panicked. `None`: there is none under way.
    pub async fn next(&mut self) -> Option<Result<Look, Subject>> {
        let ended = self.tasks.join_next_with_id().await?;
        self.ended(ended)
    }

    /// A look that has ended already.
    pub fn try_next(&mut self) -> Option<Result<Look, Subject>> {
        let ended = self.tasks.try_join_next_with_id()?;
        self.ended(ended)
    }

    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    pub fn contains(&self, subject: &Subject) -> bool {
        self.subjects.values().any(|under_way| under_way == subject)
    }

    /// Ends all of them; nothing is lost by that.
    pub fn abort(&mut self) {
        self.tasks.abort_all();
    }

    fn ended(&mut self, ended: Result<(Id, Look), JoinError>) -> Option<Result<Look, Subject>> {
        match ended {
            Ok((id, look)) => {
                self.subjects.remove(&id);
                Some(Ok(look))
            }
            Err(error) => self.subjects.remove(&error.id()).map(Err),
        }
    }
}
