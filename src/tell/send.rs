//! One message on its way: posted, or given to a command.

use std::time::Duration;

use crate::apply::hook::{Program, TIMEOUT};
use crate::cloud::post::{post, secret, signature};
use crate::config::{Address, Notify, Receiver, is_webhook};
use crate::model::secret::Secret;
use crate::model::time::Time;

use super::message::Message;

/// How long a webhook may take to answer: it has to take a message, and no more.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// The header with the moment of sending, in seconds of unix time: part of what is signed.
pub const TIMESTAMP: &str = "x-certrotd-timestamp";
/// The header with `sha256=` and the HMAC-SHA256 of the timestamp, a dot and the body, in hex.
pub const SIGNATURE: &str = "x-certrotd-signature";

/// Sends it once. What failed is told in words that hold no secret and no address.
pub async fn send(to: &Notify, message: &Message, now: Time) -> Result<(), String> {
    let body = serde_json::to_string(message).map_err(|error| error.to_string())?;
    match &to.to {
        Receiver::Webhook { url, key } => {
            let read = |file| secret(file).map_err(|failure| failure.message);
            let url = match url {
                Address::Written(url) => url.clone(),
                Address::File(file) => checked(read(file)?)?,
            };
            let timestamp = now.secs().to_string();
            let mut headers = vec![(TIMESTAMP, timestamp.clone())];
            if let Some(file) = key {
                let signature = signature(&read(file)?, &format!("{timestamp}.{body}"));
                headers.push((SIGNATURE, format!("sha256={signature}")));
            }
            let posted = post(&url, &headers, body, ANSWER_WITHIN).await;
            posted.map_err(|failure| failure.to_string())
        }
        Receiver::Command(argv) => {
            let entry = message.entry.as_deref().unwrap_or_default();
            let environment = vec![
                ("CERTROTD_KIND", message.kind.into()),
                ("CERTROTD_REASON", message.reason.clone().into()),
                ("CERTROTD_NAME", entry.into()),
                ("CERTROTD_TEXT", message.text.clone().into()),
            ];
            let input = format!("{body}\n").into_bytes();
            Program { argv, environment, input, limit: TIMEOUT }.run().await
        }
    }
}

fn checked(url: Secret) -> Result<Secret, String> {
    match is_webhook(url.expose()) {
        Ok(()) => Ok(url),
        Err(why) => Err(format!("what stands in `url_file` {why}")),
    }
}

/// Where messages go, as far as that may be shown: the host of a webhook, or the program.
pub fn whither(to: &Notify) -> String {
    match &to.to {
        Receiver::Webhook { url: Address::Written(url), .. } => {
            let rest = url.expose().split_once("://").map_or("", |(_, rest)| rest);
            rest.split(['/', '?']).next().unwrap_or_default().to_owned()
        }
        Receiver::Webhook { url: Address::File(_), .. } => "the address in url_file".to_owned(),
        Receiver::Command(argv) => argv.first().cloned().unwrap_or_default(),
    }
}
