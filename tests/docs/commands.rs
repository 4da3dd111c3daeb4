//! The command line, as the binary itself describes it.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use certrotd::cli::Exit;

use super::{bare, fenced, guides, read, rows, section, spans};

/// Flags that every program has.
const COMMON: [&str; 2] = ["--help", "--version"];
/// In the table of ends: never, and with nothing to say of it.
const NO_END: &str = "–";
const DONE: &str = "done";
/// How the guides start the program.
const STARTS: [&str; 2] = ["certrotd ", "cargo run --release -- "];

/// What the binary prints, with every run of blanks made one.
fn help(arguments: &[&str]) -> String {
    let output =
        Command::new(env!("CARGO_BIN_EXE_certrotd")).args(arguments).arg("--help").output();
    let output = output.unwrap();
    assert!(output.status.success(), "{arguments:?} --help");
    String::from_utf8(output.stdout).unwrap()
}

fn on_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The long flags that a help text lists.
fn flags(help: &str) -> BTreeSet<String> {
    let listed = help.split("Options:").skip(1).flat_map(str::lines).map(str::trim_start);
    let long = listed.map(|line| line.trim_start_matches("-h, ").trim_start_matches("-V, "));
    let words = long.filter_map(|line| line.split([' ', '=']).next());
    words.filter(|word| word.starts_with("--")).map(str::to_owned).collect()
}

/// Every command with its help.
fn commands() -> BTreeMap<String, String> {
    let main = help(&[]);
    let listed = main.split("Commands:").nth(1).unwrap().split("Options:").next().unwrap();
    let names = listed.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    let names = names.filter(|name| !name.is_empty());
    names.map(|name| (name.to_owned(), help(&[name]))).collect()
}

/// Every way in which a paper starts the program: the words after its name.
fn typed(text: &str) -> Vec<Vec<String>> {
    let lines = |blocks: Vec<String>| -> Vec<String> {
        blocks.iter().flat_map(|block| block.lines().map(str::to_owned)).collect()
    };
    let (typed_in, shown) = (lines(fenced(text, "sh")), lines(fenced(text, "text")));
    // Output may begin with the program's name too; what was typed has its prompt there.
    let shown = shown.into_iter().filter(|line| line.starts_with("$ "));
    let mut typed = Vec::new();
    for line in typed_in.into_iter().chain(shown).chain(spans(text)) {
        let line = on_one_line(line.split(" #").next().unwrap_or_default());
        let line = line.trim_start_matches("$ ").trim_start_matches("sudo ");
        for start in STARTS {
            let Some(rest) = line.strip_prefix(start) else { continue };
            let words = rest.split(['|', ';', '&']).next().unwrap_or_default();
            let words = words.split(' ').map(|word| word.trim_matches(['[', ']']).to_owned());
            typed.push(words.filter(|word| !word.is_empty()).collect());
        }
    }
    typed
}

#[test]
fn what_the_guides_type_exists() {
    let commands = commands();
    let main = flags(&help(&[]));
    let mut seen = BTreeSet::new();
    for guide in guides() {
        for words in typed(&read(guide)) {
            let command = words.iter().find(|word| commands.contains_key(*word));
            let placeholder = words.iter().any(|word| word == "COMMAND" || word.starts_with('{'));
            let line = words.join(" ");
            assert!(command.is_some() || placeholder, "{guide}: no command in `certrotd {line}`");
            let own = command.map(|command| flags(&commands[command])).unwrap_or_default();
            for word in words.iter().filter(|word| word.starts_with("--")) {
                let known = own.contains(word) || main.contains(word);
                assert!(known, "{guide}: no {word} in `certrotd {line}`");
            }
            seen.extend(command.cloned());
        }
    }
    let commands: BTreeSet<_> = commands.into_keys().collect();
    assert_eq!(seen, commands, "commands that the guides type, and commands that there are");
}

#[test]
fn flags_that_the_guides_name_exist() {
    let all: BTreeSet<_> =
        commands().values().flat_map(|help| flags(help)).chain(flags(&help(&[]))).collect();
    for guide in guides() {
        for span in spans(&read(guide)).iter().filter(|span| span.starts_with("--")) {
            let flag = span.split([' ', '=']).next().unwrap_or_default();
            assert!(all.contains(flag), "{guide}: {flag}");
        }
    }
}

#[test]
fn the_manual_has_every_flag() {
    let rows = rows(&section("docs/manual.md", "## Command line"));
    let rows: Vec<_> = rows.iter().filter(|row| row[0].starts_with("`--")).collect();
    let mut told: BTreeSet<(String, String)> = BTreeSet::new();
    for row in &rows {
        told.insert((bare(&row[1]).to_owned(), bare(&row[0]).to_owned()));
    }
    let main = flags(&help(&[]));
    let mut real: BTreeSet<_> = main.iter().map(|flag| ("all".to_owned(), flag.clone())).collect();
    for (command, help) in commands() {
        let own = flags(&help).into_iter().filter(|flag| !main.contains(flag));
        real.extend(own.map(|flag| (command.clone(), flag)));
    }
    real.retain(|(_, flag)| !COMMON.contains(&flag.as_str()));
    assert_eq!(told, real);
}

#[test]
fn the_manual_has_every_command_with_its_ends() {
    let told = |heading: &str, columns: usize| -> BTreeMap<String, Vec<String>> {
        let rows = rows(&section("docs/manual.md", heading)).into_iter();
        let named = rows.filter_map(|row| {
            let name = bare(&row[0]).strip_prefix("certrotd ")?.to_owned();
            (row.len() == columns).then(|| (name, row[1..].to_vec()))
        });
        named.collect()
    };
    let (described, ends) = (told("## Command line", 2), told("### How each command ends", 5));
    let commands = commands();
    assert!(described.keys().eq(commands.keys()), "{described:?}");
    assert!(ends.keys().eq(commands.keys()), "{ends:?}");
    for (command, help) in commands {
        let codes = certrotd::cli::exits(&command).unwrap();
        let cells: Vec<_> = Exit::ALL.iter().zip(&ends[&command]).collect();
        for (exit, cell) in &cells {
            assert_eq!(codes.contains(exit), *cell != NO_END, "{command}: {exit:?}");
        }
        let words = |(exit, cell): &(&Exit, &String)| match cell.as_str() {
            NO_END => None,
            DONE => Some(format!("{}", **exit as u8)),
            cell => Some(format!("{} {cell}", **exit as u8)),
        };
        let wanted = format!("{}.", cells.iter().filter_map(words).collect::<Vec<_>>().join("; "));
        let help = on_one_line(help.split("Usage:").next().unwrap_or_default());
        let said = help.split_once("Exit: ").map(|(_, ends)| ends);
        assert_eq!(said, Some(wanted.as_str()), "{command}");
    }
}

#[test]
fn the_manual_has_every_exit_code() {
    let rows = rows(&section("docs/manual.md", "### Exit codes"));
    let told: Vec<_> = rows.iter().map(|row| row[0].clone()).collect();
    assert_eq!(told, Exit::ALL.map(|exit| (exit as u8).to_string()));
    // A variant that is added makes this match incomplete.
    for exit in Exit::ALL {
        match exit {
            Exit::Fine | Exit::Fault | Exit::Configuration | Exit::Steps => {}
        }
    }
}
