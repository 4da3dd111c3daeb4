//! How a command ends, as a number.

use std::process::ExitCode;

/// The exit codes of every command.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exit {
    /// It is as it should be.
    Fine = 0,
    /// Something failed, or waits for a reason that is a fault.
    Fault = 1,
    /// The command line or the configuration is wrong; nothing was sent.
    Configuration = 2,
    /// `plan --detailed-exitcode`: there are steps to take.
    Steps = 3,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
