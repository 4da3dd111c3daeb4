//! Deploy, its fees, and where certificates are deployed.

use serde_json::{Value, json};

use super::*;
use crate::model::target::Target;

const NAME: &str = "www.example.com";

fn stage() -> World {
    let authority = Authority::new("Test");
    let pair = || Some(left(&authority, &[NAME], KeyKind::EcdsaP256));
    let listeners = vec![ListenerSetup {
        name: "front".to_owned(),
        default: pair(),
        ..ListenerSetup::default()
    }];
    let waf_hosts =
        vec![HostSetup { hostname: NAME.to_owned(), default: pair(), ..HostSetup::default() }];
    let cdn_domains = vec![
        DomainSetup { name: NAME.to_owned(), default: pair() },
        DomainSetup { name: "plain.example.com".to_owned(), default: None },
    ];
    furnished(Settings { listeners, waf_hosts, cdn_domains, ..Settings::default() })
}

fn deployed(world: &mut World, id: &str) -> Value {
    let body = json!({ "certificate_ids": [id], "service_names": ["ALL"] });
    let (status, body) = call(world, "POST", "/v3/scm/deployed-resources", &body);
    assert_eq!(status, 200, "{body}");
    body["results"][0].clone()
}

#[test]
fn a_deployment_works_and_costs_thirty_a_domain() {
    let world = &mut stage();
    let id = imported(world, &Authority::new("Other"), "www", 0);
    assert_eq!(deployed(world, &id)["total_num"], 0);
    let in_service = |target| {
        let found = world.certificates.iter().find(|found| found.target == target).unwrap();
        found.id.clone()
    };
    let (elb, waf) = (in_service(Target::Elb), in_service(Target::Waf));
    let path = format!("/v3/scm/certificates/{id}/deploy");
    for (service, resources, failures) in [
        ("ELB", json!([{ "id": elb }, { "id": "none" }]), 1),
        ("WAF", json!([{ "id": waf, "type": "cloud" }]), 0),
        ("CDN", json!([{ "domain_name": NAME }, { "domain_name": "plain.example.com" }]), 1),
    ] {
        let body = json!({
            "service_name": service, "project_name": "cn-north-4", "resources": resources,
        });
        let (status, body) = call(world, "POST", &path, &body);
        assert_eq!((status, body["failure_list"].as_array().unwrap().len()), (200, failures));
    }
    assert_eq!(world.fees, 90);
    let leaf = world.imports[0].sha256;
    for (_, site) in world.sites().into_iter().take(3) {
        assert_eq!(world.bindings(site)[0].content.sha256, leaf);
    }
    assert_eq!(deployed(world, &id)["total_num"], 3);
    let bad =
        json!({ "service_name": "ELB", "project_name": "mars", "resources": [{ "id": "x" }] });
    assert_eq!(refused(world, "POST", &path, &bad), (400, "SCM.0069".to_owned()));
    assert_eq!(world.violations, Vec::<String>::new());
}

#[test]
fn a_region_that_does_not_answer_says_so() {
    let world = &mut stage();
    let id = imported(world, &Authority::new("Other"), "www", 0);
    assert!(crate::sim::console::bind_cdn(world, NAME, &id, Time::from_secs(NOW)));
    assert_eq!(deployed(world, &id)["total_num"], 1);
    world.settings.deployed_errors = vec!["cn-east-3".to_owned(), "global".to_owned()];
    let found = deployed(world, &id);
    let by_service = |name: &str| {
        let details = found["deployed_resources"].as_array().unwrap();
        details.iter().find(|detail| detail["service"] == name).unwrap().clone()
    };
    let elb = by_service("ELB");
    assert_eq!(elb["region_resources"][0]["region_id"], "cn-north-4");
    assert_eq!(elb["region_resources"][0]["is_error"], false);
    assert_eq!(elb["region_resources"][1]["region_id"], "cn-east-3");
    assert_eq!(elb["region_resources"][1]["is_error"], true);
    assert_eq!(by_service("CDN")["region_resources"][0]["is_error"], true);
    assert_eq!(found["total_num"], 0, "what cannot be counted is not counted");
}

#[test]
fn questions_about_nothing_or_too_much_are_violations() {
    let world = &mut stage();
    let id = imported(world, &Authority::new("Other"), "www", 0);
    for body in [
        json!({ "certificate_ids": [], "service_names": ["ALL"] }),
        json!({ "certificate_ids": vec![id.clone(); 51], "service_names": ["ALL"] }),
        json!({ "certificate_ids": [id], "service_names": [] }),
        json!({ "certificate_ids": [id], "service_names": ["VPN"] }),
    ] {
        assert_eq!(refused(world, "POST", "/v3/scm/deployed-resources", &body).0, 400);
    }
    assert_eq!(world.violations.len(), 4);
}

#[test]
fn a_deleted_import_leaves_a_domain_its_own_copy() {
    let world = &mut stage();
    let id = imported(world, &Authority::new("Other"), "www", 0);
    assert!(crate::sim::console::bind_cdn(world, NAME, &id, Time::from_secs(NOW)));
    let leaf = world.imports[0].sha256;
    let path = format!("/v3/scm/certificates/{id}");
    assert_eq!(refused(world, "DELETE", &path, &Value::Null), (204, String::new()));
    let site = world.sites().into_iter().find(|(key, _)| key == NAME).unwrap().1;
    assert_eq!(world.bindings(site)[0].content.sha256, leaf);
}
