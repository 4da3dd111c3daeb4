//! Regions that this version does not know: a slip of the pen, or newer than it.

use std::collections::BTreeSet;

use crate::cloud::{REGIONS, region_of};
use crate::config::{Config, nearest};
use crate::model::target::Api;

/// A sentence for each unknown region and project of this configuration. A cloud with an IAM of its own has
/// regions of its own too.
pub(super) fn warnings(config: &Config) -> Vec<String> {
    let public = |cloud| {
        let account = config.account(cloud)?;
        (!account.endpoints.contains_key(&Api::Iam)).then_some(account)
    };
    let accounts = config.accounts.iter().filter_map(|account| public(&account.name));
    let mut found: Vec<_> =
        accounts.filter_map(|account| warning("region", &account.region)).collect();
    let certificates = config.certificates.iter().map(AsRef::as_ref).chain(config.patterns());
    let pushes = certificates
        .filter(|entry| public(&entry.cloud).is_some())
        .flat_map(|entry| entry.pushes.iter());
    let projects: BTreeSet<_> = pushes.map(|push| push.project.as_str()).collect();
    found.extend(projects.into_iter().filter_map(|project| warning("project", project)));
    found
}

/// What is to be said of this region, or of the one that this project is in.
pub(super) fn warning(key: &str, written: &str) -> Option<String> {
    let region = region_of(written);
    if REGIONS.contains(&region) {
        return None;
    }
    let close = close(region).map(|close| format!(": did you mean {close}?")).unwrap_or_default();
    let named = if region == written { "is not one" } else { "is in no region" };
    Some(format!("{key} {written:?} {named} that this version knows{close}"))
}

/// The region that was probably meant. Of the same number: each other number may be that of a new one.
fn close(region: &str) -> Option<&'static str> {
    let number = |text: &str| {
        let begin = text.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        text.get(begin..).unwrap_or_default().to_owned()
    };
    let own = number(region);
    let alike: Vec<_> = REGIONS.into_iter().filter(|it| number(it) == own).collect();
    if own.is_empty() { None } else { nearest(region, &alike) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_told_from_a_region_that_may_be_new() {
        for (written, said) in [
            ("cn-north-4", None),
            ("cn-north-4_web", None),
            ("my-kualalumpur-1", None),
            (
                "cn-nroth-4",
                Some("\"cn-nroth-4\" is not one that this version knows: did you mean cn-north-4?"),
            ),
            (
                "cn-north4",
                Some("\"cn-north4\" is not one that this version knows: did you mean cn-north-4?"),
            ),
            (
                "ap-southest-3",
                Some(
                    "\"ap-southest-3\" is not one that this version knows: did you mean ap-southeast-3?",
                ),
            ),
            (
                "cn-nroth-4_web",
                Some(
                    "\"cn-nroth-4_web\" is in no region that this version knows: did you mean cn-north-4?",
                ),
            ),
            ("cn-north-77", Some("\"cn-north-77\" is not one that this version knows")),
            ("cn-north", Some("\"cn-north\" is not one that this version knows")),
            ("antarctica-9", Some("\"antarctica-9\" is not one that this version knows")),
        ] {
            let expected = said.map(|said| format!("region {said}"));
            assert_eq!(warning("region", written), expected, "{written}");
        }
    }
}
