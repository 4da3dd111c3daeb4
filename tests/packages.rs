//! The packages, held to the repository: what they name exists, the units find what they start, and the manual
//! pages know every command, option and key. Building and judging them is for `.ci/packages`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

#[path = "packages/configuration.rs"]
mod configuration;
#[path = "packages/manual_pages.rs"]
mod manual_pages;
#[path = "../examples/pages/pages.rs"]
mod pages;

use toml::{Table, Value};

/// What `.ci/packages` makes before the packages are written; they name it as it lies here.
const MADE: &str = "target/packages/";
/// What it makes there beside the pages and completions.
const BUILT: [&str; 4] = ["certrotd", "THIRD-PARTY", "CHANGELOG.md", "changelog"];
const BINARY: &str = "/usr/bin/certrotd";
const CONFIGURATION: &str = "/etc/certrotd/certrotd.toml";
const UNITS: &str = "/usr/lib/systemd/system/";

/// A file of a package.
struct Asset {
    source: String,
    /// With its name, from the root.
    path: String,
    mode: String,
    /// The package's tool is told that an upgrade must not overwrite it.
    kept: bool,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// What `Cargo.toml` says to one of the tools.
fn metadata(tool: &str) -> Table {
    let manifest: Table = read("Cargo.toml").parse().unwrap();
    manifest["package"]["metadata"][tool].as_table().unwrap().clone()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// Where a file ends up: a destination that ends with a slash takes its name.
fn path(source: &str, destination: &str) -> String {
    let name = if destination.ends_with('/') { source.rsplit('/').next().unwrap() } else { "" };
    format!("/{}{name}", destination.trim_start_matches('/'))
}

fn deb() -> Vec<Asset> {
    let metadata = metadata("deb");
    let named = metadata["assets"].as_array().unwrap().iter().map(|asset| {
        let [source, destination, mode] = [0, 1, 2].map(|index| text(&asset[index]));
        Asset { kept: false, path: path(&source, &destination), source, mode }
    });
    // These it finds by itself, by the names of the units and of the package.
    let units = metadata["systemd-units"].as_array().unwrap().iter().flat_map(|unit| {
        let (name, directory) = (text(&unit["unit-name"]), text(&unit["unit-scripts"]));
        ["service", "timer"].map(|kind| format!("{directory}/{name}.{kind}"))
    });
    let units = units.filter(|source| root().join(source).exists());
    let found = units.map(|source| (path(&source, UNITS), source));
    let user =
        ("/usr/lib/sysusers.d/certrotd.conf".to_owned(), "systemd/certrotd.sysusers".to_owned());
    let found = found.chain([user]).map(|(path, source)| Asset {
        source,
        path,
        mode: "644".to_owned(),
        kept: false,
    });
    named.chain(found).collect()
}

fn rpm() -> Vec<Asset> {
    let metadata = metadata("generate-rpm");
    let assets = metadata["assets"].as_array().unwrap().iter();
    assets
        .map(|asset| {
            let [source, destination, mode] =
                ["source", "dest", "mode"].map(|key| text(&asset[key]));
            let kept = asset.get("config").and_then(Value::as_str) == Some("noreplace");
            Asset { path: path(&source, &destination), source, mode, kept }
        })
        .collect()
}

fn packages() -> [(&'static str, Vec<Asset>); 2] {
    [("deb", deb()), ("rpm", rpm())]
}

#[test]
fn every_file_of_the_packages_exists_or_is_made() {
    let script = read(".ci/packages");
    let pages: Vec<_> = pages::all().into_iter().map(|(name, _)| name).collect();
    let scripts = ["after-install", "before-removal", "after-removal"];
    let scripts = scripts.map(|name| format!("packaging/rpm/{name}"));
    for script in ["post_install_script", "pre_uninstall_script", "post_uninstall_script"] {
        assert!(scripts.contains(&text(&metadata("generate-rpm")[script])), "{script}");
    }
    let sources = packages().into_iter().flat_map(|(_, assets)| assets).map(|asset| asset.source);
    let papers = ["changelog", "license-file"].map(|key| text(&metadata("deb")[key]));
    for source in sources.chain(scripts).chain(papers) {
        if let Some(name) = source.strip_prefix(MADE) {
            let name = name.trim_end_matches(".gz");
            let built = BUILT.contains(&name) && script.contains(name);
            assert!(built || pages.contains(&name), "nothing makes {source}");
        } else {
            let pattern = root().join(&source);
            let found = glob::glob(pattern.to_str().unwrap()).unwrap().count();
            assert!(found > 0, "there is no {source}");
        }
    }
}

#[test]
fn the_packages_have_every_page_completion_and_unit() {
    let systemd = fs::read_dir(root().join("systemd")).unwrap();
    let units = systemd.map(|entry| format!("systemd/{}", entry.unwrap().file_name().display()));
    let units = units.filter(|name| root().join(name).is_file());
    let pages = pages::all().into_iter().map(|(name, _)| format!("{MADE}{name}"));
    let wanted: BTreeSet<_> = units.chain(pages).collect();
    assert!(wanted.len() > 7, "the rule has seen nothing: {wanted:?}");
    for (kind, assets) in packages() {
        let has =
            |name: &str| assets.iter().any(|asset| asset.source.trim_end_matches(".gz") == name);
        let lacking: Vec<_> = wanted.iter().filter(|name| !has(name)).collect();
        assert!(lacking.is_empty(), "the .{kind} lacks {lacking:?}");
    }
}

#[test]
fn the_units_start_what_the_packages_install() {
    for (kind, assets) in packages() {
        let installed = |path: &str| {
            let found = assets.iter().find(|asset| asset.path == path);
            found.unwrap_or_else(|| panic!("the .{kind} has no {path}"))
        };
        let binary = installed(BINARY);
        assert_eq!(
            (binary.source.as_str(), binary.mode.as_str()),
            (&*format!("{MADE}certrotd"), "755")
        );
        let services = assets
            .iter()
            .filter(|asset| asset.path.starts_with(UNITS) && asset.path.ends_with(".service"));
        let mut seen = 0;
        for service in services {
            let unit = read(&service.source);
            let start = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
            let words: Vec<_> = start.split(' ').collect();
            assert_eq!(words[..3], [BINARY, "--config", CONFIGURATION], "{}", service.source);
            seen += 1;
        }
        assert_eq!(seen, 2, "services of the .{kind}");
    }
}

/// The targets of the links in a page, without what follows a `#`.
fn links(page: &str) -> Vec<String> {
    let targets = page.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
    targets.filter(|it| !it.is_empty()).map(str::to_owned).collect()
}

/// `..` and `.` taken out, as whoever follows a link does.
fn plain(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/').filter(|part| !part.is_empty() && *part != ".") {
        match part {
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

#[test]
fn every_link_of_an_installed_page_leads_to_an_installed_file_or_to_the_web() {
    let made: BTreeMap<_, _> = pages::all().into_iter().collect();
    let home = text(&read("Cargo.toml").parse::<Table>().unwrap()["package"]["repository"]);
    for (kind, assets) in packages() {
        // From where it is installed to what it says.
        let mut installed = BTreeMap::new();
        for asset in assets {
            if let Some(text) = asset.source.strip_prefix(MADE).map(|name| made.get(name)) {
                installed.insert(asset.path, text.cloned().unwrap_or_default());
                continue;
            }
            let pattern = root().join(&asset.source);
            for found in glob::glob(pattern.to_str().unwrap()).unwrap().map(Result::unwrap) {
                let name = found.file_name().unwrap().to_str().unwrap();
                let directory = asset.path.rsplit_once('/').unwrap().0;
                let is_page = name.ends_with(".md");
                let text =
                    if is_page { fs::read_to_string(&found).unwrap() } else { String::new() };
                installed.insert(format!("{directory}/{name}"), text);
            }
        }
        let mut seen = 0;
        for (path, text) in installed.iter().filter(|(path, _)| path.ends_with(".md")) {
            for link in links(text) {
                let target = plain(&format!("{path}/../{link}"));
                let leads = link.starts_with("https://") || installed.contains_key(&target);
                assert!(leads, "{path} of the .{kind} links {link}, which is not there");
                seen += 1;
            }
        }
        assert!(seen > 30, "the rule has seen nothing: {seen}");
        let readme = &installed["/usr/share/doc/certrotd/README.md"];
        for name in ["ARCHITECTURE.md", "CONTRIBUTING.md", "LICENSE"] {
            let link = format!("]({home}/blob/main/{name})");
            assert!(readme.contains(&link), "{link}");
        }
    }
    let releases = format!("]({home}/releases)");
    assert!(read("README.md").contains(&releases), "{releases}");
}

#[test]
fn the_scripts_of_the_packages_are_shell() {
    let scripts = ["packaging/debian/post*", "packaging/rpm/*"];
    let scripts =
        scripts.iter().flat_map(|it| glob::glob(root().join(it).to_str().unwrap()).unwrap());
    let scripts: Vec<_> =
        scripts.map(Result::unwrap).filter(|it| it.extension().is_none()).collect();
    assert_eq!(scripts.len(), 5, "{scripts:?}");
    for script in scripts {
        let said = Command::new("sh").arg("-n").arg(&script).output().unwrap();
        assert!(
            said.status.success(),
            "{}: {}",
            script.display(),
            String::from_utf8_lossy(&said.stderr)
        );
    }
}
