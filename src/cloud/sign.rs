//! Request signing, `SDK-HMAC-SHA256`: canonical request, string to sign, `Authorization`.

use std::fmt::Write;

use aws_lc_rs::hmac;
use zeroize::Zeroizing;

use crate::model::digest::Sha256;
use crate::model::secret::Secret;

/// The algorithm's name, which opens the string to sign and the header.
const ALGORITHM: &str = "SDK-HMAC-SHA256";
/// A header that, when present, stands for the body's hash.
const CONTENT_HASH: &str = "x-sdk-content-sha256";

/// What is signed: exactly what is sent.
pub(super) struct Request<'a> {
    /// Upper case.
    pub(super) method: &'a str,
    /// The path as sent, percent-encoded.
    pub(super) path: &'a str,
    /// The query's pairs, not encoded.
    pub(super) query: &'a [(String, String)],
    /// Every header that is to be signed, `host` and `x-sdk-date` among them.
    pub(super) headers: &'a [(String, String)],
    /// The body's bytes; empty when there is none.
    pub(super) body: &'a [u8],
}

/// The `Authorization` header of this request. `date` is the value of its `x-sdk-date`.
pub(super) fn authorization(
    request: &Request<'_>,
    date: &str,
    access_key: &str,
    secret_key: &Secret,
) -> String {
    let (canonical, names) = canonical_request(request);
    let hash = Sha256::of(canonical.as_bytes());
    let signature =
        hmac_hex(secret_key.expose().as_bytes(), &format!("{ALGORITHM}\n{date}\n{hash}"));
    format!("{ALGORITHM} Access={access_key}, SignedHeaders={names}, Signature={signature}")
}

/// The query as signed and as sent: sorted, encoded, an empty value keeping its `=`.
pub(super) fn canonical_query(pairs: &[(String, String)]) -> String {
    let mut sorted: Vec<&(String, String)> = pairs.iter().collect();
    sorted.sort();
    let encoded: Vec<String> = sorted
        .into_iter()
        .map(|(key, value)| format!("{}={}", encode(key), encode(value)))
        .collect();
    encoded.join("&")
}

/// Percent-encodes everything but `A-Za-z0-9-_.~`: one segment of a path, one part of a query.
pub(super) fn encode(text: &str) -> String {
    encode_bytes(text.as_bytes())
}

/// A keyed fingerprint in lower-case hex.
pub(super) fn hmac_hex(key: &[u8], text: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    hmac::sign(&key, text.as_bytes()).as_ref().iter().fold(String::new(), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// The canonical request, and the names of the signed headers. It holds the security token where there is
/// one, so it is written into one piece of memory, which is wiped.
fn canonical_request(request: &Request<'_>) -> (Zeroizing<String>, String) {
    let headers = signed_headers(request.headers);
    let names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
    let names = names.join(";");
    let (path, query) = (canonical_path(request.path), canonical_query(request.query));
    let hash = body_hash(request.body, &headers);
    // A line end behind each part, and a colon in each header.
    let lines: usize = headers.iter().map(|(name, value)| name.len() + value.len() + 2).sum();
    let others = [request.method, &path, &query, &names, &hash].map(|part| part.len() + 1);
    let mut canonical =
        Zeroizing::new(String::with_capacity(lines + 1 + others.iter().sum::<usize>()));
    for part in [request.method, &path, &query] {
        canonical.push_str(part);
        canonical.push('\n');
    }
    for (name, value) in headers.iter() {
        for part in [name, ":", value, "\n"] {
            canonical.push_str(part);
        }
    }
    for part in ["\n", &names, "\n", &hash] {
        canonical.push_str(part);
    }
    (canonical, names)
}

/// Names in lower case, values trimmed, sorted; a name with `_` in it is not signed.
fn signed_headers(headers: &[(String, String)]) -> Zeroizing<Vec<(String, String)>> {
    let mut signed: Vec<(String, String)> = headers
        .iter()
        .filter(|(name, _)| !name.contains('_'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    signed.sort();
    Zeroizing::new(signed)
}

/// The whole path decoded, each segment encoded again, and a slash at the end that is not sent.
/// An encoded slash thus signs as a plain one, which is what the service computes.
fn canonical_path(path: &str) -> String {
    let decoded = decode(path);
    let segments: Vec<String> = decoded.split(|byte| *byte == b'/').map(encode_bytes).collect();
    let mut canonical = segments.join("/");
    if !canonical.ends_with('/') {
        canonical.push('/');
    }
    canonical
}

fn body_hash(body: &[u8], headers: &[(String, String)]) -> String {
    let given = headers.iter().find(|(name, _)| name == CONTENT_HASH);
    match given {
        Some((_, value)) if !body.is_empty() => value.clone(),
        _ => Sha256::of(body).to_string(),
    }
}

fn encode_bytes(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len()), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(byte) {
            text.push(char::from(*byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
        text
    })
}

/// Undoes percent-encoding; a `%` without two hex digits stays as it is.
fn decode(text: &str) -> Vec<u8> {
    let mut rest = text.as_bytes();
    let mut decoded = Vec::with_capacity(rest.len());
    while let Some((&byte, after)) = rest.split_first() {
        let escaped = match (byte, after) {
            (b'%', [high, low, ..]) => hex_digit(*high).zip(hex_digit(*low)),
            _ => None,
        };
        match escaped {
            Some((high, low)) => {
                decoded.push(high << 4 | low);
                rest = &after[2..];
            }
            None => {
                decoded.push(byte);
                rest = after;
            }
        }
    }
    decoded
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    const VECTORS: &str = include_str!("../../tests/data/signing-vectors.json");

    fn text<'a>(vector: &'a Value, key: &str) -> &'a str {
        vector[key].as_str().unwrap_or_else(|| panic!("{key} of {}", vector["name"]))
    }

    fn scalar(value: &Value) -> String {
        value.as_str().map_or_else(|| value.to_string(), str::to_owned)
    }

    fn pairs(vector: &Value) -> Vec<(String, String)> {
        let mut pairs = Vec::new();
        for pair in vector["query_params"].as_array().unwrap() {
            let key = scalar(&pair[0]);
            match pair[1].as_array() {
                Some(values) => {
                    pairs.extend(values.iter().map(|value| (key.clone(), scalar(value))));
                }
                None => pairs.push((key, scalar(&pair[1]))),
            }
        }
        pairs
    }

    fn headers(vector: &Value) -> Vec<(String, String)> {
        let given = vector["headers"].as_object().unwrap().iter();
        given
            .filter(|(name, _)| *name != "Authorization")
            .map(|(name, value)| (name.clone(), scalar(value)))
            .collect()
    }

    /// The derived algorithm is for hosts that we never call; its vector still holds our canonical
    /// request and our HMAC to account.
    fn derived(vector: &Value, canonical: &str, names: &str) -> (String, String) {
        let (date, access_key) = (text(vector, "x_sdk_date"), text(vector, "ak"));
        let info = format!("{}/{}/{}", &date[..8], text(vector, "region"), text(vector, "service"));
        let key = hmac::Key::new(hmac::HMAC_SHA256, access_key.as_bytes());
        let extracted = hmac::sign(&key, text(vector, "sk").as_bytes());
        let derived = hmac_hex(extracted.as_ref(), &format!("{info}\u{1}"));
        let hash = Sha256::of(canonical.as_bytes());
        let to_sign = format!("V11-HMAC-SHA256\n{date}\n{info}\n{hash}");
        let signature = hmac_hex(derived.as_bytes(), &to_sign);
        let header = format!(
            "V11-HMAC-SHA256 Credential={access_key}/{info}, SignedHeaders={names}, Signature={signature}"
        );
        (to_sign, header)
    }

    #[test]
    fn every_vector_of_the_official_signer_comes_out_the_same() {
        let file: Value = serde_json::from_str(VECTORS).unwrap();
        let vectors = file["vectors"].as_array().unwrap();
        assert_eq!(vectors.len(), 23);
        for vector in vectors {
            let name = text(vector, "name");
            let url = reqwest::Url::parse(text(vector, "url")).unwrap();
            let (query, headers) = (pairs(vector), headers(vector));
            let request = Request {
                method: text(vector, "method"),
                path: url.path(),
                query: &query,
                headers: &headers,
                body: text(vector, "body").as_bytes(),
            };
            let (canonical, names) = canonical_request(&request);
            assert_eq!(*canonical, text(vector, "canonical_request"), "{name}");
            assert_eq!(canonical_query(&query), url.query().unwrap_or_default(), "{name}");
            let header = if text(vector, "algorithm") == ALGORITHM {
                let secret_key = Secret::new(text(vector, "sk").to_owned());
                authorization(&request, text(vector, "x_sdk_date"), text(vector, "ak"), &secret_key)
            } else {
                let (to_sign, header) = derived(vector, &canonical, &names);
                assert_eq!(to_sign, text(vector, "string_to_sign"), "{name}");
                header
            };
            assert_eq!(header, text(vector, "authorization"), "{name}");
        }
    }

    #[test]
    fn a_stray_percent_sign_is_not_an_escape() {
        assert_eq!(canonical_path("/a%2/b%zz%"), "/a%252/b%25zz%25/");
        assert_eq!(canonical_path("/"), "/");
    }
}
