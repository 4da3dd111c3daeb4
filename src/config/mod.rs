//! Intent: what the operator's file asks for, with nothing left to default and nothing left to doubt.
//!
//! Reading order: [`raw`] has every key as it is written, with its documentation and default; `read` takes
//! the file apart and finds misspelled keys and wrong types; the `resolve` files turn what was written into
//! the types below, one table each; `taken` keeps entries out of each other's files; `disk` looks at the
//! credential files; `discover` makes entries of the files that patterns match; `load` does it all in order.
//! Whatever is wrong goes to one list, so that an operator sees all of it at once; `excerpt` says how much of a wrong
//! line may be seen. `words` has the keys that take one of a few words, and `schema` tells editors all of it.

mod discover;
mod disk;
mod error;
mod excerpt;
mod later;
mod load;
mod nearest;
mod needs;
pub mod raw;
mod read;
mod resolve;
mod schema;
mod taken;
mod template;
#[cfg(test)]
mod tests;
mod words;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::files::Attributes;
use crate::files::find::Glob;
use crate::model::account::{Account, SecretFile};
use crate::model::names::Name;
use crate::model::news::News;
use crate::model::place::{Drift, InstanceProbe, Probe};
use crate::model::secret::Secret;
use crate::model::target::{CaSource, SslSwitch, Target};
use crate::schedule::{Backoff, Cron, Window};

pub use discover::{Discover, Fault, FaultKind, Outcome, WhenEmpty, rediscover};
pub use disk::located;
pub use error::{ConfigError, Place, Problem};
pub use excerpt::Excerpt;
pub use load::{draft, load, load_after, load_offline, parse};
pub use nearest::nearest;
pub use raw::{KeyDoc, Kind, Otherwise, TableDoc, keys, tables};
pub use resolve::{is_webhook, plain_http, warn_before};
pub use schema::schema;
pub use template::{name as rotation_name, told_apart};

/// A whole file, resolved: every path absolute (or relative to what [`parse`] was told), every default
/// filled in, every reference pointing somewhere. Holds no secret, only where secrets lie.
#[derive(Clone, Debug)]
pub struct Config {
    /// The file it came from.
    pub path: PathBuf,
    /// When cycles run and how long things wait.
    pub schedule: Schedule,
    /// Directory of the journal and the lock.
    pub state: PathBuf,
    /// How the log looks.
    pub log: Log,
    /// Where others may look.
    pub metrics: Metrics,
    /// Every `[[notify]]`, in the file's order.
    pub notify: Vec<Notify>,
    /// Every `[cloud.NAME]`, by name; at least one.
    pub accounts: Vec<Account>,
    /// Every `[[certificate]]`, in the file's order, and after those what the patterns have found. Shared with the
    /// configurations that have the same entries: there may be thousands.
    pub certificates: Vec<Arc<Certificate>>,
    /// How many of them stand in the file.
    written: usize,
    /// Every `[[discover]]`, in the file's order.
    pub discover: Vec<Discover>,
    /// How their matches become certificates.
    book: Arc<resolve::Book>,
    /// Every `[[instance_ca]]`, in the file's order.
    pub instance_cas: Vec<InstanceCa>,
    /// Every `[[instance_ssl]]`, in the file's order.
    pub instance_ssls: Vec<InstanceSsl>,
    /// Every `[[watch_file]]`, in the file's order.
    pub watch_files: Vec<WatchFile>,
    /// What is allowed and still worth a word at start: sentences for the log.
    pub warnings: Vec<String>,
}

impl InstanceCa {
    /// The attributes that its file shall have.
    pub fn attributes(&self) -> Attributes {
        let (owner, group) = (self.owner.clone(), self.group.clone());
        Attributes { mode: self.mode, owner, group }
    }
}

impl Config {
    /// The certificates that the patterns have found.
    pub fn discovered(&self) -> &[Arc<Certificate>] {
        self.certificates.get(self.written..).unwrap_or_default()
    }

    /// One certificate for each pattern, as a match of it would be, whether there is one or not: where it goes
    /// is the same for all of them.
    pub fn patterns(&self) -> impl Iterator<Item = &Certificate> {
        self.book.samples()
    }

    /// Whatever is wrong with what the patterns have found.
    pub fn faults(&self) -> impl Iterator<Item = &Fault> {
        self.discover.iter().flat_map(|it| &it.outcome.faults)
    }

    /// The account of this name.
    pub fn account(&self, name: &Name) -> Option<&Account> {
        self.accounts.iter().find(|account| account.name == *name)
    }
}

/// `[schedule]`.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// When a cycle starts by itself, with its time zone.
    pub reconcile: Cron,
    /// Upper bound of the random wait before a scheduled cycle.
    pub jitter: Duration,
    /// Whether a changed file wakes a cycle.
    pub watch: bool,
    /// How long a write whose answer was lost is held.
    pub doubt: Duration,
    /// The waits between tries.
    pub retry: Backoff,
}

/// `[log]`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Log {
    /// The form of a line.
    pub format: LogFormat,
    /// Directives such as `info,certrotd=debug`, checked: each a level or `target=level`.
    pub level: String,
}

/// The form of a log line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LogFormat {
    /// journald under systemd, text on a terminal, else json.
    Auto,
    /// For people.
    Text,
    /// One flat object a line.
    Json,
    /// Straight to the systemd journal, with fields.
    Journald,
}

/// `[metrics]`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Metrics {
    /// Where metrics and health are served; absent: no socket is opened.
    pub listen: Option<SocketAddr>,
    /// The file that the metrics are written to; absent: none is.
    pub textfile: Option<PathBuf>,
}

/// `[[notify]]`: somebody who is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Notify {
    /// Unique among those who are told.
    pub name: Name,
    /// Where messages go.
    pub to: Receiver,
    /// What is told.
    pub on: BTreeSet<News>,
    /// Names of entries that count; empty: all.
    pub names: Vec<glob::Pattern>,
    /// How often it is told again of what lasts; absent: never.
    pub remind: Option<Duration>,
    /// How long something stands before it is told, and is over before that is.
    pub settle: Duration,
}

/// Where messages go.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Receiver {
    /// Posted there, as JSON.
    Webhook {
        /// The address.
        url: Address,
        /// The key by which they are signed; absent: they are not.
        key: Option<SecretFile>,
    },
    /// To the standard input of this command: an absolute program and its arguments.
    Command(Vec<String>),
}

/// The address of a webhook, which may be a secret by itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Address {
    /// As the configuration has it: sound.
    Written(Secret),
    /// In a file, which nobody has looked into yet.
    File(SecretFile),
}

impl Notify {
    /// Whether anything of what is called so is told.
    pub fn minds(&self, name: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|it| it.matches(name))
    }
}

/// `[[certificate]]`, or a match of a `[[discover]]`: a pair on this disk and where it goes. What thousands have in
/// common they share, and each path with whoever watches it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Certificate {
    /// Unique among certificates.
    pub name: Name,
    /// The account it is imported into.
    pub cloud: Name,
    /// PEM with the leaf, and with the chain unless `chain` has it.
    pub cert: Arc<Path>,
    /// PEM with the private key.
    pub key: Arc<Path>,
    /// PEM with the chain, where `cert` holds the leaf alone.
    pub chain: Option<Arc<Path>>,
    /// `0` or a UUID; absent: the service decides.
    pub enterprise_project_id: Option<String>,
    /// How long before its end a certificate that is not renewed is warned of.
    pub warn_before: Duration,
    /// How many superseded imports of ours stay.
    pub keep: usize,
    /// Where it goes; no two to the same service and project.
    pub pushes: Arc<[Push]>,
}

/// `[[certificate.push]]`: one target.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Push {
    /// The service.
    pub target: Target,
    /// IAM project name: a region id, or a sub-project such as `cn-north-4_web`.
    pub project: String,
    /// What to bind to, none twice: the listeners of ELB, the hosts of WAF or the domains of CDN.
    pub sites: Box<[String]>,
    /// Handshakes that must return the new leaf, no two alike.
    pub probes: Box<[Probe]>,
    /// How long after a binding (or a push, where nothing is bound) an old certificate at a probe is
    /// merely pending: 1 s to 24 h.
    pub window: Duration,
    /// What is done about a certificate that somebody else has bound.
    pub drift: Drift,
}

/// `[[instance_ca]]`: a CA file kept equal to what an instance publishes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InstanceCa {
    /// Unique among CA files.
    pub name: Name,
    /// The account of the instance.
    pub cloud: Name,
    /// The instance's service.
    pub source: CaSource,
    /// The instance.
    pub instance_id: String,
    /// Which of several CAs, where the service offers several.
    pub category: String,
    /// The file to write; no other entry reads or writes it.
    pub path: PathBuf,
    /// Permission bits: the owner reads, nobody executes, others do not write.
    pub mode: u32,
    /// Name or number of the user that owns the file; absent: who makes it, or owns its directory.
    pub owner: Option<String>,
    /// Name or number of its group; absent: as with the owner.
    pub group: Option<String>,
    /// How long a former CA stays beside the published one.
    pub overlap: Duration,
    /// The handshake that proves the published CA.
    pub probe: Option<InstanceProbe>,
    /// How long before its end the instance's own certificate, and each CA in the file, is warned of.
    pub warn_before: Duration,
    /// Command to run after a change: an absolute program and its arguments; empty: none.
    pub on_change: Vec<String>,
}

/// `[[instance_ssl]]`: an instance's SSL switch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InstanceSsl {
    /// Unique among switches.
    pub name: Name,
    /// The account of the instance.
    pub cloud: Name,
    /// The instance's service.
    pub switch: SslSwitch,
    /// The instance, in the shape that the service demands.
    pub instance_id: String,
    /// What the switch shall be.
    pub enabled: bool,
    /// Whether the restart that comes with switching is allowed.
    pub allow_restart: bool,
    /// What the operator knows the switch to be, where nothing reports it.
    pub assume: Option<bool>,
    /// Where the instance's greeting tells whether SSL is on.
    pub probe: Option<Probe>,
    /// When a switch may start; absent: at any time.
    pub window: Option<Window>,
}

/// `[[watch_file]]`: certificate files that somebody else renews. They are read, and go nowhere.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WatchFile {
    /// Unique among watched files.
    pub name: Name,
    /// The file, or the pattern as it is written, from the configuration's directory.
    pub path: String,
    /// What finds the files.
    pub glob: Glob,
    /// How long before its end the first certificate is warned of.
    pub warn_before: Duration,
}
