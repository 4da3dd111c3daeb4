//! ELB: the certificates of a project, its listeners, and which certificate stands in which listener.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::client::{self, Call};
use super::{Cloud, Result};
use crate::model::failure::Kind;
use crate::model::target::Api;

mod bind;
mod certificates;
mod exchange;
mod listeners;
#[cfg(test)]
mod tests;

pub use bind::bind;
pub use certificates::{certificate_quota, certificates, delete_certificate};
pub use exchange::Exchange;
pub use listeners::{Listener, listener, listeners};

/// Rows a page. The calls take 2000, but a row may carry a whole chain.
const PAGE_ITEMS: usize = 200;
/// Pages that are read before we say that this is not a list to look through.
const PAGES_MAX: usize = 500;

#[derive(Deserialize)]
struct Page<R> {
    #[serde(alias = "certificates", alias = "listeners")]
    rows: Vec<R>,
    page_info: Option<PageInfo>,
}

#[derive(Deserialize)]
struct PageInfo {
    next_marker: Option<String>,
}

/// A row of a list, which pages by the id of the last one.
trait Row: DeserializeOwned {
    fn id(&self) -> &str;
}

/// Every row of `GET /v3/{project_id}/elb/{things}`, with marker paging. All or nothing: a list that
/// could not be read to its end is a failure. `each` takes every row as it comes.
async fn rows<R: Row, T>(
    cloud: &Cloud,
    project: &str,
    operation: &'static str,
    things: &str,
    mut each: impl FnMut(R) -> T,
) -> Result<Vec<T>> {
    let project_id = cloud.project_id(project).await?;
    let path = format!("/v3/{}/elb/{things}", client::segment(&project_id));
    let first = Call::get(Api::Elb, operation, path)
        .project(project, &project_id)
        .query("limit", PAGE_ITEMS)
        .list();
    let mut rows = Vec::new();
    let mut call = first.clone();
    for _ in 0..PAGES_MAX {
        let page: Page<R> = client::json(cloud, &call).await?;
        let marker = next_marker(&page);
        rows.extend(page.rows.into_iter().map(&mut each));
        match marker {
            Some(marker) => call = first.clone().query("marker", marker),
            None => return Ok(rows),
        }
    }
    Err(first.failure(Kind::Unusable, "the list does not end"))
}

/// The next page's marker; the last row's id where a full page came without one.
fn next_marker<R: Row>(page: &Page<R>) -> Option<String> {
    let last = page.rows.last()?;
    let given = page.page_info.as_ref().and_then(|info| info.next_marker.clone());
    given
        .filter(|marker| !marker.is_empty())
        .or_else(|| (page.rows.len() >= PAGE_ITEMS).then(|| last.id().to_owned()))
}

/// The path of one thing of this project.
fn one(project_id: &str, things: &str, id: &str) -> String {
    format!("/v3/{}/elb/{things}/{}", client::segment(project_id), client::segment(id))
}
