//! The page of metrics in a file, for the collector of somebody else: whole or as it was, and never a reason to stop.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use crate::cycle::picture::Board;
use crate::files::atomic;
use crate::telemetry::metrics;

/// Whoever collects it is another user, and nothing in it is secret.
const MODE: u32 = 0o644;
/// How often it is written where there is no news, so that its age tells of a daemon that is gone.
const EVERY: Duration = Duration::from_secs(60);
/// How long a disk may take. One that does not answer keeps a thread, and nothing else.
const WRITE_WITHIN: Duration = Duration::from_secs(2);

/// The file, and what was said of it last.
#[derive(Debug)]
pub struct Textfile {
    board: Board,
    path: Option<PathBuf>,
    written: Option<(Instant, News)>,
    under_way: Option<JoinHandle<io::Result<()>>>,
    said: Option<bool>,
}

/// What makes a page another one than before, beside the mere passing of time: cycles and steps that have ended, and
/// whether the work stands still.
#[derive(Debug, PartialEq, Eq)]
struct News(u64, u64, bool);

impl Textfile {
    /// A file for what this board shows, where one is wanted. Writes nothing yet.
    pub fn new(board: Board, path: Option<PathBuf>) -> Self {
        Self { board, path, written: None, under_way: None, said: None }
    }

    /// It is wanted there from now on. What was written elsewhere stays as it is.
    pub fn aim(&mut self, path: Option<PathBuf>) {
        if self.path != path {
            (self.path, self.written, self.said) = (path, None, None);
        }
    }

    /// Writes it where there is news, or where the last time was a while ago.
    pub async fn keep(&mut self) {
        let news = self.news();
        let fresh =
            self.written.as_ref().is_some_and(|(at, of)| *of == news && at.elapsed() < EVERY);
        if !fresh {
            self.write().await;
        }
    }

    /// Writes it now. That it cannot be written is said once, and is tried again.
    pub async fn write(&mut self) {
        let Some(path) = self.path.clone() else { return };
        if self.under_way.as_ref().is_some_and(|it| !it.is_finished()) {
            return;
        }
        self.written = Some((Instant::now(), self.news()));
        let page = metrics::page(&self.board);
        let mut writing =
            tokio::task::spawn_blocking(move || atomic::put(&path, page.as_bytes(), MODE));
        let outcome = match timeout(WRITE_WITHIN, &mut writing).await {
            Ok(ended) => ended.unwrap_or_else(|bug| Err(io::Error::other(bug))),
            Err(_) => {
                self.under_way = Some(writing);
                Err(io::Error::new(io::ErrorKind::TimedOut, "the disk does not answer"))
            }
        };
        self.say(outcome);
    }

    /// Once, until it is otherwise.
    fn say(&mut self, outcome: io::Result<()>) {
        let Some(path) = &self.path else { return };
        if self.said.replace(outcome.is_ok()) == Some(outcome.is_ok()) {
            return;
        }
        let shown = path.display();
        match outcome {
            Ok(()) => {
                tracing::info!(event = "metrics.written", path = %shown, "metrics are written to {shown}");
            }
            Err(error) => {
                tracing::warn!(event = "metrics.unwritten", path = %shown, error = %error, "cannot write metrics to {shown}, trying again: {error}");
            }
        }
    }

    fn news(&self) -> News {
        let picture = self.board.picture();
        let stuck = picture.pulse.stuck(Instant::now()).is_some();
        News(picture.cycles, picture.steps.values().sum(), stuck)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::super::testing::Log;
    use super::*;
    use crate::scratch::Scratch;

    #[tokio::test(start_paused = true)]
    async fn it_is_written_at_news_and_once_a_minute() {
        // Whoever is first to log a line decides whether anybody is ever asked for it: here somebody listens, too.
        let _guard = Log::default().listen();
        let (scratch, board) = (Scratch::new(), Board::default());
        let path = scratch.join("certrotd.prom");
        let mut textfile = Textfile::new(board.clone(), Some(path.clone()));
        let taken = || fs::remove_file(&path).is_ok();
        textfile.keep().await;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, MODE);
        assert_eq!(fs::read_to_string(&path).unwrap(), metrics::page(&board));
        assert!(taken());
        tokio::time::sleep(EVERY / 2).await;
        textfile.keep().await;
        assert!(!taken(), "nothing is new");
        board.picture().cycles += 1;
        textfile.keep().await;
        assert!(taken());
        *board.picture().steps.entry(("import", "done")).or_default() += 1;
        textfile.keep().await;
        assert!(taken());
        tokio::time::sleep(EVERY).await;
        textfile.keep().await;
        assert!(taken(), "else its age would tell of a daemon that is gone");
        let other = scratch.join("other.prom");
        textfile.aim(Some(other.clone()));
        textfile.keep().await;
        assert!(other.exists() && !taken());
        textfile.aim(None);
        fs::remove_file(&other).unwrap();
        textfile.write().await;
        assert!(!other.exists() && fs::read_dir(scratch.join("")).unwrap().count() == 0);
    }

    #[tokio::test]
    async fn a_directory_that_is_not_there_is_said_once_and_so_is_that_it_came() {
        let (scratch, log) = (Scratch::new(), Log::default());
        let _guard = log.listen();
        let directory = scratch.join("collected");
        let path = directory.join("certrotd.prom");
        let mut textfile = Textfile::new(Board::default(), Some(path.clone()));
        let said = || (log.count("metrics.unwritten"), log.count("metrics.written"));
        textfile.write().await;
        textfile.write().await;
        assert_eq!(said(), (1, 0));
        fs::create_dir(&directory).unwrap();
        textfile.write().await;
        textfile.write().await;
        assert_eq!(said(), (1, 1));
        assert!(fs::read_to_string(&path).unwrap().contains("\ncertrotd_stuck 0\n"));
    }
}
