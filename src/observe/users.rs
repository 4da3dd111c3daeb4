//! What uses the certificates of a service in a project, found by its own name and by what it uses.

use std::collections::HashMap;

use crate::cloud::elb::Listener;
use crate::cloud::waf::Host;

/// What uses certificates in a project. CDN says it in its list of certificates.
#[derive(Debug)]
pub enum Users {
    /// Of ELB.
    Listeners(Found<Listener>),
    /// Of WAF.
    Hosts(Found<Host>),
    /// Of CDN.
    InTheList,
}

/// All of one kind.
#[derive(Debug)]
pub struct Found<T> {
    all: Vec<T>,
    by_name: HashMap<String, Vec<usize>>,
    by_certificate: HashMap<String, Vec<usize>>,
}

impl Users {
    /// By their ids.
    pub fn listeners(all: Vec<Listener>) -> Self {
        let used = |it: &Listener| {
            let refs = [&it.default_ref, &it.client_ca_ref].into_iter().flatten();
            refs.chain(&it.sni_refs).cloned().collect()
        };
        Self::Listeners(Found::new(all, |it| vec![it.id.clone()], used))
    }

    /// By their ids, and by their names.
    pub fn hosts(all: Vec<Host>) -> Self {
        let names = |it: &Host| vec![it.id.clone(), it.hostname.clone()];
        Self::Hosts(Found::new(all, names, |it| it.certificate_id.iter().cloned().collect()))
    }
}

impl<T> Found<T> {
    fn new(
        all: Vec<T>,
        names: impl Fn(&T) -> Vec<String>,
        certificates: impl Fn(&T) -> Vec<String>,
    ) -> Self {
        let (mut by_name, mut by_certificate) = (HashMap::new(), HashMap::new());
        for (at, one) in all.iter().enumerate() {
            let lower = |name: String| name.to_ascii_lowercase();
            put(&mut by_name, names(one).into_iter().map(lower), at);
            put(&mut by_certificate, certificates(one), at);
        }
        Self { all, by_name, by_certificate }
    }

    /// Those that may be called so, whatever the case of the letters.
    pub fn called(&self, name: &str) -> impl Iterator<Item = &T> {
        self.pick(self.by_name.get(&name.to_ascii_lowercase()))
    }

    /// Those that use this certificate.
    pub fn using(&self, id: &str) -> impl Iterator<Item = &T> {
        self.pick(self.by_certificate.get(id))
    }

    fn pick<'a>(&'a self, places: Option<&'a Vec<usize>>) -> impl Iterator<Item = &'a T> {
        places.into_iter().flatten().map(|at| &self.all[*at])
    }
}

/// Once under each name.
fn put(
    index: &mut HashMap<String, Vec<usize>>,
    names: impl IntoIterator<Item = String>,
    at: usize,
) {
    for name in names {
        let places = index.entry(name).or_default();
        if places.last() != Some(&at) {
            places.push(at);
        }
    }
}
