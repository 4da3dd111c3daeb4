//! What the whole-process tests share: a simulated cloud, a directory as certbot lays it out, a
//! configuration with all five systems, and the real binary run against them.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]
#![allow(dead_code, clippy::allow_attributes, reason = "each test file uses its own part of it")]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use certrotd::model::time::Time;
use certrotd::sim::pki::{Authority, Issued, KeyKind};
use certrotd::sim::{Settings, Sim, ids};

/// A directory of its own that goes when the test does.
pub struct Scratch(PathBuf);

impl Scratch {
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path =
            std::env::temp_dir().join(format!("certrotd-it-{}-{number}", std::process::id()));
        fs::remove_dir_all(&path).ok();
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

/// An operator's host, and the cloud that it talks to.
pub struct House {
    pub scratch: Scratch,
    pub sim: Sim,
    pub authority: Authority,
    settings: Settings,
    /// Lines put into `[schedule]`.
    pub schedule: String,
    /// What `[cloud.sim.credentials]` says.
    pub credentials: String,
    /// Set in the environment of the binary.
    pub environment: Vec<(String, String)>,
}

/// The pairs that every house has.
pub const NAMES: [&str; 2] = ["www-example-com", "api-example-com"];

impl House {
    pub fn new() -> Self {
        Self::with(|_| ())
    }

    /// A house whose cloud is set up otherwise.
    pub fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let authority = Authority::new("Test");
        let mut settings = Settings::default().with_reachable_instances(&authority, now());
        settings.job_time = Duration::from_millis(1500);
        change(&mut settings);
        let scratch = Scratch::new();
        let sim = Sim::start_thread(settings.clone()).unwrap();
        let house = Self {
            scratch,
            sim,
            authority,
            settings,
            schedule: String::new(),
            credentials: concat!(
                "source = \"access-key\"\n",
                "access_key_file = \"access-key\"\n",
                "secret_key_file = \"secret-key\"\n"
            )
            .to_owned(),
            environment: Vec::new(),
        };
        house.secret_file("access-key", &house.settings.access_key);
        house.secret_file("secret-key", house.settings.secret_key.expose());
        house.secret_file("password", house.settings.password.expose());
        house.put(NAMES[0], &house.issue(NAMES[0], KeyKind::Rsa2048, 10));
        house.put(NAMES[1], &house.issue(NAMES[1], KeyKind::EcdsaP256, 10));
        house.configure();
        house
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// A certificate issued so many minutes ago, good for 90 days.
    pub fn issue(&self, name: &str, key: KeyKind, minutes_ago: u64) -> Issued {
        self.issue_for(&[&name.replace('-', ".")], key, minutes_ago)
    }

    /// The same for these names.
    pub fn issue_for(&self, names: &[&str], key: KeyKind, minutes_ago: u64) -> Issued {
        let from = now() - Duration::from_secs(minutes_ago * 60);
        let to = from + Duration::from_secs(90 * 86_400);
        self.authority.issue(names, key, from, to)
    }

    /// Writes a pair as certbot does: new files in `archive/`, then the links in `live/` flip.
    pub fn put(&self, name: &str, issued: &Issued) {
        self.put_files(name, &issued.fullchain_pem(), issued.key_pem.expose());
    }

    pub fn put_files(&self, name: &str, fullchain: &str, key: &str) {
        let (archive, live) = (self.scratch.path("archive").join(name), self.live(name));
        fs::create_dir_all(&archive).unwrap();
        fs::create_dir_all(&live).unwrap();
        let version = fs::read_dir(&archive).unwrap().count() / 2 + 1;
        for (stem, text) in [("privkey", key), ("fullchain", fullchain)] {
            let target = archive.join(format!("{stem}{version}.pem"));
            fs::write(&target, text).unwrap();
            fs::set_permissions(&target, fs::Permissions::from_mode(0o600)).unwrap();
            let (link, new) = (live.join(format!("{stem}.pem")), live.join(format!(".{stem}.new")));
            symlink(&target, &new).unwrap();
            fs::rename(&new, &link).unwrap();
        }
    }

    pub fn live(&self, name: &str) -> PathBuf {
        self.scratch.path("live").join(name)
    }

    pub fn config_path(&self) -> PathBuf {
        self.scratch.path("certrotd.toml")
    }

    pub fn state(&self) -> PathBuf {
        self.scratch.path("state")
    }

    pub fn ca(&self, name: &str) -> PathBuf {
        self.scratch.path("ca").join(format!("{name}.pem"))
    }

    /// Writes the configuration: two rotations with three pushes each, three CAs, one switch.
    pub fn configure(&self) {
        fs::write(self.config_path(), self.config()).unwrap();
    }

    pub fn config(&self) -> String {
        self.base() + &self.entries()
    }

    /// What every configuration begins with: everything but the entries.
    pub fn base(&self) -> String {
        let url = self.sim.url();
        let mut text = format!("[schedule]\n{}\n[state]\npath = \"state\"\n\n", self.schedule);
        text += "[log]\nformat = \"json\"\nlevel = \"trace\"\n\n";
        text += &format!("[cloud.sim]\nregion = \"{}\"\n", self.settings.region);
        text +=
            &format!("\n[cloud.sim.credentials]\n{}\n[cloud.sim.endpoints]\n", self.credentials);
        for api in [
            "iam", "scm", "elb", "waf", "cdn", "dcs", "geminidb", "rds", "dds", "gaussdb",
            "taurusdb", "metadata",
        ] {
            text += &format!("{api} = \"{url}\"\n");
        }
        text
    }

    fn entries(&self) -> String {
        let mut text = String::new();
        for name in NAMES {
            text += &format!("\n[[certificate]]\nname = \"{name}\"\n");
            text += &format!(
                "cert = \"live/{name}/fullchain.pem\"\nkey = \"live/{name}/privkey.pem\"\n"
            );
            for service in ["elb", "waf", "cdn"] {
                text += &format!("[[certificate.push]]\nservice = \"{service}\"\n");
            }
        }
        for (name, service, id) in [
            ("orders-redis", "dcs", ids::REDIS_ZIP),
            ("carts-redis", "dcs", ids::REDIS_PEM),
            ("ledger-gemini", "geminidb", ids::GEMINIDB),
        ] {
            text += &format!("\n[[instance_ca]]\nname = \"{name}\"\nservice = \"{service}\"\n");
            text += &format!("instance_id = \"{id}\"\npath = \"ca/{name}.pem\"\n");
        }
        let taurus = ids::TAURUSDB;
        text += "\n[[instance_ssl]]\nname = \"ledger\"\nservice = \"taurusdb\"\n";
        text += &format!("instance_id = \"{taurus}\"\nenabled = true\nallow_restart = true\n");
        text
    }

    /// Runs the binary to its end.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        let began = Instant::now();
        let output = self.command(arguments).output().unwrap();
        Ran::of(output, began.elapsed())
    }

    /// Starts the binary.
    pub fn spawn(&self, arguments: &[&str]) -> Running {
        let log = fs::File::create(self.scratch.path("log")).unwrap();
        let mut command = self.command(arguments);
        let child = command.stdout(Stdio::null()).stderr(log).spawn().unwrap();
        Running { child, log: self.scratch.path("log") }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_certrotd"));
        command.arg("--config").arg(self.config_path()).args(arguments).stdin(Stdio::null());
        for (key, _) in std::env::vars() {
            if key.starts_with("HUAWEICLOUD")
                || key.starts_with("CERTROTD")
                || key.ends_with("_PROXY")
            {
                command.env_remove(key);
            }
        }
        command.env("HOME", self.scratch.path("home"));
        command.envs(self.environment.iter().cloned());
        command
    }

    pub fn secret_file(&self, name: &str, text: &str) {
        let path = self.scratch.path(name);
        fs::write(&path, format!("{text}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// How many calls of this method had this in their path.
    pub fn calls(&self, method: &str, path: &str) -> usize {
        let calls = self.sim.calls();
        calls.iter().filter(|call| call.method == method && call.path.contains(path)).count()
    }

    /// Imports, pushes and switches sent so far.
    pub fn writes(&self) -> [usize; 3] {
        [
            self.calls("POST", "/certificates/import"),
            self.calls("POST", "/push"),
            self.calls("PUT", "/ssl-option"),
        ]
    }
}

/// How a run of the binary ended.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    pub took: Duration,
}

impl Ran {
    fn of(output: Output, took: Duration) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self {
            code: output.status.code(),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
            took,
        }
    }

    #[track_caller]
    pub fn ends_with(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}\n{}", self.stdout, self.events());
        self
    }

    /// The log without its debug lines.
    pub fn events(&self) -> String {
        let quiet = |line: &&str| {
            !line.contains("\"level\":\"debug\"") && !line.contains("\"level\":\"trace\"")
        };
        self.stderr.lines().filter(quiet).collect::<Vec<_>>().join("\n")
    }
}

/// A binary at work; killed when the test ends.
pub struct Running {
    child: Child,
    log: PathBuf,
}

impl Running {
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        // One that has ended meanwhile takes no signal.
        Command::new("kill")
            .args([format!("-{name}"), pid])
            .stderr(Stdio::null())
            .status()
            .unwrap();
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Waits for the end.
    pub fn wait(&mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// How long something may take on a machine that runs much else. Nobody waits that long where all is well.
const DEADLINE: Duration = Duration::from_secs(60);

/// Waits until something is so; fails after a while that is long enough for any slow machine.
#[track_caller]
pub fn eventually(what: &str, mut so: impl FnMut() -> bool) -> Duration {
    let began = Instant::now();
    while !so() {
        assert!(began.elapsed() < DEADLINE, "not within {DEADLINE:?}: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
    began.elapsed()
}

pub fn now() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Time::from_millis(i64::try_from(since.as_millis()).unwrap())
}
