//! The pairs of all storms: made once, since keys take their time.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use certrotd::model::digest::Sha256;
use certrotd::model::time::Time;
use certrotd::sim::pki::{Authority, Issued, KeyKind};
use certrotd::sim::settings::Pair;

/// Leaves that a rotation goes through at most.
pub const LEAVES_MAX: u32 = 12;
/// The leaf that stands everywhere at first; somebody else put it there.
pub const FORMER: u32 = 0;

/// What a leaf is for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Kind {
    /// Listener, host and domain.
    Www,
    /// Another name at the same listener.
    Fin,
    /// A neighbour at that listener.
    Shop,
}

impl Kind {
    /// The names in its leaves, the probed one first.
    pub fn names(self) -> &'static [&'static str] {
        match self {
            Self::Www => &["www.example.com", "waf.example.com", "cdn.example.com"],
            Self::Fin => &["fin.example.com"],
            Self::Shop => &["shop.example.com"],
        }
    }
}

struct Made {
    authority: Authority,
    now: Time,
    leaves: BTreeMap<(Kind, u32), Arc<Issued>>,
    authorities: BTreeMap<u32, Arc<Authority>>,
}

static MADE: LazyLock<Mutex<Made>> = LazyLock::new(|| {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Mutex::new(Made {
        authority: Authority::new("Storm"),
        now: Time::from_secs(0) + now,
        leaves: BTreeMap::new(),
        authorities: BTreeMap::new(),
    })
});

/// A moment shortly before all storms.
pub fn zero() -> Time {
    MADE.lock().unwrap().now
}

/// The leaf of this number: a higher one was issued later.
pub fn leaf(kind: Kind, number: u32) -> Arc<Issued> {
    let mut made = MADE.lock().unwrap();
    if let Some(found) = made.leaves.get(&(kind, number)) {
        return Arc::clone(found);
    }
    let day = Duration::from_secs(86_400);
    let from = made.now - day * 60 + Duration::from_secs(3600) * number;
    // Two kinds of keys, side by side at one listener.
    let key = if kind == Kind::Www { KeyKind::Rsa2048 } else { KeyKind::EcdsaP256 };
    let issued = Arc::new(made.authority.issue(kind.names(), key, from, made.now + day * 60));
    made.leaves.insert((kind, number), Arc::clone(&issued));
    issued
}

/// The number of a leaf, by its digest.
pub fn number(kind: Kind, sha256: &Sha256) -> Option<u32> {
    let made = MADE.lock().unwrap();
    let mut all = made.leaves.iter().filter(|((of, _), _)| *of == kind);
    all.find(|(_, issued)| issued.sha256 == *sha256).map(|((_, number), _)| *number)
}

/// A leaf as somebody else put it into a service.
pub fn pair(kind: Kind, number: u32) -> Pair {
    let issued = leaf(kind, number);
    let (name, fullchain) = (format!("{kind:?}-{number}"), issued.fullchain_pem());
    Pair { name, fullchain, key: issued.key_pem.clone() }
}

/// The authority of an instance, by its number.
pub fn authority(number: u32) -> Arc<Authority> {
    let mut made = MADE.lock().unwrap();
    let new = || Arc::new(Authority::new(&format!("Instance {number}")));
    Arc::clone(made.authorities.entry(number).or_insert_with(new))
}
