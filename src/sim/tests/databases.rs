//! Links to CA files, and the SSL switch with its jobs.

use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::model::target::CaSource;
use crate::sim::instance_setup::{CaFile, CaInstance, CcmCertificate, ids};

const TAURUS: &str = "096c0fc43e804757b59946b80dc27f8bin07";

fn furnished() -> World {
    world(
        Settings { job_time: Duration::from_secs(10), ..Settings::default() }
            .with_instances("the ca"),
    )
}

fn switch(world: &mut World, after_ms: i64, body: &Value) -> (u16, Value) {
    let path = format!("/v3/{PROJECT}/instances/{TAURUS}/ssl-option");
    call_at(world, after_ms, "PUT", &path, body)
}

#[test]
fn a_switch_is_a_job_that_goes_through_its_states() {
    let world = &mut furnished();
    let (status, body) = switch(world, 0, &json!({ "ssl_option": true }));
    assert_eq!(status, 200);
    let job = format!("/v3/{PROJECT}/jobs?id={}", body["job_id"].as_str().unwrap());
    for (after_ms, expected) in
        [(0, "Pending"), (1999, "Pending"), (2000, "Running"), (10_000, "Completed")]
    {
        let (_, body) = call_at(world, after_ms, "GET", &job, &Value::Null);
        assert_eq!(body["job"]["status"], expected, "{after_ms}");
    }
    assert_eq!(switch(world, 9_999, &json!({ "ssl_option": false })).1["error_code"], "DBS.201014");
    world.job_failures.push("no".to_owned());
    assert_eq!(switch(world, 10_000, &json!({ "ssl_option": false })).0, 200);
    assert_eq!(world.jobs.iter().map(|job| job.on).collect::<Vec<_>>(), [true, false]);
    assert_eq!(world.jobs[1].status(Time::from_secs(NOW + 20)), "Failed");
}

#[test]
fn the_switch_takes_a_real_boolean_and_a_real_id() {
    let world = &mut furnished();
    for body in
        [json!({ "ssl_option": "true" }), json!({}), json!({ "ssl_option": true, "force": true })]
    {
        assert_eq!(switch(world, 0, &body).0, 400, "{body}");
    }
    let path = |id: &str| format!("/v3/{PROJECT}/instances/{id}/ssl-option");
    let on = json!({ "ssl_option": true });
    assert_eq!(refused(world, "PUT", &path("short"), &on), (400, "DBS.200001".to_owned()));
    let other = path("00000000000000000000000000000000in07");
    assert_eq!(refused(world, "PUT", &other, &on), (404, "DBS.200002".to_owned()));
    assert_eq!((world.jobs.len(), world.violations.len()), (0, 4));
}

#[test]
fn recent_tasks_are_listed_without_their_direction() {
    let world = &mut furnished();
    world.settings.job_lag = Duration::from_secs(2);
    for after_ms in [0, 60_000, 120_000] {
        assert_eq!(switch(world, after_ms, &json!({ "ssl_option": true })).0, 200);
    }
    let list = |world: &mut World, after_ms, query: &str| {
        let path =
            format!("/v3/{PROJECT}/immediate-jobs?job_name=GaussDBforMySQLSwitchSSL&{query}");
        call_at(world, after_ms, "GET", &path, &Value::Null).1
    };
    assert_eq!(list(world, 121_999, "")["total_count"], 2, "a new job is listed late");
    let all = list(world, 200_000, "limit=50");
    assert_eq!(all["total_count"], 3);
    assert_eq!(
        all["jobs"][0]["created_time"], "2027-01-15T16:02:00+0800",
        "newest first, China's zone"
    );
    assert!(!all.to_string().contains("ssl_option"));
    let since = list(world, 200_000, "start_time=2027-01-15T08:01:00%2B0000");
    assert_eq!(since["total_count"], 2);
    assert_eq!(list(world, 200_000, "status=Running")["total_count"], 0);
    let bad = format!("/v3/{PROJECT}/immediate-jobs?start_time=yesterday");
    assert_eq!(refused(world, "GET", &bad, &Value::Null).0, 400);
}

#[test]
fn links_open_for_a_while_and_never_with_credentials() {
    let world = &mut furnished();
    let id = ids::REDIS_PEM;
    let path = format!("/v2/{PROJECT}/instances/{id}/ssl-certs/download");
    let (_, body) = call(world, "POST", &path, &Value::Null);
    let link = body["link"].as_str().unwrap().strip_prefix("http://127.0.0.1:1").unwrap();
    let fetched = |world: &mut World, link: &str, after_ms| {
        let found = answer(world, &ask("GET", link, &Value::Null, after_ms));
        (found.status, String::from_utf8_lossy(&found.body).into_owned())
    };
    assert_eq!(fetched(world, link, 0), (200, "the ca".to_owned()));
    assert_eq!(fetched(world, link, 301_000).0, 403, "expired");
    assert_eq!(fetched(world, &link.replace("Expires=18", "Expires=19"), 0).0, 403, "prolonged");
    assert_eq!(fetched(world, &link.replace("7d6e2b41", "5560df16"), 0).0, 403, "another object");
    assert!(world.violations.is_empty());
    let token = with_header(ask("GET", link, &Value::Null, 0), "x-auth-token", "token");
    assert_eq!((answer(world, &token).status, world.violations.len()), (400, 1));
}

#[test]
fn instances_publish_what_they_have() {
    let world = &mut furnished();
    let path = |id: &str| format!("/v2/{PROJECT}/instances/{id}/ssl-certs/download");
    assert_eq!(
        call(world, "POST", &path(ids::REDIS_ZIP), &Value::Null).1["file_name"],
        "redis-ssl.zip"
    );
    assert_eq!(
        refused(world, "POST", &path(ids::REDIS_PLAIN), &Value::Null),
        (400, "DCS.4201".to_owned())
    );
    assert_eq!(refused(world, "POST", &path("none"), &Value::Null), (404, "DCS.3022".to_owned()));
}

/// What this instance answers to the question for links.
fn links(world: &mut World, id: &str) -> Value {
    let path = format!("/v3/{PROJECT}/instances/{id}/ssl-cert/download-link");
    call(world, "GET", &path, &Value::Null).1
}

#[test]
fn each_service_has_a_shape_of_its_own() {
    let world = &mut furnished();
    let gemini = links(world, ids::GEMINIDB);
    assert_eq!(gemini["certs"][0]["category"], "international");
    let rds = links(world, ids::RDS);
    assert_eq!(rds["cert_info_list"][0]["category"], "national");
    assert_eq!(rds["cert_info_list"][1]["category"], "international");
    let dds = links(world, ids::DDS);
    assert_eq!(dds["certs"][1]["category"], "international");
    let gauss = links(world, ids::GAUSSDB);
    assert!(gauss["download_link"].as_str().unwrap().contains("/gaussdb-ssl-certs/"), "{gauss}");
    for (link, begins) in [
        (&gemini["certs"][0]["download_link"], "the ca"),
        (&rds["cert_info_list"][1]["download_link"], "PK\u{3}\u{4}"),
        (&dds["certs"][0]["download_link"], "-----BEGIN CERT"),
        (&dds["certs"][1]["download_link"], "the ca"),
        (&gauss["download_link"], "the ca"),
    ] {
        let link = link.as_str().unwrap().strip_prefix("http://127.0.0.1:1").unwrap();
        let found = answer(world, &ask("GET", link, &Value::Null, 0));
        assert_eq!(found.status, 200, "{link}");
        assert!(found.body.starts_with(begins.as_bytes()), "{link}");
    }
    assert_eq!(links(world, ids::REDIS_PEM)["error_code"], "DBS.200002", "DCS has another path");
    assert_eq!(links(world, "none")["error_code"], "DBS.200002");
    assert!(world.violations.is_empty(), "{:?}", world.violations);
}

#[test]
fn a_ca_file_is_reissued_in_its_form() {
    let pem = Authority::new("Forms").ca_pem().to_owned();
    let der = CaFile::der(&pem);
    assert!(matches!(&der, CaFile::Der(bytes) if bytes.starts_with(&[0x30])));
    let other = "not a certificate";
    for (file, expected) in [
        (CaFile::Pem(other.to_owned()), CaFile::Pem(pem.clone())),
        (CaFile::Zip(other.to_owned()), CaFile::Zip(pem.clone())),
        (CaFile::Der(Vec::new()), der),
        (CaFile::ZipOfDer(Vec::new()), CaFile::zip_of_der(&pem)),
        (CaFile::archive(&[("a", b"b")]), CaFile::Pem(pem.clone())),
    ] {
        assert_eq!(file.reissued(&pem), expected);
    }
}

#[test]
fn geminidb_lists_whether_ssl_is_on_and_who_issued_the_certificate() {
    let world = &mut furnished();
    let other = CaInstance {
        ssl: false,
        ccm: Some(CcmCertificate { id: "scs1600313391074".to_owned(), kind: "SSL".to_owned() }),
        ..CaInstance::new(CaSource::GeminiDb, "0badin17", CaFile::Pem("hidden".to_owned()))
    };
    world.settings.instances.push(other);
    let list = |world: &mut World, query: &str| {
        call(world, "GET", &format!("/v3/{PROJECT}/instances?{query}"), &Value::Null)
    };
    let (_, all) = list(world, "limit=1&offset=1");
    assert_eq!((&all["total_count"], all["instances"].as_array().unwrap().len()), (&json!(2), 1));
    let (_, one) = list(world, "id=0badin17");
    assert_eq!(one["instances"][0]["ssl"], "0");
    let ccm = json!({ "cert_id": "scs1600313391074", "cert_type": "SSL" });
    assert_eq!(one["instances"][0]["ccm_cert_info"], ccm);
    let (_, one) = list(world, &format!("id={}", ids::GEMINIDB));
    assert_eq!(one["instances"][0]["ssl"], "1");
    assert_eq!(one["instances"][0].get("ccm_cert_info"), None);
    assert_eq!(list(world, "id=*in17").1["total_count"], 1);
    assert_eq!(list(world, &format!("id={}", ids::DDS)).1["total_count"], 0, "another service");
    assert_eq!(links(world, "0badin17"), json!({ "certs": [] }));
    for query in ["limit=0", "limit=101", "offset=-1", "ssl=1"] {
        assert_eq!(list(world, query).0, 400, "{query}");
    }
}

#[test]
fn dcs_tells_of_ssl() {
    let world = &mut furnished();
    let path = |id: &str| format!("/v2/{PROJECT}/instances/{id}/ssl");
    let (status, body) = call(world, "GET", &path(ids::REDIS_ZIP), &Value::Null);
    assert_eq!((status, &body["enabled"], &body["port"]), (200, &json!(true), &json!("6379")));
    assert_eq!(refused(world, "GET", &path(ids::REDIS_PLAIN), &Value::Null).1, "DCS.4201");
    assert_eq!(refused(world, "GET", &path(ids::GEMINIDB), &Value::Null).1, "DCS.3022");
}
