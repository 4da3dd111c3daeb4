//! A page, taken apart into what is done and what is shown.
//!
//! A comment of Markdown, which no reader sees, says what a reader has and the test has not: `<!-- stage: … -->` does
//! something to the host or the cloud, or types a command that is not shown, and `<!-- file: PATH -->` gives the block
//! after it a place on the host. A block of `sh` is typed, and the block of `text` after it is what that printed.

/// One thing in a page.
pub enum Item {
    /// Something to prepare.
    Stage(String),
    /// A file with its place on the host.
    File(String, String),
    /// Lines to type.
    Typed(Vec<String>),
    /// What the lines before it print: the number of its first line in the page, how many there are, and the text.
    Shown { first: usize, count: usize, text: String },
}

/// Everything in a page that is done or shown, in order.
///
/// # Panics
/// Where a block of `text` does not follow what prints it.
pub fn items(text: &str) -> Vec<Item> {
    let lines: Vec<_> = text.lines().collect();
    let (mut items, mut at, mut file) = (Vec::new(), 0, None);
    while at < lines.len() {
        let line = lines[at];
        if let Some(command) = comment(line, "stage") {
            items.push(Item::Stage(command.to_owned()));
        } else if let Some(path) = comment(line, "file") {
            file = Some(path.to_owned());
        } else if let Some(language) = line.strip_prefix("```") {
            let inside: Vec<_> =
                lines[at + 1..].iter().take_while(|line| **line != "```").collect();
            let text: String = inside.iter().map(|line| format!("{line}\n")).collect();
            let (first, count) = (at + 2, inside.len());
            at += count + 1;
            match (file.take(), language) {
                (Some(path), _) => items.push(Item::File(path, text)),
                (None, "sh") => items.push(Item::Typed(typed(&text))),
                (None, "text") => {
                    let follows = matches!(items.last(), Some(Item::Typed(_)));
                    assert!(follows, "line {first}: nothing was typed that would print this");
                    items.push(Item::Shown { first, count, text });
                }
                (None, _) => {}
            }
        }
        at += 1;
    }
    items
}

fn comment<'a>(line: &'a str, word: &str) -> Option<&'a str> {
    line.strip_prefix("<!-- ")?.strip_prefix(word)?.strip_prefix(": ")?.strip_suffix(" -->")
}

/// The commands of a block: one a line, unless a line goes on in the next.
pub fn typed(text: &str) -> Vec<String> {
    let joined = text.replace("\\\n", " ");
    let lines = joined.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    lines.map(str::to_owned).collect()
}

/// The page with other texts in its blocks, each by the number of its first line and how many there were.
pub fn rewritten(text: &str, blocks: &[(usize, usize, String)]) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for (first, count, printed) in blocks.iter().rev() {
        // What leaves something out was chosen by hand.
        let old = &lines[first - 1..first - 1 + count];
        if !old.iter().any(|line| line.contains('…')) {
            let printed = printed.lines().map(|line| line.trim_end().to_owned());
            lines.splice(first - 1..first - 1 + count, printed);
        }
    }
    lines.join("\n") + "\n"
}

/// How much of a page is run.
pub fn census(items: &[Item]) -> String {
    let count = |is: fn(&Item) -> bool| items.iter().filter(|item| is(item)).count();
    let lines: usize =
        items.iter().map(|item| if let Item::Typed(lines) = item { lines.len() } else { 0 }).sum();
    format!(
        "{} files, {} blocks typed ({lines} lines), {} outputs compared",
        count(|item| matches!(item, Item::File(..))),
        count(|item| matches!(item, Item::Typed(_))),
        count(|item| matches!(item, Item::Shown { .. })),
    )
}
