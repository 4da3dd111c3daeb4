//! What may never happen, asked of the cloud's ledger and of its state during the whole storm.

use std::collections::BTreeMap;

use certrotd::model::time::Time;
use certrotd::sim::{Call, Sim};
use serde_json::Value;
use tokio::sync::broadcast;

use super::house::{House, LISTENER, PLACES, kind};
use super::pairs::{self, FORMER, Kind};
use super::tries::Tries;
use super::{daemon, events, tally};

pub struct Judge {
    calls: broadcast::Receiver<Call>,
    /// How often each leaf was imported, by the beginning of its digest.
    pub imported: BTreeMap<String, u64>,
    imports_max: u64,
    /// The newest leaf of each place so far.
    newest: BTreeMap<(&'static str, Kind), u32>,
    listener: Value,
    host: Value,
    domain: Value,
    pub tries: Tries,
    pub writes: u64,
    jobs: usize,
    /// The leaf of the neighbour at the listener.
    pub shop: u32,
    /// When it was judged last.
    looked: Time,
}

impl Judge {
    /// Nothing has happened yet.
    pub fn new(sim: &Sim, hosts: usize) -> Self {
        let (listener, host, domain) = neighbours(sim);
        Self {
            calls: sim.subscribe(),
            imported: BTreeMap::new(),
            imports_max: hosts as u64,
            newest: BTreeMap::new(),
            listener,
            host,
            domain,
            tries: Tries::new(hosts),
            writes: 0,
            jobs: 0,
            shop: FORMER,
            looked: sim.now(),
        }
    }

    /// Judges everything since the last time.
    pub fn look(&mut self, sim: &Sim, houses: &[House]) {
        loop {
            match self.calls.try_recv() {
                Ok(call) => self.call(&call, sim, houses),
                Err(broadcast::error::TryRecvError::Empty) => break,
                Err(error) => panic!("the ledger was not read in time: {error}"),
            }
        }
        assert_eq!(sim.violations(), Vec::<String>::new());
        self.places(sim, houses);
        self.switches(sim);
        let now = neighbours(sim);
        assert_eq!((&self.listener, &self.host, &self.domain), (&now.0, &now.1, &now.2));
        self.looked = sim.now();
    }

    /// A person has edited what is none of our business: from now on that has to stay.
    pub fn edited(&mut self, sim: &Sim) {
        (self.listener, self.host, self.domain) = neighbours(sim);
    }

    fn call(&mut self, call: &Call, sim: &Sim, houses: &[House]) {
        if let Some(fault) = call.fault {
            tally::count(&format!("struck: {fault}"));
        }
        self.tries.call(call);
        if !is_write(call) {
            return;
        }
        self.writes += 1;
        events::tell(|| call.to_string());
        let refused = call.status.is_some_and(|status| status == 400 || status == 409);
        let import = call.path.ends_with("/certificates/import");
        let delete = call.method == "DELETE";
        let excused = call.fault.is_some() || call.detail == "SCM.0008";
        assert!(excused || !refused || !(import || delete && houses.len() == 1), "refused: {call}");
        if let Some(told) = call.detail.strip_prefix("import ") {
            let (entry, digits) = named(told);
            let had = houses.iter().any(|house| house.had(&[entry], digits, call.at));
            assert!(had, "{entry} imports what was not good on its disk: {call}");
            let times = self.imported.entry(digits.to_owned()).or_default();
            *times += 1;
            assert!(*times <= self.imports_max, "imported {times} times: {call}");
        } else if let Some(told) = call.detail.strip_prefix("push ") {
            let (entry, digits) = named(told);
            let entries: &[_] = if entry == "fin" { &["fin"] } else { &["www", "api"] };
            let had = houses.iter().any(|house| house.had(entries, digits, call.at));
            assert!(had, "what was not good on the disk is pushed: {call}");
        } else if let Some(told) = call.detail.strip_prefix("delete ")
            && call.path.starts_with("/v3/scm/")
        {
            self.deleted(named(told).1, call, sim, houses);
        }
    }

    fn deleted(&self, digits: &str, call: &Call, sim: &Sim, houses: &[House]) {
        for (site, ..) in PLACES {
            let bound = sim.bound(site).iter().any(|leaf| leaf.short() == digits);
            assert!(!bound, "deleted while it is bound at {site}: {call}");
        }
        let wants = |house: &House| house.has_long_wanted(digits, call.at);
        // A host cannot know of another's disk: one that has something newer clears away what it had itself, though
        // a host that is renewals behind may have nothing better. That one imports it again.
        let entries = &["www", "api", "fin"];
        let ahead = |house: &House| house.had_between(entries, digits, Time::default(), call.at);
        let may = houses.iter().any(|house| ahead(house) && !wants(house));
        assert!(may || !houses.iter().any(wants), "deleted while it is wanted: {call}");
    }

    /// What comes to be bound lay good on a disk, and nothing older is bound where something newer was;
    /// unless the edges have failed so that a daemon goes back. Its journal tells; where that is lost,
    /// what it has said.
    fn places(&mut self, sim: &Sim, houses: &[House]) {
        for (site, entry, _) in PLACES {
            let kind = kind(entry);
            let bound = sim.bound(site);
            let found = bound.iter().find_map(|leaf| pairs::number(kind, leaf));
            let found = found.unwrap_or_else(|| panic!("{entry} has nothing at {site}: {bound:?}"));
            let newest = std::mem::replace(self.newest.entry((site, kind)).or_default(), found);
            if newest == found {
                continue;
            }
            tally::count("judged: another leaf is bound");
            let back = events::has_rolled_back()
                || houses.iter().any(|house| daemon::has_gone_back(house, site));
            assert!(newest <= found || back, "{entry} at {site}: {found} is bound after {newest}");
            let (digits, from) = (pairs::leaf(kind, found).sha256.short(), self.looked);
            let had = |house: &House| house.had_between(&[entry], &digits, from, sim.now());
            let good = houses.iter().any(had);
            assert!(
                good || back,
                "{entry} at {site}: {found} is bound and was not good on its disk"
            );
        }
        let shop = pairs::leaf(Kind::Shop, self.shop).sha256;
        assert!(sim.bound(LISTENER).contains(&shop), "a neighbour's certificate is gone");
    }

    /// A database is restarted once for one wanted state.
    fn switches(&mut self, sim: &Sim) {
        let jobs = sim.ssl_jobs();
        for index in self.jobs..jobs.len() {
            let good = |job: &&certrotd::sim::SslJob| job.failure.is_none();
            let before = jobs[..index].iter().rfind(good).map(|job| job.on);
            assert_ne!(before, Some(jobs[index].on), "restarted twice for one state");
        }
        self.jobs = jobs.len();
    }
}

/// Whether a call changes something.
pub fn is_write(call: &Call) -> bool {
    let reads = ["/auth/tokens", "/deployed-resources", "/ssl-certs/download"];
    call.method != "GET" && !reads.iter().any(|path| call.path.ends_with(path))
}

/// Entry and digits of an import's name, with what follows it.
fn named(told: &str) -> (&str, &str) {
    let name = told.split(' ').next().unwrap();
    name.rsplit_once('-').unwrap()
}

/// Everything that is none of our business: the whole objects without what we bind, and when they changed.
fn neighbours(sim: &Sim) -> (Value, Value, Value) {
    let mut listener = sim.listener(LISTENER).unwrap();
    for ours in ["default_tls_container_ref", "sni_container_refs", "updated_at"] {
        listener[ours] = Value::Null;
    }
    let mut host = sim.host("waf.example.com").unwrap();
    for ours in ["certificateid", "certificatename"] {
        host[ours] = Value::Null;
    }
    let mut domain = sim.domain("cdn.example.com").unwrap();
    let https = domain["https"].as_object_mut().unwrap();
    https.retain(|key, _| !key.starts_with("certificate_") && !key.contains("scm_"));
    https.remove("expire_time");
    https.remove("private_key");
    (listener, host, domain)
}
