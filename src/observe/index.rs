//! Things of a list by what they are looked up by, at eight bytes each: a map would hold every key a second time, and
//! lists have tens of thousands.

/// Where a key stands: the thing's place in the list, and which of its keys it is.
pub(super) type Spot = (u32, u32);

/// Spots in the order of their keys, and of equal ones in that of the list. It holds no key: whoever asks says again
/// how a spot's key is found, as when it was made.
#[derive(Debug)]
pub(super) struct Index(Box<[Spot]>);

impl Index {
    /// Of these spots.
    pub fn new<K: Ord>(spots: impl Iterator<Item = Spot>, key: impl Fn(Spot) -> K) -> Self {
        let mut spots: Vec<_> = spots.collect();
        spots.sort_by(|one, other| key(*one).cmp(&key(*other)).then(one.cmp(other)));
        Self(spots.into())
    }

    /// The places of all with this key, each once, in the order of the list.
    pub fn find<K: Ord>(&self, wanted: K, key: impl Fn(Spot) -> K) -> impl Iterator<Item = usize> {
        let from = self.0.partition_point(|spot| key(*spot) < wanted);
        let behind = &self.0[from..];
        let found = &behind[..behind.partition_point(|spot| key(*spot) == wanted)];
        let mut last = None;
        let places = found.iter().map(|(place, _)| *place as usize);
        places.filter(move |place| last.replace(*place) != Some(*place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_with_a_key_are_found_once_and_in_their_order() {
        let list = [vec!["b", "a"], vec![], vec!["a", "c", "a"], vec!["b"]];
        let key = |(place, nth): Spot| list[place as usize][nth as usize];
        let spots = || {
            (0..4).flat_map(|at: u32| (0..list[at as usize].len() as u32).map(move |nth| (at, nth)))
        };
        let index = Index::new(spots(), key);
        for (wanted, found) in
            [("a", vec![0, 2]), ("b", vec![0, 3]), ("c", vec![2]), ("", vec![]), ("d", vec![])]
        {
            assert_eq!(index.find(wanted, key).collect::<Vec<_>>(), found, "{wanted}");
        }
    }
}
