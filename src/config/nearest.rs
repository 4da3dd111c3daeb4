//! The known word that a misspelled one was probably meant to be.

/// Longest word that is compared, in bytes; no key comes near it.
const WORD_BYTES_MAX: usize = 64;

/// The closest known word, unless all of them are further than a third of the word away.
/// A word that begins another one (`secret_key` for `secret_key_file`) counts as close.
pub fn nearest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    if word.len() > WORD_BYTES_MAX {
        return None;
    }
    let word = word.to_lowercase().replace('-', "_");
    let begun = |known: &&'k str| word.len() >= 3 && known.starts_with(&word);
    let close =
        known.iter().map(|known| (distance(&word, &known.replace('-', "_")), *known)).min()?;
    if close.0 <= word.chars().count().max(3) / 3 {
        return Some(close.1);
    }
    known.iter().copied().find(begun)
}

/// How many single-character edits lie between two words; two neighbours swapped are one edit.
fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let mut rows = vec![(0..=other.len()).collect::<Vec<usize>>()];
    for (line, letter) in one.iter().enumerate() {
        let mut row = vec![line + 1];
        for (column, other_letter) in other.iter().enumerate() {
            let replaced = rows[line][column] + usize::from(letter != other_letter);
            let edited = rows[line][column + 1].min(row[column]) + 1;
            let swapped = line > 0
                && column > 0
                && *letter == other[column - 1]
                && one[line - 1] == *other_letter;
            let swap = if swapped { rows[line - 1][column - 1] + 1 } else { usize::MAX };
            row.push(replaced.min(edited).min(swap));
        }
        rows.push(row);
    }
    rows[one.len()][other.len()]
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
            ("ceRt", Some("cert")),
            ("cret", Some("cert")),
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
