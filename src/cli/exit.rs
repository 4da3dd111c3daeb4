//! How a command ends, as a number.

use std::process::ExitCode;

/// The exit codes of every command.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
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

impl Exit {
    /// Every one, in the order of their numbers.
    pub const ALL: [Self; 4] = [Self::Fine, Self::Fault, Self::Configuration, Self::Steps];
}

/// How commands end that read a configuration and may find something wrong.
const USUAL: &[Exit] = &[Exit::Fine, Exit::Fault, Exit::Configuration];

/// How each command may end, once its command line could be read. The manual says when.
const ENDS: [(&str, &[Exit]); 14] = [
    ("run", USUAL),
    ("apply", USUAL),
    ("plan", &Exit::ALL),
    ("status", USUAL),
    ("report", USUAL),
    ("history", USUAL),
    ("pause", USUAL),
    ("check", USUAL),
    ("notify", USUAL),
    ("policy", &[Exit::Fine, Exit::Configuration]),
    ("inspect", &[Exit::Fine, Exit::Fault]),
    ("init", USUAL),
    ("schema", &[Exit::Fine]),
    ("rehearse", USUAL),
];

/// How this command may end, by its name; absent: there is no such command.
pub fn exits(command: &str) -> Option<&'static [Exit]> {
    ENDS.iter().find(|(name, _)| *name == command).map(|(_, ends)| *ends)
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
