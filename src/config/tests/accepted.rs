//! What a good file becomes.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{CLOUD, read};
use crate::config::{LogFormat, Metrics, parse};
use crate::files::Attributes;
use crate::model::account::{CredentialSource, SecretFile};
use crate::model::names::Name;
use crate::model::place::{Dial, Drift, Protocol};
use crate::model::target::{Api, CaSource, SslSwitch, Target};

const DAY: Duration = Duration::from_secs(86_400);

const WHOLE: &str = r#"
[schedule]
reconcile = "30 0 18 * * *"
timezone = "Asia/Shanghai"
jitter = "0s"
watch = false
doubt = "6s"
retry = "1s..4s"
[state]
path = "state"
[log]
format = "json"
level = "info, certrotd::cloud=debug"
[metrics]
listen = "[::1]:9469"
textfile = "../metrics/certrotd.prom"

[cloud.north]
region = "cn-north-4"
project_id = "0123456789abcdef0123456789abcdef"
domain_id = "abc"
max_in_flight = 4
[cloud.north.credentials]
source = "access-key"
access_key_file = "credential:ak"
secret_key_file = "../sk"
[cloud.north.endpoints]
scm = "http://127.0.0.1:80/"
metadata = "http://169.254.169.254"

[cloud.east]
region = "cn-east-3"
[cloud.east.credentials]
source = "password"
domain = "Acme GmbH"
user = "robot"
password_file = "/run/secrets/p"

[[certificate]]
name = "www"
cloud = "east"
cert = "/le/fullchain.pem"
key = "/le/privkey.pem"
chain = "chain.pem"
enterprise_project_id = "0b8f2b8e-4c1d-4f7e-9a51-0123456789ab"
warn_before = "30d"
keep = 0
[[certificate.push]]
service = "elb"
listeners = ["a-1"]
probe = ["www.example.com:443", "www.example.com@192.0.2.1:8443", "a.b@[2001:db8::1]:443", "[::1]:443"]
[[certificate.push]]
service = "elb"
project = "cn-north-4_web"
[[certificate.push]]
service = "waf"
hosts = ["*.example.com", "www.example.com:8080", "0b8f2b8e4c1d4f7e9a510123456789ab"]
[[certificate.push]]
service = "cdn"
domains = ["www.example.com", "*.example.com", ".example.com"]
window = "20m"
drift = "repair"

[[instance_ca]]
name = "www"
cloud = "north"
service = "geminidb"
instance_id = "i-1"
category = "national"
path = "ca/redis.pem"
mode = "640"
owner = "redis"
group = "999"
overlap = "7d"
probe = "orders@192.0.2.7:5432"
protocol = "postgres"
warn_before = "60d"
on_change = ["/usr/bin/systemctl", "reload", ""]

[[instance_ssl]]
name = "www"
cloud = "north"
service = "taurusdb"
instance_id = "0123456789abcdef0123456789abcdefin07"
enabled = true
allow_restart = true
assume = false
probe = "Ledger.internal:3306"
window = "sat-Sun  22:30-02:00"
"#;

#[test]
fn every_key_arrives() {
    let config = read(WHOLE).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(config.schedule.reconcile.zone(), chrono_tz::Asia::Shanghai);
    assert_eq!(config.schedule.reconcile.line(), "30 0 18 * * *");
    assert_eq!(config.schedule.retry.longest, Duration::from_secs(4));
    assert_eq!((config.schedule.jitter, config.schedule.watch), (Duration::ZERO, false));
    assert_eq!(config.state, Path::new("/etc/state"));
    assert_eq!(config.log.format, LogFormat::Json);
    assert_eq!(config.log.level, "info,certrotd::cloud=debug");
    assert_eq!(config.metrics.listen.unwrap().to_string(), "[::1]:9469");
    let textfile = config.metrics.textfile.as_deref().unwrap();
    assert_eq!(textfile, Path::new("/etc/../metrics/certrotd.prom"));
    let names: Vec<_> = config.accounts.iter().map(|account| account.name.as_str()).collect();
    assert_eq!(names, ["east", "north"]);
    let north = config.account(&Name::new("north").unwrap()).unwrap();
    assert_eq!(north.max_in_flight, 4);
    assert_eq!(north.endpoints[&Api::Scm], "http://127.0.0.1:80");
    let CredentialSource::AccessKey { access_key, secret_key, security_token: None } =
        &north.credentials
    else {
        panic!("{:?}", north.credentials);
    };
    assert_eq!(*access_key, SecretFile::Credential("ak".to_owned()));
    assert_eq!(*secret_key, SecretFile::Path(PathBuf::from("/etc/../sk")));
    assert!(config.warnings[0].starts_with("cloud \"north\" reaches SCM by plain http"));
}

#[test]
fn every_entry_arrives() {
    let config = read(WHOLE).unwrap_or_else(|error| panic!("{error}"));
    let certificate = &config.certificates[0];
    assert_eq!(certificate.chain.as_deref(), Some(Path::new("/etc/chain.pem")));
    assert_eq!((certificate.keep, certificate.warn_before.as_secs()), (0, 30 * 86_400));
    let pushes: Vec<_> =
        certificate.pushes.iter().map(|push| (push.target, push.project.as_str())).collect();
    let expected = [
        (Target::Elb, "cn-east-3"),
        (Target::Elb, "cn-north-4_web"),
        (Target::Waf, "cn-east-3"),
        (Target::Cdn, "cn-east-3"),
    ];
    assert_eq!(pushes, expected);
    let probes: Vec<_> =
        certificate.pushes[0].probes.iter().map(|probe| probe.text.as_str()).collect();
    let expected = [
        "www.example.com:443",
        "www.example.com@192.0.2.1:8443",
        "a.b@[2001:db8::1]:443",
        "[::1]:443",
    ];
    assert_eq!(probes, expected);
    let proof: Vec<_> =
        certificate.pushes.iter().map(|push| (push.window.as_secs(), push.drift)).collect();
    let minute = (60, Drift::Report);
    assert_eq!(proof, [minute, minute, minute, (1200, Drift::Repair)]);
    let ca = &config.instance_cas[0];
    assert_eq!((ca.source, ca.mode), (CaSource::GeminiDb, 0o640));
    assert_eq!(ca.path, Path::new("/etc/ca/redis.pem"));
    assert_eq!(ca.on_change, ["/usr/bin/systemctl", "reload", ""]);
    let attributes = ca.attributes();
    assert_eq!(attributes.owner.as_deref(), Some("redis"));
    assert_eq!(attributes.group.as_deref(), Some("999"));
    assert_eq!((ca.overlap, ca.warn_before), (7 * DAY, 60 * DAY));
    let proof = ca.probe.as_ref().unwrap();
    assert_eq!((proof.probe.name.as_deref(), proof.protocol), (Some("orders"), Protocol::Postgres));
    assert_eq!(proof.probe.at, Dial::Address("192.0.2.7:5432".parse().unwrap()));
    let ssl = &config.instance_ssls[0];
    assert_eq!((ssl.switch, ssl.enabled, ssl.assume), (SslSwitch::TaurusDb, true, Some(false)));
    let probe = ssl.probe.as_ref().unwrap();
    assert_eq!(probe.text, "Ledger.internal:3306");
    assert_eq!(probe.at, Dial::Name("ledger.internal".to_owned(), 3306));
    // Saturday, 2026-11-21, in Shanghai, eight hours ahead.
    let window = ssl.window.as_ref().unwrap();
    let opens = window.opens("2026-11-21T00:00:00Z".parse().unwrap()).to_rfc3339();
    assert_eq!((window.text(), &opens[..]), ("sat-Sun 22:30-02:00", "2026-11-21T14:30:00+00:00"));
}

#[test]
fn an_instance_is_left_as_it_comes_unless_the_file_says_more() {
    let entries = "[[instance_ca]]\nname = 'orders'\nservice = 'dcs'\ninstance_id = 'i'\npath = 'p'\n\
         [[instance_ssl]]\nname = 'ledger'\nservice = 'taurusdb'\nenabled = false\n\
         instance_id = '0123456789abcdef0123456789abcdefin07'\n";
    let config = read(&format!("{CLOUD}{entries}")).unwrap();
    let ca = &config.instance_cas[0];
    assert_eq!(ca.attributes(), Attributes::of_mode(0o644));
    assert_eq!((ca.overlap, ca.warn_before, &ca.probe), (30 * DAY, 21 * DAY, &None));
    let ssl = &config.instance_ssls[0];
    assert_eq!((&ssl.probe, &ssl.window, ssl.assume), (&None, &None, None));
}

#[test]
fn every_service_publishes_a_ca_as_it_is_called_and_an_overlap_may_be_none() {
    let sources =
        [CaSource::Dcs, CaSource::GeminiDb, CaSource::Rds, CaSource::Dds, CaSource::GaussDb];
    let entry = |(index, (source, overlap)): (usize, (CaSource, &str))| {
        format!(
            "[[instance_ca]]\nname = 'ca-{index}'\nservice = '{}'\ninstance_id = 'i'\n\
             path = '{index}'\noverlap = '{overlap}'\n",
            source.api().key()
        )
    };
    let overlaps = ["0", "0s", "1h", "30d", "365d"];
    let entries: String = sources.into_iter().zip(overlaps).enumerate().map(entry).collect();
    let config = read(&format!("{CLOUD}{entries}")).unwrap();
    let found: Vec<_> = config.instance_cas.iter().map(|ca| (ca.source, ca.overlap)).collect();
    let spans = [Duration::ZERO, Duration::ZERO, DAY / 24, 30 * DAY, 365 * DAY];
    assert_eq!(found, sources.into_iter().zip(spans).collect::<Vec<_>>());
}

#[test]
fn the_only_cloud_need_not_be_named() {
    let entry = "[[certificate]]\nname = 'www'\ncert = 'c'\nkey = 'k'\n";
    let config = read(&format!("{CLOUD}{entry}")).unwrap();
    assert_eq!(config.certificates[0].cloud.as_str(), "main");
    assert_eq!(config.accounts[0].credentials, CredentialSource::Default);
    assert!(config.metrics == Metrics::default() && config.warnings.is_empty());
}

#[test]
fn the_same_path_may_serve_two_clouds() {
    let entry = |name| {
        format!("[[certificate]]\nname = '{name}'\ncloud = '{name}'\ncert = 'c'\nkey = 'k'\n")
    };
    let cloud = |name| format!("[cloud.{name}]\nregion = 'cn-north-4'\n");
    let text = [cloud("one"), cloud("two"), entry("one"), entry("two")].concat();
    assert_eq!(read(&text).unwrap().certificates.len(), 2);
}

#[test]
fn ten_thousand_certificates_are_read_in_time() {
    let mut text = CLOUD.to_owned();
    for index in 0..10_000 {
        let entry = format!("[[certificate]]\nname = 'c-{index}'\ncert = '{index}'\nkey = 'k'\n");
        text.push_str(&entry);
        text.push_str("[[certificate.push]]\nservice = 'elb'\n");
    }
    assert_eq!(read(&text).unwrap().certificates.len(), 10_000);
    text.push_str("[[certificate]]\nname = 'one-more'\ncert = 'c'\nkey = 'k'\n");
    let said = read(&text).unwrap_err().to_string();
    assert!(said.contains("stands 10001 times, expected at most 10000"), "{said}");
}

#[test]
fn odd_bytes_do_no_harm() {
    let alphabet: Vec<char> = "[]={}'\"\n .,#a1-@:/\\\u{0}ü\t_".chars().collect();
    let mut state = 7_u64;
    for _ in 0..1000 {
        let mut text = String::new();
        for _ in 0..40 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let index = usize::try_from(state >> 33).unwrap() % alphabet.len();
            text.push(alphabet[index]);
        }
        let _ = parse(Path::new("c"), &text).map_err(|error| error.to_string());
        let start = usize::try_from(state % 400).unwrap();
        let mut torn: Vec<char> = WHOLE.chars().collect();
        torn.splice(start..start + 3, text.chars().take(3));
        let torn: String = torn.into_iter().collect();
        let _ = parse(Path::new("c"), &torn).map_err(|error| error.to_string());
    }
}
