//! What runs a transcript: its text, the stage it plays on, and how its output is made stable.

pub mod calls;
pub mod config;
pub mod daemon;
pub mod events;
pub mod history;
pub mod instances;
pub mod pairs;
pub mod publications;
pub mod run;
pub mod sentences;
pub mod sites;
pub mod stable;
pub mod stage;
pub mod transcript;
pub mod weather;
