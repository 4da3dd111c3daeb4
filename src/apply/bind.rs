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
        Target::Waf => to_host(cloud, project, site, id).await,
        Target::Cdn => cdn::bind(cloud, site, id, name, *enterprise_project).await,
    }
}

/// One name may be protected in both modes of WAF, each a host of its own.
async fn to_host(cloud: &Cloud, project: &str, site: &str, id: &str) -> Result<(), Failure> {
    let mut hosts = waf::hosts(cloud, project).await?;
    hosts.retain(|host| host.is(site));
    if hosts.is_empty() {
        let words = format!("there is no host {site} in this project");
        return Err(Failure::local(Kind::NotFound, "bind", words));
    }
    for host in hosts.iter().filter(|host| host.certificate_id.as_deref() != Some(id)) {
        waf::bind(cloud, project, id, host).await?;
    }
    Ok(())
}
