//! The base64 of a private key, read into memory that is wiped: the PEM library leaves pieces of the text
//! behind in buffers that it outgrew.

use zeroize::Zeroizing;

/// The bytes of this text, white space aside; none where the library would refuse it too. Padding may be left
/// out. Which character it is decides neither a branch nor an address.
pub(super) fn decode(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len() / 4 * 3 + 3));
    let (mut group, mut digits, mut pads) = (0_u32, 0_u32, 0_u32);
    let is_space = |byte: &&u8| matches!(**byte, b'\t'..=b'\r' | b' ');
    for byte in text.iter().filter(|byte| !is_space(byte)) {
        if *byte == b'=' {
            pads += 1;
            continue;
        }
        let digit = digit(*byte);
        if digit > 63 || pads > 0 {
            return None;
        }
        group = group << 6 | digit;
        digits += 1;
        if digits == 4 {
            bytes.extend_from_slice(&group.to_be_bytes()[1..]);
            (group, digits) = (0, 0);
        }
    }
    match (digits, pads) {
        (0, 0) => {}
        (2, 0 | 2) => bytes.extend_from_slice(&(group << 12).to_be_bytes()[1..2]),
        (3, 0 | 1) => bytes.extend_from_slice(&(group << 6).to_be_bytes()[1..3]),
        _ => return None,
    }
    Some(bytes)
}

/// 0 to 63, or more where it is no digit.
fn digit(byte: u8) -> u32 {
    let byte = i32::from(byte);
    // All ones where the byte lies between the two, else nothing.
    let within =
        |low: u8, high: u8| !((byte - i32::from(low)) >> 31 | (i32::from(high) - byte) >> 31);
    let found = (within(b'A', b'Z') & (byte - 65 + 1))
        | (within(b'a', b'z') & (byte - 97 + 27))
        | (within(b'0', b'9') & (byte - 48 + 53))
        | (within(b'+', b'+') & 63)
        | (within(b'/', b'/') & 64);
    // Nothing found is 0, which turns into the largest number of all.
    found.cast_unsigned().wrapping_sub(1)
}
