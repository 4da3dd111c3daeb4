//! `[[instance_ca]]` and `[[instance_ssl]]`: what belongs to managed instances.

mod attributes;
mod ca;
mod ssl;

use super::values::word;

pub(super) use ca::all as cas;
pub(super) use ssl::all as ssls;

/// Longest instance id and category, in characters: the known ones have 36 and less.
const ID_CHARS_MAX: usize = 64;

/// It becomes part of an address, so nothing but plain characters.
fn instance_id(text: &str) -> Result<String, String> {
    let fit = |c: char| c.is_ascii_alphanumeric() || c == '-';
    word(text, ID_CHARS_MAX, fit, "an instance id, expected letters, digits and dashes")
}
