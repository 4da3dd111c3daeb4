//! The promise about lock-outs, case by case, as the services would count: how many tries they see.

use super::super::super::{Lockout, testing};
use super::*;
use crate::model::names::Name;

/// Two accounts, each with regions and a name of its own, that read the same key.
fn accounts(scratch: &Scratch, server: &Server) -> [Cloud; 2] {
    let lockout = Lockout::new(&[], testing::now);
    ["beijing", "shanghai"].map(|name| {
        let mut account = server.account(files(scratch));
        account.name = Name::new(name).unwrap();
        Cloud::within(&account, &lockout, Surroundings::default()).unwrap()
    })
}

async fn all(calls: Vec<tokio::task::JoinHandle<Result<()>>>) -> Vec<Kind> {
    let mut kinds = Vec::new();
    for call in calls {
        kinds.extend(call.await.unwrap().err().map(|failure| failure.kind));
    }
    kinds
}

#[tokio::test]
async fn accounts_and_services_with_one_wrong_key_try_it_twice_together() {
    let scratch = Scratch::new();
    let server = Server::start(|_| Reply::new(401, WRONG)).await;
    let clouds = accounts(&scratch, &server);
    let calls = clouds.iter().flat_map(|cloud| {
        let (one, other) = (cloud.clone(), cloud.clone());
        [
            tokio::spawn(async move { push(&one).await }),
            tokio::spawn(async move { elb::certificates(&other, REGION, drop).await.map(drop) }),
        ]
    });
    let kinds = all(calls.collect()).await;
    assert_eq!(kinds.iter().filter(|kind| **kind == Kind::Refused).count(), 2, "{kinds:?}");
    assert_eq!(kinds.iter().filter(|kind| **kind == Kind::Withheld).count(), 2, "{kinds:?}");
    assert_eq!(server.seen().len(), 2);
    // Either account tells both refusals to the journal that they share.
    let told = clouds[0].take_refusals();
    assert_eq!(told.iter().map(|refusal| refusal.count).collect::<Vec<_>>(), [1, 2]);
    assert!(clouds[1].take_refusals().is_empty());
}

/// Sixteen may be under way, and nearly all of these are for one service.
#[tokio::test]
async fn a_key_that_is_disabled_meanwhile_is_left_alone_after_the_calls_under_way() {
    let scratch = Scratch::new();
    let given = AtomicU32::new(0);
    let server = Server::start(move |_| match given.fetch_add(1, Ordering::SeqCst) {
        0 => Reply::new(204, ""),
        // Some that the service still knew are heard after those that it refused.
        number @ 1..=5 => Reply::new(204, "").late(Duration::from_millis(100 * u64::from(number))),
        number => Reply::new(401, WRONG).late(Duration::from_millis(200 + u64::from(number % 3))),
    })
    .await;
    let mut account = server.account(files(&scratch));
    account.max_in_flight = 16;
    let cloud = cloud(&account, &[], Surroundings::default());
    push(&cloud).await.unwrap();
    let volley = (0..64).map(|_| {
        let cloud = cloud.clone();
        tokio::spawn(async move { push(&cloud).await })
    });
    let kinds = all(volley.collect()).await;
    let refused = kinds.iter().filter(|kind| **kind == Kind::Refused).count();
    let withheld = kinds.iter().filter(|kind| **kind == Kind::Withheld).count();
    assert_eq!((refused + withheld, kinds.len()), (64 - 5, 64 - 5), "{kinds:?}");
    assert!((2..=16 + 1).contains(&refused), "{kinds:?}");
    assert_eq!(push(&cloud).await.unwrap_err().kind, Kind::Withheld);
    assert_eq!(server.seen().len(), 1 + 5 + refused);
}

/// A password is refused while the token that it gave last still works.
#[tokio::test]
async fn a_token_that_works_says_nothing_about_the_password() {
    let scratch = Scratch::new();
    let given = AtomicU32::new(0);
    let server = Server::start(move |seen| {
        if seen.path != "/v3/auth/tokens" {
            return Reply::new(204, "");
        }
        if given.fetch_add(1, Ordering::SeqCst) > 0 {
            return Reply::new(401, r#"{"error":{"code":401,"message":"wrong"}}"#);
        }
        let body = format!(r#"{{"token":{{"expires_at":"{}"}}}}"#, in_an_hour());
        Reply::new(201, body).header("x-subject-token", "t0")
    })
    .await;
    let cloud = cloud(&server.account(password(&scratch)), &[], Surroundings::default());
    let mut tries = Vec::new();
    for _ in 0..4 {
        push(&cloud).await.unwrap();
        let project = current(&cloud, "cn-east-3").await;
        tries.push(project.err().map(|failure| failure.kind).unwrap());
    }
    assert_eq!(tries, [Kind::Refused, Kind::Refused, Kind::Withheld, Kind::Withheld]);
    assert_eq!(server.count("/v3/auth/tokens"), 3);
}

#[tokio::test]
async fn the_refusal_of_a_renewed_token_ends_the_call() {
    let scratch = Scratch::new();
    let body = r#"{"error_code":"APIGW.0301","error_msg":"decrypt token fail"}"#;
    let given = AtomicU32::new(0);
    let server = Server::start(move |seen| {
        if seen.path != "/v3/auth/tokens" {
            return Reply::new(401, body);
        }
        let number = given.fetch_add(1, Ordering::SeqCst);
        let body = format!(r#"{{"token":{{"expires_at":"{}"}}}}"#, in_an_hour());
        Reply::new(201, body).header("x-subject-token", &format!("t{number}"))
    })
    .await;
    let cloud = cloud(&server.account(password(&scratch)), &[], Surroundings::default());
    assert_eq!(push(&cloud).await.unwrap_err().kind, Kind::Refused);
    let tokens: Vec<_> = server
        .seen()
        .iter()
        .filter_map(|seen| seen.header("x-auth-token").map(str::to_owned))
        .collect();
    assert_eq!(
        (tokens, server.count("/v3/auth/tokens")),
        (vec!["t0".to_owned(), "t1".to_owned()], 2)
    );
    assert_eq!(cloud.take_refusals().len(), 1);
}

#[tokio::test]
async fn signatures_that_are_too_old_are_sent_twice() {
    let scratch = Scratch::new();
    let body = r#"{"error_code":"APIGW.0301","error_msg":"signature expired"}"#;
    let server = Server::start(move |_| Reply::new(401, body)).await;
    let cloud = cloud(&server.account(files(&scratch)), &[], Surroundings::default());
    let mut kinds = Vec::new();
    for _ in 0..4 {
        kinds.push(push(&cloud).await.unwrap_err().kind);
    }
    assert_eq!(kinds, [Kind::Operator, Kind::Operator, Kind::Throttled, Kind::Throttled]);
    assert_eq!(server.seen().len(), 2);
    assert!(cloud.take_refusals().is_empty());
}

#[tokio::test]
async fn a_quiet_time_ends_and_begins_again_with_the_next_refusal() {
    let scratch = Scratch::new();
    let server = Server::start(|_| Reply::new(401, WRONG)).await;
    let account = server.account(files(&scratch));
    let first = cloud(&account, &[], Surroundings::default());
    for _ in 0..2 {
        push(&first).await.unwrap_err();
    }
    let mut journal = first.take_refusals();
    for (minutes, kind) in [(14, Kind::Withheld), (15, Kind::Refused)] {
        // As if it had been so long ago when the process starts anew.
        let aged = journal.iter().map(|told| Refusal {
            at: told.at - Duration::from_secs(minutes * 60),
            ..told.clone()
        });
        let later = cloud(&account, &aged.collect::<Vec<_>>(), Surroundings::default());
        assert_eq!(push(&later).await.unwrap_err().kind, kind, "{minutes}");
        journal.extend(later.take_refusals());
    }
    assert_eq!(server.seen().len(), 3);
    let third = cloud(&account, &journal, Surroundings::default());
    assert_eq!(push(&third).await.unwrap_err().kind, Kind::Withheld);
}
