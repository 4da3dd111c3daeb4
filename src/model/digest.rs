//! Fingerprints: SHA-256 and SHA-1 of a certificate's DER, or of a file's bytes.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest;
use serde::{Deserialize, Serialize};

use super::names::DIGEST_CHARS;

macro_rules! fingerprint {
    ($(#[$doc:meta])* $name:ident, $bytes:literal, $algorithm:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name([u8; $bytes]);

        impl $name {
            /// The digest of these bytes.
            pub fn of(bytes: &[u8]) -> Self {
                let mut out = [0; $bytes];
                out.copy_from_slice(digest::digest($algorithm, bytes).as_ref());
                Self(out)
            }

            /// The digest itself.
            pub const fn bytes(&self) -> &[u8; $bytes] {
                &self.0
            }

            /// A digest as [`Self::bytes`] gave it.
            pub const fn from_bytes(bytes: [u8; $bytes]) -> Self {
                Self(bytes)
            }
        }

        impl FromStr for $name {
            type Err = NotAFingerprint;

            /// Reads hex of either case, with or without `:` or spaces between the bytes.
            fn from_str(text: &str) -> Result<Self, NotAFingerprint> {
                let mut out = [0; $bytes];
                hex(text, &mut out)?;
                Ok(Self(out))
            }
        }

        impl TryFrom<String> for $name {
            type Error = NotAFingerprint;

            fn try_from(text: String) -> Result<Self, NotAFingerprint> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(digest: $name) -> Self {
                digest.to_string()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    };
}

fingerprint!(
    /// A SHA-256 fingerprint; shown in lower-case hex.
    Sha256,
    32,
    &digest::SHA256
);
fingerprint!(
    /// A SHA-1 fingerprint, which is what the certificate manager's show call gives.
    /// Good for recognising, never for trusting.
    Sha1,
    20,
    &digest::SHA1_FOR_LEGACY_USE_ONLY
);

impl Sha256 {
    /// The first hex characters, enough to name an import.
    pub fn short(&self) -> String {
        self.to_string()[..DIGEST_CHARS].to_owned()
    }
}

/// A text that is no fingerprint of the expected length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a fingerprint of the expected length in hex")]
pub struct NotAFingerprint;

fn hex(text: &str, out: &mut [u8]) -> Result<(), NotAFingerprint> {
    let digits: Option<Vec<u8>> = text
        .chars()
        .filter(|c| *c != ':' && *c != ' ')
        .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect();
    let digits = digits.filter(|found| found.len() == out.len() * 2).ok_or(NotAFingerprint)?;
    for (byte, pair) in out.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = pair[0] << 4 | pair[1];
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes_and_what_openssl_writes() {
        let digest = Sha1::of(b"abc");
        assert_eq!(digest.to_string(), "a9993e364706816aba3e25717850c26c9cd0d89d");
        let colons = "A9:99:3E:36:47:06:81:6A:BA:3E:25:71:78:50:C2:6C:9C:D0:D8:9D";
        assert_eq!(colons.parse(), Ok(digest));
        assert_eq!(colons.parse::<Sha256>(), Err(NotAFingerprint));
        assert_eq!("".parse::<Sha1>(), Err(NotAFingerprint));
    }
}
