//! What databases say before TLS: the first byte chooses how it is read, the rest is what the server says.

use std::rc::Rc;

use certrotd::cert::{CaBundle, read_ca};
use certrotd::model::failure::Failure;
use certrotd::model::place::{InstanceProbe, Protocol};
use certrotd::observe::instance::{greeting, prove};
use certrotd::plan::observed::Proof;

use super::{NOW, is_sentence, wire};

/// Bytes of a MySQL packet before its payload.
const HEADER_BYTES: usize = 4;

/// Greets the client with these bytes. Whatever they are, nothing is proven by them, what is wrong is a
/// sentence, and only what begins as a greeting does is taken for one.
pub fn open(bytes: &[u8]) {
    let Some((&how, said)) = bytes.split_first() else { return };
    let server: Rc<[u8]> = said.into();
    let serve = move |stream| {
        let said = Rc::clone(&server);
        async move { wire::say(stream, &said).await }
    };
    let protocol = match how % 3 {
        0 => None,
        1 => Some(Protocol::MySql),
        _ => Some(Protocol::Postgres),
    };
    wire::with_server(serve, async |address| {
        let probe = wire::probe("db.example.com", address);
        match protocol {
            None => judge(greeting(&probe).await, said),
            Some(protocol) => {
                refuses(&prove(&InstanceProbe { probe, protocol }, &bundle(), NOW).await)
            }
        }
    });
}

/// The one CA that is published in these doors.
pub fn bundle() -> CaBundle {
    read_ca(include_bytes!("../../data/pem/root.pem")).expect("the root is a CA")
}

/// Holds that nothing is proven, and that the reason can be read.
pub fn refuses(proof: &Proof) {
    match proof {
        Proof::Refused { failure, .. } | Proof::Unreachable(failure) => {
            is_sentence(&failure.to_string());
        }
        Proof::NotAsked | Proof::Verified(_) => panic!("proven: {proof:?}"),
    }
}

fn judge(greeting: Result<bool, Failure>, said: &[u8]) {
    match greeting {
        Ok(_) => {
            let (header, payload) = said.split_at(HEADER_BYTES);
            let [low, high, 0, 0] = *header else { panic!("no first packet: {header:?}") };
            assert!(payload.len() >= usize::from(u16::from_le_bytes([low, high])), "a cut packet");
            assert_eq!(payload.first(), Some(&10), "not the protocol of a greeting");
        }
        Err(failure) => is_sentence(&failure.to_string()),
    }
}
