//! WAF: certificates, hosts of both modes, and what binds one to the other.

use serde_json::{Value, json};

use super::*;

const PREFIX: &str = "/v1/0123456789abcdef0123456789abcdef";
const CLOUD: &str = "5f1e0c2d3b4a49588776655443322110";
const PREMIUM: &str = "6f1e0c2d3b4a49588776655443322110";

fn stage() -> World {
    let authority = Authority::new("Test");
    let host = |id: &str, hostname: &str, premium| HostSetup {
        id: id.to_owned(),
        hostname: hostname.to_owned(),
        premium,
        default: Some(left(&authority, &[hostname], KeyKind::EcdsaP256)),
        ..HostSetup::default()
    };
    let waf_hosts =
        vec![host(CLOUD, "www.example.com", false), host(PREMIUM, "api.example.com", true)];
    furnished(Settings { waf_hosts, ..Settings::default() })
}

/// Makes a certificate and gives its id.
fn created(world: &mut World, name: &str) -> String {
    let pair = pair(&Authority::new("Other"), "www.example.com");
    let body = json!({
        "name": name, "content": pair.fullchain_pem(), "key": pair.key_pem.expose(),
    });
    let (status, body) = call(world, "POST", &format!("{PREFIX}/waf/certificate"), &body);
    assert_eq!(status, 200, "{body}");
    body["id"].as_str().unwrap().to_owned()
}

#[test]
fn a_certificate_is_applied_to_hosts_of_both_modes_or_to_none() {
    let world = &mut stage();
    let id = created(world, "new");
    let path = format!("{PREFIX}/waf/certificate/{id}/apply-to-hosts");
    let (cloud, premium) = (world.hosts[0].object.clone(), world.hosts[1].object.clone());
    let wrong = json!({ "cloud_host_ids": [CLOUD, PREMIUM] });
    assert_eq!(refused(world, "POST", &path, &wrong), (404, "WAF.00014002".to_owned()));
    assert_eq!(world.hosts[0].object, cloud, "none");
    let both = json!({ "cloud_host_ids": [CLOUD], "premium_host_ids": [PREMIUM] });
    let (status, body) = call(world, "POST", &path, &both);
    assert_eq!((status, body["bind_host"].as_array().unwrap().len()), (200, 2));
    let bound = ["certificateid", "certificatename"];
    assert_eq!(changed(&cloud, &world.hosts[0].object), bound);
    assert_eq!(changed(&premium, &world.hosts[1].object), bound);
    assert_eq!(refused(world, "POST", &path, &json!({})).0, 400);
    assert_eq!(world.violations.len(), 1);
}

#[test]
fn a_certificate_in_use_stays_and_one_that_is_free_goes() {
    let world = &mut stage();
    let used = format!("{PREFIX}/waf/certificate/{}", id_of(world, "www.example.com"));
    assert_eq!(refused(world, "DELETE", &used, &Value::Null).0, 400);
    let (_, shown) = call(world, "GET", &used, &Value::Null);
    assert_eq!(shown["bind_host"][0]["waf_type"], "cloud");
    let id = created(world, "new");
    let free = format!("{PREFIX}/waf/certificate/{id}");
    assert_eq!(call(world, "DELETE", &free, &Value::Null).1["id"], json!(id));
    assert_eq!(refused(world, "GET", &free, &Value::Null), (404, "WAF.00014002".to_owned()));
}

#[test]
fn a_certificate_is_changed_in_place_with_both_of_its_parts() {
    let world = &mut stage();
    let pair = pair(&Authority::new("Other"), "www.example.com");
    let path = format!("{PREFIX}/waf/certificate/{}", id_of(world, "www.example.com"));
    let (pem, key) = (pair.fullchain_pem(), pair.key_pem.expose().to_owned());
    let half = json!({ "name": "renewed", "content": pem });
    assert_eq!(refused(world, "PUT", &path, &half).0, 400);
    let whole = json!({ "name": "renewed", "content": pem, "key": key });
    assert_eq!(call(world, "PUT", &path, &whole).0, 200);
    assert_eq!(world.certificates[0].sha256, pair.sha256);
    let nameless = json!({ "content": pem, "key": key });
    assert_eq!(refused(world, "PUT", &path, &nameless).0, 400);
    let spaced = json!({ "name": "a b", "content": pem, "key": key });
    assert_eq!(refused(world, "PUT", &path, &spaced).0, 400);
}

#[test]
fn hosts_are_listed_without_their_certificate_and_shown_with_it() {
    let world = &mut stage();
    for (list, id, name) in [
        ("waf/instance", CLOUD, "www.example.com"),
        ("premium-waf/host", PREMIUM, "api.example.com"),
    ] {
        let (_, listed) = call(world, "GET", &format!("{PREFIX}/{list}?pagesize=50"), &Value::Null);
        assert_eq!((&listed["total"], &listed["items"][0]["hostname"]), (&json!(1), &json!(name)));
        assert_eq!(listed["items"][0]["certificateid"], Value::Null);
        let (_, shown) = call(world, "GET", &format!("{PREFIX}/{list}/{id}"), &Value::Null);
        assert_eq!(shown["certificateid"], json!(id_of(world, name)));
        assert_eq!(refused(world, "GET", &format!("{PREFIX}/{list}/none"), &Value::Null).0, 404);
    }
    let (_, none) =
        call(world, "GET", &format!("{PREFIX}/waf/instance?hostname=zzz"), &Value::Null);
    assert_eq!(none["total"], 0);
}

#[test]
fn an_update_of_a_host_keeps_what_was_not_sent() {
    let world = &mut stage();
    let id = created(world, "new");
    let bound = ["certificateid", "certificatename"];
    let sent = json!({ "certificateid": id, "certificatename": "new" });
    for (method, path, at) in [
        ("PATCH", format!("{PREFIX}/waf/instance/{CLOUD}"), 0),
        ("PUT", format!("{PREFIX}/premium-waf/host/{PREMIUM}"), 1),
    ] {
        let before = world.hosts[at].object.clone();
        assert_eq!(call(world, method, &path, &sent).0, 200);
        assert_eq!(changed(&before, &world.hosts[at].object), bound);
        let other = json!({ "certificateid": id, "certificatename": "old" });
        assert_eq!(refused(world, method, &path, &other).0, 400);
        assert_eq!(refused(world, method, &path, &json!({ "certificateid": id })).0, 400);
        assert_eq!(refused(world, method, &path, &json!({ "hostname": "x" })).0, 400);
    }
    assert_eq!(world.violations.len(), 4);
}

#[test]
fn the_list_tells_hosts_only_when_asked_to() {
    let world = &mut stage();
    let list = format!("{PREFIX}/waf/certificate?pagesize=50");
    let (_, plain) = call(world, "GET", &list, &Value::Null);
    assert_eq!(plain["items"][0]["bind_host"], json!([]));
    let (_, asked) = call(world, "GET", &format!("{list}&host=true"), &Value::Null);
    assert_eq!(asked["items"][0]["bind_host"][0]["hostname"], "www.example.com");
}
