//! A certificate for a domain: an import that CDN may read, or an own pair in the call itself.

use super::NAME_CHARS;
use crate::model::secret::Secret;
use crate::sim::answer::Answer;
use crate::sim::sites::DomainCertificate;
use crate::sim::stored::Content;
use crate::sim::world::World;

/// What a certificate that cannot be read gets. The real code is not documented.
const UNREADABLE: &str = "CDN.0107";

/// A copy of this import. Refused while CDN has no delegation to read the certificate manager.
pub(super) fn of_import(world: &World, name: &str, id: &str) -> Result<DomainCertificate, Answer> {
    named(name)?;
    if !world.settings.cdn_delegation {
        let text = "Insufficient permission to access scm.";
        return Err(Answer::error(403, "CDN.00010198", text));
    }
    let Some(import) = world.imports.iter().find(|import| import.id == id) else {
        return Err(Answer::error(400, UNREADABLE, "The SCM certificate does not exist."));
    };
    Ok(DomainCertificate {
        name: name.to_owned(),
        scm_certificate_id: Some(id.to_owned()),
        content: Content::from(import),
    })
}

/// The pair that the call itself brought.
pub(super) fn own(name: &str, pem: &str, key: &str) -> Result<DomainCertificate, Answer> {
    named(name)?;
    let content = Content::read(pem, &Secret::new(key.to_owned()))
        .map_err(|why| Answer::error(400, UNREADABLE, why))?;
    Ok(DomainCertificate { name: name.to_owned(), scm_certificate_id: None, content })
}

/// Every certificate needs a name.
fn named(name: &str) -> Result<(), Answer> {
    if NAME_CHARS.contains(&name.chars().count()) {
        return Ok(());
    }
    Err(Answer::error(400, super::BAD, "the certificate's name has 3 to 64 characters"))
}
