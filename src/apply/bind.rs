//! Making a certificate the one that a listener, host or domain serves with.

use crate::cloud::elb::Exchange;
use crate::cloud::{Cloud, cdn, elb, waf};
use crate::model::failure::Failure;
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
        Target::Waf => waf::exchange(cloud, project, site, id, instead_of).await,
        Target::Cdn => cdn::bind(cloud, site, id, name, *enterprise_project).await,
    }
}
