//! CDN: the partial update, the delegation, the bound on calls, and the trap of the older call.

use serde_json::{Value, json};

use super::*;

const NAME: &str = "www.example.com";

fn configs() -> String {
    format!("/v1.1/cdn/configuration/domains/{NAME}/configs")
}

fn stage(settings: Settings) -> World {
    let default = Some(left(&Authority::new("Test"), &[NAME], KeyKind::EcdsaP256));
    let domain = DomainSetup { name: NAME.to_owned(), default };
    furnished(Settings { cdn_domains: vec![domain], ..settings })
}

fn https(id: &str) -> Value {
    json!({ "configs": { "https": {
        "https_status": "on",
        "certificate_source": 2,
        "certificate_name": "www",
        "scm_certificate_id": id,
    } } })
}

#[test]
fn an_import_is_bound_and_everything_else_stays() {
    let world = &mut stage(Settings::default());
    let id = imported(world, &Authority::new("Other"), "www", 0);
    let (_, before) = call(world, "GET", &configs(), &Value::Null);
    assert_eq!(before["configs"]["https"]["certificate_source"], 0);
    assert_eq!(call(world, "PUT", &configs(), &https(&id)).0, 204);
    let (_, after) = call(world, "GET", &configs(), &Value::Null);
    assert_eq!(changed(&before["configs"], &after["configs"]), ["https"]);
    assert_eq!(
        changed(&before["configs"]["https"], &after["configs"]["https"]),
        ["certificate_name", "certificate_source", "certificate_value", "scm_certificate_id"]
    );
    let (_, info) = call(world, "GET", "/v1.0/cdn/domains/https-certificate-info", &Value::Null);
    assert_eq!(info["https"][0]["certificate"], json!(world.imports[0].fullchain));
    assert_eq!(info["https"][0]["certificate_type"], 2);
    let quic =
        json!({ "configs": { "quic": { "status": "off" }, "https": { "http2_status": "off" } } });
    assert_eq!(call(world, "PUT", &configs(), &quic).0, 204);
    let (_, last) = call(world, "GET", &configs(), &Value::Null);
    assert_eq!(changed(&after["configs"], &last["configs"]), ["https", "quic"]);
    assert_eq!(changed(&after["configs"]["https"], &last["configs"]["https"]), ["http2_status"]);
    assert_eq!(world.violations, Vec::<String>::new());
}

#[test]
fn refuses_what_is_no_import_no_pair_or_no_source() {
    let world = &mut stage(Settings::default());
    let id = imported(world, &Authority::new("Other"), "www", 0);
    let own = |changes: &Value| {
        let mut body = https(&id);
        for (key, value) in changes.as_object().unwrap() {
            body["configs"]["https"][key] = value.clone();
        }
        let https = body["configs"]["https"].as_object_mut().unwrap();
        https.retain(|_, value| !value.is_null());
        body
    };
    for (changes, violations) in [
        (json!({ "scm_certificate_id": "scs0000000000000" }), 0),
        (json!({ "certificate_name": "ab" }), 0),
        (json!({ "certificate_name": null }), 0),
        (json!({ "certificate_source": 0, "certificate_value": "x", "private_key": "y" }), 0),
        (json!({ "certificate_source": 1 }), 1),
        (json!({ "certificate_source": null }), 1),
        (json!({ "certificate_source": "2" }), 1),
        (json!({ "https_status": "yes" }), 1),
        (json!({ "force_redirect": {} }), 1),
    ] {
        assert_eq!(refused(world, "PUT", &configs(), &own(&changes)).0, 400, "{changes}");
        assert_eq!(world.violations.drain(..).count(), violations, "{changes}");
    }
    assert_eq!(world.domains[0].bound.as_ref().unwrap().scm_certificate_id, None);
    let elsewhere = configs().replace("www", "api");
    assert_eq!(refused(world, "PUT", &elsewhere, &https(&id)).0, 404);
}

#[test]
fn an_own_pair_is_bound_too_and_https_is_switched_off() {
    let world = &mut stage(Settings::default());
    let pair = pair(&Authority::new("Other"), NAME);
    let body = json!({ "configs": { "https": {
        "https_status": "on", "certificate_source": 0, "certificate_name": "own",
        "certificate_value": pair.fullchain_pem(), "private_key": pair.key_pem.expose(),
    } } });
    assert_eq!(call(world, "PUT", &configs(), &body).0, 204);
    assert_eq!(world.domains[0].bound.as_ref().unwrap().content.sha256, pair.sha256);
    let off = json!({ "configs": { "https": { "https_status": "off" } } });
    assert_eq!(call(world, "PUT", &configs(), &off).0, 204);
    let (_, shown) = call(world, "GET", &configs(), &Value::Null);
    assert_eq!(shown["configs"]["https"]["https_status"], "off");
    let (_, listed) = call(world, "GET", "/v1.0/cdn/domains?page_size=5", &Value::Null);
    assert_eq!(listed["domains"][0]["https_status"], 0);
}

#[test]
fn without_the_delegation_no_import_is_read() {
    let world = &mut stage(Settings { cdn_delegation: false, ..Settings::default() });
    let id = imported(world, &Authority::new("Other"), "www", 0);
    let (status, body) = call(world, "PUT", &configs(), &https(&id));
    assert_eq!((status, &body["error_code"]), (403, &json!("CDN.00010198")));
    assert_eq!(body["error_msg"], "Insufficient permission to access scm.");
    let old = json!({ "https": {
        "domain_name": NAME, "https_switch": 1, "certificate_type": 2, "cert_name": "www",
        "scm_certificate_id": id,
    } });
    assert_eq!(refused(world, "PUT", "/v1.0/cdn/domains/config-https-info", &old).0, 403);
}

#[test]
fn the_twenty_first_call_of_a_minute_is_throttled() {
    let world = &mut stage(Settings::default());
    for second in 0..20 {
        let (status, _) = call_at(world, second * 1000, "GET", &configs(), &Value::Null);
        assert_eq!(status, 200);
    }
    let (status, body) = call_at(world, 59_999, "GET", &configs(), &Value::Null);
    assert_eq!((status, &body["error_code"]), (429, &json!("APIGW.0308")));
    assert!(body["error_msg"].as_str().unwrap().contains("limit:20,time:1 minute"));
    assert_eq!(call_at(world, 60_000, "GET", &configs(), &Value::Null).0, 200);
    assert_eq!(call_at(world, 60_500, "GET", &configs(), &Value::Null).0, 429);
}

#[test]
fn the_older_call_resets_what_it_is_not_told() {
    let world = &mut stage(Settings::default());
    let id = imported(world, &Authority::new("Other"), "www", 0);
    let body = json!({ "https": {
        "domain_name": NAME, "https_switch": 1, "certificate_type": 2, "cert_name": "www",
        "scm_certificate_id": id,
    } });
    let (status, body) = call(world, "PUT", "/v1.0/cdn/domains/config-https-info", &body);
    assert_eq!((status, &body["result"][0]["status"]), (200, &json!("success")));
    let configs = crate::sim::console::object(world, NAME).unwrap();
    assert_eq!(configs["https"]["http2_status"], "off");
    assert_eq!(configs["force_redirect"]["status"], "off");
    assert_eq!(configs["origin_protocol"], "http");
    assert_eq!(configs["hsts"]["status"], "on", "it knows nothing of HSTS");
}

#[test]
fn a_scribble_reaches_into_https() {
    let world = &mut stage(Settings::default());
    let id = imported(world, &Authority::new("Other"), "www", 0);
    assert!(crate::sim::console::scribble(world, NAME, "https.http2_status", json!("off")));
    assert_eq!(call(world, "PUT", &configs(), &https(&id)).0, 204);
    let (_, shown) = call(world, "GET", &configs(), &Value::Null);
    assert_eq!(shown["configs"]["https"]["http2_status"], "off");
}
