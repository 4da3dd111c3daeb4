//! Home directories, which the shipped unit hides from the service, and what to do about files in them.

use std::path::Path;

/// What `ProtectHome=yes` hides.
const HIDDEN: [&str; 3] = ["/home", "/root", "/run/user"];
/// What helps. acme.sh is named because it is the client that works in a home directory by itself.
pub(super) const HELP: &str =
    "`acme.sh --install-cert` to /etc/ssl/acme, or a drop-in with `ProtectHome=read-only`";

/// Whether the service cannot see this: by its name, or by where its links lead.
pub(super) fn hides(path: &Path) -> bool {
    let below = |path: &Path| HIDDEN.iter().any(|home| path.starts_with(home));
    below(path) || path.canonicalize().is_ok_and(|real| below(&real))
}

/// One sentence about those of these paths that are hidden, however many they are.
pub(super) fn warning<'p>(paths: impl Iterator<Item = &'p Path>) -> Option<String> {
    let mut hidden = paths.filter(|path| hides(path));
    let first = hidden.next()?.display();
    let others = match hidden.count() {
        0 => String::new(),
        more => format!(" (and {more} more like it)"),
    };
    Some(format!("{first}{others}: the service does not see home directories: {HELP}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_in_a_home_is_told_once() {
        let of = |paths: &[&Path]| warning(paths.iter().copied());
        let seen = ["/etc/ssl/a.pem", "/rooted/a.pem", "/homes/a", "/run/users/a"].map(Path::new);
        assert_eq!(of(&seen), None);
        let [home, root, user] = HIDDEN.map(|home| Path::new(home).join("a.pem"));
        let said = of(&[&root, seen[0], &home, &user]).unwrap();
        let begin = format!("{} (and 2 more like it): the service", root.display());
        assert!(said.starts_with(&begin), "{said}");
        let said = of(&[&home]).unwrap();
        assert!(said.starts_with(&format!("{}: the service does", home.display())), "{said}");
    }

    #[test]
    fn a_link_into_a_home_is_in_it() {
        let link = std::env::temp_dir().join(format!("certrotd-home-{}", std::process::id()));
        std::os::unix::fs::symlink("/home", &link).unwrap();
        let hidden = hides(&link);
        std::fs::remove_file(&link).unwrap();
        assert!(hidden, "it leads to /home");
    }
}
