//! `certrotd schema`: the configuration file as a JSON Schema, for editors.

use super::{Exit, print};
use crate::config;

/// Prints the schema. It is JSON whatever the format.
pub(super) fn schema() -> Exit {
    print::json(&config::schema());
    Exit::Fine
}
