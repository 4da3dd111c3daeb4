//! The memory as a block of bytes, so that a start need not fold every line again.
//!
//! Why not one of serde's formats: the lines' own (JSON) takes ten times as long to read, and the
//! compact ones cannot hold what the lines are made of (a tagged `Action`, fields that are left out).
//! Here each text, name, digest and import is written once and pointed to after that, which is also what
//! makes names share their letters in the memory that comes out.

mod shapes;

pub(super) use shapes::shape;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::Hash;

use super::Memory;
use crate::model::digest::Sha256;
use crate::model::names::Name;
use crate::plan::action::ImportKey;

/// The number of this format. Whoever changes a shape gives it the next one, and goes on reading this one: where
/// lines have been pruned, nothing else tells what they said.
pub const FORMAT: i64 = 2;

/// That of blocks without pauses, which stand behind all else.
const WITHOUT_PAUSES: i64 = 1;
/// A list of none, in a block.
const NONE: u8 = 0;

/// Every format that can be read.
pub const FORMATS: [i64; 2] = [WITHOUT_PAUSES, FORMAT];

/// How many things there is room for before the first of them is read: growing by and by would copy the others.
const RESERVED_MAX: usize = 1 << 20;

impl Memory {
    /// All of it as bytes, also what [`Self::notice`] and [`Self::jump`] have taken in: they are as true for whoever
    /// starts next, and no line tells of them.
    pub fn pack(&self) -> Vec<u8> {
        let mut to = Packer::default();
        self.put(&mut to);
        to.out
    }

    /// Takes back what [`Self::pack`] gave, now or when this was the format; absent: these are not such bytes.
    pub fn unpack(format: i64, bytes: &[u8]) -> Option<Self> {
        let whole = match format {
            FORMAT => Cow::Borrowed(bytes),
            WITHOUT_PAUSES => Cow::Owned([bytes, &[NONE]].concat()),
            _ => return None,
        };
        let mut from = Unpacker { rest: &whole, ..Unpacker::default() };
        let memory = Self::take(&mut from)?;
        from.rest.is_empty().then_some(memory)
    }

    /// How many lines have been folded.
    pub fn lines(&self) -> u64 {
        self.clock.lines
    }
}

/// What can be written into a block and read back.
pub(super) trait Packed: Sized {
    /// Writes it.
    fn put<'m>(&'m self, to: &mut Packer<'m>);
    /// Reads it; absent: it is not there.
    fn take(from: &mut Unpacker<'_>) -> Option<Self>;
}

/// A block in the making, and what stands in it already.
#[derive(Default)]
pub(super) struct Packer<'m> {
    out: Vec<u8>,
    texts: HashMap<&'m str, u64>,
    names: HashMap<&'m Name, u64>,
    digests: HashMap<&'m Sha256, u64>,
    keys: HashMap<&'m ImportKey, u64>,
}

/// What is left of a block, and what stood before it.
#[derive(Default)]
pub(super) struct Unpacker<'a> {
    rest: &'a [u8],
    texts: Vec<&'a str>,
    names: Vec<Name>,
    digests: Vec<Sha256>,
    keys: Vec<ImportKey>,
}

impl Packer<'_> {
    /// Seven bits a byte, the low ones first; the eighth says that more come.
    fn number(&mut self, mut number: u64) {
        while number > 0x7f {
            self.out.push((number & 0x7f) as u8 | 0x80);
            number >>= 7;
        }
        self.out.push(number as u8);
    }

    /// How many things follow.
    pub(super) fn count(&mut self, count: usize) {
        self.number(count as u64);
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.out.extend_from_slice(bytes);
    }
}

impl<'a> Unpacker<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    /// A count of things that follow: never more than there are bytes, so that none asks for more memory than
    /// the block could fill.
    fn count(&mut self) -> Option<usize> {
        usize::try_from(self.number()?).ok().filter(|count| *count <= self.rest.len())
    }

    fn exactly(&mut self, count: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(bytes)
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let count = self.count()?;
        self.exactly(count)
    }
}

/// Where this stands already; absent: it is new, its place is kept, and it has to be written now.
fn known<T: Eq + Hash>(of: &mut HashMap<T, u64>, it: T) -> Option<u64> {
    let next = of.len() as u64;
    match *of.entry(it).or_insert(next) {
        place if place == next => None,
        place => Some(place),
    }
}

/// Writes zero and the thing itself the first time, and after that one more than its place.
macro_rules! once {
    ($type:ty, $table:ident, $borrow:expr, $put:expr, $take:expr, $own:expr) => {
        impl Packed for $type {
            fn put<'m>(&'m self, to: &mut Packer<'m>) {
                let borrow: fn(&'m Self) -> _ = $borrow;
                match known(&mut to.$table, borrow(self)) {
                    Some(place) => to.number(place + 1),
                    None => {
                        to.number(0);
                        let put: fn(&'m Self, &mut Packer<'m>) = $put;
                        put(self, to);
                    }
                }
            }

            fn take(from: &mut Unpacker<'_>) -> Option<Self> {
                let place = match from.number()?.checked_sub(1) {
                    Some(place) => usize::try_from(place).ok()?,
                    None => {
                        let new = $take(from)?;
                        from.$table.push(new);
                        from.$table.len() - 1
                    }
                };
                from.$table.get(place).map($own)
            }
        }
    };
}

once!(
    String,
    texts,
    |text| text.as_str(),
    |text, to| to.bytes(text.as_bytes()),
    text,
    |text: &&str| (*text).to_owned()
);
once!(Name, names, |name| name, |name, to| to.bytes(name.as_str().as_bytes()), name, Name::clone);
once!(
    Sha256,
    digests,
    |digest| digest,
    |digest, to| to.out.extend_from_slice(digest.bytes()),
    digest,
    |digest: &Sha256| *digest
);
once!(ImportKey, keys, |key| key, shapes::put_key, shapes::take_key, ImportKey::clone);

fn text<'a>(from: &mut Unpacker<'a>) -> Option<&'a str> {
    std::str::from_utf8(from.bytes()?).ok()
}

fn name(from: &mut Unpacker<'_>) -> Option<Name> {
    Name::new(text(from)?).ok()
}

fn digest(from: &mut Unpacker<'_>) -> Option<Sha256> {
    Some(Sha256::from_bytes(from.exactly(32)?.try_into().ok()?))
}

impl<T: Packed> Packed for Option<T> {
    fn put<'m>(&'m self, to: &mut Packer<'m>) {
        to.number(u64::from(self.is_some()));
        if let Some(it) = self {
            it.put(to);
        }
    }

    fn take(from: &mut Unpacker<'_>) -> Option<Self> {
        match from.byte()? {
            0 => Some(None),
            1 => T::take(from).map(Some),
            _ => None,
        }
    }
}

impl<T: Packed> Packed for Box<T> {
    fn put<'m>(&'m self, to: &mut Packer<'m>) {
        self.as_ref().put(to);
    }

    fn take(from: &mut Unpacker<'_>) -> Option<Self> {
        T::take(from).map(Self::new)
    }
}

impl<T: Packed> Packed for Box<[T]> {
    /// As a list that can grow.
    fn put<'m>(&'m self, to: &mut Packer<'m>) {
        to.count(self.len());
        self.iter().for_each(|it| it.put(to));
    }

    fn take(from: &mut Unpacker<'_>) -> Option<Self> {
        Vec::take(from).map(Vec::into_boxed_slice)
    }
}

impl<A: Packed, B: Packed> Packed for (A, B) {
    fn put<'m>(&'m self, to: &mut Packer<'m>) {
        self.0.put(to);
        self.1.put(to);
    }

    fn take(from: &mut Unpacker<'_>) -> Option<Self> {
        Some((A::take(from)?, B::take(from)?))
    }
}

impl<T: Packed> Packed for Vec<T> {
    fn put<'m>(&'m self, to: &mut Packer<'m>) {
        to.count(self.len());
        self.iter().for_each(|it| it.put(to));
    }

    fn take(from: &mut Unpacker<'_>) -> Option<Self> {
        let count = from.count()?;
        let mut all = Self::with_capacity(count.min(RESERVED_MAX));
        for _ in 0..count {
            all.push(T::take(from)?);
        }
        Some(all)
    }
}

impl<T: Packed + Ord> Packed for BTreeSet<T> {
    fn put<'m>(&'m self, to: &mut Packer<'m>) {
        to.count(self.len());
        self.iter().for_each(|it| it.put(to));
    }

    fn take(from: &mut Unpacker<'_>) -> Option<Self> {
        Vec::take(from).map(|all| all.into_iter().collect())
    }
}

impl<K: Packed + Ord, V: Packed> Packed for BTreeMap<K, V> {
    fn put<'m>(&'m self, to: &mut Packer<'m>) {
        to.count(self.len());
        for (key, value) in self {
            key.put(to);
            value.put(to);
        }
    }

    fn take(from: &mut Unpacker<'_>) -> Option<Self> {
        // In order as it comes, the tree is built from below, in one go.
        Vec::<(K, V)>::take(from).map(|all| all.into_iter().collect())
    }
}

#[cfg(test)]
mod tests;
