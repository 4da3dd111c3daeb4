//! The calls against a server of our own: what is sent, what is believed, what is never repeated.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::client::Call;
use super::testing::{ACCESS_KEY, PROJECT, REGION, Reply, SECRET_KEY, Server};
use super::*;
use crate::model::digest::Sha1;
use crate::model::failure::Kind;
use crate::model::secret::Secret;
use crate::model::target::Target;

const IMPORTED: &str = r#"{"certificate_id":"scs1600313391074"}"#;

async fn import(cloud: &Cloud) -> Result<String> {
    let private_key = Secret::new("\n-----BEGIN PRIVATE KEY-----\nk\n".to_owned());
    let import = scm::Import {
        name: "www-0123456789ab",
        certificate: "-----BEGIN CERTIFICATE-----\nc\n-----END CERTIFICATE-----\n\n",
        chain: "",
        private_key: &private_key,
        enterprise_project_id: None,
    };
    scm::import(cloud, &import).await
}

#[tokio::test]
async fn an_import_sends_what_the_document_says_and_signs_all_of_it() {
    let server = Server::start(|_| Reply::new(200, IMPORTED)).await;
    let cloud = server.cloud();
    assert_eq!(import(&cloud).await.unwrap(), "scs1600313391074");
    let seen = &server.seen()[0];
    assert_eq!((seen.method.as_str(), seen.path.as_str()), ("POST", "/v3/scm/certificates/import"));
    let body: serde_json::Value = serde_json::from_slice(&seen.body).unwrap();
    let keys: Vec<&String> = body.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["certificate", "name", "private_key"]);
    assert_eq!(body["private_key"], "-----BEGIN PRIVATE KEY-----\nk");
    assert_eq!(seen.signer(), Some(ACCESS_KEY));
    let authorization = seen.header("authorization").unwrap();
    assert!(authorization.contains("SignedHeaders=content-type;host;x-sdk-date, "));
    assert!(seen.header("user-agent").unwrap().starts_with("certrotd/"));
    assert_eq!(resign(seen), authorization);
}

/// Signs again what arrived.
fn resign(seen: &testing::Seen) -> String {
    let authorization = seen.header("authorization").unwrap();
    let names = authorization.split_once("SignedHeaders=").unwrap().1.split(',').next().unwrap();
    let headers: Vec<(String, String)> = names
        .split(';')
        .map(|name| (name.to_owned(), seen.header(name).unwrap().to_owned()))
        .collect();
    let request = sign::Request {
        method: &seen.method,
        path: &seen.path,
        query: &[],
        headers: &headers,
        body: &seen.body,
    };
    let date = seen.header("x-sdk-date").unwrap();
    sign::authorization(&request, date, ACCESS_KEY, &Secret::new(SECRET_KEY.to_owned()))
}

#[tokio::test]
async fn a_write_without_a_readable_answer_is_lost_and_never_sent_again() {
    let answers = [
        Reply::dropped(),
        Reply::new(200, IMPORTED).torn(),
        Reply::new(200, "<html>welcome</html>").header("content-type", "text/html"),
        Reply::new(200, ""),
        Reply::new(200, "{}"),
        Reply::new(200, r#"{"certificate_id":"short"}"#),
        Reply::new(500, r#"{"error_code":"SCM.0098","error_msg":"x"}"#),
        Reply::new(502, "<html>bad gateway</html>"),
        Reply::new(200, vec![b' '; 2 * 1024 * 1024]),
    ];
    for (number, answer) in answers.into_iter().enumerate() {
        let server = Server::start(move |_| answer.clone()).await;
        let failure = import(&server.cloud()).await.unwrap_err();
        assert_eq!(failure.kind, Kind::Lost, "{number}: {failure}");
        assert_eq!(server.seen().len(), 1, "{number}");
    }
}

#[tokio::test]
async fn a_service_that_cannot_be_reached_has_not_imported() {
    let server = Server::start(|_| Reply::new(200, IMPORTED)).await;
    let mut account = server.account(crate::model::account::CredentialSource::Environment);
    // Nobody listens on a port that was just given back.
    let gone = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = format!("http://{}", gone.local_addr().unwrap());
    drop(gone);
    account.endpoints.values_mut().for_each(|endpoint| endpoint.clone_from(&address));
    let cloud = testing::cloud(&account, &[], testing::keys());
    let failure = import(&cloud).await.unwrap_err();
    assert_eq!(failure.kind, Kind::Transient);
    let whom = format!("could not connect to {}: ", address.replace("http://", ""));
    assert!(failure.message.starts_with(&whom), "{failure}");
}

#[tokio::test]
async fn https_that_fails_is_no_lost_write_and_goes_by_the_proxy_unless_it_is_this_host() {
    let server = Server::start(|_| Reply::new(403, "")).await;
    let proxied = |endpoint: String| {
        let mut account = server.account(crate::model::account::CredentialSource::Environment);
        account.endpoints = [(Api::Scm, endpoint)].into();
        let variables = [
            ("HUAWEICLOUD_SDK_AK", ACCESS_KEY),
            ("HUAWEICLOUD_SDK_SK", SECRET_KEY),
            ("HTTPS_PROXY", server.url.as_str()),
        ];
        testing::cloud(&account, &[], testing::surroundings(&variables))
    };
    // The server does not speak TLS: the handshake fails, and no request is ever seen.
    let own = proxied(server.url.replace("http:", "https:"));
    assert_eq!(import(&own).await.unwrap_err().kind, Kind::Transient);
    assert!(server.seen().is_empty());
    let far = proxied("https://scm.cn-north-4.myhuaweicloud.com".to_owned());
    let failure = import(&far).await.unwrap_err();
    assert_eq!(failure.kind, Kind::Transient);
    let by = server.url.replace("http://", "scm.cn-north-4.myhuaweicloud.com by proxy ");
    assert!(failure.message.starts_with(&format!("could not connect to {by}: ")), "{failure}");
    assert_eq!(server.seen()[0].method, "CONNECT");
    assert_eq!(server.seen()[0].header("authorization"), None);
}

#[tokio::test]
async fn a_push_is_done_when_the_answer_is_204() {
    let server = Server::start(|_| Reply::new(204, "")).await;
    let cloud = server.cloud();
    scm::push(&cloud, "scs1600313391074", Target::Elb, REGION).await.unwrap();
    let seen = &server.seen()[0];
    assert_eq!(seen.path, "/v3/scm/certificates/scs1600313391074/push");
    assert_eq!(seen.body, br#"{"target_project":"cn-north-4","target_service":"ELB"}"#);

    let page = Server::start(|_| Reply::new(200, "<html></html>")).await;
    let failure = scm::push(&page.cloud(), "scs1600313391074", Target::Elb, REGION).await;
    assert_eq!(failure.unwrap_err().kind, Kind::Lost);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let other = Server::start(|_| Reply::new(200, IMPORTED)).await;
    let to = format!("{}/v3/scm/certificates/import", other.url);
    let server = Server::start(move |_| Reply::new(307, "").header("location", &to)).await;
    assert_eq!(import(&server.cloud()).await.unwrap_err().kind, Kind::Operator);
    assert!(other.seen().is_empty());
}

#[tokio::test]
async fn the_list_is_paged_by_what_came_and_matched_by_the_whole_name() {
    let server = Server::start(|seen| {
        let offset: usize = seen.query.split("offset=").nth(1).unwrap().parse().unwrap();
        let row = |n: usize| {
            let name = if n == 3 { "www" } else { "www-other" };
            format!(r#"{{"id":"scs{n}","name":"{name}","status":"UPLOAD","description":null}}"#)
        };
        let rows: Vec<String> = (offset..5).take(2).map(row).collect();
        Reply::new(200, format!(r#"{{"total_count":5,"certificates":[{}]}}"#, rows.join(",")))
    })
    .await;
    let found = scm::find_by_name(&server.cloud(), "www", None).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].id.as_str(), found[0].status.as_str()), ("scs3", "UPLOAD"));
    assert_eq!(server.seen().len(), 3);
    assert_eq!(server.seen()[1].query, "content=www&limit=50&offset=2");
}

#[tokio::test]
async fn only_the_certificate_manager_can_say_that_a_certificate_is_gone() {
    let sha1 = Sha1::of(b"leaf");
    for (status, body, expected) in [
        (200, format!(r#"{{"id":"i","name":"n","status":"UPLOAD","fingerprint":"{sha1}"}}"#), true),
        (404, r#"{"error_code":"SCM.0020","error_msg":"x"}"#.to_owned(), false),
        (400, r#"{"error_code":"SCM.0008","error_msg":"x"}"#.to_owned(), false),
    ] {
        let server = Server::start(move |_| Reply::new(status, body.clone())).await;
        let shown = scm::show(&server.cloud(), "i").await.unwrap();
        assert_eq!(shown.is_some(), expected);
        if let Some(shown) = shown {
            assert_eq!(shown.fingerprint, scm::Fingerprint::Sha1(sha1));
        }
    }
    for (status, body) in
        [(404, r#"{"error_code":"APIGW.0101","error_msg":"x"}"#), (404, "<html></html>")]
    {
        let server = Server::start(move |_| Reply::new(status, body)).await;
        let failure = scm::show(&server.cloud(), "i").await.unwrap_err();
        assert_eq!(failure.kind, Kind::NotFound);
    }
}

#[tokio::test]
async fn copies_come_with_what_is_inside() {
    let above = r"\n-----BEGIN CERTIFICATE-----\nAwQF\n-----END CERTIFICATE-----\n";
    let pem = format!(r"-----BEGIN CERTIFICATE-----\nAAEC\n-----END CERTIFICATE-----{above}");
    let inside = Some("-----BEGIN CERTIFICATE-----\nAAEC\n-----END CERTIFICATE-----".to_owned());
    let server = Server::start(move |seen| {
        let show = seen.path.ends_with("/waf/certificate/w1");
        let body = match seen.path.as_str() {
            path if path.contains("/elb/") && seen.query.contains("marker=e1") => {
                r#"{"certificates":[{"id":"e2","name":null,"certificate":null}],"page_info":{}}"#.to_owned()
            }
            path if path.contains("/elb/") => format!(
                r#"{{"certificates":[{{"id":"e1","name":"a","certificate":"{pem}","fingerprint":"ff","domain":" a.example.com,"}}],"page_info":{{"next_marker":"e1","current_count":1}}}}"#
            ),
            _ if show => format!(r#"{{"id":"w1","name":"b","content":"{pem}","key":"k"}}"#),
            path if path.contains("/waf/") => {
                r#"{"total":1,"items":[{"id":"w1","name":"b","bind_host":[{"id":"h","hostname":"www.example.com"}]}]}"#.to_owned()
            }
            _ => format!(
                r#"{{"total":1,"https":[{{"domain_name":"cdn.example.com","cert_name":"c","certificate":"{pem}"}}]}}"#
            ),
        };
        Reply::new(200, body)
    })
    .await;
    let cloud = server.cloud();
    let elb = elb::certificates(&cloud, REGION, |copy| copy).await.unwrap();
    assert_eq!(elb.iter().map(|copy| copy.pem.clone()).collect::<Vec<_>>(), [inside.clone(), None]);
    let waf = waf::certificates(&cloud, REGION).await.unwrap();
    assert_eq!((&waf[0].pem, waf[0].bound_to[0].as_str()), (&None, "www.example.com"));
    let shown = waf::shown(&cloud, REGION, &waf[0]).await.unwrap().unwrap();
    assert_eq!((&shown.pem, shown.bound_to[0].as_str()), (&inside, "www.example.com"));
    let cdn = cdn::certificates(&cloud, |copy| copy).await.unwrap();
    assert_eq!((&cdn[0].pem, cdn[0].bound_to[0].as_str()), (&inside, "cdn.example.com"));
    assert_eq!(server.seen()[0].header("x-project-id"), Some(PROJECT));
    assert_eq!(server.seen().last().unwrap().header("x-project-id"), None);
}

#[tokio::test]
async fn a_database_is_switched_once_and_its_job_read() {
    let server = Server::start(|seen| match seen.path.rsplit('/').next().unwrap() {
        "ssl-option" => Reply::new(200, r#"{"job_id":"j1"}"#),
        "jobs" => Reply::new(200, r#"{"job":{"id":"j1","status":"Pending"}}"#),
        _ => Reply::new(
            200,
            r#"{"total_count":2,"jobs":[
                {"job_id":"j1","instance_id":"in07","job_name":"GaussDBforMySQLSwitchSSL","status":"Running","created_time":"2026-11-22T20:00:00+0800"},
                {"job_id":"j2","instance_id":"other","status":"Completed","created_time":"2026-11-22T20:00:00+0800"}]}"#,
        ),
    })
    .await;
    let cloud = server.cloud();
    assert_eq!(taurusdb::switch_ssl(&cloud, "in07", true).await.unwrap(), "j1");
    assert_eq!(server.seen()[0].body, br#"{"ssl_option":true}"#);
    assert_eq!(taurusdb::job(&cloud, "j1").await.unwrap(), taurusdb::JobState::Running);
    let jobs = taurusdb::switch_jobs(&cloud, "in07", Time::from_secs(0)).await.unwrap();
    assert_eq!(jobs.len(), 1);
    assert_eq!(jobs[0].created, Time::from_secs(1_795_348_800));
    let query = &server.seen()[2].query;
    assert!(query.contains("start_time=1970-01-01T00%3A00%3A00%2B0000"), "{query}");
}

#[tokio::test]
async fn a_task_list_that_is_not_whole_is_no_answer() {
    let body = r#"{"total_count":3,"jobs":[{"job_id":"j2","instance_id":"other","created_time":"2026-11-22T20:00:00Z"}]}"#;
    let server = Server::start(move |_| Reply::new(200, body)).await;
    let failure = taurusdb::switch_jobs(&server.cloud(), "in07", Time::from_secs(0)).await;
    assert_eq!(failure.unwrap_err().kind, Kind::Unusable);
}

#[tokio::test]
async fn links_come_as_secrets_and_are_fetched_without_a_credential() {
    let server = Server::start(|seen| {
        let host = seen.header("host").unwrap();
        match seen.path.rsplit('/').next().unwrap() {
            "download" => Reply::new(
                200,
                format!(r#"{{"file_name":"f.zip","link":"http://{host}/obs/f.zip?Signature=sesame","bucket_name":"b"}}"#),
            ),
            _ => Reply::new(200, "bytes"),
        }
    })
    .await;
    let cloud = server.cloud();
    let link = dcs::certificate_link(&cloud, "i").await.unwrap();
    assert!(!format!("{link:?}").contains("sesame"));
    assert_eq!(download::fetch(&cloud, &link).await.unwrap(), b"bytes");
    assert_eq!(cloud.inner.calls.services()[calls::LINKS].durations.count(), 1);
    let seen = server.seen();
    assert_eq!((seen[0].method.as_str(), seen[0].header("content-length")), ("POST", Some("0")));
    for name in ["authorization", "x-sdk-date", "x-auth-token", "x-project-id", "cookie"] {
        assert_eq!(seen[1].header(name), None, "{name}");
    }
}

#[tokio::test]
async fn a_project_is_looked_up_once() {
    let server =
        Server::start(|_| Reply::new(200, r#"{"projects":[{"id":"p9","name":"cn-north-4_foo"}]}"#))
            .await;
    let cloud = server.cloud();
    for _ in 0..2 {
        assert_eq!(cloud.project_id("cn-north-4_foo").await.unwrap(), "p9");
    }
    assert_eq!(cloud.project_id(REGION).await.unwrap(), PROJECT);
    assert_eq!(server.seen().len(), 1);
    assert_eq!(cloud.verify().await.unwrap_err().kind, Kind::NotFound);
}

#[derive(Clone, Default)]
struct Captured(Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn no_log_of_any_level_shows_a_secret() {
    let captured = Captured::default();
    let writer = captured.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    // With a single subscriber alive, a test on another thread that logs first would switch the line off for us too.
    let _second =
        tracing::Dispatch::new(tracing_subscriber::fmt().with_writer(std::io::sink).finish());
    let guard = tracing::subscriber::set_default(subscriber);
    let server = Server::start(|seen| match seen.path.as_str() {
        "/obs/f" => Reply::new(200, "ca"),
        _ => Reply::new(200, IMPORTED).header("x-request-id", "req-7"),
    })
    .await;
    let cloud = server.cloud();
    import(&cloud).await.unwrap();
    let link = Secret::new(format!("{}/obs/f?Signature=sesame", server.url));
    download::fetch(&cloud, &link).await.unwrap();
    drop(guard);
    let log = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("/v3/scm/certificates/import") && log.contains("req-7"), "{log}");
    for secret in [SECRET_KEY, "PRIVATE KEY", "Signature=", "sesame"] {
        assert!(!log.contains(secret), "{log}");
    }
}

#[tokio::test]
async fn no_more_calls_at_once_than_the_account_allows() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    static NOW: AtomicU32 = AtomicU32::new(0);
    static MOST: AtomicU32 = AtomicU32::new(0);
    let server = Server::start(|_| Reply::new(204, "")).await;
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let slow = format!("http://{}", listener.local_addr().unwrap());
    // Each connection has its answer after a while in which others may come.
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let now = NOW.fetch_add(1, Ordering::SeqCst) + 1;
                MOST.fetch_max(now, Ordering::SeqCst);
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                tokio::time::sleep(Duration::from_millis(20)).await;
                let _ = stream.try_read(&mut request);
                NOW.fetch_sub(1, Ordering::SeqCst);
                let answer = b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n";
                let _ = stream.write_all(answer).await;
            });
        }
    });
    let mut account = server.account(crate::model::account::CredentialSource::Environment);
    account.endpoints.values_mut().for_each(|base| base.clone_from(&slow));
    let cloud = testing::cloud(&account, &[], testing::keys());
    let calls: Vec<_> = (0..12)
        .map(|index| {
            let cloud = cloud.clone();
            // Of several services: a few alone leave a place free.
            let api = [Api::Scm, Api::Elb, Api::Waf, Api::Cdn][index % 4];
            let call = Call::put(api, "try", "/").write();
            tokio::spawn(async move { client::done(&cloud, &call).await })
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!(MOST.load(Ordering::SeqCst), 4);
}
