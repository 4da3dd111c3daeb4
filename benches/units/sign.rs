//! The `Authorization` header of an import, which carries a chain and a key.

use certrotd::model::secret::Secret;
use divan::Bencher;

#[path = "../../src/cloud/sign.rs"]
#[expect(dead_code, reason = "the client uses the rest")]
mod signer;

/// About what a leaf, its chain and its key take.
const BODY_BYTES: usize = 6 * 1024;

#[divan::bench(args = [0, BODY_BYTES])]
fn request(bencher: Bencher, body_bytes: usize) {
    let headers = [
        ("host", "scm.cn-north-4.myhuaweicloud.com"),
        ("content-type", "application/json"),
        ("x-sdk-date", "20240601T120000Z"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let (body, secret) = (vec![b'a'; body_bytes], Secret::new("s".repeat(40)));
    let request = signer::Request {
        method: "POST",
        path: "/v3/scm/certificates/import",
        query: &[],
        headers: &headers,
        body: &body,
    };
    bencher.bench(|| signer::authorization(&request, "20240601T120000Z", "ACCESSKEY", &secret));
}
