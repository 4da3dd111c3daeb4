//! The daemon, started and ended by a transcript while its story goes on.

use certrotd::plan::memory::Record;
use certrotd::record;

use super::stage::Printed;
use crate::common::{House, Running, eventually};

/// At most one at a time, as on a host.
#[derive(Default)]
pub struct Daemon {
    running: Option<Running>,
}

impl Daemon {
    /// `start EVENT`: starts it and waits until its log has this event. `kill`: ends it as `kill -9`
    /// does; `kill answered`: once its journal has the answer of each step that has begun, which is
    /// written down a moment after the log tells of it. `stop`: as systemd does; prints how it ended when that was not well.
    pub fn command(&mut self, house: &House, words: &[&str]) -> Printed {
        match words {
            ["start", event] => {
                let running = self.running.insert(house.spawn(&["run"]));
                let event = format!("\"event\":\"{event}\"");
                eventually(&event, || running.log().contains(&event));
            }
            ["kill"] => drop(self.running.take().ok_or("no daemon runs")?),
            ["kill", "answered"] => {
                let running = self.running.take().ok_or("no daemon runs")?;
                eventually("an answer to each step", || is_answered(house));
                drop(running);
            }
            ["stop"] => {
                let mut running = self.running.take().ok_or("no daemon runs")?;
                running.signal("TERM");
                match running.wait() {
                    Some(0) => {}
                    other => return Ok(vec![format!("ended with {other:?}")]),
                }
            }
            _ => return Err("daemon start EVENT, kill, kill answered or stop".to_owned()),
        }
        Ok(Vec::new())
    }
}

/// Whether some step has begun, and each that has is known to have ended.
fn is_answered(house: &House) -> bool {
    let entries = record::read(&house.state()).ok().flatten().unwrap_or_default();
    let (mut open, mut begun) = (Vec::new(), false);
    for entry in entries {
        match entry.record {
            Record::Began { action, .. } => {
                begun = true;
                open.push(action);
            }
            Record::Done { action, .. }
            | Record::Failed { action, .. }
            | Record::Learned { action, .. } => open.retain(|it| *it != action),
            _ => {}
        }
    }
    begun && open.is_empty()
}
