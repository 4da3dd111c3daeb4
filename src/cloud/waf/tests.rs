//! WAF's calls against a server of our own: hosts of both modes, and what comes of one that is not left alone.

use std::sync::Mutex;

use serde_json::{Value, json};

use super::super::testing::{PROJECT, REGION, Reply, Server};
use super::bind::bind;
use super::*;

fn below(rest: &str) -> String {
    format!("/v1/{PROJECT}/{rest}")
}

fn named(id: &str, kind: HostKind) -> Host {
    Host {
        id: id.to_owned(),
        hostname: "www.example.com".to_owned(),
        kind,
        certificate_id: Some("old".to_owned()),
        certificate_name: Some("former".to_owned()),
    }
}

/// A host as the service shows it.
fn furnished() -> Value {
    json!({
        "id": "h1", "hostname": "www.example.com", "certificateid": "old", "certificatename": "former",
        "protect_status": 1, "access_status": 1, "policyid": "p1", "tls": "TLS v1.2", "proxy": false,
        "flag": {"pci_dss": "false", "http2": "true"}, "timestamp": 1,
    })
}

/// A server with one host, of both modes. `disturb` gets it after every bind.
async fn with_host(disturb: impl Fn(&mut Value) + Send + Sync + 'static) -> Server {
    let state = Mutex::new(furnished());
    Server::start(move |seen| {
        let mut host = state.lock().unwrap();
        match seen.method.as_str() {
            "POST" => {
                host["certificateid"] = json!("new");
                host["timestamp"] = json!(2);
                disturb(&mut host);
                return Reply::json(&json!({"id": "new", "bind_host": []}));
            }
            "PATCH" | "PUT" => {
                for (field, value) in seen.json().as_object().unwrap() {
                    host[field] = value.clone();
                }
            }
            _ => {}
        }
        Reply::json(&host)
    })
    .await
}

#[tokio::test]
async fn a_bind_names_the_host_under_the_key_of_its_mode() {
    for (kind, place, body) in [
        (
            HostKind::Cloud,
            "waf/instance",
            json!({"cloud_host_ids": ["h1"], "premium_host_ids": []}),
        ),
        (
            HostKind::Premium,
            "premium-waf/host",
            json!({"cloud_host_ids": [], "premium_host_ids": ["h1"]}),
        ),
    ] {
        let server = with_host(|_| {}).await;
        bind(&server.cloud(), REGION, "new", &named("h1", kind)).await.unwrap();
        let show = format!("GET {}", below(&format!("{place}/h1")));
        let apply = format!("POST {}", below("waf/certificate/new/apply-to-hosts"));
        assert_eq!(server.lines(), [show.clone(), apply, show]);
        assert_eq!(server.bodies(), [body]);
    }
}

#[tokio::test]
async fn what_changed_besides_is_put_back_with_the_certificate() {
    for (kind, method) in [(HostKind::Cloud, "PATCH"), (HostKind::Premium, "PUT")] {
        let server = with_host(|host| {
            host["tls"] = json!("TLS v1.0");
            host["flag"]["http2"] = json!("false");
        })
        .await;
        let outcome = bind(&server.cloud(), REGION, "new", &named("h1", kind)).await;
        let failure = outcome.unwrap_err();
        assert_eq!(failure.kind, Kind::Operator);
        assert_eq!(
            failure.message,
            "the write changed flag.http2, tls besides the certificate: put back"
        );
        let former = json!({"certificateid": "old", "certificatename": "former",
            "flag": {"pci_dss": "false", "http2": "true"}, "tls": "TLS v1.2"});
        assert_eq!(server.bodies()[1..], [former]);
        assert_eq!(server.seen()[3].method, method);
    }
}

#[tokio::test]
async fn what_no_call_sets_goes_back_to_the_former_certificate_and_is_named() {
    let server = with_host(|host| host["policyid"] = json!("p2")).await;
    let outcome = bind(&server.cloud(), REGION, "new", &named("h1", HostKind::Cloud)).await;
    let message = outcome.unwrap_err().message;
    assert!(message.ends_with("failed: policyid not as before, set it by hand"), "{message}");
    assert_eq!(
        server.bodies()[1..],
        [json!({"certificateid": "old", "certificatename": "former"})]
    );
}

#[tokio::test]
async fn a_bind_that_cannot_be_read_back_is_in_doubt() {
    let reads = Mutex::new(0);
    let server = Server::start(move |seen| {
        let mut reads = reads.lock().unwrap();
        *reads += usize::from(seen.method == "GET");
        if *reads > 1 { Reply::dropped() } else { Reply::json(&furnished()) }
    })
    .await;
    let outcome = bind(&server.cloud(), REGION, "new", &named("h1", HostKind::Cloud)).await;
    assert_eq!(outcome.unwrap_err().kind, Kind::Lost);
}

/// A server whose two modes answer so when their hosts are listed.
async fn with_modes(cloud: Reply, premium: Reply) -> Server {
    Server::start(move |seen| match seen.path.rsplit('/').next().unwrap() {
        "instance" => cloud.clone(),
        "host" => premium.clone(),
        id => Reply::json(&json!({"id": id, "hostname": format!("{id}.example.com"),
            "certificateid": if id == "c1" { "w1" } else { "" }, "certificatename": "n"})),
    })
    .await
}

fn listed(ids: &[&str]) -> Reply {
    let items: Vec<Value> =
        ids.iter().map(|id| json!({"id": id, "hostname": format!("{id}.example.com")})).collect();
    Reply::json(&json!({"total": items.len(), "items": items}))
}

#[tokio::test]
async fn hosts_of_both_modes_are_shown_with_their_certificates() {
    let server = with_modes(listed(&["c1"]), listed(&["p1"])).await;
    let found = hosts(&server.cloud(), REGION).await.unwrap();
    assert_eq!((found[0].kind, found[0].certificate_id.as_deref()), (HostKind::Cloud, Some("w1")));
    assert_eq!((found[1].kind, found[1].certificate_id.as_deref()), (HostKind::Premium, None));
    assert_eq!(found[1].hostname, "p1.example.com");
    assert_eq!(
        server.lines(),
        [
            format!("GET {}?page=1&pagesize=100", below("waf/instance")),
            format!("GET {}?page=1&pagesize=100", below("premium-waf/host")),
            format!("GET {}", below("waf/instance/c1")),
            format!("GET {}", below("premium-waf/host/p1")),
        ]
    );
}

#[tokio::test]
async fn a_mode_that_a_project_lacks_has_no_hosts_if_the_other_answers() {
    let none = || Reply::refusal(404, "WAF.00014002", "not found");
    let barred = || Reply::refusal(403, "WAF.00022001", "no permission");
    let broken = || Reply::refusal(500, "WAF.00010000", "internal");
    for (cloud, premium, expected) in [
        (listed(&["c1"]), none(), Ok(1)),
        (barred(), listed(&["p1", "p2"]), Ok(2)),
        (listed(&["c1"]), broken(), Err(Kind::Transient)),
        (broken(), listed(&["p1"]), Err(Kind::Transient)),
        (none(), broken(), Err(Kind::Transient)),
        (none(), none(), Err(Kind::NotFound)),
        (barred(), none(), Err(Kind::Operator)),
    ] {
        let server = with_modes(cloud, premium).await;
        let found = hosts(&server.cloud(), REGION).await;
        assert_eq!(found.map(|hosts| hosts.len()).map_err(|failure| failure.kind), expected);
    }
}

#[tokio::test]
async fn a_host_that_may_not_be_shown_is_not_left_out() {
    for (reply, expected) in [
        (Reply::refusal(403, "WAF.00022001", "no permission"), Err(Kind::Operator)),
        (Reply::new(404, "<html></html>"), Err(Kind::NotFound)),
        (Reply::refusal(404, "WAF.00014002", "not found"), Ok(0)),
    ] {
        let server = Server::start(move |seen| match seen.path.rsplit('/').next().unwrap() {
            "instance" => listed(&["c1"]),
            "host" => listed(&[]),
            _ => reply.clone(),
        })
        .await;
        let found = hosts(&server.cloud(), REGION).await;
        assert_eq!(found.map(|hosts| hosts.len()).map_err(|failure| failure.kind), expected);
    }
}

#[tokio::test]
async fn hosts_are_paged_to_the_end() {
    let server = Server::start(|seen| {
        let page = if seen.query.contains("page=1&") { "c1" } else { "c2" };
        match seen.path.rsplit('/').next().unwrap() {
            "instance" => {
                Reply::json(&json!({"total": 2, "items": [{"id": page, "certificateid": "w"}]}))
            }
            _ => listed(&[]),
        }
    })
    .await;
    assert_eq!(hosts(&server.cloud(), REGION).await.unwrap().len(), 2);
    assert_eq!(server.seen().len(), 3);
}

#[tokio::test]
async fn what_is_gone_is_deleted() {
    for (reply, expected) in [
        (Reply::json(&json!({"id": "w1"})), Ok(())),
        (Reply::refusal(404, "WAF.00014002", "not found"), Ok(())),
        (Reply::refusal(400, "WAF.00022002", "certificate is in use"), Err(Kind::Permanent)),
    ] {
        let server = Server::start(move |_| reply.clone()).await;
        let outcome = delete_certificate(&server.cloud(), REGION, "w1").await;
        assert_eq!(outcome.map_err(|failure| failure.kind), expected);
        assert_eq!(server.lines(), [format!("DELETE {}", below("waf/certificate/w1"))]);
    }
}

#[tokio::test]
async fn lists_that_give_a_row_a_page_and_promise_more_come_to_an_end() {
    let row = serde_json::json!({ "id": "w", "content": "", "domain_id": "d" });
    let page = serde_json::json!({ "items": [row], "https": [row], "total": 1_000_000 });
    let server = Server::start(move |_| Reply::json(&page)).await;
    let cloud = server.cloud();
    for ended in [
        certificates(&cloud, REGION).await,
        crate::cloud::cdn::certificates(&cloud, |copy| copy).await,
    ] {
        let failure = ended.unwrap_err();
        assert_eq!(failure.kind, Kind::Unusable, "{failure}");
        assert!(failure.message.contains("does not end"), "{failure}");
    }
}
