//! What happens between two moments of a storm: to calls, files, clocks, keys, edges and daemons.

use std::time::Duration;

use certrotd::cycle::Wake;
use certrotd::model::secret::Secret;
use certrotd::sim::{Fault, Misbehaviour, Rule, ids};

use super::house::{ENTRIES, LISTENER, Source};
use super::pairs::LEAVES_MAX;
use super::stage::Stage;
use super::{daemon, faults, tally};

/// CAs that the instances go through at most.
const CAS_MAX: u32 = 4;

impl Stage {
    /// One gust.
    pub async fn gust(&mut self) {
        if self.rng.percent(15) {
            self.write_credentials();
        }
        let host = usize::try_from(self.rng.below(self.houses.len() as u64)).unwrap();
        match self.rng.below(100) {
            0..=9 => self.renew(host),
            10..=14 => self.spoil(host),
            15..=16 if !self.lossy => self.restore(host),
            17..=44 => {
                let rule = faults::gust(&mut self.rng, !self.lossy);
                self.sim.weather(rule);
            }
            45..=47 => {
                tally::count("gust: blind");
                let rule = faults::blindness(&mut self.rng);
                self.sim.weather(rule);
            }
            48..=53 => self.sim.clear_weather(),
            54..=57 => self.edge(),
            58..=60 => self.furniture(),
            61..=63 => {
                tally::count("gust: expire tokens");
                self.sim.expire_tokens();
            }
            64..=65 => self.skew().await,
            66 => self.rotate_credential(host),
            67..=69 => self.authority(),
            70..=71 => self.switch(host),
            72..=73 => self.crash(host).await,
            74..=83 => self.crash_at_work(host).await,
            84..=86 if self.lossy => {
                tally::count("gust: lose journal");
                self.crash(host).await;
                self.make_room(host);
                std::fs::remove_dir_all(self.houses[host].state()).ok();
                self.judge.tries.forget();
            }
            84..=86 => self.reload(host),
            87..=88 => self.wake(host, Wake::Asked(daemon::retries())),
            89..=90 if self.houses[host].full => self.make_room(host),
            89..=90 => self.fill_disk(host),
            91..=92 => self.jump(host).await,
            93..=96 => self.person(),
            97..=98 if self.houses.len() > 1 => self.renew_everywhere(),
            _ => {}
        }
        if self.rng.percent(60) {
            self.wake(host, Wake::Look);
        }
    }

    pub fn renew(&mut self, host: usize) {
        tally::count("gust: renew");
        let entry = self.rng.one_of(&ENTRIES).0;
        if self.newest < LEAVES_MAX - 1 {
            self.newest += 1;
        }
        let newest = self.newest;
        self.put(host, entry, newest);
        if entry != "fin" && self.rng.percent(60) {
            self.put(host, "www", newest);
            self.put(host, "api", newest);
        }
    }

    /// The same leaf comes to all hosts at once, each of which looks for it before any has imported it.
    fn renew_everywhere(&mut self) {
        tally::count("gust: renew everywhere");
        let entry = self.rng.one_of(&ENTRIES).0;
        if self.newest < LEAVES_MAX - 1 {
            self.newest += 1;
        }
        for host in 0..self.houses.len() {
            self.put(host, entry, self.newest);
            self.wake(host, Wake::Look);
        }
    }

    /// A renewal goes in one direction.
    fn put(&mut self, host: usize, entry: &'static str, number: u32) {
        self.houses[host].put(entry, number);
    }

    fn spoil(&mut self, host: usize) {
        let entry = self.rng.one_of(&ENTRIES).0;
        let newest = self.newest;
        let house = &mut self.houses[host];
        match self.rng.below(3) {
            0 => {
                tally::count("gust: tear");
                house.tear(entry);
            }
            1 => {
                tally::count("gust: half");
                house.half(entry, newest);
            }
            _ => {
                tally::count("gust: lose");
                house.lose(entry);
            }
        }
    }

    /// A backup: an older leaf.
    fn restore(&mut self, host: usize) {
        tally::count("gust: restore");
        let entry = self.rng.one_of(&ENTRIES).0;
        let older = 1 + u32::try_from(self.rng.below(u64::from(self.newest))).unwrap();
        self.put(host, entry, older);
    }

    fn edge(&mut self) {
        tally::count("gust: edge");
        let site = self.rng.one_of(&[LISTENER, "waf.example.com", "cdn.example.com"]);
        let how = self.rng.one_of(&[
            None,
            Some(Misbehaviour::Silent),
            Some(Misbehaviour::Closed),
            Some(Misbehaviour::NotTls),
            Some(Misbehaviour::Garbage),
        ]);
        tally::count(&format!("edge: {}", how.map_or("well".to_owned(), |how| format!("{how:?}"))));
        self.sim.misbehave(site, how);
        let instance = self.rng.one_of(&[ids::REDIS_ZIP, ids::TAURUSDB]);
        if self.rng.percent(30) {
            self.sim.misbehave(instance, how);
        }
    }

    fn furniture(&mut self) {
        tally::count("gust: furniture");
        let delay = Duration::from_secs(self.rng.below(60));
        let latency = Duration::from_millis(self.rng.one_of(&[0, 20, 1_000]));
        let errors = self.rng.percent(30).then(|| self.settings.region.clone());
        self.sim.change(|settings| {
            settings.edge_delay = delay;
            settings.latency = latency;
            settings.deployed_errors = errors.into_iter().collect();
        });
    }

    /// A renewal sets the daemon to work, and it is killed at some moment of that.
    async fn crash_at_work(&mut self, host: usize) {
        let latency = Duration::from_millis(self.rng.one_of(&[5, 300, 1_000]));
        self.sim.change(|settings| settings.latency = latency);
        if self.rng.percent(50) {
            // Then the work is done and its answer is still on its way.
            let path = self.rng.one_of(&["/import", "/import", "/push", "/elb/listeners/"]);
            let method = if path == "/elb/listeners/" { "PUT" } else { "POST" };
            let slow = Fault::Slow(Duration::from_secs(20));
            self.sim.weather(Rule::new(method, path, slow).times(1));
        }
        self.write_credentials();
        self.renew(host);
        self.wake(host, Wake::Look);
        let span = Duration::from_millis(self.rng.below(12_000));
        self.live_for(span).await;
        self.crash(host).await;
        let latency = self.settings.latency;
        self.sim.change(|settings| settings.latency = latency);
    }

    /// Every daemon is down for a while.
    pub async fn pause(&mut self) {
        for host in 0..self.houses.len() {
            self.crash(host).await;
        }
        tokio::time::sleep(Duration::from_secs(200)).await;
    }

    /// The credential is replaced in the cloud first, and on the hosts at some later time.
    fn rotate_credential(&mut self, host: usize) {
        tally::count("gust: rotate credential");
        let fresh = format!("another-secret-of-{}", self.rng.below(1 << 40));
        self.judge.look(&self.sim, &self.houses);
        self.judge.tries.rotated();
        match self.houses[host].source {
            Source::AccessKey => self.settings.secret_key = Secret::new(fresh.clone()),
            Source::Password => self.settings.password = Secret::new(fresh.clone()),
        }
        let settings = self.settings.clone();
        self.sim.change(|own| {
            own.secret_key = settings.secret_key;
            own.password = settings.password;
        });
        if self.rng.percent(70) {
            self.write_credentials();
        }
    }

    pub fn write_credentials(&mut self) {
        for house in &self.houses {
            house.write("sk", self.settings.secret_key.expose());
            house.write("password", self.settings.password.expose());
        }
        self.judge.look(&self.sim, &self.houses);
        self.judge.tries.written();
    }

    fn authority(&mut self) {
        if self.published < CAS_MAX && self.rng.percent(50) {
            tally::count("gust: publish");
            self.publish(self.published + 1);
        }
        if self.rng.percent(50) {
            tally::count("gust: present");
            self.present();
        }
    }

    fn switch(&mut self, host: usize) {
        if self.rng.percent(30) {
            self.sim.fail_next_job("no luck");
        } else if let Some(on) = self.houses[host].ssl {
            tally::count("gust: switch");
            self.houses[host].ssl = Some(!on);
            self.reload(host);
        }
    }
}
