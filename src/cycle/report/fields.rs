//! Fields that several lines of the log have: whose a step is, and where it goes.

use crate::model::names::Subject;
use crate::model::place::Place;
use crate::model::target::Target;
use crate::plan::action::{Action, Retired};
use crate::plan::hold::Hold;

/// Where a step goes, or where a hold waits, as far as they tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::cycle) struct Where<'a> {
    /// The service, by its key.
    pub(in crate::cycle) target: Option<&'static str>,
    /// The project.
    pub(in crate::cycle) project: Option<&'a str>,
    /// The listener, host or domain.
    pub(in crate::cycle) place: Option<&'a str>,
    /// The handshake, as configured.
    pub(in crate::cycle) probe: Option<&'a str>,
}

impl<'a> Where<'a> {
    /// Where a push, a binding or the deletion of a copy goes; nothing for other steps.
    pub(in crate::cycle) fn of_action(action: &'a Action) -> Self {
        match action {
            Action::Push { target, project, .. }
            | Action::Retire { what: Retired::Copy { target, project, .. }, .. } => {
                Self::service(*target, project)
            }
            Action::Bind { place, .. } => Self::place(place),
            _ => Self::default(),
        }
    }

    /// Where it waits, where the hold tells.
    pub(in crate::cycle) fn of_hold(why: &'a Hold) -> Self {
        match why {
            Hold::NotListedYet { target, project, .. }
            | Hold::NeverListed { target, project, .. }
            | Hold::Full { target, project, .. }
            | Hold::ExistsUnlisted { target, project } => Self::service(*target, project),
            Hold::SamePlace { place, .. }
            | Hold::Foreign { place, .. }
            | Hold::NewerBound { place, .. }
            | Hold::Unbindable { place, .. }
            | Hold::NotBoundYet { place, .. }
            | Hold::RolledBack { place, .. } => Self::place(place),
            Hold::NotServedYet { probe, .. }
            | Hold::Stale { probe, .. }
            | Hold::Wrong { probe, .. }
            | Hold::Unreachable { probe, .. }
            | Hold::Unproven { probe, .. }
            | Hold::SwitchedBack { probe, .. }
            | Hold::SwitchNotShown { probe, .. } => Self { probe: Some(probe), ..Self::default() },
            _ => Self::default(),
        }
    }

    fn service(target: Target, project: &'a str) -> Self {
        Self { target: Some(target.api().key()), project: Some(project), ..Self::default() }
    }

    fn place(place: &'a Place) -> Self {
        Self { place: Some(&place.site), ..Self::service(place.target, &place.project) }
    }
}

/// An entry under the field that fits its kind: what the other events call it too.
pub(super) struct Who<'s> {
    pub(super) certificate: Option<&'s str>,
    pub(super) instance: Option<&'s str>,
}

impl<'s> Who<'s> {
    pub(super) fn of(subject: &'s Subject) -> Self {
        let name = Some(subject.name().as_str());
        match subject {
            Subject::Certificate(_) => Self { certificate: name, instance: None },
            Subject::Ca(_) | Subject::Ssl(_) => Self { certificate: None, instance: name },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::digest::Sha256;
    use crate::model::names::Name;
    use crate::model::time::Time;
    use crate::plan::action::{Import, ImportKey};

    #[test]
    fn an_entry_stands_under_the_field_of_its_kind() {
        let name = Name::new("orders").unwrap();
        let fields = |subject: Subject| {
            let Who { certificate, instance } = Who::of(&subject);
            (certificate.map(str::to_owned), instance.map(str::to_owned))
        };
        let orders = || Some("orders".to_owned());
        assert_eq!(fields(Subject::Certificate(name.clone())), (orders(), None));
        assert_eq!(fields(Subject::Ca(name.clone())), (None, orders()));
        assert_eq!(fields(Subject::Ssl(name)), (None, orders()));
    }

    #[test]
    fn a_step_says_where_it_goes_and_a_hold_where_it_waits() {
        let (target, project) = (Target::Elb, "cn-north-4".to_owned());
        let key = ImportKey::from(Import {
            cloud: Name::new("main").unwrap(),
            enterprise_project: None,
            leaf: Sha256::of(b"leaf"),
            issued: Time::from_secs(0),
        });
        let place = Place { target, project: project.clone(), site: "0a1b".to_owned() };
        let elb = Where { target: Some("elb"), project: Some("cn-north-4"), ..Where::default() };
        let there = Where { place: Some("0a1b"), ..elb };
        let import = Action::Import { key: key.clone() };
        let (scm_id, instead_of) = (String::new(), Vec::new());
        let push = Action::Push { key: key.clone(), scm_id, target, project: project.clone() };
        let bind = Action::Bind { key, place: place.clone().into(), id: String::new(), instead_of };
        assert_eq!(Where::of_action(&push), elb);
        assert_eq!(Where::of_action(&bind), there);
        assert_eq!(Where::of_action(&import), Where::default());
        assert_eq!(Where::of_hold(&Hold::ExistsUnlisted { target, project }), elb);
        let foreign = Hold::Foreign { place, found: String::new() };
        assert_eq!(Where::of_hold(&foreign), there);
        assert_eq!(Where::of_hold(&Hold::InFlight), Where::default());
    }
}
