//! `certrotd init`: a first configuration, from the certificates that are on this host.

mod draft;
mod places;

use std::fs::OpenOptions;
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::args::InitArgs;
use super::{Exit, check, home, print, regions, table};
use crate::config::{self, Config};
use places::Search;

/// Where the daemon looks for its configuration.
const HOME: &str = "/etc/certrotd/certrotd.toml";
/// Where the access key is kept, wherever this file is written first: it is going to move to the daemon's place, and
/// the service sees no home directory.
const KEYS: &str = "/etc/certrotd";
/// Permission bits of the file: it holds no secret.
const MODE: u32 = 0o644;

/// Looks, writes the file, and says what was found and what comes next. The file has been through our own loader
/// before anybody sees it.
pub(super) async fn init(args: &InitArgs) -> Exit {
    let path = std::path::absolute(args.output.as_deref().unwrap_or(Path::new(HOME)));
    let path = match path {
        Ok(path) => path,
        Err(error) => return print::failed(&error),
    };
    let search = places::search(&args.dir);
    let text = draft::text(args, &search, Path::new(KEYS));
    let config = match config::draft(&path, &text) {
        Ok(config) => config,
        Err(error) => return print::configuration(&error),
    };
    match &args.output {
        None => print::text(&text),
        Some(_) => match create(&path, &text) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                print::problem(&format!("{} is there already, and stays as it is", path.display()));
                return Exit::Configuration;
            }
            Err(error) => {
                print::problem(&format!("{} cannot be written: {error}", path.display()));
                return Exit::Fault;
            }
        },
    }
    print::aside(&told(args, &search, &config).await);
    if config.certificates.is_empty() { Exit::Fault } else { Exit::Fine }
}

/// Makes the file, and never touches one that is there.
fn create(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(MODE).open(path)?;
    file.write_all(text.as_bytes())
}

/// What was found, what is wrong with it, and what to type next.
async fn told(args: &InitArgs, search: &Search, config: &Config) -> String {
    let mut words = String::new();
    for place in &search.places {
        let (dir, layout) = (place.dir.display(), place.layout.name());
        words.push_str(&format!("{dir}: {}, {layout}\n", counted(place.files.len())));
    }
    words.push_str(&table::text(&check::pairs(config).await));
    if let Some(warning) = regions::warning("region", &args.region) {
        words.push_str(&format!("warn  {warning}\n"));
    }
    let files = search.places.iter().flat_map(|place| &place.files);
    if let Some(warning) = home::warning(files.map(PathBuf::as_path)) {
        words.push_str(&format!("warn  {warning}\n"));
    }
    for fault in config.faults() {
        words.push_str(&format!("BAD  {}\n", fault.sentence));
    }
    for sentence in search.sentences() {
        words.push_str(&format!("BAD  {sentence}\n"));
    }
    if !search.troubles.is_empty() {
        words.push_str(
            "     ACME clients may keep their files for root alone: sudo certrotd init\n",
        );
    }
    if config.certificates.is_empty() {
        let places: Vec<_> = search.looked.iter().map(|dir| dir.display().to_string()).collect();
        words.push_str(&format!(
            "no certificate was found in {}: name the directory of yours by --dir, or write the file by its comments, \
             and see what `certrotd check --config FILE` says of it\n",
            places.join(", ")
        ));
        return words;
    }
    words.push_str(&next(args.output.as_deref()));
    words
}

/// The commands to type next, in order, and what each is for.
fn next(output: Option<&Path>) -> String {
    let file = output.unwrap_or(Path::new("FILE")).display();
    let put = |name: &str| format!("install -m 600 /dev/stdin {KEYS}/{name}");
    let mut steps = vec![
        (put("access-key"), "paste the access key id, then Ctrl-D"),
        (put("secret-key"), "paste the secret key, then Ctrl-D"),
        (format!("certrotd check --config {file}"), "the file, and the pairs that it names"),
        (format!("certrotd rehearse --config {file}"), "a simulated cloud; no credential is read"),
        (
            format!("certrotd policy --config {file}"),
            "what the key's user has to be allowed in IAM",
        ),
        (
            format!("certrotd check --online --config {file}"),
            "credentials and rights, by reads alone",
        ),
        (format!("certrotd plan --config {file}"), "what would be done first, and why"),
    ];
    if output != Some(Path::new(HOME)) {
        steps.push((format!("install -m 644 {file} {HOME}"), "where the daemon looks"));
    }
    steps.push(("systemctl enable --now certrotd".to_owned(), "from here on by itself"));
    let width = steps.iter().map(|(step, _)| step.chars().count()).max().unwrap_or(0);
    let line = |(step, why): &(String, &str)| format!("  {step:<width$}  # {why}\n");
    format!("next:\n{}", steps.iter().map(line).collect::<String>())
}

fn counted(files: usize) -> String {
    format!("{files} {}", if files == 1 { "certificate" } else { "certificates" })
}
