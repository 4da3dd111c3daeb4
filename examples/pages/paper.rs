//! Our papers, taken apart: sections, and the rows of tables.

/// The part of a paper under this heading, up to the next heading of the same or a higher level.
///
/// # Panics
/// When there is no such heading.
pub fn section(text: &str, heading: &str) -> String {
    let level = heading.len() - heading.trim_start_matches('#').len();
    let mut lines = text.lines().skip_while(|line| *line != heading);
    assert!(lines.next().is_some(), "no heading {heading}");
    let ends = |line: &&str| {
        let marks = line.len() - line.trim_start_matches('#').len();
        (1..=level).contains(&marks) && line[marks..].starts_with(' ')
    };
    lines.take_while(|line| !ends(line)).collect::<Vec<_>>().join("\n")
}

/// The rows of every table in a text, as cells; heads and rulers are left out.
pub fn rows(text: &str) -> Vec<Vec<String>> {
    let lines: Vec<_> = text.lines().collect();
    let mut rows = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        let is_head = lines.get(number + 1).is_some_and(|next| next.starts_with("|---"));
        if line.starts_with("| ") && !is_head {
            let inside = line.trim_start_matches("| ").trim_end_matches('|');
            rows.push(inside.split(" |").map(|cell| cell.trim().to_owned()).collect());
        }
    }
    rows
}
