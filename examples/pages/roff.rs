//! A manual page in the making: headings, paragraphs, lists, and text whose marks of code and stress become
//! fonts.

/// The source of a page.
pub struct Page(String);

impl Page {
    /// A page of this name and section of the manual.
    pub fn new(name: &str, section: u8) -> Self {
        let version = env!("CARGO_PKG_VERSION");
        let head = format!(
            ".TH \"{}\" \"{section}\" \"\" \"certrotd {version}\" \"\"\n",
            escaped(&name.to_uppercase())
        );
        // Words stay whole and ragged: most lines hold paths and options.
        Self(head + ".nh\n.ad l\n")
    }

    /// A heading.
    pub fn section(&mut self, title: &str) {
        self.0 += &format!(".SH \"{}\"\n", quoted(title));
    }

    /// A heading below a heading.
    pub fn subsection(&mut self, title: &str) {
        self.0 += &format!(".SS \"{}\"\n", quoted(title));
    }

    /// A paragraph.
    pub fn paragraph(&mut self, text: &str) {
        self.0 += &format!(".PP\n{}\n", line(text));
    }

    /// A term and what it means, in as many paragraphs as there are.
    pub fn item<'text>(&mut self, term: &str, texts: impl IntoIterator<Item = &'text str>) {
        self.0 += &format!(".TP\n{}\n", line(term));
        let texts: Vec<_> = texts.into_iter().map(line).collect();
        self.0 += &(texts.join("\n.sp\n") + "\n");
    }

    /// Lines that stand as they are.
    pub fn verbatim(&mut self, text: &str) {
        self.0 += ".PP\n.RS 4\n.nf\n";
        for own in text.lines() {
            self.0 += &(guarded(&escaped(own)) + "\n");
        }
        self.0 += ".fi\n.RE\n";
    }

    /// The whole source.
    pub fn text(self) -> String {
        self.0
    }
}

/// One line of text: `code` and **stress** in bold, *words* in italics, links as their words.
fn line(text: &str) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some(first) = rest.chars().next() {
        let (part, left) = marked(rest).unwrap_or_else(|| {
            let (character, left) = rest.split_at(first.len_utf8());
            (escaped(character), left)
        });
        out += &part;
        rest = left;
    }
    guarded(&out)
}

/// What a mark at the beginning makes of the text up to its other end, and what is left.
fn marked(text: &str) -> Option<(String, &str)> {
    for (mark, font) in [("`", 'B'), ("**", 'B'), ("*", 'I')] {
        let Some((inside, left)) = text.strip_prefix(mark).and_then(|rest| rest.split_once(mark))
        else {
            continue;
        };
        // A star beside a blank, as in a cron line or a pattern, is a star.
        if !inside.is_empty() && inside.trim() == inside {
            return Some((format!("\\f{font}{}\\fR", escaped(inside)), left));
        }
    }
    let (words, rest) = text.strip_prefix('[')?.split_once("](")?;
    let (_, left) = rest.split_once(')')?;
    (!words.contains(['[', ']'])).then(|| (line(words), left))
}

/// Text that means itself: no escapes, and hyphens that can be copied.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars() {
        match character {
            '\\' => out += "\\e",
            '-' => out += "\\-",
            '\'' => out += "\\(aq",
            '`' => out += "\\(ga",
            '^' => out += "\\(ha",
            '~' => out += "\\(ti",
            '…' => out += "...",
            other if other.is_ascii() => out.push(other),
            other => out += &format!("\\[u{:04X}]", u32::from(other)),
        }
    }
    out
}

/// The argument of a macro.
fn quoted(text: &str) -> String {
    escaped(text).replace('"', "\\(dq")
}

/// A dot in front would be a request.
fn guarded(text: &str) -> String {
    if text.starts_with('.') { format!("\\&{text}") } else { text.to_owned() }
}
