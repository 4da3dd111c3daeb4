//! The simulated cloud: every service on one loopback port, over real HTTP, stricter and ruder than
//! the real one.
//!
//! It is written from the API's documents and shares nothing with the client: the contract stands
//! twice in this repository, and a mistake in one half shows as a quarrel with the other. It
//! recomputes every signature, refuses unknown paths and fields (and remembers them as
//! [violations](Sim::violations)), checks keys and chains, lets lists lag, and misbehaves on demand.
//!
//! [`settings`] says what it holds at the start, [`weather`] how it misbehaves, [`ledger`] what it
//! was asked; `world` is its state, `server` its socket, `routes` the list of all that it can do.
//! [`edge`] serves certificates in real handshakes, for the instances too, and [`pki`] is a certificate authority for whoever
//! needs something to import.

mod answer;
mod ask;
mod auth;
mod cdn;
mod console;
mod control;
mod databases;
mod dcs;
pub mod edge;
mod edges;
mod elb;
mod furnish;
mod furniture;
mod geminidb;
mod greeter;
mod iam;
mod instance_setup;
mod instances;
pub mod ledger;
mod limit;
mod metadata;
mod obs;
pub mod pki;
mod routes;
mod scm;
mod server;
pub mod settings;
mod sites;
mod stored;
mod taurusdb;
#[cfg(test)]
mod tests;
mod waf;
pub mod weather;
mod world;
mod x509;

use std::io;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::{broadcast, oneshot};
use tokio::task::AbortHandle;

pub use edge::Misbehaviour;
pub use greeter::Speech;
pub use instance_setup::{CaFile, CaInstance, CcmCertificate, Listening, ids};
pub use ledger::Call;
pub use settings::{DomainSetup, HostSetup, ListenerSetup, Pair, Settings};
pub use stored::{Labels, StoredCertificate};
pub use weather::{Fault, Rule};
pub use world::{ScmCertificate, SslJob};
pub use x509::Family;

use crate::model::target::Target;
use crate::model::time::Time;
use server::Shared;
use world::{World, fresh_uuid};

/// A running simulated cloud. Dropping it closes the port and every connection.
pub struct Sim {
    shared: Arc<Shared>,
    url: String,
    running: Running,
}

enum Running {
    Task(AbortHandle),
    /// The sender ends the thread's runtime when it is dropped.
    Thread(Option<oneshot::Sender<()>>, Option<std::thread::JoinHandle<()>>),
}

impl Sim {
    /// Starts on the current runtime, on a loopback port that the system chooses. With a paused
    /// clock, its lags, jobs and token lives follow that clock.
    pub async fn start(settings: Settings) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let (shared, url) = furnished(settings, &listener)?;
        let task = tokio::spawn(server::run(listener, Arc::clone(&shared)));
        Ok(Self { shared, url, running: Running::Task(task.abort_handle()) })
    }

    /// Starts on a thread and runtime of its own, for callers that block or start processes.
    pub fn start_thread(settings: Settings) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (listener, shared, url) = runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            let (shared, url) = furnished(settings, &listener)?;
            io::Result::Ok((listener, shared, url))
        })?;
        let (stop, stopped) = oneshot::channel::<()>();
        let served = Arc::clone(&shared);
        let thread =
            std::thread::Builder::new().name("simulated-cloud".to_owned()).spawn(move || {
                runtime.block_on(async {
                    tokio::select! {
                        never = server::run(listener, served) => match never {},
                        _ = stopped => {}
                    }
                });
            })?;
        Ok(Self { shared, url, running: Running::Thread(Some(stop), Some(thread)) })
    }

    /// `http://127.0.0.1:PORT`: the endpoint of every service, the metadata service included.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// Every call so far, in the order of their answers.
    pub fn calls(&self) -> Vec<Call> {
        self.shared.world().calls.clone()
    }

    /// Calls from now on, as they happen. Who lags far behind loses some.
    pub fn subscribe(&self) -> broadcast::Receiver<Call> {
        self.shared.calls.subscribe()
    }

    /// What callers did that the documents do not allow; a well-behaved client leaves it empty.
    pub fn violations(&self) -> Vec<String> {
        self.shared.world().violations.clone()
    }

    /// What the certificate manager holds, oldest first, without any lag.
    pub fn imports(&self) -> Vec<ScmCertificate> {
        self.shared.world().imports.clone()
    }

    /// The copies that pushes left in this target, oldest first, without any lag.
    pub fn copies(&self, target: Target) -> Vec<StoredCertificate> {
        let all = self.certificates(target).into_iter();
        all.filter(|found| !found.certificate_id.is_empty()).collect()
    }

    /// Every certificate in this target, oldest first, without any lag: those that were there from the
    /// start, pushed copies, and those made through its own API.
    pub fn certificates(&self, target: Target) -> Vec<StoredCertificate> {
        let world = self.shared.world();
        world.certificates.iter().filter(|found| found.target == target).cloned().collect()
    }

    /// Every SSL switch of TaurusDB that was accepted: one a restart of a database.
    pub fn ssl_jobs(&self) -> Vec<SslJob> {
        self.shared.world().jobs.clone()
    }

    /// The cloud's clock.
    pub fn now(&self) -> Time {
        self.shared.now()
    }

    /// Adds a rule; earlier rules strike first.
    pub fn weather(&self, rule: Rule) {
        self.shared.world().weather.push(rule);
    }

    /// Calm again.
    pub fn clear_weather(&self) {
        self.shared.world().weather.clear();
    }

    /// Changes the furniture of a running cloud: lag, latency, keys, password, instances.
    pub fn change(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.shared.world().settings);
    }

    /// Every token and temporary secret given out so far: what must never be seen in a log.
    pub fn secrets_given(&self) -> Vec<String> {
        self.shared.world().auth.secrets_given()
    }

    /// Every IAM token and temporary key given out so far ends now.
    pub fn expire_tokens(&self) {
        let now = self.shared.now();
        self.shared.world().auth.expire_all(now);
    }

    /// The next SSL switch is accepted, and its job ends as failed for this reason.
    pub fn fail_next_job(&self, reason: &str) {
        self.shared.world().job_failures.push(reason.to_owned());
    }

    /// An SSL switch that somebody else began at this moment.
    pub fn foreign_job(&self, instance: &str, on: bool, created: Time) {
        let mut world = self.shared.world();
        let ends = created + world.settings.job_time;
        let id = fresh_uuid();
        world.jobs.push(SslJob {
            id,
            instance: instance.to_owned(),
            on,
            created,
            ends,
            failure: None,
        });
        world.edges.wake();
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        match &mut self.running {
            Running::Task(task) => task.abort(),
            Running::Thread(stop, thread) => {
                drop(stop.take());
                if let Some(thread) = thread.take() {
                    // A panic there was printed already, and dropping must not panic again.
                    let _ = thread.join();
                }
            }
        }
    }
}

fn furnished(settings: Settings, listener: &TcpListener) -> io::Result<(Arc<Shared>, String)> {
    let url = format!("http://{}", listener.local_addr()?);
    let shared = Arc::new(Shared::new(World::new(settings, url.clone())));
    let now = shared.now();
    let mut world = shared.world();
    furnish::all(&mut world, now).map_err(io::Error::other)?;
    world.open_edges(now)?;
    world.open_instances(now)?;
    drop(world);
    Ok((shared, url))
}
