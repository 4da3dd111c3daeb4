//! Archives as they come, and archives that somebody has tampered with.

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

fn said(bytes: &[u8]) -> String {
    match entries(bytes) {
        Err(Finding::Archive { why }) => why,
        other => panic!("should be refused: {other:?}"),
    }
}

/// Overwrites two bytes behind each place where this mark stands.
fn forged(bytes: &[u8], mark: &[u8], behind: usize, value: u16) -> Vec<u8> {
    let mut forged = bytes.to_vec();
    let found: Vec<_> = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(mark)).collect();
    assert!(!found.is_empty());
    for at in found {
        forged[at + behind..at + behind + 2].copy_from_slice(&value.to_le_bytes());
    }
    forged
}

const END: &[u8] = b"PK\x05\x06";
const LINE: &[u8] = b"PK\x01\x02";
const HEADER: &[u8] = b"PK\x03\x04";

#[test]
fn folders_are_passed_over_and_files_come_by_name() {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default();
    writer.add_directory("folder", options).unwrap();
    for name in ["folder/b", "folder/a"] {
        writer.start_file(name, options.unix_permissions(0o644)).unwrap();
        writer.write_all(name.as_bytes()).unwrap();
    }
    let bytes = writer.finish().unwrap().into_inner();
    assert!(is_zip(&bytes));
    assert_eq!(entries(&bytes), Ok(vec![b"folder/a".to_vec(), b"folder/b".to_vec()]));
    assert_eq!(entries(&pack(&[])), Ok(vec![]));
}

#[test]
fn links_are_refused() {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.add_symlink("link", "/etc/passwd", SimpleFileOptions::default()).unwrap();
    let bytes = writer.finish().unwrap().into_inner();
    assert_eq!(said(&bytes), "has an entry that is a link or a device (\"link\")");
}

#[test]
fn a_name_that_leads_elsewhere_is_refused() {
    for name in [
        "../ca.crt",
        "a/../../ca.crt",
        "/etc/ca.crt",
        "a\\ca.crt",
        "..",
        "C:ca.crt",
        "c:/ca.crt",
        "a\0.crt",
        "a\n.crt",
    ] {
        let why = said(&pack(&[(name, b"x")]));
        assert!(why.starts_with("has an entry with an unsafe name"), "{name:?}: {why}");
        assert!(!why.contains(char::is_control), "{why:?}");
    }
    for name in ["ca..crt", "...", "./ca.crt", "a b/ca.crt", "证书.crt", "ab:c"] {
        assert_eq!(entries(&pack(&[(name, b"x")])), Ok(vec![b"x".to_vec()]), "{name:?}");
    }
}

#[test]
fn an_archive_in_an_archive_is_not_opened() {
    let inner = pack(&[("ca.crt", b"x")]);
    let mut tar = vec![0; 512];
    tar[257..262].copy_from_slice(b"ustar");
    for content in [inner.as_slice(), b"\x1f\x8b\x08\0", b"7z\xbc\xaf\x27\x1c", &tar] {
        let why = said(&pack(&[("inner", content)]));
        assert_eq!(why, "holds another archive (\"inner\"), which is not opened");
    }
    let hidden = [b"junk", inner.as_slice()].concat();
    assert!(said(&pack(&[("inner", &hidden)])).contains("another archive"));
}

#[test]
fn what_is_forged_in_a_header_is_told() {
    let good = pack(&[("a", &[7; 100]), ("b", &[8; 100])]);
    assert!(entries(&good).is_ok());
    for (mark, behind, value, words) in [
        // The record at the end: disk, entries here, entries, bytes and place of the directory, comment.
        (END, 4, 1, "one part of several"),
        (END, 8, 3, "one part of several"),
        (END, 12, 1, "do not fit together"),
        (END, 16, 1, "do not fit together"),
        (END, 18, 0xffff, "do not fit together"),
        (END, 20, 5, "cut off"),
        // The directory: flags, method, checksum, sizes, name, extra field, kind of file, place.
        (LINE, 8, 1, "is encrypted"),
        (LINE, 8, 1 << 6, "is encrypted"),
        (LINE, 10, 99, "is encrypted"),
        (LINE, 10, 12, "(method 12)"),
        (LINE, 10, 0, "do not fit together"),
        (LINE, 16, 1, "do not fit together"),
        (LINE, 20, 9000, "do not fit together"),
        (LINE, 24, 99, "do not fit together"),
        (LINE, 26, 0x7fff, "do not fit together"),
        (LINE, 28, 9000, "do not fit together"),
        (LINE, 30, 1, "do not fit together"),
        (LINE, 42, 9000, "do not fit together"),
        // The entries: flags, method, size, name.
        (HEADER, 6, 1, "is encrypted"),
        (HEADER, 8, 0, "do not fit together"),
        (HEADER, 18, 1, "do not fit together"),
        (HEADER, 26, 2, "do not fit together"),
        (HEADER, 30, 0x7a7a, "do not fit together"),
    ] {
        let why = said(&forged(&good, mark, behind, value));
        assert!(why.contains(words), "{mark:?} + {behind}: {why}");
    }
    let large = forged(&forged(&good, END, 16, 0xffff), END, 18, 0xffff);
    assert!(said(&large).contains("zip64"));
    let many = forged(&forged(&good, END, 8, 0xffff), END, 10, 0xffff);
    assert!(said(&many).contains("more than 64 entries"));
    let both = forged(&forged(&good, LINE, 24, 0xffff), HEADER, 22, 0xffff);
    assert!(said(&both).contains("damaged entry"), "the size is a lie, told twice");
    let bomb = forged(&forged(&good, LINE, 26, 0x11), HEADER, 24, 0x11);
    assert!(said(&bomb).contains("unpacks to more"));
    let sum = forged(&forged(&good, LINE, 16, 7), HEADER, 14, 7);
    assert!(said(&sum).contains("damaged entry"), "the checksum is wrong, told twice");
}

#[test]
fn what_surrounds_or_shares_bytes_is_refused() {
    let good = pack(&[("a", &[7; 100]), ("b", &[8; 100])]);
    for (bytes, words) in [
        ([b"MZ self-extracting".as_slice(), &good].concat(), "do not fit together"),
        ([good.as_slice(), b"trailing"].concat(), "does not end as an archive"),
        (good[..good.len() - 1].to_vec(), "does not end as an archive"),
        (good[..good.len() / 2].to_vec(), "does not end as an archive"),
    ] {
        assert!(said(&bytes).contains(words), "{}", said(&bytes));
    }
    // The same with every number in it moved along, so that all of it fits together.
    let (prefix, one) = (b"MZ self-extracting", pack(&[("a", &[7; 100])]));
    let start = one.windows(4).position(|window| window == LINE).unwrap() + prefix.len();
    let moved = forged(&one, LINE, 42, u16::try_from(prefix.len()).unwrap());
    let moved = forged(&moved, END, 16, u16::try_from(start).unwrap());
    let why = said(&[prefix.as_slice(), &moved].concat());
    assert!(why.contains("begins with something else"), "{why}");
    let twins = pack(&[("a", &[7; 100]), ("b", &[7; 100])]);
    let renamed: Vec<u8> = twins.iter().map(|it| if *it == b'b' { b'a' } else { *it }).collect();
    assert!(said(&renamed).contains("two entries of one name"));
    // What the first entry holds is a second one, which the directory points to.
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let store = |entries: &[(&str, &[u8])]| {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in entries {
            writer.start_file(*name, options).unwrap();
            writer.write_all(content).unwrap();
        }
        writer.finish().unwrap().into_inner()
    };
    let second = store(&[("b", b"content")]);
    let second = &second[..second.windows(4).position(|window| window == LINE).unwrap()];
    let mut shared = store(&[("a", second), ("b", b"content")]);
    let line = shared.windows(4).rposition(|window| window == LINE).unwrap();
    let inside = shared.windows(4).skip(1).position(|window| window == HEADER).unwrap() + 1;
    shared[line + 42..line + 46].copy_from_slice(&u32::try_from(inside).unwrap().to_le_bytes());
    assert!(said(&shared).contains("overlap"));
}
