//! Where ACME clients keep their certificates, and what lies there.

use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};

use crate::files::find::Glob;

/// How a client lays its files out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Layout {
    /// A directory for each certificate, with fullchain.pem and privkey.pem.
    Certbot,
    /// NAME.crt with its chain, and NAME.key beside it.
    Lego,
    /// A directory for each certificate, with fullchain.cer and NAME.key.
    AcmeSh,
    /// fullchain.pem and privkey.pem of one certificate.
    Single,
}

impl Layout {
    const ALL: [Self; 4] = [Self::Certbot, Self::Lego, Self::AcmeSh, Self::Single];

    /// What an operator calls it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Certbot => "as certbot keeps them",
            Self::Lego => "as lego keeps them",
            Self::AcmeSh => "as acme.sh keeps them",
            Self::Single => "by itself",
        }
    }

    /// The certificates, from the directory of the client.
    pub(super) fn pattern(self) -> &'static str {
        match self {
            Self::Certbot => "*/fullchain.pem",
            Self::Lego => "*.crt",
            Self::AcmeSh => "*/fullchain.cer",
            Self::Single => "fullchain.pem",
        }
    }

    /// Where a client of this layout puts them below a directory that is called its own.
    fn below(self) -> &'static [&'static str] {
        match self {
            Self::Certbot => &["", "live"],
            Self::Lego => &["", "certificates"],
            Self::AcmeSh | Self::Single => &[""],
        }
    }

    fn counts(self, file: &Path) -> bool {
        self != Self::Lego || !file.to_string_lossy().ends_with(ISSUER)
    }
}

/// How the files end in which lego keeps the chain by itself.
pub(super) const ISSUER: &str = ".issuer.crt";

/// A directory with certificates of one layout.
pub(super) struct Place {
    pub(super) layout: Layout,
    /// Absolute.
    pub(super) dir: PathBuf,
    /// The certificates, sorted.
    pub(super) files: Vec<PathBuf>,
}

/// What a look has come to.
#[derive(Default)]
pub(super) struct Search {
    /// Where something was found.
    pub(super) places: Vec<Place>,
    /// Every directory that was looked for.
    pub(super) looked: Vec<PathBuf>,
    /// What could not be looked at, and why.
    pub(super) troubles: BTreeMap<PathBuf, String>,
}

impl Search {
    /// What could not be looked at, as sentences: what lies below such a place says nothing new.
    pub(super) fn sentences(&self) -> impl Iterator<Item = String> {
        let above =
            move |path: &Path| path.ancestors().skip(1).any(|it| self.troubles.contains_key(it));
        let top = self.troubles.iter().filter(move |(path, _)| !above(path));
        top.map(|(path, why)| format!("{}: {why}", path.display()))
    }
}

/// Looks in these directories, or in the usual places where there is none.
pub(super) fn search(dirs: &[PathBuf]) -> Search {
    let mut search = Search::default();
    if dirs.is_empty() {
        for (layout, dir) in usual() {
            look(layout, dir, &mut search);
        }
        return search;
    }
    for dir in dirs {
        // A directory that cannot be named has nothing in it that could be.
        let dir = std::path::absolute(dir).unwrap_or_else(|_| dir.clone());
        for layout in Layout::ALL {
            for below in layout.below() {
                let place = if below.is_empty() { dir.clone() } else { dir.join(below) };
                look(layout, place, &mut search);
            }
        }
    }
    search
}

/// Where each client keeps its files when nobody tells it otherwise.
fn usual() -> Vec<(Layout, PathBuf)> {
    let own = |name: &str, below: &str| {
        let home = env::var_os(name).filter(|home| !home.is_empty())?;
        std::path::absolute(PathBuf::from(home).join(below)).ok()
    };
    let places = [
        (Layout::Certbot, Some(PathBuf::from("/etc/letsencrypt/live"))),
        (Layout::Lego, own("LEGO_PATH", "certificates")),
        (Layout::Lego, own("HOME", ".lego/certificates")),
        (Layout::Lego, Some(PathBuf::from("/var/lib/lego/certificates"))),
        (Layout::AcmeSh, own("HOME", ".acme.sh")),
    ];
    places.into_iter().filter_map(|(layout, dir)| Some((layout, dir?))).collect()
}

fn look(layout: Layout, dir: PathBuf, search: &mut Search) {
    if !search.looked.contains(&dir) {
        search.looked.push(dir.clone());
    }
    if dir.to_str().is_none() {
        search.troubles.insert(dir, "no configuration can name what is not UTF-8".to_owned());
        return;
    }
    // The same place may have two names.
    let real = |dir: &Path| dir.canonicalize().ok();
    let known = |place: &Place| place.layout == layout && real(&place.dir) == real(&dir);
    if search.places.iter().any(known) {
        return;
    }
    // None of the patterns can be wrong: they stand above.
    let Ok(glob) = Glob::new(&dir, layout.pattern()) else { return };
    let found = glob.find();
    for unread in found.unread {
        search.troubles.insert(unread.path, format!("cannot be looked at: {}", unread.why));
    }
    let mut files = found.files;
    files.retain(|file| layout.counts(file));
    if !files.is_empty() {
        search.places.push(Place { layout, dir, files });
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::scratch::Scratch;

    fn write(path: &Path) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
    }

    #[test]
    fn the_chain_that_lego_keeps_by_itself_is_no_certificate() {
        let dir = Scratch::new();
        write(&dir.join("certificates/a.crt"));
        write(&dir.join("certificates/a.issuer.crt"));
        let found = search(&[dir.to_path_buf()]);
        let files: Vec<_> = found.places.iter().flat_map(|place| &place.files).collect();
        assert_eq!(files, [&dir.join("certificates/a.crt")]);
    }

    #[test]
    fn a_place_with_two_names_is_one_place() {
        let dir = Scratch::new();
        write(&dir.join("real/www/fullchain.pem"));
        symlink(dir.join("real"), dir.join("link")).unwrap();
        let found = search(&[dir.join("real"), dir.join("link")]);
        let places: Vec<_> = found.places.iter().map(|place| &place.dir).collect();
        assert_eq!(places, [&dir.join("real")]);
        assert!(found.looked.contains(&dir.join("link")), "it was looked for all the same");
    }

    #[test]
    fn below_what_cannot_be_looked_at_nothing_more_is_said() {
        let troubles = ["/a", "/a/b", "/c"].map(|path| (PathBuf::from(path), "closed".to_owned()));
        let search = Search { troubles: troubles.into(), ..Search::default() };
        assert_eq!(search.sentences().collect::<Vec<_>>(), ["/a: closed", "/c: closed"]);
    }
}
