//! How far a long cycle has come: a line every ten seconds, and the same for whoever draws it.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use tracing::info;

use super::Report;
use crate::cycle::Cycle;
use crate::model::names::Subject;
use crate::model::time::Time;

/// How often a cycle at work says how far it is: seldom enough for a log, often enough for who waits for it.
const EVERY: Duration = Duration::from_secs(10);

/// How often it is drawn, where it is: it shall be seen to move.
const DRAWN_EVERY: Duration = Duration::from_millis(200);

/// How far a cycle has come in which something is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Entries for which nothing is left to do now.
    pub done: usize,
    /// Those and the others.
    pub total: usize,
    /// Steps that have failed.
    pub failed: usize,
    /// When the next of those that wait for their turn ends, by what is known of it.
    pub ends: Option<Time>,
}

impl Progress {
    /// In a few words, such as `1,250 of 10,000 done, 3 failed`.
    pub fn words(&self) -> String {
        let [done, total, failed] = [self.done, self.total, self.failed].map(grouped);
        format!("{done} of {total} done, {failed} failed")
    }
}

impl Report {
    /// A cycle is under way, and these are looked at.
    pub fn begin(&mut self, subjects: impl IntoIterator<Item = Subject>) {
        self.began.get_or_insert_with(Instant::now);
        self.begun.extend(subjects);
    }

    /// How far it has come where this tells who is not done; `ends` is for the first of them that waits. `None`
    /// while nothing is done: looking alone is no work that anybody waits for.
    pub fn progress(
        &self,
        is_busy: impl Fn(&Subject) -> bool,
        ends: Option<Time>,
    ) -> Option<Progress> {
        if self.steps == 0 {
            return None;
        }
        let done = self.begun.iter().filter(|subject| !is_busy(subject)).count();
        Some(Progress { done, total: self.begun.len(), failed: self.failed, ends })
    }

    /// When that is to be told next.
    pub fn tell_at(&self) -> Option<Instant> {
        let last = self.told_at.max(self.began);
        last.filter(|_| self.steps > 0).map(|last| last + EVERY)
    }

    /// Tells it.
    pub fn tell(&mut self, progress: &Progress) {
        self.told_at = Some(Instant::now());
        let Progress { done, total, failed, ends } = *progress;
        let (words, left) = (progress.words(), total - done);
        match ends {
            Some(ends) => {
                let next = ends.to_string();
                info!(
                    event = "cycle.progress",
                    done, left, failed, next, "{words}; next expiry {ends}"
                );
            }
            None => info!(event = "cycle.progress", done, left, failed, "{words}"),
        }
    }
}

impl Cycle {
    /// How far this one is, for whoever draws it; nothing while there is nothing to be told.
    pub fn progress(&self) -> watch::Receiver<Option<Progress>> {
        self.progress.subscribe()
    }

    /// When its progress is to be shown next.
    pub(in crate::cycle) fn show_at(&self) -> Option<Instant> {
        let told = self.report.tell_at().filter(|_| !self.is_idle())?;
        let is_drawn = self.progress.receiver_count() > 0;
        let drawn =
            is_drawn.then(|| self.report.shown_at.map_or_else(Instant::now, |at| at + DRAWN_EVERY));
        Some(drawn.map_or(told, |drawn| drawn.min(told)))
    }

    pub(in crate::cycle) fn show_progress(&mut self) {
        let now = Instant::now();
        let busy = |subject: &Subject| {
            self.looking.contains(subject)
                || self.in_flight.contains_key(subject)
                || self.wanted.contains(subject)
        };
        let progress = self.report.progress(busy, self.looking.first());
        self.report.shown_at = Some(now);
        if let Some(progress) =
            progress.filter(|_| self.report.tell_at().is_some_and(|at| at <= now))
        {
            self.report.tell(&progress);
        }
        self.progress.send_replace(progress);
    }
}

/// With a comma between thousands.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_at_a_glance() {
        for (number, expected) in
            [(0, "0"), (999, "999"), (1_000, "1,000"), (12_345, "12,345"), (1_234_567, "1,234,567")]
        {
            assert_eq!(grouped(number), expected);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn looking_is_no_progress_and_work_is_told_every_ten_seconds() {
        let named =
            |name: &str| Subject::Certificate(crate::model::names::Name::new(name).unwrap());
        let mut report = Report::default();
        report.begin(["www", "api", "www"].map(named));
        let busy = |subject: &Subject| *subject == named("www");
        assert_eq!((report.progress(busy, None), report.tell_at()), (None, None));
        report.steps = 1;
        let began = Instant::now();
        let progress = report.progress(busy, None).unwrap();
        assert_eq!(progress.words(), "1 of 2 done, 0 failed");
        assert_eq!(report.tell_at(), Some(began + EVERY));
        tokio::time::advance(EVERY).await;
        report.tell(&progress);
        assert_eq!(report.tell_at(), Some(began + EVERY * 2));
        assert!(report.finish(&Default::default()).is_some());
        assert_eq!((report.progress(busy, None), report.tell_at()), (None, None));
    }
}
