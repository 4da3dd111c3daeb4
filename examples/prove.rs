//! One handshake with an instance, judged as the daemon judges it: `prove PROTOCOL HOST:PORT CA.pem`,
//! and `prove greeting HOST:PORT` for what a MySQL server's greeting says.
//!
//! Prints one line: `verified SHA256 ENDS`, `refused WHY`, `unreachable WHY`, or `ssl on`, `ssl off`.
//! Ends with 0 when it verified or was read, 1 when it was refused or not reached, 2 when the arguments
//! are wrong.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use certrotd::cert::read_ca;
use certrotd::model::place::{Dial, InstanceProbe, Probe, Protocol};
use certrotd::model::time::Time;
use certrotd::observe::instance::{greeting, prove};
use certrotd::plan::observed::Proof;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let words: Vec<_> = std::env::args().skip(1).collect();
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    let judged = match words[..] {
        ["greeting", at] => match probe(at) {
            Some(probe) => Ok(greeted(&probe).await),
            None => Err(format!("{at:?} is no HOST:PORT")),
        },
        [protocol, at, ca] => judge(protocol, at, ca).await,
        _ => Err("usage: prove tls|postgres|mysql HOST:PORT CA.pem, or prove greeting HOST:PORT"
            .to_owned()),
    };
    match judged {
        Ok((well, line)) => {
            say(&line);
            if well { ExitCode::SUCCESS } else { ExitCode::from(1) }
        }
        Err(line) => {
            say(&line);
            ExitCode::from(2)
        }
    }
}

async fn judge(protocol: &str, at: &str, ca: &str) -> Result<(bool, String), String> {
    let known = Protocol::ALL.into_iter().find(|known| known.key() == protocol);
    let protocol = known.ok_or_else(|| format!("{protocol:?} is no protocol"))?;
    let probe = probe(at).ok_or_else(|| format!("{at:?} is no HOST:PORT"))?;
    let bytes = std::fs::read(ca).map_err(|error| format!("{ca}: {error}"))?;
    let bundle = read_ca(&bytes).map_err(|finding| format!("{ca} {finding}"))?;
    let now = Time::from(chrono::Utc::now());
    Ok(match prove(&InstanceProbe { probe, protocol }, &bundle, now).await {
        Proof::Verified(leaf) => {
            let ends = leaf.ends.map_or_else(|| "unknown".to_owned(), |ends| ends.to_string());
            (true, format!("verified {} {ends}", leaf.sha256))
        }
        Proof::Refused { failure, .. } => (false, format!("refused {failure}")),
        Proof::Unreachable(failure) => (false, format!("unreachable {failure}")),
        Proof::NotAsked => (false, "unreachable: nobody asked".to_owned()),
    })
}

async fn greeted(probe: &Probe) -> (bool, String) {
    match greeting(probe).await {
        Ok(true) => (true, "ssl on".to_owned()),
        Ok(false) => (true, "ssl off".to_owned()),
        Err(failure) => (false, format!("unreachable {failure}")),
    }
}

/// As the configuration takes it, but for names that are pinned to an address.
fn probe(text: &str) -> Option<Probe> {
    let text = text.to_owned();
    if let Ok(address) = text.parse() {
        return Some(Probe { text, name: None, at: Dial::Address(address) });
    }
    let (host, port) = text.rsplit_once(':')?;
    let at = Dial::Name(host.to_owned(), port.parse().ok()?);
    Some(Probe { name: Some(host.to_owned()), at, text })
}

#[expect(clippy::print_stdout, reason = "its output is what it is for")]
fn say(line: &str) {
    println!("{line}");
}
