//! What the fuzzers call, and what they hold it to. Each door takes any bytes at all; what it asserts is
//! more than that nothing panics. `fuzz/` includes this folder, and `tests/fuzz_replay.rs` replays the seeds.

pub mod answers;
pub mod archive;
pub mod bundle;
pub mod config;
pub mod greeting;
pub mod handshake;
pub mod journal;
pub mod pem;
mod wire;

use certrotd::model::time::Time;

/// A moment at which the certificates of `tests/data/pem` are valid.
const NOW: Time = Time::from_secs(4_000_000_000);
/// Most characters of a sentence that may reach a log, whatever the input: a few names of a certificate.
const SENTENCE_CHARS_MAX: usize = 4096;

/// The lines of this text that belong to private keys, long enough that none of them is there by chance.
fn key_lines(bytes: &[u8]) -> Vec<String> {
    const CHARS_MIN: usize = 48;
    let text = String::from_utf8_lossy(bytes);
    let mut inside = false;
    let mut found = Vec::new();
    for line in text.lines().map(str::trim) {
        if line.starts_with("-----") {
            inside = line.starts_with("-----BEGIN ") && line.contains("PRIVATE KEY");
        } else if inside && line.len() >= CHARS_MIN && line.bytes().all(is_base64) {
            found.push(line.to_owned());
        }
    }
    found
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/=".contains(&byte)
}

/// Holds that none of these lines is in what is shown.
fn keeps(secrets: &[String], shown: &str) {
    assert!(!secrets.iter().any(|line| shown.contains(line.as_str())), "a key is shown");
}

/// Holds that this sentence can stand in a log: short, and on one line.
fn is_sentence(text: &str) {
    assert!(text.chars().count() <= SENTENCE_CHARS_MAX, "{} bytes in a sentence", text.len());
    assert!(!text.contains(char::is_control), "control characters in {text:?}");
}
