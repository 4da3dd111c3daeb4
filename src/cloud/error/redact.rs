//! What a service repeats of our request, taken out of its message: known secrets in the forms that they travel in,
//! and whatever looks like a key, a token or a signature.

use std::fmt::Write as _;

use zeroize::Zeroizing;

/// Stands where a key or a token stood.
const REDACTED: &str = "[redacted]";
/// From any of these on, a message repeats what we sent: the gateway's canonical request, the header with
/// the signature, a PEM.
const ECHOES: [&str; 4] = ["canonicalrequest", "sdk-hmac-sha256", "signature=", "-----begin"];
/// A shorter text is not looked for in messages: it would be found everywhere.
const SECRET_CHARS_MIN: usize = 4;
/// So many characters of base64 or hex without a break are taken for a secret that we do not know by its
/// text: a line of a private key has 64, a signature too. A SHA-1 in hex, which helps a reader, has 40.
const RUN_CHARS_MIN: usize = 41;

/// The message without what repeats the request, and without these secrets as they are sent: as they are, escaped
/// for JSON, or percent-encoded.
pub(super) fn redact(message: &str, secrets: &[&str]) -> Zeroizing<String> {
    // Lower case of ASCII alone keeps every byte in its place.
    let lower = Zeroizing::new(message.to_ascii_lowercase());
    let end = ECHOES.iter().filter_map(|echo| lower.find(echo)).min().unwrap_or(message.len());
    let start = message[..end].trim_end_matches([' ', ',', ':', ';', '|', '"', '\'', '{', '\\']);
    let mut kept = Zeroizing::new(start.to_owned());
    for secret in secrets.iter().filter(|secret| secret.chars().count() >= SECRET_CHARS_MIN) {
        for form in forms(secret) {
            kept = Zeroizing::new(kept.replace(form.as_str(), REDACTED));
        }
    }
    without_runs(&kept)
}

/// A secret as bodies and addresses hold it; the longest first, since a shorter one may be a part of it.
fn forms(secret: &str) -> [Zeroizing<String>; 3] {
    let mut percent = Zeroizing::new(String::with_capacity(3 * secret.len()));
    for byte in secret.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            percent.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(percent, "%{byte:02X}");
        }
    }
    let quoted = Zeroizing::new(serde_json::to_string(secret).unwrap_or_default());
    let escaped = Zeroizing::new(quoted.trim_matches('"').to_owned());
    [percent, escaped, Zeroizing::new(secret.to_owned())]
}

fn without_runs(text: &str) -> Zeroizing<String> {
    let mut kept = Zeroizing::new(String::with_capacity(text.len() + REDACTED.len()));
    let mut rest = text;
    while !rest.is_empty() {
        let run = rest.find(|c| !is_coded(c)).unwrap_or(rest.len());
        let (coded, after) = rest.split_at(run);
        kept.push_str(if is_secret(coded) { REDACTED } else { coded });
        let plain = after.find(is_coded).unwrap_or(after.len());
        let (plain, after) = after.split_at(plain);
        kept.push_str(plain);
        rest = after;
    }
    kept
}

/// Characters of base64 and hex, and of both once more escaped for JSON or an address.
fn is_coded(c: char) -> bool {
    c.is_ascii_alphanumeric() || "+/=%\\".contains(c)
}

/// A path of a request is as long as a key, and has a slash and letters of one case.
fn is_secret(run: &str) -> bool {
    let has = |of: fn(&u8) -> bool| run.as_bytes().iter().any(of);
    let mixed = has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase);
    run.len() >= RUN_CHARS_MIN && (mixed || !run.contains('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_repeats_the_request_is_cut_off() {
        for echo in [
            "bad, canonicalRequest:POST|/v3|",
            "bad: {\"authorization\":\"SDK-HMAC-SHA256 Access=AK",
            "bad: /f.zip?Signature=abc123def456",
            "bad: \"-----BEGIN EC PRIVATE KEY-----\\nMHcC",
        ] {
            let kept = redact(echo, &[]);
            assert!(kept.starts_with("bad") && kept.len() < 25, "{}", *kept);
        }
    }

    #[test]
    fn known_secrets_go_in_every_form() {
        let secret = "p\"ss/wörd é";
        for form in ["p\"ss/wörd é", r#"p\"ss/wörd é"#, "p%22ss%2Fw%C3%B6rd%20%C3%A9"] {
            let kept = redact(&format!("no user with {form} here"), &[secret]);
            assert_eq!(*kept, "no user with [redacted] here");
        }
        assert_eq!(*redact("the key", &["key"]), "the key");
    }

    #[test]
    fn unknown_keys_and_signatures_go_and_names_stay() {
        let line = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg/+Ab12345678abCD";
        for (secret, said) in [
            (line.to_owned(), "[redacted]"),
            (format!("{line}\\n{line}"), "[redacted]"),
            (line.replace('/', "%2F"), "[redacted]"),
            ("0123456789abcdef".repeat(4), "[redacted]"),
        ] {
            assert_eq!(*redact(&format!("bad {secret}."), &[]), format!("bad {said}."));
        }
        for kept in [
            "x-auth-token not found",
            "no /v3/0123456789abcdef0123456789abcdef/instances/0123456789abcdef/ssl",
            "sha1 0123456789abcdef0123456789abcdef01234567",
            "instance 0123456789abcdef0123456789abcdefin07 is busy",
            "www-Example-com-with-a-name-of-fifty-characters-0123456789ab",
            "证书不存在",
        ] {
            assert_eq!(*redact(kept, &[]), kept);
        }
    }
}
