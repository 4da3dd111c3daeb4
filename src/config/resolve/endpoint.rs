//! Endpoints: https anywhere, http only where nobody else can listen in.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::model::target::Api;

/// Longest host name, in bytes, as DNS has it.
const HOST_BYTES_MAX: usize = 253;
/// Longest address of a webhook, in bytes: servers take no longer one.
const URL_BYTES_MAX: usize = 2048;
/// Where an ECS host finds its metadata service.
const METADATA: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 254);

/// An accepted endpoint: `scheme://host[:port]` without a slash at its end.
pub(super) struct Endpoint {
    pub(super) url: String,
    /// Plain http, on this host.
    pub(super) plain: bool,
}

/// Takes `https://host[:port]`, and http for 127.0.0.0/8, `[::1]` and `localhost`; for the metadata API
/// also for its own link-local address. Refuses paths, queries and user names.
pub(super) fn endpoint(api: Api, text: &str) -> Result<Endpoint, &'static str> {
    const SHAPE: &str = "is no endpoint, expected https://HOST or https://HOST:PORT";
    let (scheme, rest) = text.split_once("://").ok_or(SHAPE)?;
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    let host = host_of(authority).ok_or(SHAPE)?;
    let url = format!("{scheme}://{authority}");
    match scheme {
        "https" => Ok(Endpoint { url, plain: false }),
        "http" if host.is_this_host() => Ok(Endpoint { url, plain: true }),
        "http" if api == Api::Metadata && host.is(IpAddr::V4(METADATA)) => {
            Ok(Endpoint { url, plain: false })
        }
        "http" if api == Api::Metadata => {
            Err("is plain http to another host, expected https, a loopback host or 169.254.169.254")
        }
        "http" => Err("is plain http to another host, expected https (http is for loopback only)"),
        _ => Err(SHAPE),
    }
}

/// Whether messages may be posted to this address: `https://host[:port]/path?query`, and http for the loopback
/// hosts that an endpoint may have. Says what is wrong without a word of the address.
pub fn is_webhook(text: &str) -> Result<(), &'static str> {
    const SHAPE: &str = "is no address, expected https://HOST/PATH";
    let (scheme, rest) = text.split_once("://").ok_or(SHAPE)?;
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let host = host_of(&rest[..end]).ok_or(SHAPE)?;
    if text.len() > URL_BYTES_MAX
        || !text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#')
    {
        return Err(SHAPE);
    }
    match scheme {
        "https" => Ok(()),
        "http" if host.is_this_host() => Ok(()),
        "http" => {
            Err("would be posted to in plain text, expected https (http is for loopback only)")
        }
        _ => Err(SHAPE),
    }
}

/// A host as an authority or a probe names it.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Host<'t> {
    Address(IpAddr),
    Name(&'t str),
}

impl Host<'_> {
    fn is(&self, address: IpAddr) -> bool {
        *self == Host::Address(address)
    }

    fn is_this_host(&self) -> bool {
        match self {
            Host::Address(address) => address.is_loopback(),
            Host::Name(name) => *name == "localhost",
        }
    }
}

/// The host of `host[:port]`.
fn host_of(authority: &str) -> Option<Host<'_>> {
    match host(authority) {
        Some(host) => Some(host),
        None => host_and_port(authority).map(|(host, _)| host),
    }
}

/// The parts of `host:port`, where both are sound; the port is never 0.
pub(super) fn host_and_port(text: &str) -> Option<(Host<'_>, u16)> {
    let (left, port) = text.rsplit_once(':')?;
    if !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let port = port.parse().ok().filter(|port| *port != 0)?;
    Some((host(left)?, port))
}

/// A DNS name, an IPv4 address, or an IPv6 address in brackets. What looks like an address in another
/// notation (`127.1`, `0x7f.0.0.1`) is neither: what others make of it cannot be told.
pub(super) fn host(text: &str) -> Option<Host<'_>> {
    if let Some(inner) = text.strip_prefix('[') {
        let address: Ipv6Addr = inner.strip_suffix(']')?.parse().ok()?;
        return Some(Host::Address(address.into()));
    }
    if let Ok(address) = text.parse::<Ipv4Addr>() {
        return Some(Host::Address(address.into()));
    }
    let last = text.rsplit('.').next().unwrap_or_default();
    let numeric = last.starts_with(|c: char| c.is_ascii_digit());
    let labels = text.len() <= HOST_BYTES_MAX && text.split('.').all(is_label);
    (labels && !numeric).then_some(Host::Name(text))
}

/// One part of a DNS name.
fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_anywhere_and_http_at_home() {
        for (api, text, url, plain) in [
            (Api::Scm, "https://scm.cn-north-4.myhuaweicloud.com", None, false),
            (Api::Scm, "https://h:8443/", Some("https://h:8443"), false),
            (Api::Scm, "http://127.0.0.1:8080", None, true),
            (Api::Scm, "http://127.9.9.9", None, true),
            (Api::Scm, "http://[::1]:80", None, true),
            (Api::Scm, "http://localhost:1", None, true),
            (Api::Metadata, "http://169.254.169.254", None, false),
            (Api::Metadata, "http://127.0.0.1:1", None, true),
        ] {
            let endpoint = endpoint(api, text).unwrap_or_else(|why| panic!("{text} {why}"));
            assert_eq!((endpoint.url.as_str(), endpoint.plain), (url.unwrap_or(text), plain));
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "http://169.254.169.254",
            "http://scm.cn-north-4.myhuaweicloud.com",
            "http://127.0.0.1.example.com",
            "http://localhost.example.com",
            "http://127.1",
            "http://0x7f.0.0.1",
            "https://127.1",
            "https://0x7f.0.0.1",
            "http://2130706433",
            "http://0.0.0.0",
            "http://[::ffff:127.0.0.1]",
            "http://user@127.0.0.1",
            "http://127.0.0.1@example.com",
            "http://127.0.0.1#@example.com",
            "https://h/path",
            "https://h//",
            "https://h?query",
            "https://h:0",
            "https://h:65536",
            "https://h:+1",
            "https://",
            "https:///",
            "https://-h",
            "https://a..b",
            "https://h\\x",
            "ftp://127.0.0.1",
            "HTTPS://h",
            "scm.cn-north-4.myhuaweicloud.com",
            "",
        ] {
            assert!(endpoint(Api::Scm, text).is_err(), "{text}");
        }
        assert!(endpoint(Api::Metadata, "http://169.254.169.253").is_err());
    }

    #[test]
    fn a_webhook_has_a_path_and_keeps_to_https() {
        for fine in [
            "https://h",
            "https://h:8443/a/b?c=d&e",
            "https://h?x",
            "http://127.0.0.1:80/x",
            "http://[::1]:1/",
            "http://localhost/",
        ] {
            assert_eq!(is_webhook(fine), Ok(()), "{fine}");
        }
        for bad in [
            "http://h/x",
            "http://127.0.0.1.example.com/",
            "http://127.0.0.1@h/",
            "https://user:word@h/",
            "https://h/#x",
            "https://h/a b",
            "https://h/\u{e4}",
            "https:///x",
            "ftp://h/",
            "h/x",
            "",
        ] {
            assert!(is_webhook(bad).is_err(), "{bad}");
        }
        assert!(is_webhook(&format!("https://h/{}", "x".repeat(2048))).is_err());
    }
}
