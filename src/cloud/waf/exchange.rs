//! Exchanging the certificate of whatever hosts an operator calls by one name.

use super::super::{Cloud, Result};
use super::bind::bind;
use super::hosts::{Host, hosts};
use crate::model::failure::{Failure, Kind};

/// Binds a certificate to every host of this name or id, in whichever mode: one name may be protected in
/// both, each a host of its own. Exchanges what has one of the ids of `instead_of`, or none; a host that
/// has it already is done. [`Kind::NotFound`] where there is no such host, and [`Kind::Busy`] where
/// somebody has changed them all since they were looked at: whether that may go is for the caller to say.
pub async fn exchange(
    cloud: &Cloud,
    project: &str,
    site: &str,
    certificate_id: &str,
    instead_of: &[String],
) -> Result<()> {
    let mut hosts = hosts(cloud, project).await?;
    hosts.retain(|host| host.is(site));
    if hosts.is_empty() {
        let words = format!("there is no host {site} in this project");
        return Err(Failure::local(Kind::NotFound, "bind", words));
    }
    hosts.retain(|host| host.certificate_id.as_deref() != Some(certificate_id));
    let others = !hosts.is_empty();
    hosts.retain(|host| is_as_seen(host, instead_of));
    if others && hosts.is_empty() {
        let words = "somebody has changed the certificate of this host since it was looked at";
        return Err(Failure::local(Kind::Busy, "bind", words));
    }
    for (done, host) in hosts.iter().enumerate() {
        let bound = bind(cloud, project, certificate_id, host).await;
        bound.map_err(|failure| if done == 0 { failure } else { halfway(failure) })?;
    }
    Ok(())
}

/// The host in the one mode was changed, and that in the other may not have been: doubt, until somebody
/// looks again.
fn halfway(failure: Failure) -> Failure {
    let message =
        format!("one of the hosts of this name was changed, the next one not: {}", failure.message);
    Failure { kind: Kind::Lost, message, ..failure }
}

/// Whether the host still has what is to be exchanged, or nothing.
fn is_as_seen(host: &Host, instead_of: &[String]) -> bool {
    host.certificate_id.as_ref().is_none_or(|id| instead_of.contains(id))
}

#[cfg(test)]
mod tests {
    use super::super::HostKind;
    use super::*;

    #[test]
    fn what_fails_after_a_host_was_changed_is_in_doubt() {
        let words = "not sent: the service was called too often";
        let failure = halfway(Failure::local(Kind::Throttled, "bind", words));
        assert_eq!(failure.kind, Kind::Lost);
        assert!(!failure.was_never_sent() && failure.message.ends_with(words), "{failure}");
    }

    #[test]
    fn a_host_that_somebody_has_changed_is_left_alone() {
        let instead_of = ["old".to_owned()];
        for (certificate, expected) in [(Some("old"), true), (None, true), (Some("theirs"), false)]
        {
            let host = Host {
                id: "h1".to_owned(),
                hostname: "www.example.com".to_owned(),
                kind: HostKind::Cloud,
                certificate_id: certificate.map(str::to_owned),
                certificate_name: None,
            };
            assert_eq!(is_as_seen(&host, &instead_of), expected, "{certificate:?}");
        }
    }
}
