//! What patterns find on a disk, and what becomes of it.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::CLOUD;
use crate::config::{Certificate, Config, Fault, FaultKind, load_offline, rediscover};
use crate::scratch::Scratch;

/// A host with a configuration that asks for this.
struct Host(Scratch);

impl Host {
    fn new(asks: &str) -> Self {
        let scratch = Scratch::new();
        fs::write(scratch.join("c.toml"), format!("{CLOUD}{asks}")).unwrap();
        Self(scratch)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Makes these files and the directories that they lie in.
    fn files(&self, names: &[&str]) {
        for name in names {
            fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
            fs::write(self.path(name), "").unwrap();
            fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o600)).unwrap();
        }
    }

    fn load(&self) -> Config {
        load_offline(&self.path("c.toml")).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Each name with its file and its key, from the directory of the configuration.
    fn shown(&self, config: &Config) -> Vec<String> {
        let short = |path: &Path| path.strip_prefix(&*self.0).unwrap().display().to_string();
        let line =
            |it: &Arc<Certificate>| format!("{} {} {}", it.name, short(&it.cert), short(&it.key));
        config.discovered().iter().map(line).collect()
    }
}

fn sentences(config: &Config) -> Vec<(FaultKind, String)> {
    config.faults().map(|Fault { kind, sentence, .. }| (*kind, sentence.clone())).collect()
}

const CERTBOT: &str = "[[discover]]\npattern = 'live/*/fullchain.pem'\n";

#[test]
fn each_match_is_an_entry_as_if_it_were_written() {
    let asks = "[[discover]]\npattern = 'live/*/fullchain.pem'\nchain = '{stem}-chain.pem'\nkeep = 0\n\
         exclude = ['staging.*', 'live/*-old/*']\ninclude = ['*example*']\n[[discover.push]]\n\
         service = 'cdn'\ndomains = ['{parent}']\nprobe = ['{parent}@192.0.2.1:443']\n";
    let host = Host::new(asks);
    host.files(&[
        "live/README",
        "live/b.example.com/fullchain.pem",
        "live/a.example.com/fullchain.pem",
        "live/a.example.com/privkey.pem",
        "live/a.example-old/fullchain.pem",
        "live/staging.example.com/fullchain.pem",
        "live/other.org/fullchain.pem",
        "live/.hidden.example.com/fullchain.pem",
        "live/c.example.com/cert.pem",
    ]);
    fs::create_dir_all(host.path("live/d.example.com/fullchain.pem")).unwrap();
    let config = host.load();
    assert_eq!(
        host.shown(&config),
        [
            "a.example.com live/a.example.com/fullchain.pem live/a.example.com/privkey.pem",
            "b.example.com live/b.example.com/fullchain.pem live/b.example.com/privkey.pem",
        ]
    );
    let [entry, _] = config.discovered() else { panic!() };
    assert_eq!(entry.chain.as_deref(), Some(&*host.path("live/a.example.com/fullchain-chain.pem")));
    assert_eq!((entry.keep, &entry.pushes[0].sites[..]), (0, &["a.example.com".to_owned()][..]));
    assert_eq!(entry.pushes[0].probes[0].text, "a.example.com@192.0.2.1:443");
    assert_eq!((config.discover[0].outcome.matches, sentences(&config)), (2, vec![]));
}

#[test]
fn what_is_found_shares_its_targets_with_what_was_there() {
    let push = "service = 'elb'\nlisteners = ['a']\n";
    let written = format!(
        "[[certificate]]\nname = 'www'\ncert = 'c'\nkey = 'k'\n[[certificate.push]]\n{push}"
    );
    let host = Host::new(&format!("{written}{CERTBOT}[[discover.push]]\n{push}"));
    host.files(&["c", "k", "live/a.b/fullchain.pem"]);
    let config = host.load();
    host.files(&["live/c.d/fullchain.pem"]);
    let config = rediscover(&config);
    let [www, first, second] = &config.certificates[..] else { panic!("{config:?}") };
    assert!(Arc::ptr_eq(&www.pushes, &first.pushes) && Arc::ptr_eq(&www.pushes, &second.pushes));
    assert_eq!(first.cloud.as_str().as_ptr(), second.cloud.as_str().as_ptr());
}

#[test]
fn keys_lie_where_acme_clients_put_them() {
    let host = Host::new("[[discover]]\npattern = '**/*.crt'\nname = '{stem}'\n");
    host.files(&["lego/a.b.crt", "lego/a.b.key", "x/acme/d.crt", "x/acme/acme.key", "e/none.crt"]);
    let expected = [
        ("none-", " e/none.crt e/privkey.pem"),
        ("a.b-", " lego/a.b.crt lego/a.b.key"),
        ("d-cert-", " x/acme/d.crt x/acme/acme.key"),
    ];
    for (shown, (name, files)) in host.shown(&host.load()).iter().zip(expected) {
        // The same stem may stand in another directory.
        assert!(shown.starts_with(name) && shown.ends_with(files), "{shown}");
    }
    let config = host.load();
    host.files(&["e/none.key"]);
    let config = rediscover(&config);
    assert!(host.shown(&config)[0].ends_with(" e/none.crt e/none.key"), "the key has come");
}

#[test]
fn names_are_sane_and_the_path_alone_decides_them() {
    let long = "x".repeat(60);
    let host = Host::new("[[discover]]\npattern = 'b/*/c.pem'\n");
    let long_file = format!("b/{long}/c.pem");
    host.files(&[
        "b/www.a/c.pem",
        "b/*.a/c.pem",
        "b/ä b/c.pem",
        "b/-x/c.pem",
        "b/y/c.pem",
        &long_file,
    ]);
    let config = host.load();
    let name = |config: &Config, file: &str| {
        let found = config.discovered().iter().find(|it| *it.cert == host.path(file));
        found.unwrap_or_else(|| panic!("{file}")).name.to_string()
    };
    let of = |file| name(&config, file);
    assert_eq!([of("b/www.a/c.pem"), of("b/*.a/c.pem")], ["www.a", "_.a"]);
    assert_eq!(
        [of("b/ä b/c.pem"), of("b/-x/c.pem"), of("b/y/c.pem")],
        ["_-b", "_x-cert", "y-cert"]
    );
    let cut = of(&long_file);
    assert!(cut.starts_with(&format!("{}-", "x".repeat(41))) && cut.len() == 50, "{cut}");
    // Where the pattern leaves more open than the name tells, the path is in it.
    let open = Host::new("[[discover]]\npattern = '*/*/c.pem'\n");
    let name = |config: &Config, file: &str| {
        let found = config.discovered().iter().find(|it| *it.cert == open.path(file));
        found.map(|entry| entry.name.to_string()).unwrap()
    };
    open.files(&["b/www.a/c.pem"]);
    let alone = name(&open.load(), "b/www.a/c.pem");
    assert!(alone.starts_with("www.a-") && alone.len() == 14, "{alone}");
    open.files(&["a/www.a/c.pem"]);
    let config = open.load();
    assert_eq!(name(&config, "b/www.a/c.pem"), alone, "whatever else is there");
    assert_ne!(name(&config, "a/www.a/c.pem"), alone);
}

#[test]
fn an_entry_that_was_found_keeps_its_name() {
    let host = Host::new("[[discover]]\npattern = 'x/*/c.pem'\n");
    host.files(&["x/a-b/c.pem"]);
    let config = host.load();
    // It comes first by its path, and its name is no other.
    host.files(&["x/a b/c.pem"]);
    let later = rediscover(&config);
    assert_eq!(host.shown(&later), ["a-b x/a-b/c.pem x/a-b/privkey.pem"]);
    assert!(matches!(&sentences(&later)[..], [(FaultKind::Unfit, _)]));
}

#[test]
fn what_is_written_wins() {
    let asks = "[[certificate]]\nname = 'www'\ncert = 'by/link.pem'\nkey = 'k'\n\
         [[certificate]]\nname = 'shop'\ncert = 'elsewhere.pem'\nkey = 'k'\n\
         [[instance_ca]]\nname = 'orders'\nservice = 'dcs'\ninstance_id = 'i'\npath = 'live/ca/c.pem'\n\
         [[discover]]\npattern = 'live/*/c.pem'\n[[discover]]\npattern = 'live/a*/*.pem'\nname = 'twice'\n";
    let host = Host::new(asks);
    host.files(&["live/www/c.pem", "live/shop/c.pem", "live/ca/c.pem", "live/abc/c.pem"]);
    fs::create_dir(host.path("by")).unwrap();
    symlink("../live/www/c.pem", host.path("by/link.pem")).unwrap();
    let config = host.load();
    let shown = host.shown(&config);
    assert_eq!(shown, ["abc live/abc/c.pem live/abc/privkey.pem"]);
    let said = sentences(&config);
    let [(FaultKind::Unfit, taken)] = &said[..] else { panic!("{said:?}") };
    assert!(taken.ends_with("another entry is called shop already: say `name` for one of them"));
    assert_eq!(config.certificates.len(), 3);
    let [all, some] = &config.discover[..] else { panic!("two patterns") };
    let (table, would_be) = &all.outcome.written[0];
    assert_eq!((table.as_str(), would_be.as_str()), ("www", "www"));
    assert_eq!((all.outcome.written.len(), some.outcome.written.len()), (1, 0));
}

#[test]
fn what_cannot_be_made_is_a_fault_and_no_more() {
    let asks = "[[certificate]]\nname = 'www'\ncert = 'c'\nkey = 'k'\n[[certificate.push]]\n\
         service = 'waf'\nhosts = ['WWW.a.b']\n\
         [[discover]]\npattern = 'live/*/c.pem'\n[[discover.push]]\nservice = 'waf'\n\
         hosts = ['{parent}']\nprobe = ['{parent}:443']\n";
    let host = Host::new(asks);
    host.files(&["live/www.a.b/c.pem", "live/*.a.b/c.pem", "live/x.a.b/c.pem"]);
    let config = host.load();
    assert_eq!(host.shown(&config), ["x.a.b live/x.a.b/c.pem live/x.a.b/privkey.pem"]);
    let said = sentences(&config);
    let [(FaultKind::Unfit, star), (FaultKind::Unfit, www)] = &said[..] else { panic!("{said:?}") };
    assert!(
        star.contains("/live/*.a.b/c.pem makes no entry: `probe` \"*.a.b:443\" is no probe"),
        "{star}"
    );
    assert!(www.contains("`hosts` \"www.a.b\" is bound by certificate www and by "), "{www}");
    assert_eq!(config.discover[0].outcome.matches, 3);
}

#[test]
fn an_empty_pattern_is_an_alarm_unless_it_may_be_empty() {
    let asks = "[[discover]]\npattern = 'live/*/c.pem'\n[[discover]]\npattern = 'l/*.crt'\nwhen_empty = 'ok'\n";
    let host = Host::new(asks);
    let sentence =
        "the pattern live/*/c.pem matches no file; where that may be so, say when_empty = \"ok\"";
    let config = host.load();
    assert_eq!(sentences(&config), [(FaultKind::Empty, sentence.to_owned())]);
    host.files(&["live/www/c.pem"]);
    let config = rediscover(&config);
    assert_eq!((sentences(&config), config.discovered().len()), (vec![], 1));
    fs::remove_dir_all(host.path("live")).unwrap();
    let config = rediscover(&config);
    assert_eq!((sentences(&config).len(), config.discovered().len()), (1, 0));
}

#[test]
fn what_cannot_be_looked_at_is_not_gone() {
    let host = Host::new(CERTBOT);
    host.files(&["live/a.b/fullchain.pem", "live/c.d/fullchain.pem", "live/c.d/fullchain.key"]);
    let config = host.load();
    // A circle of links is as unreadable to root as to anybody.
    fs::rename(host.path("live"), host.path("away")).unwrap();
    symlink("live", host.path("live")).unwrap();
    let blind = rediscover(&config);
    assert_eq!(host.shown(&blind), host.shown(&config));
    assert_eq!(blind.certificates, config.certificates);
    let said = sentences(&blind);
    let [(FaultKind::Unread, said)] = &said[..] else { panic!("{said:?}") };
    assert!(said.contains("/live cannot be looked at (") && said.ends_with("stays"), "{said}");
    let again = crate::config::load_after(&host.path("c.toml"), &blind).unwrap();
    assert_eq!(host.shown(&again).len(), 2, "nor by a reload");
    assert_eq!(host.load().discovered().len(), 0, "a start knows of nothing");
    fs::remove_file(host.path("live")).unwrap();
    fs::rename(host.path("away"), host.path("live")).unwrap();
    fs::remove_dir_all(host.path("live/a.b")).unwrap();
    let config = rediscover(&again);
    assert_eq!(host.shown(&config).len(), 1, "what is gone is gone once it can be seen");
    assert_eq!(sentences(&config), []);
}

#[test]
fn a_key_that_others_can_read_is_warned_of_once() {
    let host = Host::new(CERTBOT);
    host.files(&["live/a.b/fullchain.pem", "live/a.b/privkey.pem"]);
    fs::set_permissions(host.path("live/a.b/privkey.pem"), fs::Permissions::from_mode(0o644))
        .unwrap();
    let config = host.load();
    let [warning] = &config.warnings[..] else { panic!("{:?}", config.warnings) };
    assert!(warning.contains("live/a.b/privkey.pem holds a secret and has mode 0644"), "{warning}");
    assert_eq!(rediscover(&config).warnings, Vec::<String>::new());
}
