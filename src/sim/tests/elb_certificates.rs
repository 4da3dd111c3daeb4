//! ELB's certificates through its own API, and its quota.

use serde_json::{Value, json};

use super::*;
use crate::model::target::Target;

const ELB: &str = "/v3/0123456789abcdef0123456789abcdef/elb";

fn created(world: &mut World, pair: &Issued, more: &Value) -> (u16, Value) {
    let mut body = json!({ "certificate": {
        "name": "made",
        "certificate": pair.fullchain_pem(),
        "private_key": pair.key_pem.expose(),
    } });
    for (key, value) in more.as_object().unwrap() {
        body["certificate"][key] = value.clone();
    }
    call(world, "POST", &format!("{ELB}/certificates"), &body)
}

#[test]
fn creates_updates_under_the_same_id_and_deletes() {
    let authority = Authority::new("Test");
    let world = &mut world(Settings::default());
    let (first, second) =
        (pair(&authority, "www.example.com"), pair(&authority, "www.example.com"));
    let (status, body) = created(world, &first, &json!({ "domain": "www.example.com" }));
    assert_eq!(status, 201, "{body}");
    let made = &body["certificate"];
    assert_eq!((&made["domain"], &made["type"]), (&json!("www.example.com"), &json!("server")));
    assert_ne!(made["private_key"], first.key_pem.expose(), "keys are not echoed");
    let path = format!("{ELB}/certificates/{}", made["id"].as_str().unwrap());
    let renewal = json!({ "certificate": {
        "certificate": second.fullchain_pem(), "private_key": second.key_pem.expose(),
    } });
    assert_eq!(call(world, "PUT", &path, &renewal).1["certificate"]["id"], made["id"]);
    assert_eq!(world.certificates[0].sha256, second.sha256);
    let torn = json!({ "certificate": { "certificate": first.fullchain_pem() } });
    assert_eq!(refused(world, "PUT", &path, &torn), (400, "ELB.8902".to_owned()));
    assert_eq!(world.certificates[0].sha256, second.sha256);
    let protected = json!({ "certificate": { "protection_status": "consoleProtection" } });
    assert_eq!(call(world, "PUT", &path, &protected).0, 200);
    assert_eq!(refused(world, "PUT", &path, &renewal), (409, "ELB.8907".to_owned()));
    assert_eq!(refused(world, "DELETE", &path, &Value::Null).0, 409);
    let free = json!({ "certificate": { "protection_status": "nonProtection" } });
    assert_eq!(call(world, "PUT", &path, &free).0, 200);
    assert_eq!(refused(world, "DELETE", &path, &Value::Null), (204, String::new()));
    assert_eq!(refused(world, "GET", &path, &Value::Null), (404, "ELB.8907".to_owned()));
    assert_eq!(world.violations, Vec::<String>::new());
}

#[test]
fn refuses_what_does_not_fit_and_remembers_unknown_fields() {
    let authority = Authority::new("Test");
    let world = &mut world(Settings::default());
    let (one, other) = (pair(&authority, "www.example.com"), pair(&authority, "b.example.com"));
    for (changes, code) in [
        (json!({ "private_key": other.key_pem.expose() }), "ELB.8902"),
        (json!({ "private_key": "" }), "ELB.8902"),
        (json!({ "certificate": "garbage" }), "ELB.8902"),
        (json!({ "certificate": "x".repeat(20_001) }), "ELB.8902"),
        (json!({ "domain": "x,".repeat(100) }), "ELB.8902"),
        (json!({ "type": "strange" }), "ELB.0300"),
        (json!({ "fingerprint": "ab" }), "ELB.0300"),
    ] {
        let (status, body) = created(world, &one, &changes);
        assert_eq!((status, &body["error_code"]), (400, &json!(code)), "{changes}");
    }
    assert_eq!((world.certificates.len(), world.violations.len()), (0, 2));
}

#[test]
fn a_certificate_in_use_is_not_deleted_nor_robbed_of_its_domain() {
    let authority = Authority::new("Test");
    let default = Some(left(&authority, &["www.example.com"], KeyKind::EcdsaP256));
    let sni = vec![left(&authority, &["api.example.com"], KeyKind::EcdsaP256)];
    let listener = ListenerSetup { default, sni, ..ListenerSetup::default() };
    let world = &mut furnished(Settings { listeners: vec![listener], ..Settings::default() });
    for name in ["www.example.com", "api.example.com"] {
        let path = format!("{ELB}/certificates/{}", id_of(world, name));
        assert_eq!(refused(world, "DELETE", &path, &Value::Null), (409, "ELB.8907".to_owned()));
        let emptied = json!({ "certificate": { "domain": "" } });
        assert_eq!(refused(world, "PUT", &path, &emptied).0, 409);
    }
    assert_eq!(world.certificates.len(), 2);
}

#[test]
fn the_quota_counts_a_project_and_stops_pushes_too() {
    let authority = Authority::new("Test");
    let sub_projects = vec!["cn-north-4_shop".to_owned()];
    let settings = Settings { elb_quota: 1, sub_projects, ..Settings::default() };
    let world = &mut world(settings);
    let (_, body) = call(world, "GET", &format!("{ELB}/quotas"), &Value::Null);
    assert_eq!(body["quota"]["certificate"], 1);
    let id = imported(world, &authority, "www", 0);
    let push = |world: &mut World, service: &str, project: &str| {
        let body = json!({ "target_service": service, "target_project": project });
        call(world, "POST", &format!("/v3/scm/certificates/{id}/push"), &body)
    };
    assert_eq!(push(world, "ELB", "cn-north-4").0, 204);
    let (status, body) = push(world, "ELB", "cn-north-4");
    assert_eq!((status, &body["error_code"]), (400, &json!("SCM.0201")));
    assert!(body["error_msg"].as_str().unwrap().contains("Quota exceeded"), "{body}");
    let (status, body) = created(world, &pair(&authority, "b.example.com"), &json!({}));
    assert_eq!(status, 409, "{body}");
    assert_eq!(push(world, "ELB", "cn-north-4_shop").0, 204, "another project has room");
    assert_eq!(push(world, "WAF", "cn-north-4").0, 204);
    assert_eq!(world.stored_in(Target::Elb, "cn-north-4").count(), 1);
}
