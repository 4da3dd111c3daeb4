//! The official SDK's profile file: `~/.huaweicloud/credentials`.

use std::path::Path;

use super::super::Result;
use super::{Credential, Key, Proof, Surroundings, files, missing};
use crate::model::secret::Secret;

/// The sections that the SDK knows. It has one for project services and one for global ones;
/// we take the keys of the first that has both, and each id wherever it stands.
const SECTIONS: [&str; 2] = ["basic", "global"];

/// One `key = value` of a section.
struct Entry<'a> {
    section: &'a str,
    key: &'a str,
    value: &'a str,
}

/// Reads the file as it lies there now.
pub(super) fn read(surroundings: &Surroundings) -> Result<Credential> {
    let path = surroundings
        .profile
        .as_deref()
        .ok_or_else(|| missing("neither HUAWEICLOUD_SDK_CREDENTIALS_FILE nor HOME is set"))?;
    let (text, changed_at) = files::text(path)?;
    let entries = entries(&text);
    let section = SECTIONS
        .into_iter()
        .find(|section| in_section(&entries, section, "ak").is_some())
        .ok_or_else(|| lacks(path, "ak", "[basic] or [global]"))?;
    let access_key = in_section(&entries, section, "ak").unwrap_or_default();
    let secret_key = in_section(&entries, section, "sk")
        .ok_or_else(|| lacks(path, "sk", &format!("[{section}]")))?;
    let anywhere = |key| SECTIONS.iter().find_map(|section| in_section(&entries, section, key));
    Ok(Credential {
        key: Key { identity: access_key.to_owned(), changed_at },
        proof: Proof::Keys {
            access_key: access_key.to_owned(),
            secret_key: Secret::new(secret_key.to_owned()),
            security_token: in_section(&entries, section, "security_token")
                .map(|token| Secret::new(token.to_owned())),
        },
        project_id: anywhere("project_id").map(str::to_owned),
        domain_id: anywhere("domain_id").map(str::to_owned),
    })
}

/// Reads INI: `[section]`, `key = value` or `key: value`, comments with `#` or `;`. What is none of these is
/// passed over, as the value of a key that we do not know would be.
fn entries(text: &str) -> Vec<Entry<'_>> {
    let mut section = "";
    let mut entries = Vec::new();
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name.trim();
        } else if let Some((key, value)) = line.split_once(['=', ':'])
            && !line.starts_with(['#', ';'])
        {
            entries.push(Entry { section, key: key.trim(), value: value.trim() });
        }
    }
    entries
}

fn in_section<'a>(entries: &[Entry<'a>], section: &str, key: &str) -> Option<&'a str> {
    let wanted = |entry: &&Entry<'_>| {
        entry.section == section && entry.key.eq_ignore_ascii_case(key) && !entry.value.is_empty()
    };
    entries.iter().rev().find(wanted).map(|entry| entry.value)
}

fn lacks(path: &Path, key: &str, section: &str) -> crate::model::failure::Failure {
    missing(format_args!("{} has no {key} in {section}", path.display()))
}
