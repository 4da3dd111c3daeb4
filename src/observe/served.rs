//! What a server presents in a fresh TLS handshake: the proof that a certificate is served.
//!
//! Nothing is trusted and nothing is judged here: expired, self-signed and foreign leaves are all
//! recorded as they come. Each look connects anew over plain TCP, with no proxy whatever the
//! environment says, resumes nothing, and offers TLS 1.2 and 1.3. It offers no application protocol:
//! the choice of a certificate does not hang on one, and a server that insists on another cannot refuse
//! it. Where a name resolves to several addresses, one answers for all: the first that connects. To
//! look at each, write one probe an address.

pub(super) mod dial;
mod recorder;
pub(super) mod shake;

use std::net::SocketAddr;

use tokio::net::TcpStream;

pub use crate::cert::Family;
use crate::cert::facts;
use crate::model::digest::Sha256;
use crate::model::failure::{Failure, Kind};
use crate::model::place::Probe;
pub use crate::plan::observed::Handshake;
pub(super) use recorder::{Presented, is_signed_with};
use shake::{Ending, shake};

/// Looks once at what is served, as a client that can check only signatures of keys of the family
/// `prefer`: where RSA and ECDSA stand side by side, that one is presented. A server that breaks such a
/// handshake off is asked again, at the same address, by a client that can check all, and what it says
/// then counts.
///
/// Once it has its turn it takes a bounded number of seconds, whatever the other side does. Sends nothing
/// but handshakes.
pub async fn look(probe: &Probe, prefer: Family) -> Handshake {
    let _turn = dial::turn().await;
    let found = match dial::dial(&probe.at).await {
        Ok((stream, peer)) => shake_twice(stream, peer, probe, prefer).await,
        Err(words) => Err(Ending::Unreachable(words)),
    };
    let operation = "handshake".to_owned();
    let failure = |words| Failure::local(Kind::Transient, &operation, words);
    match found {
        Ok(presented) => served(presented),
        Err(Ending::BrokenOff(words) | Ending::Closed(words) | Ending::Forged(words)) => {
            Handshake::Broken(failure(words))
        }
        Err(Ending::Unreachable(words)) => Handshake::Unreachable(failure(words)),
        Err(Ending::Person(words)) => {
            Handshake::Unreachable(Failure::local(Kind::Operator, &operation, words))
        }
    }
}

async fn shake_twice(
    stream: TcpStream,
    peer: SocketAddr,
    probe: &Probe,
    prefer: Family,
) -> Result<Presented, Ending> {
    match shake(stream, peer, probe, Some(prefer)).await {
        Err(Ending::BrokenOff(_) | Ending::Closed(_)) => {
            let stream = dial::connect(peer).await.map_err(Ending::Unreachable)?;
            shake(stream, peer, probe, None).await
        }
        first => first,
    }
}

fn served(Presented { leaf, chain, .. }: Presented) -> Handshake {
    let chain = chain.iter().map(|der| Sha256::of(der)).collect();
    Handshake::Served { sha256: Sha256::of(&leaf), leaf: facts(&leaf), chain }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;
    use crate::model::place::Dial;

    #[tokio::test]
    async fn thousands_of_probes_do_not_take_all_open_files() {
        let silent = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let at = Dial::Address(silent.local_addr().unwrap());
        let probe = Probe { text: "x".to_owned(), name: None, at };
        let mut looks = tokio::task::JoinSet::new();
        for _ in 0..dial::LOOKS_AT_ONCE_MAX + 20 {
            let probe = probe.clone();
            looks.spawn(async move { look(&probe, Family::Ecdsa).await });
        }
        let mut connected = Vec::new();
        while let Ok(Ok(accepted)) = timeout(Duration::from_millis(500), silent.accept()).await {
            connected.push(accepted);
        }
        assert_eq!(connected.len(), dial::LOOKS_AT_ONCE_MAX);
    }
}
