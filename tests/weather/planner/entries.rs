//! The entries of a storm: what each wants where, and what its leaves are.

use super::fixture::{at, name};
use certrotd::cert::LeafFacts;
use certrotd::model::digest::{Sha1, Sha256};
use certrotd::model::names::{Name, Subject};
use certrotd::model::target::Target;
use certrotd::model::time::Time;
use certrotd::plan::action::{Import, ImportKey};

/// The entries: the first two share account, project and, at times, their leaf.
pub const ENTRIES: [&str; 3] = ["www", "api", "fin"];
/// Every name, with those of the CA and of the switch.
pub const NAMES: [&str; 5] = ["www", "api", "fin", "redis", "ledger"];

/// How many superseded ones stay.
pub const KEEP: usize = 1;

/// A service, a project, and the place there that is bound and probed.
pub type Wanted = (Target, &'static str, Option<&'static str>);

/// The listener is shared by two entries, each for its own name.
pub fn targets(entry: &str) -> &'static [Wanted] {
    match entry {
        "www" => &[(Target::Elb, "north", Some("shared")), (Target::Cdn, "north", Some("domain"))],
        "api" => &[(Target::Elb, "north", None), (Target::Waf, "north", Some("host"))],
        _ => &[(Target::Elb, "south", None), (Target::Elb, "north", Some("shared"))],
    }
}

/// The one name of an entry's leaves.
pub fn host(entry: &Name) -> &'static str {
    if entry.as_str() == "fin" { "fin.example.com" } else { "www.example.com" }
}

pub fn leaf(entry: &Name, number: u32) -> LeafFacts {
    leaf_of(entry, &import_key(entry, number))
}

/// The leaf of an import.
pub fn leaf_of(entry: &Name, key: &ImportKey) -> LeafFacts {
    facts(key.leaf, key.issued, host(entry))
}

/// A leaf that no entry has ever had on its disk, issued before all of them.
pub fn foreign(host: &str) -> LeafFacts {
    facts(Sha256::of(host.as_bytes()), at(-200_000), host)
}

fn facts(sha256: Sha256, issued: Time, host: &str) -> LeafFacts {
    LeafFacts {
        sha256,
        sha1: Sha1::of(host.as_bytes()),
        not_before: issued,
        not_after: at(400 * 86_400),
        serial: String::new(),
        subject: String::new(),
        issuer: String::new(),
        names: vec![host.to_owned()],
        key: "ECDSA P-256".to_owned(),
    }
}

pub fn import_key(entry: &Name, number: u32) -> ImportKey {
    // The leaves of `fin` are its own, for they have another name in them.
    let of = if finance(entry).is_some() { number | 1 << 30 } else { number };
    ImportKey::from(Import {
        cloud: name("main"),
        enterprise_project: finance(entry),
        leaf: Sha256::of(&of.to_be_bytes()),
        issued: at(i64::from(number) - 100_000),
    })
}

/// The enterprise project of an entry.
pub fn finance(entry: &Name) -> Option<String> {
    (entry.as_str() == "fin").then(|| "finance".to_owned())
}

pub fn subjects() -> impl Iterator<Item = Subject> {
    let certificates = ENTRIES.iter().map(|entry| Subject::Certificate(name(entry)));
    certificates.chain([Subject::Ca(name("redis")), Subject::Ssl(name("ledger"))])
}
