//! The certificate manager's calls against a server of our own.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::testing::{Reply, Server};
use super::*;
use crate::model::failure::Kind;
use crate::model::time::Time;

#[tokio::test]
async fn what_is_gone_is_deleted_and_nothing_else() {
    for (reply, expected) in [
        (Reply::new(204, ""), Ok(())),
        (Reply::refusal(404, "SCM.0020", "no such certificate"), Ok(())),
        (Reply::refusal(400, "SCM.0008", "bad id"), Ok(())),
        (Reply::refusal(404, "APIGW.0101", "no such API"), Err(Kind::NotFound)),
        (Reply::refusal(400, "SCM.0016", "order abnormal"), Err(Kind::Transient)),
        (Reply::new(200, "<html></html>"), Err(Kind::Lost)),
        (Reply::dropped(), Err(Kind::Lost)),
    ] {
        let server = Server::start(move |_| reply.clone()).await;
        let outcome = delete(&server.cloud(), "scs1").await;
        assert_eq!(outcome.map_err(|failure| failure.kind), expected);
        assert_eq!(server.lines(), ["DELETE /v3/scm/certificates/scs1"]);
        assert_eq!(server.seen()[0].header("content-length"), Some("0"));
    }
}

/// What is made of this result for the certificate `c`.
async fn judged(result: Value) -> Deployed {
    let server = Server::start(move |_| Reply::json(&json!({ "results": [result.clone()] }))).await;
    let ids = ["c".to_owned()];
    let found = deployed(&server.cloud(), &ids).await.unwrap();
    assert_eq!(server.lines(), ["POST /v3/scm/deployed-resources"]);
    assert_eq!(server.bodies(), [json!({"certificate_ids": ["c"], "service_names": ["ALL"]})]);
    found["c"].clone()
}

fn service(name: &str, count: u64, regions: Value) -> Value {
    json!({"service": name, "resource_num": count, "resource_location": "region",
        "region_resources": regions})
}

fn result(total: impl Into<Value>, services: Value) -> Value {
    json!({"certificate_id": "c", "total_num": total.into(), "deployed_resources": services})
}

#[tokio::test]
async fn unknown_is_not_unused() {
    let quiet = json!([{"region_id": "cn-north-4", "is_error": false, "resources": []}]);
    let broken = json!([{"region_id": "cn-east-3", "is_error": true, "resources": []}]);
    let silent = json!([{"region_id": "cn-east-3", "resources": []}]);
    let used = json!([{"region_id": "cn-north-4", "is_error": false, "resources": [
        {"resource_id": "i1", "resource_name": "front"}, {"resource_id": "i2", "resource_name": ""}]}]);
    let free = |services| result(0, services);
    assert_eq!(judged(free(json!([]))).await, Deployed::Free);
    assert_eq!(judged(free(Value::Null)).await, Deployed::Free);
    assert_eq!(judged(free(json!([service("ELB", 0, quiet.clone())]))).await, Deployed::Free);
    let both = json!([service("ELB", 2, used.clone()), service("CDN", 0, quiet.clone())]);
    let users = ["ELB cn-north-4: front", "ELB cn-north-4: i2"].map(str::to_owned);
    assert_eq!(judged(result(2, both)).await, Deployed::Used(users.to_vec()));
    assert_eq!(
        judged(result(0, json!([service("ELB", 0, used.clone())]))).await,
        Deployed::Used(users.to_vec())
    );
    for (odd, why) in [
        (
            result(2, json!([service("ELB", 2, used), service("WAF", 0, broken.clone())])),
            "WAF in cn-east-3 does not answer",
        ),
        (free(json!([service("ELB", 0, broken)])), "ELB in cn-east-3 does not answer"),
        (free(json!([service("ELB", 0, silent)])), "ELB in cn-east-3 does not answer"),
        (
            free(json!([service("ELB", 1, quiet)])),
            "1 in ELB use it, and the answer does not say which",
        ),
        (result(3, json!([])), "3 use it, and the answer does not say who"),
        (result(Value::Null, json!([])), "the answer does not say how many use it"),
        (result(3, Value::Null), "the answer does not say who uses it"),
        (
            json!({"certificate_id": "other", "total_num": 0}),
            "the answer does not speak of this certificate",
        ),
    ] {
        assert_eq!(judged(odd).await, Deployed::Unknown(why.to_owned()));
    }
}

#[tokio::test]
async fn many_certificates_are_asked_after_in_several_calls() {
    let server = Server::start(|seen| {
        let ids = seen.json()["certificate_ids"].as_array().unwrap().clone();
        let rows: Vec<Value> =
            ids.iter().map(|id| json!({"certificate_id": id, "total_num": 0})).collect();
        Reply::json(&json!({ "results": rows }))
    })
    .await;
    let ids: Vec<String> = (0..120).map(|n| format!("scs{n}")).collect();
    let found = deployed(&server.cloud(), &ids).await.unwrap();
    assert!(found.len() == 120 && found.values().all(|found| *found == Deployed::Free));
    let sizes: Vec<usize> = server
        .bodies()
        .iter()
        .map(|body| body["certificate_ids"].as_array().unwrap().len())
        .collect();
    assert_eq!(sizes, [50, 50, 20]);
    assert_eq!(deployed(&server.cloud(), &[]).await.unwrap(), BTreeMap::new());
    assert_eq!(server.seen().len(), 3);
}

#[tokio::test]
async fn siblings_are_named_after_the_entry_and_a_digest() {
    let server = Server::start(|_| {
        let names = [
            "www-0123456789ab",
            "www-0123456789abc",
            "www-0123456789AB",
            "www-other-0123456789ab",
            "my-www-0123456789ab",
            "www-",
            "www",
        ];
        let row = |(n, name): (usize, &&str)| json!({"id": format!("scs{n}"), "name": name, "status": "EXPIRED"});
        let rows: Vec<Value> = names.iter().enumerate().map(row).collect();
        Reply::json(&json!({"total_count": rows.len(), "certificates": rows}))
    })
    .await;
    let found = siblings(&server.cloud(), "www", Some("0")).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].id.as_str(), found[0].status.as_str()), ("scs0", "EXPIRED"));
    let query = "content=www-&enterprise_project_id=0&limit=50&offset=0";
    assert_eq!(server.lines(), [format!("GET /v3/scm/certificates?{query}")]);
}

#[tokio::test]
async fn times_are_taken_for_those_of_beijing() {
    let server = Server::start(|_| {
        Reply::json(&json!({"id": "i", "name": "n", "status": "UPLOAD",
            "not_before": "2026-11-22 20:00:00.0", "not_after": ""}))
    })
    .await;
    let shown = show(&server.cloud(), "i").await.unwrap().unwrap();
    assert_eq!(shown.not_before, Some(Time::from_secs(1_795_348_800)));
    assert_eq!(shown.not_after, None);
}
