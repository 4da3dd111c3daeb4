//! The copies in ELB, WAF and CDN: one list a service and project, shared by all certificates of
//! an account, and found by the leaf inside.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use crate::cert::LeafFacts;
use crate::cloud::{Cloud, Copy, cdn, elb, waf};
use crate::model::digest::{Sha1, Sha256};
use crate::model::failure::{Failure, Kind};
use crate::model::names::Name;
use crate::model::target::Target;
use crate::plan::observed::CopySeen;

/// The lists that were read in this process, each with the moment its reading began.
#[derive(Debug, Default)]
pub struct Lists {
    slots: Mutex<BTreeMap<(Name, Target, String), Arc<Slot>>>,
}

type Slot = tokio::sync::Mutex<Option<(Instant, Arc<Result<Vec<Copy>, Failure>>)>>;

impl Lists {
    /// The copy of this leaf, from a list whose reading began no earlier than `since`. Everybody
    /// who waits for the same list shares one reading.
    pub async fn find(
        &self,
        cloud: &Cloud,
        target: Target,
        project: &str,
        leaf: &LeafFacts,
        since: Instant,
    ) -> CopySeen {
        let slot = self.slot(&cloud.account().name, target, project);
        let mut held = slot.lock().await;
        let list = match &*held {
            Some((began, list)) if *began >= since => Arc::clone(list),
            _ => {
                let began = Instant::now();
                let list = Arc::new(read(cloud, target, project).await);
                *held = Some((began, Arc::clone(&list)));
                list
            }
        };
        drop(held);
        match list.as_ref() {
            Ok(copies) => match copies.iter().find(|copy| holds(copy, leaf)) {
                Some(copy) => CopySeen::Found(copy.id.clone()),
                None => CopySeen::Absent,
            },
            Err(failure) => match failure.kind {
                Kind::Operator | Kind::NotFound | Kind::Permanent => {
                    CopySeen::Blind(failure.clone())
                }
                _ => CopySeen::Unknown(failure.clone()),
            },
        }
    }

    fn slot(&self, cloud: &Name, target: Target, project: &str) -> Arc<Slot> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(slots.entry((cloud.clone(), target, project.to_owned())).or_default())
    }
}

async fn read(cloud: &Cloud, target: Target, project: &str) -> Result<Vec<Copy>, Failure> {
    match target {
        Target::Elb => elb::certificates(cloud, project).await,
        Target::Waf => waf::certificates(cloud, project).await,
        Target::Cdn => cdn::certificates(cloud).await,
    }
}

/// By the leaf inside; by its fingerprint where the list shows no PEM. Never by name.
fn holds(copy: &Copy, leaf: &LeafFacts) -> bool {
    let first = |pem: &String| CertificateDer::from_pem_slice(pem.as_bytes()).ok();
    if let Some(found) = copy.pem.as_ref().and_then(first) {
        return Sha256::of(&found) == leaf.sha256;
    }
    copy.fingerprint_text.as_deref().is_some_and(|text| {
        text.parse::<Sha256>().is_ok_and(|digest| digest == leaf.sha256)
            || text.parse::<Sha1>().is_ok_and(|digest| digest == leaf.sha1)
    })
}
