//! Whether a leaf is good for a name, as TLS clients see it.

use super::x509::LeafFacts;

/// Whether this leaf is good for a connection to `name`: a host name in any case, or an address in its
/// shortest form. A wildcard of the leaf stands for one label and no more: `*.example.com` covers
/// `a.example.com`, but neither `a.b.example.com` nor `example.com`. A name that is a wildcard itself is
/// covered by the same one only.
pub fn covers(leaf: &LeafFacts, name: &str) -> bool {
    leaf.names.iter().any(|own| own.eq_ignore_ascii_case(name) || stands_for(own, name))
}

/// Whether `own` is a wildcard that has this name among its own.
fn stands_for(own: &str, name: &str) -> bool {
    let (Some(domain), Some((label, beyond))) = (own.strip_prefix("*."), name.split_once('.'))
    else {
        return false;
    };
    let plain = !label.is_empty() && label != "*" && !is_address(name);
    plain && beyond.eq_ignore_ascii_case(domain)
}

/// No host name ends in a label that begins with a digit.
fn is_address(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    name.contains(':') || last.starts_with(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::digest::{Sha1, Sha256};
    use crate::model::time::Time;

    fn leaf(names: &[&str]) -> LeafFacts {
        LeafFacts {
            sha256: Sha256::of(b"leaf"),
            sha1: Sha1::of(b"leaf"),
            serial: "1".to_owned(),
            subject: "CN=leaf".to_owned(),
            issuer: "CN=issuer".to_owned(),
            not_before: Time::from_secs(0),
            not_after: Time::from_secs(1),
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            key: "RSA 2048".to_owned(),
        }
    }

    #[test]
    fn a_leaf_is_good_for_its_own_names() {
        let leaf = leaf(&["www.example.com", "*.Shop.example.com", "192.0.2.1", "2001:db8::1"]);
        for name in [
            "www.example.com",
            "WWW.Example.COM",
            "a.shop.example.com",
            "A.SHOP.example.com",
            "*.shop.example.com",
            "192.0.2.1",
            "2001:db8::1",
        ] {
            assert!(covers(&leaf, name), "{name}");
        }
    }

    #[test]
    fn a_leaf_is_good_for_nothing_else() {
        let leaf = leaf(&["www.example.com", "*.shop.example.com", "*.0.2.1", "w*.example.net"]);
        for name in [
            "",
            "example.com",
            "api.example.com",
            "*.example.com",
            "www.example.com.",
            "shop.example.com",
            ".shop.example.com",
            "a.b.shop.example.com",
            "*.b.shop.example.com",
            "ashop.example.com",
            "192.0.2.1",
            "www.example.net",
        ] {
            assert!(!covers(&leaf, name), "{name}");
        }
    }
}
