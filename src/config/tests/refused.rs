//! Mistakes, and the exact lines that tell an operator about them.

use super::{CLOUD, read};

/// Each text after the least cloud, so that its first line is line 3.
fn check(table: &[(&str, &str)]) {
    for (text, lines) in table {
        let error = read(&format!("{CLOUD}{text}")).expect_err(text).to_string();
        let expected: Vec<String> =
            lines.lines().map(|line| format!("/etc/c.toml:{}", line.trim())).collect();
        assert_eq!(error.lines().collect::<Vec<_>>(), expected, "{text}\n{error}");
    }
}

#[test]
fn spelling_and_types() {
    check(&[
        ("[schedul]", "3:2: X"),
        ("certificate = 1", "3:1: X"),
        ("[certificate]\nname = 'abc'", "3:1: X"),
        ("[[log]]", "3:1: X"),
        ("[log]\nlevle = 'info'\nkolor = true", "X"),
        ("[log]\nformat = 1\nlevel = ['info']", "X"),
        ("[schedule]\nwatch = 'yes'", "X"),
        ("[[certificate]]\nkeep = 1.5\nname = 'abc'\ncert = 'c'\nkey = 'k'", "X"),
        ("[[certificate]]\nkeep = 99999999999999999999\nname = 'abc'\ncert = 'c'\nkey = 'k'", "X"),
        (
            "[[certificate]]\nname = 'abc'\ncert = 'c'\nkey = 'k'\n[certificate.push]\nservice = 'elb'",
            "X",
        ),
    ]);
}
