//! `inspect`: any file, as a person would hand it over.

use certrotd::cert::inspect::{Inspection, inspect, text};
use certrotd::cert::{CaBundle, ca_inside};

use super::{NOW, is_sentence, keeps, key_lines};

/// Most PEM blocks that are read of one file.
const BLOCKS_MAX: usize = 512;
/// What is shown of a certificate grows with the certificate: its names, escaped, several times over.
const GROWTH_MAX: usize = 64;
/// Shown of an empty file, in bytes, and then some.
const SHOWN_BYTES_MIN: usize = 16 << 10;

/// Inspects the file. It shows the same each time, not much more than what is in it, nothing of a key, and
/// shows a CA that it found the same way when that is written out and read back.
pub fn open(bytes: &[u8]) {
    let found = inspect("file", bytes, NOW);
    let json = shown(&found);
    assert_eq!(json, shown(&inspect("file", bytes, NOW)), "two inspections differ");
    assert!(found.certificates.len() <= BLOCKS_MAX);
    for view in [&json, &text(&found)] {
        assert!(view.len() <= SHOWN_BYTES_MIN + GROWTH_MAX * bytes.len());
        keeps(&key_lines(bytes), view);
    }
    found.findings.iter().for_each(|finding| is_sentence(&finding.to_string()));
    found.error.iter().for_each(|error| is_sentence(error));
    if found.error.is_some() {
        assert!(found.certificates.is_empty() && found.key.is_none(), "unreadable, and yet read");
        return;
    }
    read_back(&found, bytes);
}

/// Each CA of the file, written out, is inspected as it was before.
fn read_back(found: &Inspection, bytes: &[u8]) {
    let inside = ca_inside(bytes);
    let again = inspect("again", CaBundle::of(inside.authorities).pem.as_bytes(), NOW);
    for view in &again.certificates {
        let same = found.certificates.iter().find(|old| old.sha256 == view.sha256);
        assert!(same.is_none_or(|old| old == view), "read back otherwise: {view:?}");
    }
}

fn shown(found: &Inspection) -> String {
    serde_json::to_string(found).expect("an inspection is JSON")
}
