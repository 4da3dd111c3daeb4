//! Runs transcripts side by side, each with a house and a cloud of its own.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use certrotd::sim::Rule;

use super::stage::Stage;
use super::transcript::{self, Item};

/// How many run at once: they wait far more than they work.
const AT_ONCE: usize = 6;

/// What stands in a transcript that takes long.
const LONG: &str = "--wait 60s";

/// Every transcript, by name.
pub fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> =
        entries.filter(|path| path.extension().is_some_and(|it| it == "txt")).collect();
    files.sort();
    files
}

/// Runs all of them, or those that `SCENARIO` names; gives what differs, file by file. With
/// `UPDATE` the files are rewritten instead.
pub fn all() -> Vec<String> {
    let wanted = std::env::var("SCENARIO").unwrap_or_default();
    let mut files: Vec<_> =
        files().into_iter().filter(|path| name(path).contains(&wanted)).collect();
    // One that waits for a minute begins first, and the others run meanwhile.
    files.sort_by_key(|path| !std::fs::read_to_string(path).unwrap().contains(LONG));
    let (next, differing) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(path) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Some(words) = one(path, &[]) {
                        differing.lock().unwrap().push((path.clone(), words));
                    }
                }
            });
        }
    });
    let mut differing = differing.into_inner().unwrap();
    differing.sort();
    differing.into_iter().map(|(path, words)| format!("--- {}\n{words}", name(&path))).collect()
}

/// Runs the one of this name while these strike; gives what differs.
pub fn under(name: &str, weather: &[Rule]) -> Option<String> {
    let files = files();
    let path = files.iter().find(|path| self::name(path) == name);
    one(path.unwrap_or_else(|| panic!("there is no {name}")), weather)
}

fn one(path: &Path, weather: &[Rule]) -> Option<String> {
    let written = std::fs::read_to_string(path).unwrap();
    let mut items = transcript::parse(&written);
    let mut stage = Stage::new();
    weather.iter().cloned().for_each(|rule| stage.weather(rule));
    for item in &mut items {
        if let Item::Command(command, output) = item {
            match stage.command(command) {
                Ok(lines) => *output = lines,
                Err(wrong) => return Some(format!("$ {command}\n{wrong}")),
            }
        }
    }
    let violations = stage.violations();
    if !violations.is_empty() {
        return Some(format!("the simulated cloud was misused:\n{}", violations.join("\n")));
    }
    let printed = transcript::render(&items);
    if weather.is_empty() && std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, printed).unwrap();
        return None;
    }
    transcript::difference(&written, &printed)
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
