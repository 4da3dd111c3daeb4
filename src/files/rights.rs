//! Whether this process may give files away. Asks the system and makes nothing.

use std::fs;

use super::Attributes;
use super::attributes::Id;

/// `CAP_CHOWN` (capabilities(7)): the first bit of a set.
const CAP_CHOWN: u64 = 1;

/// What `/proc/self/status` says of this process, as far as it matters here.
struct Rights {
    user: u32,
    groups: Vec<u32>,
    may_all: bool,
}

impl Attributes {
    /// Why this process could not give a new file to this owner and group, a sentence for each of the two:
    /// nobody is called so here, or it takes rights that this process has not. Where the system does not
    /// tell our rights, names alone are judged.
    pub fn refusals(&self) -> Vec<String> {
        let own = fs::read_to_string("/proc/self/status").ok().and_then(|text| Rights::read(&text));
        let refused = |key: &str, asked: &Option<String>, alone: Self, who: &str| {
            let asked = asked.as_ref()?;
            let why = match alone.ids() {
                Err(error) => error.to_string(),
                Ok(ids) => {
                    let own = own.as_ref()?;
                    let may = own.may_all
                        || is(&ids.user, |id| id == own.user)
                            && is(&ids.group, |id| own.groups.contains(&id));
                    if may {
                        return None;
                    }
                    format!(
                        "whoever runs this has no right to give a file away to that {key}; {who} may"
                    )
                }
            };
            Some(format!("{key} = {asked}: {why}"))
        };
        let owner = Self { group: None, ..self.clone() };
        let group = Self { owner: None, ..self.clone() };
        let others = "root and a service with CAP_CHOWN";
        let members = format!("its members, {others}");
        let owner = refused("owner", &self.owner, owner, others);
        owner.into_iter().chain(refused("group", &self.group, group, &members)).collect()
    }
}

fn is(asked: &Option<Id>, holds: impl Fn(u32) -> bool) -> bool {
    asked.as_ref().is_none_or(|asked| holds(asked.id))
}

impl Rights {
    /// From proc_pid_status(5). Of four ids in a row the last is the one that files are made with.
    fn read(status: &str) -> Option<Self> {
        let field = |name: &str| {
            status.lines().find_map(|line| Some(line.strip_prefix(name)?.split_whitespace()))
        };
        let mut groups: Vec<_> = field("Groups:")?.filter_map(|id| id.parse().ok()).collect();
        groups.push(field("Gid:")?.nth(3)?.parse().ok()?);
        let capable = u64::from_str_radix(field("CapEff:")?.next()?, 16).ok()?;
        let user = field("Uid:")?.nth(3)?.parse().ok()?;
        Some(Self { user, groups, may_all: capable & CAP_CHOWN != 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_are_read_as_the_system_writes_them() {
        let status = "Name:\tcertrotd\nUid:\t0\t0\t0\t998\nGid:\t1\t1\t1\t997\nGroups:\t4 27 \n\
                      CapEff:\t0000000000000004\n";
        let own = Rights::read(status).unwrap();
        assert_eq!((own.user, own.groups.as_slice(), own.may_all), (998, &[4, 27, 997][..], false));
        let all = status.replace("0004", "0005").replace("4 27 ", "");
        let own = Rights::read(&all).unwrap();
        assert_eq!((own.groups.as_slice(), own.may_all), (&[997][..], true));
        assert!(Rights::read("Name:\tcertrotd\n").is_none());
    }

    #[test]
    fn a_name_that_nobody_has_is_refused_for_each_key() {
        let nobody = || Some("nobody-of-this-name".to_owned());
        let asked = Attributes { mode: 0o644, owner: nobody(), group: nobody() };
        let said = asked.refusals();
        assert_eq!(said.len(), 2, "{said:?}");
        let owner =
            "owner = nobody-of-this-name: no user is called nobody-of-this-name on this host";
        assert_eq!(said[0], owner);
        assert!(
            said[1].starts_with("group = nobody-of-this-name: no group is called "),
            "{said:?}"
        );
        assert_eq!(Attributes::of_mode(0o644).refusals(), [""; 0]);
    }
}
