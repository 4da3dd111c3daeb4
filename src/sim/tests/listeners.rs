//! Listeners: what they show, what an update changes and what it may not.

use serde_json::{Value, json};

use super::*;

const ELB: &str = "/v3/0123456789abcdef0123456789abcdef/elb";
const FRONT: &str = "2f1a0e5c-9f0a-4f0e-8a39-0c6f2c1d3b5a";

/// A listener with a default and three certificates by name, one name under two keys; and more
/// certificates that are bound to another one.
fn stage() -> World {
    let authority = Authority::new("Test");
    let ec = |names: &[&str]| left(&authority, names, KeyKind::EcdsaP256);
    let rsa = Pair {
        name: "www-rsa".to_owned(),
        ..left(&authority, &["www.example.com"], KeyKind::Rsa2048)
    };
    let front = ListenerSetup {
        id: FRONT.to_owned(),
        name: "front".to_owned(),
        default: Some(ec(&["other.example.net"])),
        sni: vec![ec(&["www.example.com"]), rsa, ec(&["*.example.org", "api.example.org"])],
        ..ListenerSetup::default()
    };
    let renewed =
        Pair { name: "renewed".to_owned(), ..ec(&["WWW.example.com", "shop.example.com"]) };
    let back = ListenerSetup {
        name: "back".to_owned(),
        default: Some(renewed),
        ..ListenerSetup::default()
    };
    furnished(Settings { listeners: vec![front, back], page_max: 1, ..Settings::default() })
}

fn update(world: &mut World, change: &Value) -> (u16, Value) {
    let path = format!("{ELB}/listeners/{FRONT}");
    call_at(world, 5000, "PUT", &path, &json!({ "listener": change }))
}

#[test]
fn an_update_changes_what_was_sent_and_nothing_else() {
    let world = &mut stage();
    let path = format!("{ELB}/listeners/{FRONT}");
    let (_, before) = call(world, "GET", &path, &Value::Null);
    let mut refs = before["listener"]["sni_container_refs"].clone();
    refs[0] = json!(id_of(world, "renewed"));
    let (status, after) = update(world, &json!({ "sni_container_refs": refs }));
    assert_eq!(status, 200, "{after}");
    assert_eq!(
        changed(&before["listener"], &after["listener"]),
        ["sni_container_refs", "updated_at"]
    );
    let (_, shown) = call(world, "GET", &path, &Value::Null);
    assert_eq!(shown["listener"], after["listener"]);
    let (_, after) = update(world, &json!({ "insert_headers": { "X-Real-IP": true } }));
    assert_eq!(after["listener"]["insert_headers"]["X-Forwarded-Host"], true, "the rest stays");
    assert_eq!(world.violations, Vec::<String>::new());
}

#[test]
fn certificates_must_be_there_be_servers_and_share_no_name_of_a_family() {
    let world = &mut stage();
    let www = id_of(world, "www.example.com");
    let (rsa, org) = (id_of(world, "www-rsa"), id_of(world, "*.example.org"));
    let renewed = id_of(world, "renewed");
    let client = json!({ "certificate": {
        "type": "client", "name": "client", "certificate": Authority::new("Clients").ca_pem(),
    } });
    assert_eq!(call(world, "POST", &format!("{ELB}/certificates"), &client).0, 201);
    let client = id_of(world, "client");
    let before = world.listeners[0].object.clone();
    for (change, status) in [
        (json!({ "default_tls_container_ref": "0".repeat(32) }), 404),
        (json!({ "default_tls_container_ref": client }), 400),
        (json!({ "default_tls_container_ref": "" }), 400),
        (json!({ "sni_container_refs": ["0".repeat(32)] }), 404),
        (json!({ "sni_container_refs": [client] }), 400),
        (json!({ "sni_container_refs": [www, www] }), 400),
        (json!({ "sni_container_refs": [www, renewed] }), 400),
        (json!({ "sni_match_algo": "loose" }), 400),
    ] {
        assert_eq!(update(world, &change).0, status, "{change}");
        assert_eq!(world.listeners[0].object, before, "{change}");
    }
    let both =
        json!({ "sni_container_refs": [rsa, renewed, org], "default_tls_container_ref": www });
    assert_eq!(update(world, &both).0, 200, "RSA and ECDSA stand side by side");
    assert_eq!(update(world, &json!({ "sni_container_refs": [] })).0, 200);
}

#[test]
fn two_hundred_names_are_enough() {
    let authority = Authority::new("Test");
    let many = |from: usize| -> Pair {
        let names: Vec<String> = (from..from + 67).map(|at| format!("n{at}.example.com")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        left(&authority, &names, KeyKind::EcdsaP256)
    };
    let sni = vec![many(0), many(100), many(200)];
    let default = Some(left(&authority, &["www.example.com"], KeyKind::EcdsaP256));
    let front = ListenerSetup { id: FRONT.to_owned(), default, sni, ..ListenerSetup::default() };
    let world = &mut furnished(Settings { listeners: vec![front], ..Settings::default() });
    let refs = world.listeners[0].object["sni_container_refs"].clone();
    assert_eq!(update(world, &json!({ "sni_container_refs": refs })).0, 400, "201 names");
    assert_eq!(update(world, &json!({ "sni_container_refs": [refs[0], refs[1]] })).0, 200);
}

#[test]
fn lists_page_and_find_the_users_of_a_default() {
    let world = &mut stage();
    let list = format!("{ELB}/listeners");
    let (_, first) = call(world, "GET", &list, &Value::Null);
    let marker = first["page_info"]["next_marker"].as_str().unwrap();
    let (_, second) = call(world, "GET", &format!("{list}?marker={marker}"), &Value::Null);
    assert_eq!(second["page_info"]["next_marker"], Value::Null);
    let names = [&first, &second].map(|page| page["listeners"][0]["name"].as_str().unwrap());
    assert!(names.contains(&"front") && names.contains(&"back"), "{names:?}");
    let query = format!("{list}?default_tls_container_ref={}", id_of(world, "renewed"));
    let (_, users) = call(world, "GET", &query, &Value::Null);
    assert_eq!(users["listeners"][0]["name"], "back");
    let (_, none) = call(world, "GET", &format!("{list}?protocol_port=8443"), &Value::Null);
    assert_eq!(none["listeners"], json!([]));
    assert_eq!(refused(world, "GET", &format!("{list}?sni_container_refs=x"), &Value::Null).0, 400);
    assert_eq!(world.violations.len(), 1, "there is no such filter");
}

#[test]
fn fields_that_are_unknown_or_of_another_type_are_violations() {
    let world = &mut stage();
    for change in
        [json!({ "sni_refs": [] }), json!({ "sni_container_refs": "x" }), json!({ "id": "x" })]
    {
        assert_eq!(update(world, &change).0, 400, "{change}");
        assert_eq!(world.violations.drain(..).count(), 1, "{change}");
    }
    let path = format!("{ELB}/listeners/none");
    assert_eq!(refused(world, "PUT", &path, &json!({ "listener": {} })).0, 404);
}

#[test]
fn a_scribble_strikes_the_next_write_once() {
    let world = &mut stage();
    assert!(crate::sim::console::scribble(world, "front", "http2_enable", json!(false)));
    let refs = world.listeners[0].object["sni_container_refs"].clone();
    let before = world.listeners[0].object.clone();
    let (_, after) = update(world, &json!({ "sni_container_refs": refs }));
    assert_eq!(changed(&before, &after["listener"]), ["http2_enable", "updated_at"]);
    let (_, after) = update(world, &json!({ "http2_enable": true }));
    assert_eq!(after["listener"]["http2_enable"], true);
}
