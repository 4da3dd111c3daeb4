//! Which list will do for what follows from it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::cloud::testing::{Reply, Server};
use crate::model::digest::Sha1;
use crate::model::place::Drift;

const QUOTA: usize = 3;
const LISTS: &str = "/elb/certificates";

fn leaf() -> LeafFacts {
    LeafFacts {
        sha256: Sha256::of(b"www"),
        sha1: Sha1::of(b"www"),
        serial: "1".to_owned(),
        subject: "www".to_owned(),
        issuer: "CA".to_owned(),
        not_before: Time::from_secs(0),
        not_after: Time::from_secs(1),
        names: vec!["www.example.com".to_owned()],
        key: "ECDSA P-256".to_owned(),
    }
}

/// A service that shows these, one after the other; the last one again and again.
async fn service(lists: Vec<Vec<Value>>) -> Server {
    let read = Arc::new(AtomicUsize::new(0));
    Server::start(move |seen| {
        if !seen.path.ends_with(LISTS) {
            return Reply::json(&json!({ "quota": { "certificate": QUOTA } }));
        }
        let nth = read.fetch_add(1, Ordering::SeqCst).min(lists.len() - 1);
        Reply::json(&json!({ "certificates": lists[nth], "page_info": {} }))
    })
    .await
}

fn others(count: usize) -> Vec<Value> {
    let other = |id| json!({ "id": format!("other-{id}"), "fingerprint": "ff" });
    (0..count).map(other).collect()
}

fn with_ours(others: Vec<Value>) -> Vec<Value> {
    let ours = json!({ "id": "ours", "fingerprint": leaf().sha1.to_string() });
    [ours].into_iter().chain(others).collect()
}

/// What is seen by who would do with a list from before, after one was read, and how many were.
async fn seen_of(lists: Vec<Vec<Value>>) -> (CopySeen, usize, usize) {
    let server = service(lists).await;
    let (cloud, shelf, leaf, former) =
        (server.cloud(), Lists::default(), leaf(), BTreeSet::default());
    let before = Instant::now();
    let now = Time::from_secs(0);
    shelf.copies(&cloud, (Target::Elb, "cn-north-4"), before, now).await;
    tokio::time::sleep(Duration::from_millis(1)).await;
    let wanted = Wanted { leaf: &leaf, former: &former, since: before, fresh: Instant::now(), now };
    let mut seen = TargetSeen {
        target: Target::Elb,
        project: "cn-north-4".to_owned(),
        copy: CopySeen::Absent,
        room: None,
        copies: Vec::new(),
        sites: Vec::new(),
        probes: Vec::new(),
        window: Duration::ZERO,
        drift: Drift::Report,
    };
    look(&shelf, &cloud, &wanted, &mut seen).await;
    let read = server.lines().iter().filter(|line| line.contains(LISTS)).count();
    (seen.copy, seen.room.unwrap().used, read)
}

#[tokio::test]
async fn a_list_from_before_will_do_where_the_copy_is_missing_and_there_is_room_and_nowhere_else() {
    let missing = vec![others(1), others(0)];
    assert_eq!(seen_of(missing).await, (CopySeen::Absent, 1, 1), "its push follows from that");
    let there = vec![with_ours(others(1)), others(1)];
    assert_eq!(seen_of(there).await, (CopySeen::Absent, 1, 2), "it may have gone since");
    let full = vec![others(QUOTA), others(1)];
    assert_eq!(seen_of(full).await, (CopySeen::Absent, 1, 2), "something may have gone since");
    let came = vec![others(QUOTA), with_ours(others(1))];
    assert_eq!(seen_of(came).await, (CopySeen::Found("ours".to_owned()), 2, 2));
}
