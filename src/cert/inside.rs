//! The CA file in place, read as clients read it: a text of PEM blocks, each by itself.

use std::collections::HashSet;

use super::archive;
use super::ca::{CaFacts, ca_facts, is_authority};
use super::pem;
use super::x509::Certificate;

/// Most bytes of a CA file in place that are read: more than any bundle that a client would load.
pub const CA_INSIDE_BYTES_MAX: usize = 4 << 20;

/// What a CA file in place holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Inside {
    /// Every CA in a sound block, once each, in the file's order, whatever else is there.
    pub authorities: Vec<CaFacts>,
    /// Whether nothing else is there: every block is sound and holds a CA. Words between blocks are fine.
    pub clean: bool,
}

/// Reads a file in place. It takes PEM alone, since clients load nothing else: an archive or DER holds no
/// CA. Each block counts by itself, so that a damaged one hides no other; and no CA is judged, so that what
/// [`CaBundle::of`](super::CaBundle::of) has written is read back as it was. Of a file of more than
/// [`CA_INSIDE_BYTES_MAX`] bytes, the beginning is read, and the whole is not clean.
pub fn ca_inside(bytes: &[u8]) -> Inside {
    if archive::is_zip(bytes) || archive::is_other_kind(bytes) {
        return Inside { authorities: Vec::new(), clean: false };
    }
    let read = &bytes[..bytes.len().min(CA_INSIDE_BYTES_MAX)];
    let (blocks, alone) = pem::sound_certificates(read);
    let count = blocks.len();
    let parsed = blocks.iter().zip(1..).filter_map(|(der, at)| Certificate::parse(der, at).ok());
    let found: Vec<_> = parsed.filter(is_authority).map(|found| ca_facts(&found)).collect();
    let clean = alone && read.len() == bytes.len() && count > 0 && found.len() == count;
    let mut seen = HashSet::new();
    let authorities = found.into_iter().filter(|found| seen.insert(found.sha256)).collect();
    Inside { authorities, clean }
}
