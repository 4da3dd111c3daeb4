//! Pre-signed links: fetched by a client of their own, without a credential, and only where such links may point.

use std::net::IpAddr;
use std::time::Instant;

use reqwest::Url;

use super::calls::{self, CallEnd};
use super::http::{self, Broken, Cut};
use super::{Cloud, Result, error, outward, proxy, region};
use crate::model::failure::{Failure, Kind};
use crate::model::secret::Secret;

/// The longest file that is read, in bytes: a bundle of CAs takes a few thousand, the archive around it
/// too, and what is longer would be refused when it is unpacked.
pub const FILE_BYTES_MAX: usize = 1024 * 1024;
/// What a failure is called.
const OPERATION: &str = "download the CA";
/// Hosts that answer for a cloud's own machinery, by name.
const METADATA_NAMES: [&str; 3] = ["metadata", "metadata.google.internal", "instance-data"];

/// Fetches what a link points to, whole and at most [`FILE_BYTES_MAX`] bytes. No header of ours but the user agent
/// goes along, no redirect is followed. Only https is taken, and no host that is this machine or a
/// metadata service; a rehearsal, whose every endpoint is on this host, may also use plain http on loopback.
/// Refusals of ours are [`Kind::Unusable`]. No failure repeats the link.
pub async fn fetch(cloud: &Cloud, link: &Secret) -> Result<Vec<u8>> {
    let url = check(link.expose(), region::is_rehearsal(cloud.account())).map_err(unusable)?;
    read(cloud, url).await
}

/// Fetches what was found to be a good address. Where its name leads to, the client's resolver sees.
pub(super) async fn read(cloud: &Cloud, url: Url) -> Result<Vec<u8>> {
    let host = url.host_str().unwrap_or_default().to_owned();
    let to = proxy::whom(&url, cloud.inner.clients.through.as_ref());
    let started = Instant::now();
    let outcome = http::exchange(cloud.inner.clients.links.get(url), FILE_BYTES_MAX).await;
    cloud.inner.calls.end(calls::LINKS, CallEnd::of(&outcome), started.elapsed());
    let status = outcome.as_ref().ok().map(|answer| answer.status);
    tracing::debug!(service = calls::LINKS, method = "GET", host, status, "call");
    let answer = outcome.map_err(|broken| match broken {
        Broken::Forbidden(why) => unusable(&format!("{host}: {why}")),
        Broken::Unsent(why) => {
            let message = format_args!("could not connect to {to}: {why}");
            Failure::local(Kind::Transient, OPERATION, message)
        }
        Broken::Unanswered(why) => {
            Failure::local(Kind::Transient, OPERATION, format_args!("{host}: {why}"))
        }
    })?;
    if answer.status != 200 {
        let wait = error::retry_after(&answer, cloud.now());
        return Err(Failure { wait, ..refused(&host, answer.status) });
    }
    match answer.cut {
        Some(Cut::TooLong(why)) => Err(unusable(&format!("{host}: {why}"))),
        Some(Cut::BrokeOff(why)) => {
            Err(Failure::local(Kind::Transient, OPERATION, format_args!("{host}: {why}")))
        }
        None if answer.body.is_empty() => Err(unusable("the file is empty")),
        None => Ok(answer.body.to_vec()),
    }
}

fn refused(host: &str, status: u16) -> Failure {
    let (kind, why) = match status {
        // The next look asks for a new link.
        401 | 403 => (Kind::Transient, "does not take the link: it may have expired"),
        404 => (Kind::NotFound, "has no such file"),
        300..=399 => (Kind::Unusable, "redirects, which is not followed"),
        429 => (Kind::Throttled, "asks to be called less often"),
        500.. => (Kind::Transient, "has trouble of its own"),
        _ => (Kind::Unusable, "does not give the file"),
    };
    Failure {
        status: Some(status),
        ..Failure::local(kind, OPERATION, format_args!("{host} {why}"))
    }
}

/// The address, if it is one that a link may have.
fn check(link: &str, rehearsal: bool) -> std::result::Result<Url, &'static str> {
    let url = Url::parse(link).map_err(|_| "the link is no address")?;
    let host = url.host_str().ok_or("the link names no host")?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("the link carries a user's name");
    }
    let loopback = region::is_loopback_host(host);
    if rehearsal && loopback && matches!(url.scheme(), "http" | "https") {
        return Ok(url);
    }
    if url.scheme() != "https" {
        return Err("the link is not https");
    }
    if loopback || is_inward(host) {
        return Err("the link points to this host or to a metadata service");
    }
    Ok(url)
}

/// Addresses that are none of another machine, and the names of metadata services.
fn is_inward(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.');
    match bare.parse::<IpAddr>() {
        Ok(address) => outward::is_inward(address),
        Err(_) => METADATA_NAMES.contains(&bare.to_ascii_lowercase().as_str()),
    }
}

fn unusable(message: &str) -> Failure {
    Failure::local(Kind::Unusable, OPERATION, message)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Reply, Server};
    use super::*;
    use crate::model::account::CredentialSource;

    #[test]
    fn links_point_outward_and_are_https() {
        for good in [
            "https://bucket.obs.cn-north-4.myhuaweicloud.com:443/ssl/f.zip?Signature=x",
            "https://10.1.2.3/ca.crt",
        ] {
            assert!(check(good, false).is_ok(), "{good}");
        }
        for bad in [
            "http://bucket.obs.cn-north-4.myhuaweicloud.com/f.zip",
            "https://127.0.0.1/f",
            "https://localhost/f",
            "https://[::1]/f",
            "https://[::ffff:127.0.0.1]/f",
            "https://2130706433/f",
            "https://169.254.169.254/f",
            "https://[fe80::1]/f",
            "https://0.0.0.0/f",
            "https://metadata/f",
            "https://127.1/f",
            "https://0x7f000001/f",
            "https://0177.0.0.1/f",
            "https://127.0.0.1:8443/f",
            "https://127.0.0.1./f",
            "https://localhost./f",
            "https://LOCALHOST/f",
            "https://obs.localhost/f",
            // Full-width letters, which an address's rules make plain.
            "https://\u{ff4c}\u{ff4f}\u{ff43}\u{ff41}\u{ff4c}\u{ff48}\u{ff4f}\u{ff53}\u{ff54}/f",
            "https://2852039166/f",
            "https://0xA9FEA9FE/f",
            "https://169.254.169.254./f",
            "https://[::ffff:169.254.169.254]/f",
            "https://[::ffff:a9fe:a9fe]:443/f",
            "https://[::]/f",
            "https://metadata.google.internal./f",
            "https://Metadata/f",
            "https://user@example.com/f",
            "https://user:word@example.com/f",
            "https://:word@example.com/f",
            "file:///etc/passwd",
            "ca.crt",
            "",
        ] {
            assert!(check(bad, false).is_err(), "{bad}");
        }
        assert!(check("http://127.0.0.1:8080/f", true).is_ok());
        assert!(check("http://example.com/f", true).is_err());
        assert!(check("https://169.254.169.254/f", true).is_err());
    }

    #[tokio::test]
    async fn loopback_is_for_accounts_that_are_all_loopback() {
        let server = Server::start(|_| Reply::new(200, "ca")).await;
        let mut account = server.account(CredentialSource::Environment);
        account.endpoints.insert(
            crate::model::target::Api::Dcs,
            "https://dcs.cn-north-4.myhuaweicloud.com".to_owned(),
        );
        let cloud = super::super::testing::cloud(&account, &[], super::super::testing::keys());
        let link = Secret::new(format!("{}/ca.crt?Signature=sesame", server.url));
        let failure = fetch(&cloud, &link).await.unwrap_err();
        assert_eq!(failure.kind, Kind::Unusable);
        assert!(!format!("{failure:?}").contains("sesame"));
        assert!(server.seen().is_empty());
    }

    #[tokio::test]
    async fn a_storage_that_throttles_says_when_to_come_back() {
        let server = Server::start(|_| Reply::new(429, "").header("retry-after", "40")).await;
        let link = Secret::new(format!("{}/f.zip", server.url));
        let failure = fetch(&server.cloud(), &link).await.unwrap_err();
        assert_eq!(
            (failure.kind, failure.wait.map(|it| it.as_secs())),
            (Kind::Throttled, Some(40))
        );
    }

    #[tokio::test]
    async fn what_a_link_answers_is_judged_and_bounded() {
        for (reply, expected) in [
            (Reply::new(403, "<xml/>"), Kind::Transient),
            (Reply::new(404, ""), Kind::NotFound),
            (Reply::new(302, "").header("location", "http://127.0.0.1:1/"), Kind::Unusable),
            (Reply::new(200, ""), Kind::Unusable),
            (Reply::new(200, vec![0; FILE_BYTES_MAX + 1]), Kind::Unusable),
            (Reply::new(200, "half").torn(), Kind::Transient),
            (Reply::dropped(), Kind::Transient),
        ] {
            let server = Server::start(move |_| reply.clone()).await;
            let link = Secret::new(format!("{}/f.zip?Signature=sesame", server.url));
            let failure = fetch(&server.cloud(), &link).await.unwrap_err();
            assert_eq!(failure.kind, expected, "{failure}");
            assert!(!format!("{failure} {failure:?}").contains("sesame"));
        }
    }
}
