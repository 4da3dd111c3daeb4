//! Fields that several lines of the log have: whose a step is, and where it goes.

use crate::model::names::Subject;
use crate::plan::action::Action;
use crate::plan::hold::Hold;

/// Where a push goes; nothing for other steps.
pub(super) fn pushed_to(action: &Action) -> (Option<&'static str>, Option<&str>) {
    match action {
        Action::Push { target, project, .. } => (Some(target.api().key()), Some(project)),
        _ => (None, None),
    }
}

/// Where a push waits, where the hold tells.
pub(super) fn waits_at(why: &Hold) -> (Option<&'static str>, Option<&str>) {
    match why {
        Hold::NotListedYet { target, project, .. }
        | Hold::NeverListed { target, project, .. }
        | Hold::ExistsUnlisted { target, project } => (Some(target.api().key()), Some(project)),
        _ => (None, None),
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
    use crate::model::target::Target;
    use crate::model::time::Time;
    use crate::plan::action::ImportKey;

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
    fn a_push_says_where_it_goes_and_where_it_waits() {
        let (target, project) = (Target::Elb, "cn-north-4".to_owned());
        let key = ImportKey {
            cloud: Name::new("main").unwrap(),
            enterprise_project: None,
            leaf: Sha256::of(b"leaf"),
            issued: Time::from_secs(0),
        };
        let elb = (Some("elb"), Some("cn-north-4"));
        let import = Action::Import { key: key.clone() };
        let push = Action::Push { key, scm_id: String::new(), target, project: project.clone() };
        assert_eq!(pushed_to(&push), elb);
        assert_eq!(pushed_to(&import), (None, None));
        assert_eq!(waits_at(&Hold::ExistsUnlisted { target, project }), elb);
        assert_eq!(waits_at(&Hold::InFlight), (None, None));
    }
}
