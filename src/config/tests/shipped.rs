//! The files that are shipped: they are valid, and say of each key what the code says.

use std::path::Path;

use crate::config::{Otherwise, keys, parse};

const SHIPPED: &str = include_str!("../../../config/certrotd.toml");
const EXAMPLES: [(&str, &str); 4] = [
    ("bound-and-proven", include_str!("../../../config/examples/bound-and-proven.toml")),
    ("one-certificate", include_str!("../../../config/examples/one-certificate.toml")),
    ("database-cas", include_str!("../../../config/examples/database-cas.toml")),
    ("ecs-agency", include_str!("../../../config/examples/ecs-agency.toml")),
];

/// A key of the shipped file: its table (the cloud's name made `NAME`), the words above it, its value.
struct Line {
    table: String,
    key: String,
    words: String,
    value: String,
    live: bool,
}

fn lines() -> Vec<Line> {
    let (mut table, mut words, mut found) = (String::new(), String::new(), Vec::new());
    for line in SHIPPED.lines() {
        if let Some(word) = line.strip_prefix("# ") {
            words = format!("{words} {word}").trim().to_owned();
            continue;
        }
        let text = line.strip_prefix('#').unwrap_or(line);
        if text.starts_with('[') {
            let parts = text.trim_matches(['[', ']']).split('.').enumerate();
            let cloud = text.starts_with("[cloud.");
            let parts: Vec<_> = parts
                .map(|(index, part)| if cloud && index == 1 { "NAME" } else { part })
                .collect();
            table = parts.join(".");
        } else if let Some((key, value)) = text.split_once(" = ") {
            found.push(Line {
                table: table.clone(),
                key: key.to_owned(),
                words: words.clone(),
                value: value.to_owned(),
                live: !line.starts_with('#'),
            });
        }
        words.clear();
    }
    found
}

/// Every key taken out of its comment.
fn uncommented() -> String {
    let take = |line: &str| match line.strip_prefix('#') {
        Some(key) if !key.starts_with(' ') => key.to_owned(),
        _ => line.to_owned(),
    };
    SHIPPED.lines().map(take).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_shipped_file_is_valid_as_it_is_and_uncommented() {
    let path = Path::new("/etc/certrotd/certrotd.toml");
    let config = parse(path, SHIPPED).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(config.warnings.len(), 1, "{:?}", config.warnings);
    assert!(config.warnings[0].contains("`certrotd init --region REGION`"), "what to type next");
    let config = parse(path, &uncommented()).unwrap_or_else(|error| panic!("{error}"));
    assert!(config.warnings.iter().all(|said| said.contains("this version")), "{config:?}");
    assert_eq!((config.accounts.len(), config.certificates[0].pushes.len()), (2, 3));
}

#[test]
fn the_shipped_file_says_of_each_key_what_the_code_says() {
    let lines = lines();
    for doc in keys() {
        let place = format!("{}.{}", doc.table, doc.key);
        let same = |line: &&Line| line.table == doc.table && line.key == doc.key;
        let line = lines.iter().find(|line| same(line) && line.words.ends_with(&doc.doc));
        let line =
            line.unwrap_or_else(|| panic!("{place} is not shipped with the words {}", doc.doc));
        match &doc.otherwise {
            Otherwise::Is(default) => {
                assert_eq!((&line.value, line.live), (default, false), "{place}");
            }
            Otherwise::Absent => {
                // What a source of credentials needs is absent where another source is meant.
                let told = doc.doc.contains("Absent: ") || doc.table.ends_with(".credentials");
                assert!(told, "{place} does not say what its absence means");
            }
            Otherwise::Required => {}
        }
    }
    for line in lines {
        let known = keys().iter().any(|doc| doc.table == line.table && doc.key == line.key);
        assert!(known, "{}.{} is shipped and no key", line.table, line.key);
    }
}

#[test]
fn a_default_is_what_an_absent_key_means() {
    let entries = "[cloud.NAME]\nregion = 'cn-north-4'\n\
         [[notify]]\nname = 'ops'\nurl = 'https://h'\n\
         [[certificate]]\nname = 'www'\ncert = 'c'\nkey = 'k'\n\
         [[certificate.push]]\nservice = 'elb'\n\
         [[discover]]\npattern = '/x/*/c.pem'\n[[discover.push]]\nservice = 'elb'\n\
         [[instance_ca]]\nname = 'ca-'\nservice = 'dcs'\ninstance_id = 'i'\npath = 'p'\n\
         probe = 'a.b:1'\n\
         [[instance_ssl]]\nname = 'ssl'\nservice = 'taurusdb'\nenabled = true\n\
         instance_id = '0123456789abcdef0123456789abcdefin07'\n\
         [[watch_file]]\nname = 'mail'\npath = 'm.pem'\n";
    let mut written = entries.to_owned();
    for doc in keys() {
        let Otherwise::Is(default) = doc.otherwise else {
            continue;
        };
        let line = format!("{} = {default}\n", doc.key);
        let headers = [format!("[[{}]]\n", doc.table), format!("[{}]\n", doc.table)];
        match headers.iter().find(|header| written.contains(header.as_str())) {
            Some(header) => written = written.replace(header, &format!("{header}{line}")),
            None => written.insert_str(0, &format!("{}{line}", headers[1])),
        }
    }
    let path = Path::new("/etc/c.toml");
    let [short, long] =
        [entries, &written].map(|text| parse(path, text).unwrap_or_else(|error| panic!("{error}")));
    assert_eq!(format!("{short:?}"), format!("{long:?}"));
    assert_ne!(entries, written);
}

#[test]
fn the_examples_are_valid() {
    for (name, text) in EXAMPLES {
        let config = parse(Path::new("/etc/certrotd/certrotd.toml"), text);
        let config = config.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(config.warnings.is_empty(), "{name}: {:?}", config.warnings);
        // What systemd hands over is there for the service alone, and an example is tried at a shell first.
        let live = text.lines().filter(|line| !line.starts_with('#'));
        assert!(!live.into_iter().any(|line| line.contains("\"credential:")), "{name}");
    }
}
