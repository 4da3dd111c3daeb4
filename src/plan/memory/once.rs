//! What the effects of one import have in common is held once: a journal's lines, as they are read, each have their own.

use super::{Effect, Memory};
use crate::model::names::Subject;
use crate::plan::action::{Action, ImportKey};

impl Memory {
    /// The same, sharing with the effect of its import whatever is equal there.
    pub(super) fn once(&self, subject: &Subject, action: &Action) -> (Subject, Action) {
        let mut action = action.clone();
        let Some(key) = action.key_mut() else { return (subject.clone(), action) };
        let (subject, known) = self.import_once(subject, key);
        *key = known;
        (subject, action)
    }

    /// Likewise of an import alone.
    pub(super) fn import_once(&self, subject: &Subject, key: &ImportKey) -> (Subject, ImportKey) {
        let import = Action::Import { key: key.clone() };
        let known = self.effects.get_key_value(&import);
        match known.and_then(|(action, effect)| Some((action.key()?, effect))) {
            Some((known, Effect { subject: of, .. })) if of == subject => {
                (of.clone(), known.clone())
            }
            Some((known, _)) => (subject.clone(), known.clone()),
            None => (subject.clone(), key.clone()),
        }
    }
}
