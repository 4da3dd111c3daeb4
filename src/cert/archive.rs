//! Zip archives, read into memory within bounds. The one file that names the zip crate.

use std::io::{Cursor, Read};

use zip::ZipArchive;
use zip::read::{ArchiveOffset, Config};

use self::survey::{Entry, survey};
use super::findings::Finding;

mod survey;

/// Most entries of an archive that publishes a CA; a real one has about three.
const ENTRIES_MAX: usize = 64;
/// Most bytes of one entry, unpacked.
const ENTRY_BYTES_MAX: usize = 1 << 20;
/// Most bytes of all entries together, unpacked: the CA, and the same once more for a key store.
const TOTAL_BYTES_MAX: usize = 2 << 20;
/// Most characters of an entry's name in a sentence.
const SHOWN_CHARS_MAX: usize = 60;
/// How archives of other kinds begin: gzip, xz, 7z, RAR, zstd, bzip2, cabinet.
const OTHER_KINDS: [&[u8]; 7] = [
    b"\x1f\x8b",
    b"\xfd7zXZ\0",
    b"7z\xbc\xaf\x27\x1c",
    b"Rar!\x1a\x07",
    b"\x28\xb5\x2f\xfd",
    b"BZh91AY&SY",
    b"MSCF\0\0\0\0",
];
/// What a tar says of itself, and where.
const TAR: (usize, &[u8]) = (257, b"ustar");

/// Whether these bytes begin as a zip archive does, an empty one or one part of several included, or
/// end as one does.
pub(super) fn is_zip(bytes: &[u8]) -> bool {
    const END_BYTES: usize = 22;
    let ends = |at: usize| bytes[at..].starts_with(b"PK\x05\x06");
    [&b"PK\x03\x04"[..], b"PK\x05\x06", b"PK\x07\x08"].iter().any(|it| bytes.starts_with(it))
        || bytes.len().checked_sub(END_BYTES).is_some_and(ends)
}

/// Whether these bytes are an archive of a kind that is not read.
pub(super) fn is_other_kind(bytes: &[u8]) -> bool {
    OTHER_KINDS.iter().any(|begin| bytes.starts_with(begin))
        || bytes.get(TAR.0..).is_some_and(|rest| rest.starts_with(TAR.1))
}

/// The files in an archive, by name order. Nothing is written anywhere, and no name is used as a path;
/// folders are passed over. What is too many, too large, encrypted, damaged, no plain file, named in
/// an unsafe way or an archive itself refuses the whole, and most of it before anything is unpacked.
pub(super) fn entries(bytes: &[u8]) -> Result<Vec<Vec<u8>>, Finding> {
    let listed = survey(bytes)?;
    let config = Config { archive_offset: ArchiveOffset::Known(0) };
    let mut archive = ZipArchive::with_config(config, Cursor::new(bytes))
        .map_err(|_| refused("is damaged: it cannot be opened"))?;
    if archive.len() != listed.len() {
        return Err(refused("is damaged: its entries cannot be told apart"));
    }
    let mut found = Vec::new();
    for (index, entry) in listed.into_iter().enumerate() {
        if !entry.is_folder() {
            let content = content(&mut archive, index, &entry)?;
            found.push((entry.name, content));
        }
    }
    found.sort();
    Ok(found.into_iter().map(|(_, content)| content).collect())
}

fn content(
    archive: &mut ZipArchive<Cursor<&[u8]>>,
    index: usize,
    entry: &Entry,
) -> Result<Vec<u8>, Finding> {
    let damaged = || refused(&format!("has a damaged entry ({})", shown(&entry.name)));
    let file = archive.by_index(index).map_err(|_| damaged())?;
    if file.name_raw() != entry.name {
        return Err(damaged());
    }
    let mut content = Vec::with_capacity(entry.bytes + 1);
    // The size in the directory may lie: count what comes out. Reading to the end also proves the checksum.
    file.take(entry.bytes as u64 + 1).read_to_end(&mut content).map_err(|_| damaged())?;
    if content.len() != entry.bytes {
        return Err(damaged());
    }
    if is_zip(&content) || is_other_kind(&content) {
        let why = format!("holds another archive ({}), which is not opened", shown(&entry.name));
        return Err(refused(&why));
    }
    Ok(content)
}

fn too_much() -> Finding {
    refused(&format!(
        "unpacks to more than a CA bundle needs ({ENTRY_BYTES_MAX} bytes an entry, {TOTAL_BYTES_MAX} in all)"
    ))
}

fn refused(why: &str) -> Finding {
    Finding::Archive { why: why.to_owned() }
}

/// An entry's name for a sentence: quoted, printable and short.
fn shown(name: &[u8]) -> String {
    let name: String = String::from_utf8_lossy(name).chars().take(SHOWN_CHARS_MAX).collect();
    format!("{name:?}")
}

#[cfg(test)]
pub(super) mod tests;
