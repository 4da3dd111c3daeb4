//! `[cloud.NAME]`: accounts.

use std::collections::BTreeMap;

use toml::Spanned;

use super::World;
use super::credentials;
use super::endpoint::endpoint;
use super::values::{number_or, parsed, required, word};
use crate::config::disk::SecretAt;
use crate::config::error::{Findings, shown};
use crate::config::raw;
use crate::config::read::{Cloud, Read};
use crate::model::account::{Account, CredentialSource};
use crate::model::names::Name;
use crate::model::target::Api;

/// Length of a project id, in characters, as every API document has it.
const PROJECT_ID_CHARS: usize = 32;
/// Longest region id and account id, in characters: twice the longest known ones.
const ID_CHARS_MAX: usize = 64;
/// More calls at once only earn throttling.
const MAX_IN_FLIGHT: std::ops::RangeInclusive<i64> = 1..=256;

/// The accounts of all clouds that are sound, by name.
pub(super) fn accounts(
    clouds: &[Cloud],
    world: &World<'_>,
    secrets: &mut Vec<SecretAt>,
    findings: &mut Findings<'_>,
) -> Vec<Account> {
    let mut accounts: Vec<_> =
        clouds.iter().filter_map(|cloud| account(cloud, world, secrets, findings)).collect();
    accounts.sort_by(|one, other| one.name.cmp(&other.name));
    accounts
}

fn account(
    cloud: &Cloud,
    world: &World<'_>,
    secrets: &mut Vec<SecretAt>,
    findings: &mut Findings<'_>,
) -> Option<Account> {
    let raw = &cloud.table.raw;
    let name = parsed("cloud name", &cloud.name, findings, Name::new);
    let region = required(&cloud.table, "region", raw.region.as_ref(), findings);
    let region = region.and_then(|region| parsed("region", region, findings, region_id));
    let project_id = optional("project_id", raw.project_id.as_ref(), findings, project_id);
    let domain_id = optional("domain_id", raw.domain_id.as_ref(), findings, domain_id);
    let max_in_flight = number_or(
        "max_in_flight",
        raw.max_in_flight.as_ref(),
        raw::MAX_IN_FLIGHT,
        MAX_IN_FLIGHT,
        findings,
    );
    let credentials = credential_source(cloud.credentials.as_ref(), world, secrets, findings);
    let endpoints = endpoints(cloud, findings);
    Some(Account {
        name: name?,
        region: region?,
        project_id,
        domain_id,
        max_in_flight,
        credentials: credentials?,
        endpoints,
    })
}

fn credential_source(
    read: Option<&Read<raw::Credentials>>,
    world: &World<'_>,
    secrets: &mut Vec<SecretAt>,
    findings: &mut Findings<'_>,
) -> Option<CredentialSource> {
    match read {
        Some(read) => credentials::source(read, world, secrets, findings),
        None => Some(CredentialSource::Default),
    }
}

fn endpoints(cloud: &Cloud, findings: &mut Findings<'_>) -> BTreeMap<Api, String> {
    let mut endpoints = BTreeMap::new();
    for (api, written) in &cloud.endpoints {
        let key = api.key();
        let found = parsed(key, written, findings, |text| endpoint(*api, text));
        let Some(found) = found else {
            continue;
        };
        endpoints.insert(*api, found.url);
    }
    findings.warnings.extend(plain_http(cloud.name.get_ref(), &endpoints));
    endpoints
}

/// What is warned of where an account of this name has endpoints that speak plain http, on this host.
pub fn plain_http(name: &str, endpoints: &BTreeMap<Api, String>) -> Option<String> {
    let is_plain = |api, url: &str| endpoint(api, url).is_ok_and(|found| found.plain);
    let plain = endpoints.iter().filter(|(api, url)| is_plain(**api, url));
    let plain: Vec<_> = plain.map(|(api, _)| api.to_string()).collect();
    let (name, apis) = (shown(name), plain.join(", "));
    (!plain.is_empty()).then(|| {
        format!(
            "cloud {name} reaches {apis} by plain http, on this host: good for a rehearsal, not for service"
        )
    })
}

fn optional(
    key: &str,
    written: Option<&Spanned<String>>,
    findings: &mut Findings<'_>,
    parse: impl Fn(&str) -> Result<String, String>,
) -> Option<String> {
    parsed(key, written?, findings, parse)
}

/// Lower-case letters, digits and dashes, with a letter first: all regions look like this, and so nothing
/// but a host name can come of it.
pub(super) fn region_id(text: &str) -> Result<String, String> {
    const EXPECTED: &str =
        "a region id, expected lower-case letters, digits and dashes such as cn-north-4";
    let fit = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let region = word(text, ID_CHARS_MAX, fit, EXPECTED)?;
    let framed = region.starts_with(|c: char| c.is_ascii_lowercase()) && !region.ends_with('-');
    if framed { Ok(region) } else { Err(format!("is not {EXPECTED}")) }
}

fn project_id(text: &str) -> Result<String, String> {
    let expected = "a project id, expected 32 letters and digits";
    let id = word(text, PROJECT_ID_CHARS, |c| c.is_ascii_alphanumeric(), expected)?;
    if id.len() == PROJECT_ID_CHARS { Ok(id) } else { Err(format!("is not {expected}")) }
}

fn domain_id(text: &str) -> Result<String, String> {
    word(
        text,
        ID_CHARS_MAX,
        |c| c.is_ascii_alphanumeric(),
        "an account id, expected letters and digits",
    )
}
