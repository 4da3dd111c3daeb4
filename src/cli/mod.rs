//! The command line: one file a subcommand. Only this module prints, and only its `main` decides
//! how the process ends.

mod apply;
mod args;
mod check;
mod exit;
mod guard;
mod history;
mod home;
mod init;
mod inspect;
mod leaf;
mod names;
mod notify;
mod patterns;
mod pause;
mod plan;
mod policy;
mod print;
mod problems;
mod progress;
mod refusals;
mod regions;
mod rehearse;
mod run;
mod schema;
mod status;
mod table;
mod when;

use std::error::Error;

use clap::parser::ValueSource;
use clap::{CommandFactory as _, FromArgMatches as _};

pub use args::Cli;
use args::Command;
pub use exit::{Exit, exits};

use crate::config::{self, Config, LogFormat};
use crate::telemetry::log::{self, Handle};

/// Does what the command line says.
pub fn main() -> Exit {
    // Before anything is read: an argument can name a file with a secret in it.
    guard::keep_memory_private();
    let typed = Cli::command().get_matches();
    let named = typed.value_source("config") != Some(ValueSource::DefaultValue);
    let cli = Cli::from_arg_matches(&typed).unwrap_or_else(|error| error.exit());
    // These start commands of the operator's. The others may be given a file as a descriptor.
    if matches!(cli.command, Command::Run | Command::Apply(_) | Command::Notify { .. }) {
        guard::drop_inherited_files();
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return print::failed(&error),
    };
    let exit = runtime.block_on(dispatch(cli, named)).unwrap_or_else(|exit| exit);
    let ends = typed.subcommand_name().and_then(exits);
    debug_assert!(ends.is_some_and(|ends| ends.contains(&exit)), "{exit:?} is none of its ends");
    // A blocking read on a dead disk must not keep the process from ending.
    runtime.shutdown_background();
    exit
}

/// `named` tells whether somebody named a configuration file, be it the default one. Both ends are
/// how the command ends; the second one says that the configuration is wrong.
async fn dispatch(cli: Cli, named: bool) -> Result<Exit, Exit> {
    let format = cli.format;
    // The daemon is told of no other user: it is the one who may.
    let is_daemon = matches!(cli.command, Command::Run);
    let wrong = if is_daemon { print::drawn } else { print::configuration };
    let load = || config::load(&cli.config).map_err(|error| wrong(&error));
    let offline =
        || config::load_offline(&cli.config).map_err(|error| print::configuration(&error));
    Ok(match cli.command {
        Command::Run => run::run(&cli.config, load()?).await,
        Command::Apply(args) => apply::apply(load()?, &args, format).await,
        Command::Plan { detailed_exitcode } => plan::plan(load()?, detailed_exitcode, format).await,
        Command::Status => status::status(&offline()?, format).await,
        Command::Report { html } => status::report(&offline()?, &html).await,
        Command::History(args) => history::history(&offline()?, &args, format),
        Command::Pause(args) => pause::pause(&offline()?, &args, format).await,
        Command::Check { online } => check::check(load()?, online, format).await,
        Command::Notify { test } => notify::notify(&load()?, test, format).await,
        // Looking into a file needs no configuration, and must work beside a broken one.
        Command::Inspect { files } => inspect::inspect(&files, format),
        Command::Policy => policy::policy(&offline()?, format),
        // Nor does who is about to write it.
        Command::Init(args) => init::init(&args).await,
        Command::Schema => schema::schema(),
        Command::Rehearse => {
            rehearse::rehearse(named.then_some(cli.config.as_path()), format).await
        }
    })
}

/// Begins to log as configured. The level was checked when the configuration was read.
fn begin_log(config: &Config) -> Option<Handle> {
    let format = match config.log.format {
        LogFormat::Auto => log::Format::Auto,
        LogFormat::Text => log::Format::Text,
        LogFormat::Json => log::Format::Json,
        LogFormat::Journald => log::Format::Journald,
    };
    log::init(format, &config.log.level).ok()
}

/// An error and everything under it, in one line: where errors are printed, and only there.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let next = cause.to_string();
        if !words.contains(&next) {
            words = format!("{words}: {next}");
        }
        source = cause.source();
    }
    words
}
