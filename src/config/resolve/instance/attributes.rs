//! Whom a CA file belongs to, and who may read it.

/// Longest name of a user or a group, in bytes: what Linux takes.
const ACCOUNT_BYTES_MAX: usize = 255;
/// What the kernel takes for "leave it as it is" where a user or a group is expected.
const ACCOUNT_UNCHANGED: u32 = u32::MAX;

/// Three or four octal digits. A trust anchor that others can write is none, and nobody runs it.
pub(super) fn mode(text: &str) -> Result<u32, &'static str> {
    let octal =
        matches!(text.len(), 3 | 4) && text.bytes().all(|byte| (b'0'..=b'7').contains(&byte));
    let mode = u32::from_str_radix(text, 8).ok().filter(|_| octal);
    let mode = mode.ok_or("is no file mode, expected three or four octal digits such as 0644")?;
    if mode & 0o400 == 0 {
        return Err("keeps the owner from reading the file, expected such as 0644");
    }
    if mode & 0o7113 != 0 {
        return Err("lets others write or anyone execute the file, expected such as 0644 or 0640");
    }
    Ok(mode)
}

/// A user or a group by name or number, as far as the text alone tells: which ones there are is asked
/// when the file is written, since a package that makes one may be installed later. Names of a domain,
/// with a dot, a backslash or a blank in them, are fine.
pub(super) fn account(text: &str) -> Result<String, &'static str> {
    const EXPECTED: &str =
        "is no user or group, expected one name or number of this host such as redis or 999";
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return match text.parse::<u32>() {
            Ok(number) if number != ACCOUNT_UNCHANGED => Ok(text.to_owned()),
            _ => Err("is no number of a user or group, expected 0 to 4294967294"),
        };
    }
    // `redis:redis` is how chown has both; a list is what neither key takes.
    let unfit = |c: char| c.is_control() || ":/,".contains(c);
    let framed = text.starts_with(|c: char| c.is_alphanumeric() || c == '_')
        && !text.ends_with(char::is_whitespace);
    if framed && text.len() <= ACCOUNT_BYTES_MAX && !text.contains(unfit) {
        Ok(text.to_owned())
    } else {
        Err(EXPECTED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_names_and_numbers() {
        for text in ["redis", "_apt", "0", "999", "4294967294", "svc$", "a.b", "CORP\\db users"] {
            assert_eq!(account(text), Ok(text.to_owned()), "{text}");
        }
        let long = "x".repeat(ACCOUNT_BYTES_MAX + 1);
        for text in ["", " redis", "redis ", "-1", "+5", "~", "redis:redis", "a/b", "a,b", "a\nb"] {
            assert!(account(text).is_err_and(|why| why.contains("one name or number")), "{text}");
        }
        assert!(account(&long).is_err());
        for text in ["4294967295", "99999999999999999999"] {
            assert!(account(text).is_err_and(|why| why.contains("0 to 4294967294")), "{text}");
        }
    }

    #[test]
    fn modes_keep_a_trust_anchor_safe() {
        for (text, expected) in [("0644", 0o644), ("640", 0o640), ("0660", 0o660), ("400", 0o400)] {
            assert_eq!(mode(text), Ok(expected), "{text}");
        }
        for text in ["", "64", "00644", "0o644", "644 ", "888", "0244", "0646", "0744", "4644"] {
            assert!(mode(text).is_err(), "{text}");
        }
    }
}
