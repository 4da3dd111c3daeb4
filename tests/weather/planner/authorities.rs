//! The instance of a storm: the CAs that it publishes one after the other, and the file that holds them.

use std::time::Duration;

use super::fixture::digest;
use super::world::World;
use certrotd::model::digest::Sha256;

/// CAs that an instance goes through at most; as many as have digests of their own.
pub const CAS_MAX: u8 = 15;
/// How long a former CA stays beside the published one.
pub const OVERLAP: Duration = Duration::from_secs(500);

impl World {
    /// The instance publishes another CA, and may present it at once.
    pub fn publish(&mut self) {
        let (former, now) = (self.published.0, self.now);
        self.published = (former + 1, now);
        if self.rng.percent(40) {
            self.presented = self.published.0;
        }
        self.file
            .iter_mut()
            .filter(|(n, _)| *n == former)
            .for_each(|(_, since)| *since = Some(now));
    }

    /// A file with these CAs. One that clients still need never leaves it, and none does too soon.
    pub fn land_authorities(&mut self, authorities: &[Sha256]) {
        let number = |it: &Sha256| (1..=CAS_MAX).find(|n| digest(*n) == *it).unwrap();
        let next: Vec<_> = authorities.iter().map(number).collect();
        for (n, since) in &self.file {
            let stays = next.contains(n);
            assert!(stays || *n != self.presented, "CA {n} leaves while the instance needs it");
            let age = since.map(|since| self.now.since(since));
            assert!(stays || age.is_some_and(|age| age >= OVERLAP), "CA {n} leaves after {age:?}");
        }
        let since = |n: u8| {
            (n != self.published.0).then(|| {
                let known = self.file.iter().find(|(of, _)| *of == n);
                known.and_then(|(_, since)| *since).unwrap_or(self.now)
            })
        };
        self.file = next.into_iter().map(|n| (n, since(n))).collect();
        self.hook_due = true;
    }
}
