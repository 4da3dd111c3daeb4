//! The daemon, started and ended by a transcript while its story goes on.

use super::stage::Printed;
use crate::common::{House, Running, eventually};

/// At most one at a time, as on a host.
#[derive(Default)]
pub struct Daemon {
    running: Option<Running>,
}

impl Daemon {
    /// `start EVENT`: starts it and waits until its log has this event. `kill`: ends it as `kill -9`
    /// does. `stop`: as systemd does; prints how it ended when that was not well.
    pub fn command(&mut self, house: &House, words: &[&str]) -> Printed {
        match words {
            ["start", event] => {
                let running = self.running.insert(house.spawn(&["run"]));
                let event = format!("\"event\":\"{event}\"");
                eventually(&event, || running.log().contains(&event));
            }
            ["kill"] => drop(self.running.take().ok_or("no daemon runs")?),
            ["stop"] => {
                let mut running = self.running.take().ok_or("no daemon runs")?;
                running.signal("TERM");
                match running.wait() {
                    Some(0) => {}
                    other => return Ok(vec![format!("ended with {other:?}")]),
                }
            }
            _ => return Err("daemon start EVENT, kill or stop".to_owned()),
        }
        Ok(Vec::new())
    }
}
