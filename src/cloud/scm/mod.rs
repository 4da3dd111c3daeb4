//! SCM, the certificate manager: import, push, find by name, show, where a certificate is used, delete.

mod deployed;
mod import;
mod list;
mod push;
mod show;
#[cfg(test)]
mod tests;

pub use deployed::{Deployed, deployed};
pub use import::{Import, delete, import};
pub use list::{Listed, find_by_digest, find_by_name, siblings};
pub use push::push;
pub use show::{Fingerprint, Shown, show};
