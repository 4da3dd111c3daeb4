//! Which certificates of a listener make room for which: arithmetic on references, nothing is sent here.

use super::Listener;

/// Puts one certificate in the place of others.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Exchange {
    /// The id of the certificate to bind.
    pub put: String,
    /// The ids that it takes the place of, wherever they stand in the listener; empty: it takes an
    /// empty place.
    pub instead_of: Vec<String>,
}

/// What a listener needs for an exchange.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Change {
    /// It has it already.
    Nothing,
    /// What was to be exchanged stands there no more, and what was to be put does not either.
    Gone,
    /// The fields that change, each whole.
    Fields { default_ref: Option<String>, sni_refs: Option<Vec<String>> },
}

/// What this listener needs. The default is exchanged where it is one of those to make room. In the list
/// of the others, the new one takes the first place that it or one of them has, stands there once, and
/// all others keep their order.
pub(super) fn change(listener: &Listener, exchange: &Exchange) -> Change {
    if exchange.instead_of.is_empty() {
        return added(listener, &exchange.put);
    }
    let leaves = |id: &String| *id != exchange.put && exchange.instead_of.contains(id);
    let default_ref =
        listener.default_ref.as_ref().is_some_and(leaves).then(|| exchange.put.clone());
    let sni_refs =
        listener.sni_refs.iter().any(leaves).then(|| exchanged(&listener.sni_refs, exchange));
    if default_ref.is_some() || sni_refs.is_some() {
        Change::Fields { default_ref, sni_refs }
    } else if stands(listener, &exchange.put) {
        Change::Nothing
    } else {
        Change::Gone
    }
}

fn added(listener: &Listener, put: &str) -> Change {
    if stands(listener, put) {
        return Change::Nothing;
    }
    if listener.default_ref.is_none() {
        return Change::Fields { default_ref: Some(put.to_owned()), sni_refs: None };
    }
    let mut refs = listener.sni_refs.clone();
    refs.push(put.to_owned());
    Change::Fields { default_ref: None, sni_refs: Some(refs) }
}

fn exchanged(refs: &[String], exchange: &Exchange) -> Vec<String> {
    let mut placed = false;
    let place = |id: &String| {
        if *id != exchange.put && !exchange.instead_of.contains(id) {
            return Some(id.clone());
        }
        (!std::mem::replace(&mut placed, true)).then(|| exchange.put.clone())
    };
    refs.iter().filter_map(place).collect()
}

fn stands(listener: &Listener, id: &str) -> bool {
    listener.default_ref.as_deref() == Some(id) || listener.sni_refs.iter().any(|sni| sni == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    fn fields(default_ref: Option<&str>, sni_refs: Option<&str>) -> Change {
        Change::Fields { default_ref: default_ref.map(str::to_owned), sni_refs: sni_refs.map(ids) }
    }

    #[test]
    fn one_takes_the_place_of_others_and_nobody_else_moves() {
        for (said, default, sni, instead_of, expected) in [
            ("the default", "old", "", "old", fields(Some("new"), None)),
            ("one by name", "x", "a old b", "old", fields(None, Some("a new b"))),
            ("both", "old", "a old", "old", fields(Some("new"), Some("a new"))),
            ("several, once", "x", "old a older b", "older old", fields(None, Some("new a b"))),
            ("already beside it", "x", "a new old b", "old", fields(None, Some("a new b"))),
            ("beside it, later", "x", "old a new", "old", fields(None, Some("new a"))),
            ("the same twice", "x", "old a old", "old", fields(None, Some("new a"))),
            ("default new, list old", "new", "old a", "old", fields(None, Some("new a"))),
            ("done before", "new", "a", "old", Change::Nothing),
            ("done before, by name", "x", "a new", "old", Change::Nothing),
            ("itself is no change", "new", "new", "new", Change::Nothing),
            ("taken by somebody", "x", "a", "old", Change::Gone),
            ("an empty place", "", "", "", fields(Some("new"), None)),
            ("an empty default beside names", "", "a", "", fields(Some("new"), None)),
            ("a further name", "x", "a b", "", fields(None, Some("a b new"))),
            ("nothing to add", "x", "a new", "", Change::Nothing),
        ] {
            let listener = Listener {
                id: "l".to_owned(),
                name: String::new(),
                protocol: "HTTPS".to_owned(),
                default_ref: ids(default).pop(),
                sni_refs: ids(sni),
                client_ca_ref: None,
            };
            let exchange = Exchange { put: "new".to_owned(), instead_of: ids(instead_of) };
            assert_eq!(change(&listener, &exchange), expected, "{said}");
        }
    }
}
