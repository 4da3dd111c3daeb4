//! The switches of sites and edges, as scripts use them.

use serde_json::{Value, json};

use super::handshake::{ECDSA, leaf_for, trusts};
use super::*;
use crate::sim::control;
use crate::sim::instance_setup::ids;

/// What a switch answers.
fn switch(world: &mut World, method: &str, name: &str, body: &Value) -> (u16, Value) {
    let ask = ask(method, &format!("{}{name}", control::PREFIX), body, 0);
    let answer = control::handle(world, &ask);
    world.settle(ask.now);
    (answer.status, serde_json::from_slice(&answer.body).unwrap_or(Value::Null))
}

#[tokio::test]
async fn scripts_furnish_sites_and_see_what_they_serve() {
    let world = &mut world(Settings::default());
    let wish = json!({
        "kind": "listener", "name": "front", "default": "other.test",
        "sni": [["www.example.com", "*.example.com"], "api.example.org"],
    });
    let (status, made) = switch(world, "POST", "furnish", &wish);
    assert_eq!(status, 200, "{made}");
    let id = made["id"].as_str().unwrap();
    let (_, edges) = switch(world, "GET", "edges", &Value::Null);
    assert_eq!(edges, json!({ id: made["edge"] }));
    let address = made["edge"].as_str().unwrap().parse().unwrap();
    let leaf = world.certificates[1].sha256;
    assert_eq!(leaf_for(address, "shop.example.com", ECDSA).await, Some(leaf));
    let (_, shown) = switch(world, "GET", &format!("listener/{id}"), &Value::Null);
    let first = shown["sni_container_refs"][0].clone();
    let again = json!({ "site": id, "certificate_id": first });
    assert_eq!(switch(world, "POST", "rebind", &again).0, 204);
    assert_eq!(leaf_for(address, "unknown.test", ECDSA).await, Some(leaf));
    assert_eq!(switch(world, "POST", "rebind", &json!({ "site": id, "sni": [] })).0, 204);
    assert_eq!(switch(world, "GET", "certificates", &Value::Null).1.as_array().unwrap().len(), 3);
    assert_eq!(switch(world, "GET", "fees", &Value::Null).1, 0);
}

#[tokio::test]
async fn scripts_furnish_hosts_and_domains_with_a_certificate_of_their_name() {
    let world = &mut world(Settings::default());
    for wish in [
        json!({ "kind": "host", "name": "www.example.com", "premium": true }),
        json!({ "kind": "domain", "name": "cdn.example.com" }),
    ] {
        let (_, made) = switch(world, "POST", "furnish", &wish);
        let address = made["edge"].as_str().unwrap().parse().unwrap();
        let leaf = world.certificates.last().unwrap().sha256;
        assert_eq!(leaf_for(address, "www.example.com", ECDSA).await, Some(leaf));
    }
    let bare = json!({ "kind": "domain", "name": "bare.example.com", "default": null });
    assert_eq!(switch(world, "POST", "furnish", &bare).0, 200);
    let (_, shown) = switch(world, "GET", "domain/bare.example.com", &Value::Null);
    assert_eq!(shown["https"]["https_status"], "off");
    assert_eq!(switch(world, "POST", "furnish", &json!({ "kind": "shelf" })).0, 400);
    let nowhere = json!({ "kind": "host", "name": "a.test", "project": "mars" });
    assert_eq!(switch(world, "POST", "furnish", &nowhere).0, 400);
}

#[tokio::test]
async fn scripts_make_edges_go_wrong() {
    let world = &mut world(Settings::default());
    let wish = json!({ "kind": "domain", "name": "www.example.com" });
    let (_, made) = switch(world, "POST", "furnish", &wish);
    let address = made["edge"].as_str().unwrap().parse().unwrap();
    let site = |more: Value| {
        let mut body = json!({ "site": "www.example.com" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let closed = site(json!({ "how": "closed" }));
    assert_eq!(switch(world, "POST", "misbehave", &closed).0, 204);
    assert_eq!(leaf_for(address, "www.example.com", ECDSA).await, None);
    assert_eq!(switch(world, "POST", "misbehave", &site(json!({ "how": null }))).0, 204);
    assert!(leaf_for(address, "www.example.com", ECDSA).await.is_some());
    assert_eq!(switch(world, "POST", "misbehave", &site(json!({ "how": "odd" }))).0, 400);
    assert_eq!(switch(world, "POST", "garble", &site(json!({}))).0, 204);
    assert_eq!(switch(world, "POST", "garble", &site(json!({ "leaf": "xyz" }))).0, 400);
    assert_eq!(switch(world, "POST", "garble", &json!({ "site": "nowhere" })).0, 404);
    let id = imported(world, &Authority::new("Other"), "www", 0);
    let leaf = world.imports[0].sha256;
    assert_eq!(switch(world, "POST", "rebind", &site(json!({ "certificate_id": id }))).0, 204);
    let served = leaf_for(address, "www.example.com", ECDSA).await;
    assert!(served.is_some_and(|served| served != leaf), "garbage");
    let scribble = site(json!({ "field": "hsts", "value": {} }));
    assert_eq!(switch(world, "POST", "scribble", &scribble).0, 204);
    assert_eq!(switch(world, "GET", "listener/nowhere", &Value::Null).0, 404);
    assert_eq!(switch(world, "GET", "nothing", &Value::Null).0, 404);
}

#[tokio::test]
async fn scripts_furnish_instances_and_say_what_they_publish_and_present() {
    let authority = Authority::new("Reachable");
    let now = Time::from(chrono::Utc::now());
    let world = &mut world(Settings::default().with_reachable_instances(&authority, now));
    world.open_instances(now).unwrap();
    let (_, all) = switch(world, "GET", "instances", &Value::Null);
    assert_eq!(all[ids::RDS]["service"], "rds");
    assert_eq!((&all[ids::TAURUSDB]["ssl"], &all[ids::RDS]["ssl"]), (&json!(false), &json!(true)));
    assert_eq!(all[ids::REDIS_PLAIN]["address"], Value::Null);
    let address = all[ids::DDS]["address"].as_str().unwrap().parse().unwrap();
    assert!(trusts(address, authority.ca_pem()).await);
    // The switches' certificates are made for this moment, not for the wall clock's.
    let renewed = json!({ "instance": ids::DDS, "days": 3650 });
    let (status, presented) = switch(world, "POST", "present", &renewed);
    assert_eq!(status, 200, "{presented}");
    assert!(!trusts(address, authority.ca_pem()).await);
    let publish = |form: &str| json!({ "instance": ids::DDS, "form": form, "pem": "any" });
    for (form, status) in [("zip", 204), ("der", 204), ("text", 204), ("rar", 400)] {
        assert_eq!(switch(world, "POST", "publish", &publish(form)).0, status, "{form}");
    }
    let everywhere = json!({ "instance": ids::RDS, "pem": "any" });
    assert_eq!(switch(world, "POST", "publish", &everywhere).0, 204);
    let on = json!({ "instance": ids::TAURUSDB, "on": true });
    assert_eq!(switch(world, "POST", "ssl", &on).0, 204);
    assert_eq!(world.ssl(ids::TAURUSDB, now), Some(true));
    let wish = json!({ "kind": "instance", "id": "new", "service": "gaussdb", "form": "der",
        "speech": "postgres", "self_signed": true });
    let (status, made) = switch(world, "POST", "furnish", &wish);
    assert_eq!(status, 200, "{made}");
    assert!(made["address"].is_string() && made["ca"].is_string());
    assert_eq!(switch(world, "POST", "furnish", &wish).0, 400, "twice");
    let closed = json!({ "site": "new", "how": "closed" });
    assert_eq!(switch(world, "POST", "misbehave", &closed).0, 204);
}
