//! What a zip archive says of itself, read before anything is unpacked or room is made for it: the
//! record at its end, its directory, and the header of each entry, which all have to agree.

use std::ops::Range;

use super::{ENTRIES_MAX, ENTRY_BYTES_MAX, TOTAL_BYTES_MAX, refused, shown, too_much};
use crate::cert::findings::Finding;

/// How the record at the end begins, and its length without a comment, in bytes (APPNOTE 4.3.16).
const END: &[u8] = b"PK\x05\x06";
const END_BYTES: usize = 22;
/// How a line of the directory begins, and its length without name, extra field and comment (4.3.12).
const LINE: &[u8] = b"PK\x01\x02";
const LINE_BYTES: usize = 46;
/// How an entry begins, and the length of its header without name and extra field (4.3.7).
const HEADER: &[u8] = b"PK\x03\x04";
const HEADER_BYTES: usize = 30;
/// What points to the larger numbers of zip64, right before the record at the end (4.3.15).
const LOCATOR: &[u8] = b"PK\x06\x07";
const LOCATOR_BYTES: usize = 20;
/// Stands for a number that zip64 writes elsewhere.
const MAX: usize = u32::MAX as usize;
/// Encrypted, strongly encrypted, directory encrypted (4.4.4).
const LOCKED: u16 = 1 | 1 << 6 | 1 << 13;
/// Sizes and checksum stand behind the content.
const SIZES_BEHIND: u16 = 1 << 3;
/// The ways of packing that are read: stored as it is, and deflate.
const STORED: u16 = 0;
const DEFLATE: u16 = 8;
/// The one that says: encrypted with AES.
const AES: u16 = 99;
/// The makers whose attributes hold a Unix file mode: Unix and macOS.
const UNIX: [u16; 2] = [3, 19];
/// File kinds of such a mode, as its upper four bits: none, folder, file.
const PLAIN_KINDS: [u32; 3] = [0, 4, 8];

/// An entry of which directory and header say the same.
pub(super) struct Entry {
    pub(super) name: Vec<u8>,
    /// Unpacked.
    pub(super) bytes: usize,
    /// Where it stands, header included.
    span: Range<usize>,
}

impl Entry {
    pub(super) fn is_folder(&self) -> bool {
        self.name.ends_with(b"/")
    }
}

/// Every entry, in the directory's order. Refuses what two readers might read in two ways: numbers that
/// do not fit together, entries that share bytes or a name, anything before the first entry or after
/// the end, zip64 and parts of a set. Also what is encrypted, no plain file or folder, or named as a
/// path that leads elsewhere.
pub(super) fn survey(bytes: &[u8]) -> Result<Vec<Entry>, Finding> {
    let (directory, count) = directory(bytes)?;
    let mut entries: Vec<Entry> = Vec::with_capacity(count);
    let (mut at, mut total) = (directory.start, 0);
    for _ in 0..count {
        let (entry, next) = line(bytes, at, &directory).ok_or_else(disagrees)??;
        total += entry.bytes;
        if entry.bytes > ENTRY_BYTES_MAX || total > TOTAL_BYTES_MAX {
            return Err(too_much());
        }
        if entries.iter().any(|old| old.name == entry.name) {
            return Err(refused(&format!("has two entries of one name ({})", shown(&entry.name))));
        }
        entries.push(entry);
        at = next;
    }
    if at != directory.end {
        return Err(disagrees());
    }
    apart(&entries)?;
    Ok(entries)
}

/// Where the directory stands, and how many lines it has.
fn directory(bytes: &[u8]) -> Result<(Range<usize>, usize), Finding> {
    let cut = || refused("is damaged or cut off: it does not end as an archive does");
    // Nothing but a comment may follow it, whose length is a number of two bytes.
    let from = bytes.len().saturating_sub(END_BYTES + usize::from(u16::MAX));
    let within = bytes[from..].windows(END.len()).rposition(|window| window == END);
    let at = from + within.ok_or_else(cut)?;
    let end = bytes[at..].get(..END_BYTES).ok_or_else(cut)?;
    let field = |place| half(end, place).unwrap_or_default();
    if at + END_BYTES + field(20) != bytes.len() {
        return Err(cut());
    }
    let count = field(10);
    if [field(4), field(6)] != [0, 0] || field(8) != count {
        return Err(refused("is one part of several"));
    }
    let (length, start) = (word(end, 12).unwrap_or_default(), word(end, 16).unwrap_or_default());
    if count > ENTRIES_MAX {
        return Err(refused(&format!("has more than {ENTRIES_MAX} entries")));
    }
    let before = at.checked_sub(LOCATOR_BYTES).and_then(|before| bytes.get(before..));
    if before.is_some_and(|it| it.starts_with(LOCATOR)) || [length, start].contains(&MAX) {
        return Err(zip64());
    }
    if start.checked_add(length) != Some(at) {
        return Err(disagrees());
    }
    Ok((start..at, count))
}

/// The entry of one line of the directory, and where the next line begins. None: something points past
/// an end, or two places disagree.
fn line(
    bytes: &[u8],
    at: usize,
    directory: &Range<usize>,
) -> Option<Result<(Entry, usize), Finding>> {
    let line = bytes.get(at..directory.end).filter(|line| line.starts_with(LINE))?;
    let name_end = LINE_BYTES + half(line, 28)?;
    let name = line.get(LINE_BYTES..name_end)?;
    let next = at + name_end + half(line, 30)? + half(line, 32)?;
    let (packed, unpacked, start) = (word(line, 20)?, word(line, 24)?, word(line, 42)?);
    if [packed, unpacked, start].contains(&MAX) {
        return Some(Err(zip64()));
    }
    let header = bytes.get(start..directory.start).filter(|header| header.starts_with(HEADER))?;
    let flags = [short(line, 8)?, short(header, 6)?];
    let methods = [short(line, 10)?, short(header, 8)?];
    if let Some(fault) = fault(name, flags, methods, kind(line)?) {
        return Some(Err(fault));
    }
    let content = HEADER_BYTES + half(header, 26)? + half(header, 28)?;
    let span = start..start.checked_add(content)?.checked_add(packed)?;
    let told = [word(header, 14)?, word(header, 18)?, word(header, 22)?];
    let agree = header.get(HEADER_BYTES..)?.starts_with(name)
        && half(header, 26)? == name.len()
        && methods[0] == methods[1]
        && (methods[0] != STORED || packed == unpacked)
        && (flags[1] & SIZES_BEHIND != 0 || told == [word(line, 16)?, packed, unpacked])
        && span.end <= directory.start
        && next <= directory.end;
    agree.then(|| Ok((Entry { name: name.to_vec(), bytes: unpacked, span }, next)))
}

/// What is wrong with an entry whatever is in it.
fn fault(name: &[u8], flags: [u16; 2], methods: [u16; 2], kind: u32) -> Option<Finding> {
    if flags.iter().any(|flags| flags & LOCKED != 0) || methods.contains(&AES) {
        return Some(refused("is encrypted"));
    }
    if let Some(method) = methods.into_iter().find(|method| ![STORED, DEFLATE].contains(method)) {
        let why = format!("packs an entry in a way that is not read (method {method})");
        return Some(refused(&why));
    }
    if !is_safe(name) {
        return Some(refused(&format!("has an entry with an unsafe name ({})", shown(name))));
    }
    if !PLAIN_KINDS.contains(&kind) {
        let why = format!("has an entry that is a link or a device ({})", shown(name));
        return Some(refused(&why));
    }
    None
}

/// The Unix kind of file, where the maker of the archive wrote one.
fn kind(line: &[u8]) -> Option<u32> {
    let is_unix = UNIX.contains(&(short(line, 4)? >> 8));
    Some(if is_unix { u32::from(short(line, 40)?) >> 12 } else { 0 })
}

/// Whether a name could be a path below some folder on any system. Names are never used as paths; one
/// that is not says that somebody has tampered with the archive.
fn is_safe(name: &[u8]) -> bool {
    let is_drive = name.get(1) == Some(&b':') && name[0].is_ascii_alphabetic();
    let is_odd = |byte: &u8| byte.is_ascii_control() || *byte == b'\\';
    let climbs = name.split(|byte| *byte == b'/').any(|part| part == b"..");
    !name.is_empty() && !name.starts_with(b"/") && !is_drive && !climbs && !name.iter().any(is_odd)
}

/// Holds the first entry to the beginning, and each to its own bytes.
fn apart(entries: &[Entry]) -> Result<(), Finding> {
    let mut spans: Vec<_> = entries.iter().map(|entry| entry.span.clone()).collect();
    spans.sort_by_key(|span| span.start);
    if spans.first().is_some_and(|first| first.start != 0) {
        return Err(refused("begins with something else than its first entry"));
    }
    if spans.windows(2).any(|two| two[1].start < two[0].end) {
        return Err(refused("has entries that overlap"));
    }
    Ok(())
}

fn disagrees() -> Finding {
    refused("is damaged: its directory and its entries do not fit together")
}

fn zip64() -> Finding {
    refused("uses zip64, which is for archives of gigabytes and not for a CA")
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    let bytes = bytes.get(at..)?.first_chunk()?;
    Some(u16::from_le_bytes(*bytes))
}

fn half(bytes: &[u8], at: usize) -> Option<usize> {
    short(bytes, at).map(usize::from)
}

fn word(bytes: &[u8], at: usize) -> Option<usize> {
    let bytes = bytes.get(at..)?.first_chunk()?;
    usize::try_from(u32::from_le_bytes(*bytes)).ok()
}
