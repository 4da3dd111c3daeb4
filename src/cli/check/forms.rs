//! Ids that do not look like those of their service. Only the service can say what there is, so that this is
//! never more than a word about a likely slip.

use std::collections::BTreeMap;

use crate::config::Config;
use crate::model::target::{Api, Target};

/// Lengths of the parts of a UUID, in characters.
const UUID_PARTS: [usize; 5] = [8, 4, 4, 4, 12];
/// Hex digits with which the id of a database's instance begins.
const DATABASE_DIGITS: usize = 32;
/// What stands between these and the number of the engine.
const DATABASE_MARK: &str = "in";
/// How the id of an instance of TaurusDB ends.
const TAURUSDB_END: &str = "in07";

/// A sentence for each id that is none by its form, however many entries have it.
pub(super) fn warnings(config: &Config) -> Vec<String> {
    let mut odd: BTreeMap<String, (String, usize)> = BTreeMap::new();
    let mut note = |words: String, entry: String| {
        odd.entry(words).or_insert((entry, 0)).1 += 1;
    };
    for entry in &config.certificates {
        for push in entry.pushes.iter().filter(|push| push.target == Target::Elb) {
            for site in push.sites.iter().filter(|site| !is_uuid(site)) {
                let words = format!(
                    "listener {site:?} does not look like the id of one, which is a UUID: the console shows it beside the listener's name"
                );
                note(words, format!("certificate {}", entry.name));
            }
        }
    }
    let cas = config.instance_cas.iter();
    let cas = cas.map(|it| ("instance_ca", &it.name, it.source.api(), &it.instance_id));
    let switches = config.instance_ssls.iter();
    let switches = switches.map(|it| ("instance_ssl", &it.name, it.switch.api(), &it.instance_id));
    for (table, name, api, id) in cas.chain(switches) {
        if let Some(form) = form(api, id) {
            let words = format!("instance_id {id:?} does not look like one of {api}: {form}");
            note(words, format!("{table} {name}"));
        }
    }
    let said = odd.into_iter().map(|(words, (entry, count))| match count - 1 {
        0 => format!("{entry}: {words}"),
        more => format!("{entry} (and {more} more like it): {words}"),
    });
    said.collect()
}

/// What an id of this service is, if this is none.
fn form(api: Api, id: &str) -> Option<&'static str> {
    let (is_one, form) = match api {
        Api::Dcs => (is_uuid(id), "those are UUIDs"),
        Api::TaurusDb => {
            (is_database(id) && id.ends_with(TAURUSDB_END), "those are 32 hex digits and `in07`")
        }
        Api::Rds | Api::Dds | Api::GaussDb | Api::GeminiDb => {
            (is_database(id), "those are 32 hex digits, `in` and two digits")
        }
        _ => return None,
    };
    (!is_one).then_some(form)
}

fn is_uuid(text: &str) -> bool {
    let parts: Vec<_> = text.split('-').collect();
    parts.iter().map(|part| part.len()).eq(UUID_PARTS) && parts.into_iter().all(is_hex)
}

fn is_database(text: &str) -> bool {
    let Some((digits, engine)) = text.split_at_checked(DATABASE_DIGITS) else { return false };
    let number = engine.strip_prefix(DATABASE_MARK).unwrap_or_default();
    is_hex(digits) && number.len() == 2 && number.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_service_has_ids_of_its_own() {
        let uuid = "5560df16-cebf-4473-95c4-d1b573c16e79";
        let [mysql, taurus] =
            ["in01", "in07"].map(|end| format!("{}{end}", "0123456789abcdef".repeat(2)));
        for (api, id, fits) in [
            (Api::Dcs, uuid, true),
            (Api::Dcs, &mysql, false),
            (Api::Dcs, "5560df16-cebf-4473-95c4-d1b573c16e7", false),
            (Api::Dcs, "5560df16-cebf-4473-95c4-d1b573c16e7g", false),
            (Api::Rds, &mysql, true),
            (Api::Rds, uuid, false),
            (Api::Rds, &mysql[1..], false),
            (Api::Rds, "0123456789abcdef0123456789abcdefno01", false),
            (Api::Rds, "0123456789abcdef0123456789abcdefin1", false),
            (Api::GaussDb, &mysql, true),
            (Api::TaurusDb, &taurus, true),
            (Api::TaurusDb, &mysql, false),
            (Api::Cdn, "anything", true),
        ] {
            assert_eq!(form(api, id).is_none(), fits, "{api} {id}");
        }
    }
}
