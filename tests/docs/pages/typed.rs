//! Which commands of a page are typed, and which are not, with the reason.

/// Programs that are run as the page has them, in a root of the test's own.
const RUN: [&str; 9] = ["certrotd", "install", "cat", "ls", "cp", "mv", "rm", "mkdir", "grep"];

/// Programs that are not: a line that names one is read and passed over.
const NOT_RUN: [(&str, &str); 14] = [
    ("apt-get", "installs packages on the host"),
    ("dnf", "installs packages on the host"),
    ("cargo", "builds the program that is tested"),
    ("systemctl", "wants a service manager; tests/systemd has one"),
    ("journalctl", "wants the journal of a service manager"),
    ("systemd-creds", "wants the host's own key"),
    ("curl", "asks a daemon that runs under a service manager"),
    ("mail", "sends mail"),
    ("promtool", "belongs to Prometheus; tests/alerts has it"),
    ("timedatectl", "looks at the clock of the host"),
    ("certbot", "asks a certificate authority; tests/acme has one"),
    ("lego", "asks a certificate authority; tests/acme has one"),
    ("acme.sh", "asks a certificate authority"),
    ("openssl", "shakes hands with a host of the reader's"),
];

/// Whether a line is run, or the word that nobody knows.
pub fn kind(line: &str) -> Result<bool, String> {
    let mut runs = true;
    let bare = line.split(" #").next().unwrap_or_default();
    for part in bare.split(['|', ';']).flat_map(|part| part.split("&&")) {
        let mut words =
            part.split_whitespace().filter(|word| *word != "sudo" && !word.contains('='));
        let program = words.next().unwrap_or_default();
        if NOT_RUN.iter().any(|(name, _)| *name == program) {
            runs = false;
        } else if !RUN.contains(&program) {
            return Err(format!("nobody knows what to do with `{program}` in: {line}"));
        }
    }
    Ok(runs)
}

/// The exit code that a line's comment promises; without one it ends well.
pub fn end(line: &str) -> i32 {
    let comment = line.split(" # ").nth(1).unwrap_or_default();
    let code = comment.split("ends with ").nth(1).unwrap_or_default();
    let digits: String = code.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(0)
}
