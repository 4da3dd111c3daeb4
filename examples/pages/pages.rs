//! Every file that is made here, by its name. A test holds them to the program.

mod command;
pub mod completion;
mod configuration;
mod paper;
mod readme;
mod roff;

use clap_complete::Shell;

/// What the manual pages say of the program's origin.
const HOME: &str = env!("CARGO_PKG_REPOSITORY");

/// Paths below the directory, and what stands in each file.
pub fn all() -> Vec<(&'static str, String)> {
    vec![
        ("certrotd.8", command::page()),
        ("certrotd.toml.5", configuration::page()),
        ("README.md", readme::text()),
        ("completions/certrotd.bash", completion::text(Shell::Bash)),
        ("completions/_certrotd", completion::text(Shell::Zsh)),
        ("completions/certrotd.fish", completion::text(Shell::Fish)),
    ]
}
