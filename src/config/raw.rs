//! Every key as it is written: its documentation, its type and what its absence means.
//!
//! The doc comments below are the documentation of the keys: [`keys`] hands them out, and the commented
//! file that is shipped must repeat them word for word. Nothing is checked here but the types.

mod defaults;
mod docs;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use toml::Spanned;

use super::words::{Source, words};
use super::{LogFormat, WhenEmpty};
use crate::model::place::{Drift, Protocol};
use crate::model::target::{Api, CaSource, SslSwitch, Target};
pub(super) use defaults::*;
pub use docs::{KeyDoc, Kind, Otherwise, TableDoc};
use docs::{Value, all_of, endpoint, endpoints, text};

/// A table of the file, all keys of which may be missing as far as reading goes.
pub(super) trait Table: DeserializeOwned + Default {
    /// Its keys, those with tables of their own left out.
    const KEYS: &'static [&'static str];
}

/// Makes the struct, the list of its keys and their documentation from one text. `many` is said of a table that may
/// stand in the file more than once; the words that a value may be follow its type.
macro_rules! tables {
    ($($(#[doc = $about:literal])+ $($many:ident)? $table:literal $name:ident {
        $($(#[doc = $doc:literal])+ $key:ident: $type:ty $([$words:expr])? = $otherwise:expr,)+
    })+) => {
        $(
            $(#[doc = $about])+
            #[derive(Clone, Default, Deserialize)]
            #[serde(deny_unknown_fields)]
            pub(super) struct $name {
                $($(#[doc = $doc])+ pub(super) $key: Option<Spanned<$type>>,)+
            }

            impl Table for $name {
                const KEYS: &'static [&'static str] = &[$(stringify!($key)),+];
            }
        )+

        /// Every key of the file, in the order of its documentation.
        pub fn keys() -> Vec<KeyDoc> {
            let mut keys = vec![$($(KeyDoc {
                table: $table,
                key: stringify!($key),
                doc: concat!($($doc),+).trim().to_owned(),
                otherwise: $otherwise,
                kind: <$type as Value>::KIND,
                words: all_of(&[$($words)?]),
            },)+)+];
            keys.extend(Api::ALL.map(endpoint));
            keys
        }

        /// Every table of the file, in the order of its documentation.
        pub fn tables() -> Vec<TableDoc> {
            let marks: &[(_, _, &[&str])] =
                &[$(($table, concat!($($about),+), &[$(stringify!($many))?])),+];
            let tables = marks.iter().map(|(table, doc, many)| TableDoc {
                table,
                doc: doc.trim().to_owned(),
                many: !many.is_empty(),
            });
            tables.chain([endpoints()]).collect()
        }
    };
}

/// A list of texts, each with its place.
pub(super) type Texts = Vec<Spanned<String>>;

tables! {
    /// When cycles run and how long things wait.
    "schedule" Schedule {
        /// When a cycle starts by itself: a cron line of six fields, seconds first. It is what notices
        /// changes in the cloud; less often spares calls, more often finds them sooner.
        reconcile: String = text(RECONCILE),
        /// Time zone of that line and of the windows of switches: an IANA name such as Asia/Shanghai. It
        /// matters for fixed hours.
        timezone: String = text(TIMEZONE),
        /// Each scheduled cycle starts up to this much later, at random: set it to spread many hosts.
        jitter: String = text(JITTER),
        /// Whether a changed certificate file wakes a cycle at once. The schedule stays as the safety net;
        /// false where the files lie on a network disk that reports no changes.
        watch: bool = Otherwise::Is(WATCH.to_string()),
        /// How long a write whose answer was lost is held before it may be sent again, unless a look
        /// finds it done. Longer than the cloud's lists lag behind; shorter risks doing things twice.
        doubt: String = text(DOUBT),
        /// First and longest wait between tries; it doubles in between, and begins at a tenth where a
        /// call came too often. What a service asks for wins. Longer spares a quota, shorter ends an
        /// outage sooner.
        retry: String = text(RETRY),
    }

    /// What certrotd remembers.
    "state" State {
        /// Directory of the journal and the lock, made with mode 0700. Never holds key material. Each
        /// daemon on a host needs its own.
        path: String = text(STATE),
    }

    /// How the log looks.
    "log" Log {
        /// One of auto, text, json, journald. auto is journald under systemd, text on a terminal, else
        /// json; name one where that guess does not fit what collects the log.
        format: String [words::<LogFormat>()] = text(LOG_FORMAT),
        /// Least level that is written: off, error, warn, info, debug or trace, also for one part of the
        /// program, as in "info,certrotd::cloud=debug", which shows each call.
        level: String = text(LOG_LEVEL),
    }

    /// Where others may look.
    "metrics" Metrics {
        /// Address and port that serve /metrics, /health and /status, without a password. Absent: no
        /// socket is opened.
        listen: String = Otherwise::Absent,
        /// File that holds the page of /metrics, for the textfile collector of node_exporter; its name ends in
        /// .prom. Written after each cycle, and each minute. Absent: no file is written.
        textfile: String = Otherwise::Absent,
    }

    /// Who is told when something wants a person: a webhook, or a command.
    many "notify" Notify {
        /// Name of the entry: 3 to 50 letters, digits, `_`, `.` or `-`, unique among those who are told. What
        /// was told is remembered under it.
        name: String = Otherwise::Required,
        /// Address that each message is posted to as JSON: https, or http on a loopback host. Absent: `url_file`
        /// or `command` says where messages go.
        url: String = Otherwise::Absent,
        /// File with that address, for one that is a secret itself: a path, or "credential:NAME". Absent: `url`
        /// or `command` says where messages go.
        url_file: String = Otherwise::Absent,
        /// File with the key by which each posted message is signed (HMAC-SHA256): a path, or "credential:NAME".
        /// Absent: messages are not signed.
        secret_file: String = Otherwise::Absent,
        /// Command that gets each message as JSON on its standard input: a program with its full path and its
        /// arguments, no shell. Absent: messages are posted.
        command: Texts = Otherwise::Absent,
        /// What is told: wrong, failed, held, expiring, recovered, changed. Absent: all of them but changed, which
        /// is every step that was done.
        on: Texts = Otherwise::Absent,
        /// Patterns of names, such as "www-*": only what fits one of them is told. Absent: all entries and patterns
        /// count.
        names: Texts = Otherwise::Absent,
        /// How often it is told again of what lasts: from 1m to 365d, or "never".
        remind: String = text(REMIND),
        /// How long something has to stand before it is told, and to be over before that is: up to 1d, or "0" for
        /// at once. What comes and goes within it is told to nobody.
        settle: String = text(SETTLE),
    }

    /// One account in one region; as many as wanted, each with a name of its own.
    "cloud.NAME" Cloud {
        /// Region id, such as cn-north-4.
        region: String = Otherwise::Required,
        /// Project id of that region, 32 letters and digits. Absent: looked up in IAM by the
        /// region, which needs the right to list projects.
        project_id: String = Otherwise::Absent,
        /// Account id, sent to global services. Absent: not sent; never looked up.
        domain_id: String = Otherwise::Absent,
        /// How many calls to this account may be under way at once. A service alone leaves two of them to the
        /// others.
        max_in_flight: i64 = Otherwise::Is(MAX_IN_FLIGHT.to_string()),
    }

    /// Where credentials come from. The secrets themselves never stand in this file.
    "cloud.NAME.credentials" Credentials {
        /// One of access-key, password, environment, profile, metadata. Without this table: environment,
        /// profile and metadata are tried in this order, as the official SDK does.
        source: String [words::<Source>()] = Otherwise::Required,
        /// access-key: file with the access key id; a path, or "credential:NAME" for a systemd credential.
        access_key_file: String = Otherwise::Absent,
        /// access-key: file with the secret key; a path, or "credential:NAME".
        secret_key_file: String = Otherwise::Absent,
        /// access-key: file with the security token of a temporary key. Absent: a permanent key.
        security_token_file: String = Otherwise::Absent,
        /// password: name of the account that the IAM user belongs to.
        domain: String = Otherwise::Absent,
        /// password: name of the IAM user.
        user: String = Otherwise::Absent,
        /// password: file with the password; a path, or "credential:NAME".
        password_file: String = Otherwise::Absent,
    }

    /// A certificate on this disk, and where it goes. An unreadable file holds this certificate only.
    many "certificate" Certificate {
        /// Name of the rotation: 3 to 50 letters, digits, `_`, `.` or `-`, unique among certificates.
        /// Imports are called by it.
        name: String = Otherwise::Required,
        /// Name of the cloud table to import into. Absent: the only one there is.
        cloud: String = Otherwise::Absent,
        /// PEM file with the leaf and its chain, such as certbot's fullchain.pem.
        cert: String = Otherwise::Required,
        /// PEM file with the private key, not encrypted.
        key: String = Otherwise::Required,
        /// PEM file with the chain, where `cert` holds the leaf alone. Absent: `cert` holds both.
        chain: String = Otherwise::Absent,
        /// Enterprise project that the import belongs to: "0" or a UUID. Absent: the service decides.
        enterprise_project_id: String = Otherwise::Absent,
        /// How long before its end a certificate that was not renewed is warned of. Keep it below what
        /// your ACME client leaves when it renews.
        warn_before: String = text(WARN_BEFORE),
        /// How many superseded imports of ours stay in the certificate manager. More leaves more to go back
        /// to, less spares its quota.
        keep: i64 = Otherwise::Is(KEEP.to_string()),
    }

    /// One target of the certificate above; no two with the same service and project.
    many "certificate.push" Push {
        /// One of elb, waf, cdn.
        service: String [words::<Target>()] = Otherwise::Required,
        /// IAM project to push to: a region id or the name of a sub-project. Absent: the cloud's region.
        project: String = Otherwise::Absent,
        /// elb: ids of the listeners to bind to. Absent: push only.
        listeners: Texts = Otherwise::Absent,
        /// waf: names or ids of the hosts to bind to. Absent: push only.
        hosts: Texts = Otherwise::Absent,
        /// cdn: domains to bind to. Absent: push only.
        domains: Texts = Otherwise::Absent,
        /// TLS handshakes that must return the new leaf: "host:port", or "name@address:port" to pin an
        /// address. Absent: the binding that is read back is the proof.
        probe: Texts = Otherwise::Absent,
        /// How long after binding, or pushing where nothing is bound, the old certificate at a probe only
        /// counts as pending. Longer waits for slow edges, shorter raises the alarm sooner. Absent: 10m
        /// for cdn, 1m for the others.
        window: String = Otherwise::Absent,
        /// What to do when somebody else has bound a foreign certificate: report or repair. An older
        /// certificate of the same rotation is bound over in either case.
        drift: String [words::<Drift>()] = text(DRIFT),
    }

    /// A pattern that makes certificates: one for each file that it matches, now and later.
    many "discover" Discover {
        /// Pattern of the certificate files: `*`, `?` and `[a-z]` within a name, which then has no dot in
        /// front, and `**` for any number of directories, once. Files count, also through symlinks.
        pattern: String = Otherwise::Required,
        /// Name of each rotation, from placeholders: {dir} is the directory of the match, {parent} the name of
        /// that directory, {stem} the file's name without its ending. What a name may not have becomes `-`. One
        /// that is too long, or leaves out what varies in the pattern, ends with a digest of the path.
        name: String = text(FOUND_NAME),
        /// Name of the cloud table to import into. Absent: the only one there is.
        cloud: String = Otherwise::Absent,
        /// PEM file with the private key, from the directory of the match and with the same placeholders.
        /// Absent: the first of privkey.pem, {stem}.key and {parent}.key that is there.
        key: String = Otherwise::Absent,
        /// PEM file with the chain, written as `key` is. Absent: the file that matches holds both.
        chain: String = Otherwise::Absent,
        /// Patterns of which one must fit: one with a `/` is held to the path of the match, any other to
        /// its name. Absent: all matches count.
        include: Texts = Otherwise::Absent,
        /// Patterns of which none may fit, written as those of `include`. Absent: all matches count.
        exclude: Texts = Otherwise::Absent,
        /// What a pattern without a match is: alarm or ok.
        when_empty: String [words::<WhenEmpty>()] = text(WHEN_EMPTY),
        /// Enterprise project that the imports belong to: "0" or a UUID. Absent: the service decides.
        enterprise_project_id: String = Otherwise::Absent,
        /// How long before its end a certificate that was not renewed is warned of.
        warn_before: String = text(WARN_BEFORE),
        /// How many superseded imports of each certificate stay in the certificate manager.
        keep: i64 = Otherwise::Is(KEEP.to_string()),
    }

    /// One target of each certificate above; no two with the same service and project.
    many "discover.push" DiscoverPush {
        /// One of elb, waf, cdn.
        service: String [words::<Target>()] = Otherwise::Required,
        /// IAM project to push to: a region id or the name of a sub-project. Absent: the cloud's region.
        project: String = Otherwise::Absent,
        /// elb: ids of the listeners to bind to, the same for each of them. Absent: push only.
        listeners: Texts = Otherwise::Absent,
        /// waf: names of the hosts to bind to, each with a placeholder, such as "{parent}". Absent: push only.
        hosts: Texts = Otherwise::Absent,
        /// cdn: domains to bind to, each with a placeholder, such as "{parent}". Absent: push only.
        domains: Texts = Otherwise::Absent,
        /// TLS handshakes that must return the new leaf, such as "{parent}:443" or
        /// "{parent}@192.0.2.10:443". Absent: the binding that is read back is the proof.
        probe: Texts = Otherwise::Absent,
        /// How long after binding, or pushing where nothing is bound, the old certificate at a probe only
        /// counts as pending. Absent: 10m for cdn, 1m for the others.
        window: String = Otherwise::Absent,
        /// What to do when somebody else has bound a foreign certificate: report or repair.
        drift: String [words::<Drift>()] = text(DRIFT),
    }

    /// A CA file on this disk, kept equal to what an instance publishes.
    many "instance_ca" InstanceCa {
        /// Name of the entry: 3 to 50 letters, digits, `_`, `.` or `-`, unique among CA files.
        name: String = Otherwise::Required,
        /// Name of the cloud table of the instance. Absent: the only one there is.
        cloud: String = Otherwise::Absent,
        /// One of dcs, geminidb, rds, dds, gaussdb.
        service: String [words::<CaSource>()] = Otherwise::Required,
        /// Id of the instance.
        instance_id: String = Otherwise::Required,
        /// Which of several CAs, where the service offers several, such as international or national.
        category: String = text(CATEGORY),
        /// File to write. A missing directory is made with mode 0755, so that clients can read it.
        path: String = Otherwise::Required,
        /// Permissions of that file, in octal. 0640 where only a group shall read it.
        mode: String = text(MODE),
        /// User of that file: a name or a number of this host. Giving files away takes root or CAP_CHOWN,
        /// which the shipped unit has not. Absent: the daemon's own; what root writes belongs to the
        /// owner of the directory.
        owner: String = Otherwise::Absent,
        /// Group of that file: a name or a number of this host. One that the daemon's user is not in takes
        /// root or CAP_CHOWN as well. Absent: as with `owner`.
        group: String = Otherwise::Absent,
        /// How long a former CA stays in the file beside the new one: as long as clients and the instance
        /// need to follow, at most 365d, or "0" for none. One that expires leaves sooner.
        overlap: String = text(OVERLAP),
        /// Handshake that must verify with the new CA alone before a former one leaves: "host:port", or
        /// "name@address:port" to pin an address. It also tells when the instance's own certificate
        /// ends. Absent: `overlap` alone decides, and that end is not watched.
        probe: String = Otherwise::Absent,
        /// How TLS begins at `probe`: tls (at once, as Redis and MongoDB do), postgres (gaussdb too) or
        /// mysql.
        protocol: String [words::<Protocol>()] = text(PROTOCOL),
        /// How long before its end a CA in the file, or the instance's own certificate, is warned of.
        warn_before: String = text(WARN_BEFORE),
        /// Command to run after the file changed: a program with its full path and its arguments, no shell.
        /// Absent: nothing is run.
        on_change: Texts = Otherwise::Absent,
    }

    /// The SSL switch of an instance.
    many "instance_ssl" InstanceSsl {
        /// Name of the entry: 3 to 50 letters, digits, `_`, `.` or `-`, unique among switches.
        name: String = Otherwise::Required,
        /// Name of the cloud table of the instance. Absent: the only one there is.
        cloud: String = Otherwise::Absent,
        /// One of taurusdb.
        service: String [words::<SslSwitch>()] = Otherwise::Required,
        /// Id of the instance.
        instance_id: String = Otherwise::Required,
        /// Whether SSL shall be on.
        enabled: bool = Otherwise::Required,
        /// The switch restarts the instance. Without this word it is held, never done.
        allow_restart: bool = Otherwise::Is(ALLOW_RESTART.to_string()),
        /// What you know the switch to be at present, since no call reports it. Absent: the journal decides.
        assume: bool = Otherwise::Absent,
        /// Where the greeting of the instance tells whether SSL is on, so that nothing is sent when it is
        /// as wanted: "host:port", or "name@address:port" to pin an address. Absent: the journal and
        /// `assume` decide.
        probe: String = Otherwise::Absent,
        /// When a switch may start: weekdays and a span of the day such as "Sun 02:00-04:00", or a span
        /// alone for every day, in the time zone of the schedule. One that has begun is followed to its
        /// end. Absent: at any time.
        window: String = Otherwise::Absent,
    }

    /// A certificate file on this disk that somebody else renews: its end is watched, and it goes nowhere.
    many "watch_file" WatchFile {
        /// Name of the entry: 3 to 50 letters, digits, `_`, `.` or `-`, unique among watched files.
        name: String = Otherwise::Required,
        /// File with one or more certificates, PEM or DER, or a pattern of such files, written as that of
        /// `discover`. Of all certificates in it the one that ends first counts.
        path: String = Otherwise::Required,
        /// How long before its end the first of them is warned of.
        warn_before: String = text(WARN_BEFORE),
    }
}
