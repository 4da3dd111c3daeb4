//! Policies for small configurations, and one for everything there is.

use std::path::Path;

use serde_json::json;

use super::*;
use crate::cloud::PERMISSIONS;
use crate::config;

const CLOUD: &str =
    "[cloud.main]\nregion = 'cn-north-4'\nproject_id = '0123456789abcdef0123456789abcdef'\n";
const CERTIFICATE: &str = "[[certificate]]\nname = 'www'\ncert = 'a.pem'\nkey = 'a.key'\n";

fn of(text: &str) -> Shown {
    shown(&config::parse(Path::new("/c.toml"), text).unwrap())
}

fn actions(shown: &Shown) -> Vec<&'static str> {
    shown.policies.iter().flat_map(|policy| &policy.actions).map(|it| it.action).collect()
}

/// A configuration that does whatever there is, and its policies have every row of the table.
#[test]
fn every_permission_is_needed_by_something() {
    let push = |service: &str, sites: &str| {
        format!("[[certificate.push]]\nservice = '{service}'\nproject = 'cn-north-4'\n{sites}\n")
    };
    let listener = "listeners = ['0b8f2b8e-4c1d-4f7e-9a51-0123456789ab']";
    let cas = ["dcs", "geminidb", "rds", "dds", "gaussdb"].map(|service| {
        format!(
            "[[instance_ca]]\nname = 'ca-{service}'\nservice = '{service}'\ninstance_id = 'i-{service}'\npath = \
             '/ca/{service}.pem'\n"
        )
    });
    let text = [
        "[cloud.main]\nregion = 'cn-north-4'\n",
        CERTIFICATE,
        &push("elb", listener),
        &push("waf", "hosts = ['www.example.com']"),
        &push("cdn", "domains = ['www.example.com']"),
        "[[certificate]]\nname = 'cdn-copy'\ncert = 'b.pem'\nkey = 'b.key'\n",
        &push("cdn", ""),
        &cas.concat(),
        "[[instance_ssl]]\nname = 'ledger'\nservice = 'taurusdb'\ninstance_id = \
         '0123456789abcdef0123456789abcdefin07'\nenabled = true\n",
    ]
    .concat();
    let config = config::parse(Path::new("/c.toml"), &text).unwrap();
    let needed = needs::permissions(&config, &config.accounts[0]);
    let said = |it: &Permission| (it.api, it.operation, it.target, it.action);
    let needed: BTreeSet<_> = needed.into_iter().map(said).collect();
    let table: BTreeSet<_> = PERMISSIONS.iter().map(said).collect();
    assert_eq!(needed, table);
}

#[test]
fn no_more_than_what_the_entries_come_to() {
    assert!(actions(&of(CLOUD)).is_empty(), "an account without entries");
    let import = of(&format!("{CLOUD}{CERTIFICATE}"));
    let scm = [
        "scm:cert:delete",
        "scm:cert:get",
        "scm:cert:list",
        "scm:cert:listDeployedResources",
        "scm:cert:upload",
    ];
    assert_eq!(actions(&import), scm, "an import alone pushes nothing");
    assert_eq!(import.policies.len(), 1, "and wants nothing in a project");
    let push =
        |service| format!("{CLOUD}{CERTIFICATE}[[certificate.push]]\nservice = '{service}'\n");
    let elb = actions(&of(&push("elb")));
    assert!(elb.contains(&"elb:certificates:create") && elb.contains(&"scm:cert:push"), "{elb:?}");
    assert!(!elb.contains(&"elb:listeners:put"), "nothing is bound: {elb:?}");
    assert!(!elb.iter().any(|it| it.starts_with("waf:") || it.starts_with("cdn:")), "{elb:?}");
    let domain = actions(&of(&format!("{}domains = ['www.example.com']\n", push("cdn"))));
    assert!(!domain.contains(&"scm:cert:push"), "a domain takes the import itself: {domain:?}");
    assert!(domain.contains(&"cdn:configuration:modifyHttpsConf"), "{domain:?}");
}

#[test]
fn what_is_global_is_a_policy_of_its_own() {
    let shown = of(&format!("{CLOUD}{CERTIFICATE}[[certificate.push]]\nservice = 'elb'\n"));
    let scopes: Vec<_> = shown.policies.iter().map(|it| (it.scope, it.projects.clone())).collect();
    assert_eq!(scopes, [("global", vec![]), ("project", vec!["cn-north-4".to_owned()])]);
    for policy in &shown.policies {
        let names: Vec<_> = policy.actions.iter().map(|it| it.action).collect();
        let statement = json!([{ "Effect": "Allow", "Action": names }]);
        let document = serde_json::to_value(&policy.policy).unwrap();
        assert_eq!(document, json!({ "Version": "1.1", "Statement": statement }));
        let is_global = |name: &&str| name.starts_with("scm:") || name.starts_with("iam:");
        assert!(
            names.iter().all(|name| is_global(name) == (policy.scope == "global")),
            "{names:?}"
        );
    }
}

#[test]
fn projects_are_looked_up_only_where_nobody_says_them() {
    let asks = |cloud: &str, push: &str| {
        let shown = of(&format!("{cloud}{CERTIFICATE}[[certificate.push]]\n{push}"));
        actions(&shown).contains(&needs::LIST_PROJECTS)
    };
    let bare = "[cloud.main]\nregion = 'cn-north-4'\n";
    let password = "[cloud.main]\nregion = 'cn-north-4'\n[cloud.main.credentials]\nsource = 'password'\ndomain = \
                    'd'\nuser = 'u'\npassword_file = '/p'\n";
    assert!(asks(bare, "service = 'elb'\n"));
    assert!(!asks(CLOUD, "service = 'elb'\n"), "it is written");
    assert!(!asks(password, "service = 'elb'\n"), "the token says it");
    assert!(asks(CLOUD, "service = 'elb'\nproject = 'cn-east-3'\n"), "another one is not");
    assert!(!asks(bare, "service = 'cdn'\n"), "CDN has no projects");
}

#[test]
fn a_pattern_that_matches_nothing_needs_the_same() {
    let written = of(&format!("{CLOUD}{CERTIFICATE}[[certificate.push]]\nservice = 'waf'\n"));
    let pattern =
        "[[discover]]\npattern = '/none/*/fullchain.pem'\n[[discover.push]]\nservice = 'waf'\n";
    assert_eq!(actions(&of(&format!("{CLOUD}{pattern}"))), actions(&written));
}

/// Two accounts in one file: the identity of each gets what its own entries come to.
#[test]
fn an_account_needs_nothing_for_the_entries_of_another() {
    let other =
        "[cloud.other]\nregion = 'cn-east-3'\nproject_id = 'fedcba9876543210fedcba9876543210'\n";
    let entries = "[[certificate]]\nname = 'www'\ncloud = 'main'\ncert = 'a.pem'\nkey = 'a.key'\n\
                   [[instance_ca]]\nname = 'orders'\ncloud = 'other'\nservice = 'dcs'\ninstance_id = 'i'\n\
                   path = '/ca/orders.pem'\n";
    let shown = of(&format!("{CLOUD}{other}{entries}"));
    let of_cloud = |name: &str| -> Vec<_> {
        let own = shown.policies.iter().filter(|policy| policy.cloud.as_str() == name);
        own.flat_map(|policy| policy.actions.iter().map(|it| it.action)).collect()
    };
    let (main, other) = (of_cloud("main"), of_cloud("other"));
    assert!(!main.is_empty() && main.iter().all(|it| it.starts_with("scm:")), "{main:?}");
    assert!(!other.is_empty() && other.iter().all(|it| it.starts_with("dcs:")), "{other:?}");
}

#[test]
fn what_is_documented_for_one_call_is_not_called_inferred_for_another() {
    let shown = of(&format!("{CLOUD}{CERTIFICATE}[[certificate.push]]\nservice = 'cdn'\n"));
    let rows = shown.policies.iter().flat_map(|policy| &policy.actions);
    let basis: BTreeMap<_, _> = rows.map(|row| (row.action, row.basis)).collect();
    assert_eq!(basis["cdn:configuration:queryHttpsConf"], "documented");
    assert_eq!(basis["cdn:configuration:queryDomains"], "inferred");
}

#[test]
fn what_is_inferred_is_said() {
    let shown = of(&format!("{CLOUD}{CERTIFICATE}[[certificate.push]]\nservice = 'elb'\n"));
    let text = words(&shown);
    let create = text.lines().skip_while(|line| !line.starts_with("inferred    elb:")).take(2);
    let create: Vec<_> = create.collect();
    assert!(create[0].contains("elb:certificates:create"), "{text}");
    assert!(create[1].contains("inferred from: SCM refuses a push"), "{text}");
    assert!(text.contains("documented  elb:certificates:list"), "{text}");
    assert!(text.contains("in an identity policy: scm:cert:import"), "{text}");
    assert!(
        text.contains("grant it to a user group") && text.contains("these projects: cn-north-4")
    );
}
