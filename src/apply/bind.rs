//! Making a certificate the one that a listener, host or domain serves with.

use crate::cloud::elb::Exchange;
use crate::cloud::{Cloud, cdn, elb, waf};
use crate::model::failure::{Failure, Kind};
use crate::model::place::Place;
use crate::model::target::Target;

/// What is bound.
#[derive(Debug)]
pub struct Binding<'a> {
    /// The target's id of it; the certificate manager's for CDN.
    pub id: &'a str,
    /// The ids that it takes the place of; empty: it is added.
    pub instead_of: &'a [String],
    /// What CDN is to call it.
    pub name: &'a str,
    /// Where the account has enterprise projects.
    pub enterprise_project: Option<&'a str>,
}

/// Binds it there. Whatever else the place is set to is read before and after, and stays.
pub async fn run(cloud: &Cloud, place: &Place, binding: &Binding<'_>) -> Result<(), Failure> {
    let Binding { id, instead_of, name, enterprise_project } = binding;
    let Place { target, project, site } = place;
    match target {
        Target::Elb => {
            let exchange = Exchange { put: (*id).to_owned(), instead_of: instead_of.to_vec() };
            elb::bind(cloud, project, site, &exchange).await
        }
        Target::Waf => to_host(cloud, project, site, binding).await,
        Target::Cdn => cdn::bind(cloud, site, id, name, *enterprise_project).await,
    }
}

/// One name may be protected in both modes of WAF, each a host of its own. One that somebody has changed
/// since it was looked at is left alone: whether that is ours to exchange is for a plan to say.
async fn to_host(
    cloud: &Cloud,
    project: &str,
    site: &str,
    binding: &Binding<'_>,
) -> Result<(), Failure> {
    let mut hosts = waf::hosts(cloud, project).await?;
    hosts.retain(|host| host.is(site));
    if hosts.is_empty() {
        let words = format!("there is no host {site} in this project");
        return Err(Failure::local(Kind::NotFound, "bind", words));
    }
    hosts.retain(|host| host.certificate_id.as_deref() != Some(binding.id));
    let others = !hosts.is_empty();
    hosts.retain(|host| is_as_seen(host, binding));
    if others && hosts.is_empty() {
        let words = "somebody has changed the certificate of this host since it was looked at";
        return Err(Failure::local(Kind::Busy, "bind", words));
    }
    for host in &hosts {
        waf::bind(cloud, project, binding.id, host).await?;
    }
    Ok(())
}

/// Whether the host still has what is to be exchanged, or nothing.
fn is_as_seen(host: &waf::Host, binding: &Binding<'_>) -> bool {
    host.certificate_id.as_ref().is_none_or(|id| binding.instead_of.contains(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_that_somebody_has_changed_is_left_alone() {
        let instead_of = ["old".to_owned()];
        let binding =
            Binding { id: "new", instead_of: &instead_of, name: "www", enterprise_project: None };
        for (certificate, expected) in [(Some("old"), true), (None, true), (Some("theirs"), false)]
        {
            let host = waf::Host {
                id: "h1".to_owned(),
                hostname: "www.example.com".to_owned(),
                kind: waf::HostKind::Cloud,
                certificate_id: certificate.map(str::to_owned),
                certificate_name: None,
            };
            assert_eq!(is_as_seen(&host, &binding), expected, "{certificate:?}");
        }
    }
}
