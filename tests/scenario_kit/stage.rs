//! The stage of one transcript: a house with its cloud, and every command that may be given there.

use std::fs;
use std::time::Duration;

use certrotd::plan::memory::Memory;
use certrotd::record::{self, Entry, Journal};
use certrotd::sim::pki::Authority;

use super::stable::Names;
use super::{calls, config, events, pairs, weather};
use crate::common::House;

/// Answers in doubt and back-offs end within seconds here. A transcript that wants to show one of
/// them asks for an hour first, so that no slow machine can miss it.
const SCHEDULE: &str = "doubt = \"1s\"\nretry = \"1s..2s\"";
/// How many minutes ago the first renewal was issued; each one after it is a minute younger. The
/// pair that a house begins with was issued before it.
const RENEWED_MINUTES_AGO: u64 = 9;
/// A secret key that is not the account's.
const WRONG_SECRET: &str = "a-secret-of-somebody-else-altogether-01";

/// What a command prints, or what is wrong with it.
type Printed = Result<Vec<String>, String>;

pub struct Stage {
    house: House,
    config: String,
    names: Names,
    calls_told: usize,
    renewals: u64,
}

impl Stage {
    pub fn new() -> Self {
        let mut house = House::new();
        house.schedule = SCHEDULE.to_owned();
        house.configure();
        let mut names = Names::default();
        let scratch = house.scratch.path("");
        names.constant(scratch.to_string_lossy().trim_end_matches('/'), "~");
        names.constant(&house.sim.url(), "{cloud}");
        let settings = house.settings();
        names.constant(&settings.project_id, "{project}");
        let redis = ["{orders-redis}", "{carts-redis}", "{plain-redis}"];
        for (instance, name) in settings.dcs.iter().zip(redis) {
            names.constant(&instance.id, name);
        }
        names.constant(&settings.geminidb[0].id, "{ledger-gemini}");
        names.constant(&settings.taurusdb[0], "{ledger}");
        let config = house.config();
        Self { house, config, names, calls_told: 0, renewals: 0 }
    }

    /// What the client did that the API's documents do not allow.
    pub fn violations(&self) -> Vec<String> {
        self.house.sim.violations()
    }

    /// Does what a transcript's command says.
    pub fn command(&mut self, command: &str) -> Printed {
        if let Some(change) = command.strip_prefix("config ") {
            return self.configure(change);
        }
        let words = words(&self.names.expand(command));
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["certrotd", arguments @ ..] => return Ok(self.certrotd(arguments)),
            ["calls"] => return Ok(self.calls()),
            ["calls", "refused"] => return Ok(vec![calls::refused(&self.house.sim.calls())]),
            ["files", folder] => return Ok(self.files(folder)),
            ["renew", name] => self.renew(name),
            ["put", name, "same-as", other] => pairs::copy(&self.house, name, other),
            ["put", name, kind] => pairs::put(&self.house, name, kind)?,
            ["only", names @ ..] => self.write(config::only(&self.config, names)),
            ["pushes", name, services @ ..] => {
                self.write(config::pushes(&self.config, name, services));
            }
            ["weather", rule @ ..] => self.house.sim.weather(weather::rule(rule)?),
            ["calm"] => self.house.sim.clear_weather(),
            ["wait", span] => std::thread::sleep(self::span(span)?),
            ["lose", "state"] => fs::remove_dir_all(self.house.state()).unwrap(),
            ["touch", name] => fs::write(self.house.scratch.path(name), "").unwrap(),
            ["age", span] => self.age(self::span(span)?),
            ["ca", name, "renew"] => self.renew_ca(name)?,
            ["foreign-job", ago] => {
                let instance = self.house.settings().taurusdb[0].clone();
                let created = self.house.sim.now() - span(ago)?;
                self.house.sim.foreign_job(&instance, true, created);
            }
            ["secret", "wrong"] => self.house.secret_file("secret-key", WRONG_SECRET),
            ["secret", "right"] => {
                let secret = self.house.settings().secret_key.expose();
                self.house.secret_file("secret-key", secret);
            }
            ["sim", knob, value] => self.turn(knob, value)?,
            _ => return Err("no such command".to_owned()),
        }
        Ok(Vec::new())
    }

    /// Runs the binary: what the log tells of an `apply`, what is printed, how it ends.
    fn certrotd(&mut self, arguments: &[&str]) -> Vec<String> {
        let ran = self.house.run(arguments);
        let mut lines = Vec::new();
        if arguments.contains(&"apply") {
            lines = events::told(&ran.stderr);
        }
        let problems = ran.stderr.lines().filter(|line| !line.starts_with('{'));
        lines.extend(problems.chain(ran.stdout.lines()).map(str::to_owned));
        match ran.code {
            Some(0) => {}
            Some(code) => lines.push(format!("exit {code}")),
            None => lines.push("killed".to_owned()),
        }
        lines.iter().map(|line| self.names.settle(line)).collect()
    }

    fn calls(&mut self) -> Vec<String> {
        let calls = self.house.sim.calls();
        let new = &calls[self.calls_told..];
        self.calls_told = calls.len();
        calls::writes(new, &mut self.names)
    }

    fn files(&self, folder: &str) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.house.scratch.path(folder)) else {
            return vec!["no such directory".to_owned()];
        };
        let names = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }

    fn renew(&mut self, name: &str) {
        let minutes_ago = RENEWED_MINUTES_AGO - self.renewals.min(RENEWED_MINUTES_AGO);
        self.renewals += 1;
        self.house.put(name, &self.house.issue(name, pairs::key(name), minutes_ago));
    }

    fn configure(&mut self, change: &str) -> Printed {
        let (place, value) = match change.split_once(" = ") {
            Some((place, value)) => (place, Some(self.names.expand(value))),
            None => (change, None),
        };
        let (name, key) = place.split_once(' ').ok_or("config NAME KEY [= VALUE]")?;
        self.write(config::set(&self.config, name, key, value.as_deref())?);
        Ok(Vec::new())
    }

    fn write(&mut self, config: String) {
        self.config = config;
        fs::write(self.house.config_path(), &self.config).unwrap();
    }

    /// Time passes: the clock is the host's, so the journal is written anew with older lines.
    fn age(&self, span: Duration) {
        let state = self.house.state();
        let entries = record::read(&state).unwrap().unwrap_or_default();
        fs::remove_dir_all(&state).unwrap();
        let mut journal = Journal::open(&state).unwrap();
        for Entry { at, record, .. } in entries {
            journal.append(at - span, &[record], &mut Memory::default()).unwrap();
        }
    }

    fn renew_ca(&self, name: &str) -> Result<(), String> {
        let settings = self.house.settings();
        let instance = match name {
            "orders-redis" => &settings.dcs[0].id,
            "carts-redis" => &settings.dcs[1].id,
            "ledger-gemini" => &settings.geminidb[0].id,
            _ => return Err("no such instance".to_owned()),
        };
        self.house.sim.set_ca(instance, Authority::new("Renewed").ca_pem());
        Ok(())
    }

    fn turn(&self, knob: &str, value: &str) -> Result<(), String> {
        let sim = &self.house.sim;
        match knob {
            "list-lag" => {
                let lag = span(value)?;
                sim.change(|settings| settings.list_lag = lag);
            }
            "job-time" => {
                let time = span(value)?;
                sim.change(|settings| settings.job_time = time);
            }
            "next-job-fails" => sim.fail_next_job(value),
            _ => return Err("no such knob".to_owned()),
        }
        Ok(())
    }
}

fn span(text: &str) -> Result<Duration, String> {
    certrotd::schedule::parse_span(text).map_err(|error| format!("{text} {error}"))
}

/// The words of a command; blanks within double quotes belong to a word.
fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (index, part) in command.split('"').enumerate() {
        match index % 2 {
            0 => words.extend(part.split_whitespace().map(str::to_owned)),
            _ => words.push(part.to_owned()),
        }
    }
    words
}
