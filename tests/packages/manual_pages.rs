//! The manual pages: nothing of the command line or of the configuration is missing, and nothing in them is a
//! request by accident.

use certrotd::cli::Cli;
use certrotd::config::{Otherwise, keys};
use clap::CommandFactory as _;

use super::pages;

/// The requests that our pages consist of.
const REQUESTS: [&str; 13] =
    [".TH", ".nh", ".ad", ".SH", ".SS", ".PP", ".TP", ".sp", ".RS", ".RE", ".nf", ".fi", ".br"];

fn source(name: &str) -> String {
    let found = pages::all().into_iter().find(|(own, _)| *own == name);
    found.unwrap_or_else(|| panic!("no {name} is made")).1
}

/// A page as it is read: without fonts, with characters for their escapes.
fn plain(source: &str) -> String {
    let mut text = source.to_owned();
    for font in ["\\fB", "\\fI", "\\fR"] {
        text = text.replace(font, "");
    }
    let escapes = [
        ("\\-", "-"),
        ("\\(aq", "'"),
        ("\\(dq", "\""),
        ("\\(ga", "`"),
        ("\\(ti", "~"),
        ("\\(ha", "^"),
    ];
    for (escape, character) in escapes {
        text = text.replace(escape, character);
    }
    text
}

/// The part of a page under a heading, up to the next one.
fn part<'page>(page: &'page str, heading: &str) -> &'page str {
    let (_, rest) = page.split_once(heading).unwrap_or_else(|| panic!("no {heading}"));
    let end = [rest.find("\n.SS "), rest.find("\n.SH ")].into_iter().flatten().min();
    &rest[..end.unwrap_or(rest.len())]
}

#[test]
fn certrotd_8_has_every_command_and_option() {
    let page = plain(&source("certrotd.8"));
    let mut cli = Cli::command();
    cli.build();
    let common = part(&page, ".SH \"OPTIONS\"");
    let mut seen = 0;
    for command in cli.get_subcommands() {
        let own = part(&page, &format!(".SS \"certrotd {}\"\n", command.get_name()));
        assert!(own.contains("Exit status: "), "{} does not say how it ends", command.get_name());
        assert!(page.contains(&format!("certrotd [OPTIONS] {}", command.get_name())));
        for argument in command.get_arguments() {
            let operand = argument.get_value_names().and_then(|names| names.first());
            let term = match argument.get_long() {
                Some(long) => format!("--{long}"),
                None => operand.unwrap().to_string(),
            };
            let told = own.contains(&format!("\n.TP\n{term}")) || common.contains(&term);
            assert!(told, "{} {term} is missing", command.get_name());
            seen += 1;
        }
    }
    assert!(seen > 20, "the rule has seen {seen} arguments");
}

#[test]
fn certrotd_8_has_what_surrounds_the_program() {
    let page = plain(&source("certrotd.8"));
    for (heading, words) in [
        ("EXIT STATUS", "the configuration is wrong"),
        ("FILES", "/etc/certrotd/certrotd.toml"),
        ("FILES", "/var/lib/certrotd/state"),
        ("ENVIRONMENT", "CERTROTD_CONFIG"),
        ("SIGNALS", "SIGHUP"),
        ("SIGNALS", "SIGTERM"),
        ("SEE ALSO", "certrotd.toml(5)"),
    ] {
        let part = part(&page, &format!(".SH \"{heading}\"\n"));
        assert!(part.contains(words), "{heading} has no {words}");
    }
}

#[test]
fn certrotd_toml_5_has_every_table_and_key() {
    let page = plain(&source("certrotd.toml.5"));
    for key in keys() {
        let headings =
            [format!(".SS \"[[{}]]\"\n", key.table), format!(".SS \"[{}]\"\n", key.table)];
        let heading = headings.iter().find(|heading| page.contains(heading.as_str()));
        let table = part(&page, heading.unwrap_or_else(|| panic!("no table {}", key.table)));
        assert!(!table.starts_with(".TP"), "{} says nothing of itself", key.table);
        let (_, item) = table.split_once(&format!("\n.TP\n{}\n", key.key)).unwrap_or_else(|| {
            panic!("{}.{} is missing", key.table, key.key);
        });
        let item = item.split("\n.TP\n").next().unwrap();
        let words = key.doc.replace('`', "");
        assert!(item.starts_with(&words), "{}.{} means\n{words}\nnot\n{item}", key.table, key.key);
        let absence = match key.otherwise {
            Otherwise::Required => "Required.".to_owned(),
            Otherwise::Is(value) => format!("Default: {value}"),
            Otherwise::Absent => continue,
        };
        assert!(item.contains(&absence), "{}.{}: {absence}", key.table, key.key);
    }
}

#[test]
fn no_word_of_a_page_is_a_request() {
    for name in ["certrotd.8", "certrotd.toml.5"] {
        let text = source(name);
        for line in text.lines().filter(|line| line.starts_with(['.', '\''])) {
            let request = line.split(' ').next().unwrap();
            assert!(REQUESTS.contains(&request), "{name}: {line}");
        }
        assert!(text.is_ascii(), "{name} has characters that not every terminal shows");
    }
}

#[test]
fn completions_offer_files_where_files_are_meant_and_nowhere_else() {
    let others = pages::completion::without_files();
    assert!(others.contains(&"pause".to_owned()) && others.contains(&"history".to_owned()));
    assert!(!others.contains(&"inspect".to_owned()));
    let [bash, zsh, fish] = ["certrotd.bash", "_certrotd", "certrotd.fish"]
        .map(|it| source(&format!("completions/{it}")));
    for command in &others {
        let own = bash.split(&format!("        certrotd__subcmd__{command})\n")).nth(1).unwrap();
        let begin = own.lines().nth(2).unwrap();
        assert!(own.lines().nth(1).unwrap().contains("VERSINFO") && begin.contains("+o default"));
        let line = format!("\"__fish_certrotd_using_subcommand {command}\" -f\n");
        assert!(fish.contains(&line), "{command}");
    }
    assert_eq!(bash.matches("compopt +o").count(), others.len(), "of these alone");
    for option in ["only", "retry", "allow-older", "since", "until", "region", "wait"] {
        let lines = zsh.lines().filter(|line| line.contains(&format!("--{option}=")));
        let files = lines.filter(|line| line.contains("_files") || line.contains("_default"));
        assert_eq!(files.count(), 0, "--{option} of zsh");
        let marked = format!(" -l {option} ");
        let lines: Vec<_> = fish.lines().filter(|line| line.contains(&marked)).collect();
        assert!(lines.iter().all(|line| line.ends_with(" -r -f")), "--{option}: {lines:?}");
        assert!(!lines.is_empty(), "--{option}");
    }
}

#[test]
fn completions_know_every_command() {
    let cli = Cli::command();
    for shell in ["certrotd.bash", "_certrotd", "certrotd.fish"] {
        let text = source(&format!("completions/{shell}"));
        for command in cli.get_subcommands() {
            assert!(text.contains(command.get_name()), "{shell}: {}", command.get_name());
        }
    }
}
