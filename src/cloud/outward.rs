//! Names of links, resolved outward: no name may lead to this host or to its metadata service.

use std::error::Error;
use std::fmt;
use std::net::{IpAddr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::proxy;

/// Asks the system's resolver and drops every address that is none of another machine. Whoever writes
/// a link may own its name, and can let that name point anywhere, another time than when it was looked at.
pub(super) struct Outward {
    /// The operator's proxy may well stand on this host.
    proxy: Option<String>,
}

/// All that a name resolves to is this host or a metadata service.
#[derive(Debug)]
pub(super) struct Inward;

impl Outward {
    /// With the address of the operator's proxy, whose own name is excepted.
    pub(super) fn new(proxy: Option<&str>) -> Self {
        let host = |address: &str| proxy::url(address)?.host_str().map(str::to_owned);
        Self { proxy: proxy.and_then(host) }
    }
}

impl Resolve for Outward {
    fn resolve(&self, name: Name) -> Resolving {
        let excepted = self.proxy.as_deref() == Some(name.as_str());
        Box::pin(async move {
            // The port is the address's own and takes the place of this one.
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let outward = found.filter(|address| excepted || !is_inward(address.ip()));
            let outward: Vec<SocketAddr> = outward.collect();
            if outward.is_empty() {
                return Err(Inward.into());
            }
            Ok(Box::new(outward.into_iter()) as Addrs)
        })
    }
}

/// Loopback, link-local, unspecified, multicast and broadcast addresses, in either of their spellings. Private ones
/// are not among them: within a VPC the object storage has one.
pub(super) fn is_inward(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            v4.is_loopback()
                || v4.is_link_local()
                || v4.is_unspecified()
                || v4.is_multicast()
                || v4.is_broadcast()
        }
        IpAddr::V6(v6) => {
            v6.is_loopback()
                || v6.is_unicast_link_local()
                || v6.is_unspecified()
                || v6.is_multicast()
        }
    }
}

impl fmt::Display for Inward {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name leads to this host or to a metadata service")
    }
}

impl Error for Inward {}

#[cfg(test)]
mod tests {
    use reqwest::Url;

    use super::super::download;
    use super::super::testing::{self, Reply, Server};
    use super::*;
    use crate::model::account::CredentialSource;
    use crate::model::failure::Kind;
    use crate::model::secret::Secret;
    use crate::model::target::Api;

    #[test]
    fn addresses_of_this_host_have_many_spellings() {
        for inward in [
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "0.0.0.0",
            "255.255.255.255",
            "224.0.0.1",
            "::1",
            "::",
            "fe80::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:a9fe:a9fe",
        ] {
            assert!(is_inward(inward.parse().unwrap()), "{inward}");
        }
        for outward in ["100.125.4.8", "10.0.0.7", "192.0.2.1", "2001:db8::1", "fd00::1"] {
            assert!(!is_inward(outward.parse().unwrap()), "{outward}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_here_resolves_to_nothing_unless_it_is_the_proxys() {
        let resolve = |proxy| Outward::new(proxy).resolve("localhost".parse().unwrap());
        assert!(resolve(None).await.is_err_and(|error| error.is::<Inward>()));
        assert!(resolve(Some("http://proxy.example.com:3128")).await.is_err());
        assert!(resolve(Some("http://user:word@localhost:3128")).await.is_ok());
        assert!(resolve(Some("localhost:3128")).await.is_ok(), "http, where no scheme is said");
    }

    /// The one name of this host that every machine knows would be refused by its text already, so the
    /// request is made past that.
    #[tokio::test]
    async fn the_client_for_links_does_not_connect_to_such_a_name() {
        let server = Server::start(|_| Reply::new(200, "ca")).await;
        let mut account = server.account(CredentialSource::Environment);
        let named = server.url.replace("127.0.0.1", "localhost");
        let rehearsal = testing::cloud(&account, &[], testing::keys());
        let link = Secret::new(format!("{named}/ca.crt"));
        assert_eq!(download::fetch(&rehearsal, &link).await.unwrap(), b"ca");

        account.endpoints.insert(Api::Dcs, "https://dcs.cn-north-4.myhuaweicloud.com".to_owned());
        let cloud = testing::cloud(&account, &[], testing::keys());
        let url = Url::parse(link.expose()).unwrap();
        let failure = download::read(&cloud, url).await.unwrap_err();
        assert_eq!(failure.kind, Kind::Unusable, "{failure}");
        assert!(failure.message.ends_with("or to a metadata service"), "{failure}");
        assert_eq!(server.seen().len(), 1);
    }
}
