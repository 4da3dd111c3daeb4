//! Pairs of files, good and bad, put in place as an ACME client does.

use std::fs;
use std::time::Duration;

use certrotd::sim::pki::{Authority, Issued, KeyKind};

use crate::common::{House, NAMES, now};

/// A day.
const DAY: Duration = Duration::from_secs(86_400);
/// More names than fit into what the certificate manager takes.
const NAMES_TOO_MANY: usize = 150;

/// Each entry keeps its kind of key.
pub fn key(name: &str) -> KeyKind {
    if name == NAMES[0] { KeyKind::Rsa2048 } else { KeyKind::EcdsaP256 }
}

/// Puts a pair of this kind in place, or says which kinds there are.
pub fn put(house: &House, name: &str, kind: &str) -> Result<(), String> {
    let fresh = house.issue(name, key(name), 10);
    let (fullchain, private) = (fresh.fullchain_pem(), fresh.key_pem.expose());
    let dated = |from, to| house.authority.issue(&[&name.replace('-', ".")], key(name), from, to);
    match kind {
        "older" => house.put(name, &house.issue(name, key(name), 600)),
        "expired" => house.put(name, &dated(now() - DAY * 9, now() - DAY)),
        "not-yet-valid" => house.put(name, &dated(now() + DAY, now() + DAY * 9)),
        "lone-leaf" => house.put_files(name, &fresh.leaf_pem, private),
        "torn" => {
            let other: Issued = house.issue(name, key(name), 5);
            house.put_files(name, &fullchain, other.key_pem.expose());
        }
        "gap" => {
            let stranger = Authority::new("Stranger");
            let text = format!("{}{}", fresh.leaf_pem, stranger.ca_pem());
            house.put_files(name, &text, private);
        }
        "too-large" => {
            let names: Vec<_> =
                (0..NAMES_TOO_MANY).map(|n| format!("host-{n}.long.example.com")).collect();
            let names: Vec<_> = names.iter().map(String::as_str).collect();
            let issued = house.authority.issue(&names, KeyKind::EcdsaP256, now(), now() + DAY * 9);
            house.put(name, &issued);
        }
        "encrypted-key" => {
            // The frame alone tells that there is a passphrase.
            let locked = private.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
            house.put_files(name, &fullchain, &locked);
        }
        "empty" => house.put_files(name, "\n", private),
        "garbage" => house.put_files(name, "garbage", private),
        "no-key" => {
            house.put_files(name, &fullchain, private);
            fs::remove_file(house.live(name).join("privkey.pem")).unwrap();
        }
        _ => return Err(format!("{kind} is no kind of pair that is known")),
    }
    Ok(())
}

/// Puts the pair of another entry in place.
pub fn copy(house: &House, name: &str, from: &str) {
    let read = |file: &str| fs::read_to_string(house.live(from).join(file)).unwrap();
    house.put_files(name, &read("fullchain.pem"), &read("privkey.pem"));
}
