//! The fuzzers' seeds and whatever they once found, through the same doors, without a fuzzer.

use std::fs;
use std::path::{Path, PathBuf};

#[path = "fuzz_replay/doors/mod.rs"]
mod doors;

/// Inputs of this target: small ones that reach far, and those that once broke something.
fn inputs(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let folders = [root.join("seeds").join(target), root.join("found").join(target)];
    let entries = folders.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("a file").path()).collect();
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
