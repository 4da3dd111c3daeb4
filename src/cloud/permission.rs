//! What an identity must be allowed: the actions of IAM behind each operation that this module sends. The one
//! place that knows them; a test holds every call of these files to it.

use Basis::{Documented, Inferred};

use crate::model::target::{Api, Target};

/// One action that one operation wants.
#[derive(Debug)]
pub struct Permission {
    /// The service that is called.
    pub api: Api,
    /// The operation, as failures and logs call it.
    pub operation: &'static str,
    /// Of an operation that goes into several services: only into this one.
    pub target: Option<Target>,
    /// The action's name in a custom policy of version 1.1.
    pub action: &'static str,
    /// Its name in an identity policy, where the documents give another one there.
    pub identity: Option<&'static str>,
    /// How much is known of that.
    pub basis: Basis,
}

/// What a permission rests on. None of it was tried against the live cloud.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Basis {
    /// A document of the service names this action for this very call.
    Documented,
    /// It is concluded, from what these words say.
    Inferred(&'static str),
}

/// Where a policy with an action has to be granted. IAM takes no policy with both.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Scope {
    /// Services that are one for all regions.
    Global,
    /// Services of a region, in a project.
    Project,
}

impl Permission {
    /// Where it has to be granted: by the service that the action is of, which need not be the one that is called.
    pub fn scope(&self) -> Scope {
        let service = self.action.split(':').next().unwrap_or_default();
        if GLOBAL.contains(&service) { Scope::Global } else { Scope::Project }
    }
}

/// Services whose permissions are granted for all regions (their product descriptions).
const GLOBAL: [&str; 3] = ["cdn", "iam", "scm"];

/// Where only the newer kind of policy has the call, and gives the older name as an alias.
const ALIAS: Basis = Inferred("the alias that the call's page gives its identity action");
/// Codes of the certificate manager say that a push takes rights in the target.
const PUSHED: Basis =
    Inferred("SCM refuses a push for want of rights in the target, and names none");

const fn row(
    api: Api,
    operation: &'static str,
    action: &'static str,
    identity: Option<&'static str>,
    basis: Basis,
) -> Permission {
    Permission { api, operation, target: None, action, identity, basis }
}

const fn into(target: Target, action: &'static str, basis: Basis) -> Permission {
    let (api, operation) = (Api::Scm, "push");
    Permission { api, operation, target: Some(target), action, identity: None, basis }
}

/// Every permission, service by service.
pub static PERMISSIONS: &[Permission] = &[
    row(
        Api::Iam,
        "look up the project",
        "iam:projects:listProjects",
        None,
        Inferred("the name that guides of other programs give for this call"),
    ),
    row(Api::Scm, "list certificates", "scm:cert:list", None, Documented),
    row(Api::Scm, "show certificate", "scm:cert:get", None, Documented),
    row(Api::Scm, "import", "scm:cert:upload", Some("scm:cert:import"), Documented),
    row(Api::Scm, "push", "scm:cert:push", None, Documented),
    into(Target::Elb, "elb:certificates:create", PUSHED),
    into(Target::Waf, "waf:certificate:create", PUSHED),
    into(Target::Cdn, "cdn:configuration:queryHttpsConf", Documented),
    row(
        Api::Scm,
        "look where certificates are used",
        "scm:cert:listDeployedResources",
        None,
        Inferred("its name in identity policies, which give no other"),
    ),
    row(Api::Scm, "delete certificate", "scm:cert:delete", None, Documented),
    row(Api::Elb, "list certificates", "elb:certificates:list", None, Documented),
    row(Api::Elb, "show quota", "elb:quotas:list", None, Documented),
    row(Api::Elb, "delete certificate", "elb:certificates:delete", None, Documented),
    row(Api::Elb, "list listeners", "elb:listeners:list", None, Documented),
    row(Api::Elb, "show listener", "elb:listeners:get", None, Documented),
    row(Api::Elb, "bind", "elb:listeners:put", None, Documented),
    row(Api::Waf, "list certificates", "waf:certificate:list", None, Documented),
    row(Api::Waf, "show certificate", "waf:certificate:get", None, Documented),
    row(Api::Waf, "delete certificate", "waf:certificate:delete", None, Documented),
    row(Api::Waf, "list hosts", "waf:instance:list", Some("waf:host:list"), Documented),
    row(Api::Waf, "show host", "waf:instance:get", Some("waf:host:get"), Documented),
    row(Api::Waf, "bind", "waf:certificate:apply", None, Documented),
    row(Api::Waf, "update host", "waf:instance:put", None, Documented),
    row(
        Api::Cdn,
        "list certificates",
        "cdn:configuration:queryHttpsConf",
        None,
        Inferred("documented for the HTTPS settings of one domain"),
    ),
    row(
        Api::Cdn,
        "list certificates",
        "cdn:configuration:queryDomains",
        None,
        Inferred("other programs are given it for this call"),
    ),
    row(
        Api::Cdn,
        "show domain",
        "cdn:configuration:queryHttpsConf",
        None,
        Inferred(
            "documented for an older call about one domain's HTTPS; cdn:*:query* where it will not do",
        ),
    ),
    row(
        Api::Cdn,
        "bind",
        "cdn:configuration:modifyHttpsConf",
        None,
        Inferred("the user guide wants it for a domain's certificate"),
    ),
    row(
        Api::Cdn,
        "bind",
        "cdn:configuration:modifyOriginConfInfo",
        None,
        Inferred("the user guide wants it for a domain's certificate"),
    ),
    row(Api::Dcs, CA_LINK, "dcs:ssl:modify", None, Documented),
    row(
        Api::GeminiDb,
        CA_LINK,
        "nosql:instance:listSslCertDownloadAddresses",
        Some("gaussdbfornosql:instance:listSslCertDownloadAddresses"),
        ALIAS,
    ),
    row(
        Api::GeminiDb,
        "list instances",
        "nosql:backup:list",
        Some("gaussdbfornosql:instance:list"),
        ALIAS,
    ),
    row(
        Api::TaurusDb,
        "switch SSL",
        "gaussdb:instance:modifySSL",
        Some("gaussdbformysql:instance:modifySSL"),
        ALIAS,
    ),
    row(
        Api::TaurusDb,
        "look at the job",
        "gaussdb:instance:list",
        Some("gaussdbformysql:task:list"),
        ALIAS,
    ),
    row(
        Api::TaurusDb,
        "list the instance's tasks",
        "gaussdb:instance:list",
        Some("gaussdbformysql:task:list"),
        ALIAS,
    ),
    row(Api::Rds, CA_LINK, "rds:instance:modifySSL", None, Documented),
    row(
        Api::Dds,
        CA_LINK,
        "dds:instance:list",
        Some("dds:instance:getSslCertDownloadAddress"),
        ALIAS,
    ),
    row(
        Api::GaussDb,
        CA_LINK,
        "gaussdb:instance:list",
        None,
        Inferred("documented for other reads of an instance; the page of this call names none"),
    ),
];

/// What the calls for a CA are called, whichever the service.
const CA_LINK: &str = "request the CA's link";

/// What this operation of this service wants, whatever it goes into; nothing where the table has no such operation.
pub fn permissions(api: Api, operation: &str) -> impl Iterator<Item = &'static Permission> {
    PERMISSIONS.iter().filter(move |it| it.api == api && it.operation == operation)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn actions_look_like_actions_and_stand_once_for_each_operation() {
        let mut seen = BTreeSet::new();
        for it in PERMISSIONS {
            for name in [Some(it.action), it.identity].into_iter().flatten() {
                let parts: Vec<_> = name.split(':').collect();
                let plain = |part: &&str| part.chars().all(|c| c.is_ascii_alphanumeric());
                assert!(parts.len() == 3 && parts.iter().all(plain), "{name}");
            }
            assert_ne!(Some(it.action), it.identity, "the other name is another one");
            assert!(seen.insert((it.api, it.operation, it.target, it.action)), "{it:?}");
        }
    }

    #[test]
    fn a_scope_is_that_of_the_service_which_checks_the_right() {
        let scope = |action: &str| {
            let of = PERMISSIONS.iter().find(|it| it.action == action);
            of.map(Permission::scope)
        };
        assert_eq!(scope("scm:cert:push"), Some(Scope::Global));
        assert_eq!(scope("cdn:configuration:queryHttpsConf"), Some(Scope::Global));
        assert_eq!(scope("elb:certificates:create"), Some(Scope::Project), "not SCM's own");
    }
}
