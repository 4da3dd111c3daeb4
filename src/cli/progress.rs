//! How far `apply` is, for whoever waits in front of a terminal.

use std::convert::Infallible;
use std::io::{self, IsTerminal as _};

use tokio::sync::watch;

use super::args::Format;
use crate::cycle::Progress;
use crate::telemetry::bar::Bar;

/// How many characters the bar itself has: with its words it is narrower than any terminal.
const WIDTH: usize = 20;

/// Draws how far a cycle is until it is dropped, where standard error is a terminal that can do it and where
/// results are for people.
pub(super) async fn draw(
    mut progress: watch::Receiver<Option<Progress>>,
    format: Format,
) -> Infallible {
    let plain = std::env::var_os("TERM").is_none_or(|name| name.is_empty() || name == "dumb");
    if format != Format::Text || plain || !io::stderr().is_terminal() {
        drop(progress);
        return std::future::pending().await;
    }
    let bar = Bar::new();
    while progress.changed().await.is_ok() {
        let now = *progress.borrow_and_update();
        bar.draw(&now.map(|now| words(&now)).unwrap_or_default());
    }
    drop(bar);
    std::future::pending().await
}

fn words(progress: &Progress) -> String {
    let filled = WIDTH * progress.done / progress.total.max(1);
    format!("[{:<WIDTH$}] {}", "#".repeat(filled.min(WIDTH)), progress.words())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_full_as_the_work_is_done_and_fits() {
        for (done, total, expected) in [
            (0, 10_000, "[                    ] 0 of 10,000 done, 0 failed"),
            (5_250, 10_000, "[##########          ] 5,250 of 10,000 done, 0 failed"),
            (10_000, 10_000, "[####################] 10,000 of 10,000 done, 0 failed"),
            (0, 0, "[                    ] 0 of 0 done, 0 failed"),
        ] {
            let drawn = words(&Progress { done, total, failed: 0, ends: None });
            assert_eq!(drawn, expected);
            assert!(drawn.len() < 79);
        }
    }
}
