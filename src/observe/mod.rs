//! Reality: the files on this disk, the certificate manager, the targets, what instances publish.
//! Looking may wait and fail, and changes nothing.

pub mod copies;
pub mod imports;
mod index;
pub mod instance;
pub mod lists;
pub mod local;
pub mod published;
pub mod seen;
pub mod served;
pub mod shown;
pub mod switches;
pub mod targets;
pub mod users;
pub mod watched;
