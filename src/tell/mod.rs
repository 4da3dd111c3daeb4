//! Telling: whoever is named in `[[notify]]` hears of what wants a person, once, and that it is over.
//!
//! Reading order: [`judge`] decides what is to be told, and is pure; `view` gathers what stands; `message` is what is
//! sent, and `send` the way it goes; `kept` is what the next process knows; `channel` does it for one of them, beside all
//! other work and never in its way.

mod channel;
pub mod judge;
mod kept;
pub mod message;
pub mod send;
mod view;

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::config::{Config, Notify};
use crate::cycle::picture::Board;
use crate::model::names::Name;
use crate::model::time::Clock;
use channel::{Channel, Ground};
use kept::Kept;

/// How long a message under way may take once the daemon is told to stop, while its steps may take longer.
const END_WITHIN: Duration = Duration::from_secs(2);
/// How long `apply` tells at its end: the longest that one command or a webhook may take, and a little.
const ONCE_WITHIN: Duration = Duration::from_secs(65);

/// Everybody who is told by a daemon.
pub struct Teller {
    ground: Ground,
    rests: watch::Sender<u64>,
    wanted: Vec<Notify>,
    at_work: JoinSet<()>,
    stop: CancellationToken,
    /// When it was told to stop.
    stopping: Option<Instant>,
}

/// Rung when a cycle has come to rest.
#[derive(Clone)]
pub struct Bell(watch::Sender<u64>);

impl Bell {
    /// A cycle has come to rest: there may be something to tell.
    pub fn ring(&self) {
        self.0.send_modify(|rests| *rests = rests.wrapping_add(1));
    }
}

impl Teller {
    /// Begins to tell what this board shows. Sends nothing before a look has found something.
    pub fn start(config: &Config, board: Board, clock: Clock) -> Self {
        let mut teller = Self {
            ground: ground(config, board, clock),
            rests: watch::Sender::new(0),
            wanted: Vec::new(),
            at_work: JoinSet::new(),
            stop: CancellationToken::new(),
            stopping: None,
        };
        teller.aim(config);
        teller
    }

    /// What a cycle rings.
    pub fn bell(&self) -> Bell {
        Bell(self.rests.clone())
    }

    /// Tells those of another configuration. One that is under way when it comes may be told again.
    pub fn aim(&mut self, config: &Config) {
        self.take_faults(config);
        if self.wanted == config.notify {
            return;
        }
        self.wanted.clone_from(&config.notify);
        self.at_work.abort_all();
        self.ground.kept.retain(&names(config));
        let changes = self.ground.board.picture().changes.count();
        for to in &config.notify {
            let channel = Channel::new(to.clone(), self.ground.clone(), changes);
            let (rests, stop) = (self.rests.subscribe(), self.stop.clone());
            self.at_work.spawn(channel.attend(rests, stop));
        }
    }

    /// What is wrong with the patterns is this now.
    pub fn take_faults(&self, config: &Config) {
        let faults = view::faults(config);
        *self.ground.faults.lock().unwrap_or_else(PoisonError::into_inner) = faults;
    }

    /// Begins nothing more; a message that is on its way may arrive.
    pub fn stop(&mut self) {
        self.stop.cancel();
        self.stopping.get_or_insert_with(Instant::now);
    }

    /// Ends, a moment after it was told to stop at the latest.
    pub async fn end(&mut self) {
        self.stop();
        let by = self.stopping.unwrap_or_else(Instant::now) + END_WITHIN;
        let all = async { while self.at_work.join_next().await.is_some() {} };
        let _ = tokio::time::timeout_at(by, all).await;
        self.at_work.abort_all();
    }
}

/// Tells once what there is to be told, as a command does at its end: what still stands after its patience has settled.
/// Takes no longer than a message may take.
pub async fn once(config: &Config, board: Board, clock: Clock) {
    if config.notify.is_empty() {
        return;
    }
    let ground = ground(config, board, clock);
    *ground.faults.lock().unwrap_or_else(PoisonError::into_inner) = view::faults(config);
    ground.kept.retain(&names(config));
    let mut telling = JoinSet::new();
    for to in &config.notify {
        let mut channel = Channel::new(to.clone(), ground.clone(), 0);
        telling.spawn(async move {
            // What was not taken is logged, and told by the next one.
            let _ = channel.tell(Duration::ZERO, &CancellationToken::new()).await;
        });
    }
    let all = async { while telling.join_next().await.is_some() {} };
    if tokio::time::timeout(ONCE_WITHIN, all).await.is_err() {
        let secs = ONCE_WITHIN.as_secs();
        tracing::warn!(
            event = "message.failed",
            "not everybody was told within {secs} s; the next one does it"
        );
    }
}

/// Sends one message to each, to see whether it arrives, and gives what came of it.
pub async fn test(config: &Config, clock: Clock) -> Vec<Result<(), String>> {
    let message = message::test(&message::host(), clock());
    let mut ended = Vec::new();
    // One after the other: there are few, and each has its time.
    for to in &config.notify {
        ended.push(send::send(to, &message, clock()).await);
    }
    ended
}

fn ground(config: &Config, board: Board, clock: Clock) -> Ground {
    let kept = Arc::new(Kept::open(&config.state));
    Ground { board, clock, kept, faults: Arc::default() }
}

fn names(config: &Config) -> Vec<&Name> {
    config.notify.iter().map(|to| &to.name).collect()
}
