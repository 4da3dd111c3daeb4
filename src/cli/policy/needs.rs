//! Which operations a configuration can come to call, for one account, and so which permissions it needs.

use std::collections::BTreeSet;

use crate::cloud::{self, Permission};
use crate::config::{Certificate, Config, Push};
use crate::model::account::{Account, CredentialSource};
use crate::model::target::{Api, CaSource, Target};

/// What looking up a project's id takes.
pub(super) const LIST_PROJECTS: &str = "iam:projects:listProjects";

/// Operations of the certificate manager that each rotation comes to: an import is looked for before it is made,
/// and deleted beyond `keep`, or to make room, once nobody uses it.
const IMPORTS: [&str; 5] = [
    "list certificates",
    "show certificate",
    "import",
    "look where certificates are used",
    "delete certificate",
];
/// What a target is asked whether anything is bound there or not: copies are found in the lists, and before a former
/// one is deleted it is seen who uses it.
const ELB_COPIES: [&str; 4] =
    ["list certificates", "show quota", "list listeners", "delete certificate"];
const WAF_COPIES: [&str; 5] =
    ["list certificates", "show certificate", "list hosts", "show host", "delete certificate"];
const CDN_COPIES: [&str; 1] = ["list certificates"];
/// What is sent where listeners, hosts or domains are named.
const ELB_BINDS: [&str; 2] = ["show listener", "bind"];
const WAF_BINDS: [&str; 2] = ["bind", "update host"];
const CDN_BINDS: [&str; 2] = ["show domain", "bind"];
/// What a switch of SSL takes.
const SWITCHES: [&str; 3] = ["switch SSL", "look at the job", "list the instance's tasks"];
/// What a CA takes.
const CA_LINK: &str = "request the CA's link";

/// What the identity of this account needs for its entries, those of patterns that match nothing yet included.
pub(super) fn permissions(config: &Config, account: &Account) -> Vec<&'static Permission> {
    let mut calls = BTreeSet::new();
    let mut pushes_into = BTreeSet::new();
    for certificate in certificates(config, account) {
        calls.extend(IMPORTS.map(|operation| (Api::Scm, operation)));
        for push in certificate.pushes.iter() {
            let (copies, binds) = of_target(push.target);
            calls.extend(copies.iter().map(|operation| (push.target.api(), *operation)));
            let bound = !push.sites.is_empty();
            if bound {
                calls.extend(binds.iter().map(|operation| (push.target.api(), *operation)));
            }
            // A domain of CDN takes the import itself.
            if !(bound && push.target == Target::Cdn) {
                calls.insert((Api::Scm, "push"));
                pushes_into.insert(push.target);
            }
        }
    }
    for entry in config.instance_cas.iter().filter(|it| it.cloud == account.name) {
        calls.insert((entry.source.api(), CA_LINK));
        if entry.source == CaSource::GeminiDb {
            calls.insert((Api::GeminiDb, "list instances"));
        }
    }
    for entry in config.instance_ssls.iter().filter(|it| it.cloud == account.name) {
        calls.extend(SWITCHES.map(|operation| (entry.switch.api(), operation)));
    }
    if asks_for_projects(config, account) {
        calls.insert((Api::Iam, "look up the project"));
    }
    let wanted = calls.iter().flat_map(|(api, operation)| cloud::permissions(*api, operation));
    wanted.filter(|it| it.target.is_none_or(|target| pushes_into.contains(&target))).collect()
}

/// The names of the projects in which this account calls services of a region.
pub(super) fn projects(config: &Config, account: &Account) -> BTreeSet<String> {
    let pushes = pushes(config, account).filter(|push| push.target != Target::Cdn);
    let pushed = pushes.map(|push| push.project.clone());
    let cas = config.instance_cas.iter().filter(|it| it.cloud == account.name).count();
    let switches = config.instance_ssls.iter().filter(|it| it.cloud == account.name).count();
    let own = (cas + switches > 0).then(|| account.region.clone());
    pushed.chain(own).collect()
}

/// Whether any domain of CDN is bound.
pub(super) fn binds_domains(config: &Config) -> bool {
    let mut pushes = config.accounts.iter().flat_map(|account| pushes(config, account));
    pushes.any(|push| push.target == Target::Cdn && !push.sites.is_empty())
}

fn of_target(target: Target) -> (&'static [&'static str], &'static [&'static str]) {
    match target {
        Target::Elb => (&ELB_COPIES, &ELB_BINDS),
        Target::Waf => (&WAF_COPIES, &WAF_BINDS),
        Target::Cdn => (&CDN_COPIES, &CDN_BINDS),
    }
}

fn certificates<'c>(
    config: &'c Config,
    account: &'c Account,
) -> impl Iterator<Item = &'c Certificate> {
    let written = config.certificates.iter().map(|entry| &**entry);
    written.chain(config.patterns()).filter(|entry| entry.cloud == account.name)
}

fn pushes<'c>(config: &'c Config, account: &'c Account) -> impl Iterator<Item = &'c Push> {
    certificates(config, account).flat_map(|entry| entry.pushes.iter())
}

/// Whether the id of a project has to be looked up: of the region's own where nobody says it, and of every other
/// one. A password's token says its project; whether an environment or a profile does is not known here.
fn asks_for_projects(config: &Config, account: &Account) -> bool {
    let told = account.project_id.is_some()
        || matches!(account.credentials, CredentialSource::Password { .. });
    projects(config, account).iter().any(|project| !told || *project != account.region)
}
