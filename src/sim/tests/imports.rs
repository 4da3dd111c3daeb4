//! What the certificate manager takes in and what it refuses.

use serde_json::{Value, json};

use super::*;

#[test]
fn takes_pairs_of_every_key_kind() {
    let authority = Authority::new("Test");
    let world = &mut world(Settings::default());
    for kind in [KeyKind::Rsa2048, KeyKind::EcdsaP256, KeyKind::EcdsaP384, KeyKind::Ed25519] {
        let names = ["www.example.com", "*.example.com"];
        let end = Time::from_secs(NOW + DAY);
        let pair = authority.issue(&names, kind, Time::from_secs(NOW - DAY), end);
        let (status, body) = call(world, "POST", IMPORT, &import_body("www", &pair));
        assert_eq!(status, 200, "{kind:?}: {body}");
        let import = world.imports.last().unwrap();
        assert_eq!((import.sha256, import.domain.as_str()), (pair.sha256, "www.example.com"));
        assert_eq!(
            (import.sans.as_slice(), import.not_after),
            (&["*.example.com".to_owned()][..], end)
        );
        assert_eq!(body["certificate_id"].as_str().map(str::len), Some(16));
    }
    assert_eq!(world.violations, Vec::<String>::new());
}

#[test]
fn the_same_pair_twice_makes_two() {
    let authority = Authority::new("Test");
    let world = &mut world(Settings::default());
    let body = import_body("www", &pair(&authority, "www.example.com"));
    let (_, first) = call(world, "POST", IMPORT, &body);
    let (_, second) = call(world, "POST", IMPORT, &body);
    assert_ne!(first["certificate_id"], second["certificate_id"]);
    assert_eq!(world.imports.len(), 2);
}

#[test]
fn refuses_with_the_documented_codes() {
    let authority = Authority::new("Test");
    let good = pair(&authority, "www.example.com");
    let other = pair(&authority, "other.example.com");
    let key = good.key_pem.expose().trim();
    let encrypted = key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    let both = format!("{}{}", good.leaf_pem, good.chain_pem.trim());
    let reversed = format!("{}{}", good.chain_pem, good.leaf_pem.trim());
    let cases: [(&str, Value, &str); 20] = [
        ("short name", json!({ "name": "ab" }), "SCM.0032"),
        ("long name", json!({ "name": "x".repeat(64) }), "SCM.0032"),
        ("strange name", json!({ "name": "a/b" }), "SCM.0032"),
        ("long certificate", json!({ "certificate": "x".repeat(4097) }), "SCM.0005"),
        ("long chain", json!({ "certificate_chain": "x".repeat(8193) }), "SCM.0005"),
        ("long key", json!({ "private_key": "x".repeat(4097) }), "SCM.0005"),
        ("line break at the end", json!({ "certificate": good.leaf_pem }), "SCM.0006"),
        (
            "line break before",
            json!({ "certificate": format!("\n{}", good.leaf_pem.trim()) }),
            "SCM.0006",
        ),
        ("garbage", json!({ "certificate": "garbage" }), "SCM.0006"),
        ("a key for a certificate", json!({ "certificate": key }), "SCM.0006"),
        ("a fullchain beside a chain", json!({ "certificate": both }), "SCM.0006"),
        ("untrimmed chain", json!({ "certificate_chain": good.chain_pem }), "SCM.0053"),
        ("empty chain", json!({ "certificate_chain": "" }), "SCM.0054"),
        ("root for a chain", json!({ "certificate_chain": good.root_pem.trim() }), "SCM.0079"),
        ("chain out of order", json!({ "certificate_chain": reversed }), "SCM.0079"),
        ("lone leaf", json!({ "certificate_chain": null }), "SCM.0079"),
        ("untrimmed key", json!({ "private_key": good.key_pem.expose() }), "SCM.0114"),
        ("encrypted key", json!({ "private_key": encrypted }), "SCM.0012"),
        ("another's key", json!({ "private_key": other.key_pem.expose().trim() }), "SCM.0014"),
        ("all projects", json!({ "enterprise_project_id": "all" }), "SCM.0005"),
    ];
    let world = &mut world(Settings::default());
    for (case, changes, code) in cases {
        let mut body = import_body("www", &good);
        for (field, value) in changes.as_object().unwrap() {
            body[field] = value.clone();
        }
        let fields = body.as_object_mut().unwrap();
        fields.retain(|_, value| !value.is_null());
        assert_eq!(refused(world, "POST", IMPORT, &body), (400, code.to_owned()), "{case}");
    }
    assert_eq!(world.imports.len(), 0);
}

#[test]
fn refuses_expired_leaves_and_names_that_are_no_hosts() {
    let authority = Authority::new("Test");
    let world = &mut world(Settings::default());
    let (past, now) = (Time::from_secs(NOW - DAY), Time::from_secs(NOW));
    let expired = authority.issue(&["www.example.com"], KeyKind::EcdsaP256, past, now);
    assert_eq!(
        refused(world, "POST", IMPORT, &import_body("old", &expired)),
        (400, "SCM.0006".to_owned())
    );
    let end = Time::from_secs(NOW + DAY);
    let named = |name, sans: &[&str]| authority.issue_as(name, sans, KeyKind::EcdsaP256, past, end);
    let strange = named(Some("Not A Host"), &["www.example.com"]);
    assert_eq!(refused(world, "POST", IMPORT, &import_body("cn", &strange)).1, "SCM.0032");
    assert_eq!(refused(world, "POST", IMPORT, &import_body("cn1", &strange)).1, "SCM.0070");
    assert_eq!(
        refused(world, "POST", IMPORT, &import_body("none", &named(None, &[]))).1,
        "SCM.0009"
    );
    assert_eq!(
        refused(world, "POST", IMPORT, &import_body("san", &named(None, &["a.example"]))).0,
        200
    );
}

#[test]
fn unknown_fields_and_types_are_violations() {
    let authority = Authority::new("Test");
    let world = &mut world(Settings::default());
    let good = import_body("www", &pair(&authority, "www.example.com"));
    for (field, value) in
        [("extra", json!(1)), ("private_key", json!(7)), ("duplicate_check", json!("no"))]
    {
        let mut body = good.clone();
        body[field] = value;
        assert_eq!(refused(world, "POST", IMPORT, &body), (400, "SCM.0005".to_owned()));
        assert!(world.violations.pop().unwrap().contains(field));
    }
    let query = format!("{IMPORT}?force=true");
    assert_eq!(refused(world, "POST", &query, &good).0, 400);
    assert_eq!(world.violations.len(), 1);
}

#[test]
fn the_quota_ends_somewhere() {
    let authority = Authority::new("Test");
    let world = &mut world(Settings { import_quota: 1, ..Settings::default() });
    imported(world, &authority, "one", 0);
    let body = import_body("two", &pair(&authority, "two.example.com"));
    assert_eq!(refused(world, "POST", IMPORT, &body), (400, "SCM.0011".to_owned()));
}
