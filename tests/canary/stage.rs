//! What is played: the whole job with every credential, and what goes wrong on the way.

use std::fs;
use std::time::Duration;

use certrotd::model::secret::Secret;
use certrotd::sim::pki::{Issued, KeyKind};
use certrotd::sim::{Fault, Rule};

use crate::common::{House, NAMES};
use crate::middle::{Middle, SHAPES, Shape};
use crate::needles::{Hay, Needles};
use crate::process::Daemon;

/// Files whose purpose is to hold a secret.
pub const HOLDERS: [&str; 9] = [
    "secret-key",
    "password",
    "security-token",
    "webhook-address",
    "webhook-key",
    "live",
    "archive",
    "home",
    "certrotd",
];
/// The secrets of the accounts here: with characters that JSON, addresses and shells escape.
const SECRET_KEY: &str = "canary/Secret+Key=of\"forty\\characters-01";
const PASSWORD: &str = "canary P@ssw\u{f6}rd \"with\" 100% of/it";
pub const PROXY_PASSWORD: &str = "canary-proxy-pa55word";
const WEBHOOK_TOKEN: &str = "canary-webhook-token-5f1e77";
const WEBHOOK_KEY: &str = "canary webhook key \"with\" 0123456789/it";
/// Nobody takes messages there, and whoever is to be told is told at once.
const NOTIFY: &str = "\n[[notify]]\nname = \"ops\"\nurl_file = \"webhook-address\"\n\
                      secret_file = \"webhook-key\"\nsettle = \"0\"\n";
const STORED_TOKEN: &str = "canary-security-token-that-a-file-holds-0123456789";

/// Ways to say who we are.
pub const SOURCES: [&str; 3] = [
    "source = \"access-key\"\naccess_key_file = \"access-key\"\nsecret_key_file = \"secret-key\"\n",
    "source = \"password\"\ndomain = \"simulated-account\"\nuser = \"rotator\"\npassword_file = \"password\"\n",
    "source = \"metadata\"\n",
];

/// A house, what it must not tell, and what was told.
pub struct Stage {
    pub house: House,
    pub needles: Needles,
    pub hay: Hay,
}

impl Stage {
    pub fn new(credentials: &str) -> Self {
        let mut house = House::with(|settings| {
            settings.secret_key = Secret::new(SECRET_KEY.to_owned());
            settings.password = Secret::new(PASSWORD.to_owned());
        });
        house.credentials = credentials.to_owned();
        house.secret_file("security-token", STORED_TOKEN);
        house.secret_file("webhook-address", &format!("http://127.0.0.1:9/{WEBHOOK_TOKEN}"));
        house.secret_file("webhook-key", WEBHOOK_KEY);
        let mut needles = Needles::default();
        needles.text("token of the webhook", WEBHOOK_TOKEN);
        needles.text("key of the webhook", WEBHOOK_KEY);
        needles.text("secret key", SECRET_KEY);
        needles.text("password", PASSWORD);
        needles.text("proxy's password", PROXY_PASSWORD);
        needles.text("security token", STORED_TOKEN);
        let mut stage = Self { house, needles, hay: Hay::default() };
        for name in NAMES {
            stage.renew(name, KeyKind::Rsa2048, 100);
        }
        stage.configure(|text| text);
        stage
    }

    /// Writes the configuration, with a command that tells all it has got.
    pub fn configure(&self, change: impl FnOnce(String) -> String) {
        let told = self.house.scratch.path("told");
        let script = format!(
            "exec 2>&1; {{ tr '\\0' '\\n' < /proc/self/environ; tr '\\0' ' ' < /proc/$$/cmdline; \
             echo; ls -l /proc/$$/fd; }} > {}; cat {}",
            told.display(),
            told.display()
        );
        let hook = format!(
            "path = \"ca/orders-redis.pem\"\non_change = [\"/bin/sh\", \"-c\", {script:?}]\n"
        );
        let text = self.house.config().replace("path = \"ca/orders-redis.pem\"\n", &hook);
        assert!(text.contains("on_change"));
        fs::write(self.house.config_path(), change(text + NOTIFY)).unwrap();
    }

    /// A new pair, whose key is one more secret.
    pub fn renew(&mut self, name: &str, kind: KeyKind, minutes_ago: u64) -> Issued {
        let issued = self.house.issue(name, kind, minutes_ago);
        self.needles.key(&format!("key of {name}"), &issued);
        self.house.put(name, &issued);
        issued
    }

    pub fn run(&mut self, arguments: &[&str]) -> Option<i32> {
        let ran = self.house.run(arguments);
        let source = arguments.join(" ");
        self.hay.add(&format!("output of {source}"), ran.stdout);
        self.hay.add(&format!("log of {source}"), ran.stderr);
        ran.code
    }

    /// Everything that can be asked.
    pub fn ask_all(&mut self) {
        let live =
            |name: &str, file: &str| self.house.live(name).join(file).to_str().unwrap().to_owned();
        let files = NAMES.map(|name| [live(name, "fullchain.pem"), live(name, "privkey.pem")]);
        for format in [&[][..], &["--format", "json"]] {
            for asked in [&["plan"][..], &["status"], &["history"], &["check", "--online"]] {
                self.run(&[format, asked].concat());
            }
            let inspect =
                ["inspect"].into_iter().chain(files.as_flattened().iter().map(String::as_str));
            let inspect: Vec<_> = format.iter().copied().chain(inspect).collect();
            self.run(&inspect);
        }
    }

    /// All that lies there beside the secrets themselves, and what the cloud gave out meanwhile.
    pub fn gather(&mut self) {
        let root = self.house.config_path().parent().unwrap().to_owned();
        self.hay.tree(&root, &HOLDERS);
        for given in self.house.sim.secrets_given() {
            self.needles.text("token given out", &given);
        }
        self.hay_links();
    }

    /// Signatures of the links that the cloud handed out.
    fn hay_links(&mut self) {
        for call in self.house.sim.calls() {
            for part in
                call.path.split(['?', '&']).filter_map(|part| part.strip_prefix("Signature="))
            {
                self.needles.text("signature of a link", part);
            }
        }
    }

    pub fn forget(&mut self) {
        self.gather();
        fs::remove_dir_all(self.house.state()).ok();
    }
}

/// The whole job in good weather: applied, asked, and as a daemon that is reloaded, renewed and ended.
pub fn good_weather(stage: &mut Stage) {
    assert_eq!(stage.run(&["apply"]), Some(0), "the job is done");
    stage.ask_all();
    stage.forget();
    fs::remove_dir_all(stage.house.scratch.path("ca")).unwrap();
    let mut daemon = Daemon::start(&stage.house);
    let settled = |daemon: &Daemon, times: usize| {
        crate::common::eventually("a cycle", || {
            daemon.log().matches("cycle.finished").count() >= times
        });
    };
    settled(&daemon, 1);
    crate::common::eventually("the command", || daemon.log().contains("\"hook.finished\""));
    for file in ["environ", "cmdline", "status", "limits"] {
        stage
            .hay
            .add(&format!("the daemon's {file}"), fs::read(daemon.proc(file)).unwrap_or_default());
    }
    stage.configure(|text| text.replace("level = \"trace\"", "level = \"certrotd=trace\""));
    daemon.signal("HUP");
    crate::common::eventually("the reload", || daemon.log().contains("config.reloaded"));
    let imports = stage.house.calls("POST", "/certificates/import");
    stage.renew(NAMES[1], KeyKind::EcdsaP256, 5);
    crate::common::eventually("the renewal", || {
        stage.house.calls("POST", "/certificates/import") > imports
    });
    stage.house.sim.expire_tokens();
    stage.renew(NAMES[0], KeyKind::EcdsaP256, 4);
    crate::common::eventually("the other renewal", || {
        stage.house.calls("POST", "/certificates/import") > imports + 1
    });
    daemon.signal("TERM");
    assert_eq!(daemon.child.wait().unwrap().code(), Some(0));
    stage.hay.add("output of the daemon", fs::read(&daemon.out).unwrap());
    stage.hay.add("log of the daemon", fs::read(&daemon.err).unwrap());
    stage.run(&["rehearse"]);
    stage.forget();
}

/// Everything that the simulated cloud can do to a call, and everything that somebody in the middle can.
pub fn bad_weather(stage: &mut Stage) {
    let mut minutes = 90;
    let mut renew = |stage: &mut Stage| {
        minutes -= 1;
        stage.renew(NAMES[1], KeyKind::EcdsaP256, minutes);
    };
    let all = |fault| Rule { method: None, path: String::new(), after: 0, times: None, fault };
    for fault in [
        Fault::Truncated,
        Fault::LyingHtml,
        Fault::Status(502),
        Fault::TokenExpired,
        Fault::Throttled,
        Fault::DropBefore,
        Fault::DropAfter,
    ] {
        renew(stage);
        stage.house.sim.weather(all(fault));
        stage.run(&["apply", "--wait", "0s"]);
        stage.house.sim.clear_weather();
        stage.forget();
    }
    let middle = Middle::before(&stage.house.sim.url());
    let (own, url) = (stage.house.sim.url(), middle.url.clone());
    stage.configure(|text| text.replace(&own, &url));
    for part in ["", "/certificates/import", "/auth/tokens", "/securitykey", "/ssl-certs/download"]
    {
        for shape in SHAPES {
            let before = middle.struck();
            renew(stage);
            middle.strike(part, shape);
            stage.run(&["apply", "--wait", "0s"]);
            if part.is_empty() {
                stage.run(&["check", "--online"]);
                stage.run(&["plan"]);
            }
            stage.forget();
            // Not every account makes every call.
            if middle.struck() == before {
                break;
            }
        }
    }
    assert!(middle.struck() >= 2 * SHAPES.len(), "{} calls were struck", middle.struck());
    stage.configure(|text| text);
}

/// What an operator can get wrong: a secret where none belongs, and files that are not what they should be.
pub fn mistakes(stage: &mut Stage) {
    let written = [
        format!("secret_key = {SECRET_KEY:?}\n"),
        format!("password = {PASSWORD:?}\n"),
        format!("secret_key = {SECRET_KEY:?} nonsense\n"),
        format!("secret_key = {SECRET_KEY}\n"),
    ];
    for line in written {
        let head = "[cloud.sim.credentials]\n";
        stage.configure(|text| text.replace(head, &format!("{head}{line}")));
        for asked in [&["check"][..], &["--format", "json", "check"], &["plan"], &["apply"]] {
            assert_eq!(stage.run(asked), Some(2), "{line}");
        }
        fs::remove_file(stage.house.config_path()).unwrap();
    }
    stage.configure(|text| text);
    let [issued, other] = [10, 11].map(|ago| stage.renew(NAMES[0], KeyKind::Rsa2048, ago));
    let (key, chain) = (issued.key_pem.expose(), issued.fullchain_pem());
    let pkcs1 = pkcs1(key);
    for (certificate, key) in [
        (chain.as_str(), other.key_pem.expose()),
        (chain.as_str(), &key[..key.len() / 2]),
        (chain.as_str(), &key.replace("PRIVATE", "ENCRYPTED PRIVATE")),
        (chain.as_str(), &key.replace('\n', "!\n")),
        (chain.as_str(), &key.replace("-----", "")),
        (key, chain.as_str()),
        (key, key),
        (chain.as_str(), pkcs1.as_str()),
    ] {
        stage.house.put_files(NAMES[0], certificate, key);
        for asked in [&["check"][..], &["plan"], &["apply", "--wait", "0s"]] {
            stage.run(asked);
        }
        stage.ask_all();
    }
    stage.forget();
}

/// The key in the older form that RSA alone has: what the newer one packs.
fn pkcs1(pem: &str) -> String {
    use rustls_pki_types::PrivatePkcs8KeyDer;
    use rustls_pki_types::pem::PemObject as _;
    /// The frame around it: version, algorithm and three lengths.
    const FRAME_BYTES: usize = 26;
    let der = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).unwrap();
    let text = crate::needles::base64(&der.secret_pkcs8_der()[FRAME_BYTES..]);
    let lines: Vec<_> =
        text.as_bytes().chunks(64).map(|line| str::from_utf8(line).unwrap()).collect();
    format!(
        "-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----\n",
        lines.join("\n")
    )
}

/// A proxy that wants a password, gets it, and repeats it; and one that is written wrongly.
pub fn proxies(stage: &mut Stage) {
    let middle = Middle::before(&stage.house.sim.url());
    let (own, address) = (stage.house.sim.url(), middle.url.replace("http://", ""));
    stage
        .configure(|text| text.replace(&format!("scm = {own:?}"), "scm = \"https://scm.invalid\""));
    fs::write(stage.house.scratch.path("roots.pem"), stage.house.authority.ca_pem()).unwrap();
    let roots = stage.house.scratch.path("roots.pem").to_str().unwrap().to_owned();
    let right = format!("http://proxy-user:{PROXY_PASSWORD}@{address}");
    let odd = ["proxy-user", "nonsense://proxy-user", "https://proxy-user"]
        .map(|start| (format!("{start}:{PROXY_PASSWORD}@{address}"), Shape::Coded(503)));
    for (proxy, shape) in SHAPES.map(|shape| (right.clone(), shape)).into_iter().chain(odd) {
        stage.house.environment =
            vec![("HTTPS_PROXY".to_owned(), proxy), ("SSL_CERT_FILE".to_owned(), roots.clone())];
        middle.strike("CONNECT", shape);
        stage.run(&["apply", "--wait", "0s"]);
        stage.forget();
    }
    stage.run(&["check", "--online"]);
    assert!(middle.struck() > 0, "the proxy was asked");
    stage.house.environment.clear();
    stage.configure(|text| text);
}

/// The permanent key with a token that only temporary keys have, from files and from the environment.
pub fn tokens(stage: &mut Stage) {
    let file = format!("{}security_token_file = \"security-token\"\n", SOURCES[0]);
    for credentials in [file.as_str(), "source = \"environment\"\n", "source = \"profile\"\n"] {
        stage.house.credentials = credentials.to_owned();
        stage.configure(|text| text);
        let key = stage.house.settings().access_key.clone();
        stage.house.environment = [
            ("HUAWEICLOUD_SDK_AK", key.as_str()),
            ("HUAWEICLOUD_SDK_SK", SECRET_KEY),
            ("HUAWEICLOUD_SDK_SECURITY_TOKEN", STORED_TOKEN),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec();
        fs::create_dir_all(stage.house.scratch.path("home/.huaweicloud")).unwrap();
        let profile =
            format!("[basic]\nak = {key}\nsk = {SECRET_KEY}\nsecurity_token = {STORED_TOKEN}\n");
        fs::write(stage.house.scratch.path("home/.huaweicloud/credentials"), profile).unwrap();
        stage.run(&["apply", "--wait", "0s"]);
        stage.ask_all();
        stage.forget();
    }
    stage.house.environment.clear();
}

/// What the command was given: its environment and descriptors.
pub fn told(stage: &Stage) -> String {
    fs::read_to_string(stage.house.scratch.path("told")).unwrap_or_default()
}

/// Long enough for a daemon to have let go of what it needed for its last cycle.
pub fn rest() {
    std::thread::sleep(Duration::from_secs(2));
}
