//! WAF: the certificates of a project, its hosts, and which certificate stands at which host.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::client::{self, Call};
use super::{Cloud, Result};
use crate::model::failure::Kind;
use crate::model::target::Api;

mod bind;
mod certificates;
mod exchange;
mod hosts;
#[cfg(test)]
mod tests;

pub use certificates::{certificates, delete_certificate, shown};
pub use exchange::exchange;
pub use hosts::{Host, HostKind, hosts};

/// Rows a page: the most that the lists give.
const PAGE_ITEMS: usize = 100;
/// Pages that are read of one list, however few rows the service puts on each.
const PAGES_MAX: usize = 1000;

#[derive(Deserialize)]
struct Page<R> {
    items: Vec<R>,
    total: Option<usize>,
}

/// Every row of a list that pages by number, unless there are more than `max`. All or nothing.
async fn rows<R: DeserializeOwned>(cloud: &Cloud, list: &Call, max: usize) -> Result<Vec<R>> {
    let mut rows = Vec::new();
    for number in 1..=PAGES_MAX {
        let call = list.clone().query("page", number).query("pagesize", PAGE_ITEMS).list();
        let page: Page<R> = client::json(cloud, &call).await?;
        let count = page.items.len();
        rows.extend(page.items);
        let more = page.total.map_or(count >= PAGE_ITEMS, |total| rows.len() < total);
        if count == 0 || !more {
            return Ok(rows);
        }
        if rows.len() > max {
            return Err(call.failure(Kind::Unusable, "too many rows to look through"));
        }
    }
    Err(list.failure(Kind::Unusable, "the list does not end"))
}

/// A read below this project.
fn get(project: &str, project_id: &str, operation: &'static str, rest: &str) -> Call {
    let path = format!("/v1/{}/{rest}", client::segment(project_id));
    Call::get(Api::Waf, operation, path).project(project, project_id)
}
