//! A storm's cloud and its hosts, and how time passes there.

use std::time::Duration;

use certrotd::cycle::Wake;
use certrotd::model::target::CaSource;
use certrotd::sim::settings::{DomainSetup, HostSetup, ListenerSetup};
use certrotd::sim::{CaFile, CaInstance, Listening, Settings, Sim, Speech, ids};

use super::clock;
use super::daemon::{self, Daemon};
use super::house::{ENTRIES, House, LISTENER, Source, kind};
use super::judge::Judge;
use super::pairs::{self, FORMER, Kind};
use super::{full, tally};
use crate::rng::Rng;

/// The longest lag of a list, in seconds.
const LAG_SECS_MAX: u64 = 50;
/// A certificate of an instance lives this long, in days.
const INSTANCE_DAYS: u64 = 365;

/// The ledger keeps some thousands of calls for who does not read it.
const UNJUDGED_MAX: Duration = Duration::from_secs(3_600);

pub struct Stage {
    pub rng: Rng,
    pub sim: Sim,
    pub settings: Settings,
    pub houses: Vec<House>,
    pub daemons: Vec<Option<Daemon>>,
    pub judge: Judge,
    /// Whether journals may be lost: then lists do not lag and nothing arrives late.
    pub lossy: bool,
    /// The newest leaf that was issued.
    pub newest: u32,
    /// The CA that the instances publish.
    pub published: u32,
    /// How far the daemons' clock is ahead when it is not plainly wrong, in seconds.
    pub ahead_secs: i64,
    pub reloads: u32,
}

impl Stage {
    pub async fn new(seed: u64, hosts: usize) -> Self {
        let mut rng = Rng(seed ^ (hosts as u64) << 32);
        let lossy = hosts == 1 && rng.percent(20);
        let settings = settings(&mut rng, lossy);
        let sim = Sim::start(settings.clone()).await.unwrap();
        clock::start(sim.now());
        let ahead_secs = if lossy { 0 } else { rng.one_of(&[0, 0, 25, -25, 500, -500]) };
        clock::set_ahead(ahead_secs);
        let source = rng.one_of(&[Source::AccessKey, Source::AccessKey, Source::Password]);
        let ssl = (hosts == 1 && !lossy).then(|| rng.percent(70));
        let probed = rng.percent(50);
        let house = |_| {
            let mut house = House::new(source, ssl, probed);
            house.write("ak", &settings.access_key);
            house.write("sk", settings.secret_key.expose());
            house.write("password", settings.password.expose());
            ENTRIES.iter().for_each(|(entry, _)| house.put(entry, 1));
            house
        };
        let houses: Vec<_> = (0..hosts).map(house).collect();
        let judge = Judge::new(&sim, hosts);
        let daemons = houses.iter().map(|_| None).collect();
        let (newest, published, reloads) = (1, 1, 0);
        Self {
            rng,
            sim,
            settings,
            houses,
            daemons,
            judge,
            lossy,
            newest,
            published,
            ahead_secs,
            reloads,
        }
    }

    /// Some time passes, and is judged.
    pub async fn live(&mut self) {
        let span = match self.rng.below(100) {
            0..=59 => Duration::from_millis(1 + self.rng.below(4_000)),
            60..=84 => Duration::from_millis(1 + self.rng.below(60_000)),
            85..=97 => Duration::from_secs(60 + self.rng.below(1_200)),
            _ => Duration::from_secs(25 * 3_600),
        };
        self.live_for(span).await;
    }

    pub async fn live_for(&mut self, span: Duration) {
        for host in 0..self.houses.len() {
            if self.daemons[host].is_none() && self.rng.percent(80) {
                self.start(host);
            }
        }
        let mut left = span;
        while !left.is_zero() {
            let part = left.min(UNJUDGED_MAX);
            daemon::live(&mut self.daemons, part).await;
            self.judge.look(&self.sim, &self.houses);
            left -= part;
        }
    }

    /// Starts the daemon of a host, which refuses where it could not remember anything.
    pub fn start(&mut self, host: usize) {
        let config = self.houses[host].configure(&self.sim, "15m");
        if self.houses[host].full {
            full::refuses(config);
        } else {
            self.daemons[host] = Some(Daemon::start(config));
        }
    }

    /// The daemon of a host is killed, at once or after so many polls.
    pub async fn crash(&mut self, host: usize) {
        if self.rng.percent(60) {
            let (polls, at_most) = (1 + self.rng.below(60), Duration::from_secs(300));
            daemon::live_polls(&mut self.daemons, polls, at_most).await;
            self.judge.look(&self.sim, &self.houses);
        }
        if self.daemons[host].take().is_some() {
            daemon::count_open(&self.houses[host], "crashed");
            self.judge.look(&self.sim, &self.houses);
            self.judge.tries.crashed(&self.houses[host]);
        }
    }

    pub fn wake(&self, host: usize, wake: Wake) {
        if let Some(daemon) = &self.daemons[host] {
            daemon.wake(wake);
        }
    }

    pub fn reload(&mut self, host: usize) {
        tally::count("gust: reload");
        self.reloads += 1;
        let longest = if self.reloads.is_multiple_of(2) { "15m" } else { "14m" };
        let config = self.houses[host].configure(&self.sim, longest);
        self.wake(host, Wake::Reload(Box::new(config)));
    }

    /// From now on the instances publish this CA, and present what it issued.
    pub fn publish(&mut self, number: u32) {
        self.published = number;
        let authority = pairs::authority(number);
        self.sim.set_ca(ids::REDIS_ZIP, authority.ca_pem());
        self.sim.set_ca(ids::GEMINIDB, authority.ca_pem());
    }

    /// The instance presents what the published CA issued.
    pub fn present(&self) {
        let life = Duration::from_secs(INSTANCE_DAYS * 86_400);
        self.sim.renew_instance(ids::REDIS_ZIP, &pairs::authority(self.published), life);
    }
}

fn settings(rng: &mut Rng, lossy: bool) -> Settings {
    let secs = |rng: &mut Rng, most: u64| Duration::from_secs(rng.below(most));
    let lag = if lossy { 0 } else { LAG_SECS_MAX };
    let now = pairs::zero();
    let authority = pairs::authority(1);
    let day = Duration::from_secs(86_400);
    let listening = |id: &str, speech| Listening {
        id: id.to_owned(),
        speech,
        pair: authority.instance(now - day, now + day * 365),
    };
    let instance = |source, id, file| CaInstance::new(source, id, file);
    let pem = authority.ca_pem().to_owned();
    Settings {
        list_lag: secs(rng, lag + 1),
        job_lag: secs(rng, 20),
        job_time: Duration::from_secs(5) + secs(rng, 60),
        latency: Duration::from_millis(rng.one_of(&[0, 5, 300])),
        edge_delay: secs(rng, 60),
        page_max: rng.one_of(&[2, 1000]),
        token_life: Duration::from_secs(1800),
        listeners: vec![ListenerSetup {
            id: LISTENER.to_owned(),
            name: "public".to_owned(),
            default: Some(pairs::pair(kind("www"), FORMER)),
            sni: vec![pairs::pair(Kind::Shop, FORMER), pairs::pair(Kind::Fin, FORMER)],
            ..ListenerSetup::default()
        }],
        waf_hosts: vec![HostSetup {
            hostname: "waf.example.com".to_owned(),
            default: Some(pairs::pair(Kind::Www, FORMER)),
            premium: rng.percent(50),
            ..HostSetup::default()
        }],
        cdn_domains: vec![DomainSetup {
            name: "cdn.example.com".to_owned(),
            default: Some(pairs::pair(Kind::Www, FORMER)),
        }],
        instances: vec![
            instance(CaSource::Dcs, ids::REDIS_ZIP, CaFile::Zip(pem.clone())),
            instance(CaSource::GeminiDb, ids::GEMINIDB, CaFile::Pem(pem)),
        ],
        listening: vec![
            listening(ids::REDIS_ZIP, Speech::Tls),
            listening(ids::TAURUSDB, Speech::MySql),
        ],
        taurusdb: vec![ids::TAURUSDB.to_owned()],
        ..Settings::default()
    }
}
