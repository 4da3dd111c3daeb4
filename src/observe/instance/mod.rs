//! What a database presents in a handshake, and whether the published CA alone verifies it.
//!
//! Each look connects anew over plain TCP, without a proxy, says what the protocol wants to hear before
//! TLS, shakes hands, and leaves. It never logs in: no user name and no password is known here, and none
//! is sent. Every wait is bounded, in seconds and in bytes, whatever the other side does.

mod mysql;
mod postgres;
mod verify;

use std::future::Future;
use std::io;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::time::timeout;

use super::served::dial::{dial, seconds, turn};
use super::served::shake::{Ending, cut_off, shake};
use super::served::{Presented, is_signed_with};
use crate::cert::{CaBundle, facts};
use crate::model::digest::Sha256;
use crate::model::failure::{Failure, Kind};
use crate::model::place::{InstanceProbe, Probe, Protocol};
use crate::model::time::Time;
use crate::plan::observed::Proof;
use crate::plan::sight::Seen;

/// For what is said before TLS. A MySQL server may look up the name of whoever connects before it greets,
/// and with a resolver out of order that takes ten seconds.
const OPENING_TIMEOUT: Duration = Duration::from_secs(15);
/// Characters of a server's own words that are repeated.
const WORDS_CHARS_MAX: usize = 200;

/// Shakes hands once, and verifies what the instance presents with these CAs and no others: signatures,
/// dates at `now`, and that the server holds the key. The chain has to end at a root of the bundle, or be
/// the server's own self-signed certificate, published as it is; an intermediate alone does not do, since
/// most clients allow no partial chains.
///
/// The name in the certificate is not compared: instances are reached by addresses and private names that
/// their certificates do not have, and their clients are told to verify the CA alone (PostgreSQL's
/// `verify-ca`, MySQL's `VERIFY_CA`). A server that demands a certificate of its clients is judged by what
/// it has presented by then.
///
/// A MySQL server counts each such connection, which never logs in, as a handshake that failed; see
/// [`greeting`]. The planner asks as rarely as that allows.
pub async fn prove(probe: &InstanceProbe, bundle: &CaBundle, now: Time) -> Proof {
    let presented = match present(probe).await {
        Ok(presented) => presented,
        Err(ending) => return unproven(ending),
    };
    let leaf = facts(&presented.leaf);
    let seen = Seen {
        sha256: Sha256::of(&presented.leaf),
        issued: leaf.as_ref().map(|leaf| leaf.not_before),
        ends: leaf.as_ref().map(|leaf| leaf.not_after),
    };
    match verify::judge(&presented, leaf.as_ref(), bundle, now) {
        Ok(()) => Proof::Verified(seen),
        Err(words) => Proof::Refused { leaf: Some(seen), failure: refused(words) },
    }
}

/// Whether the greeting of a MySQL server offers SSL. Reads the greeting, which the server sends unasked,
/// and closes the connection; it sends nothing at all.
///
/// Which is the least that can be done, and not nothing: a server that looks up the names of its clients
/// counts this towards `max_connect_errors` of this host (100 in a row by default), as it does every
/// connection that ends before its login, and blocks the host when they are reached. Any login from here
/// that succeeds sets the count back, and so does `FLUSH HOSTS`; with `skip_name_resolve` nobody counts
/// (MySQL manual, "The host_cache Table"). A login with made-up credentials would not count there, but
/// would stand in the audit log as an attack. Closing at once, with all that was sent read, spares the
/// server the wait for a login and a connection reset.
pub async fn greeting(probe: &Probe) -> Result<bool, Failure> {
    let _turn = turn().await;
    let operation = "read greeting";
    let read = match dial(&probe.at).await {
        Ok((mut stream, _)) => {
            let greeting = mysql::greeting(&mut stream).await;
            // A farewell that fails changes nothing about what was read.
            let _ = stream.shutdown().await;
            greeting
        }
        Err(words) => Err(Ending::Unreachable(words)),
    };
    read.map_err(|ending| match ending {
        Ending::BrokenOff(words) | Ending::Forged(words) => {
            Failure::local(Kind::Unusable, operation, words)
        }
        Ending::Closed(words) | Ending::Unreachable(words) => {
            Failure::local(Kind::Transient, operation, words)
        }
        Ending::Person(words) => Failure::local(Kind::Operator, operation, words),
    })
}

async fn present(probe: &InstanceProbe) -> Result<Presented, Ending> {
    let _turn = turn().await;
    let (mut stream, peer) = dial(&probe.probe.at).await.map_err(Ending::Unreachable)?;
    match probe.protocol {
        Protocol::Tls => {}
        Protocol::Postgres => postgres::open(&mut stream).await?,
        Protocol::MySql => mysql::open(&mut stream).await?,
    }
    shake(stream, peer, &probe.probe, None).await
}

/// An end without a leaf: what answers wrongly refuses, what does not answer says nothing about the CA.
fn unproven(ending: Ending) -> Proof {
    let unreachable = |kind, words| Proof::Unreachable(Failure::local(kind, "handshake", words));
    match ending {
        Ending::BrokenOff(words) | Ending::Forged(words) => {
            Proof::Refused { leaf: None, failure: refused(words) }
        }
        Ending::Closed(words) | Ending::Unreachable(words) => unreachable(Kind::Transient, words),
        Ending::Person(words) => unreachable(Kind::Operator, words),
    }
}

fn refused(words: String) -> Failure {
    Failure::local(Kind::Unusable, "handshake", words)
}

/// Waits for one step before TLS; `what` is to come of it.
async fn opening<T>(what: &str, step: impl Future<Output = io::Result<T>>) -> Result<T, Ending> {
    match timeout(OPENING_TIMEOUT, step).await {
        Ok(done) => done.map_err(|error| cut_off(&error, &format!("the {what} came"))),
        Err(_) => Err(Ending::Unreachable(format!(
            "connected, but no {what} came within {}",
            seconds(OPENING_TIMEOUT)
        ))),
    }
}

/// A server's own words, fit for a log line.
fn words(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    plain.take(WORDS_CHARS_MAX).collect::<String>().trim().to_owned()
}
