//! CA files where the service may not write: its unit closes the disk but for a few directories.

use std::path::{Path, PathBuf};

use crate::config::Config;

/// Where systemd finds units and their drop-ins.
const UNITS: [&str; 5] = [
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
];
/// The daemon's unit.
const UNIT: &str = "certrotd.service";
/// What closes the disk.
const CLOSED: &str = "ProtectSystem=strict";
/// Below which directory those of `StateDirectory=` are.
const STATE: &str = "/var/lib";

/// A sentence for each CA file that the installed unit keeps the service from writing. None where there is no such
/// unit: certrotd is run otherwise there.
pub(super) fn warnings(config: &Config) -> Vec<String> {
    let Some(open) = open(&UNITS.map(PathBuf::from)) else { return Vec::new() };
    let closed = config.instance_cas.iter().filter(|entry| !is_below(&entry.path, &open));
    let said = closed.map(|entry| {
        let dir = entry.path.parent().unwrap_or(&entry.path).display();
        format!(
            "instance_ca {}: the service may not write {}: expected a drop-in /etc/systemd/system/{UNIT}.d/ca-files.conf with `[Service]` and `ReadWritePaths={dir}`",
            entry.name,
            entry.path.display()
        )
    });
    said.collect()
}

/// Whether this path, or what its directory leads to, is in one of these directories.
fn is_below(path: &Path, open: &[PathBuf]) -> bool {
    let real = path.parent().and_then(|dir| dir.canonicalize().ok());
    open.iter()
        .any(|dir| path.starts_with(dir) || real.as_ref().is_some_and(|it| it.starts_with(dir)))
}

/// The directories that the unit leaves open; `None` where there is no unit, or none that closes the disk.
fn open(dirs: &[PathBuf]) -> Option<Vec<PathBuf>> {
    let unit = dirs.iter().find_map(|dir| std::fs::read_to_string(dir.join(UNIT)).ok())?;
    let own = dirs.iter().flat_map(|dir| drop_ins(&dir.join(format!("{UNIT}.d"))));
    let text: Vec<_> = std::iter::once(unit).chain(own).collect();
    let lines = || text.iter().flat_map(|text| text.lines()).map(str::trim);
    let closing = lines().rfind(|line| line.starts_with("ProtectSystem="));
    if closing != Some(CLOSED) {
        return None;
    }
    let mut open = Vec::new();
    for line in lines() {
        let (key, value) = line.split_once('=').unwrap_or_default();
        let below = match key {
            "StateDirectory" => STATE,
            // A path that is absolute takes the place of this one.
            "ReadWritePaths" => "/",
            _ => continue,
        };
        let paths = value.split_whitespace().map(|it| it.trim_start_matches(['-', '+']));
        open.extend(paths.map(|path| Path::new(below).join(path)));
    }
    Some(open)
}

fn drop_ins(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let paths = entries
        .map(|entry| entry.path())
        .filter(|it| it.extension().is_some_and(|it| it == "conf"));
    paths.filter_map(|path| std::fs::read_to_string(path).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn the_shipped_unit_opens_the_state_directory_and_drop_ins_open_more() {
        let scratch = Scratch::new();
        let dirs = ["etc", "lib"].map(|name| scratch.join(name));
        dirs.iter()
            .for_each(|dir| std::fs::create_dir_all(dir.join("certrotd.service.d")).unwrap());
        assert_eq!(open(&dirs), None, "no unit");

        let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/systemd/certrotd.service");
        std::fs::copy(shipped, dirs[1].join(UNIT)).unwrap();
        let may = |path: &str| is_below(Path::new(path), &open(&dirs).unwrap());
        assert!(may("/var/lib/certrotd/ca/redis.pem"));
        assert!(!may("/etc/redis/ca.pem") && !may("/var/lib/certrotd-other/ca.pem"));

        let drop_in = |name: &str, text: &str| {
            std::fs::write(dirs[0].join("certrotd.service.d").join(name), text).unwrap();
        };
        drop_in("ca.conf.example", "[Service]\nReadWritePaths=/etc/redis\n");
        assert!(!may("/etc/redis/ca.pem"), "an example is no drop-in");
        drop_in("ca.conf", "[Service]\nReadWritePaths=-/etc/redis /srv/ca\n");
        assert!(may("/etc/redis/ca.pem") && may("/srv/ca/x/ca.pem") && !may("/etc/ca.pem"));
        drop_in("open.conf", "[Service]\nProtectSystem=full\n");
        assert_eq!(open(&dirs), None, "not closed any more");
    }
}
