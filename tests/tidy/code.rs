//! Rust text without its comments and literals, and without its tests: what the rules look at.

/// The text with every comment, string and character blanked out; lines stay where they are.
pub(super) fn code(text: &str) -> String {
    let mut rest = text;
    let mut code = String::with_capacity(text.len());
    let mut before = ' ';
    while let Some(first) = rest.chars().next() {
        let skipped = comment(rest).or_else(|| literal(rest, before)).unwrap_or(0);
        if skipped == 0 {
            code.push(first);
            rest = &rest[first.len_utf8()..];
            before = first;
        } else {
            let (gone, left) = rest.split_at(skipped);
            code.extend(gone.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
            rest = left;
            before = ' ';
        }
    }
    code
}

/// The code without whatever exists for its tests alone; lines stay where they are.
pub(super) fn without_tests(text: &str) -> String {
    const MARK: &str = "#[cfg(test)]";
    let code = code(text);
    let (mut kept, mut rest) = (String::with_capacity(code.len()), code.as_str());
    while let Some(at) = rest.find(MARK) {
        let (before, marked) = rest.split_at(at);
        let (gone, after) = marked.split_at(item_len(marked));
        kept.push_str(before);
        kept.extend(gone.chars().filter(|c| *c == '\n'));
        rest = after;
    }
    kept + rest
}

/// How long the item that begins here is: up to its `;`, or up to the brace that closes it.
fn item_len(text: &str) -> usize {
    let mut level = 0_usize;
    for (at, c) in text.char_indices() {
        match c {
            '{' => level += 1,
            '}' => level = level.saturating_sub(1),
            _ => {}
        }
        if level == 0 && matches!(c, '}' | ';') {
            return at + 1;
        }
    }
    text.len()
}

/// Whether this identifier stands in the code, not merely as a part of another.
pub(super) fn has(code: &str, word: &str) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    code.match_indices(word).any(|(at, _)| {
        let longer_before = word.starts_with(part) && code[..at].ends_with(part);
        let longer_after = word.ends_with(part) && code[at + word.len()..].starts_with(part);
        !longer_before && !longer_after
    })
}

fn comment(rest: &str) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    rest.starts_with("/*").then(|| rest.find("*/").map_or(rest.len(), |end| end + 2))
}

/// The length of the literal that begins here, if one does.
fn literal(rest: &str, before: char) -> Option<usize> {
    if let Some(raw) = rest.strip_prefix('r').filter(|_| !before.is_alphanumeric()) {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        let close = format!("\"{}", "#".repeat(hashes));
        if raw[hashes..].starts_with('"') {
            let inside = 1 + hashes + 1;
            return Some(inside + rest[inside..].find(&close)? + close.len());
        }
    }
    match rest.chars().next()? {
        '"' => quoted(rest, '"'),
        // A lifetime has no second quote right after its first character.
        '\'' => {
            let mut after = rest[1..].chars();
            let (one, two) = (after.next()?, after.next()?);
            if one == '\\' || two == '\'' { quoted(rest, '\'') } else { None }
        }
        _ => None,
    }
}

fn quoted(rest: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return Some(at + 1),
            _ => {}
        }
    }
    None
}

#[test]
fn comments_and_literals_are_blanked_and_lifetimes_stay() {
    let text = "a /* x */ 'b' \"c\\\" //\" r#\"d\"\"# <'e> '\\'' b\"f\" // g\nh";
    let kept: Vec<_> = code(text).split_whitespace().map(str::to_owned).collect();
    assert_eq!(kept, ["a", "<'e>", "b", "h"]);
    assert!(code(text).ends_with("\nh"));
    assert!(has("a::b", "a") && has("async move", "async") && !has("tokio_x", "tokio"));
    assert_eq!(without_tests("a\n#[cfg(test)]\nmod b {\nc {}\n}\nd"), "a\n\n\n\n\nd");
    assert_eq!(without_tests("#[cfg(test)]\nmod tests;\ne"), "\n\ne");
}
