//! `certrotd inspect`: what is in PEM files and downloaded CAs, and what is wrong with them.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::args::Format;
use super::{Exit, print};
use crate::cert::PEM_FILE_BYTES_MAX;
use crate::cert::inspect::{self, Inspection};
use crate::config::warn_before;
use crate::daemon;
use crate::files;
use crate::model::time::Time;

/// Looks into each file by itself, and compares the keys with the certificates of all of them.
pub(super) fn inspect(paths: &[PathBuf], format: Format) -> Exit {
    let now = daemon::now();
    let mut inspections: Vec<_> = paths.iter().map(|path| file(path, now)).collect();
    inspect::match_keys(&mut inspections);
    inspections.iter_mut().for_each(|it| it.warn_before_ends(warn_before()));
    match format {
        Format::Json => print::json(&inspections),
        Format::Text => {
            let texts: Vec<_> = inspections.iter().map(inspect::text).collect();
            print::text(&texts.join("\n"));
        }
    }
    let clean = inspections.iter().all(Inspection::is_clean);
    if clean { Exit::Fine } else { Exit::Fault }
}

fn file(path: &Path, now: Time) -> Inspection {
    let named = path.display().to_string();
    // A key may be among them.
    match files::read::bounded(path, PEM_FILE_BYTES_MAX).map(Zeroizing::new) {
        Ok(bytes) => inspect::inspect(&named, &bytes, now),
        Err(error) => Inspection::unreadable(&named, format_args!("cannot be read: {error}")),
    }
}
