//! The command line as it is typed.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};

use super::when::When;
use crate::model::names::Name;

/// Keeps what Huawei Cloud serves equal to the certificates on this disk, and the CA files on this
/// disk equal to what managed instances publish.
///
/// It imports renewed certificates into the certificate manager (SCM), pushes them to ELB, WAF and
/// CDN, binds them there, and wants to see them served. It fetches the CAs of DCS, GeminiDB, RDS, DDS
/// and GaussDB instances, and switches SSL on for those of TaurusDB. Results go to standard output,
/// logs to standard error.
#[derive(Debug, Parser)]
#[command(name = "certrotd", version, max_term_width = 100, disable_help_subcommand = true)]
pub struct Cli {
    /// The configuration file
    #[arg(
        long,
        global = true,
        value_name = "PATH",
        value_hint = ValueHint::FilePath,
        env = "CERTROTD_CONFIG",
        default_value = "/etc/certrotd/certrotd.toml"
    )]
    pub config: PathBuf,

    /// How results are printed
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text")]
    pub format: Format,

    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// How results are printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Format {
    /// For people
    Text,
    /// For programs
    Json,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the daemon until SIGTERM
    ///
    /// Looks at everything at once, then on the configured schedule and whenever a file changes.
    /// SIGHUP reads the configuration again; a bad one is refused and the old one stays.
    ///
    /// Exit: 0 on SIGTERM; 1 when another daemon holds the state directory, or when it cannot go on; 2 for a wrong
    /// configuration.
    Run,
    /// Do what there is to do now, then end
    ///
    /// Follows the jobs it begins for up to ten minutes, and waits out back-offs and doubts for up to
    /// --wait. While a daemon runs, --retry, --only and --allow-older are handed to it.
    ///
    /// Exit: 0 settled; 1 when something failed, is held by a fault or is wrong with a pattern; 2 for an unknown name
    /// or a wrong configuration.
    Apply(ApplyArgs),
    /// Show what apply would do, and what waits and why; sends only reads
    ///
    /// Exit: 0; 1 when something could not be seen; 2 for a wrong configuration; 3 with --detailed-exitcode when
    /// there are steps.
    Plan {
        /// End with 3 when there are steps to take
        #[arg(long)]
        detailed_exitcode: bool,
    },
    /// Show one line a certificate, CA file and SSL switch; sends nothing
    ///
    /// Exit: 0; 1 when something needs a person, a pattern and a watched file included, or the journal cannot be
    /// read; 2 for a wrong configuration.
    Status,
    /// Write how everything stands as one HTML page; sends nothing
    ///
    /// What status shows, when each certificate ends, and the last effects. The page fetches nothing and has no
    /// script: mail it, or put it on a web server. A new file is for its owner alone, and one that is there keeps its
    /// mode: `chmod` it once for others to read.
    ///
    /// Exit: 0 written, whatever it says; 1 when it could not be; 2 for a wrong configuration.
    Report {
        /// Where to; `-` for standard output
        #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        html: PathBuf,
    },
    /// Show every effect that the journal remembers
    ///
    /// As JSON it is one object a line.
    ///
    /// Exit: 0; 1 when the journal cannot be read; 2 for an unknown name or a wrong configuration.
    History(HistoryArgs),
    /// Begin nothing for an entry for a while, or end that; without a name show what is paused
    ///
    /// A daemon that runs takes it at once. A step under way ends; looks, probes and alarms go on, and `status` says
    /// until when the entry is paused and by whom. It ends by itself.
    ///
    /// Exit: 0; 1 when it could not be written down; 2 for an unknown name, an end that is past or more than 90 days
    /// ahead, or a wrong configuration.
    Pause(PauseArgs),
    /// Check the configuration and the files that it names
    ///
    /// Exit: 0 also with warnings; 1 for bad certificate files, empty credential files and patterns that find
    /// nothing, or with --online for credentials and permissions that do not work; 2 for a wrong configuration.
    Check {
        /// Also try credentials and permissions, with reads alone
        #[arg(long)]
        online: bool,
    },
    /// Show who is told of what wants a person, and of what; with --test send each a message
    ///
    /// Exit: 0; 1 when nobody is to be told, or with --test when a message was not taken; 2 for a wrong
    /// configuration.
    Notify {
        /// Send one message to each, and say what came back
        #[arg(long)]
        test: bool,
    },
    /// Print the IAM policies that this configuration needs, and nothing beyond them
    ///
    /// One for global services and one for those of a region, each as JSON to paste and with what every action is
    /// for. An action that no document names for its call is marked as inferred. Sends nothing and reads no
    /// credential.
    ///
    /// Exit: 0; 2 for a wrong configuration.
    Policy,
    /// Show what is in PEM files, and what is wrong with them
    ///
    /// Exit: 0; 1 when something is wrong with one of them.
    Inspect {
        /// Certificates, chains and keys
        #[arg(required = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
        files: Vec<PathBuf>,
    },
    /// Write a first configuration from the certificates that are on this host
    ///
    /// Looks where certbot, lego and acme.sh keep them, or in each --dir, and prints a file with comments: one pattern
    /// for each place, or a table for each certificate. Beside it, on standard error, stands what was found and
    /// what to type next. Reads keys to prove that they belong to their certificates, and prints none. It is TOML
    /// in either format.
    ///
    /// Exit: 0; 1 when nothing was found, with everything that has to be written as comments; 2 for a wrong region or
    /// an --output that is there.
    Init(InitArgs),
    /// Print a JSON Schema of the configuration file, for editors
    ///
    /// It has every key with its meaning, its type and its default, needs no configuration, and is JSON in either
    /// format.
    ///
    /// Exit: 0.
    Schema,
    /// Do the whole job against a simulated cloud inside this process
    ///
    /// Makes certificates, a configuration and a cloud, runs the daemon, renews a certificate and shows
    /// the rotation. With --config it rehearses that file: state and CA files go to a scratch directory,
    /// hooks are printed and not run, nobody is told, every endpoint is replaced, and no credential is read.
    ///
    /// Exit: 0; 1 when anything is not as it should be in the end; 2 for a wrong configuration.
    Rehearse,
}

/// Options of `apply`.
#[derive(Debug, Args)]
pub struct ApplyArgs {
    /// How long to wait for back-offs and doubts to end, counted from the last step that was done
    #[arg(long, value_name = "SPAN", value_hint = ValueHint::Other, default_value = "60s", value_parser = span)]
    pub wait: Duration,
    /// Look after this entry alone; may be repeated
    #[arg(long, value_name = "NAME", value_hint = ValueHint::Other)]
    pub only: Vec<Name>,
    /// Try this entry again although it was refused or failed a short while ago; may be repeated
    #[arg(long, value_name = "NAME", value_hint = ValueHint::Other)]
    pub retry: Vec<Name>,
    /// Let this entry's leaf go although it is older than the imported one; may be repeated
    #[arg(long, value_name = "NAME", value_hint = ValueHint::Other)]
    pub allow_older: Vec<Name>,
}

/// Options of `history`.
#[derive(Debug, Args)]
pub struct HistoryArgs {
    /// Only of this entry
    #[arg(value_name = "NAME", value_hint = ValueHint::Other)]
    pub name: Option<Name>,
    /// Only what ended then or later: so long ago, such as 7d, or a moment such as 2026-11-01T02:00:00Z
    #[arg(long, value_name = "TIME", value_hint = ValueHint::Other)]
    pub since: Option<When>,
    /// Only what ended before that
    #[arg(long, value_name = "TIME", value_hint = ValueHint::Other)]
    pub until: Option<When>,
}

/// Options of `pause`.
#[derive(Debug, Args)]
pub struct PauseArgs {
    /// Whatever has this name: a certificate, a CA file, an SSL switch
    #[arg(value_name = "NAME", value_hint = ValueHint::Other, requires = "end")]
    pub name: Option<Name>,
    /// When it is over: a span such as 2h, or a moment such as 2026-11-01T02:00:00Z
    #[arg(long, value_name = "TIME", value_hint = ValueHint::Other, requires = "name", group = "end")]
    pub until: Option<When>,
    /// End it now
    #[arg(long, requires = "name", group = "end")]
    pub off: bool,
}

/// Options of `init`.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// Region of the account, such as cn-north-4
    #[arg(long, value_name = "REGION", value_hint = ValueHint::Other)]
    pub region: String,
    /// Push every certificate to this service; may be repeated
    #[arg(long, value_name = "SERVICE", value_parser = ["elb", "waf", "cdn"])]
    pub push: Vec<String>,
    /// Look in this directory and in no usual place; may be repeated
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub dir: Vec<PathBuf>,
    /// Write to this file, which is never overwritten, and not to standard output
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: Option<PathBuf>,
}

fn span(text: &str) -> Result<Duration, String> {
    crate::schedule::parse_span(text).map_err(|error| error.to_string())
}

impl std::str::FromStr for Name {
    type Err = crate::model::names::BadName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::new(text)
    }
}
