//! The operator's configuration: each package brings one, and no upgrade overwrites it or asks about it. The `.rpm`
//! says so to rpm; of the `.deb` it is copied by `postinst`, which is run here in a directory that stands for the root.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{CONFIGURATION, deb, packages, root, rpm};

const SHIPPED: &str = "config/certrotd.toml";
/// Where the `.deb` has it for `postinst`; not below `/usr/share/doc`, which may be left out of a host.
const TEMPLATE: &str = "/usr/share/certrotd/certrotd.toml";

/// A root with nothing in it but what the package brings; it goes when the test does.
struct Host(PathBuf);

impl Host {
    fn new(test: &str) -> Self {
        let root = std::env::temp_dir().join(format!("certrotd-{test}-{}", std::process::id()));
        fs::remove_dir_all(&root).ok();
        let host = Self(root);
        host.unpack("as shipped\n");
        host
    }

    /// What dpkg does before it calls `postinst`.
    fn unpack(&self, text: &str) {
        let template = self.path(TEMPLATE);
        fs::create_dir_all(template.parent().unwrap()).unwrap();
        fs::write(template, text).unwrap();
    }

    /// Sets a version up after the one that was set up before, if any. `umask` is a careful operator's.
    fn set_up(&self, before: &str) {
        let is_there = self.path(CONFIGURATION).symlink_metadata().is_ok();
        let script = root().join("packaging/debian/postinst");
        let mut shell = Command::new("sh");
        let line = "umask 077 && exec sh \"$0\" configure \"$1\"";
        let done = shell.args(["-c", line]).arg(script).arg(before).env("DPKG_ROOT", &self.0);
        let done = done.output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let said = String::from_utf8(done.stdout).unwrap();
        assert_eq!(said.contains("`certrotd init`"), before.is_empty() && !is_there, "{said}");
        assert!(said.lines().count() <= 1 && done.stderr.is_empty(), "{said}");
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.join(path.trim_start_matches('/'))
    }

    fn configuration(&self) -> Option<String> {
        fs::read_to_string(self.path(CONFIGURATION)).ok()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn each_package_brings_a_configuration_and_overwrites_none() {
    let rpm = rpm();
    let own = rpm.iter().find(|asset| asset.path == CONFIGURATION).unwrap();
    assert_eq!(own.source, SHIPPED);
    assert!(own.kept, "an upgrade of the .rpm overwrites {CONFIGURATION}");
    let deb = deb();
    let template = deb.iter().find(|asset| asset.path == TEMPLATE).unwrap();
    assert_eq!(template.source, SHIPPED);
    for (kind, assets) in packages() {
        let of_the_operator = assets.iter().filter(|asset| asset.path.starts_with("/etc/"));
        let wanted = usize::from(kind == "rpm");
        assert_eq!(of_the_operator.count(), wanted, "files of the .{kind} in /etc");
    }
}

#[test]
fn the_first_installation_copies_the_configuration_for_all_to_read() {
    let host = Host::new("first");
    host.set_up("");
    assert_eq!(host.configuration().as_deref(), Some("as shipped\n"));
    let file = host.path(CONFIGURATION);
    assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o644, 0o755));
    assert_eq!(
        fs::read_dir(file.parent().unwrap()).unwrap().count(),
        1,
        "something lies beside it"
    );
}

#[test]
fn a_configuration_that_was_there_before_the_package_stays() {
    let host = Host::new("before");
    let file = host.path(CONFIGURATION);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, "mine\n").unwrap();
    host.set_up("");
    assert_eq!(host.configuration().as_deref(), Some("mine\n"));
    // Somebody keeps it elsewhere, on a disk that is not mounted now.
    fs::remove_file(&file).unwrap();
    symlink("/mnt/certrotd.toml", &file).unwrap();
    host.set_up("");
    assert_eq!(fs::read_link(&file).unwrap(), Path::new("/mnt/certrotd.toml"));
}

#[test]
fn an_upgrade_leaves_the_configuration_as_it_is_and_a_deleted_one_deleted() {
    let host = Host::new("upgrade");
    host.set_up("");
    host.unpack("as shipped later\n");
    host.set_up("0.1.0-1");
    assert_eq!(host.configuration().as_deref(), Some("as shipped\n"));
    fs::remove_file(host.path(CONFIGURATION)).unwrap();
    host.set_up("0.1.0-1");
    assert_eq!(host.configuration(), None);
}
