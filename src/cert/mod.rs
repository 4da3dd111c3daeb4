//! Bytes in, certificates out: what a file holds, whether it may be sent, and what is wrong with it.
//! Pure: no clock, file or socket.

mod archive;
mod base64;
mod bundle;
mod ca;
mod chain;
mod covers;
mod findings;
mod inside;
pub mod inspect;
mod key;
mod leaf;
mod pem;
mod x509;

pub use bundle::{Material, Pair, Rejected, Role, read_pair, validity};
pub use ca::{
    CA_FILE_BYTES_MAX, CA_INPUT_BYTES_MAX, CaBundle, CaFacts, PUBLISHED_CAS_MAX,
    PUBLISHED_PEM_BYTES_MAX, ca_validity, every_certificate, fit, read_ca,
};
pub use chain::is_anchor;
pub use covers::covers;
pub use findings::Finding;
pub use inside::{CA_INSIDE_BYTES_MAX, Inside, ca_inside};
pub use leaf::{Family, facts, family, same_names};
pub use x509::LeafFacts;

/// Largest certificate, chain or key file worth reading, in bytes: what the certificate manager
/// takes is a fraction of it, and text around the PEM must not make a good file a bad one.
pub const PEM_FILE_BYTES_MAX: u64 = 1 << 20;

#[cfg(test)]
mod tests;
