//! A host on which the rehearsal runs, and the files of an operator there.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use certrotd::sim::pki::{Authority, KeyKind};

use crate::common::{Scratch, now};

/// A host without a configuration, with a place for temporary files that must be empty afterwards.
pub struct Host {
    pub scratch: Scratch,
}

impl Host {
    pub fn new() -> Self {
        let scratch = Scratch::new();
        fs::create_dir(scratch.path("tmp")).unwrap();
        Self { scratch }
    }

    /// The binary with these arguments, and nothing of the caller's cloud in its environment.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_certrotd"));
        command.args(arguments).stdin(Stdio::null()).env("TMPDIR", self.tmp());
        for (key, _) in std::env::vars() {
            if key.starts_with("HUAWEICLOUD") || key.starts_with("CERTROTD") {
                command.env_remove(key);
            }
        }
        command
    }

    pub fn run(&self, arguments: &[&str]) -> (Output, String) {
        let output = self.command(arguments).output().unwrap();
        let text = String::from_utf8(output.stdout.clone()).unwrap();
        (output, text)
    }

    pub fn tmp(&self) -> PathBuf {
        self.scratch.path("tmp")
    }

    #[track_caller]
    pub fn is_clean(&self) {
        let left: Vec<_> = fs::read_dir(self.tmp()).unwrap().map(|it| it.unwrap().path()).collect();
        assert_eq!(left, Vec::<PathBuf>::new());
    }

    /// A pair as an operator has it, and the text of its configuration entry, which pushes everywhere.
    pub fn pair(&self, name: &str, key: KeyKind) -> String {
        self.entry(name, key)
            + "[[certificate.push]]\nservice = \"elb\"\nproject = \"cn-north-4_shop\"\n\
               [[certificate.push]]\nservice = \"waf\"\n[[certificate.push]]\nservice = \"cdn\"\n"
    }

    /// A pair, and its entry without any push.
    pub fn entry(&self, name: &str, key: KeyKind) -> String {
        let from = now() - std::time::Duration::from_secs(3600);
        let to = from + std::time::Duration::from_secs(90 * 86_400);
        let names = ["", "static."].map(|more| format!("{more}{name}.example.com"));
        let names = names.each_ref().map(String::as_str);
        let issued = Authority::new("Own").issue(&names, key, from, to);
        self.secret(&format!("{name}.pem"), &issued.fullchain_pem());
        self.secret(&format!("{name}.key"), issued.key_pem.expose());
        format!(
            "[[certificate]]\nname = \"{name}\"\ncloud = \"beijing\"\ncert = \"{name}.pem\"\nkey = \"{name}.key\"\n"
        )
    }

    pub fn configure(&self, entries: &str) -> String {
        let marker = self.scratch.path("hook-ran");
        let text = format!(
            "{CLOUDS}{entries}\n[[instance_ca]]\nname = \"orders-redis\"\ncloud = \"beijing\"\nservice = \"dcs\"\n\
             instance_id = \"5560df16-cebf-4473-95c4-d1b573c16e79\"\npath = \"ca/orders-redis.pem\"\n\
             on_change = [\"/usr/bin/touch\", {marker:?}]\n"
        );
        fs::write(self.scratch.path("own.toml"), text).unwrap();
        self.scratch.path("own.toml").to_str().unwrap().to_owned()
    }
}

impl Host {
    /// Writes a file as an operator's own tools leave it.
    pub fn secret(&self, name: &str, text: &str) {
        fs::write(self.scratch.path(name), text).unwrap();
    }
}

/// Two accounts, whose credentials are not there: nobody may ask for them.
const CLOUDS: &str = r#"
[state]
path = "state"
[cloud.beijing]
region = "cn-north-4"
project_id = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
[cloud.beijing.credentials]
source = "access-key"
access_key_file = "nowhere/access-key"
secret_key_file = "nowhere/secret-key"
[cloud.beijing.endpoints]
waf = "http://127.0.0.1:9"
[cloud.shanghai]
region = "cn-east-3"
[cloud.shanghai.credentials]
source = "password"
domain = "someone"
user = "rotator"
password_file = "credential:password"

[[instance_ca]]
name = "ledger-gemini"
cloud = "shanghai"
service = "geminidb"
instance_id = "e73893ef73754465a8bd2e0857bbf13ein02"
category = "national"
path = "ca/ledger-gemini.pem"
[[instance_ssl]]
name = "ledger"
cloud = "shanghai"
service = "taurusdb"
instance_id = "096c0fc43e804757b59946b80dc27f8bin07"
enabled = true
"#;

#[track_caller]
pub fn shows(text: &str, wanted: &[&str]) {
    for words in wanted {
        assert!(text.contains(words), "{words:?} is not in\n{text}");
    }
}
