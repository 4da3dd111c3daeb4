//! The rate as a caller of the API meets it: over HTTP, with the real client.

use std::sync::atomic::AtomicU32;

use super::super::super::testing::{REGION, Reply, Seen, Server};
use super::super::super::{Cloud, Result, elb, scm};
use super::*;
use crate::model::failure::Kind;
use crate::model::target::Target;

async fn push(cloud: &Cloud) -> Result<()> {
    scm::push(cloud, "scs1600313391074", Target::Elb, REGION).await
}

fn of_elb(seen: &Seen) -> bool {
    seen.path.contains("/elb/")
}

#[tokio::test]
async fn after_a_429_nothing_more_is_sent_to_that_service_and_all_to_the_others() {
    let server = Server::start(|seen| {
        if of_elb(seen) {
            return Reply::new(200, r#"{"certificates":[],"page_info":{}}"#);
        }
        Reply::refusal(429, "APIGW.0308", "policy user over ratelimit,limit:10,time:1 minute")
    })
    .await;
    let cloud = server.cloud();
    let failure = push(&cloud).await.unwrap_err();
    assert_eq!((failure.kind, failure.wait), (Kind::Throttled, Some(secs(60))));
    assert!(!failure.was_never_sent());
    let looks = (0..1000).map(|_| {
        let cloud = cloud.clone();
        tokio::spawn(async move { push(&cloud).await.unwrap_err() })
    });
    for look in looks.collect::<Vec<_>>() {
        let failure = look.await.unwrap();
        assert_eq!(failure.kind, Kind::Throttled);
        assert!(failure.was_never_sent() && failure.message.starts_with("not sent: "), "{failure}");
        assert!(failure.wait.is_some_and(|wait| wait > secs(50)), "{failure}");
    }
    assert_eq!(server.seen().len(), 1);
    elb::certificates(&cloud, REGION, drop).await.unwrap();
}

/// A list that is called too often, by the words of a policy for it alone.
#[tokio::test]
async fn a_list_that_is_throttled_stops_no_push_of_its_service() {
    let server = Server::start(|seen| match seen.method.as_str() {
        "GET" => {
            let policy = "policy api over ratelimit,limit:2000,time:1 hour";
            Reply::refusal(429, "APIGW.0308", policy)
        }
        _ => Reply::new(204, ""),
    })
    .await;
    let cloud = server.cloud();
    let show = async || scm::show(&cloud, "scs1600313391074").await.unwrap_err();
    assert!(!show().await.was_never_sent());
    for _ in 0..20 {
        push(&cloud).await.unwrap();
        let failure = show().await;
        assert!(failure.was_never_sent(), "{failure}");
        assert!(failure.wait.is_some_and(|wait| wait > secs(3500)), "{failure}");
    }
    assert_eq!(server.seen().len(), 1 + 20);
}

#[tokio::test]
async fn calls_that_wait_for_their_place_when_it_closes_are_not_sent() {
    let server = Server::start(|_| Reply::new(429, "").header("retry-after", "60")).await;
    let cloud = server.cloud();
    let looks = (0..300).map(|_| {
        let cloud = cloud.clone();
        tokio::spawn(async move { push(&cloud).await.unwrap_err() })
    });
    for look in looks.collect::<Vec<_>>() {
        assert_eq!(look.await.unwrap().kind, Kind::Throttled);
    }
    // Those in flight: a service alone leaves one of the four places free.
    assert!(server.seen().len() <= 3, "{}", server.seen().len());
}

#[tokio::test]
async fn a_reload_opens_nothing() {
    let server = Server::start(|_| Reply::new(429, "").header("retry-after", "90")).await;
    let account = server.account(crate::model::account::CredentialSource::Environment);
    let lockout = super::super::super::Lockout::new(&[], super::super::super::testing::now);
    let surroundings = super::super::super::testing::keys;
    push(&Cloud::within(&account, &lockout, surroundings()).unwrap()).await.unwrap_err();
    let failure =
        push(&Cloud::within(&account, &lockout, surroundings()).unwrap()).await.unwrap_err();
    assert!(failure.was_never_sent(), "{failure}");
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_short_wait_is_waited_for() {
    static ASKED: AtomicU32 = AtomicU32::new(0);
    let server = Server::start(|_| match ASKED.fetch_add(1, Ordering::SeqCst) {
        0 => Reply::new(429, "").header("retry-after", "1"),
        _ => Reply::new(204, ""),
    })
    .await;
    let cloud = server.cloud();
    assert_eq!(push(&cloud).await.unwrap_err().kind, Kind::Throttled);
    let asked = Instant::now();
    push(&cloud).await.unwrap();
    assert!(asked.elapsed() >= Duration::from_millis(900));
}

/// A service that takes the connection and never answers.
#[tokio::test]
async fn a_service_that_hangs_does_not_hold_up_the_others() {
    let server = Server::start(|_| Reply::new(200, r#"{"certificates":[],"page_info":{}}"#)).await;
    let hangs = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let mut account = server.account(crate::model::account::CredentialSource::Environment);
    account.endpoints.insert(Api::Scm, format!("http://{}", hangs.local_addr().unwrap()));
    let cloud =
        super::super::super::testing::cloud(&account, &[], super::super::super::testing::keys());
    // The credential is known to work before.
    elb::certificates(&cloud, REGION, drop).await.unwrap();
    let hanging = (0..40).map(|_| {
        let cloud = cloud.clone();
        tokio::spawn(async move { push(&cloud).await })
    });
    let hanging: Vec<_> = hanging.collect();
    tokio::time::sleep(Duration::from_millis(50)).await;
    for _ in 0..20 {
        let listed = tokio::time::timeout(secs(5), elb::certificates(&cloud, REGION, drop)).await;
        listed.unwrap().unwrap();
    }
    hanging.iter().for_each(tokio::task::JoinHandle::abort);
}
