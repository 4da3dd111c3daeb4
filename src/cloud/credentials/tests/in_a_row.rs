//! What counts as one more refusal, over several calls in a row.

use super::*;

#[tokio::test]
async fn a_refused_credential_is_not_renewed_for_ever() {
    let scratch = Scratch::new();
    let source = files(&scratch);
    let path = scratch.to_owned();
    let tries = AtomicU32::new(0);
    // Whenever a key is refused, the file has another one by then.
    let server = Server::start(move |_| {
        let number = tries.fetch_add(1, Ordering::SeqCst);
        fs::write(path.join("ak"), format!("AKIDNEW{number}")).unwrap();
        Reply::new(401, WRONG)
    })
    .await;
    let cloud = cloud(&server.account(source), &[], Surroundings::default());
    assert_eq!(push(&cloud).await.unwrap_err().kind, Kind::Refused);
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn a_proxys_page_does_not_vouch_for_a_key() {
    let scratch = Scratch::new();
    let replies = AtomicU32::new(0);
    // Refused, a page of somebody's in between, refused: that is twice in a row.
    let server = Server::start(move |_| match replies.fetch_add(1, Ordering::SeqCst) {
        1 => Reply::new(200, "<html>Welcome</html>"),
        _ => Reply::new(401, WRONG),
    })
    .await;
    let cloud = cloud(&server.account(files(&scratch)), &[], Surroundings::default());
    let mut kinds = Vec::new();
    for _ in 0..4 {
        kinds.push(push(&cloud).await.unwrap_err().kind);
    }
    assert_eq!(kinds, [Kind::Refused, Kind::Lost, Kind::Refused, Kind::Withheld]);
    assert_eq!(server.seen().len(), 3);
}
