//! What a pass works on: one immutable configuration, and a client for each of its accounts.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::cloud::{Calls, Cloud, Lockout};
use crate::config::{Certificate, Config, InstanceCa, InstanceSsl};
use crate::model::account::{Account, CredentialSource, Refusal};
use crate::model::failure::Failure;
use crate::model::names::{Name, Subject};
use crate::model::time::{Clock, Time};
use crate::plan::memory::Memory;

/// One configuration, connected.
#[derive(Debug)]
pub struct World {
    /// What is wanted. Entries leave it by [`Self::leave_out`] alone.
    pub config: Config,
    /// Where each entry stands in the configuration.
    places: HashMap<Subject, usize>,
    clouds: BTreeMap<Name, Cloud>,
    lockout: Lockout,
    /// The same as another world's as long as both have the same clients.
    connection: Arc<()>,
}

impl World {
    /// Builds a client for each account; sends nothing. The memory tells of credentials that did
    /// not work.
    pub fn connect(config: Config, memory: &Memory, clock: Clock) -> Result<Self, Failure> {
        let lockout = Lockout::new(&memory.refusals().cloned().collect::<Vec<_>>(), clock);
        Self::guarded(config, lockout)
    }

    /// The same for another configuration, with the guard of this one: what was tried counts on.
    pub fn reconnect(&self, config: Config) -> Result<Self, Failure> {
        Self::guarded(config, self.lockout.clone())
    }

    /// The same clients for a configuration with other entries: nothing is connected anew.
    pub fn with_entries(&self, config: Config) -> Self {
        Self {
            places: places(&config),
            config,
            clouds: self.clouds.clone(),
            lockout: self.lockout.clone(),
            connection: Arc::clone(&self.connection),
        }
    }

    /// Whether clients can be built for this configuration.
    pub fn builds(config: &Config) -> Result<(), Failure> {
        Self::guarded(config.clone(), Lockout::new(&[], Time::default)).map(drop)
    }

    fn guarded(config: Config, lockout: Lockout) -> Result<Self, Failure> {
        let client = |account: &Account| Ok((account.name.clone(), Cloud::new(account, &lockout)?));
        let clouds = config.accounts.iter().map(client).collect::<Result<_, Failure>>()?;
        let (places, connection) = (places(&config), Arc::default());
        Ok(Self { config, places, clouds, lockout, connection })
    }

    /// Whether this asks of an entry what the other one did, with the same clients: then what was seen for the
    /// other holds here.
    pub fn asks_as(&self, other: &Self, subject: &Subject) -> bool {
        Arc::ptr_eq(&self.connection, &other.connection)
            && match subject {
                Subject::Certificate(name) => {
                    let own = self.certificate(name);
                    own.is_some() && own == other.certificate(name)
                }
                // A pattern finds certificates alone; all else is read from the file, with clients of its own.
                Subject::Ca(_) | Subject::Ssl(_) => true,
            }
    }

    /// The client of an account. A resolved configuration names no account that it lacks.
    pub fn cloud(&self, name: &Name) -> Option<&Cloud> {
        self.clouds.get(name)
    }

    /// All clients.
    pub fn clouds(&self) -> impl Iterator<Item = &Cloud> {
        self.clouds.values()
    }

    /// Warns of files with secrets in them that others may read, where the configuration does not
    /// name them and so could not warn itself: the profile file.
    pub fn warn_of_exposed_files(&self) {
        let unnamed = |cloud: &&Cloud| {
            matches!(
                cloud.account().credentials,
                CredentialSource::Default | CredentialSource::Profile
            )
        };
        for (path, mode) in self.clouds().filter(unnamed).flat_map(Cloud::exposed_files) {
            let path = path.display();
            tracing::warn!(
                event = "config.warning",
                "{path} holds a secret and has mode {mode:04o}, so others can read it: chmod 600 {path}"
            );
        }
    }

    /// Credentials refused since the last call.
    pub fn take_refusals(&self) -> Vec<Refusal> {
        self.lockout.take_refusals()
    }

    /// Counts every call to the cloud, also those of worlds that come after this one.
    pub fn calls(&self) -> Calls {
        self.lockout.calls()
    }

    /// Asks for nothing more of these accounts.
    pub fn leave_out(&mut self, is_out: impl Fn(&Name) -> bool) {
        self.config.certificates.retain(|entry| !is_out(&entry.cloud));
        self.config.instance_cas.retain(|entry| !is_out(&entry.cloud));
        self.config.instance_ssls.retain(|entry| !is_out(&entry.cloud));
        self.places = places(&self.config);
    }

    /// Everything that the configuration asks for, in no order.
    pub fn subjects(&self) -> Vec<Subject> {
        self.places.keys().cloned().collect()
    }

    /// Whether the configuration asks for it.
    pub fn knows(&self, subject: &Subject) -> bool {
        self.places.contains_key(subject)
    }

    /// The `[[certificate]]` of this name.
    pub fn certificate(&self, name: &Name) -> Option<&Arc<Certificate>> {
        self.config.certificates.get(self.place(Subject::Certificate(name.clone()))?)
    }

    /// The `[[instance_ca]]` of this name.
    pub fn instance_ca(&self, name: &Name) -> Option<&InstanceCa> {
        self.config.instance_cas.get(self.place(Subject::Ca(name.clone()))?)
    }

    /// The `[[instance_ssl]]` of this name.
    pub fn instance_ssl(&self, name: &Name) -> Option<&InstanceSsl> {
        self.config.instance_ssls.get(self.place(Subject::Ssl(name.clone()))?)
    }

    fn place(&self, subject: Subject) -> Option<usize> {
        self.places.get(&subject).copied()
    }
}

/// Entries are asked for by name thousands of times in a pass.
fn places(config: &Config) -> HashMap<Subject, usize> {
    let certificates = config.certificates.iter().map(|it| Subject::Certificate(it.name.clone()));
    let cas = config.instance_cas.iter().map(|it| Subject::Ca(it.name.clone()));
    let switches = config.instance_ssls.iter().map(|it| Subject::Ssl(it.name.clone()));
    let (certificates, cas, switches) = (certificates.zip(0..), cas.zip(0..), switches.zip(0..));
    certificates.chain(cas).chain(switches).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::parse;

    #[test]
    fn only_an_entry_that_is_the_same_is_asked_for_as_before() {
        let entry = |name: &str, key: &str| {
            format!("[[certificate]]\nname = '{name}'\ncert = '/{name}'\nkey = '{key}'\n")
        };
        let config = |entries: &[(&str, &str)]| {
            let entries: String = entries.iter().map(|(name, key)| entry(name, key)).collect();
            let text = format!("[cloud.main]\nregion = 'cn-north-4'\n{entries}");
            parse(Path::new("/c.toml"), &text).unwrap()
        };
        let subject = |name| Subject::Certificate(Name::new(name).unwrap());
        let first = config(&[("www", "/k"), ("api", "/k"), ("old", "/k")]);
        let world = World::connect(first, &Memory::default(), Time::default).unwrap();
        let new = config(&[("api", "/other"), ("www", "/k"), ("new", "/k")]);
        let next = world.with_entries(new.clone());
        for (name, same, known) in
            [("www", true, true), ("api", false, true), ("new", false, true), ("old", false, false)]
        {
            assert_eq!(next.asks_as(&world, &subject(name)), same, "{name}");
            assert_eq!(next.knows(&subject(name)), known, "{name}");
        }
        let other = world.reconnect(new).unwrap();
        assert!(!other.asks_as(&world, &subject("www")), "other clients may see another cloud");
    }
}
