//! One who is told: what is to be told now is found out, sent, and remembered once it was taken.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::judge::{Ledger, Round, Rules};
use super::kept::Kept;
use super::message::{Letter, Message, changes, host, letters};
use super::send::send;
use super::view::{Faults, view};
use crate::config::Notify;
use crate::cycle::picture::Board;
use crate::model::news::News;
use crate::model::time::{Clock, Time, span};

/// While a cycle goes on for long, what stands is looked at so often; what is over is told when it rests.
const MIDWAY: Duration = Duration::from_secs(5 * 60);
/// First and longest wait after a message that was not taken. It doubles in between.
const RETRY: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(15 * 60));

/// What all who are told have in common.
#[derive(Clone)]
pub(super) struct Ground {
    pub board: Board,
    pub clock: Clock,
    pub kept: Arc<Kept>,
    pub faults: Arc<Mutex<Faults>>,
}

/// One `[[notify]]` at work.
pub(super) struct Channel {
    to: Notify,
    ground: Ground,
    ledger: Ledger,
    /// How many steps had been done when that was last told.
    changes: u64,
    tries: u32,
}

/// Nobody takes messages at present.
pub(super) struct Refused;

impl Channel {
    pub fn new(to: Notify, ground: Ground, changes: u64) -> Self {
        let ledger = Ledger::new(ground.kept.of(&to.name));
        ground.board.picture().messages.entry(to.name.clone()).or_default();
        Self { to, ground, ledger, changes, tries: 0 }
    }

    /// Tells for ever, whenever a cycle comes to rest and whenever it is time to.
    pub async fn attend(mut self, mut rests: watch::Receiver<u64>, stop: CancellationToken) {
        loop {
            rests.borrow_and_update();
            let told = self.tell(self.to.settle, &stop).await;
            let now = (self.ground.clock)();
            let pause = match &told {
                Ok(next) => next.map_or(MIDWAY, |next| next.since(now).min(MIDWAY)),
                Err(Refused) => self.back_off(),
            };
            let wake = Instant::now() + pause;
            tokio::select! {
                () = stop.cancelled() => return,
                () = sleep_until(wake) => {}
                // What was not taken is not sent again for each cycle.
                rested = rests.changed(), if told.is_ok() => {
                    if rested.is_err() {
                        return;
                    }
                }
            }
        }
    }

    /// Tells what is to be told now, one message after another. Gives when there may be more; stops with the first that
    /// is not taken.
    pub async fn tell(
        &mut self,
        settle: Duration,
        stop: &CancellationToken,
    ) -> Result<Option<Time>, Refused> {
        let now = (self.ground.clock)();
        let (round, at_rest) = self.round(settle, now);
        let host = host();
        for Letter { message, items } in letters(round.items, &host, now) {
            if stop.is_cancelled() {
                break;
            }
            self.send(&message).await?;
            let now = (self.ground.clock)();
            items.iter().for_each(|item| self.ledger.learn(item, now));
            self.ground.kept.put(&self.to.name, &self.ledger.told);
        }
        self.ground.kept.put(&self.to.name, &self.ledger.told);
        if at_rest && !stop.is_cancelled() {
            self.tell_changes(&host, now).await?;
        }
        Ok(round.next)
    }

    /// What is to be told now, and whether the cycle rests.
    fn round(&mut self, settle: Duration, now: Time) -> (Round, bool) {
        let view = {
            let faults = self.ground.faults.lock().unwrap_or_else(PoisonError::into_inner);
            view(&self.ground.board.picture(), &faults)
        };
        let to = &self.to;
        let minds = |name: &str| to.minds(name);
        let rules = Rules { on: &to.on, minds: &minds, remind: to.remind, settle };
        (self.ledger.judge(&view, &rules, now), view.at_rest)
    }

    /// Tells of the steps that were done since the last time.
    async fn tell_changes(&mut self, host: &str, now: Time) -> Result<(), Refused> {
        let (messages, count) = {
            let picture = self.ground.board.picture();
            let (changes_now, wanted) = (&picture.changes, self.to.on.contains(&News::Changed));
            let count = changes_now.count();
            if !wanted || count == self.changes {
                self.changes = count;
                return Ok(());
            }
            let done: Vec<_> = changes_now.after(self.changes).collect();
            let missed = (count - self.changes).saturating_sub(done.len() as u64);
            let done: Vec<_> =
                done.into_iter().filter(|it| self.to.minds(it.subject.name().as_str())).collect();
            (changes(&done, missed, host, now), count)
        };
        for message in messages {
            self.send(&message).await?;
        }
        self.changes = count;
        Ok(())
    }

    async fn send(&mut self, message: &Message) -> Result<(), Refused> {
        let name = &self.to.name;
        let now = (self.ground.clock)();
        let ended = send(&self.to, message, now).await;
        self.ground.board.picture().sent(name, ended.is_ok());
        let (kind, reason, count) = (message.kind, &message.reason, message.count);
        match ended {
            Ok(()) => {
                self.tries = 0;
                tracing::info!(event = "message.sent", notify = %name, kind, reason, count, "{name} was told: {}", message.text);
                Ok(())
            }
            Err(error) => {
                self.tries = self.tries.saturating_add(1);
                let attempt = self.tries;
                tracing::warn!(event = "message.failed", notify = %name, kind, reason, attempt, error, "{name} could not be told, next in {}: {error}", span(self.back_off()));
                Err(Refused)
            }
        }
    }

    fn back_off(&self) -> Duration {
        let doublings = self.tries.saturating_sub(1).min(16);
        (RETRY.0 * (1 << doublings)).min(RETRY.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;
    use crate::scratch::Scratch;
    use crate::tell::view::faults;

    const NOON: Time = Time::from_secs(1_763_812_800);

    /// Somebody who is told by a command, while one pattern finds nothing.
    fn channel(scratch: &Scratch, script: &str) -> Channel {
        let text = format!(
            "[cloud.main]\nregion = 'cn-north-4'\n[[notify]]\nname = 'ops'\n\
             command = ['/bin/sh', '-c', {script:?}, '{}']\n\
             [[discover]]\npattern = '{}/*/x.pem'\n",
            scratch.join("out").display(),
            scratch.display(),
        );
        let path = scratch.join("c.toml");
        std::fs::write(&path, text).unwrap();
        let config = config::load_offline(&path).unwrap();
        let board = Board::default();
        board.picture().at_rest = true;
        let faults = Arc::new(Mutex::new(faults(&config)));
        let kept = Arc::new(Kept::open(scratch));
        let ground = Ground { board, clock: || NOON, kept, faults };
        Channel::new(config.notify[0].clone(), ground, 0)
    }

    async fn tell(channel: &mut Channel) -> bool {
        channel.tell(Duration::ZERO, &CancellationToken::new()).await.is_ok()
    }

    #[tokio::test]
    async fn what_is_not_taken_is_not_known() {
        let scratch = Scratch::new();
        let mut closed = channel(&scratch, "exit 1");
        assert!(!tell(&mut closed).await && !tell(&mut closed).await);
        assert_eq!((closed.tries, closed.back_off()), (2, RETRY.0 * 2));
        let sent = closed.ground.board.picture().messages[&closed.to.name];
        assert_eq!((sent.taken, sent.failed), (0, 2));
        assert!(Kept::open(&scratch).of(&closed.to.name).is_empty());
        let mut open = channel(&scratch, "cat >> \"$0\"");
        assert!(tell(&mut open).await && tell(&mut open).await);
        let told = std::fs::read_to_string(scratch.join("out")).unwrap();
        assert_eq!(told.lines().count(), 1, "{told}");
        assert!(told.contains("\"reason\":\"empty\"") && told.contains("\"table\":\"discover\""));
        assert_eq!(Kept::open(&scratch).of(&open.to.name).len(), 1);
        open.ground.faults.lock().unwrap().clear();
        let mut next = Channel::new(open.to.clone(), open.ground.clone(), 0);
        assert!(tell(&mut next).await);
        let told = std::fs::read_to_string(scratch.join("out")).unwrap();
        assert!(told.lines().count() == 2 && told.contains("\"of\":\"failed\""), "{told}");
    }
}
