//! A scratch directory with a configuration, certificates and a journal, and the binary in it.

use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, SystemTime};

use certrotd::model::time::Time;
use certrotd::plan::memory::{Memory, Record};
use certrotd::record::Journal;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

/// A port that nobody listens on: what must not be asked cannot be.
const NOBODY: &str = "https://127.0.0.1:1";
/// A project id.
const PROJECT: &str = "0123456789abcdef0123456789abcdef";

pub struct Bench(PathBuf);

/// How a run ended.
pub struct Ended {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    /// What is said, however it is aligned and wrapped.
    pub fn words(&self) -> String {
        self.stdout.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap()
    }

    /// One value a line.
    pub fn json_lines(&self) -> Vec<serde_json::Value> {
        self.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

impl Bench {
    pub fn new(name: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let unique = format!("certrotd-cli-{name}-{}-{count}", std::process::id());
        let path = std::env::temp_dir().join(unique);
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The path as it is typed.
    pub fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    /// A file that its owner alone may read.
    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
        self.mode(name, 0o600);
    }

    pub fn mode(&self, name: &str, mode: u32) {
        std::fs::set_permissions(self.path(name), PermissionsExt::from_mode(mode)).unwrap();
    }

    /// A configuration with one account that nobody answers for, and these entries.
    pub fn configure(&self, entries: &str) {
        self.configure_at(NOBODY, entries);
    }

    /// As [`Self::configure`], with every service at this address.
    pub fn configure_at(&self, address: &str, entries: &str) {
        self.write("ak", "AKID\n");
        self.write("sk", "a-secret-key\n");
        let names = [
            "iam", "scm", "elb", "waf", "cdn", "dcs", "geminidb", "taurusdb", "rds", "dds",
            "gaussdb",
        ];
        let endpoints: String =
            names.iter().map(|name| format!("{name} = {address:?}\n")).collect();
        let text = format!(
            "[state]\npath = {state:?}\n[cloud.north]\nregion = \"cn-north-4\"\nproject_id = \
             {PROJECT:?}\n[cloud.north.credentials]\nsource = \"access-key\"\naccess_key_file = \
             {ak:?}\nsecret_key_file = {sk:?}\n[cloud.north.endpoints]\n{endpoints}{entries}",
            state = self.path("state"),
            ak = self.path("ak"),
            sk = self.path("sk"),
        );
        self.write("certrotd.toml", &text);
    }

    /// An entry for the pair of this name, and more lines of it.
    pub fn certificate(&self, name: &str, more: &str) -> String {
        let (cert, key) = (self.path(&format!("{name}.pem")), self.path(&format!("{name}.key")));
        format!("[[certificate]]\nname = {name:?}\ncert = {cert:?}\nkey = {key:?}\n{more}\n")
    }

    /// `NAME.pem` and `NAME.key`, issued by a root of their own, that end in so many days.
    pub fn pair(&self, name: &str, days: i64) {
        let mut root = CertificateParams::new(vec![]).unwrap();
        root.distinguished_name.push(DnType::CommonName, "Test Root");
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = CertifiedIssuer::self_signed(root, KeyPair::generate().unwrap()).unwrap();
        let mut leaf = CertificateParams::new(vec!["www.example.com".to_owned()]).unwrap();
        leaf.distinguished_name.push(DnType::CommonName, "www.example.com");
        leaf.not_before = moment(days.min(0) - 30).into();
        leaf.not_after = moment(days).into();
        let key = KeyPair::generate().unwrap();
        let leaf = leaf.signed_by(&key, &root).unwrap();
        self.write(&format!("{name}.pem"), &format!("{}{}", leaf.pem(), root.pem()));
        self.write(&format!("{name}.key"), &key.serialize_pem());
    }

    /// A root of this name that ends in so many days, as PEM.
    pub fn authority(name: &str, days: i64) -> String {
        let mut root = CertificateParams::new(vec![]).unwrap();
        root.distinguished_name.push(DnType::CommonName, name);
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        root.not_after = moment(days).into();
        let key = KeyPair::generate().unwrap();
        CertifiedIssuer::self_signed(root, key).unwrap().pem()
    }

    /// Writes a journal, as a daemon would have.
    pub fn remember(&self, records: Vec<Record>) {
        let mut journal = Journal::open(&self.path("state")).unwrap();
        let now: Time = chrono::Utc::now().into();
        journal.append(now, &records, &mut Memory::default()).unwrap();
    }

    pub fn certrotd(&self, arguments: &[&str]) -> Ended {
        self.certrotd_in(&[], arguments)
    }

    /// As [`Self::certrotd`], with these variables and no others.
    pub fn certrotd_in(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Ended {
        let mut command = Command::new(env!("CARGO_BIN_EXE_certrotd"));
        command.env_clear().envs(variables.iter().copied());
        self.ended(&mut command, arguments)
    }

    /// As [`Self::certrotd`], as another user; only root may ask for that. The binary is a copy, since
    /// that user need not be able to reach where it was built.
    pub fn certrotd_as(&self, user: u32, arguments: &[&str]) -> Ended {
        self.mode("", 0o755);
        let copy = self.path("certrotd");
        std::fs::copy(env!("CARGO_BIN_EXE_certrotd"), &copy).unwrap();
        self.ended(Command::new(copy).env_clear().uid(user).gid(user), arguments)
    }

    fn ended(&self, command: &mut Command, arguments: &[&str]) -> Ended {
        command
            .args(["--config", &self.text("certrotd.toml")])
            .args(arguments)
            .current_dir(&self.0);
        let output = loop {
            match command.output() {
                // A process that another test began a moment ago still has the copy open, as it was written.
                Err(error) if error.kind() == ErrorKind::ExecutableFileBusy => {
                    sleep(Duration::from_millis(10));
                }
                ended => break ended.unwrap(),
            }
        };
        let ended = Ended {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        };
        for secret in ["a-secret-key", "PRIVATE KEY"] {
            assert!(!ended.stdout.contains(secret) && !ended.stderr.contains(secret));
        }
        ended
    }
}

/// So many days from now, or before.
fn moment(days: i64) -> SystemTime {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    let span = DAY * u32::try_from(days.abs()).unwrap();
    if days < 0 { SystemTime::now() - span } else { SystemTime::now() + span }
}
