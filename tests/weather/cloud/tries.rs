//! How often a credential that the cloud refuses is tried: exactly as the promise says, call by call.
//!
//! What a call could know when it began is what had been answered before it arrived. Where that is no refusal, it was
//! under way with the first; where it is one, it is the further try, of which there is one at a time; where it is
//! more, a quarter of an hour has passed since the last. Nothing else is forgiven.

use std::time::Duration;

use certrotd::model::time::Time;
use certrotd::plan::memory::Record;
use certrotd::record;
use certrotd::sim::Call;

use super::house::House;
use super::{clock, tally};

/// A refused credential is tried so often in a row.
const TRIES_MAX: usize = 2;
/// And then left alone for so long, less what is lost in rounding.
const QUIET: Duration = Duration::from_secs(15 * 60 - 1);

/// So long a call stands in line with the credential that it was given, with what holds up those before it.
const IN_LINE_MAX: Duration = Duration::from_secs(60);

/// Refusals of the credential that the one daemon has, as far as it can know of them. Of several daemons with one
/// account nobody tells which of them called; each has its tries.
pub struct Tries {
    /// Sorted by their answers.
    refused: Vec<Try>,
    /// Whether the credential has changed since the cloud's own did.
    is_fresh: bool,
    /// When the files were written last.
    written_at: Option<Time>,
    is_judged: bool,
}

#[derive(Clone, Copy, Debug)]
struct Try {
    at: Time,
    answered_at: Time,
}

impl Tries {
    pub fn new(hosts: usize) -> Self {
        let is_judged = hosts == 1;
        Self { refused: Vec::new(), is_fresh: true, written_at: None, is_judged }
    }

    /// Nothing counts any more: another credential, a journal that was lost, or a clock that was set while no
    /// daemon ran, so that nobody can tell how long ago a refusal was.
    pub fn forget(&mut self) {
        self.refused.clear();
    }

    /// The daemon's files were written: another credential, by their time.
    pub fn written(&mut self) {
        self.forget();
        self.is_fresh = true;
        self.written_at = Some(clock::right());
    }

    /// The cloud knows another secret from now on. To the daemon that changes nothing; but refusals since its files
    /// were written last are those of calls that were signed before that.
    pub fn rotated(&mut self) {
        if std::mem::take(&mut self.is_fresh) {
            self.forget();
        }
    }

    /// The daemon was killed. The next one knows what the journal does, and that lacks only what nobody has
    /// called after: a refusal is written down before the next call.
    pub fn crashed(&mut self, house: &House) {
        let Some(first) = self.refused.first() else { return };
        let began = on_its_clock(first.answered_at);
        let entries = record::read(&house.state()).unwrap().unwrap_or_default();
        let told = entries.iter().filter(|entry| match &entry.record {
            Record::Refused { refusal } => refusal.at >= began,
            _ => false,
        });
        let told = told.count().min(self.refused.len());
        let called = self.refused.clone();
        let lost = self.refused.split_off(told);
        lost.iter().for_each(|_| tally::count("refused and forgotten in a crash"));
        for lost in lost.iter().filter(|_| self.is_judged) {
            let after = called.iter().find(|refused| refused.at > lost.answered_at);
            assert!(after.is_none(), "{after:?} was called before {lost:?} was written down");
        }
    }

    pub fn call(&mut self, call: &Call) {
        // What the weather answers is no refusal, and a moment that is off is another matter.
        let wrong = ["signature fail", "ak not exist", "Unauthorized"];
        let refused = call.fault.is_none_or(|fault| fault == "slow")
            && call.status == Some(401)
            && !call.detail.contains("expired")
            && wrong.iter().any(|words| call.detail.contains(words));
        if !refused {
            return;
        }
        tally::count("refused by the cloud");
        if self.is_judged {
            self.judge(call);
        }
        self.refused.push(Try { at: call.at, answered_at: call.answered_at });
        self.refused.sort_by_key(|refused| refused.answered_at);
    }

    fn judge(&self, call: &Call) {
        let known = self.refused.partition_point(|refused| refused.answered_at < call.at);
        let (known, others) = self.refused.split_at(known);
        // Who has stood in line since before the files were written has the former credential, with its own tries.
        let is_another = self.written_at.is_some_and(|at| call.at.since(at) < IN_LINE_MAX)
            && known.len() < 2 * TRIES_MAX;
        match known {
            [] if others.is_empty() => {}
            [] => tally::count("refused while under way"),
            [_, ..] if is_another => tally::count("refused beside the former one"),
            [first] => {
                let beside = others.iter().find(|other| other.at > first.answered_at);
                assert!(beside.is_none(), "two more tries at once: {call} and {beside:?}");
            }
            [.., last] => {
                assert!(known.len() >= TRIES_MAX);
                let quiet = call.at.since(last.answered_at);
                assert!(
                    quiet >= QUIET,
                    "tried again and again: {call} at {} after {known:?}",
                    call.at
                );
                tally::count("refused after a quiet time");
            }
        }
    }
}

/// A moment of a right clock, as the daemon's clock tells it now.
fn on_its_clock(moment: Time) -> Time {
    let (its, right) = (clock::now(), clock::right());
    moment + its.since(right) - right.since(its)
}
