//! The table of answers: status, body, what to do, and what it says about the credential.

use zeroize::Zeroizing;

use super::*;

mod facts;
mod waits;

fn answer(status: u16, body: &str) -> Answer {
    Answer {
        status,
        request_id: Some("r-1".to_owned()),
        retry_after: None,
        subject_token: None,
        body: Zeroizing::new(body.as_bytes().to_vec()),
        cut: None,
    }
}

fn judged(api: Api, writes: bool, answer: Answer) -> Judgement {
    let secrets = vec!["AKIDEXAMPLE", "sesame"];
    let now = super::super::testing::now();
    let to = "scm.example.com".to_owned();
    let sent = Sent { api, operation: "import", to, writes, now, secrets };
    *judge(&sent, Ok(answer)).err().unwrap()
}

fn coded(code: &str, message: &str) -> String {
    serde_json::json!({"error_code": code, "error_msg": message}).to_string()
}

#[test]
fn codes_of_the_documents() {
    for (api, status, code, expected) in [
        (Api::Scm, 400, "SCM.0003", Kind::Permanent),
        (Api::Scm, 400, "SCM.0079", Kind::Permanent),
        (Api::Scm, 400, "SCM.0008", Kind::NotFound),
        (Api::Scm, 400, "SCM.0020", Kind::NotFound),
        (Api::Scm, 400, "SCM.0011", Kind::Operator),
        (Api::Scm, 400, "SCM.0202", Kind::Operator),
        (Api::Scm, 400, "SCM.0211", Kind::Transient),
        (Api::Scm, 401, "SCM.4002", Kind::Operator),
        (Api::Scm, 403, "SCM.0002", Kind::Operator),
        (Api::Scm, 500, "SCM.0213", Kind::Lost),
        (Api::Scm, 404, "APIGW.0101", Kind::NotFound),
        (Api::Scm, 404, "APIG.0101", Kind::NotFound),
        (Api::Scm, 403, "APIGW.0302", Kind::Operator),
        (Api::Scm, 429, "APIGW.0308", Kind::Throttled),
        (Api::Scm, 405, "APIGW.0501", Kind::Operator),
        (Api::Scm, 400, "APIGW.0602", Kind::Permanent),
        (Api::Scm, 503, "APIGW.0613", Kind::Lost),
        (Api::Scm, 413, "APIGW.0201", Kind::Permanent),
        (Api::Scm, 504, "APIGW.0201", Kind::Lost),
        (Api::Dcs, 400, "DCS.4201", Kind::Permanent),
        (Api::Dcs, 500, "DCS.5010", Kind::Transient),
        (Api::Dcs, 400, "DCS.4975", Kind::Busy),
        (Api::Dcs, 404, "DCS.3022", Kind::NotFound),
        (Api::TaurusDb, 409, "DBS.201014", Kind::Busy),
        (Api::TaurusDb, 409, "DBS.999999", Kind::Busy),
        (Api::TaurusDb, 404, "DBS.200002", Kind::NotFound),
        (Api::GeminiDb, 400, "DBS.280005", Kind::Busy),
        (Api::GeminiDb, 400, "DBS.200010", Kind::Operator),
        (Api::Cdn, 403, "CDN.00010198", Kind::Operator),
        (Api::Scm, 418, "SCM.9999", Kind::Permanent),
    ] {
        let found = judged(api, true, answer(status, &coded(code, "words")));
        assert_eq!(found.failure.kind, expected, "{status} {code}");
        assert_eq!(found.failure.code.as_deref(), Some(code));
    }
}

#[test]
fn a_busy_database_is_waited_for() {
    for (api, status, codes) in [
        (Api::TaurusDb, 409, "200019 201014 201015 200047 05000084 212033"),
        (Api::GeminiDb, 400, "200019 201015 280005 200011"),
        (Api::Dds, 400, "200019 200076 201014 201015 201000 00010009"),
        (
            Api::Rds,
            400,
            "200011 200018 200019 200047 200076 200080 200452 200463 200611 201015 201202 201206 212033 \
             280011 280343 280816 01010337 01280030 280036",
        ),
    ] {
        for number in codes.split(' ') {
            for (writes, status) in [(true, status), (false, 403), (true, 500)] {
                let answer = answer(status, &coded(&format!("DBS.{number}"), "words"));
                assert_eq!(judged(api, writes, answer).failure.kind, Kind::Busy, "{api} {number}");
            }
        }
    }
}

#[test]
fn a_missing_right_is_named() {
    for (api, status, code, right) in [
        (Api::Rds, 403, "DBS.200010", "rds:instance:modifySSL"),
        (Api::Rds, 403, "RDS.0011", "rds:instance:modifySSL"),
        (Api::GeminiDb, 400, "DBS.200010", "listSslCertDownloadAddresses"),
        (Api::Dds, 403, "DBS.200010", "dds:instance:getSslCertDownloadAddress"),
    ] {
        let failure = judged(api, false, answer(status, &coded(code, "Forbidden."))).failure;
        assert_eq!(failure.kind, Kind::Operator);
        assert!(failure.message.starts_with("Forbidden: give the user "), "{failure}");
        assert!(failure.message.contains(right), "{failure}");
    }
    for (status, code) in [(403, "APIGW.0302"), (404, "DBS.200002")] {
        let failure = judged(Api::Rds, false, answer(status, &coded(code, "words"))).failure;
        assert_eq!(failure.message, "words");
    }
}

#[test]
fn a_read_that_failed_is_worth_another_try() {
    for status in [408, 500, 502, 503] {
        assert_eq!(judged(Api::Scm, false, answer(status, "")).failure.kind, Kind::Transient);
        assert_eq!(judged(Api::Scm, true, answer(status, "")).failure.kind, Kind::Lost);
    }
}

#[test]
fn a_target_that_has_it_already_says_so_in_words() {
    for code in ["SCM.0211", "SCM.0028", "SCM.0201"] {
        let body = coded(code, "The certificate already exists in CDN.");
        assert_eq!(judged(Api::Scm, true, answer(400, &body)).failure.kind, Kind::Exists);
    }
}

#[test]
fn a_full_quota_is_for_a_person_and_keeps_its_code() {
    for (api, status, code, message, expected) in [
        (Api::Elb, 409, "ELB.8905", "Quota exceeded for resources: certificate", Kind::Operator),
        (Api::Elb, 400, "ELB.8905", "the certificate quota is insufficient", Kind::Operator),
        (Api::Elb, 409, "ELB.8907", "certificate is in use", Kind::Busy),
        (Api::Elb, 400, "ELB.1010", "Querying the load balancer quota failed.", Kind::Permanent),
        (Api::Waf, 400, "WAF.00012009", "The quota has been used up.", Kind::Operator),
        (Api::Scm, 400, "SCM.0011", "words", Kind::Operator),
        (Api::Scm, 400, "SCM.0201", "push failed: Quota exceeded", Kind::Operator),
        (Api::Scm, 400, "SCM.0221", "push failed: certificate quota reached", Kind::Operator),
        (Api::Scm, 400, "SCM.0201", "push failed", Kind::Transient),
    ] {
        let found = judged(api, true, answer(status, &coded(code, message))).failure;
        assert_eq!((found.kind, found.code.as_deref()), (expected, Some(code)), "{message}");
    }
}

#[test]
fn only_a_wrong_key_counts_towards_the_lock_out() {
    for (api, code, message, expected) in [
        (Api::Scm, "APIGW.0301", "verify aksk signature fail", Standing::Refused),
        (
            Api::Scm,
            "APIGW.0301",
            "AK access failed to reach the limit,forbidden",
            Standing::Refused,
        ),
        (Api::Scm, "APIG.0301", "Get secretKey failed, ak not exist", Standing::Refused),
        (Api::Scm, "APIGW.0305", "auth info wrong", Standing::Refused),
        (Api::Scm, "APIGW.0301", "token expires, expires_at: 2026", Standing::Skewed),
        (Api::Scm, "APIGW.0301", "calc ak sk signature fail:signature expired", Standing::Skewed),
        (Api::Scm, "APIGW.0307", "The token must be updated", Standing::Stale),
        (Api::Scm, "SCM.1000", "token not authenticated", Standing::Stale),
        (Api::Scm, "SCM.4002", "policy missing", Standing::Good),
        (Api::Scm, "SCM.1010", "frozen", Standing::Good),
    ] {
        let found = judged(api, true, answer(401, &coded(code, message)));
        assert_eq!(found.standing, expected, "{code} {message}");
        let refused = found.failure.kind == Kind::Refused;
        assert_eq!(refused, expected == Standing::Refused, "{code} {message}");
    }
    let wrong = r#"{"error":{"code":401,"message":"The username or password is wrong.","title":"Unauthorized"}}"#;
    let found = judged(Api::Iam, false, answer(401, wrong));
    assert_eq!((found.standing, found.failure.code.as_deref()), (Standing::Refused, Some("401")));
    // IAM's words about a password's end are a refusal like any other: each try counts.
    let ended = coded("IAM.0001", "the password has expired");
    assert_eq!(judged(Api::Iam, false, answer(401, &ended)).standing, Standing::Refused);
    assert_eq!(judged(Api::Scm, true, answer(404, "")).standing, Standing::Unknown);
}

#[test]
fn every_shape_of_error_body_is_read() {
    for body in [
        r#"{"error_code":"X.1","error_msg":"words","request_id":"r-2"}"#,
        r#"{"errorCode":"X.1","errorMsg":"words"}"#,
        r#"{"code":"X.1","message":"words"}"#,
        r#"{"errCode":"X.1","externalMessage":"words"}"#,
        r#"{"errCode":"X.1","errMsg":"words"}"#,
        r#"{"errorCode":"X.1","errorMessage":"words"}"#,
        r#"{"error":{"code":"X.1","message":"words","title":"t"}}"#,
        r#"{"cdn":{"error_code":"X.1","error_msg":"words"},"request_id":null}"#,
        r#"{"error_code":"X.1","error_msg":"words","error_ext_msg":null}"#,
    ] {
        let said = words::read(body.as_bytes());
        assert_eq!((said.code.as_deref(), said.message.as_str()), (Some("X.1"), "words"), "{body}");
    }
    let page = words::read(b" <!DOCTYPE html><html>secret</html>");
    assert_eq!(page.message, "an HTML page instead of JSON");
    assert_eq!(words::read(b"upstream down").message, "upstream down");
    assert_eq!(words::read(b"").message, "no message");
}

#[test]
fn what_was_sent_does_not_come_back() {
    let message = "Incorrect IAM authentication information: verify aksk signature fail, \
         AKIDEXAMPLE or sesame\u{7}\n, canonicalRequest:POST|/v3|x-security-token:abc|Signature=123";
    let found = judged(Api::Scm, true, answer(401, &coded("APIGW.0301", message))).failure;
    assert_eq!(
        found.message,
        "Incorrect IAM authentication information: verify aksk signature fail, \
         [redacted] or [redacted]"
    );
    let shown = format!("{found} {found:?}");
    for secret in ["AKIDEXAMPLE", "sesame", "abc", "123"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert_eq!(bounded(&"é".repeat(400)).chars().count(), 301);
}

#[test]
fn what_was_sent_does_not_come_back_as_a_code_or_an_id() {
    let mut echo = answer(400, &coded("SCM.AKIDEXAMPLE", "words"));
    echo.request_id = Some("r-sesame".to_owned());
    let found = judged(Api::Scm, true, echo).failure;
    assert_eq!(found.code.as_deref(), Some("SCM.[redacted]"));
    assert_eq!(found.request_id.as_deref(), Some("r-[redacted]"));
}

#[test]
fn a_signature_does_not_come_back_where_a_proxy_repeats_the_request() {
    let message =
        "bad request: GET /v3 authorization: SDK-HMAC-SHA256 SignedHeaders=host, Signature=abc123";
    for text in [coded("APIGW.0301", message), message.to_owned()] {
        let found = judged(Api::Scm, false, answer(401, &text)).failure;
        assert!(found.message.starts_with("bad request: GET /v3"), "{found}");
        assert!(!format!("{found} {found:?}").contains("abc123"), "{found}");
    }
}
