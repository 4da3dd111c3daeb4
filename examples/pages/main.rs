//! The manual pages and the shells' completions, written into a directory: `cargo run --example pages -- DIR`.
//!
//! They are made from what the program says of itself (`--help`, and each key of the configuration), from the
//! configuration that is shipped, and from tables of the manual; nothing is written twice. The shipped binary
//! has none of this.

#![forbid(unsafe_code)]

#[path = "pages.rs"]
mod pages;

use std::error::Error;
use std::fs;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args_os().skip(1);
    let (Some(directory), None) = (words.next(), words.next()) else {
        return Err("usage: pages DIR".into());
    };
    let directory = PathBuf::from(directory);
    for (name, text) in pages::all() {
        let path = directory.join(name);
        fs::create_dir_all(path.parent().unwrap_or(&directory))?;
        fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}
