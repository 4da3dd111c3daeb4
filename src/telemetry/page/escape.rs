//! Words as a page may have them: whatever a certificate, a path or a service says, it stays words.

use std::fmt::{self, Display, Write as _};

/// Stands for what no page may hold.
const REPLACED: char = '\u{fffd}';

/// Words that can leave neither their element nor the quotes of their attribute.
#[derive(Debug, Clone, Copy)]
pub(super) struct Escaped<'a>(pub &'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            '\'' => f.write_str("&#39;"),
            '\n' | '\t' => f.write_char(' '),
            c if c.is_control() || turns(c) || is_none(c) => f.write_char(REPLACED),
            c => f.write_char(c),
        })
    }
}

/// Whether it makes a text run the other way, so that what is read is not what stands there.
fn turns(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether it is no character at all, as HTML and XML have it.
fn is_none(c: char) -> bool {
    u32::from(c) & 0xfffe == 0xfffe || matches!(c, '\u{fdd0}'..='\u{fdef}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stay_words() {
        let hostile = "</td><script>alert(\"1\")</script>&amp;' onload='x";
        let shown = Escaped(hostile).to_string();
        assert_eq!(
            shown,
            "&lt;/td&gt;&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;amp;&#39; onload=&#39;x"
        );
        assert!(!shown.contains(['<', '>', '"', '\'']), "{shown}");
    }

    #[test]
    fn what_is_no_character_of_a_page_is_replaced() {
        let shown = Escaped("a\0b\u{1b}[2J\u{7f}\u{202e}c\u{2066}\u{ffff}\u{85}d\r").to_string();
        assert_eq!(
            shown,
            "a\u{fffd}b\u{fffd}[2J\u{fffd}\u{fffd}c\u{fffd}\u{fffd}\u{fffd}d\u{fffd}"
        );
        assert_eq!(Escaped("a\nb\tc").to_string(), "a b c", "as a browser would");
        assert_eq!(Escaped("grüße 世界 🙂 ·").to_string(), "grüße 世界 🙂 ·");
    }
}
