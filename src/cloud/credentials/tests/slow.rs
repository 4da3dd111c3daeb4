//! A service that takes its time to give nothing newer: what is held meanwhile, and when the next look is.

use std::cell::Cell;

use super::super::super::Lockout;
use super::*;

/// Life of the first token or key, in seconds.
const LIFE: u64 = 600;
/// When it is looked for a newer one, in seconds after the first: early enough for a slow look to end before the life.
const LATE: u64 = LIFE - 140;
/// How long every later answer takes, in seconds.
const SLOW: u64 = 60;
const FIRST: Time = Time::from_secs(1_800_000_000);

thread_local! { static NOW: Cell<Time> = const { Cell::new(FIRST) }; }

fn now() -> Time {
    NOW.get()
}

/// The clock, so long after the first answer.
fn at(secs: u64) {
    NOW.set(FIRST + Duration::from_secs(secs));
}

/// Gives one token, or one key, that lives [`LIFE`]; whatever is asked for later takes [`SLOW`] and comes to nothing.
async fn gives_once() -> Server {
    let given = AtomicU32::new(0);
    let end = (FIRST + Duration::from_secs(LIFE)).to_utc().to_rfc3339();
    Server::start(move |seen| {
        if seen.path == "/meta-data/latest/api/token" {
            return Reply::new(405, "");
        }
        if given.fetch_add(1, Ordering::SeqCst) > 0 {
            // No time passes but by the clock.
            NOW.set(now() + Duration::from_secs(SLOW));
            return Reply::new(503, "");
        }
        if seen.path == "/v3/auth/tokens" {
            let body = format!(r#"{{"token":{{"expires_at":"{end}"}}}}"#);
            return Reply::new(201, body).header("x-subject-token", "t1");
        }
        let key = r#""access":"HST1","secret":"s","securitytoken":"st""#;
        Reply::new(200, format!(r#"{{"credential":{{{key},"expires_at":"{end}"}}}}"#))
    })
    .await
}

/// A cloud with its first token or key, and the path that it came from.
async fn held(scratch: &Scratch, server: &Server, traded: bool) -> (Cloud, &'static str) {
    let (source, path) = if traded {
        (password(scratch), "/v3/auth/tokens")
    } else {
        (CredentialSource::Metadata, "/securitykey")
    };
    at(0);
    let lockout = Lockout::new(&[], now);
    let cloud = Cloud::within(&server.account(source), &lockout, Surroundings::default()).unwrap();
    current(&cloud, REGION).await.unwrap();
    (cloud, path)
}

#[tokio::test]
async fn who_waited_for_a_slow_look_does_not_begin_another() {
    for traded in [true, false] {
        let (scratch, server) = (Scratch::new(), gives_once().await);
        let (cloud, path) = held(&scratch, &server, traded).await;
        at(LATE);
        let calls = (0..4).map(|_| {
            let cloud = cloud.clone();
            tokio::spawn(async move { current(&cloud, REGION).await })
        });
        for call in calls.collect::<Vec<_>>() {
            call.await.unwrap().unwrap();
        }
        assert_eq!((server.count(path), now()), (2, FIRST + Duration::from_secs(LATE + SLOW)));
        // Half a minute after its end there is another one.
        at(LATE + SLOW + 29);
        current(&cloud, REGION).await.unwrap();
        assert_eq!(server.count(path), 2);
        at(LATE + SLOW + 30);
        current(&cloud, REGION).await.unwrap_err();
        assert_eq!(server.count(path), 3);
    }
}

#[tokio::test]
async fn what_ended_during_a_slow_look_is_not_handed_out() {
    for traded in [true, false] {
        let (scratch, server) = (Scratch::new(), gives_once().await);
        let (cloud, path) = held(&scratch, &server, traded).await;
        at(LIFE - SLOW);
        let failure = current(&cloud, REGION).await.unwrap_err();
        assert_eq!((failure.kind, server.count(path)), (Kind::Transient, 2), "{failure}");
    }
}

#[tokio::test]
async fn a_host_without_keys_is_left_alone_from_the_end_of_a_slow_look() {
    let server = Server::start(|_| {
        NOW.set(now() + Duration::from_secs(SLOW));
        Reply::new(503, "")
    })
    .await;
    at(0);
    let lockout = Lockout::new(&[], now);
    let account = server.account(CredentialSource::Metadata);
    let cloud = Cloud::within(&account, &lockout, Surroundings::default()).unwrap();
    current(&cloud, REGION).await.unwrap_err();
    let asked = server.seen().len();
    current(&cloud, REGION).await.unwrap_err();
    assert_eq!(server.seen().len(), asked);
}
