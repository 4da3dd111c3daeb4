//! What goes out comes back, or is not believed; and what came back keeps a file from being read.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::*;
use crate::cert::{Finding, LeafFacts, Role};
use crate::config::{Certificate, parse};
use crate::model::digest::{Sha1, Sha256};
use crate::model::time::Time;
use crate::observe::local;
use crate::scratch::Scratch;

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn leaf(number: u8) -> Arc<LeafFacts> {
    Arc::new(LeafFacts {
        sha256: Sha256::of(&[number]),
        sha1: Sha1::of(&[number]),
        serial: format!("{number:02x}"),
        subject: format!("CN=w{number}.example.com"),
        issuer: "CN=Issuer".into(),
        not_before: Time::from_millis(-1),
        not_after: Time::from_secs(1_900_000_000),
        names: vec![format!("w{number}.example.com"), "example.com".into()],
        key: "RSA 2048".into(),
    })
}

fn empty() -> Rejected {
    Rejected { role: Role::Key, finding: Finding::Empty }
}

fn known(number: u8, verdict: Result<Arc<LeafFacts>, Rejected>) -> Known {
    let of = |at: u64| Identity::from_numbers([u64::from(number), at, 1, u64::MAX, 1 << 62]);
    Judged { stood: [of(1), of(2)].into(), content: Sha256::of(&[number, 1]), verdict }.into()
}

fn look(at: u8, leaf: Option<Arc<LeafFacts>>) -> Look {
    let inside = Inside { sha256: Sha256::of(&[at]), leaf };
    Look { stamp: format!("stamp {at}"), at: Time::from_secs(i64::from(at)), inside }
}

fn sample() -> (Pairs, Lists) {
    let mut pairs = Pairs::default();
    pairs.insert(name("one"), known(1, Ok(leaf(1))));
    pairs.insert(name("two"), known(2, Err(empty())));
    let young = Judged { stood: Box::default(), content: Sha256::of(b"y"), verdict: Ok(leaf(3)) };
    pairs.insert(name("young"), young.into());
    // One leaf's facts in two ways: neither is taken for the other.
    let other = Arc::new(LeafFacts { subject: "CN=other".into(), ..(*leaf(1)).clone() });
    let key = |id: &str| (name("main"), "cn-north-4".to_owned(), id.to_owned());
    let looks = [
        (key("a"), look(1, Some(leaf(1)))),
        (key("b"), look(2, Some(other))),
        (key("c"), look(3, None)),
        (key("d"), look(4, Some(leaf(3)))),
    ];
    (pairs, Lists::from(Shown::from(Looks::from(looks))))
}

#[test]
fn what_goes_out_comes_back() {
    let (pairs, lists) = sample();
    let bytes = pack(&pairs, &lists);
    let (known, shown) = unpack(&bytes).unwrap();
    assert_eq!(known.known, pairs.known);
    assert_eq!(*shown.shown().looks(), *lists.shown().looks());
    for end in 0..bytes.len() {
        assert!(unpack(&bytes[..end]).is_none(), "cut off at {end}");
    }
    assert!(unpack(&[&bytes[..], b"x"].concat()).is_none());
}

#[test]
fn only_what_is_new_is_a_change() {
    let (mut pairs, lists) = sample();
    assert!(has_changed(&mut pairs, &lists));
    assert!(!has_changed(&mut pairs, &lists));
    let same = pairs.get(&name("one")).cloned().unwrap();
    pairs.insert(name("one"), same);
    pairs.remove(&name("nobody"));
    assert!(!has_changed(&mut pairs, &lists), "handed on as it was");
    pairs.insert(name("one"), known(4, Ok(leaf(4))));
    assert!(has_changed(&mut pairs, &lists));
    pairs.remove(&name("two"));
    assert!(has_changed(&mut pairs, &lists));
}

/// The entry of this name, whose pair lies in this directory.
fn entry(directory: &Path, chain: bool) -> Arc<Certificate> {
    let chain = if chain { "chain = 'chain'\n" } else { "" };
    let text = format!(
        "[cloud.main]\nregion = 'cn-north-4'\n[[certificate]]\nname = 'www'\ncert = 'cert'\nkey = 'key'\n{chain}"
    );
    let config = parse(&directory.join("c.toml"), &text).unwrap();
    Arc::clone(&config.certificates[0])
}

/// As another process has it: these files as they are now, under a verdict that nobody would come to.
fn remembered(paths: &[Arc<Path>], bytes: &[&[u8]]) -> Known {
    let digests: String = bytes.iter().map(|it| Sha256::of(it).to_string()).collect();
    let stood = paths.iter().map(|path| Identity::of(path).unwrap()).collect();
    let content = Sha256::of(digests.as_bytes());
    let mut pairs = Pairs::default();
    pairs.insert(name("www"), Judged { stood, content, verdict: Ok(leaf(9)) }.into());
    let (back, _) = unpack(&pack(&pairs, &Lists::default())).unwrap();
    back.get(&name("www")).cloned().unwrap()
}

#[tokio::test]
async fn files_that_stand_as_they_stood_are_not_read() {
    let scratch = Scratch::new();
    let www = entry(&scratch, false);
    let paths = [www.cert.clone(), www.key.clone()];
    paths.iter().for_each(|path| fs::write(path, b"what is no PEM").unwrap());
    let kept = remembered(&paths, &[b"another", b"content"]);
    let read = local::read(&www, Some(kept.clone())).await;
    assert_eq!(read.leaf, Ok(leaf(9)), "believed, and not read");
    assert!(read.known.is_some_and(|known| known.is(&kept)));
    // Other files under the same entry's name: elsewhere, or one more.
    let other = Scratch::new();
    let elsewhere = entry(&other, false);
    fs::copy(&www.cert, &elsewhere.cert).unwrap();
    fs::copy(&www.key, &elsewhere.key).unwrap();
    assert!(local::read(&elsewhere, Some(kept.clone())).await.leaf.is_err());
    fs::write(scratch.join("chain"), b"").unwrap();
    assert!(local::read(&entry(&scratch, true), Some(kept.clone())).await.leaf.is_err());
    // The same path, another file, of the same length and with the same time.
    let modified = fs::metadata(&www.key).unwrap().modified().unwrap();
    fs::remove_file(&www.key).unwrap();
    fs::write(&www.key, b"what is no key").unwrap();
    fs::File::options().write(true).open(&www.key).unwrap().set_modified(modified).unwrap();
    assert!(local::read(&www, Some(kept)).await.leaf.is_err());
}

#[tokio::test]
async fn what_had_just_changed_is_read_by_the_next_process_too() {
    let scratch = Scratch::new();
    let www = entry(&scratch, false);
    let paths = [www.cert.clone(), www.key.clone()];
    paths.iter().for_each(|path| fs::write(path, b"what is no PEM").unwrap());
    let read = local::read(&www, None).await;
    let identity = Identity::of(&www.cert).unwrap();
    assert!(!identity.is_telling(SystemTime::now()), "the test is quicker than the clock's grain");
    assert!(identity.is_telling(SystemTime::now() + Duration::from_secs(3)));
    let mut pairs = Pairs::default();
    pairs.insert(name("www"), read.known.unwrap());
    let (back, _) = unpack(&pack(&pairs, &Lists::default())).unwrap();
    let kept = back.get(&name("www")).unwrap();
    assert_eq!(kept.judged().stood.len(), 0);
    // By the content it is known all the same, however often it is read: it is not judged again.
    let kept = Judged { verdict: Ok(leaf(9)), ..clone(kept.judged()) }.into();
    assert_eq!(local::read(&www, Some(kept)).await.leaf, Ok(leaf(9)));
}

fn clone(judged: &Judged) -> Judged {
    let Judged { stood, content, verdict } = judged;
    Judged { stood: stood.clone(), content: *content, verdict: verdict.clone() }
}
