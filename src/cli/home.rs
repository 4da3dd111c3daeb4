//! Home directories, which the shipped unit hides from the service, and what to do about files in them.

use std::collections::BTreeSet;
use std::path::Path;

/// What `ProtectHome=yes` hides.
const HIDDEN: [&str; 3] = ["/home", "/root", "/run/user"];
/// What helps. acme.sh is named because it is the client that works in a home directory by itself.
pub(super) const HELP: &str =
    "`acme.sh --install-cert` to /etc/ssl/acme, or a drop-in with `ProtectHome=read-only`";

/// Where credentials go.
const CREDENTIALS: &str = "/etc/certrotd";
/// How many files are named.
const NAMED_MAX: usize = 10;

/// Whether the service cannot see this: by its name, or by where its links lead.
pub(super) fn hides(path: &Path) -> bool {
    let below = |path: &Path| HIDDEN.iter().any(|home| path.starts_with(home));
    below(path) || path.canonicalize().is_ok_and(|real| below(&real))
}

/// One sentence about those of these pairs that are hidden, however many they are.
pub(super) fn warning<'p>(pairs: impl Iterator<Item = &'p Path>) -> Option<String> {
    let (named, _) = named(pairs)?;
    Some(format!("{named}: the service does not see home directories: {HELP}"))
}

/// One sentence about those of these credential files that are hidden: no client renews them, so that they can lie
/// anywhere.
pub(super) fn warning_of_credentials<'p>(files: impl Iterator<Item = &'p Path>) -> Option<String> {
    let (named, count) = named(files)?;
    let them = if count == 1 { "it" } else { "them" };
    Some(format!(
        "{named}: the service does not see home directories: move {them} to {CREDENTIALS}"
    ))
}

/// The names of those that are hidden, each once, and how many they are.
fn named<'p>(paths: impl Iterator<Item = &'p Path>) -> Option<(String, usize)> {
    let hidden: BTreeSet<_> = paths.filter(|path| hides(path)).collect();
    let shown = hidden.iter().take(NAMED_MAX).map(|path| path.display().to_string());
    let shown = shown.collect::<Vec<_>>().join(", ");
    let others = match hidden.len().saturating_sub(NAMED_MAX) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    (!hidden.is_empty()).then(|| (format!("{shown}{others}"), hidden.len()))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn what_lies_in_a_home_is_told_once() {
        let of = |paths: &[&Path]| warning(paths.iter().copied());
        let seen = ["/etc/ssl/a.pem", "/rooted/a.pem", "/homes/a", "/run/users/a"].map(Path::new);
        assert_eq!(of(&seen), None);
        let [home, root, user] = HIDDEN.map(|home| Path::new(home).join("a.pem"));
        let said = of(&[&root, seen[0], &home, &user, &root]).unwrap();
        let all = [&home, &root, &user].map(|it| it.display().to_string()).join(", ");
        assert!(said.starts_with(&format!("{all}: the service does")), "{said}");
        let many: Vec<PathBuf> = (0..NAMED_MAX + 2).map(|it| home.join(it.to_string())).collect();
        let said = warning(many.iter().map(PathBuf::as_path)).unwrap();
        assert!(said.contains(" and 2 more: the service does"), "{said}");
        assert_eq!(said.matches(&home.display().to_string()).count(), NAMED_MAX);
    }

    #[test]
    fn credentials_are_moved_and_not_installed() {
        let of = |paths: &[&Path]| warning_of_credentials(paths.iter().copied());
        let [home, root, _] = HIDDEN.map(|home| Path::new(home).join("key"));
        assert_eq!(of(&[Path::new("/etc/certrotd/key")]), None);
        assert!(of(&[&home]).unwrap().ends_with(": move it to /etc/certrotd"));
        assert!(of(&[&home, &root]).unwrap().ends_with(": move them to /etc/certrotd"));
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
