//! Nouns that three or more modules use. Pure: no clock, file, socket or task.

pub mod account;
pub mod digest;
pub mod failure;
pub mod names;
pub mod news;
pub mod place;
pub mod secret;
pub mod target;
pub mod time;
