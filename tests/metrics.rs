//! `[metrics]`: what a scraper reads from the real daemon, in its socket or in a file, and that neither is a reason
//! to stop.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use certrotd::sim::pki::KeyKind;
use certrotd::sim::{Fault, Rule};
use certrotd::telemetry::metrics::METRICS;
use common::{House, NAMES, Running, eventually};

fn listen(house: &House, address: &str) {
    look(house, &format!("listen = \"{address}\""));
}

/// Lets others look in these ways.
fn look(house: &House, keys: &str) {
    let metrics = format!("\n[metrics]\n{keys}\n");
    fs::write(house.config_path(), house.config() + &metrics).unwrap();
}

/// Where the daemon says that it listens, after so many times that it said so before.
fn listening(daemon: &Running, before: usize) -> SocketAddr {
    let said = || {
        let log = daemon.log();
        let mut lines = log.lines().filter(|line| line.contains("\"event\":\"metrics.listening\""));
        let line = lines.nth(before)?;
        let address = line.split("\"address\":\"").nth(1)?.split('"').next()?;
        Some(address.parse().unwrap())
    };
    eventually("the socket", || said().is_some());
    said().unwrap()
}

/// Status and body.
fn get(address: SocketAddr, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

/// A page of metrics, read by the rules of the format: every series once, after the one HELP and the one
/// TYPE of its family, and nothing between the series of a family.
fn series(page: &str) -> BTreeMap<String, i64> {
    let (mut families, mut series) = (BTreeMap::<String, BTreeSet<&str>>::new(), BTreeMap::new());
    let mut family = "";
    for line in page.lines() {
        if let Some(head) = line.strip_prefix("# ") {
            let [word, name, text] = head.splitn(3, ' ').collect::<Vec<_>>()[..] else {
                panic!("{line}");
            };
            assert!(["HELP", "TYPE"].contains(&word) && !text.is_empty(), "{line}");
            assert!(word == "HELP" || ["gauge", "counter", "histogram"].contains(&text), "{line}");
            assert!(families.entry(name.to_owned()).or_default().insert(word), "twice: {line}");
            family = name;
            continue;
        }
        let (labelled, value) = line.rsplit_once(' ').unwrap();
        let name = labelled.split('{').next().unwrap();
        let parts = ["", "_bucket", "_sum", "_count"];
        assert!(parts.iter().any(|part| name == format!("{family}{part}")), "{family}: {line}");
        assert!(families[family].len() == 2, "out of its family: {line}");
        if let Some(labels) = labelled.strip_prefix(name).filter(|labels| !labels.is_empty()) {
            let inside = labels.strip_prefix('{').unwrap().strip_suffix('}').unwrap();
            for pair in inside.split(',') {
                let (label, text) = pair.split_once('=').unwrap();
                assert!(label.chars().all(|c| c.is_ascii_lowercase()), "{line}");
                assert!(text.len() > 2 && text.starts_with('"') && text.ends_with('"'), "{line}");
            }
        }
        let value: f64 = value.parse().unwrap();
        let known = series.insert(labelled.to_owned(), value as i64);
        assert!(known.is_none(), "twice: {line}");
    }
    assert!(page.ends_with('\n'));
    assert_eq!(families.len(), METRICS.len());
    series
}

fn now() -> i64 {
    common::now().secs()
}

#[test]
fn what_a_scraper_reads() {
    let house = House::new();
    listen(&house, "127.0.0.1:0");
    let mut daemon = house.spawn(&["run"]);
    let address = listening(&daemon, 0);
    let read = || series(&get(address, "/metrics").1);
    let first = read();
    assert_eq!(first["certrotd_stuck"], 0);
    assert!(first.contains_key("certrotd_certificate_in_order{certificate=\"www-example-com\"}"));
    assert!(first.contains_key("certrotd_ssl_in_order{ssl=\"ledger\"}"));
    let in_order = |series: &BTreeMap<String, i64>| {
        series.iter().all(|(k, v)| !k.contains("_in_order") || *v == 1)
    };
    // A cycle is counted once the last step is told of.
    eventually("everything in order", || {
        let series = read();
        in_order(&series) && series["certrotd_cycles_total"] >= 1
    });
    let settled = read();
    let count = |action: &str| {
        settled[&format!("certrotd_steps_total{{action=\"{action}\",outcome=\"done\"}}")]
    };
    assert_eq!([count("import"), count("push"), count("switch_ssl")], [2, 6, 1]);
    assert!(count("install_ca") == 3 && settled["certrotd_cycles_total"] >= 1, "{settled:?}");
    for entry in [
        "certificate_last_success_seconds{certificate=\"www-example-com\"}",
        "last_cycle_finished_seconds",
        "ca_last_success_seconds{ca=\"orders-redis\"}",
        "ssl_last_success_seconds{ssl=\"ledger\"}",
    ] {
        let at = settled[&format!("certrotd_{entry}")];
        assert!((now() - 60..=now()).contains(&at), "{entry} {at}");
    }
    // Each call stands in one bucket at least, and no service was called that nobody configured.
    let calls = |service: &str| {
        let of = format!("certrotd_api_calls_total{{service=\"{service}\"");
        settled.iter().filter(|(key, _)| key.starts_with(&of)).map(|(_, count)| count).sum::<i64>()
    };
    for (service, called) in [("scm", true), ("elb", true), ("taurusdb", true), ("metadata", false)]
    {
        let spans = format!(
            "certrotd_api_call_duration_seconds_bucket{{service=\"{service}\",le=\"+Inf\"}}"
        );
        assert_eq!(settled.get(&spans).copied(), called.then_some(calls(service)), "{service}");
        assert_eq!(calls(service) > 0, called, "{service}");
    }
    let end = |layer: &str| {
        settled.get(&format!(
            "certrotd_certificate_not_after_seconds{{certificate=\"{}\",layer=\"{layer}\"}}",
            NAMES[0]
        ))
    };
    assert!(end("file").is_some() && end("file") == end("cloud") && end("served").is_none());
    assert!(
        settled.contains_key("certrotd_ca_not_after_seconds{ca=\"orders-redis\",layer=\"file\"}")
    );
    assert!(!settled.keys().any(|key| key.starts_with("certrotd_held{table=\"certificate\"")));
    // Nothing of a page is secret, and the pages that there are not say so.
    let page = get(address, "/metrics").1;
    assert!(!page.contains(&house.settings().access_key), "{page}");
    assert_eq!(get(address, "/health"), (200, "ok\n".to_owned()));
    let (code, page) = get(address, "/status");
    assert!(code == 200 && page.contains(NAMES[0]) && page.contains("days left"), "{page}");
    assert!(page.contains("Nothing needs a person."), "{page}");
    let (secret, path) = (house.settings().secret_key.clone(), house.config_path());
    let path = path.parent().unwrap().to_str().unwrap();
    for inside in [&house.settings().access_key, secret.expose(), "PRIVATE", path, "scs"] {
        assert!(!page.contains(inside), "{inside} is in {page}");
    }
    daemon.signal("TERM");
    assert_eq!(daemon.wait(), Some(0));
}

#[test]
fn what_is_held_is_no_success() {
    let house = House::new();
    listen(&house, "127.0.0.1:0");
    let daemon = house.spawn(&["run"]);
    let address = listening(&daemon, 0);
    let read = || series(&get(address, "/metrics").1);
    let of =
        |metric: &str| format!("certrotd_certificate_{metric}{{certificate=\"{}\"}}", NAMES[1]);
    eventually("the first success", || read()[&of("in_order")] == 1);
    house.sim.weather(Rule::new("POST", "/certificates/import", Fault::Status(403)));
    house.put(NAMES[1], &house.issue(NAMES[1], KeyKind::EcdsaP256, 1));
    let reasons = |series: &BTreeMap<String, i64>| {
        let of = |it: &&String| it.contains(NAMES[1]) && it.starts_with("certrotd_held{");
        series.keys().filter(of).count()
    };
    eventually("the refusal", || {
        let series = read();
        let failed = series["certrotd_steps_total{action=\"import\",outcome=\"failed\"}"];
        failed >= 1 && reasons(&series) == 1
    });
    let held = read();
    assert_eq!(held[&of("in_order")], 0);
    let end = |layer: &str| {
        held[&format!(
            "certrotd_certificate_not_after_seconds{{certificate=\"{}\",layer=\"{layer}\"}}",
            NAMES[1]
        )]
    };
    assert!(end("file") > end("cloud"), "the file was renewed, and the cloud has the former one");
    assert!(held[&of("last_success_seconds")] <= now());
    // Whoever reaches the socket reads that it waits, and not for what: that names paths and ids.
    let page = get(address, "/status").1;
    assert!(page.contains("waits: ") && page.contains(" needs a person"), "{page}");
    let path = house.config_path();
    for inside in [path.parent().unwrap().to_str().unwrap(), "scs", "403"] {
        assert!(!page.contains(inside), "{inside} is in {page}");
    }
}

#[test]
fn a_port_that_is_taken_stops_nothing_and_a_reload_moves_it() {
    let house = House::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    listen(&house, &taken.local_addr().unwrap().to_string());
    let mut daemon = house.spawn(&["run"]);
    eventually("the rotation", || house.writes() == [2, 6, 1]);
    assert_eq!(daemon.log().matches("\"event\":\"metrics.failed\"").count(), 1);
    listen(&house, "127.0.0.1:0");
    daemon.signal("HUP");
    let address = listening(&daemon, 0);
    assert_eq!(get(address, "/health").0, 200);
    listen(&house, "[::1]:0");
    daemon.signal("HUP");
    let other = listening(&daemon, 1);
    assert!(other.is_ipv6() && get(other, "/health").0 == 200);
    assert!(TcpStream::connect(address).is_err(), "the former socket is closed");
    house.configure();
    daemon.signal("HUP");
    eventually("the end of the socket", || TcpStream::connect(other).is_err());
    daemon.signal("TERM");
    assert_eq!(daemon.wait(), Some(0));
}

#[test]
fn the_page_in_a_file_is_that_of_the_socket() {
    let house = House::new();
    let path = house.scratch.path("certrotd.prom");
    look(&house, "listen = \"127.0.0.1:0\"\ntextfile = \"certrotd.prom\"");
    let mut daemon = house.spawn(&["run"]);
    let address = listening(&daemon, 0);
    let page = || fs::read_to_string(&path).unwrap_or_default();
    eventually("the rotation", || {
        series(&get(address, "/metrics").1)["certrotd_cycles_total"] >= 1
    });
    // A daemon that ends shows what it has done, however short its life was.
    let served = series(&get(address, "/metrics").1);
    daemon.signal("TERM");
    assert_eq!(daemon.wait(), Some(0));
    let (written, mode) = (series(&page()), fs::metadata(&path).unwrap().permissions().mode());
    assert_eq!((written, mode & 0o777), (served, 0o644));
    assert_eq!(daemon.log().matches("\"event\":\"metrics.written\"").count(), 1);
}

#[test]
fn a_round_writes_its_page_unless_it_looked_at_one_entry_alone() {
    let house = House::new();
    let path = house.scratch.path("certrotd.prom");
    look(&house, "textfile = \"certrotd.prom\"");
    house.run(&["apply", "--only", NAMES[0]]);
    assert!(!path.exists(), "of the others it would say that they are not in order");
    assert_eq!(house.run(&["apply"]).code, Some(0));
    let page = series(&fs::read_to_string(&path).unwrap());
    let in_order = format!("certrotd_certificate_in_order{{certificate=\"{}\"}}", NAMES[1]);
    assert!(page[&in_order] == 1 && page["certrotd_cycles_total"] >= 1, "{page:?}");
}

#[test]
fn a_file_that_cannot_be_written_stops_nothing() {
    let house = House::new();
    look(&house, "textfile = \"nowhere/certrotd.prom\"");
    let run = house.run(&["apply"]);
    assert_eq!((run.code, house.writes()), (Some(0), [2, 6, 1]));
    assert_eq!(run.stderr.matches("metrics.unwritten").count(), 1, "{}", run.stderr);
}
