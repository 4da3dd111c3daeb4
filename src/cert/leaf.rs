//! A leaf that comes from elsewhere than a file: its facts, and the family of its key.

use std::collections::BTreeSet;

use super::x509::{Certificate, LeafFacts};

/// The families of keys that a TLS server can hold side by side, one certificate of each for the same
/// names. A client chooses between them by the signatures that it offers to check.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Family {
    /// RSA of any size, signing as PKCS#1 or PSS.
    Rsa,
    /// ECDSA on any curve.
    Ecdsa,
    /// Edwards curve 25519.
    Ed25519,
}

/// The facts of one certificate's DER, with nothing after its end; none when it cannot be read.
/// Nothing about it is verified, neither its validity nor who signed it.
pub fn facts(der: &[u8]) -> Option<LeafFacts> {
    Certificate::parse(der, 1).ok().map(|parsed| parsed.facts)
}

impl LeafFacts {
    /// Its names, without order and in lower case.
    pub fn name_set(&self) -> BTreeSet<String> {
        self.names.iter().map(|name| name.to_ascii_lowercase()).collect()
    }
}

/// Whether both are for the same names, in whatever order. Two that have none have nothing in common.
pub fn same_names(a: &LeafFacts, b: &LeafFacts) -> bool {
    !a.names.is_empty() && a.name_set() == b.name_set()
}

/// The family of this leaf's key. None for kinds that no pair of ours can have, such as SM2: a pair
/// with one is refused when it is read.
pub fn family(leaf: &LeafFacts) -> Option<Family> {
    match leaf.key.split_once(' ') {
        Some(("RSA", _)) => Some(Family::Rsa),
        Some(("ECDSA", _)) => Some(Family::Ecdsa),
        _ => (leaf.key == "Ed25519").then_some(Family::Ed25519),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cert::pem;

    fn of(text: &str) -> Option<LeafFacts> {
        facts(&pem::read(text.as_bytes()).unwrap().certificates[0])
    }

    #[test]
    fn a_key_has_one_family_or_none() {
        macro_rules! check {
            ($name:literal, $family:expr) => {
                let leaf = of(include_str!(concat!("../../tests/data/pem/", $name))).unwrap();
                assert_eq!(family(&leaf), $family, "{}", leaf.key);
            };
        }
        check!("rsa.pem", Some(Family::Rsa));
        check!("rsa-v1.pem", Some(Family::Rsa));
        check!("rsa1024.pem", Some(Family::Rsa));
        check!("ec.pem", Some(Family::Ecdsa));
        check!("p384.pem", Some(Family::Ecdsa));
        check!("ed25519.pem", Some(Family::Ed25519));
        check!("ed448.pem", None);
        check!("rsa-pss.pem", None);
        check!("sm2.pem", None);
    }

    #[test]
    fn what_is_no_certificate_has_no_facts() {
        assert_eq!(facts(b"no certificate"), None);
        assert_eq!(facts(b""), None);
    }
}
