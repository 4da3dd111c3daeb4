//! The known word that a misspelled one was probably meant to be.

/// Longest word that is compared, in bytes; no key comes near it.
const WORD_BYTES_MAX: usize = 64;

/// The closest known word, unless all of them are further than a third of the word away.
/// A word that begins another one (`secret_key` for `secret_key_file`) counts as close.
pub(super) fn nearest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    if word.len() > WORD_BYTES_MAX {
        return None;
    }
    let word = word.to_lowercase().replace('-', "_");
    let begun = |known: &&'k str| word.len() >= 3 && known.starts_with(&word);
    let close = known.iter().map(|known| (distance(&word, known), *known)).min()?;
    if close.0 <= word.chars().count().max(3) / 3 {
        return Some(close.1);
    }
    known.iter().copied().find(begun)
}

/// How many single-character edits lie between two words, neighbours swapped counting as two.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, letter) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for (column, other_letter) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *other_letter);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant() {
        let known = ["cert", "key", "chain", "warn_before", "secret_key_file", "on_change"];
        for (word, meant) in [
            ("certs", Some("cert")),
            ("Key", Some("key")),
            ("warn-before", Some("warn_before")),
            ("wran_before", Some("warn_before")),
            ("secret_key", Some("secret_key_file")),
            ("on_chnage", Some("on_change")),
            ("password", None),
            ("", None),
            (&"k".repeat(1000), None),
        ] {
            assert_eq!(nearest(word, &known), meant, "{word}");
        }
        assert_eq!(nearest("key", &[]), None);
    }
}
