//! Every file that is made here, by its name. A test holds them to the program.

mod command;
mod configuration;
mod paper;
mod roff;

use certrotd::cli::Cli;
use clap::CommandFactory as _;
use clap_complete::Shell;

/// What the manual pages say of the program's origin.
const HOME: &str = env!("CARGO_PKG_REPOSITORY");

/// Paths below the directory, and what stands in each file.
pub fn all() -> Vec<(&'static str, String)> {
    vec![
        ("certrotd.8", command::page()),
        ("certrotd.toml.5", configuration::page()),
        ("completions/certrotd.bash", completion(Shell::Bash)),
        ("completions/_certrotd", completion(Shell::Zsh)),
        ("completions/certrotd.fish", completion(Shell::Fish)),
    ]
}

fn completion(shell: Shell) -> String {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "certrotd", &mut text);
    String::from_utf8_lossy(&text).into_owned()
}
