//! Numbers, texts and leaves as bytes, each text and each leaf once.

use std::collections::HashMap;
use std::sync::Arc;

use crate::cert::LeafFacts;
use crate::model::digest::{Sha1, Sha256};
use crate::model::time::Time;

/// How many things there is room for before the first of them is read.
const RESERVED_MAX: usize = 1 << 20;

/// Bytes in the making, and what stands in them already.
#[derive(Default)]
pub(super) struct Writer<'s> {
    pub out: Vec<u8>,
    texts: HashMap<&'s str, u64>,
    leaves: HashMap<Sha256, (u64, &'s LeafFacts)>,
    leaves_written: u64,
}

impl<'s> Writer<'s> {
    /// Seven bits a byte, the low ones first; the eighth says that more come.
    pub fn number(&mut self, mut number: u64) {
        while number > 0x7f {
            self.out.push((number & 0x7f) as u8 | 0x80);
            number >>= 7;
        }
        self.out.push(number as u8);
    }

    pub fn time(&mut self, time: Time) {
        self.out.extend_from_slice(&time.millis().to_le_bytes());
    }

    pub fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.out.extend_from_slice(bytes);
    }

    /// One more than its place where it stands already, else zero and the text.
    pub fn text(&mut self, text: &'s str) {
        let next = self.texts.len() as u64;
        let place = *self.texts.entry(text).or_insert(next);
        if place < next {
            return self.number(place + 1);
        }
        self.number(0);
        self.bytes(text.as_bytes());
    }

    /// Likewise. The same certificate may lie on the disk and in several places.
    pub fn leaf(&mut self, leaf: &'s LeafFacts) {
        let next = self.leaves_written;
        let (place, known) = *self.leaves.entry(leaf.sha256).or_insert((next, leaf));
        if place < next && known == leaf {
            return self.number(place + 1);
        }
        self.leaves_written += 1;
        self.number(0);
        let LeafFacts { sha256, sha1, serial, subject, issuer, not_before, not_after, names, key } =
            leaf;
        self.out.extend_from_slice(sha256.bytes());
        self.out.extend_from_slice(sha1.bytes());
        [serial, subject, issuer, key].into_iter().for_each(|it| self.text(it));
        self.time(*not_before);
        self.time(*not_after);
        self.number(names.len() as u64);
        names.iter().for_each(|it| self.text(it));
    }
}

/// What is left of the bytes, and what stood before it. Whatever is absent was not there.
#[derive(Default)]
pub(super) struct Reader<'b> {
    pub rest: &'b [u8],
    texts: Vec<&'b str>,
    leaves: Vec<Arc<LeafFacts>>,
}

impl<'b> Reader<'b> {
    pub fn of(bytes: &'b [u8]) -> Self {
        Self { rest: bytes, ..Self::default() }
    }

    pub fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let (byte, rest) = self.rest.split_first()?;
            self.rest = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    /// A count of things that follow: never more than there are bytes.
    pub fn count(&mut self) -> Option<usize> {
        usize::try_from(self.number()?).ok().filter(|count| *count <= self.rest.len())
    }

    /// So many of these.
    pub fn all<T>(&mut self, one: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count = self.count()?;
        let mut all = Vec::with_capacity(count.min(RESERVED_MAX));
        for _ in 0..count {
            all.push(one(self)?);
        }
        Some(all)
    }

    pub fn exactly<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (bytes, rest) = self.rest.split_first_chunk::<N>()?;
        self.rest = rest;
        Some(*bytes)
    }

    pub fn digest(&mut self) -> Option<Sha256> {
        self.exactly().map(Sha256::from_bytes)
    }

    pub fn time(&mut self) -> Option<Time> {
        self.exactly().map(i64::from_le_bytes).map(Time::from_millis)
    }

    pub fn bytes(&mut self) -> Option<&'b [u8]> {
        let count = self.count()?;
        let (bytes, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(bytes)
    }

    pub fn text(&mut self) -> Option<&'b str> {
        if let Some(place) = self.number()?.checked_sub(1) {
            return self.texts.get(usize::try_from(place).ok()?).copied();
        }
        let text = std::str::from_utf8(self.bytes()?).ok()?;
        self.texts.push(text);
        Some(text)
    }

    pub fn leaf(&mut self) -> Option<Arc<LeafFacts>> {
        if let Some(place) = self.number()?.checked_sub(1) {
            return self.leaves.get(usize::try_from(place).ok()?).cloned();
        }
        let (sha256, sha1) = (self.digest()?, Sha1::from_bytes(self.exactly()?));
        let (serial, subject) = (self.text()?.into(), self.text()?.into());
        let (issuer, key) = (self.text()?.into(), self.text()?.into());
        let (not_before, not_after) = (self.time()?, self.time()?);
        let names = self.all(|from| from.text().map(Into::into))?;
        let leaf =
            LeafFacts { sha256, sha1, serial, subject, issuer, not_before, not_after, names, key };
        let leaf = Arc::new(leaf);
        self.leaves.push(Arc::clone(&leaf));
        Some(leaf)
    }
}
