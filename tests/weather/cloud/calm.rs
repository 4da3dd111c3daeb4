//! The end of a storm: fair weather, newest leaves, and an operator; and what must be true then.

use std::collections::BTreeMap;
use std::time::Duration;

use certrotd::cert::{Family, read_ca};
use certrotd::model::place::{Dial, Probe};
use certrotd::model::target::Target;
use certrotd::observe::served;
use certrotd::plan::Held;
use certrotd::plan::hold::Hold;
use certrotd::plan::observed::Handshake;
use certrotd::sim::ids;

use super::house::{ENTRIES, LISTENER, PLACES, kind};
use super::pairs::Kind;
use super::stage::Stage;
use super::{clock, daemon, events, full, pairs, pushes, tally};

/// So often everything is looked at until it must have settled.
const ROUNDS_MAX: u32 = 40;
/// Somebody asks for everything again each so many rounds: some holds end by that alone.
const RETRY_EVERY: u32 = 4;
/// Time between two of them.
const BETWEEN: Duration = Duration::from_secs(600);
/// Longer than anything is waited for, a day's re-check included.
const LONG: Duration = Duration::from_secs(26 * 3_600);

impl Stage {
    /// Ends the storm, waits until everything has settled, and judges it. Gives how often each leaf was
    /// imported.
    pub async fn calm(mut self) -> BTreeMap<String, u64> {
        self.clear().await;
        for round in 1..=ROUNDS_MAX {
            let writes = self.judge.writes;
            let held = self.settle(round % RETRY_EVERY == 0).await;
            // Who waited for another's old copy to be unused finds that out in the pass after.
            if held.is_empty() && self.judge.writes == writes {
                break;
            }
            assert!(round < ROUNDS_MAX, "it did not settle: {held:#?}");
            tokio::time::sleep(BETWEEN).await;
        }
        self.judge_calm().await;
        let writes = self.judge.writes;
        assert!(self.settle(false).await.is_empty(), "it does not stay settled");
        assert_eq!(self.judge.writes, writes, "a pass over what is settled writes");
        self.judge_journals();
        self.houses.iter().for_each(daemon::count_effects);
        if self.houses.len() > 1 {
            self.search().await;
        }
        std::mem::take(&mut self.judge.imported)
    }

    /// Whatever is imported more than once was told of. Then every host loses its journal and has to look for
    /// all its imports: it finds them, and says of each leaf that it has more than once, and of no other, that
    /// it has.
    async fn search(&mut self) {
        let mut times = BTreeMap::<_, u64>::new();
        for import in self.sim.imports() {
            *times.entry(import.sha256).or_default() += 1;
        }
        let told = events::all_told_twice();
        for house in &self.houses {
            for (entry, _) in ENTRIES {
                let wanted = house.wanted(entry).unwrap();
                let is_told = told.contains(&wanted.to_string());
                assert!(is_told || times[&wanted] == 1, "nobody said that {entry} is there twice");
            }
            std::fs::remove_dir_all(house.state()).unwrap();
            events::told_twice();
            daemon::settle(house.configure(&self.sim, "15m"), &[]).await;
            let told = events::told_twice();
            for (entry, _) in ENTRIES {
                let wanted = house.wanted(entry).unwrap();
                let (is_told, times) = (told.contains(&wanted.to_string()), times[&wanted]);
                assert_eq!(is_told, times > 1, "{entry}: imported {times} times, told {told:?}");
                tally::count(if is_told { "searched: twice" } else { "searched: once" });
            }
            self.judge.look(&self.sim, &self.houses);
        }
        let imports = self.sim.imports().len() as u64;
        assert_eq!(imports, times.values().sum::<u64>(), "a lost journal imports nothing again");
    }

    async fn clear(&mut self) {
        self.sim.clear_weather();
        self.pause().await;
        clock::set_ahead(self.ahead_secs);
        (0..self.houses.len()).for_each(|host| self.make_room(host));
        for site in [LISTENER, "waf.example.com", "cdn.example.com", ids::REDIS_ZIP, ids::TAURUSDB]
        {
            self.sim.misbehave(site, None);
        }
        self.sim.change(|settings| {
            settings.latency = Duration::ZERO;
            settings.deployed_errors.clear();
        });
        self.write_credentials();
        self.present();
        let newest = self.newest + 1;
        let same = self.rng.percent(50);
        for house in &mut self.houses {
            house.put("www", newest);
            house.put("api", if same { newest } else { newest + 1 });
            house.put("fin", newest);
        }
        tokio::time::sleep(LONG).await;
        if self.houses.len() > 1 {
            // Several at once, so that none has imported a leaf before the others look for it.
            (0..self.houses.len()).for_each(|host| self.start(host));
            self.live_for(LONG).await;
            self.pause().await;
        }
    }

    /// One `apply` of each host; gives what still waits and should not.
    async fn settle(&mut self, retry: bool) -> Vec<Held> {
        let mut waiting = Vec::new();
        for house in &self.houses {
            let asked = if retry { daemon::retries() } else { Vec::new() };
            let held = daemon::settle(house.configure(&self.sim, "15m"), &asked).await;
            // People use what would be deleted.
            let waits = |held: &Held| !matches!(held.why, Hold::StillUsed { .. });
            waiting.extend(held.into_iter().filter(waits));
            self.judge.look(&self.sim, &self.houses);
        }
        waiting
    }

    /// What was done is remembered, where no journal was lost, and nothing older followed anything newer.
    fn judge_journals(&self) {
        if self.lossy {
            return;
        }
        self.houses.iter().for_each(pushes::judge);
        let mut begun = BTreeMap::<_, u64>::new();
        for (leaf, times) in self.houses.iter().flat_map(full::begun) {
            *begun.entry(leaf).or_default() += times;
        }
        for (leaf, times) in &self.judge.imported {
            let known = begun.get(leaf).copied().unwrap_or_default();
            assert!(*times <= known, "{leaf} was imported {times} times and begun {known} times");
        }
    }

    async fn judge_calm(&self) {
        for house in &self.houses {
            for (entry, _) in ENTRIES {
                let wanted = house.wanted(entry).unwrap();
                let imports = self.sim.imports();
                let imported = imports.iter().filter(|import| import.sha256 == wanted).count();
                assert!(imported >= 1 && imported <= self.houses.len(), "{entry}: {imported}");
                let targets =
                    if entry == "fin" { &[Target::Elb][..] } else { &[Target::Elb, Target::Waf] };
                for target in targets {
                    let copies = self.sim.certificates(*target);
                    let there = copies.iter().any(|copy| copy.sha256 == wanted);
                    assert!(there, "{entry} is in {target}");
                }
            }
            for (site, entry, name) in PLACES {
                let wanted = house.wanted(entry).unwrap();
                assert!(self.sim.bound(site).contains(&wanted), "{entry} is bound at {site}");
                let at = self.sim.edge(site).unwrap();
                let (text, asked) = (name.to_owned(), Some(name.to_owned()));
                let probe = Probe { text, name: asked, at: Dial::Address(at) };
                let family = if kind(entry) == Kind::Www { Family::Rsa } else { Family::Ecdsa };
                let Handshake::Served { sha256, .. } = served::look(&probe, family).await else {
                    panic!("nothing is served at {site}");
                };
                assert_eq!(sha256, wanted, "{entry} is served at {site}");
            }
            let published = read_ca(pairs::authority(self.published).ca_pem().as_bytes()).unwrap();
            for name in ["redis", "gemini"] {
                let bytes = std::fs::read(house.path(&format!("ca/{name}.pem"))).unwrap();
                assert_eq!(read_ca(&bytes).unwrap().sha256, published.sha256, "the CA of {name}");
            }
            if let Some(on) = house.ssl {
                assert_eq!(self.sim.ssl(ids::TAURUSDB), Some(on), "SSL is as wanted");
            }
        }
    }
}
