//! The certificates that domains of CDN use.

use serde::Deserialize;

use super::super::client::{self, Call};
use super::super::{Cloud, Copy, Result, leaf};
use crate::model::failure::Kind;
use crate::model::target::Api;

/// Domains a page. The call takes 10,000, but each row carries a whole chain.
const PAGE_ITEMS: usize = 200;
/// Domains that are read before we say that this is not a list to look through.
const ITEMS_MAX: usize = 100_000;
/// Pages that are read, however few domains the service puts on each: each may hold megabytes.
const PAGES_MAX: usize = 500;

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    https: Vec<Row>,
    total: Option<usize>,
}

#[derive(Deserialize)]
struct Row {
    domain_id: Option<String>,
    domain_name: Option<String>,
    #[serde(default, deserialize_with = "leaf::first")]
    certificate: Option<String>,
}

/// Every certificate that a domain uses: `GET /v1.0/cdn/domains/https-certificate-info`. A copy
/// that no domain uses is in no list of this service; the id is the domain's, and `bound_to` its name.
/// All or nothing. Each goes through `take` as it comes.
pub async fn certificates<T>(cloud: &Cloud, mut take: impl FnMut(Copy) -> T) -> Result<Vec<T>> {
    let mut copies = Vec::new();
    let path = "/v1.0/cdn/domains/https-certificate-info";
    let list = Call::get(Api::Cdn, "list certificates", path);
    for number in 1..=PAGES_MAX {
        let call = list.clone().query("page_number", number).query("page_size", PAGE_ITEMS).list();
        let page: Page = client::json(cloud, &call).await?;
        let count = page.https.len();
        copies.extend(page.https.into_iter().map(copy).map(&mut take));
        let more = page.total.map_or(count >= PAGE_ITEMS, |total| copies.len() < total);
        if count == 0 || !more {
            return Ok(copies);
        }
        if copies.len() > ITEMS_MAX {
            return Err(call.failure(Kind::Unusable, "too many domains to look through"));
        }
    }
    Err(list.failure(Kind::Unusable, "the list does not end"))
}

fn copy(row: Row) -> Copy {
    Copy {
        id: row.domain_id.or_else(|| row.domain_name.clone()).unwrap_or_default(),
        pem: row.certificate,
        fingerprint_text: None,
        bound_to: row.domain_name.into_iter().collect(),
        stamp: String::new(),
    }
}
