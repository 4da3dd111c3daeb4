//! Zip archives, read into memory within bounds. The one file that names the zip crate.

use std::io::{Cursor, Read};

use zip::ZipArchive;

use super::findings::Finding;

/// Most entries of an archive that publishes a CA; a real one has about three.
const ENTRIES_MAX: usize = 64;
/// Most bytes of one entry, unpacked.
const ENTRY_BYTES_MAX: u64 = 1 << 20;
/// Most bytes of all entries together, unpacked.
const TOTAL_BYTES_MAX: u64 = 4 << 20;

/// Whether these bytes begin as a zip archive does, an empty one included.
pub(super) fn is_zip(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06")
}

/// The files in an archive, by name order. Nothing is written anywhere; folders and symlinks are
/// passed over; what is too many, too large, encrypted or damaged refuses the whole.
pub(super) fn entries(bytes: &[u8]) -> Result<Vec<Vec<u8>>, Finding> {
    let mut archive = ZipArchive::new(Cursor::new(bytes))
        .map_err(|_| refused("is damaged or cut off: it cannot be opened"))?;
    if archive.len() > ENTRIES_MAX {
        return Err(refused(&format!("has more than {ENTRIES_MAX} entries")));
    }
    let mut found = Vec::new();
    let mut left = TOTAL_BYTES_MAX;
    for index in 0..archive.len() {
        if let Some(entry) = entry(&mut archive, index, left)? {
            left -= entry.content.len() as u64;
            found.push(entry);
        }
    }
    found.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(found.into_iter().map(|entry| entry.content).collect())
}

struct Entry {
    name: Vec<u8>,
    content: Vec<u8>,
}

fn entry(
    archive: &mut ZipArchive<Cursor<&[u8]>>,
    index: usize,
    left: u64,
) -> Result<Option<Entry>, Finding> {
    let locked = archive.by_index_data(index).is_ok_and(|entry| entry.encrypted());
    if locked {
        return Err(refused("is encrypted"));
    }
    let file = archive.by_index(index).map_err(|_| refused("has a damaged entry"))?;
    if file.is_dir() || file.is_symlink() {
        return Ok(None);
    }
    let name = file.name_raw().to_vec();
    let max = ENTRY_BYTES_MAX.min(left);
    let mut content = Vec::new();
    // The size in the header may lie: count what comes out.
    file.take(max + 1).read_to_end(&mut content).map_err(|_| refused("has a damaged entry"))?;
    if content.len() as u64 > max {
        return Err(refused(&format!(
            "unpacks to more than a CA bundle needs ({ENTRY_BYTES_MAX} bytes an entry, {TOTAL_BYTES_MAX} in all)"
        )));
    }
    Ok(Some(Entry { name, content }))
}

fn refused(why: &str) -> Finding {
    Finding::Archive { why: why.to_owned() }
}

#[cfg(test)]
pub(super) mod tests {
    use std::io::Write;

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    /// An archive of these entries.
    pub(in crate::cert) fn pack(entries: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in entries {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(content).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    #[test]
    fn folders_and_links_are_passed_over() {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default();
        writer.add_directory("folder", options).unwrap();
        writer.add_symlink("link", "/etc/passwd", options).unwrap();
        writer.start_file("folder/file", options).unwrap();
        writer.write_all(b"content").unwrap();
        let bytes = writer.finish().unwrap().into_inner();
        assert!(is_zip(&bytes));
        assert_eq!(entries(&bytes), Ok(vec![b"content".to_vec()]));
    }
}
