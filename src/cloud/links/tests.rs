//! The links of every source: what is asked, which shapes are read, and whose CA GeminiDB does not give.

use serde_json::{Value, json};

use super::super::testing::{PROJECT, Reply, Server};
use super::super::{dcs, dds, gaussdb, geminidb, rds};
use super::*;

fn listed(body: &str) -> Vec<Offered> {
    serde_json::from_str::<Listed>(body).unwrap().offered()
}

#[test]
fn the_wanted_category_is_taken_and_a_missing_one_lists_the_others() {
    for key in ["certs", "cert_info_list"] {
        let body = format!(
            r#"{{"{key}":[{{"category":"international","download_link":"https://a/1"}},
                {{"download_link":"https://a/2","category":"national"}}]}}"#
        );
        let link = choose(Api::Rds, listed(&body), "national").unwrap();
        assert_eq!(link.expose(), "https://a/2");
        let failure = choose(Api::Rds, listed(&body), "lunar").unwrap_err();
        assert_eq!(failure.kind, Kind::Unusable);
        assert_eq!(
            failure.to_string(),
            "RDS certificate links: no certificate of category \"lunar\" is offered; \
             categories offered: international, national"
        );
    }
}

#[test]
fn an_offer_without_a_link_is_none() {
    for body in [
        r#"{"certs":[]}"#,
        r#"{"certs":null}"#,
        "{}",
        r#"{"cert_info_list":[{"category":"international","download_link":""}]}"#,
        r#"{"cert_info_list":[{"category":"international","download_link":null}]}"#,
    ] {
        let failure = choose(Api::Dds, listed(body), "international").unwrap_err();
        assert!(failure.message.contains("offers no certificate"), "{failure}");
    }
    let unnamed = listed(r#"{"certs":[{"category":null,"download_link":"https://a/1"}]}"#);
    let failure = choose(Api::Dds, unnamed, "international").unwrap_err();
    assert!(failure.message.ends_with("offered: (without a name)"), "{failure}");
}

/// A cloud whose every call for links is answered so.
async fn answering(links: Value) -> Server {
    Server::start(move |seen| match seen.path.rsplit('/').next() {
        Some("instances") => Reply::refusal(403, "DBS.200010", "Forbidden."),
        _ => Reply::json(&links),
    })
    .await
}

#[tokio::test]
async fn each_database_is_asked_its_own_way_and_read_in_its_own_shape() {
    let rows = json!([{ "category": "international", "download_link": "https://a/1" }]);
    let path = format!("GET /v3/{PROJECT}/instances/in%2F1/ssl-cert/download-link");

    let server = answering(json!({ "cert_info_list": rows })).await;
    let found = rds::certificate_links(&server.cloud(), "in/1").await.unwrap();
    assert_eq!((found[0].link.expose(), server.lines()), ("https://a/1", vec![path.clone()]));

    let server = answering(json!({ "certs": rows })).await;
    let found = dds::certificate_links(&server.cloud(), "in/1").await.unwrap();
    assert_eq!((found.len(), server.lines()), (1, vec![path.clone()]));

    let server = answering(json!({ "certs": rows })).await;
    let found = geminidb::certificate_links(&server.cloud(), "in/1").await.unwrap();
    let list = format!("GET /v3/{PROJECT}/instances?id=in%2F1");
    assert_eq!((found.len(), server.lines()), (1, vec![list, path.clone()]));

    let server = answering(json!({ "download_link": "https://a/1?Signature=sesame" })).await;
    let found = gaussdb::certificate_link(&server.cloud(), "in/1").await.unwrap();
    assert!(found.expose().ends_with("sesame") && !format!("{found:?}").contains("sesame"));
    assert_eq!(server.lines(), vec![path]);
}

#[tokio::test]
async fn an_answer_without_a_link_is_unusable() {
    for body in [json!({}), json!({ "download_link": null, "link": "" })] {
        let server = answering(body).await;
        let failure = gaussdb::certificate_link(&server.cloud(), "i").await.unwrap_err();
        assert_eq!(failure.kind, Kind::Unusable);
        let failure = dcs::certificate_link(&server.cloud(), "i").await.unwrap_err();
        assert_eq!(failure.kind, Kind::Unusable);
    }
}

/// What GeminiDB's links are when its list of instances is answered so.
async fn beside(list: Reply) -> Result<usize> {
    let server = Server::start(move |seen| match seen.path.rsplit('/').next() {
        Some("instances") => list.clone(),
        _ => Reply::json(&json!({ "certs": [{ "category": "c", "download_link": "https://a" }] })),
    })
    .await;
    Ok(geminidb::certificate_links(&server.cloud(), "i").await?.len())
}

#[tokio::test]
async fn a_certificate_of_the_certificate_manager_is_told_with_what_to_do() {
    for (kind, words) in
        [("PCA", "private CA under"), ("SSL", "SSL Certificate Manager"), ("X", "")]
    {
        let info = json!({ "cert_id": "scs42", "cert_type": kind });
        let rows = json!([{ "id": "other" }, { "id": "i", "ssl": "1", "ccm_cert_info": info }]);
        let list = json!({ "instances": rows, "total_count": 2 });
        let failure = beside(Reply::json(&list)).await.unwrap_err();
        assert_eq!(failure.kind, Kind::Unusable);
        assert!(failure.message.contains("scs42") && failure.message.contains(words), "{failure}");
    }
}

#[tokio::test]
async fn a_list_of_instances_that_may_not_be_read_leaves_the_links() {
    let row =
        |info: Value| Reply::json(&json!({ "instances": [{ "id": "i", "ccm_cert_info": info }] }));
    for list in [
        Reply::refusal(403, "DBS.200010", "Forbidden."),
        Reply::refusal(404, "APIGW.0101", "no such API"),
        Reply::refusal(400, "DBS.200001", "bad parameter"),
        Reply::json(&json!({ "instances": [] })),
        Reply::json(&json!({ "instances": null })),
        row(Value::Null),
        row(json!("")),
        row(json!({ "cert_id": null })),
        row(json!({ "cert_id": "" })),
    ] {
        assert_eq!(beside(list).await.unwrap(), 1);
    }
    // What may be different the next time is waited for.
    assert_eq!(beside(Reply::new(503, "")).await.unwrap_err().kind, Kind::Transient);
}
