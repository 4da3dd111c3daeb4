//! PEM framing. The one file that names the archived parser, and the one that says what it skips:
//! unknown labels, indented blocks and a byte-order mark all vanish there without a word.

use std::fmt;

use rustls_pemfile::Item;
use zeroize::{Zeroize, Zeroizing};

use super::base64;
use super::findings::Finding;

/// Most PEM blocks in one file. A published bundle of all public roots has about 150.
pub(super) const BLOCKS_MAX: usize = 512;
/// Base64 characters in a line, as RFC 7468 has it.
const LINE_CHARS: usize = 64;

/// What a file holds, in its order.
#[derive(Default)]
pub(super) struct Document {
    /// DER of each certificate.
    pub certificates: Vec<Vec<u8>>,
    /// Each private key that is not encrypted.
    pub keys: Vec<Key>,
    /// What keeps certificates from being read.
    pub certificate_faults: Vec<Finding>,
    /// What keeps keys from being read.
    pub key_faults: Vec<Finding>,
    /// Labels of blocks that are neither.
    pub skipped: Vec<String>,
}

/// How a private key is framed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `PRIVATE KEY`
    Pkcs8,
    /// `RSA PRIVATE KEY`
    Pkcs1,
    /// `EC PRIVATE KEY`
    Sec1,
}

impl Form {
    const ALL: [Self; 3] = [Self::Pkcs8, Self::Pkcs1, Self::Sec1];

    /// What its frame lines say.
    fn label(self) -> &'static str {
        match self {
            Self::Pkcs8 => "PRIVATE KEY",
            Self::Pkcs1 => "RSA PRIVATE KEY",
            Self::Sec1 => "EC PRIVATE KEY",
        }
    }
}

/// A private key's DER. Wiped when dropped, shown by nothing.
pub(super) struct Key {
    /// How it is framed.
    pub form: Form,
    /// Its DER.
    pub der: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[private key]")
    }
}

impl Key {
    /// How many characters [`Self::to_pem`] has.
    pub(super) fn pem_chars(&self) -> usize {
        Zeroizing::new(self.to_pem()).len()
    }

    /// Canonical PEM: `\n` ends, no blank line around it.
    pub(super) fn to_pem(&self) -> String {
        encode(self.form.label(), &self.der)
    }
}

/// Reads every block. Fails only where no block can be told from the rest.
pub(super) fn read(bytes: &[u8]) -> Result<Document, Finding> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(Finding::Empty);
    }
    if let Some(rest) = bytes.strip_prefix(b"\xef\xbb\xbf") {
        read(rest)?;
        return Err(Finding::ByteOrderMark);
    }
    let mut document = Document::default();
    let mut count = 0;
    each_block(bytes, |block| {
        count += 1;
        if count > BLOCKS_MAX {
            return Err(Finding::TooManyBlocks { max: BLOCKS_MAX });
        }
        document.take(&block);
        Ok(())
    })?;
    match count {
        0 if bytes.first() == Some(&0x30) => Err(Finding::Der),
        0 => Err(Finding::NoPem),
        _ => Ok(document),
    }
}

/// DER of each certificate in a block that TLS software reads, whatever stands in other blocks; and whether
/// there is no other block. No more blocks are told apart than the bytes have room for, one at a time.
pub(super) fn sound_certificates(bytes: &[u8]) -> (Vec<Vec<u8>>, bool) {
    // Behind a byte-order mark, the first block is none.
    let mut alone = !bytes.starts_with(b"\xef\xbb\xbf");
    let mut found = Vec::new();
    // Nothing in here fails.
    let _ = each_block(bytes, |block| {
        let mut document = Document::default();
        document.take(&block);
        alone &= document.certificates.len() == 1;
        found.append(&mut document.certificates);
        Ok(())
    });
    (found, alone)
}

/// Canonical PEM of these bytes: lines of 64, `\n` ends, no blank line around it.
/// Written into one allocation, so that a key leaves no copy behind.
pub(super) fn encode(label: &str, der: &[u8]) -> String {
    let chars = der.len().div_ceil(3) * 4;
    let mut text = String::with_capacity(chars + chars.div_ceil(LINE_CHARS) + 2 * label.len() + 40);
    text.push_str("-----BEGIN ");
    text.push_str(label);
    text.push_str("-----\n");
    for line in der.chunks(LINE_CHARS / 4 * 3) {
        line.chunks(3).for_each(|three| base64(three, &mut text));
        text.push('\n');
    }
    text.push_str("-----END ");
    text.push_str(label);
    text.push_str("-----");
    text
}

fn base64(three: &[u8], text: &mut String) {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let byte = |at: usize| u32::from(three.get(at).copied().unwrap_or(0));
    let group = byte(0) << 16 | byte(1) << 8 | byte(2);
    for place in 0..4 {
        let digit = (group >> (18 - 6 * place)) as usize & 63;
        text.push(if place > three.len() { '=' } else { char::from(ALPHABET[digit]) });
    }
}

/// One block as found: lines trimmed, from BEGIN to END.
struct Block {
    label: String,
    fault: Option<Finding>,
    text: Zeroizing<Vec<u8>>,
}

impl Block {
    /// What stands between the frame lines of a key, where both are whole.
    fn key(&self) -> Option<(Form, &[u8])> {
        let form = Form::ALL.into_iter().find(|form| form.label() == self.label)?;
        let body = self.text.strip_prefix(b"-----BEGIN ")?.strip_prefix(self.label.as_bytes())?;
        let body = body.strip_prefix(b"-----\n")?.strip_suffix(b"-----\n")?;
        let body = body.strip_suffix(self.label.as_bytes())?.strip_suffix(b"-----END ")?;
        (body.is_empty() || body.ends_with(b"\n")).then_some((form, body))
    }
}

impl Document {
    fn take(&mut self, block: &Block) {
        let about_key = block.label.ends_with("PRIVATE KEY");
        let fault = block.fault.clone().or_else(|| match block.label.as_str() {
            "ENCRYPTED PRIVATE KEY" => Some(Finding::EncryptedKey),
            "TRUSTED CERTIFICATE" | "X509 CERTIFICATE" => {
                Some(Finding::ForeignLabel { label: block.label.clone() })
            }
            _ => None,
        });
        match fault.or_else(|| self.decode(block)) {
            Some(fault) if about_key => self.key_faults.push(fault),
            Some(fault) => self.certificate_faults.push(fault),
            None => {}
        }
    }

    fn decode(&mut self, block: &Block) -> Option<Finding> {
        if let Some((form, body)) = block.key() {
            let der = base64::decode(body);
            let broken = der.is_none().then(|| Finding::Broken { label: block.label.clone() });
            self.keys.extend(der.map(|der| Key { form, der }));
            return broken;
        }
        match rustls_pemfile::read_one_from_slice(&block.text) {
            Ok(Some((Item::X509Certificate(der), _))) => self.certificates.push(der.to_vec()),
            Ok(Some((Item::Pkcs8Key(mut der), _))) => {
                self.keys.push(key(Form::Pkcs8, der.secret_pkcs8_der()));
                der.zeroize();
            }
            Ok(Some((Item::Pkcs1Key(mut der), _))) => {
                self.keys.push(key(Form::Pkcs1, der.secret_pkcs1_der()));
                der.zeroize();
            }
            Ok(Some((Item::Sec1Key(mut der), _))) => {
                self.keys.push(key(Form::Sec1, der.secret_sec1_der()));
                der.zeroize();
            }
            Ok(Some(_) | None) => self.skipped.push(block.label.clone()),
            Err(_) => return Some(Finding::Broken { label: block.label.clone() }),
        }
        None
    }
}

fn key(form: Form, der: &[u8]) -> Key {
    Key { form, der: Zeroizing::new(der.to_vec()) }
}

/// Finds each block by its own count of BEGIN lines, with what is wrong with its frame.
fn each_block(
    bytes: &[u8],
    mut take: impl FnMut(Block) -> Result<(), Finding>,
) -> Result<(), Finding> {
    let mut open: Option<Block> = None;
    for line in bytes.split(|byte| *byte == b'\n') {
        let trimmed = line.trim_ascii();
        if let Some(label) = label(trimmed, "-----BEGIN ") {
            open.take().map(cut_off).map_or(Ok(()), &mut take)?;
            let indented = line.first().is_some_and(u8::is_ascii_whitespace);
            open = Some(begin(label, indented, bytes.len()));
        }
        let Some(block) = &mut open else { continue };
        if trimmed.starts_with(b"Proc-Type:") && trimmed.ends_with(b"ENCRYPTED") {
            block.fault = Some(Finding::EncryptedKey);
        }
        block.text.extend_from_slice(trimmed);
        block.text.push(b'\n');
        if label(trimmed, "-----END ").as_ref() == Some(&block.label) {
            open.take().map_or(Ok(()), &mut take)?;
        }
    }
    open.map(cut_off).map_or(Ok(()), take)
}

fn begin(label: String, indented: bool, bytes: usize) -> Block {
    let fault = indented.then(|| Finding::Indented { label: label.clone() });
    // Room for any key of this file at once: growing would leave pieces of it behind.
    let room = if label.ends_with("PRIVATE KEY") { bytes.min(16 << 10) } else { 0 };
    Block { label, fault, text: Zeroizing::new(Vec::with_capacity(room)) }
}

fn cut_off(block: Block) -> Block {
    let fault = Some(Finding::Truncated { label: block.label.clone() });
    Block { fault, ..block }
}

/// The label of a frame line, shortened so that garbage cannot fill a log.
fn label(line: &[u8], prefix: &str) -> Option<String> {
    const LABEL_CHARS_MAX: usize = 40;
    let label = line.strip_prefix(prefix.as_bytes())?;
    let label = label.strip_suffix(b"-----").unwrap_or(label);
    let label = String::from_utf8_lossy(label);
    Some(label.chars().filter(|c| !c.is_control()).take(LABEL_CHARS_MAX).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes_as_openssl_does() {
        for (bytes, said) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v")] {
            let body = if said.is_empty() { String::new() } else { format!("{said}\n") };
            let expected = format!("-----BEGIN X-----\n{body}-----END X-----");
            assert_eq!(encode("X", bytes.as_bytes()), expected);
        }
        let long = encode("X", &[0xff; 49]);
        assert_eq!(long.lines().map(str::len).collect::<Vec<_>>(), [17, 64, 4, 15]);
    }

    #[test]
    fn what_parsers_skip_in_silence_is_named() {
        let good = encode("CERTIFICATE", b"der");
        let fault = |text: &str| {
            let found = read(text.as_bytes());
            found.map_or_else(|fault| fault, |mut found| found.certificate_faults.remove(0))
        };
        let label = || "CERTIFICATE".to_owned();
        assert_eq!(fault(""), Finding::Empty);
        assert_eq!(fault(" \r\n\t"), Finding::Empty);
        assert_eq!(fault("hello"), Finding::NoPem);
        assert_eq!(fault("0\u{3}der"), Finding::Der);
        assert_eq!(fault(&format!("\u{feff}{good}")), Finding::ByteOrderMark);
        assert_eq!(fault(&format!("  {good}")), Finding::Indented { label: label() });
        assert_eq!(fault(&good[..30]), Finding::Truncated { label: label() });
        assert_eq!(fault(&good.replace("ZGVy", "Z!Vy")), Finding::Broken { label: label() });
        let trusted = good.replace("CERT", "TRUSTED CERT");
        assert_eq!(
            fault(&trusted),
            Finding::ForeignLabel { label: format!("TRUSTED {}", label()) }
        );
    }

    #[test]
    fn text_around_blocks_and_other_line_ends_are_fine() {
        let text = format!("subject=x\n{}\nBag\n", encode("CERTIFICATE", b"der"));
        let found = read(text.replace('\n', "\r\n").as_bytes()).unwrap_or_default();
        assert_eq!(found.certificates, [b"der"]);
        assert!(found.certificate_faults.is_empty());
    }

    /// What the library makes of this text as the body of a key.
    fn library(text: &str) -> Option<Vec<u8>> {
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n");
        match rustls_pemfile::read_one_from_slice(pem.as_bytes()) {
            Ok(Some((Item::Pkcs8Key(der), _))) => Some(der.secret_pkcs8_der().to_vec()),
            _ => None,
        }
    }

    #[test]
    fn a_key_is_read_where_the_library_reads_one() {
        let whole = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg+/9=";
        let odd = [
            "AA==",
            "AA=",
            "AAA=",
            "A===",
            "AAAA=",
            "AAAA====",
            "AA=A",
            "A==A",
            "A A\r\n\tA A",
            "=",
            "\u{e9}AAA",
        ];
        let mut texts: Vec<String> = odd.map(str::to_owned).into();
        texts.extend((0_u8..128).map(|byte| format!("AAA{}", char::from(byte))));
        texts.extend((0..whole.len()).map(|end| whole[..end].to_owned()));
        texts.extend((0..whole.len()).map(|at| format!("{}=\n{}", &whole[..at], &whole[at..])));
        for text in texts {
            let own = base64::decode(text.as_bytes()).map(|bytes| bytes.to_vec());
            assert_eq!(own, library(&text), "{text:?}");
        }
    }

    #[test]
    fn a_key_shows_nothing() {
        assert_eq!(format!("{:?}", key(Form::Pkcs8, b"hunter2")), "[private key]");
    }
}
