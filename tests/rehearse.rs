//! `certrotd rehearse` as a visitor runs it, and with an operator's own file: what it shows, how it
//! ends, and that it leaves nothing behind.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod common;

use std::fs;
use std::io::{BufRead, BufReader, ErrorKind};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use certrotd::sim::pki::{Authority, KeyKind};
use common::Scratch;

/// A host without a configuration, with a place for temporary files that must be empty afterwards.
struct Host {
    scratch: Scratch,
}

impl Host {
    fn new() -> Self {
        let scratch = Scratch::new();
        fs::create_dir(scratch.path("tmp")).unwrap();
        Self { scratch }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_certrotd"));
        command.args(arguments).stdin(Stdio::null()).env("TMPDIR", self.tmp());
        for (key, _) in std::env::vars() {
            if key.starts_with("HUAWEICLOUD") || key.starts_with("CERTROTD") {
                command.env_remove(key);
            }
        }
        command
    }

    fn run(&self, arguments: &[&str]) -> (Output, String) {
        let output = self.command(arguments).output().unwrap();
        let text = String::from_utf8(output.stdout.clone()).unwrap();
        (output, text)
    }

    fn tmp(&self) -> PathBuf {
        self.scratch.path("tmp")
    }

    #[track_caller]
    fn is_clean(&self) {
        let left: Vec<_> = fs::read_dir(self.tmp()).unwrap().map(|it| it.unwrap().path()).collect();
        assert_eq!(left, Vec::<PathBuf>::new());
    }

    /// A pair as an operator has it, and the text of its configuration entry, which pushes everywhere.
    fn pair(&self, name: &str, key: KeyKind) -> String {
        self.entry(name, key)
            + "[[certificate.push]]\nservice = \"elb\"\nproject = \"cn-north-4_shop\"\n\
               [[certificate.push]]\nservice = \"waf\"\n[[certificate.push]]\nservice = \"cdn\"\n"
    }

    /// A pair, and its entry without any push.
    fn entry(&self, name: &str, key: KeyKind) -> String {
        let from = common::now() - std::time::Duration::from_secs(3600);
        let to = from + std::time::Duration::from_secs(90 * 86_400);
        let names = ["", "static."].map(|more| format!("{more}{name}.example.com"));
        let names = names.each_ref().map(String::as_str);
        let issued = Authority::new("Own").issue(&names, key, from, to);
        self.scratch.secret(&format!("{name}.pem"), &issued.fullchain_pem());
        self.scratch.secret(&format!("{name}.key"), issued.key_pem.expose());
        format!(
            "[[certificate]]\nname = \"{name}\"\ncloud = \"beijing\"\ncert = \"{name}.pem\"\nkey = \"{name}.key\"\n"
        )
    }

    fn configure(&self, entries: &str) -> String {
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

impl Scratch {
    fn secret(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
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
fn shows(text: &str, wanted: &[&str]) {
    for words in wanted {
        assert!(text.contains(words), "{words:?} is not in\n{text}");
    }
}

#[test]
fn a_visitor_sees_every_system() {
    let host = Host::new();
    let (output, text) = host.run(&["rehearse"]);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "the log does not spoil the show");
    shows(
        &text,
        &[
            "POST 200  /v3/scm/certificates/import",
            "/push",
            "reads: ",
            "PUT  200  /v3/0123…/instances/096c…/ssl-option",
            "Completed",
            "certbot renews www.example.com",
            "4 imports and 9 pushed copies; 14 bindings and 1 SSL switch",
            "bound by hand",
            "alarm     www: ",
            "looked again: 0 bindings more",
            "charged   0 yuan",
            "✓ SCM import",
            "✓ SCM push to ELB",
            "✓ SCM push to WAF",
            "✓ SCM push to CDN",
            "✓ Served by ELB",
            "✓ Served by WAF",
            "✓ Served by CDN",
            "✓ Old to new",
            "✓ Drift",
            "✓ Roll-back",
            "✓ Cleaning up",
            "✓ Fees",
            "✓ DCS CA",
            "✓ GeminiDB CA",
            "✓ RDS CA               2 files hold what is published, and 2 clients connect",
            "✓ DDS CA",
            "✓ GaussDB CA",
            "✓ TaurusDB SSL switch  ledger: one PUT",
            "its greeting offers SSL now",
            "✓ CA renewal",
            "✓ Clients",
            "✓ Commands             10 runs for as many changes of CA files",
            "✓ Bad CA",
            "held      instance_ca catalog-dds: the published CA is not fit to install, the file stays",
            "✓ Memory",
            "✓ Daemon",
            "Everything came out right.",
        ],
    );
    tells_the_story(&text);
    tells_of_the_databases(&text);
    assert!(!text.contains('\x1b') && !text.contains('─'), "piped, it is plain:\n{text}");
    assert!(!text.contains("PRIVATE KEY") && !text.contains("simulated-secret-key"));
    let longest = text.lines().map(|line| line.chars().count()).max();
    assert!(longest <= Some(100 + host.tmp().to_string_lossy().len()), "{longest:?}");
    host.is_clean();
}

/// From the head of an act to the head of the next.
fn act(text: &str, number: usize) -> &str {
    let start = |number: usize| text.find(&format!("\n{number} · ")).unwrap();
    &text[start(number)..start(number + 1)]
}

/// Both CAs stand in the file in between, the published one first, and clients connect all the while.
fn tells_of_the_databases(text: &str) {
    let renewal = act(text, 6);
    for name in ["orders-redis", "billing-postgres"] {
        let line = |start: &str| {
            let line = renewal.lines().find(|line| line.starts_with(&format!("  {start}")));
            line.unwrap().split_whitespace().map(str::to_owned).collect::<Vec<_>>()
        };
        let row = line(name);
        let (old, new) = (row[1].clone(), row.last().unwrap().clone());
        assert_ne!(old, new);
        shows(text, &[&format!("a client connects by CA {old}\n")]);
        shows(
            renewal,
            &[
                &format!("{name}: CA {old} → {new}, and presents the old one's"),
                &format!("a client connects by CA {new} and {old}\n"),
                &format!("a client connects by CA {new}\n"),
            ],
        );
    }
    assert!(!renewal.contains("turns away"), "{renewal}");
    shows(act(text, 7), &["502 Bad Gateway", "catalog-dds.pem stays as it was"]);
}

/// The fingerprints of each act go together: what a handshake returned in one is where the next begins.
fn tells_the_story(text: &str) {
    let act = |number| act(text, number);
    // Before and after at ELB, WAF and CDN.
    let table = |number: usize| -> [(String, String); 3] {
        ["ELB", "WAF", "CDN"].map(|service| {
            let start = format!("  {service}      ");
            let row = act(number).lines().find(|line| line.starts_with(&start)).unwrap();
            let words: Vec<_> = row.split_whitespace().map(str::to_owned).collect();
            (words[2].clone(), words[4].clone())
        })
    };
    let renewed = |number: usize| {
        let fact = act(number).lines().find(|line| line.starts_with("  leaf")).unwrap();
        fact.split_whitespace().last().unwrap().to_owned()
    };
    let [(by_hand, first), ..] = table(1);
    assert!(by_hand != first && first.len() == 12, "{by_hand} {first}");
    assert!(table(1).iter().all(|row| *row == (by_hand.clone(), first.clone())));
    let second = renewed(2);
    assert!(table(2).iter().all(|row| *row == (first.clone(), second.clone())));
    assert_eq!(table(3)[0], (first, second.clone()), "the former leaf, and what repaired it");
    let (bad, good) = (renewed(4), renewed(5));
    assert_eq!(table(4)[0], (second.clone(), second.clone()), "back where it was");
    assert_eq!(table(4)[1], (second.clone(), bad.clone()));
    assert!(act(4).contains(&format!(", though {bad} is bound")), "{}", act(4));
    assert_eq!(table(5), [(second, good.clone()), (bad.clone(), good.clone()), (bad, good)]);
}

#[test]
fn programs_get_one_object() {
    let host = Host::new();
    let (output, text) = host.run(&["rehearse", "--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{text}");
    let verdict: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(verdict["fine"], true);
    assert!(verdict["checks"].as_array().unwrap().len() >= 8, "{text}");
    host.is_clean();
}

#[test]
fn an_interrupted_rehearsal_leaves_nothing_behind() {
    let host = Host::new();
    let mut child = host.command(&["rehearse"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("/ssl-option")), "it is in the midst of it");
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    assert_eq!(child.wait().unwrap().code(), Some(1));
    host.is_clean();
}

#[test]
fn an_operators_own_file_touches_nothing_of_the_operators() {
    let host = Host::new();
    let entries = host.pair("shop", KeyKind::EcdsaP384) + &host.pair("blog", KeyKind::Rsa2048);
    let file = host.configure(&entries);
    let before = fs::read_dir(host.scratch.path("")).unwrap().count();
    let (output, text) = host.run(&["rehearse", "--config", &file]);
    assert_eq!(output.status.code(), Some(0), "{text}{output:?}");
    shows(
        &text,
        &[
            "cn-north-4_shop",
            "/usr/bin/touch",
            "not run",
            "2 imports: each leaf on the disk, once",
            "ledger was left alone",
            "✓ DCS CA",
            "✓ GeminiDB CA",
            "✓ Second apply",
            "allow_restart = true",
        ],
    );
    assert!(!host.scratch.path("hook-ran").exists(), "no command is run");
    let after = fs::read_dir(host.scratch.path("")).unwrap().count();
    assert_eq!(after, before, "neither state nor CA files are written where the file says");
    host.is_clean();
}

#[test]
fn an_operators_places_are_bound_and_their_probes_stay_here() {
    let host = Host::new();
    // What stands for the operator's real server: nobody may knock there.
    let real = TcpListener::bind("127.0.0.1:0").unwrap();
    real.set_nonblocking(true).unwrap();
    let at = real.local_addr().unwrap();
    let shop = host.entry("shop", KeyKind::Rsa2048)
        + &format!(
            "[[certificate.push]]\nservice = \"elb\"\nlisteners = [\"0aa1f2b3-1111\", \"0bb1f2b3-2222\"]\n\
             probe = [\"shop.example.com@{at}\", \"{at}\"]\n\
             [[certificate.push]]\nservice = \"waf\"\nproject = \"cn-north-4_shop\"\n\
             hosts = [\"Shop.example.com:8443\", \"3f1c2a\"]\nprobe = [\"shop.example.com@{at}\"]\n\
             [[certificate.push]]\nservice = \"cdn\"\ndomains = [\"static.shop.example.com\"]\n"
        );
    let blog = host.entry("blog", KeyKind::EcdsaP256)
        + &format!(
            "[[certificate.push]]\nservice = \"elb\"\nlisteners = [\"0aa1f2b3-1111\"]\n\
             [[certificate.push]]\nservice = \"waf\"\nprobe = [\"blog.example.com@{at}\"]\n"
        );
    let file = host.configure(&(shop + &blog));
    let (output, text) = host.run(&["rehearse", "--config", &file]);
    assert_eq!(output.status.code(), Some(0), "{text}{output:?}");
    shows(
        &text,
        &[
            "probes    3 handshakes to the simulated edges",
            "probes    1 handshake left out",
            "✓ Served by ELB        3 listeners return",
            "✓ Served by WAF        2 hosts return",
            "✓ Served by CDN        1 domain returns",
            "✓ Fees",
            "✓ Second apply",
        ],
    );
    let knocked = real.accept().map_err(|error| error.kind());
    assert!(matches!(knocked, Err(ErrorKind::WouldBlock)), "{knocked:?}");
    host.is_clean();
}

#[test]
fn an_operators_databases_are_simulated_and_their_probes_stay_here() {
    let host = Host::new();
    let real = TcpListener::bind("127.0.0.1:0").unwrap();
    real.set_nonblocking(true).unwrap();
    let at = real.local_addr().unwrap();
    let pg = "dc1f4a5e8b7a4d0a9c3e2f6071b8d925in03";
    let mut entries = String::new();
    for (name, service, id, more) in [
        ("carts", "dcs", "7d6e2b41-cebf-4473-95c4-d1b573c16e79", "protocol = 'tls'"),
        ("bills", "rds", pg, "protocol = 'postgres'\nowner = 'nobody-here'\ngroup = '4711'"),
        ("bills-too", "rds", pg, "protocol = 'postgres'\ncategory = 'national'"),
        ("shop", "rds", "5d2e8a7c90b34f16a1c3e5d7f9b80246in01", "protocol = 'mysql'"),
        ("docs", "dds", "9f136948f6904d1fad2f4c8e2d5b7a16in02", ""),
        ("stock", "gaussdb", "2b7c90e1d4f84a53b6c8e9f01a2d3c47in14", "protocol = 'postgres'"),
    ] {
        entries += &format!(
            "[[instance_ca]]\nname = \"{name}\"\ncloud = \"beijing\"\nservice = \"{service}\"\n\
             instance_id = \"{id}\"\npath = \"ca/{name}.pem\"\nprobe = \"{at}\"\n{more}\n"
        );
    }
    for (name, id, more) in [
        ("paid", "196c0fc43e804757b59946b80dc27f8bin07", "window = 'Sun 02:00-02:01'"),
        ("known", "296c0fc43e804757b59946b80dc27f8bin07", "assume = true"),
    ] {
        entries += &format!(
            "[[instance_ssl]]\nname = \"{name}\"\ncloud = \"beijing\"\nservice = \"taurusdb\"\n\
             instance_id = \"{id}\"\nenabled = true\nallow_restart = true\nprobe = \"{at}\"\n{more}\n"
        );
    }
    let file = host.configure(&entries);
    let (output, text) = host.run(&["rehearse", "--config", &file]);
    assert_eq!(output.status.code(), Some(0), "{text}{output:?}");
    shows(
        &text,
        &[
            "probes    8 handshakes to simulated databases",
            "✓ DCS CA               2 files hold what is published, and a client connects",
            "✓ RDS CA               3 files hold what is published, and 3 clients connect",
            "✓ DDS CA               1 file holds what is published, and a client connects",
            "✓ GaussDB CA",
            "✓ GeminiDB CA          1 file holds what is published\n",
            "paid: one PUT, its job",
            "known: its greeting said so already, nothing was sent",
            "✓ Second apply",
        ],
    );
    let knocked = real.accept().map_err(|error| error.kind());
    assert!(matches!(knocked, Err(ErrorKind::WouldBlock)), "{knocked:?}");
    host.is_clean();
}

#[test]
fn more_places_than_a_rehearsal_binds_are_left_out() {
    let host = Host::new();
    let domains: Vec<_> = (0..8).map(|number| format!("\"d{number}.shop.example.com\"")).collect();
    let entry = host.entry("shop", KeyKind::EcdsaP256).replace("shop.pem", "many.pem");
    let names: Vec<_> = (0..8).map(|number| format!("d{number}.shop.example.com")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let from = common::now() - std::time::Duration::from_secs(3600);
    let to = from + std::time::Duration::from_secs(90 * 86_400);
    let issued = Authority::new("Own").issue(&names, KeyKind::EcdsaP256, from, to);
    host.scratch.secret("many.pem", &issued.fullchain_pem());
    host.scratch.secret("shop.key", issued.key_pem.expose());
    let push = "[[certificate.push]]\nservice = \"cdn\"\n";
    let file = host.configure(&format!("{entry}{push}domains = [{}]\n", domains.join(", ")));
    let (output, text) = host.run(&["rehearse", "--config", &file]);
    assert_eq!(output.status.code(), Some(0), "{text}{output:?}");
    shows(&text, &["places    2 places left out", "✓ Served by CDN        6 domains return"]);
}

#[test]
fn a_bad_certificate_is_told_and_ends_with_1() {
    let host = Host::new();
    let entries = host.pair("shop", KeyKind::EcdsaP256) + &host.pair("blog", KeyKind::EcdsaP256);
    let file = host.configure(&entries);
    fs::copy(host.scratch.path("shop.key"), host.scratch.path("blog.key")).unwrap();
    let (output, text) = host.run(&["--config", &file, "rehearse"]);
    assert_eq!(output.status.code(), Some(1), "{text}");
    shows(&text, &["✗ SCM import", "blog.key", "✓ DCS CA"]);
    assert!(!host.scratch.path("hook-ran").exists());
    host.is_clean();

    fs::write(&file, "[cloud.beijing]\nregoin = \"x\"\n").unwrap();
    let (output, _) = host.run(&["rehearse", "--config", &file]);
    assert_eq!(output.status.code(), Some(2), "a wrong file is refused as by every command");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("own.toml:2:"), "{said}");
    host.is_clean();
}
