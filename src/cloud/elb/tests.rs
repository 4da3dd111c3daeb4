//! ELB's calls against a server of our own: what is sent, and what comes of a listener that is not left alone.

use std::sync::Mutex;

use serde_json::{Value, json};

use super::super::testing::{PROJECT, REGION, Reply, Server};
use super::*;
use crate::model::failure::Failure;

fn listener_path() -> String {
    format!("/v3/{PROJECT}/elb/listeners/l1")
}

/// A listener as the service shows it, with `old` as its default and among the others.
fn furnished() -> Value {
    json!({
        "id": "l1", "name": "front", "protocol": "HTTPS", "protocol_port": 443,
        "default_tls_container_ref": "old", "sni_container_refs": ["a", "old", "b"],
        "sni_match_algo": "longest_suffix", "http2_enable": true, "security_policy_id": null,
        "insert_headers": {"X-Forwarded-ELB-IP": true, "X-Forwarded-Host": true},
        "tags": [], "updated_at": "2026-01-01T00:00:00Z",
    })
}

/// A server with one listener. `disturb` gets it after every update, with the number of updates so far.
async fn with_listener(disturb: impl Fn(&mut Value, usize) + Send + Sync + 'static) -> Server {
    let state = Mutex::new((furnished(), 0));
    Server::start(move |seen| {
        let mut state = state.lock().unwrap();
        if seen.method == "PUT" {
            for (field, value) in seen.json()["listener"].as_object().unwrap() {
                state.0[field] = value.clone();
            }
            state.1 += 1;
            state.0["updated_at"] = json!(format!("2026-01-01T00:00:0{}Z", state.1));
            let updates = state.1;
            disturb(&mut state.0, updates);
        }
        Reply::json(&json!({ "listener": state.0, "request_id": "r" }))
    })
    .await
}

async fn exchange(server: &Server, put: &str, instead_of: &[&str]) -> Result<()> {
    let instead_of = instead_of.iter().map(|id| (*id).to_owned()).collect();
    bind(&server.cloud(), REGION, "l1", &Exchange { put: put.to_owned(), instead_of }).await
}

#[tokio::test]
async fn a_bind_sends_the_references_that_change_and_nothing_else() {
    let server = with_listener(|_, _| {}).await;
    exchange(&server, "new", &["old"]).await.unwrap();
    let path = listener_path();
    assert_eq!(
        server.lines(),
        [format!("GET {path}"), format!("PUT {path}"), format!("GET {path}")]
    );
    let sent = json!({"listener": {
        "default_tls_container_ref": "new", "sni_container_refs": ["a", "new", "b"]}});
    assert_eq!(server.bodies(), [sent]);
    assert_eq!(server.seen()[1].header("x-project-id"), Some(PROJECT));

    exchange(&server, "newer", &["a"]).await.unwrap();
    let sent = json!({"listener": {"sni_container_refs": ["newer", "new", "b"]}});
    assert_eq!(server.bodies()[1..], [sent]);
    let shown = listener(&server.cloud(), REGION, "l1").await.unwrap();
    assert_eq!(shown.default_ref.as_deref(), Some("new"));
    assert_eq!((shown.name.as_str(), shown.protocol.as_str()), ("front", "HTTPS"));
}

#[tokio::test]
async fn nothing_is_sent_for_what_stands_there_or_was_changed_by_somebody() {
    let server = with_listener(|_, _| {}).await;
    exchange(&server, "old", &[]).await.unwrap();
    exchange(&server, "a", &["gone"]).await.unwrap();
    let failure = exchange(&server, "new", &["gone"]).await.unwrap_err();
    assert_eq!(failure.kind, Kind::Busy);
    assert!(failure.message.contains("somebody has changed"), "{failure}");
    assert!(server.seen().iter().all(|seen| seen.method == "GET"));
}

#[tokio::test]
async fn a_reading_that_lags_is_no_failure() {
    let server = with_listener(|listener, _| *listener = furnished()).await;
    exchange(&server, "new", &["old"]).await.unwrap();
    assert_eq!(server.bodies().len(), 1);
}

#[tokio::test]
async fn what_changed_besides_is_put_back_and_named() {
    let server = with_listener(|listener, updates| {
        if updates == 1 {
            listener["http2_enable"] = json!(false);
            listener["insert_headers"]["X-Forwarded-Host"] = json!(false);
            listener["security_policy_id"] = json!("p1");
        }
    })
    .await;
    let failure = exchange(&server, "new", &["old"]).await.unwrap_err();
    assert_eq!(failure.kind, Kind::Operator);
    assert_eq!(
        failure.message,
        "the write changed http2_enable, insert_headers.X-Forwarded-Host, security_policy_id \
         besides the certificate: put back"
    );
    let former = json!({"listener": {
        "http2_enable": true, "security_policy_id": null,
        "insert_headers": {"X-Forwarded-ELB-IP": true, "X-Forwarded-Host": true},
        "default_tls_container_ref": "old", "sni_container_refs": ["a", "old", "b"]}});
    assert_eq!(server.bodies()[1..], [former]);
}

#[tokio::test]
async fn what_cannot_be_put_back_is_said() {
    let server = with_listener(|listener, _| listener["protocol_port"] = json!(444)).await;
    let failure = exchange(&server, "new", &["old"]).await.unwrap_err();
    assert_eq!(
        failure.message,
        "the write changed protocol_port besides the certificate, and putting it back failed: \
         protocol_port not as before, set it by hand"
    );
    let former = json!({"listener": {
        "default_tls_container_ref": "old", "sni_container_refs": ["a", "old", "b"]}});
    assert_eq!(server.bodies()[1..], [former]);
}

async fn failing(at: usize, reply: Reply) -> (Server, Failure) {
    let count = Mutex::new(0);
    let server = Server::start(move |_| {
        let mut count = count.lock().unwrap();
        *count += 1;
        if *count == at { reply.clone() } else { Reply::json(&json!({"listener": furnished()})) }
    })
    .await;
    let failure = exchange(&server, "new", &["old"]).await.unwrap_err();
    (server, failure)
}

#[tokio::test]
async fn each_call_of_a_bind_may_fail_in_its_own_way() {
    let missing = Reply::refusal(404, "ELB.8904", "listener l1 not found");
    for (at, reply, kind, calls) in [
        (1, missing, Kind::NotFound, 1),
        (1, Reply::dropped(), Kind::Transient, 1),
        (2, Reply::dropped(), Kind::Lost, 2),
        (2, Reply::new(200, "<html></html>"), Kind::Lost, 2),
        (2, Reply::refusal(400, "ELB.8902", "names repeat"), Kind::Permanent, 2),
        (3, Reply::refusal(500, "ELB.8000", "internal"), Kind::Lost, 3),
    ] {
        let (server, failure) = failing(at, reply).await;
        assert_eq!(failure.kind, kind, "{failure}");
        assert_eq!(server.seen().len(), calls, "{failure}");
    }
    let (_, failure) = failing(3, Reply::refusal(500, "ELB.8000", "internal")).await;
    assert_eq!(
        failure.to_string(),
        "ELB bind: 500 ELB.8000 taken, but it could not be read back: internal"
    );
}

#[tokio::test]
async fn listeners_are_paged_to_the_end() {
    let server = Server::start(|seen| {
        Reply::json(&if seen.query.contains("marker=l1") {
            json!({"listeners": [{"id": "l2", "name": null, "protocol": "TCP",
                "default_tls_container_ref": "", "sni_container_refs": null}], "page_info": {}})
        } else {
            json!({"listeners": [furnished()], "page_info": {"next_marker": "l1"}})
        })
    })
    .await;
    let found = listeners(&server.cloud(), REGION).await.unwrap();
    assert_eq!(found.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["l1", "l2"]);
    assert_eq!(found[0].sni_refs, ["a", "old", "b"]);
    assert_eq!((&found[1].default_ref, found[1].sni_refs.len()), (&None, 0));
    let path = format!("GET /v3/{PROJECT}/elb/listeners");
    assert_eq!(
        server.lines(),
        [format!("{path}?limit=200"), format!("{path}?limit=200&marker=l1")]
    );

    let endless = Server::start(|_| {
        Reply::json(&json!({"listeners": [furnished()], "page_info": {"next_marker": "l1"}}))
    })
    .await;
    let failure = listeners(&endless.cloud(), REGION).await.unwrap_err();
    assert_eq!((failure.kind, endless.seen().len()), (Kind::Unusable, PAGES_MAX));
}

#[tokio::test]
async fn the_quota_may_be_without_end_and_must_be_said() {
    for (body, expected) in [
        (json!({"quota": {"certificate": 120, "listener": 5}}), Ok(Some(120))),
        (json!({"quota": {"certificate": -1}}), Ok(None)),
        (json!({"quota": {"listener": 5}}), Err(Kind::Unusable)),
    ] {
        let server = Server::start(move |_| Reply::json(&body)).await;
        let quota = certificate_quota(&server.cloud(), REGION).await;
        assert_eq!(quota.map_err(|failure| failure.kind), expected);
        assert_eq!(server.lines(), [format!("GET /v3/{PROJECT}/elb/quotas")]);
    }
}

#[tokio::test]
async fn what_is_gone_is_deleted_and_nothing_else() {
    for (reply, expected) in [
        (Reply::new(204, ""), Ok(())),
        (Reply::refusal(404, "ELB.8904", "not found"), Ok(())),
        (Reply::refusal(404, "APIGW.0101", "no such API"), Err(Kind::NotFound)),
        (Reply::new(404, "<html></html>"), Err(Kind::NotFound)),
        (Reply::refusal(409, "ELB.8907", "certificate is in use"), Err(Kind::Busy)),
        (Reply::dropped(), Err(Kind::Lost)),
    ] {
        let server = Server::start(move |_| reply.clone()).await;
        let outcome = delete_certificate(&server.cloud(), REGION, "c1").await;
        assert_eq!(outcome.map_err(|failure| failure.kind), expected);
        assert_eq!(server.lines(), [format!("DELETE /v3/{PROJECT}/elb/certificates/c1")]);
        assert!(server.seen()[0].body.is_empty());
    }
}

/// The calls of these numbers are throttled, once each, as the gateway does it. The first update switches
/// something else off.
async fn throttled_at(calls: &'static [usize]) -> Server {
    let state = Mutex::new((furnished(), 0));
    Server::start(move |seen| {
        let mut state = state.lock().unwrap();
        state.1 += 1;
        if calls.contains(&state.1) {
            return Reply::new(429, "").header("retry-after", "1");
        }
        if seen.method == "PUT" {
            for (field, value) in seen.json()["listener"].as_object().unwrap() {
                state.0[field] = value.clone();
            }
            if state.0["default_tls_container_ref"] == json!("new") {
                state.0["http2_enable"] = json!(false);
            }
        }
        Reply::json(&json!({ "listener": state.0 }))
    })
    .await
}

#[tokio::test]
async fn a_throttle_does_not_keep_a_bind_from_its_proof_or_from_putting_back() {
    // Looked at, written, [429] read back, [429] put back, read.
    let server = throttled_at(&[3, 5]).await;
    let failure = exchange(&server, "new", &["old"]).await.unwrap_err();
    assert_eq!(failure.kind, Kind::Operator, "{failure}");
    let bodies = server.bodies();
    assert_eq!(bodies.len(), 3, "the one that was throttled twice: {bodies:?}");
    assert_eq!(bodies[1], bodies[2]);
    assert_eq!(bodies[2]["listener"]["http2_enable"], json!(true));
    assert_eq!(bodies[2]["listener"]["default_tls_container_ref"], json!("old"));
}
