//! Where certificates are bound and how that is proven: what is accepted, and what is refused.

use std::sync::Arc;

use super::{CLOUD, read, refuses};
use crate::config::Certificate;

/// An entry of this name with these pushes.
fn entry(name: &str, pushes: &str) -> String {
    format!("[[certificate]]\nname = '{name}'\ncert = '{name}'\nkey = 'k'\n{pushes}")
}

/// A push to this service with these lines.
fn push(service: &str, lines: &str) -> String {
    format!("[[certificate.push]]\nservice = '{service}'\n{lines}\n")
}

fn certificates(entries: &[String]) -> Vec<Arc<Certificate>> {
    let text = format!("{CLOUD}{}", entries.concat());
    let config = read(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert!(config.warnings.is_empty(), "{:?}", config.warnings);
    config.certificates
}

#[test]
fn places_stand_in_the_file_s_order() {
    let pushes = [
        push("elb", "listeners = ['b-2', 'a-1']"),
        push("waf", "project = 'cn-north-4_web'\nhosts = ['www.example.com']"),
        push("cdn", "domains = ['www.example.com']"),
        push("elb", "project = 'cn-north-4_web'"),
    ];
    let certificates = certificates(&[entry("www", &pushes.concat())]);
    let places = certificates[0].pushes.iter().flat_map(|push| push.places());
    assert_eq!(
        places.map(|place| place.to_string()).collect::<Vec<_>>(),
        [
            "listener b-2 of ELB in cn-north-4",
            "listener a-1 of ELB in cn-north-4",
            "host www.example.com of WAF in cn-north-4_web",
            "domain www.example.com of CDN",
        ]
    );
}

#[test]
fn needed_names_are_those_of_probes_domains_and_hosts() {
    let pushes = [
        push(
            "elb",
            "probe = ['WWW.example.com:443', 'a.b@192.0.2.1:1', '192.0.2.1:443', '[::1]:1']",
        ),
        push(
            "waf",
            "hosts = ['*.Example.com', 'www.example.com:8080', '192.0.2.1', '192.0.2.1:8443', \
             '0b8f2b8e4c1d4f7e9a510123456789ab', '0b8f2b8e-4c1d-4f7e-9a51-0123456789ab']",
        ),
        push("cdn", "domains = ['*.example.com', '.Example.net', 'cdn.example.com']"),
    ];
    let certificates = certificates(&[entry("www", &pushes.concat()), entry("api", "")]);
    let needed = certificates[0].needed_names();
    let needed: Vec<_> = needed.iter().map(|(name, by)| (name.as_str(), by.as_str())).collect();
    assert_eq!(
        needed,
        [
            ("www.example.com", "probe WWW.example.com:443"),
            ("a.b", "probe a.b@192.0.2.1:1"),
            ("*.example.com", "WAF host *.Example.com"),
            ("www.example.com", "WAF host www.example.com:8080"),
            ("*.example.com", "CDN domain *.example.com"),
            ("*.example.net", "CDN domain .Example.net"),
            ("cdn.example.com", "CDN domain cdn.example.com"),
        ]
    );
    assert!(certificates[1].needed_names().is_empty());
}

#[test]
fn windows_have_a_default_for_each_service() {
    let pushes = [push("elb", ""), push("waf", "window = '24h'"), push("cdn", "")];
    let certificates = certificates(&[entry("www", &pushes.concat())]);
    let windows = certificates[0].pushes.iter().map(|push| push.window.as_secs());
    assert_eq!(windows.collect::<Vec<_>>(), [60, 86_400, 600]);
}

#[test]
fn a_listener_may_have_two_certificates_and_a_host_two_projects() {
    let listener = push("elb", "listeners = ['a-1']\nprobe = ['www.example.com:443']");
    let host = push("waf", "hosts = ['www.example.com']");
    let elsewhere = push("waf", "project = 'cn-north-4_web'\nhosts = ['www.example.com']");
    let domain = push("cdn", "domains = ['www.example.com']");
    let rsa = entry("rsa", &format!("{listener}{host}{domain}"));
    assert_eq!(certificates(&[rsa, entry("ecdsa", &format!("{listener}{elsewhere}"))]).len(), 2);
}

#[test]
fn entries_with_the_same_targets_share_them() {
    let (here, there) = (push("elb", "listeners = ['a']"), push("elb", "listeners = ['b']"));
    let entries = [entry("www", &here), entry("api", &there), entry("old", &here)];
    let certificates = certificates(&entries);
    let share = |one: usize, other: usize| {
        Arc::ptr_eq(&certificates[one].pushes, &certificates[other].pushes)
    };
    assert!(share(0, 2) && !share(0, 1));
    let cloud = |at: usize| certificates[at].cloud.as_str().as_ptr();
    assert_eq!(cloud(0), cloud(1), "and the name of the cloud");
}

#[test]
fn two_clouds_may_have_the_same_domain() {
    let cloud = |name| format!("[cloud.{name}]\nregion = 'cn-north-4'\n");
    let entry = |name| {
        format!(
            "[[certificate]]\nname = '{name}'\ncloud = '{name}'\ncert = 'c'\nkey = 'k'\n{}",
            push("cdn", "domains = ['www.example.com']")
        )
    };
    let text = [cloud("one"), cloud("two"), entry("one"), entry("two")].concat();
    assert_eq!(read(&text).unwrap().certificates.len(), 2);
}

#[test]
fn nothing_stands_twice_in_a_list() {
    refuses(
        r#"[cloud.main]
region = 'cn-north-4'
[[certificate]]
name = 'www'
cert = 'a.pem'
key = 'a.key'
[[certificate.push]]
service = 'elb'
listeners = ['a-1', 'b-2', 'A-1']
probe = ['www.example.com:443', 'WWW.example.com:443', 'www.example.com:444', 'a.b@[::1]:443', 'a.b@[0::1]:443', '[::1]:443']
[[certificate.push]]
service = 'waf'
hosts = ['www.example.com', 'www.example.com:443', 'www.example.com']
[[certificate.push]]
service = 'cdn'
domains = ['www.example.com', 'www.Example.com', '*.example.com']
"#,
        r#"9:28: `listeners` "A-1" stands a second time in this list, expected once
10:33: `probe` "WWW.example.com:443" stands a second time in this list, expected once
10:96: `probe` "a.b@[0::1]:443" stands a second time in this list, expected once
13:52: `hosts` "www.example.com" stands a second time in this list, expected once
16:31: `domains` "www.Example.com" stands a second time in this list, expected once"#,
    );
}

#[test]
fn one_certificate_a_domain_and_a_host() {
    refuses(
        r#"[cloud.main]
region = 'cn-north-4'
[[certificate]]
name = 'rsa'
cert = 'a.pem'
key = 'a.key'
[[certificate.push]]
service = 'waf'
hosts = ['a.example.com', 'b.example.com']
[[certificate.push]]
service = 'cdn'
domains = ['www.example.com']
[[certificate]]
name = 'ecdsa'
cert = 'b.pem'
key = 'b.key'
[[certificate.push]]
service = 'waf'
project = 'cn-north-4'
hosts = ['c.example.com', 'B.example.com']
[[certificate.push]]
service = 'cdn'
project = 'cn-east-3'
domains = ['WWW.example.com']
"#,
        r#"20:27: `hosts` "B.example.com" is bound by certificate rsa and by certificate ecdsa, and WAF serves one certificate there: expected it in one of them
24:12: `domains` "WWW.example.com" is bound by certificate rsa and by certificate ecdsa, and CDN serves one certificate there: expected it in one of them"#,
    );
}

#[test]
fn windows_drift_and_probes() {
    refuses(
        r#"[cloud.main]
region = 'cn-north-4'
[[certificate]]
name = 'www'
cert = 'a.pem'
key = 'a.key'
[[certificate.push]]
service = 'elb'
window = '0s'
drift = 'ignore'
probe = ['*.example.com:443', '*.b@[::1]:443', '1.2.3.4@1.2.3.4:443']
[[certificate.push]]
service = 'waf'
window = '25h'
drift = true
[[certificate.push]]
service = 'cdn'
window = '10'
probes = ['www.example.com:443']
"#,
        r#"9:10: `window` "0s" is out of bounds, expected 1s to 24h
10:9: `drift` "ignore" is no way to treat drift, expected one of report, repair
11:10: `probe` "*.example.com:443" is no probe: a handshake asks for one name, so write a real host that the wildcard stands for, such as www in place of `*`
11:31: `probe` "*.b@[::1]:443" is no probe: a handshake asks for one name, so write a real host that the wildcard stands for, such as www in place of `*`
11:48: `probe` "1.2.3.4@1.2.3.4:443" is no probe, expected host:port, or name@address:port to pin an address
14:10: `window` "25h" is out of bounds, expected 1s to 24h
15:9: `drift` is true or false, expected a text
18:10: `window` "10" is no span of time, expected a whole number and a unit (ms, s, m, h or d) such as 90s
19:1: unknown key "probes" in [[certificate.push]]: did you mean `probe`?"#,
    );
}
