//! What a pass works on: one immutable configuration, and a client for each of its accounts.

use std::collections::BTreeMap;

use crate::cloud::Cloud;
use crate::config::Config;
use crate::model::account::Account;
use crate::model::failure::Failure;
use crate::model::names::{Name, Subject};
use crate::plan::memory::Memory;

/// One configuration, connected.
#[derive(Debug)]
pub struct World {
    /// What is wanted.
    pub config: Config,
    clouds: BTreeMap<Name, Cloud>,
}

impl World {
    /// Builds a client for each account; sends nothing. The memory tells of credentials that did
    /// not work.
    pub fn connect(config: Config, memory: &Memory) -> Result<Self, Failure> {
        let refusals: Vec<_> = memory.refusals().cloned().collect();
        let client =
            |account: &Account| Ok((account.name.clone(), Cloud::new(account, &refusals)?));
        let clouds = config.accounts.iter().map(client).collect::<Result<_, Failure>>()?;
        Ok(Self { config, clouds })
    }

    /// The client of an account. A resolved configuration names no account that it lacks.
    pub fn cloud(&self, name: &Name) -> Option<&Cloud> {
        self.clouds.get(name)
    }

    /// All clients.
    pub fn clouds(&self) -> impl Iterator<Item = &Cloud> {
        self.clouds.values()
    }

    /// Everything that the configuration asks for.
    pub fn subjects(&self) -> Vec<Subject> {
        let certificates = self.config.certificates.iter();
        let cas = self.config.instance_cas.iter();
        let switches = self.config.instance_ssls.iter();
        certificates
            .map(|entry| Subject::Certificate(entry.name.clone()))
            .chain(cas.map(|entry| Subject::Ca(entry.name.clone())))
            .chain(switches.map(|entry| Subject::Ssl(entry.name.clone())))
            .collect()
    }
}
