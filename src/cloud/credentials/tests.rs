//! Each source against a server of our own, and the gate as a caller meets it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicU32, Ordering};

use super::super::testing::{
    ACCESS_KEY, REGION, Reply, SECRET_KEY, Seen, Server, cloud, secret_file, surroundings,
};
use super::super::{Refusal, elb, scm};
use super::*;
use crate::model::account::SecretFile;
use crate::model::target::Target;
use crate::scratch::Scratch;

mod in_a_row;
mod lockout;
mod slow;

const WRONG: &str = r#"{"error_code":"APIGW.0301","error_msg":"verify aksk signature fail"}"#;

async fn push(cloud: &Cloud) -> Result<()> {
    scm::push(cloud, "scs1600313391074", Target::Elb, REGION).await
}

fn files(scratch: &Scratch) -> CredentialSource {
    CredentialSource::AccessKey {
        access_key: secret_file(scratch, "ak", &format!("{ACCESS_KEY}\n")),
        secret_key: secret_file(scratch, "sk", &format!(" {SECRET_KEY}\r\n")),
        security_token: Some(secret_file(scratch, "token", "temporary\n")),
    }
}

fn password(scratch: &Scratch) -> CredentialSource {
    CredentialSource::Password {
        domain: "acme".to_owned(),
        user: "robot".to_owned(),
        password: secret_file(scratch, "password", "open sesame\n"),
    }
}

fn in_an_hour() -> String {
    (chrono::Utc::now() + chrono::TimeDelta::hours(1)).to_rfc3339()
}

/// IAM that gives `t1`, `t2`, … and a service that takes all but those before `good`.
fn iam(good: u32) -> impl Fn(&Seen) -> Reply + Send + Sync + 'static {
    let given = AtomicU32::new(0);
    move |seen| {
        if seen.path == "/v3/auth/tokens" {
            let number = given.fetch_add(1, Ordering::SeqCst) + 1;
            let body = format!(r#"{{"token":{{"expires_at":"{}"}}}}"#, in_an_hour());
            return Reply::new(201, body).header("x-subject-token", &format!("t{number}"));
        }
        let token: u32 = seen.header("x-auth-token").unwrap()[1..].parse().unwrap();
        if token >= good {
            return Reply::new(204, "");
        }
        Reply::new(401, r#"{"error_code":"APIGW.0307","error_msg":"The token must be updated"}"#)
    }
}

#[tokio::test]
async fn keys_in_files_are_trimmed_and_read_again() {
    let scratch = Scratch::new();
    let server = Server::start(|_| Reply::new(204, "")).await;
    let cloud = cloud(&server.account(files(&scratch)), &[], Surroundings::default());
    push(&cloud).await.unwrap();
    secret_file(&scratch, "ak", "AKIDANOTHER");
    push(&cloud).await.unwrap();
    let seen = server.seen();
    assert_eq!(seen[0].signer(), Some(ACCESS_KEY));
    assert_eq!(seen[0].header("x-security-token"), Some("temporary"));
    assert!(seen[0].header("authorization").unwrap().contains(";x-security-token,"));
    assert_eq!(seen[1].signer(), Some("AKIDANOTHER"));
}

#[tokio::test]
async fn a_missing_or_empty_file_is_named_and_nothing_is_sent() {
    let scratch = Scratch::new();
    let server = Server::start(|_| Reply::new(204, "")).await;
    let account = server.account(files(&scratch));
    let cloud = cloud(&account, &[], Surroundings::default());
    secret_file(&scratch, "sk", " \n");
    let failure = push(&cloud).await.unwrap_err();
    assert_eq!(failure.kind, Kind::Withheld);
    assert!(failure.message.ends_with("/sk is empty"), "{failure}");
    fs::remove_file(scratch.join("sk")).unwrap();
    assert!(push(&cloud).await.unwrap_err().message.contains("/sk: No such file"));
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn a_systemd_credential_is_read_by_name() {
    let scratch = Scratch::new();
    files(&scratch);
    let named = |name: &str| SecretFile::parse(&format!("credential:{name}"));
    let source = CredentialSource::AccessKey {
        access_key: named("ak"),
        secret_key: named("sk"),
        security_token: None,
    };
    let server = Server::start(|_| Reply::new(401, WRONG)).await;
    let directory = scratch.to_str().unwrap();
    let cloud =
        cloud(&server.account(source), &[], surroundings(&[("CREDENTIALS_DIRECTORY", directory)]));
    push(&cloud).await.unwrap_err();
    let refusal = &cloud.take_refusals()[0];
    // The time of such a file is that of the service's start; the fingerprint tells a change.
    assert_eq!(refusal.changed_at, Time::default());
    assert!(refusal.identity.starts_with(&format!("{ACCESS_KEY}#")), "{refusal:?}");
    assert!(cloud.exposed_files().is_empty());
}

#[tokio::test]
async fn a_wrong_key_is_sent_twice_and_then_withheld_across_restarts() {
    let scratch = Scratch::new();
    let server = Server::start(|_| Reply::new(401, WRONG)).await;
    let account = server.account(files(&scratch));
    let mut journal = Vec::new();
    for _ in 0..3 {
        let cloud = cloud(&account, &journal, Surroundings::default());
        let calls = (0..3).map(|_| {
            let cloud = cloud.clone();
            tokio::spawn(async move { push(&cloud).await.unwrap_err().kind })
        });
        for call in calls.collect::<Vec<_>>() {
            assert!(matches!(call.await.unwrap(), Kind::Refused | Kind::Withheld));
        }
        journal.extend(cloud.take_refusals());
    }
    assert_eq!(server.seen().len(), 2);
    assert_eq!(journal.iter().map(|refusal| refusal.count).collect::<Vec<_>>(), [1, 2]);
    let told = serde_json::to_string(&journal).unwrap();
    assert!(told.contains(ACCESS_KEY) && !told.contains(SECRET_KEY));
    // Another key is another credential.
    secret_file(&scratch, "ak", "AKIDANOTHER");
    let cloud = cloud(&account, &journal, Surroundings::default());
    assert_eq!(push(&cloud).await.unwrap_err().kind, Kind::Refused);
}

#[tokio::test]
async fn a_refused_key_is_sent_again_when_the_file_has_another_by_now() {
    let scratch = Scratch::new();
    let source = files(&scratch);
    let file = scratch.join("ak");
    let server = Server::start(move |seen| {
        if seen.signer() == Some(ACCESS_KEY) {
            fs::write(&file, "AKIDANOTHER").unwrap();
            return Reply::new(401, WRONG);
        }
        Reply::new(204, "")
    })
    .await;
    let cloud = cloud(&server.account(source), &[], Surroundings::default());
    push(&cloud).await.unwrap();
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn a_missing_policy_is_no_refusal() {
    let body = r#"{"error_code":"SCM.4002","error_msg":"no policy"}"#;
    let server = Server::start(move |_| Reply::new(401, body)).await;
    let cloud = server.cloud();
    for _ in 0..4 {
        assert_eq!(push(&cloud).await.unwrap_err().kind, Kind::Operator);
    }
    assert!(cloud.take_refusals().is_empty());
    assert_eq!(server.seen().len(), 4);
}

#[tokio::test]
async fn a_password_is_traded_once_for_many_calls() {
    let scratch = Scratch::new();
    let server = Server::start(iam(1)).await;
    let cloud = cloud(&server.account(password(&scratch)), &[], Surroundings::default());
    let calls = (0..6).map(|_| {
        let cloud = cloud.clone();
        tokio::spawn(async move { push(&cloud).await })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap().unwrap();
    }
    assert_eq!((server.count("/v3/auth/tokens"), server.count("/push")), (1, 6));
    assert_eq!(cloud.inner.calls.services()["iam"].durations.count(), 1);
    let seen = server.seen();
    assert_eq!(seen[0].query, "nocatalog=true");
    let body: serde_json::Value = serde_json::from_slice(&seen[0].body).unwrap();
    assert_eq!(body["auth"]["scope"]["project"]["name"], REGION);
    assert_eq!(body["auth"]["identity"]["password"]["user"]["password"], "open sesame");
    assert_eq!(body["auth"]["identity"]["password"]["user"]["domain"]["name"], "acme");
    assert_eq!(seen[1].header("authorization"), None);
}

#[tokio::test]
async fn a_token_is_renewed_once_on_401() {
    let scratch = Scratch::new();
    let server = Server::start(iam(2)).await;
    let renewing = cloud(&server.account(password(&scratch)), &[], Surroundings::default());
    push(&renewing).await.unwrap();
    push(&renewing).await.unwrap();
    assert_eq!((server.count("/v3/auth/tokens"), server.count("/push")), (2, 3));

    let hopeless = Server::start(iam(u32::MAX)).await;
    let failing = cloud(&hopeless.account(password(&scratch)), &[], Surroundings::default());
    assert_eq!(push(&failing).await.unwrap_err().kind, Kind::Transient);
    assert_eq!((hopeless.count("/v3/auth/tokens"), hopeless.count("/push")), (2, 2));
    assert!(failing.take_refusals().is_empty());
}

#[tokio::test]
async fn a_token_is_for_one_project() {
    let scratch = Scratch::new();
    let server = Server::start(|seen| match seen.path.as_str() {
        "/v3/auth/tokens" => {
            let body: serde_json::Value = serde_json::from_slice(&seen.body).unwrap();
            let name = body["auth"]["scope"]["project"]["name"].as_str().unwrap();
            let body = format!(
                r#"{{"token":{{"expires_at":"{}","project":{{"id":"id-of-{name}"}}}}}}"#,
                in_an_hour()
            );
            Reply::new(201, body).header("x-subject-token", &format!("token-of-{name}"))
        }
        "/v3/projects" => Reply::new(200, r#"{"projects":[{"id":"p9","name":"cn-north-4_foo"}]}"#),
        _ => Reply::new(200, r#"{"certificates":[]}"#),
    })
    .await;
    let mut account = server.account(password(&scratch));
    account.project_id = None;
    let cloud = cloud(&account, &[], Surroundings::default());
    for (project, id) in [(REGION, "id-of-cn-north-4"), ("cn-north-4_foo", "p9")] {
        elb::certificates(&cloud, project, drop).await.unwrap();
        let last = server.seen().pop().unwrap();
        assert_eq!(last.header("x-auth-token"), Some(format!("token-of-{project}").as_str()));
        assert_eq!(last.header("x-project-id"), Some(id));
    }
}

#[tokio::test]
async fn a_wrong_password_is_sent_twice() {
    let scratch = Scratch::new();
    let body = r#"{"error":{"code":401,"message":"The username or password is wrong: open sesame","title":"Unauthorized"}}"#;
    let server = Server::start(move |_| Reply::new(401, body)).await;
    let cloud = cloud(&server.account(password(&scratch)), &[], Surroundings::default());
    let kinds = [
        push(&cloud).await.unwrap_err(),
        push(&cloud).await.unwrap_err(),
        push(&cloud).await.unwrap_err(),
    ];
    assert!(!format!("{kinds:?}").contains("sesame"));
    assert_eq!(kinds.map(|failure| failure.kind), [Kind::Refused, Kind::Refused, Kind::Withheld]);
    assert_eq!(server.seen().len(), 2);
    assert_eq!(cloud.take_refusals()[1].identity, "acme/robot");
}

/// A metadata service with or without its token flow, and a service that takes any key.
fn metadata(tokens: bool, expires_at: String) -> impl Fn(&Seen) -> Reply + Send + Sync + 'static {
    let given = AtomicU32::new(0);
    move |seen| match seen.path.as_str() {
        "/meta-data/latest/api/token" if tokens => {
            assert_eq!(seen.header("x-metadata-token-ttl-seconds"), Some("21600"));
            Reply::new(200, "metadata-token")
        }
        "/meta-data/latest/api/token" => Reply::new(405, ""),
        "/openstack/latest/securitykey" => {
            let token = tokens.then_some("metadata-token");
            assert_eq!(seen.header("x-metadata-token"), token);
            let number = given.fetch_add(1, Ordering::SeqCst) + 1;
            Reply::new(
                200,
                format!(
                    r#"{{"credential":{{"access":"HST{number}","secret":"s","securitytoken":"st","expires_at":"{expires_at}"}}}}"#
                ),
            )
        }
        _ => Reply::new(204, ""),
    }
}

#[tokio::test]
async fn the_hosts_agency_gives_keys_by_either_flow_and_they_are_kept() {
    for tokens in [true, false] {
        let server = Server::start(metadata(tokens, in_an_hour())).await;
        let account = server.account(CredentialSource::Metadata);
        let cloud = cloud(&account, &[], Surroundings::default());
        push(&cloud).await.unwrap();
        push(&cloud).await.unwrap();
        assert_eq!(server.count("/securitykey"), 1);
        assert_eq!(cloud.inner.calls.services()["metadata"].durations.count(), 2);
        let last = server.seen().pop().unwrap();
        assert_eq!((last.signer(), last.header("x-security-token")), (Some("HST1"), Some("st")));
    }
}

#[tokio::test]
async fn keys_at_their_end_are_replaced() {
    let soon = (chrono::Utc::now() + chrono::TimeDelta::milliseconds(300)).to_rfc3339();
    let server = Server::start(metadata(true, soon)).await;
    let account = server.account(CredentialSource::Metadata);
    let cloud = cloud(&account, &[], Surroundings::default());
    push(&cloud).await.unwrap();
    tokio::time::sleep(Duration::from_millis(350)).await;
    push(&cloud).await.unwrap();
    assert_eq!(server.seen().pop().unwrap().signer(), Some("HST2"));
}

#[tokio::test]
async fn the_default_order_is_environment_profile_metadata() {
    let scratch = Scratch::new();
    let server = Server::start(|seen| match seen.path.as_str() {
        path if path.starts_with("/meta-data") => Reply::new(404, ""),
        path if path.starts_with("/openstack") => Reply::new(404, ""),
        _ => Reply::new(204, ""),
    })
    .await;
    let account = server.account(CredentialSource::Default);
    let home = scratch.to_str().unwrap().to_owned();
    fs::create_dir(scratch.join(".huaweicloud")).unwrap();

    let none = cloud(&account, &[], surroundings(&[("HOME", &home)]));
    let failure = push(&none).await.unwrap_err();
    assert_eq!(failure.kind, Kind::Withheld);
    for word in ["HUAWEICLOUD_SDK_AK", ".huaweicloud/credentials: No such file", "no agency"] {
        assert!(failure.message.contains(word), "{failure}");
    }

    let profile = "# keys\n[basic]\nak = AKIDPROFILE\nsk: s=k\n[global]\ndomain_id = d1\n";
    secret_file(&scratch, ".huaweicloud/credentials", profile);
    push(&cloud(&account, &[], surroundings(&[("HOME", &home)]))).await.unwrap();
    let last = server.seen().pop().unwrap();
    assert_eq!((last.signer(), last.header("x-domain-id")), (Some("AKIDPROFILE"), Some("d1")));

    let variables =
        [("HOME", home.as_str()), ("HUAWEICLOUD_SDK_AK", "AKIDENV"), ("HUAWEICLOUD_SDK_SK", "s")];
    push(&cloud(&account, &[], surroundings(&variables))).await.unwrap();
    assert_eq!(server.seen().pop().unwrap().signer(), Some("AKIDENV"));
}

#[test]
fn a_profile_without_keys_says_what_it_lacks() {
    let scratch = Scratch::new();
    secret_file(&scratch, "profile", "[basic]\nak = a\n");
    let path = scratch.join("profile");
    let named = surroundings(&[("HUAWEICLOUD_SDK_CREDENTIALS_FILE", path.to_str().unwrap())]);
    let failure = profile::read(&named).unwrap_err();
    assert!(failure.message.ends_with("profile has no sk in [basic]"), "{failure}");
}

#[test]
fn an_environment_gives_ids_and_hides_its_secrets() {
    let variables = [
        ("HUAWEICLOUD_SDK_AK", "AKIDENV"),
        ("HUAWEICLOUD_SDK_SK", "hunter2"),
        ("HUAWEICLOUD_SDK_PROJECT_ID", "p1"),
        ("HTTPS_PROXY", "http://user:hunter2@proxy.example.com"),
    ];
    let surroundings = surroundings(&variables);
    let found = environment::read(&surroundings).unwrap();
    assert_eq!(found.project_id.as_deref(), Some("p1"));
    assert!(found.key.identity.starts_with("AKIDENV#"), "{found:?}");
    assert!(!format!("{found:?} {surroundings:?}").contains("hunter2"));
}

#[tokio::test]
async fn files_that_others_may_read_are_told() {
    let scratch = Scratch::new();
    let server = Server::start(|_| Reply::new(204, "")).await;
    let account = server.account(files(&scratch));
    let mode = |name: &str, mode| {
        let permissions = fs::Permissions::from_mode(mode);
        fs::set_permissions(scratch.join(name), permissions).unwrap();
    };
    mode("sk", 0o640);
    mode("token", 0o600);
    let cloud = cloud(&account, &[], Surroundings::default());
    assert_eq!(cloud.exposed_files(), [(scratch.join("sk"), 0o640)]);
}

#[test]
fn tokens_are_renewed_before_their_end() {
    let at = |secs| renew_at(Time::from_secs(0), Time::from_secs(secs)).secs();
    assert_eq!((at(86_400), at(2400), at(400)), (85_800, 1800, 300));
}
