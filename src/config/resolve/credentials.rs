//! `[cloud.NAME.credentials]`: one source, and the keys of that source alone.

use toml::Spanned;

use super::values::{parsed, path, required, word};
use super::{Span, World};
use crate::config::disk::SecretAt;
use crate::config::error::Findings;
use crate::config::nearest::nearest;
use crate::config::raw;
use crate::config::read::Read;
use crate::config::words::{Source, Word as _, one_of, words};
use crate::model::account::{CredentialSource, SecretFile};

/// Longest name of an account or a user, in characters; the service's own limits are below it.
const NAME_CHARS_MAX: usize = 64;
/// Longest name of a systemd credential, in characters: it is a file name.
const CREDENTIAL_CHARS_MAX: usize = 255;
const ACCESS_KEY: [&str; 3] = ["access_key_file", "secret_key_file", "security_token_file"];
const PASSWORD: [&str; 3] = ["domain", "user", "password_file"];

/// The source, with its files noted for a look at the disk.
pub(super) fn source(
    read: &Read<raw::Credentials>,
    world: &World<'_>,
    secrets: &mut Vec<SecretAt>,
    findings: &mut Findings<'_>,
) -> Option<CredentialSource> {
    let raw = &read.raw;
    let source = required(read, "source", raw.source.as_ref(), findings)?;
    let known = parsed("source", source, findings, known_source)?;
    refuse_other_keys(raw, known, findings);
    let mut file = |key, written: Option<&Spanned<String>>, findings: &mut Findings<'_>| {
        let secret = secret_file(key, written?, world, findings)?;
        let file = secret.file.clone();
        secrets.push(secret);
        Some(file)
    };
    match known {
        Source::AccessKey => {
            let access_key =
                required(read, "access_key_file", raw.access_key_file.as_ref(), findings);
            let access_key = file("access_key_file", access_key, findings);
            let secret_key =
                required(read, "secret_key_file", raw.secret_key_file.as_ref(), findings);
            let secret_key = file("secret_key_file", secret_key, findings);
            let token = file("security_token_file", raw.security_token_file.as_ref(), findings);
            Some(CredentialSource::AccessKey {
                access_key: access_key?,
                secret_key: secret_key?,
                security_token: token,
            })
        }
        Source::Password => {
            let domain = required(read, "domain", raw.domain.as_ref(), findings);
            let domain = domain.and_then(|name| parsed("domain", name, findings, account_name));
            let user = required(read, "user", raw.user.as_ref(), findings);
            let user = user.and_then(|name| parsed("user", name, findings, account_name));
            let password = required(read, "password_file", raw.password_file.as_ref(), findings);
            let password = file("password_file", password, findings);
            Some(CredentialSource::Password { domain: domain?, user: user?, password: password? })
        }
        Source::Environment => Some(CredentialSource::Environment),
        Source::Profile => Some(CredentialSource::Profile),
        Source::Metadata => Some(CredentialSource::Metadata),
    }
}

fn known_source(text: &str) -> Result<Source, String> {
    one_of(text, "is no source").map_err(|wrong: String| match nearest(text, &words::<Source>()) {
        Some(source) => format!("{wrong} (did you mean {source}?)"),
        None => wrong,
    })
}

/// A key of another source has no effect, and its writer believes that it has one.
fn refuse_other_keys(raw: &raw::Credentials, source: Source, findings: &mut Findings<'_>) {
    let written = [
        ("access_key_file", &raw.access_key_file),
        ("secret_key_file", &raw.secret_key_file),
        ("security_token_file", &raw.security_token_file),
        ("domain", &raw.domain),
        ("user", &raw.user),
        ("password_file", &raw.password_file),
    ];
    let allowed: &[&str] = match source {
        Source::AccessKey => &ACCESS_KEY,
        Source::Password => &PASSWORD,
        Source::Environment | Source::Profile | Source::Metadata => &[],
    };
    let expected = match allowed {
        [] => "no other key".to_owned(),
        keys => format!("only {}", keys.join(", ")),
    };
    for (key, value) in written {
        if let Some(value) = value.as_ref().filter(|_| !allowed.contains(&key)) {
            let source = source.word();
            let sentence =
                format!("`{key}` does not go with source {source:?}, expected {expected}");
            findings.add(&value.span(), sentence);
        }
    }
}

/// Where a secret lies, as this key has it.
pub(super) fn secret_file(
    key: &'static str,
    written: &Spanned<String>,
    world: &World<'_>,
    findings: &mut Findings<'_>,
) -> Option<SecretAt> {
    let span = written.span();
    let file = match SecretFile::parse(written.get_ref()) {
        SecretFile::Credential(name) => credential(&name).map(SecretFile::Credential),
        SecretFile::Path(_) => path(written.get_ref(), world).map(SecretFile::Path),
    };
    // The text itself is not repeated: people do write the secret where its file is meant.
    let file = file.map_err(|why| findings.add(&span, format!("`{key}` {why}"))).ok()?;
    let shown = is_surely_a_path(written.get_ref());
    Some(SecretAt { key, span: Span::clone(&span), file, shown })
}

fn is_surely_a_path(text: &str) -> bool {
    ["/", "./", "../", "credential:"].iter().any(|start| text.starts_with(start))
}

fn credential(name: &str) -> Result<String, &'static str> {
    let fit = |c: char| !c.is_control() && c != '/';
    word(name, CREDENTIAL_CHARS_MAX, fit, "")
        .ok()
        .filter(|name| name != "." && name != "..")
        .ok_or("names no systemd credential, expected credential:NAME with a plain file name")
}

fn account_name(text: &str) -> Result<String, String> {
    word(text, NAME_CHARS_MAX, |c| !c.is_control(), "a name, expected 1 to 64 characters")
}
