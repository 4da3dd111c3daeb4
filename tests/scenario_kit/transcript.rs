//! The text of a transcript: `# comments`, blank lines, `$ commands`, and below each what it prints.

/// One thing in a transcript.
pub enum Item {
    /// A comment or a blank line, kept as it is.
    Prose(String),
    /// A command, and the lines that it is said to print.
    Command(String, Vec<String>),
}

/// Printed lines are indented by this, so that no output can look like a comment or a command.
const INDENT: &str = "    ";
/// How many lines that agree are shown around those that do not.
const AROUND: usize = 2;

/// Reads a transcript. A line that is no comment, no command and not blank is output of the
/// command above it.
pub fn parse(text: &str) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    for line in text.lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            items.push(Item::Command(command.trim().to_owned(), Vec::new()));
        } else if line.trim().is_empty() || line.starts_with('#') {
            items.push(Item::Prose(line.to_owned()));
        } else {
            match items.last_mut() {
                Some(Item::Command(_, output)) => output.push(line.trim_end().to_owned()),
                _ => panic!("this line belongs to no command: {line}"),
            }
        }
    }
    items
}

/// The transcript with the output that its commands really had.
pub fn render(items: &[Item]) -> String {
    let mut text = String::new();
    for item in items {
        match item {
            Item::Prose(line) => text += &format!("{line}\n"),
            Item::Command(command, output) => {
                text += &format!("$ {command}\n");
                for line in output.iter().filter(|line| !line.trim().is_empty()) {
                    text += &format!("{INDENT}{line}\n");
                }
            }
        }
    }
    text
}

/// What differs, line by line with a little around it; nothing when nothing does.
pub fn difference(written: &str, printed: &str) -> Option<String> {
    let (old, new): (Vec<_>, Vec<_>) = (written.lines().collect(), printed.lines().collect());
    if old == new {
        return None;
    }
    let lines = aligned(&old, &new);
    let differs = |index: usize| lines[index].0 != ' ';
    let near = |index: usize| {
        let end = (index + AROUND + 1).min(lines.len());
        (index.saturating_sub(AROUND)..end).any(differs)
    };
    let shown = (0..lines.len()).filter(|index| near(*index));
    Some(shown.map(|index| format!("{} {}\n", lines[index].0, lines[index].1)).collect())
}

/// Both texts as one, each line with `-`, `+` or a blank: by their longest common subsequence.
fn aligned<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<(char, &'a str)> {
    let mut common = vec![vec![0_usize; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            common[i][j] = if old[i] == new[j] {
                common[i + 1][j + 1] + 1
            } else {
                common[i + 1][j].max(common[i][j + 1])
            };
        }
    }
    let (mut i, mut j, mut lines) = (0, 0, Vec::new());
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            lines.push((' ', old[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == new.len() || (i < old.len() && common[i + 1][j] >= common[i][j + 1]) {
            lines.push(('-', old[i]));
            i += 1;
        } else {
            lines.push(('+', new[j]));
            j += 1;
        }
    }
    lines
}
