//! What is looked for, in every form that it could be written down in, and the search itself.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use certrotd::sim::pki::Issued;
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject as _;

/// A piece shorter than this would be found by accident.
const PIECE_BYTES_MIN: usize = 8;
/// DER bytes in a full line of a PEM.
const LINE_BYTES: usize = 48;
/// Where the private part begins: behind the modulus of an RSA key, and at the scalar of one on a curve. What
/// stands before it stands in the certificate too.
const RSA_PRIVATE_AT: usize = 336;
const CURVE_PRIVATE: std::ops::Range<usize> = 36..68;
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Secrets by name, each with the bytes of all its forms.
#[derive(Default)]
pub struct Needles {
    names: BTreeSet<String>,
    kinds: BTreeSet<&'static str>,
    forms: Vec<(String, Vec<u8>)>,
}

impl Needles {
    pub fn add(&mut self, name: &str, secret: &[u8]) {
        assert!(secret.len() >= PIECE_BYTES_MIN, "{name} is too short to be looked for");
        if !self.names.insert(format!("{name} {}", hex(secret))) {
            return;
        }
        for (kind, form) in forms(secret) {
            self.kinds.insert(kind);
            self.forms.push((format!("{name} ({kind})"), form));
        }
    }

    pub fn text(&mut self, name: &str, secret: &str) {
        self.add(name, secret.as_bytes());
    }

    /// The private part of this key: each line of its PEM and the bytes behind it.
    pub fn key(&mut self, name: &str, issued: &Issued) {
        let der = PrivateKeyDer::from_pem_slice(issued.key_pem.expose().as_bytes()).unwrap();
        let der = der.secret_der();
        if der.len() > RSA_PRIVATE_AT {
            for piece in der[RSA_PRIVATE_AT..].chunks_exact(LINE_BYTES) {
                self.add(name, piece);
            }
        } else {
            self.add(name, &der[CURVE_PRIVATE]);
            // The line of the PEM that most of it stands in.
            self.add(name, &der[..LINE_BYTES]);
        }
    }

    pub fn count(&self) -> (usize, usize) {
        (self.names.len(), self.kinds.len())
    }

    /// What of this is in there, and where.
    pub fn found(&self, hay: &[u8]) -> Vec<(String, usize)> {
        let mut heads: HashMap<[u8; PIECE_BYTES_MIN], Vec<usize>> = HashMap::new();
        let mut first = vec![false; 1 << 16];
        for (index, (_, form)) in self.forms.iter().enumerate() {
            first[usize::from(form[0]) << 8 | usize::from(form[1])] = true;
            let head = form[..PIECE_BYTES_MIN].try_into().unwrap();
            heads.entry(head).or_default().push(index);
        }
        let mut found = Vec::new();
        for at in 0..hay.len().saturating_sub(PIECE_BYTES_MIN - 1) {
            if !first[usize::from(hay[at]) << 8 | usize::from(hay[at + 1])] {
                continue;
            }
            let head: &[u8] = &hay[at..at + PIECE_BYTES_MIN];
            for index in heads.get(head).into_iter().flatten() {
                let (name, form) = &self.forms[*index];
                if hay[at..].starts_with(form) {
                    found.push((name.clone(), at));
                }
            }
        }
        found
    }
}

/// Every way to write it down, none twice.
fn forms(secret: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let mut forms = vec![("raw", secret.to_vec()), ("hex", hex(secret).into_bytes())];
    forms.push(("hex", hex(secret).to_uppercase().into_bytes()));
    // Where it begins in what is encoded shifts the text: of each way, the part that does not depend on its
    // neighbours.
    for shift in 0..3 {
        let padded = [vec![0; shift], secret.to_vec()].concat();
        let whole = base64(&padded[..padded.len() / 3 * 3]);
        let text = &whole[if shift == 0 { 0 } else { 4 }..];
        forms.push(("base64", text.as_bytes().to_vec()));
        forms.push(("base64 for addresses", text.replace('+', "-").replace('/', "_").into_bytes()));
        forms.push(("base64, URL-encoded", percent(text.as_bytes()).into_bytes()));
        forms.push(("base64 in JSON", text.replace('/', "\\/").into_bytes()));
    }
    forms.push(("URL-encoded", percent(secret).into_bytes()));
    forms.push(("URL-encoded", percent(secret).to_lowercase().into_bytes()));
    let numbers: Vec<_> = secret.iter().map(u8::to_string).collect();
    forms.push(("list of bytes", numbers.join(", ").into_bytes()));
    forms.push(("list of bytes", numbers.join(",").into_bytes()));
    if let Ok(text) = str::from_utf8(secret) {
        let once = serde_json::to_string(text).unwrap();
        let once = once.trim_matches('"');
        let twice = serde_json::to_string(once).unwrap();
        forms.push(("JSON-escaped", once.as_bytes().to_vec()));
        forms.push(("JSON-escaped twice", twice.trim_matches('"').as_bytes().to_vec()));
        forms.push(("backwards", text.chars().rev().collect::<String>().into_bytes()));
    }
    let mut seen = BTreeSet::new();
    forms.retain(|(_, form)| form.len() >= PIECE_BYTES_MIN && seen.insert(form.clone()));
    forms
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub fn percent(bytes: &[u8]) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    let one = |byte: &u8| {
        if plain(*byte) { char::from(*byte).to_string() } else { format!("%{byte:02X}") }
    };
    bytes.iter().map(one).collect()
}

pub fn base64(bytes: &[u8]) -> String {
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let byte = |at: usize| u32::from(three.get(at).copied().unwrap_or(0));
        let group = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            let digit = (group >> (18 - 6 * place)) as usize & 63;
            text.push(if place > three.len() { '=' } else { char::from(ALPHABET[digit]) });
        }
    }
    text
}

/// Everything that was written, by whom or where.
#[derive(Default)]
pub struct Hay(Vec<(String, Vec<u8>)>);

impl Hay {
    pub fn add(&mut self, source: &str, bytes: impl Into<Vec<u8>>) {
        self.0.push((source.to_owned(), bytes.into()));
    }

    /// Every file below, but for those that hold secrets by their purpose.
    pub fn tree(&mut self, path: &Path, but: &[&str]) {
        for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
            let (path, name) = (entry.path(), entry.file_name());
            if but.iter().any(|left| name == *left) {
                continue;
            }
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => self.tree(&path, but),
                Ok(kind) if kind.is_file() => {
                    self.add(&path.display().to_string(), std::fs::read(&path).unwrap_or_default());
                }
                _ => {}
            }
        }
    }

    pub fn bytes(&self) -> usize {
        self.0.iter().map(|(_, bytes)| bytes.len()).sum()
    }

    /// Whether this was written at all: that a search found nothing says nothing about an empty hay.
    pub fn says(&self, words: &str) -> bool {
        let words = words.as_bytes();
        self.0.iter().any(|(_, bytes)| bytes.windows(words.len()).any(|window| window == words))
    }

    /// One sentence for each secret in a place.
    pub fn hits(&self, needles: &Needles) -> Vec<String> {
        let mut hits = BTreeSet::new();
        for (source, bytes) in &self.0 {
            for (name, at) in needles.found(bytes) {
                let line = bytes[..at].iter().filter(|byte| **byte == b'\n').count();
                hits.insert(format!("{name} in {source}, line {}", line + 1));
            }
        }
        hits.into_iter().collect()
    }
}
