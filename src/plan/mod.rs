//! Decision: what was seen and what is remembered go in, steps and holds come out. Pure: the same
//! input gives the same plan, and nothing here can wait, read or write.
//!
//! Plans are flat. No step needs the result of another: what depends on something that is not yet
//! true is held with a reason, and the pass after takes it.

pub mod action;
mod bind;
mod ca;
pub mod check;
mod gate;
pub mod hold;
pub mod memory;
mod needed;
pub mod needs;
pub mod observed;
mod pauses;
mod push;
mod retire;
mod rotation;
mod serve;
pub mod sight;
mod slots;
pub mod ssl;

use std::cell::OnceCell;
use std::collections::BTreeMap;

use crate::model::digest::Sha256;
use crate::model::names::{Name, Subject};
use crate::model::time::Time;
use action::{Action, Because, Fact};
use hold::Hold;
use memory::{Memory, State};
use needed::Needed;
use observed::Observed;
use sight::{Sight, Spot};

/// What to do now, what waits and why, and what looking alone has settled.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Steps that may start at once, in any order.
    pub now: Vec<Step>,
    /// What waits.
    pub held: Vec<Held>,
    /// What the journal should remember although nothing was done: it was seen.
    pub learned: Vec<Lesson>,
    /// Who is to be looked at again at once, and at everything: its look left out what now counts.
    pub again: Vec<Subject>,
}

/// One effect to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// For whom.
    pub subject: Subject,
    /// What.
    pub action: Action,
    /// Why.
    pub because: Because,
}

/// One thing that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Who waits.
    pub subject: Subject,
    /// Why.
    pub why: Hold,
    /// When another look may change it; absent: only a change from outside can.
    pub until: Option<Time>,
}

/// What was read from the world and is worth remembering.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lesson {
    /// A fact about an effect.
    Effect {
        /// Whose.
        subject: Subject,
        /// The effect.
        action: Action,
        /// What is true of it.
        fact: Fact,
    },
    /// What a certificate's place or probe showed, where that is news.
    Sight {
        /// Whose.
        subject: Subject,
        /// Where.
        spot: Spot,
        /// What.
        sight: Sight,
    },
    /// What an instance publishes and what its file holds beside that, where that is news.
    Authorities {
        /// Whose.
        subject: Subject,
        /// Fingerprints of the CAs that are published, in their order.
        published: Vec<Sha256>,
        /// Those of the CAs in the file that are not, in their order.
        former: Vec<Sha256>,
    },
}

/// How often one pass may learn and plan again. A lesson never leads to more than one other, so
/// reaching this is a fault in the planner.
const LESSONS_IN_A_ROW_MAX: usize = 8;

/// Plans, lets `remember` take in what looking alone has settled, and plans again with that known,
/// until there is no more to learn: the steps that come out rest on everything seen. The memory also
/// takes note of a clock that was set back.
pub fn settle<E>(
    observed: &Observed,
    memory: &mut Memory,
    mut remember: impl FnMut(Vec<Lesson>, &mut Memory) -> Result<(), E>,
) -> Result<Plan, E> {
    memory.notice(observed.now);
    let mut latest = plan(observed, memory);
    for _ in 0..LESSONS_IN_A_ROW_MAX {
        if latest.learned.is_empty() {
            break;
        }
        remember(std::mem::take(&mut latest.learned), memory)?;
        latest = plan(observed, memory);
    }
    Ok(latest)
}

/// Decides. `observed` may hold any part of the configured subjects; what is not in it is left alone.
pub fn plan(observed: &Observed, memory: &Memory) -> Plan {
    let mut draft = Draft {
        observed,
        memory,
        needed: OnceCell::new(),
        shared: BTreeMap::new(),
        plan: Plan::default(),
    };
    for seen in &observed.certificates {
        rotation::plan(seen, &mut draft);
    }
    for seen in &observed.cas {
        ca::plan(seen, &mut draft);
    }
    for seen in &observed.switches {
        ssl::plan(seen, &mut draft);
    }
    pauses::tell(&mut draft);
    draft.plan
}

/// A plan in the making, beside what it is made from.
struct Draft<'a> {
    observed: &'a Observed,
    memory: &'a Memory,
    needed: OnceCell<Needed<'a>>,
    /// Who has each effect in this plan: of thousands of steps, each asks once.
    shared: BTreeMap<Action, Name>,
    plan: Plan,
}

impl<'a> Draft<'a> {
    /// What no clean-up may take.
    fn needed(&self) -> &Needed<'a> {
        self.needed.get_or_init(|| Needed::of(self.observed, self.memory))
    }

    /// Plans a step, unless the entry is paused, or another one has the same effect under way: equal leaves share
    /// their import and their copies. No other way leads into a plan.
    fn step(&mut self, subject: &Subject, action: Action, because: Because) {
        if pauses::hold(subject, &action, self) {
            return;
        }
        if let Some(with) = self.shared_with(subject, &action) {
            return self.hold(subject, Hold::SameLeaf { with }, None);
        }
        self.shared.insert(action.clone(), subject.name().clone());
        self.plan.now.push(Step { subject: subject.clone(), action, because });
    }

    /// Whether this plan has that step, whoever takes it.
    fn has(&self, action: &Action) -> bool {
        self.shared.contains_key(action)
    }

    fn hold(&mut self, subject: &Subject, why: Hold, until: Option<Time>) {
        self.plan.held.push(Held { subject: subject.clone(), why, until });
    }

    fn learn(&mut self, subject: &Subject, action: Action, fact: Fact) {
        self.plan.learned.push(Lesson::Effect { subject: subject.clone(), action, fact });
    }

    fn saw(&mut self, subject: &Subject, spot: Spot, sight: Sight) {
        self.plan.learned.push(Lesson::Sight { subject: subject.clone(), spot, sight });
    }

    /// The other entry that has this very effect in this plan, or under way.
    fn shared_with(&self, subject: &Subject, action: &Action) -> Option<Name> {
        let planned = self.shared.get(action).cloned();
        planned.or_else(|| self.under_way(subject, action))
    }

    /// The other entry that has this very effect under way.
    fn under_way(&self, subject: &Subject, action: &Action) -> Option<Name> {
        let effect = self.memory.effect(action).filter(|effect| effect.state == State::Open)?;
        let other = effect.subject != *subject && self.observed.in_flight.contains(&effect.subject);
        other.then(|| effect.subject.name().clone())
    }
}

#[cfg(test)]
mod tests;
