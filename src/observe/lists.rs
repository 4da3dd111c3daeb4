//! What a service lists in a project: its certificates, and who uses them. Read once for all entries
//! that ask at the same time.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use tokio::time::Instant;

use crate::cert::{LeafFacts, facts};
use crate::cloud::elb::Listener;
use crate::cloud::waf::Host;
use crate::cloud::{Cloud, Copy, cdn, elb, waf};
use crate::model::digest::{Sha1, Sha256};
use crate::model::failure::Failure;
use crate::model::names::Name;
use crate::model::target::Target;
use crate::plan::observed::Room;

/// The certificates of a service in a project.
#[derive(Debug)]
pub struct Copies {
    /// Each with what is in it.
    pub all: Vec<Standing>,
    /// How many there may be, where the service tells.
    pub room: Option<Room>,
}

/// One of them.
#[derive(Debug)]
pub struct Standing {
    /// As listed.
    pub copy: Copy,
    /// Its leaf's fingerprint, where the list has its PEM.
    pub sha256: Option<Sha256>,
    /// What is in that leaf.
    pub leaf: Option<LeafFacts>,
}

impl Standing {
    /// By the leaf inside; by its fingerprint where the list shows no PEM. Never by name.
    pub fn holds(&self, leaf: &LeafFacts) -> bool {
        if let Some(found) = self.sha256 {
            return found == leaf.sha256;
        }
        self.copy.fingerprint_text.as_deref().is_some_and(|text| {
            text.parse::<Sha256>().is_ok_and(|digest| digest == leaf.sha256)
                || text.parse::<Sha1>().is_ok_and(|digest| digest == leaf.sha1)
        })
    }
}

impl From<Copy> for Standing {
    fn from(copy: Copy) -> Self {
        let first = |pem: &String| CertificateDer::from_pem_slice(pem.as_bytes()).ok();
        let der = copy.pem.as_ref().and_then(first);
        let sha256 = der.as_ref().map(|der| Sha256::of(der));
        let leaf = der.as_ref().and_then(|der| facts(der));
        Self { copy: Copy { pem: None, ..copy }, sha256, leaf }
    }
}

/// What uses certificates in a project. CDN says it in its list of certificates.
#[derive(Debug)]
pub enum Users {
    /// Of ELB.
    Listeners(Vec<Listener>),
    /// Of WAF.
    Hosts(Vec<Host>),
    /// Of CDN.
    InTheList,
}

/// The lists that were read in this process, each with the moment its reading began.
#[derive(Debug, Default)]
pub struct Lists {
    copies: Shelf<Copies>,
    users: Shelf<Users>,
}

impl Lists {
    /// The certificates of a service in a project, from a reading that began no earlier than `since`.
    pub async fn copies(
        &self,
        cloud: &Cloud,
        at: At<'_>,
        since: Instant,
    ) -> Arc<Result<Copies, Failure>> {
        self.copies.get(cloud, at, since, copies(cloud, at)).await
    }

    /// Who uses them, likewise.
    pub async fn users(
        &self,
        cloud: &Cloud,
        at: At<'_>,
        since: Instant,
    ) -> Arc<Result<Users, Failure>> {
        self.users.get(cloud, at, since, users(cloud, at)).await
    }
}

/// A service and a project's name.
pub type At<'a> = (Target, &'a str);

async fn copies(cloud: &Cloud, (target, project): At<'_>) -> Result<Copies, Failure> {
    let (all, room) = match target {
        Target::Elb => {
            let all = elb::certificates(cloud, project).await?;
            // Who may not read the quota may push all the same.
            let quota = elb::certificate_quota(cloud, project).await.ok().flatten();
            let room = quota.map(|quota| Room { used: all.len(), quota });
            (all, room)
        }
        Target::Waf => (waf::certificates(cloud, project).await?, None),
        Target::Cdn => (cdn::certificates(cloud).await?, None),
    };
    Ok(Copies { all: all.into_iter().map(Standing::from).collect(), room })
}

async fn users(cloud: &Cloud, (target, project): At<'_>) -> Result<Users, Failure> {
    Ok(match target {
        Target::Elb => Users::Listeners(elb::listeners(cloud, project).await?),
        Target::Waf => Users::Hosts(waf::hosts(cloud, project).await?),
        Target::Cdn => Users::InTheList,
    })
}

/// Readings of one kind. Everybody who waits for the same one shares it.
#[derive(Debug)]
struct Shelf<T> {
    slots: Mutex<BTreeMap<Key, Arc<Slot<T>>>>,
}

/// An account, a service and a project's name.
type Key = (Name, Target, String);
type Slot<T> = tokio::sync::Mutex<Option<(Instant, Arc<Result<T, Failure>>)>>;

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self { slots: Mutex::default() }
    }
}

impl<T> Shelf<T> {
    async fn get(
        &self,
        cloud: &Cloud,
        (target, project): At<'_>,
        since: Instant,
        read: impl Future<Output = Result<T, Failure>>,
    ) -> Arc<Result<T, Failure>> {
        let key = (cloud.account().name.clone(), target, project.to_owned());
        let slot = {
            let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(slots.entry(key).or_default())
        };
        let mut held = slot.lock().await;
        match &*held {
            Some((began, list)) if *began >= since => Arc::clone(list),
            _ => {
                let began = Instant::now();
                let list = Arc::new(read.await);
                *held = Some((began, Arc::clone(&list)));
                list
            }
        }
    }
}
