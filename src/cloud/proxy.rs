//! The operator's proxy: for https alone and never for this host, and which calls go through it.

use hyper::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use reqwest::{NoProxy, Proxy, Url};

use super::Result;
use super::credentials::Surroundings;
use crate::model::failure::{Failure, Kind};

/// Plain http goes to these alone, and they are nobody's but this host's.
const ALWAYS_EXCEPTED: &str = "localhost,127.0.0.0/8,::1,169.254.0.0/16";

/// A proxy, as `HTTPS_PROXY` and `NO_PROXY` have it.
pub(super) struct Through {
    proxy: Proxy,
    /// Its host, without the password that its address may hold.
    host: String,
    matcher: Matcher,
}

impl Through {
    /// The operator's, if there is one.
    pub(super) fn of(surroundings: &Surroundings) -> Result<Option<Self>> {
        let Some(address) = surroundings.https_proxy.as_ref().map(|it| it.expose()) else {
            return Ok(None);
        };
        let excepted =
            format!("{ALWAYS_EXCEPTED},{}", surroundings.no_proxy.as_deref().unwrap_or_default());
        let proxy = Proxy::https(address).map_err(|_| {
            // The address may hold a password, so it is not repeated here.
            let message = "HTTPS_PROXY is not the address of a proxy";
            Failure::local(Kind::Operator, "set up HTTPS", message)
        })?;
        Ok(Some(Self {
            proxy: proxy.no_proxy(NoProxy::from_string(&excepted)),
            host: url(address).map_or_else(|| "HTTPS_PROXY".to_owned(), |url| host(&url)),
            matcher: Matcher::builder().https(address).no(excepted).build(),
        }))
    }

    /// For a client that shall use it.
    pub(super) fn proxy(&self) -> Proxy {
        self.proxy.clone()
    }

    fn takes(&self, url: &Url) -> bool {
        // The rules are those of the client of HTTP, whose own reading of them this is.
        let base = format!("{}://{}/", url.scheme(), host(url));
        base.parse::<Uri>().is_ok_and(|it| self.matcher.intercept(&it).is_some())
    }
}

/// Whom a call to this address connects to, in the words of an operator: never more of it than its host.
pub(super) fn whom(url: &Url, through: Option<&Through>) -> String {
    match through.filter(|through| through.takes(url)) {
        Some(Through { host: by, .. }) => format!("{} by proxy {by}", host(url)),
        None => host(url),
    }
}

/// As a header has it: with the port, unless it is the scheme's own.
pub(super) fn host(url: &Url) -> String {
    let name = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"))
}

/// The address of a proxy, as the client of HTTP reads it: without a scheme it is http.
pub(super) fn url(address: &str) -> Option<Url> {
    let whole =
        if address.contains("://") { address.to_owned() } else { format!("http://{address}") };
    Url::parse(&whole).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(address: &str, proxy: &str, excepted: &str) -> String {
        let surroundings = Surroundings::from(|name| match name {
            "HTTPS_PROXY" => Some(proxy.to_owned()),
            "NO_PROXY" => Some(excepted.to_owned()),
            _ => None,
        });
        let through = Through::of(&surroundings).unwrap();
        whom(&Url::parse(address).unwrap(), through.as_ref())
    }

    #[test]
    fn hosts_are_said_and_nothing_else_of_an_address() {
        for (address, proxy, excepted, expected) in [
            ("https://iam.example.com/v3/projects?name=x", "", "", "iam.example.com"),
            ("https://iam.example.com:443/v3", "", "", "iam.example.com"),
            ("https://user:word@iam.example.com:8443/v3", "", "", "iam.example.com:8443"),
            ("https://[2001:db8::1]:8443/v3", "", "", "[2001:db8::1]:8443"),
            (
                "https://iam.example.com/v3",
                "http://user:word@proxy.example.org:3128",
                "",
                "iam.example.com by proxy proxy.example.org:3128",
            ),
            (
                "https://iam.example.com/v3",
                "proxy.example.org:3128",
                "example.net",
                "iam.example.com by proxy proxy.example.org:3128",
            ),
            ("https://iam.example.com", "proxy.example.org:3128", "example.com", "iam.example.com"),
            ("https://127.0.0.1:1/v3", "proxy.example.org:3128", "", "127.0.0.1:1"),
            ("http://169.254.169.254/", "proxy.example.org:3128", "", "169.254.169.254"),
            ("http://iam.example.com", "proxy.example.org:3128", "", "iam.example.com"),
        ] {
            assert_eq!(said(address, proxy, excepted), expected, "{address} {proxy} {excepted}");
        }
    }
}
