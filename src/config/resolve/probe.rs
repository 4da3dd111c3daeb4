//! Probes as they are written: `host:port`, or `name@address:port`.

use std::net::SocketAddr;

use super::endpoint::{Host, host, host_and_port};
use crate::model::place::{Dial, Probe};

const SHAPE: &str = "is no probe, expected host:port, or name@address:port to pin an address";
const WILDCARD: &str = "is no probe: a handshake asks for one name, so write a real host that the \
     wildcard stands for, such as www in place of `*`";

/// Takes `host:port`, which asks for the host unless it is an address, and `name@address:port`, which asks
/// there for the name. Names become lower case; the text stays as it is written.
pub(super) fn probe(text: &str) -> Result<Probe, &'static str> {
    if text.contains('*') {
        return Err(WILDCARD);
    }
    let (pinned, at) = match text.split_once('@') {
        None => (None, text),
        Some((name, at)) => match host(name) {
            Some(Host::Name(name)) => (Some(name), at),
            _ => return Err(SHAPE),
        },
    };
    let (left, port) = host_and_port(at).ok_or(SHAPE)?;
    let (name, at) = match (pinned, left) {
        (name, Host::Address(address)) => {
            (name.map(str::to_ascii_lowercase), Dial::Address(SocketAddr::new(address, port)))
        }
        (None, Host::Name(name)) => {
            let name = name.to_ascii_lowercase();
            (Some(name.clone()), Dial::Name(name, port))
        }
        (Some(_), Host::Name(_)) => return Err(SHAPE),
    };
    Ok(Probe { text: text.to_owned(), name, at })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The name that is asked for, and where the connection goes.
    fn read(text: &str) -> (Option<String>, String) {
        let probe = probe(text).unwrap_or_else(|why| panic!("{text} {why}"));
        assert_eq!(probe.to_string(), text);
        let at = match probe.at {
            Dial::Name(name, port) => format!("name {name} {port}"),
            Dial::Address(address) => format!("address {address}"),
        };
        (probe.name, at)
    }

    #[test]
    fn a_name_is_asked_for_unless_there_is_none() {
        for (text, name, at) in [
            ("www.example.com:443", "www.example.com", "name www.example.com 443"),
            ("WWW.Example.com:65535", "www.example.com", "name www.example.com 65535"),
            ("localhost:1", "localhost", "name localhost 1"),
            ("192.0.2.1:8443", "", "address 192.0.2.1:8443"),
            ("[2001:db8::1]:443", "", "address [2001:db8::1]:443"),
            ("a.b@192.0.2.1:443", "a.b", "address 192.0.2.1:443"),
            ("A.b@[2001:DB8::1]:443", "a.b", "address [2001:db8::1]:443"),
        ] {
            let name = (!name.is_empty()).then(|| name.to_owned());
            assert_eq!(read(text), (name, at.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_dialled_is_refused() {
        for text in [
            "",
            ":443",
            "www.example.com",
            "www.example.com:",
            "www.example.com:0",
            "www.example.com:65536",
            "www.example.com:+443",
            "www.example.com:https",
            "https://www.example.com:443",
            "2001:db8::1:443",
            "[192.0.2.1]:443",
            "a.b@c.d:443",
            "a.b@192.0.2.1",
            "a.b@192.0.2.1:0",
            "192.0.2.1@192.0.2.1:443",
            "@192.0.2.1:443",
            "a@b@192.0.2.1:443",
        ] {
            assert_eq!(probe(text), Err(SHAPE), "{text}");
        }
        for text in ["*.example.com:443", "*.example.com@192.0.2.1:443", "*:443"] {
            assert_eq!(probe(text), Err(WILDCARD), "{text}");
        }
    }
}
