//! A JSON body to an address of the operator's own, such as a webhook: as bounded as a call to the cloud, with the
//! same roots and the same proxy, and without anything that the cloud's own calls carry.

use std::time::Duration;

use reqwest::Url;

use super::Result;
use super::credentials::{Surroundings, read_secret};
use super::error;
use super::http::{self, Answer, Broken};
use crate::model::account::SecretFile;
use crate::model::failure::{Failure, Kind};
use crate::model::secret::Secret;

/// So much of what a receiver answers is told, in characters: its word for what is wrong, such as `no channel`.
const SAID_CHARS_MAX: usize = 80;
/// What failures call it.
const OPERATION: &str = "post";
/// So much of the answer is taken, in bytes, that the connection can be used again.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// Posts it once, by a client of its own: messages are rare, and none of what one needs is kept for the next. Only an
/// answer of 200 to 299 in time is none of a failure. Follows no redirect. A failure has the answer's status and the
/// beginning of its words; neither the address, nor a part of it, nor the headers are among them.
pub async fn post(
    url: &Secret,
    headers: &[(&'static str, String)],
    body: String,
    within: Duration,
) -> Result<()> {
    // Plain http stays on this host, and needs no roots.
    let plain = url.expose().starts_with("http://");
    let client = http::outward(&Surroundings::of_process(), plain)?;
    let request = client.post(url.expose()).header("content-type", "application/json");
    let request =
        headers.iter().fold(request, |request, (name, value)| request.header(*name, value));
    let sending = http::exchange(request.body(body), ANSWER_BYTES_MAX);
    let answer = match tokio::time::timeout(within, sending).await {
        Err(_) => return Err(failed(format!("no answer in {} s", within.as_secs()))),
        // Who receives it may be a secret down to the host, and goes by the name that the operator gave it.
        Ok(Err(Broken::Unsent(why))) => return Err(failed(format!("could not connect: {why}"))),
        Ok(Err(Broken::Forbidden(why) | Broken::Unanswered(why))) => return Err(failed(why)),
        Ok(Ok(answer)) => answer,
    };
    if answer.is_success() {
        return Ok(());
    }
    Err(failed(format!("answered {}{}", answer.status, said(&answer, url, headers))))
}

/// What the receiver said of it, without whatever was sent to it.
fn said(answer: &Answer, url: &Secret, headers: &[(&'static str, String)]) -> String {
    let address = url.expose();
    // Each part by itself too: a receiver that repeats its token repeats no more than that.
    let parts = address.split(['/', '?', '&', '=', '@', ':', '#', ';', ',']);
    let plain: Vec<_> = parts.clone().filter_map(decoded).collect();
    let mut secrets: Vec<_> = std::iter::once(address).chain(parts).collect();
    secrets.extend(plain.iter().map(String::as_str));
    secrets.extend(headers.iter().map(|(_, value)| value.as_str()));
    secrets.sort_unstable_by_key(|it| std::cmp::Reverse(it.len()));
    let line = error::first_line(&answer.body, SAID_CHARS_MAX, &secrets);
    if line.is_empty() { line } else { format!(": {line}") }
}

/// A part of an address without its percent signs, where it has some.
fn decoded(part: &str) -> Option<String> {
    let url = part.contains('%').then(|| Url::parse(&format!("x:?={part}")))?.ok()?;
    url.query_pairs().next().map(|(_, value)| value.into_owned())
}

fn failed(words: String) -> Failure {
    Failure::local(Kind::Transient, OPERATION, words)
}

/// What lies in such a file, as the files of credentials are read.
pub fn secret(file: &SecretFile) -> Result<Secret> {
    let found = read_secret(&Surroundings::of_process(), file);
    found.map_err(|failure| Failure { operation: OPERATION.to_owned(), ..failure })
}

/// HMAC-SHA256 of this text by this key, in lower-case hex.
pub fn signature(key: &Secret, text: &str) -> String {
    super::sign::hmac_hex(key.expose().as_bytes(), text)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Reply, Server};
    use super::*;

    #[tokio::test]
    async fn an_answer_of_success_is_one_and_no_other() {
        for (status, taken) in [(200, true), (204, true), (302, false), (404, false), (503, false)]
        {
            let server = Server::start(move |_| Reply::new(status, "")).await;
            let url = Secret::new(format!("{}/hook?token=sesame", server.url));
            let headers = [("x-signature", "hidden".to_owned())];
            let ended = post(&url, &headers, "{}".to_owned(), Duration::from_secs(9)).await;
            assert_eq!(ended.is_ok(), taken, "{status}");
            if let Err(failure) = ended {
                let words = failure.to_string();
                assert!(words.contains(&status.to_string()), "{words}");
                assert!(!words.contains("sesame") && !words.contains("hidden"), "{words}");
            }
        }
    }

    #[tokio::test]
    async fn what_the_receiver_says_is_told_without_what_was_sent() {
        let long = "no channel ".repeat(30);
        for (body, expected) in [
            ("no channel\nsecond line", "answered 500: no channel"),
            ("  \r\n no channel \u{7}", "answered 500: no channel"),
            (
                r#"{"ok":false,"error":"no_channel"}"#,
                r#"answered 500: {"ok":false,"error":"no_channel"}"#,
            ),
            ("", "answered 500"),
            ("<html>no channel</html>", "answered 500"),
            ("token open sesame is old", "answered 500: token open sesame is old"),
            ("no hook sesame-1 here", "answered 500: no hook [redacted] here"),
            ("no /hook/T0KEN?key=sesame-1", "answered 500: no /hook/[redacted]?key=[redacted]"),
            ("no a/b+c", "answered 500: no [redacted]"),
            ("signed by hidden", "answered 500: signed by [redacted]"),
            (&long, &format!("answered 500: {}…", &long[..SAID_CHARS_MAX])),
        ] {
            let said = body.to_owned();
            let server = Server::start(move |_| Reply::new(500, said.clone())).await;
            let url = Secret::new(format!("{}/services/T0KEN/a%2Fb%2Bc?key=sesame-1", server.url));
            let headers = [("x-signature", "hidden".to_owned())];
            let ended = post(&url, &headers, "{}".to_owned(), Duration::from_secs(9)).await;
            assert_eq!(ended.unwrap_err().message, expected);
        }
    }

    #[tokio::test]
    async fn an_address_without_anybody_is_not_told() {
        let url = Secret::new("http://127.0.0.1:9/sesame".to_owned());
        let failure = post(&url, &[], String::new(), Duration::from_secs(9)).await.unwrap_err();
        assert!(!failure.to_string().contains("sesame"), "{failure}");
    }

    /// The first case of RFC 4231 whose key and text are words.
    #[test]
    fn a_signature_is_that_of_everybody() {
        let key = Secret::new("Jefe".to_owned());
        assert_eq!(
            signature(&key, "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }
}
