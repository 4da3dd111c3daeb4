//! What shells complete, from the command line itself, and file names only where files are meant.

use std::fmt::Write as _;

use certrotd::cli::Cli;
use clap::{CommandFactory as _, ValueHint};
use clap_complete::Shell;

/// What bash is told at the beginning of a subcommand: the options by which it takes file names where nothing else fits.
const BASH_NO_FILES: &str = "            if [[ \"${BASH_VERSINFO[0]}\" -ge 4 ]]; then
                compopt +o bashdefault +o default 2>/dev/null
            fi
";

/// The completions for this shell.
pub fn text(shell: Shell) -> String {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "certrotd", &mut text);
    let text = String::from_utf8_lossy(&text).into_owned();
    let others = without_files();
    match shell {
        Shell::Bash => bash(&text, &others),
        Shell::Fish => fish(text, &others),
        // It goes by the hints alone.
        _ => text,
    }
}

/// The commands that take no file by its place. Options that do say so themselves, in each shell.
pub fn without_files() -> Vec<String> {
    let cli = Cli::command();
    let files = [ValueHint::FilePath, ValueHint::DirPath, ValueHint::AnyPath, ValueHint::Unknown];
    let takes = |command: &&clap::Command| {
        command.get_positionals().any(|argument| files.contains(&argument.get_value_hint()))
    };
    let others = cli.get_subcommands().filter(|command| !takes(command));
    others.map(|command| command.get_name().to_owned()).collect()
}

fn bash(text: &str, commands: &[String]) -> String {
    let mut written = String::with_capacity(text.len());
    let mut inside = false;
    for line in text.lines() {
        written.push_str(line);
        written.push('\n');
        let begun = line.trim().strip_prefix("certrotd__subcmd__");
        if let Some(name) = begun.and_then(|rest| rest.strip_suffix(')')) {
            inside = commands.iter().any(|command| command == name);
        } else if inside && line.trim_start().starts_with("opts=") {
            written.push_str(BASH_NO_FILES);
            inside = false;
        }
    }
    written
}

fn fish(mut text: String, commands: &[String]) -> String {
    for command in commands {
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "complete -c certrotd -n \"__fish_certrotd_using_subcommand {command}\" -f"
        );
    }
    text
}
