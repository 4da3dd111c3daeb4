//! `read_pair`: a certificate file, a key file and a chain file, told apart by zero bytes.

use certrotd::cert::inspect::inspect;
use certrotd::cert::{Pair, read_pair};

use super::{NOW, is_sentence, keeps, key_lines};

/// The import call's limits on certificate, chain and key, in characters.
const CHARS_MAX: [usize; 3] = [4096, 8192, 4096];

/// Reads the pair. One that is taken fits the import, names a leaf, reads back as the same pair and shows
/// nothing of its key; one that is not is refused in a sentence without any of it.
pub fn open(bytes: &[u8]) {
    let mut files = bytes.splitn(3, |byte| *byte == 0);
    let cert = files.next().unwrap_or_default();
    // A file that holds both is common.
    let key = files.next().unwrap_or(cert);
    match read_pair(cert, key, files.next()) {
        Ok(pair) => judge(&pair),
        Err(rejected) => {
            is_sentence(&rejected.to_string());
            keeps(&key_lines(bytes), &format!("{rejected:?}"));
        }
    }
}

fn judge(pair: &Pair) {
    let material = &pair.material;
    let key = material.private_key.expose();
    let parts = [material.certificate.len(), material.chain.len(), key.len()];
    assert!(parts.iter().zip(CHARS_MAX).all(|(chars, max)| *chars <= max), "{parts:?}");
    assert!(!pair.leaf.names.is_empty(), "a leaf without a name");
    keeps(&key_lines(key.as_bytes()), &format!("{pair:?}"));
    let fullchain = format!("{}\n{}\n", material.certificate, material.chain);
    let again = read_pair(fullchain.as_bytes(), key.as_bytes(), None);
    assert_eq!(again.as_ref(), Ok(pair), "what would be sent reads back otherwise");
    let shown = inspect("leaf", material.certificate.as_bytes(), NOW);
    let [view] = shown.certificates.as_slice() else { panic!("not one leaf: {}", shown.file) };
    assert_eq!((view.sha256, &view.serial), (pair.leaf.sha256, &pair.leaf.serial));
}
