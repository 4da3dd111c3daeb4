//! Who asks the cloud next of those that wait: a few lines for each account, nearest expiry first, and so many at once
//! that what each of them holds stays small.

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::time::Duration;

use tokio::task::Id;
use tokio::time::Instant;

use crate::model::names::{Name, Subject};
use crate::model::time::Time;

/// So many of a line are under way at once, which is more than calls are: a look holds some 20 KiB, and
/// thousands that began together would hold hundreds of MiB for nothing.
const UNDER_WAY_MAX: usize = 256;
/// After this a look is slow, and the next one need not wait for it any more: a service that does not answer takes
/// only its own looks along.
const SLOW_AFTER: Duration = Duration::from_secs(5);
/// So many are under way with the slow ones. The rest waits until the calls of some have failed.
const WITH_SLOW_MAX: usize = 1024;

/// Those that wait, each with what begins it.
pub(super) struct Queue<T> {
    lines: BTreeMap<Kind, Line<T>>,
    subjects: BTreeSet<Subject>,
}

/// Who waits behind whom.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Kind {
    pub account: Name,
    pub want: Want,
}

/// What a look is for. Who wants less of the cloud waits for nobody who wants more, and may have to wait for it long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Want {
    /// Its import alone, which needs no list of any target.
    Import,
    /// Its first pushes, for which a list from before will do.
    Pushes,
    /// All that there is to see.
    All,
}

/// Of one kind.
struct Line<T> {
    waiting: BTreeMap<(Time, Subject), T>,
    /// Under way and not slow yet, in the order in which they began.
    brisk: VecDeque<(Id, Instant)>,
    slow: HashSet<Id>,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self { lines: BTreeMap::new(), subjects: BTreeSet::new() }
    }
}

impl<T> Queue<T> {
    /// Waits in the line of this kind; `ends` is what it is ordered by.
    pub fn add(&mut self, kind: Kind, ends: Time, subject: Subject, begin: T) {
        let new =
            || Line { waiting: BTreeMap::new(), brisk: VecDeque::new(), slow: HashSet::new() };
        let line = self.lines.entry(kind).or_insert_with(new);
        line.waiting.insert((ends, subject.clone()), begin);
        self.subjects.insert(subject);
    }

    /// The next that may begin now, and what begins it: to be answered with [`Self::began`].
    pub fn next(&mut self, now: Instant) -> Option<(Kind, Subject, T)> {
        let next = self.lines.iter_mut().find_map(|(kind, line)| {
            line.slow_down(now);
            let ((_, subject), begin) = line.has_place().then(|| line.waiting.pop_first())??;
            Some((kind.clone(), subject, begin))
        })?;
        self.subjects.remove(&next.1);
        Some(next)
    }

    /// One of this kind is under way.
    pub fn began(&mut self, kind: &Kind, id: Id, now: Instant) {
        if let Some(line) = self.lines.get_mut(kind) {
            line.brisk.push_back((id, now));
        }
    }

    /// It is not any more. Others are of no interest.
    pub fn ended(&mut self, id: Id) {
        for line in self.lines.values_mut() {
            if !line.slow.remove(&id) {
                line.brisk.retain(|(of, _)| *of != id);
            }
        }
        self.lines.retain(|_, line| !line.is_over());
    }

    /// When the next of those that wait may begin although nothing ends.
    pub fn due(&self) -> Option<Instant> {
        let waits = self.lines.values().filter(|line| {
            !line.waiting.is_empty() && line.brisk.len() + line.slow.len() < WITH_SLOW_MAX
        });
        waits.filter_map(|line| Some(line.brisk.front()?.1 + SLOW_AFTER)).min()
    }

    pub fn contains(&self, subject: &Subject) -> bool {
        self.subjects.contains(subject)
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.subjects.len()
    }

    /// By when the first of them ends.
    pub fn first(&self) -> Option<Time> {
        let firsts = self.lines.values().filter_map(|line| line.waiting.first_key_value());
        firsts.map(|((ends, _), _)| *ends).min()
    }

    /// Nobody waits any more.
    pub fn clear(&mut self) {
        self.lines.values_mut().for_each(|line| line.waiting.clear());
        self.subjects.clear();
    }
}

impl<T> Line<T> {
    fn slow_down(&mut self, now: Instant) {
        while let Some((id, began)) = self.brisk.front().copied()
            && now.duration_since(began) >= SLOW_AFTER
        {
            self.brisk.pop_front();
            self.slow.insert(id);
        }
    }

    fn has_place(&self) -> bool {
        self.brisk.len() < UNDER_WAY_MAX && self.brisk.len() + self.slow.len() < WITH_SLOW_MAX
    }

    fn is_over(&self) -> bool {
        self.waiting.is_empty() && self.brisk.is_empty() && self.slow.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(number: usize) -> Subject {
        Subject::Certificate(Name::new(&format!("pair-{number}")).unwrap())
    }

    fn kind(account: &str, want: Want) -> Kind {
        Kind { account: Name::new(account).unwrap(), want }
    }

    fn ends(number: usize) -> Time {
        Time::from_secs(i64::try_from(number).unwrap())
    }

    /// A line of so many, the last of which ends first.
    fn line(queue: &mut Queue<usize>, of: &Kind, count: usize) {
        for number in 0..count {
            queue.add(of.clone(), ends(count - number), subject(number), number);
        }
    }

    /// Begins what may begin, and gives the ids of it.
    fn begin(queue: &mut Queue<usize>) -> Vec<(usize, Id)> {
        let mut begun = Vec::new();
        while let Some((kind, _, number)) = queue.next(Instant::now()) {
            let id = tokio::spawn(async {}).id();
            queue.began(&kind, id, Instant::now());
            begun.push((number, id));
        }
        begun
    }

    #[tokio::test(start_paused = true)]
    async fn the_nearest_expiry_is_first_and_few_are_under_way() {
        let mut queue = Queue::default();
        line(&mut queue, &kind("main", Want::All), 300);
        assert_eq!((queue.len(), queue.first()), (300, Some(ends(1))));
        let begun = begin(&mut queue);
        let numbers: Vec<_> = begun.iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, (300 - UNDER_WAY_MAX..300).rev().collect::<Vec<_>>());
        assert!(queue.contains(&subject(0)) && !queue.contains(&subject(299)));
        queue.ended(begun[0].1);
        // One that is more urgent than those that wait, and has come later.
        queue.add(kind("main", Want::All), ends(0), subject(999), 999);
        assert_eq!(begin(&mut queue).iter().map(|it| it.0).collect::<Vec<_>>(), [999]);
        queue.clear();
        assert_eq!((queue.len(), queue.due()), (0, None));
    }

    #[tokio::test(start_paused = true)]
    async fn who_does_not_end_holds_up_nobody_for_long() {
        let mut queue = Queue::default();
        line(&mut queue, &kind("main", Want::All), 3000);
        let began = Instant::now();
        for round in 1..=WITH_SLOW_MAX / UNDER_WAY_MAX {
            assert_eq!(begin(&mut queue).len(), UNDER_WAY_MAX, "{round}");
            assert!(queue.next(Instant::now()).is_none());
            if let Some(due) = queue.due() {
                tokio::time::advance(due - Instant::now()).await;
            }
        }
        assert_eq!(began.elapsed(), SLOW_AFTER * 3);
        tokio::time::advance(SLOW_AFTER * 10).await;
        assert_eq!((begin(&mut queue).len(), queue.due()), (0, None), "bounded all the same");
        // Another account has a line of its own, and so has who wants less.
        for kind in
            [kind("other", Want::All), kind("main", Want::Pushes), kind("main", Want::Import)]
        {
            line(&mut queue, &kind, 2);
            let others = begin(&mut queue);
            assert_eq!(others.iter().map(|it| it.0).collect::<Vec<_>>(), [1, 0]);
            others.iter().for_each(|(_, id)| queue.ended(*id));
            assert_eq!(queue.lines.len(), 1, "a line that is over leaves nothing");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_one_that_ends_gives_its_place_back() {
        let mut queue = Queue::default();
        line(&mut queue, &kind("main", Want::All), 3000);
        let mut begun = Vec::new();
        for _ in 0..WITH_SLOW_MAX / UNDER_WAY_MAX {
            begun.extend(begin(&mut queue));
            tokio::time::advance(SLOW_AFTER).await;
        }
        assert!(begin(&mut queue).is_empty());
        begun.iter().take(3).for_each(|(_, id)| queue.ended(*id));
        assert_eq!(begin(&mut queue).len(), 3);
    }
}
