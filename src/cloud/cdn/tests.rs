//! CDN's bind against a server of our own: what is sent, what stays, and how often it is done.

use std::sync::Mutex;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::super::testing::{Reply, Server};
use super::super::{Cloud, Result};
use super::*;
use crate::model::failure::Kind;

const PATH: &str = "/v1.1/cdn/configuration/domains/www.example.com/configs";

/// A domain's configuration as the service shows it, with an own certificate.
fn furnished() -> Value {
    json!({
        "business_type": "web", "origin_protocol": "follow",
        "https": {
            "https_status": "on", "certificate_type": "server", "certificate_source": 0,
            "certificate_name": "by-hand", "certificate_value": "-----BEGIN", "expire_time": 1,
            "http2_status": "on", "tls_version": "TLSv1.2,TLSv1.3", "ocsp_stapling_status": "on",
        },
        "force_redirect": {"status": "on", "type": "https", "redirect_code": 301},
        "hsts": {"status": "on", "max_age": 86400, "include_subdomains": "off"},
        "sources": [{"origin_addr": "192.0.2.1"}],
        "sni": null,
    })
}

/// A server with one domain. `disturb` gets its configuration after every update, with the number of updates so far.
async fn with_domain(
    configs: Value,
    disturb: impl Fn(&mut Value, usize) + Send + Sync + 'static,
) -> Server {
    let state = Mutex::new((configs, 0));
    Server::start(move |seen| {
        let mut state = state.lock().unwrap();
        if seen.method != "PUT" {
            return Reply::json(&json!({ "configs": state.0 }));
        }
        for (part, fields) in seen.json()["configs"].as_object().unwrap() {
            for (field, value) in fields.as_object().unwrap() {
                state.0[part][field] = value.clone();
            }
        }
        state.1 += 1;
        let updates = state.1;
        disturb(&mut state.0, updates);
        Reply::new(200, "")
    })
    .await
}

async fn bound(cloud: &Cloud) -> Result<()> {
    bind(cloud, "www.example.com", "scs1600313391074", "www-0123456789ab", None).await
}

/// The fields of `https` that the calls after the first sent.
fn put_back(server: &Server) -> Value {
    server.bodies()[1]["configs"].clone()
}

#[tokio::test]
async fn a_bind_sends_the_certificate_alone() {
    let server = with_domain(furnished(), |_, _| {}).await;
    bound(&server.cloud()).await.unwrap();
    assert_eq!(
        server.lines(),
        [format!("GET {PATH}"), format!("PUT {PATH}"), format!("GET {PATH}")]
    );
    let sent = json!({"configs": {"https": {"certificate_source": 2,
        "scm_certificate_id": "scs1600313391074", "certificate_name": "www-0123456789ab"}}});
    assert_eq!(server.bodies(), [sent]);
    assert_eq!(server.seen()[1].header("x-project-id"), None);
}

#[tokio::test]
async fn a_bind_that_stands_already_sends_nothing() {
    let server = with_domain(furnished(), |_, _| {}).await;
    let cloud = server.cloud();
    bound(&cloud).await.unwrap();
    bound(&cloud).await.unwrap();
    assert_eq!(server.bodies().len(), 1, "{:?}", server.lines());
    bind(&cloud, "www.example.com", "scs-another", "www", None).await.unwrap();
    assert_eq!(server.bodies().len(), 2, "another import is another binding");
}

#[tokio::test]
async fn an_enterprise_project_is_named_in_every_call() {
    let server = with_domain(furnished(), |_, _| {}).await;
    bind(&server.cloud(), "www.example.com", "s", "www", Some("0")).await.unwrap();
    assert!(server.lines().iter().all(|line| line.ends_with("/configs?enterprise_project_id=0")));
}

#[tokio::test]
async fn https_that_is_off_is_switched_on_with_its_defaults() {
    let off = json!({"https": {"https_status": "off"}, "hsts": {"status": "off"}});
    let server = with_domain(off, |configs, _| {
        configs["https"]["http2_status"] = json!("off");
        configs["https_tls_version"] = json!({"tls_version": "TLSv1.2"});
    })
    .await;
    bound(&server.cloud()).await.unwrap();
    assert_eq!(server.bodies()[0]["configs"]["https"]["https_status"], "on");
}

#[tokio::test]
async fn a_certificate_of_sm2_makes_room_and_several_side_by_side_do_not() {
    let mut sm2 = furnished();
    sm2["https"]["certificate_type"] = json!("server_sm");
    let server = with_domain(sm2, |_, _| {}).await;
    bound(&server.cloud()).await.unwrap();
    assert_eq!(server.bodies()[0]["configs"]["https"]["certificate_type"], "server");

    let mut several = furnished();
    several["https"]["certificates"] =
        json!([{"certificate_name": "a"}, {"certificate_name": "b"}]);
    let server = with_domain(several, |_, _| {}).await;
    let failure = bound(&server.cloud()).await.unwrap_err();
    assert_eq!((failure.kind, server.seen().len()), (Kind::Operator, 1));
}

#[tokio::test]
async fn what_changed_besides_is_put_back() {
    let reset = |configs: &mut Value, updates: usize| {
        if updates == 1 {
            configs["https"]["http2_status"] = json!("off");
            configs["force_redirect"]["status"] = json!("off");
        }
    };
    let server = with_domain(furnished(), reset).await;
    let failure = bound(&server.cloud()).await.unwrap_err();
    assert_eq!(failure.kind, Kind::Operator);
    assert_eq!(
        failure.message,
        "the write changed force_redirect.status, https.http2_status besides the certificate: put back"
    );
    // The key of the former certificate is not to be had, so the new one stays.
    let https = json!({"certificate_source": 2, "scm_certificate_id": "scs1600313391074",
        "certificate_name": "www-0123456789ab", "http2_status": "on"});
    let redirect = json!({"status": "on", "type": "https", "redirect_code": 301});
    assert_eq!(put_back(&server), json!({"https": https, "force_redirect": redirect}));
}

#[tokio::test]
async fn a_former_certificate_of_the_manager_comes_back_too() {
    let mut ours = furnished();
    ours["https"]["certificate_source"] = json!(2);
    ours["https"]["scm_certificate_id"] = json!("scs0");
    let reset = |configs: &mut Value, _| configs["sources"] = json!([]);
    let server = with_domain(ours, reset).await;
    let message = bound(&server.cloud()).await.unwrap_err().message;
    assert!(message.ends_with("failed: sources not as before, set it by hand"), "{message}");
    let https = json!({"certificate_source": 2, "scm_certificate_id": "scs0",
        "certificate_name": "by-hand", "certificate_type": "server"});
    assert_eq!(put_back(&server), json!({"https": https}));
}

#[tokio::test]
async fn https_that_was_off_goes_off_again() {
    let off = json!({"https": {"https_status": "off"}, "hsts": {"status": "off"}});
    let reset = |configs: &mut Value, _| configs["hsts"]["status"] = json!("on");
    let server = with_domain(off, reset).await;
    bound(&server.cloud()).await.unwrap_err();
    let former = json!({"https": {"https_status": "off"}, "hsts": {"status": "off"}});
    assert_eq!(put_back(&server), former);
}

#[tokio::test]
async fn a_missing_delegation_is_said_in_a_sentence() {
    let server = Server::start(|seen| match seen.method.as_str() {
        "PUT" => Reply::refusal(403, "CDN.00010198", "Insufficient permission to access scm."),
        _ => Reply::json(&json!({ "configs": furnished() })),
    })
    .await;
    let failure = bound(&server.cloud()).await.unwrap_err();
    assert_eq!(failure.kind, Kind::Operator);
    let advice = "Insufficient permission to access scm: switch on the delegation";
    assert!(failure.message.starts_with(advice), "{failure}");
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn a_bind_that_cannot_be_read_back_is_in_doubt() {
    let reads = Mutex::new(0);
    let server = Server::start(move |seen| {
        let mut reads = reads.lock().unwrap();
        *reads += usize::from(seen.method == "GET");
        match (seen.method.as_str(), *reads) {
            ("GET", 2) => Reply::new(200, "{}"),
            _ => Reply::json(&json!({ "configs": furnished() })),
        }
    })
    .await;
    assert_eq!(bound(&server.cloud()).await.unwrap_err().kind, Kind::Lost);
}

#[tokio::test(start_paused = true)]
async fn no_more_calls_in_a_minute_than_the_service_allows() {
    let server = with_domain(furnished(), |_, _| {}).await;
    let cloud = server.cloud();
    let begun = Instant::now();
    let bound = async |import: u32| {
        let import = format!("scs{import}");
        bind(&cloud, "www.example.com", &import, "www-0123456789ab", None).await
    };
    for import in 0..6 {
        bound(import).await.unwrap();
    }
    assert_eq!((begun.elapsed().as_secs(), server.seen().len()), (0, 18));
    // Room for two more calls is not room for a bind that may need five: it is not even begun.
    let failure = bound(6).await.unwrap_err();
    assert!(failure.was_never_sent(), "{failure}");
    assert_eq!((begun.elapsed().as_secs(), server.seen().len()), (2, 18));
    tokio::time::sleep(failure.wait.unwrap()).await;
    bound(6).await.unwrap();
    assert_eq!((begun.elapsed().as_secs(), server.seen().len()), (60, 21));
}
