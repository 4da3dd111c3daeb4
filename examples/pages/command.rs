//! certrotd(8): the command line as the program describes it, and what the manual says around it.

use certrotd::cli::Cli;
use clap::{Arg, ArgAction, Command, CommandFactory as _};

use super::HOME;
use super::paper::{rows, section};
use super::roff::Page;

const MANUAL: &str = include_str!("../../docs/manual.md");
/// How the paragraph of a command begins that says how it ends.
const EXIT: &str = "Exit: ";
/// For a command that does not say how it ends: it always ends well.
const ENDS_WELL: &str = "0.";

/// The page.
pub fn page() -> String {
    let mut cli = Cli::command();
    cli.build();
    let mut page = Page::new("certrotd", 8);
    page.section("NAME");
    let (what, _) = env!("CARGO_PKG_DESCRIPTION").split_once(':').unwrap_or_default();
    page.paragraph(&format!("certrotd - {what}"));
    page.section("SYNOPSIS");
    for command in cli.get_subcommands() {
        page.paragraph(&synopsis(command));
    }
    page.section("DESCRIPTION");
    for text in paragraphs(&cli) {
        page.paragraph(&text);
    }
    page.section("OPTIONS");
    page.paragraph("Before or after the command:");
    for argument in cli.get_arguments() {
        option(&mut page, argument);
    }
    page.section("COMMANDS");
    for command in cli.get_subcommands() {
        subcommand(&mut page, command);
    }
    page.section("EXIT STATUS");
    table(&mut page, "### Exit codes");
    page.section("FILES");
    table(&mut page, "## Files and permissions");
    page.section("ENVIRONMENT");
    table(&mut page, "## Environment");
    page.section("SIGNALS");
    table(&mut page, "## Signals");
    page.section("SEE ALSO");
    page.paragraph(
        "**certrotd.toml**(5), **systemctl**(1), **journalctl**(1), **systemd.exec**(5)",
    );
    page.paragraph(&format!(
        "The whole manual, with each event, metric and JSON field, is docs/manual.md of {HOME}; \
         packages have it among their documents."
    ));
    page.text()
}

fn subcommand(page: &mut Page, command: &Command) {
    page.subsection(&format!("certrotd {}", command.get_name()));
    let (ends, texts): (Vec<_>, Vec<_>) =
        paragraphs(command).into_iter().partition(|text| text.starts_with(EXIT));
    for text in texts {
        page.paragraph(&text);
    }
    for argument in own(command) {
        option(page, argument);
    }
    let ends = ends.first().map_or(ENDS_WELL, |text| text.trim_start_matches(EXIT));
    page.paragraph(&format!("*Exit status:* {ends}"));
}

/// The arguments that no other command has.
fn own(command: &Command) -> impl Iterator<Item = &Arg> {
    command.get_arguments().filter(|argument| {
        !argument.is_global_set() && !matches!(argument.get_id().as_str(), "help" | "version")
    })
}

/// What a command says of itself, one text a paragraph.
fn paragraphs(command: &Command) -> Vec<String> {
    let text = command.get_long_about().or_else(|| command.get_about());
    let text = text.map(ToString::to_string).unwrap_or_default();
    text.split("\n\n").map(on_one_line).filter(|text| !text.is_empty()).collect()
}

fn on_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn synopsis(command: &Command) -> String {
    let mut words = format!("**certrotd** [*OPTIONS*] **{}**", command.get_name());
    for argument in own(command) {
        let repeated = matches!(argument.get_action(), ArgAction::Append);
        let again = if repeated { "..." } else { "" };
        let shown = name(argument);
        let shown = if argument.is_required_set() { shown } else { format!("[{shown}]") };
        words += &format!(" {shown}{again}");
    }
    words
}

/// An option or an operand with its value, as one types it.
fn name(argument: &Arg) -> String {
    let long = argument.get_long().map(|long| format!("**--{long}**"));
    let takes = argument.get_action().takes_values();
    let value = argument.get_value_names().filter(|_| takes);
    let value = value.and_then(|names| names.first()).map(|name| format!("*{name}*"));
    long.into_iter().chain(value).collect::<Vec<_>>().join(" ")
}

fn option(page: &mut Page, argument: &Arg) {
    let short = argument.get_short().map(|short| format!("**-{short}**, ")).unwrap_or_default();
    let help = argument.get_help().or_else(|| argument.get_long_help());
    let mut text = help.map(ToString::to_string).unwrap_or_default();
    if !text.ends_with('.') {
        text.push('.');
    }
    let takes = argument.get_action().takes_values();
    let values: Vec<_> = argument.get_possible_values();
    if takes && !values.is_empty() {
        let values: Vec<_> =
            values.iter().map(|value| format!("**{}**", value.get_name())).collect();
        text += &format!(" One of {}.", values.join(", "));
    }
    let defaults: Vec<_> =
        argument.get_default_values().iter().map(|it| it.to_string_lossy()).collect();
    if takes && !defaults.is_empty() {
        text += &format!(" Default: **{}**.", defaults.join(" "));
    }
    if let Some(variable) = argument.get_env() {
        text += &format!(" Also set by **{}**.", variable.to_string_lossy());
    }
    page.item(&format!("{short}{}", name(argument)), [text.as_str()]);
}

/// The first table under a heading of the manual, one item a row: the first cell, and what the last one says.
fn table(page: &mut Page, heading: &str) {
    for row in rows(&section(MANUAL, heading)) {
        let [term, .., meaning] = row.as_slice() else { continue };
        let mode = match row.as_slice() {
            [_, mode, _] => format!(" (mode {mode})"),
            _ => String::new(),
        };
        page.item(term, [format!("{}{mode}", capital(meaning)).as_str()]);
    }
}

/// A sentence of its own.
fn capital(text: &str) -> String {
    let mut rest = text.chars();
    let first = rest.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}", rest.as_str())
}
