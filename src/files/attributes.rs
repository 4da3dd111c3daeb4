//! Whom a file belongs to and who may read it.

use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use nix::unistd::{Group, User};

/// The number that means "leave as it is" to the system, so that it can be nobody's.
const NOBODYS: u32 = u32::MAX;

/// The attributes that a file shall have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attributes {
    /// Permission bits.
    pub mode: u32,
    /// Name or number of its user; absent: as it comes. Digits alone are a number, known to the system or
    /// not.
    pub owner: Option<String>,
    /// Name or number of its group; absent: as it comes.
    pub group: Option<String>,
}

impl Attributes {
    /// These permission bits, whoever owns the file.
    pub fn of_mode(mode: u32) -> Self {
        Self { mode, owner: None, group: None }
    }

    /// Whether the file at this path, symlinks followed, has them. A name that the system does not know is
    /// an error, as is a directory of users that does not answer.
    pub fn are_those_of(&self, path: &Path) -> io::Result<bool> {
        let (ids, found) = (self.ids()?, fs::metadata(path)?);
        let is = |wanted: &Option<Id>, id: u32| wanted.as_ref().is_none_or(|it| it.id == id);
        Ok(found.permissions().mode() & 0o7777 == self.mode
            && is(&ids.user, found.uid())
            && is(&ids.group, found.gid()))
    }

    /// The numbers behind the names, asked anew each time: an operator may have made the user meanwhile.
    pub(super) fn ids(&self) -> io::Result<Ids> {
        let user = |name: &str| User::from_name(name).map(|it| it.map(|it| it.uid.as_raw()));
        let group = |name: &str| Group::from_name(name).map(|it| it.map(|it| it.gid.as_raw()));
        let user = self.owner.as_deref().map(|name| id("user", name, user));
        let group = self.group.as_deref().map(|name| id("group", name, group));
        Ok(Ids { user: user.transpose()?, group: group.transpose()? })
    }
}

/// Numbers of the user and group that a file shall belong to, where anybody asked for them.
#[derive(Default)]
pub(super) struct Ids {
    pub user: Option<Id>,
    pub group: Option<Id>,
}

/// A user or group.
pub(super) struct Id {
    /// As the operator wrote it.
    pub said: String,
    pub id: u32,
}

fn id(
    what: &str,
    said: &str,
    look_up: impl Fn(&str) -> nix::Result<Option<u32>>,
) -> io::Result<Id> {
    let is_number = !said.is_empty() && said.bytes().all(|byte| byte.is_ascii_digit());
    let found = if is_number {
        said.parse().ok().filter(|id| *id != NOBODYS)
    } else {
        look_up(said).map_err(|error| {
            let error = io::Error::from(error);
            io::Error::new(error.kind(), format!("cannot look up {what} {said}: {error}"))
        })?
    };
    match found {
        Some(id) => Ok(Id { said: said.to_owned(), id }),
        None if is_number => Err(unknown(format!("{said} is no number of a {what}"))),
        None => Err(unknown(format!("no {what} is called {said} on this host"))),
    }
}

/// Not [`ErrorKind::NotFound`], which would read as a missing file.
fn unknown(words: String) -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, words)
}
