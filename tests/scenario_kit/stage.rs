//! The stage of one transcript: a house with its cloud, and every command that may be given there.

use std::fs;
use std::time::Duration;

use certrotd::plan::memory::Memory;
use certrotd::record::{self, Entry, Journal};
use certrotd::sim::Rule;
use chrono::{Days, Utc};

use super::daemon::Daemon;
use super::instances::Instances;
use super::sites::{self, Sites};
use super::stable::Names;
use super::{calls, config, events, history, pairs, weather};
use crate::common::House;

/// Answers in doubt and back-offs end within seconds here. A transcript that wants to show one of
/// them asks for an hour first, so that no slow machine can miss it.
const SCHEDULE: &str = "doubt = \"1s\"\nretry = \"1s..2s\"";
/// How many minutes ago the first renewal was issued; each one after it is a minute younger. The
/// pair that a house begins with was issued before it.
const RENEWED_MINUTES_AGO: u64 = 9;
/// An address of this host where nothing listens: nobody speaks the first protocol of the list.
const NOWHERE: &str = "127.0.0.1:1";
/// Days from now until a window opens that is closed however long a story takes.
const DAYS_AHEAD: u64 = 3;
/// That window: a weekday, and a span of it.
const WINDOW: &str = "%a 02:00-04:00";
/// A secret key that is not the account's.
const WRONG_SECRET: &str = "a-secret-of-somebody-else-altogether-01";

/// The user that runs this, as the system calls it.
fn user() -> String {
    let output = std::process::Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// What a command prints, or what is wrong with it.
pub type Printed = Result<Vec<String>, String>;

pub struct Stage {
    house: House,
    config: String,
    names: Names,
    sites: Sites,
    instances: Instances,
    daemon: Daemon,
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
        let later = Utc::now().checked_add_days(Days::new(DAYS_AHEAD)).unwrap();
        names.constant(&later.format(WINDOW).to_string(), "{a window in three days}");
        // Whoever runs this, behind `sudo` or not.
        house.environment.push(("SUDO_USER".to_owned(), String::new()));
        names.constant(&format!("by {}", user()), "by WHO");
        let instances = Instances::new(&house, &mut names);
        let config = house.config();
        let sites = Sites::new();
        let daemon = Daemon::default();
        Self { house, config, names, sites, instances, daemon, calls_told: 0, renewals: 0 }
    }

    /// What the client did that the API's documents do not allow.
    pub fn violations(&self) -> Vec<String> {
        self.house.sim.violations()
    }

    /// Lets this strike, ahead of whatever the transcript asks for.
    pub fn weather(&self, rule: Rule) {
        self.house.sim.weather(rule);
    }

    /// Does what a transcript's command says.
    pub fn command(&mut self, command: &str) -> Printed {
        self.learn();
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
            ["renew", name] => self.renew(name, &[&name.replace('-', ".")]),
            ["renew", name, "as", hosts] => {
                self.renew(name, &hosts.split(',').collect::<Vec<_>>());
            }
            ["put", name, "same-as", other] => pairs::copy(&self.house, name, other),
            ["put", name, kind] => pairs::put(&self.house, name, kind)?,
            ["only", names @ ..] => self.write(config::only(&self.config, names)),
            ["pushes", name, services @ ..] => {
                self.write(config::pushes(&self.config, name, services));
            }
            ["binds", name, service, places, rest @ ..] => {
                self.binds(name, service, places, rest)?;
            }
            ["weather", rule @ ..] => self.house.sim.weather(weather::rule(rule)?),
            ["calm"] => self.house.sim.clear_weather(),
            ["wait", span] => std::thread::sleep(self::span(span)?),
            ["lose", "state"] => fs::remove_dir_all(self.house.state()).unwrap(),
            ["touch", name] => fs::write(self.house.scratch.path(name), "").unwrap(),
            ["rm", name] => fs::remove_file(self.house.scratch.path(name)).unwrap(),
            ["age", span] => self.age(self::span(span)?),
            ["entry", "ca", name, service] => {
                let Self { instances, house, names, .. } = self;
                let entry = instances.entry(house, names, name, service)?;
                self.write(self.config.clone() + &entry);
            }
            ["daemon", order @ ..] => return self.daemon.command(&self.house, order),
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
            words => {
                if let Some(printed) = self.instances.command(&self.house, words) {
                    return printed;
                }
                return self.sites.command(&self.house, &mut self.names, words);
            }
        }
        Ok(Vec::new())
    }

    /// Runs the binary: what the log tells of an `apply`, what is printed, how it ends.
    fn certrotd(&mut self, arguments: &[&str]) -> Vec<String> {
        let ran = self.house.run(arguments);
        self.learn();
        let mut lines = Vec::new();
        if arguments.contains(&"apply") {
            lines = events::told(&ran.stderr);
        }
        let problems = ran.stderr.lines().filter(|line| !line.starts_with('{'));
        lines.extend(problems.map(str::to_owned));
        match arguments {
            ["history", ..] => lines.extend(history::told(&ran.stdout)),
            _ => lines.extend(ran.stdout.lines().map(str::to_owned)),
        }
        match ran.code {
            Some(0) => {}
            Some(code) => lines.push(format!("exit {code}")),
            None => lines.push("killed".to_owned()),
        }
        lines.iter().map(|line| self.names.settle(line)).collect()
    }

    /// What was imported by now is known to be a leaf.
    fn learn(&mut self) {
        let imports = self.house.sim.imports();
        self.names.leaves(imports.iter().map(|import| import.sha256.short()));
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

    fn renew(&mut self, name: &str, hosts: &[&str]) {
        let minutes_ago = RENEWED_MINUTES_AGO - self.renewals.min(RENEWED_MINUTES_AGO);
        self.renewals += 1;
        self.house.put(name, &self.house.issue_for(hosts, pairs::key(name), minutes_ago));
    }

    /// Lets an entry be bound to places of a service, with what is said of it in pairs of words.
    fn binds(
        &mut self,
        name: &str,
        service: &str,
        places: &str,
        rest: &[&str],
    ) -> Result<(), String> {
        let key = match service {
            "elb" => "listeners",
            "waf" => "hosts",
            _ => "domains",
        };
        let places: Vec<_> = places.split(',').collect();
        let mut lines = format!("{key} = {places:?}\n");
        for pair in rest.chunks(2) {
            let [word, value] = pair else { return Err("a word without its value".to_owned()) };
            lines += &match *word {
                "probe" => format!("probe = {:?}\n", self.probes(&places, value)?),
                word => format!("{word} = {value:?}\n"),
            };
        }
        self.write(config::binds(&self.config, name, service, &lines));
        Ok(())
    }

    /// A probe of each name at each place; of a name `@nowhere`, where nothing listens.
    fn probes(&self, places: &[&str], hosts: &str) -> Result<Vec<String>, String> {
        let mut probes = Vec::new();
        for host in hosts.split(',') {
            if let Some(name) = host.strip_suffix("@nowhere") {
                probes.push(format!("{name}@{NOWHERE}"));
                continue;
            }
            for place in places {
                probes.push(format!("{host}@{}", sites::edge(&self.house, place)?));
            }
        }
        Ok(probes)
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
            "edge-delay" => {
                let delay = span(value)?;
                sim.change(|settings| settings.edge_delay = delay);
            }
            "elb-quota" => {
                let quota = value.parse().map_err(|_| "no number")?;
                sim.change(|settings| settings.elb_quota = quota);
            }
            "cdn-delegation" => sim.change(|settings| settings.cdn_delegation = value == "on"),
            "silent-region" => {
                let regions = if value == "none" { Vec::new() } else { vec![value.to_owned()] };
                sim.change(|settings| settings.deployed_errors = regions);
            }
            "next-job-fails" => sim.fail_next_job(value),
            _ => return Err("no such knob".to_owned()),
        }
        Ok(())
    }
}

pub fn span(text: &str) -> Result<Duration, String> {
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
