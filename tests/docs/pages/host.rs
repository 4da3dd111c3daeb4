//! The host on which a page is played: a root of its own with an ACME client's files, the credentials, and a
//! simulated cloud in place of the real one.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use certrotd::model::target::Target;
use certrotd::sim::pki::KeyKind;
use certrotd::sim::{Pair, ids};

use super::typed;
use crate::common::House;
use crate::scenario_kit::instances::Instances;
use crate::scenario_kit::sites::{self, Sites};
use crate::scenario_kit::stable::Names;
use crate::scenario_kit::stage::span;

/// Directories of a reader's host that are others here.
const MOVED: [&str; 6] = ["/etc/", "/usr/", "/var/", "/srv/", "/run/", "/opt/"];
/// Where the daemon's configuration lies.
const CONFIG: &str = "/etc/certrotd/certrotd.toml";
/// What stands below a configuration that is played with.
const MARK: &str = "# From here on: what is the test's own.";
/// The account of a block that names none.
const ACCOUNT: &str = "[cloud.main]\nregion = \"cn-north-4\"\n\n[cloud.main.credentials]\n\
     source = \"access-key\"\naccess_key_file = \"/etc/certrotd/access-key\"\n\
     secret_key_file = \"/etc/certrotd/secret-key\"\n\n";
/// The entry of a block that is about the account alone.
const ENTRY: &str = "[[certificate]]\nname = \"www-example-com\"\n\
     cert = \"/etc/letsencrypt/live/www.example.com/fullchain.pem\"\n\
     key = \"/etc/letsencrypt/live/www.example.com/privkey.pem\"\n";
/// Every key of `endpoints`.
const SERVICES: [&str; 12] = [
    "iam", "scm", "elb", "waf", "cdn", "dcs", "geminidb", "rds", "dds", "gaussdb", "taurusdb",
    "metadata",
];
/// Stand-ins for programs that a command after a changed CA file, or a reader, may call.
const STANDINS: [(&str, &str); 2] = [
    ("systemctl", "#!/bin/sh\nexit 0\n"),
    ("sudo", "#!/bin/sh\nif [ \"$1\" = -u ]; then shift 2; fi\nexec \"$@\"\n"),
];
/// How many minutes ago the first certificate was issued; each one after it is a minute younger.
const ISSUED_MINUTES_AGO: u64 = 10;

pub struct Host {
    house: House,
    names: Names,
    sites: Sites,
    instances: Instances,
    /// What a page says, and what is there: addresses, and spans that nobody waits for.
    swaps: Vec<(String, String)>,
    issued: u64,
    newest: Option<Pair>,
}

impl Host {
    pub fn new() -> Self {
        let house = House::new();
        let mut names = Names::default();
        let instances = Instances::new(&house, &mut names);
        let (sites, swaps) = (Sites::new(), Vec::new());
        let host = Self { house, names, sites, instances, swaps, issued: 0, newest: None };
        for directory in ["etc/certrotd", "usr/bin", "var/lib/certrotd", "srv", "admin"] {
            fs::create_dir_all(host.root().join(directory)).unwrap();
        }
        for directory in ["live", "archive"] {
            fs::remove_dir_all(host.house.scratch.path(directory)).unwrap();
            fs::create_dir(host.house.scratch.path(directory)).unwrap();
        }
        symlink(host.house.scratch.path(""), host.root().join("etc/letsencrypt")).unwrap();
        symlink(env!("CARGO_BIN_EXE_certrotd"), host.root().join("usr/bin/certrotd")).unwrap();
        for (name, script) in STANDINS {
            let path = host.root().join("usr/bin").join(name);
            fs::write(&path, script).unwrap();
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        host
    }

    /// What the client did that the API's documents do not allow.
    pub fn violations(&self) -> Vec<String> {
        self.house.sim.violations()
    }

    fn root(&self) -> PathBuf {
        self.house.scratch.path("host")
    }

    /// Does what a comment of the page says.
    pub fn stage(&mut self, command: &str) {
        if let Some((told, real)) = command.split_once(" → ") {
            self.swaps.push((told.to_owned(), real.to_owned()));
            return;
        }
        let words: Vec<_> = command.split_whitespace().collect();
        match words.as_slice() {
            ["certbot", names @ ..] => self.certbot(names),
            ["at", site, address] => self.at(site, address),
            ["wait", time] => std::thread::sleep(span(time).unwrap()),
            ["secret", text] => self.house.secret_file("host/etc/certrotd/secret-key", text),
            ["sets", variable] => {
                let (name, value) = variable.split_once('=').unwrap();
                self.house.environment.push((name.to_owned(), value.to_owned()));
            }
            ["script", "uploads", name, "and", "binds", listener] => self.script(name, listener),
            ["certrotd", ..] => drop(self.typed(&[command.to_owned()])),
            words => {
                let done = self.instances.command(&self.house, words);
                let done =
                    done.unwrap_or_else(|| self.sites.command(&self.house, &mut self.names, words));
                done.unwrap_or_else(|wrong| panic!("{command}: {wrong}"));
            }
        }
    }

    /// certbot renews a certificate for these names, and puts it where it keeps the first of them.
    fn certbot(&mut self, names: &[&str]) {
        let issued =
            self.house.issue_for(names, KeyKind::EcdsaP256, ISSUED_MINUTES_AGO - self.issued);
        self.issued += 1;
        self.house.put(names[0], &issued);
        let (fullchain, key) = (issued.fullchain_pem(), issued.key_pem.clone());
        self.newest = Some(Pair { name: String::new(), fullchain, key });
    }

    /// A script of the reader's has uploaded what certbot renewed last to SCM and ELB, and bound it.
    fn script(&self, name: &str, listener: &str) {
        let newest = self.newest.clone().unwrap();
        let pair = Pair { name: name.to_owned(), ..newest };
        self.house.sim.keep_import(&pair).unwrap();
        let copy = self.house.sim.keep(Target::Elb, &self.house.settings().region, &pair).unwrap();
        assert!(self.house.sim.rebind(listener, &copy), "no listener {listener}");
    }

    /// What is reached at this address is a site or an instance of the cloud.
    fn at(&mut self, site: &str, address: &str) {
        let id = match site {
            "redis" => ids::REDIS_ZIP,
            "postgres" => ids::RDS,
            "taurusdb" => ids::TAURUSDB,
            other => other,
        };
        let at = self.house.sim.instance(id).map_or_else(|| sites::edge(&self.house, site), Ok);
        let name = address.split(['@', ':']).next().unwrap_or_default();
        self.swaps.push((address.to_owned(), format!("{name}@{}", at.unwrap())));
    }

    /// Puts a file of the page in its place.
    pub fn write(&self, name: &str, text: &str) {
        let path = PathBuf::from(self.real(name));
        let path = self.root().join("admin").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, self.real(text)).unwrap();
    }

    /// Types lines one after the other; gives all that they print.
    pub fn typed(&mut self, lines: &[String]) -> String {
        let mut printed = String::new();
        for line in lines {
            if typed::kind(line).unwrap_or_else(|wrong| panic!("{wrong}")) {
                printed += &self.run(line);
            }
        }
        printed
    }

    fn run(&self, line: &str) -> String {
        self.furnish();
        let root = self.root();
        let init = format!("certrotd init --dir {}/etc/letsencrypt/live", root.display());
        let script = self.real(line).replace("certrotd init", &init);
        let mut command = Command::new("sh");
        command.arg("-c").arg(format!("exec 2>&1\n{script}")).stdin(Stdio::null());
        command.current_dir(root.join("admin")).env_clear();
        command.env("PATH", format!("{}/usr/bin:/usr/bin:/bin", root.display()));
        command.env("HOME", root.join("admin")).env("CERTROTD_CONFIG", self.real(CONFIG));
        command.env("CREDENTIALS_DIRECTORY", root.join("etc/certrotd"));
        command.envs(self.house.environment.iter().cloned());
        let ended = command.output().unwrap();
        let printed = quiet(&self.told(&String::from_utf8_lossy(&ended.stdout)));
        assert_eq!(ended.status.code(), Some(typed::end(line)), "{line}\n{printed}");
        printed
    }

    /// Gives the credentials their files, and the configuration what turns it to the simulated cloud.
    fn furnish(&self) {
        for (name, text) in [
            ("access-key", self.house.settings().access_key.as_str()),
            ("secret-key", self.house.settings().secret_key.expose()),
            ("password", self.house.settings().password.expose()),
        ] {
            let path = format!("host/etc/certrotd/{name}");
            let there =
                fs::read(self.house.scratch.path(&path)).is_ok_and(|bytes| !bytes.is_empty());
            if !there {
                self.house.secret_file(&path, text);
            }
        }
        let path = self.real(CONFIG);
        let Ok(text) = fs::read_to_string(&path) else { return };
        if text.contains(MARK) {
            return;
        }
        let account =
            if text.contains("\n[cloud.") || text.starts_with("[cloud.") { "" } else { ACCOUNT };
        let mut text = format!("{account}{text}\n{MARK}\n");
        let absent = |table: &str| !text.lines().any(|line| line == table);
        let mut more = String::new();
        for (table, lines) in [
            ("[state]", "path = \"/var/lib/certrotd/state\""),
            ("[schedule]", "doubt = \"1s\"\nretry = \"1s..2s\""),
            ("[log]", "format = \"text\""),
        ] {
            if absent(table) {
                more += &format!("{table}\n{lines}\n");
            }
        }
        let clouds =
            text.lines().filter_map(|line| line.strip_prefix("[cloud.")?.strip_suffix(']'));
        for cloud in clouds.filter(|cloud| !cloud.contains('.')) {
            let url = self.house.sim.url();
            let lines = SERVICES.map(|service| format!("{service} = \"{url}\"\n")).concat();
            more += &format!("[cloud.{cloud}.endpoints]\n{lines}");
        }
        if !text.contains("[[") {
            more += ENTRY;
        }
        text += &more;
        fs::write(path, self.real(&text)).unwrap();
    }

    /// The text with this host's places and addresses in place of a reader's.
    fn real(&self, text: &str) -> String {
        /// Stands for the root until all is moved, since the root itself may lie in such a place.
        const ROOT: &str = "\u{1}";
        let text = self.told(text);
        let text = self.swaps.iter().fold(text, |text, (told, real)| text.replace(told, real));
        let moved =
            MOVED.iter().fold(text, |text, place| text.replace(place, &format!("{ROOT}{place}")));
        moved.replace(ROOT, &self.root().to_string_lossy())
    }

    /// The other way round.
    fn told(&self, text: &str) -> String {
        let root = self.root();
        let text = text.replace(&format!("{}/admin/", root.display()), "");
        let text = text.replace(&*root.to_string_lossy(), "");
        self.swaps.iter().fold(text, |text, (told, real)| text.replace(real, told))
    }
}

/// What was printed, without the warning that the simulated cloud is reached by plain http, and without its count.
fn quiet(printed: &str) -> String {
    let mut lines: Vec<&str> = printed.lines().collect();
    lines.retain(|line| !(line.contains("config.warning") && line.contains("plain http")));
    let mut dropped = 0;
    while let Some(at) = lines.iter().position(|line| line.contains(" reaches IAM, SCM")) {
        lines.drain(at - 1..=at + 1);
        dropped += 1;
    }
    lines.iter().map(|line| format!("{}\n", uncounted(line, dropped))).collect()
}

/// The last line of `check` as it would be with so many warnings less.
fn uncounted(line: &str, dropped: usize) -> String {
    let count = line.strip_suffix(" warnings").or_else(|| line.strip_suffix(" warning"));
    match count.and_then(|count| count.parse::<usize>().ok()).map(|count| count - dropped) {
        None => line.to_owned(),
        Some(0) => "nothing wrong".to_owned(),
        Some(1) => "1 warning".to_owned(),
        Some(more) => format!("{more} warnings"),
    }
}
