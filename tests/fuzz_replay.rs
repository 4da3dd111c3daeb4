//! The fuzzers' seeds and whatever they once found, through the same doors, without a fuzzer.

use std::fs;
use std::path::{Path, PathBuf};

#[path = "fuzz_replay/doors/mod.rs"]
mod doors;

/// Files that serve as seeds where they lie: `fuzz/run` has the same list.
const ELSEWHERE: [(&str, &str); 3] =
    [("pem", "tests/data/pem"), ("config", "config"), ("config", "config/examples")];

/// Inputs of this target: small ones that reach far, and those that once broke something.
fn inputs(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let own = ["seeds", "found"].map(|kind| format!("fuzz/{kind}/{target}"));
    let elsewhere = ELSEWHERE.iter().filter(|(name, _)| *name == target).map(|it| it.1);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = own.iter().map(String::as_str).chain(elsewhere).map(|folder| root.join(folder));
    let entries = folders.filter_map(|folder| fs::read_dir(folder).ok()).flatten();
    let paths = entries.map(|entry| entry.expect("a file").path());
    let mut paths: Vec<PathBuf> = paths.filter(|path| path.is_file()).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), fs::read(path).expect("a file"))).collect()
}

macro_rules! replay {
    ($($target:ident),*) => {$(
        #[test]
        fn $target() {
            let inputs = inputs(stringify!($target));
            assert!(inputs.len() > 2, "{} seeds of {}", inputs.len(), stringify!($target));
            for (path, bytes) in inputs {
                println!("{}", path.display());
                doors::$target::open(&bytes);
            }
        }
    )*};
}

replay!(answers, archive, bundle, config, greeting, handshake, journal, pem);
