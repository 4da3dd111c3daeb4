//! The text of a first configuration: what was found, and as comments what else there is to say.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::places::{ISSUER, Layout, Place, Search};
use crate::cli::args::InitArgs;
use crate::cli::home;
use crate::config::{rotation_name, told_apart};

/// Characters that mean something in a pattern.
const WILD: [char; 6] = ['*', '?', '[', ']', '{', '}'];
/// How the directories of acme.sh end that hold certificates with elliptic-curve keys.
const ECC: &str = "_ecc";

/// A host or a domain where no placeholder can stand.
const EXAMPLE: &str = "www.example.com";

const HEAD: &str = "\
# certrotd, as `certrotd init` has found this host. All keys with their meaning stand in certrotd.toml(5), and
# `certrotd check` says everything that is wrong with this file. No secret belongs in here, only paths.

";
const NOTHING: &str = "\
# Nothing was found on this host. A pattern takes every certificate that it matches, now and later:
#[[discover]]
#pattern = \"/etc/letsencrypt/live/*/fullchain.pem\"
#key = \"privkey.pem\"

# And a table is one certificate: the leaf with its chain, and its key.
#[[certificate]]
#name = \"www-example-com\"
#cert = \"/etc/ssl/www.example.com/fullchain.pem\"
#key = \"/etc/ssl/www.example.com/privkey.pem\"
";

/// The whole file. `keys` is the directory of the access key's files.
pub(super) fn text(args: &InitArgs, search: &Search, keys: &Path) -> String {
    let mut text = HEAD.to_owned();
    text.push_str(&cloud(&args.region, keys));
    let mut names = BTreeSet::new();
    for place in &search.places {
        text.push('\n');
        if place.files.iter().any(|file| home::hides(file)) {
            text.push_str(&format!(
                "# The service does not see home directories:\n# {}.\n",
                home::HELP
            ));
        }
        text.push_str(&entries(place, &args.push, &mut names));
    }
    if search.places.is_empty() {
        text.push('\n');
        text.push_str(NOTHING);
        text.push_str(&pushes("certificate", &args.push, "#", EXAMPLE));
    }
    text
}

fn cloud(region: &str, keys: &Path) -> String {
    let file = |name: &str| quoted(&keys.join(name).to_string_lossy());
    format!(
        "[cloud.main]\nregion = {region}\n# Absent: looked up in IAM by the region, which needs the right to list \
         projects.\n#project_id = \"0123456789abcdef0123456789abcdef\"\n\n[cloud.main.credentials]\n# One of \
         access-key, password, environment, profile and metadata, which is the agency of an ECS host.\nsource = \
         \"access-key\"\n# Files of mode 0600. \"credential:access-key\" and \"credential:secret-key\" are those that \
         systemd hands to the\n# running service, and to no command that is typed.\naccess_key_file = {access}\n\
         secret_key_file = {secret}\n",
        region = quoted(region),
        access = file("access-key"),
        secret = file("secret-key"),
    )
}

fn entries(place: &Place, services: &[String], names: &mut BTreeSet<String>) -> String {
    let dir = place.dir.to_string_lossy();
    let has_one_pattern = matches!(place.layout, Layout::Certbot | Layout::Lego);
    // A name that reads as a pattern cannot stand in one.
    if has_one_pattern && !dir.contains(WILD) {
        return discover(place, &dir, services);
    }
    let tables = place.files.iter().map(|file| certificate(place.layout, file, services, names));
    tables.collect::<Vec<_>>().join("\n")
}

fn discover(place: &Place, dir: &str, services: &[String]) -> String {
    let pattern = quoted(&format!("{dir}/{}", place.layout.pattern()));
    let (example, more) = match place.layout {
        Layout::Lego => (
            "{stem}",
            format!(
                "name = \"{{stem}}\"\nkey = \"{{stem}}.key\"\n# The chain by itself, which is in the other file too.\n\
             exclude = [{}]\n",
                quoted(&format!("{dir}/*{ISSUER}"))
            ),
        ),
        _ => ("{parent}", "key = \"privkey.pem\"\n".to_owned()),
    };
    format!(
        "# Every certificate of {}, {}, and each that comes.\n[[discover]]\npattern = {pattern}\n{more}{}",
        quoted(dir),
        place.layout.name(),
        pushes("discover", services, "", example)
    )
}

fn certificate(
    layout: Layout,
    file: &Path,
    services: &[String],
    names: &mut BTreeSet<String>,
) -> String {
    let dir = file.parent().unwrap_or(Path::new("/"));
    let own = match layout {
        Layout::Lego => file.file_stem(),
        _ => dir.file_name(),
    };
    let own = own.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let mut name = rotation_name(&own, file);
    if !names.insert(name.clone()) {
        name = told_apart(&name, file);
        names.insert(name.clone());
    }
    let key: PathBuf = match layout {
        Layout::Certbot | Layout::Single => dir.join("privkey.pem"),
        Layout::Lego => dir.join(format!("{own}.key")),
        Layout::AcmeSh => dir.join(format!("{}.key", own.strip_suffix(ECC).unwrap_or(&own))),
    };
    format!(
        "[[certificate]]\nname = {}\ncert = {}\nkey = {}\n{}",
        quoted(&name),
        quoted(&file.to_string_lossy()),
        quoted(&key.to_string_lossy()),
        pushes("certificate", services, "", EXAMPLE)
    )
}

/// The targets, or, where nobody asked for any, what one would be. `mark` begins each line that is a key, and
/// `example` is what a host or a domain would be called.
fn pushes(table: &str, services: &[String], mark: &str, example: &str) -> String {
    let services: BTreeSet<_> = services.iter().map(String::as_str).collect();
    if services.is_empty() {
        let words = "# Imported only, so far. A push makes a copy in elb, waf or cdn:";
        return format!("\n{words}\n{}", push(table, "elb", "#", example));
    }
    services.iter().map(|service| format!("\n{}", push(table, service, mark, example))).collect()
}

fn push(table: &str, service: &str, mark: &str, example: &str) -> String {
    let site = match service {
        "elb" => "listeners = [\"0b8f2b8e-4c1d-4f7e-9a51-0123456789ab\"]".to_owned(),
        "waf" => format!("hosts = [\"{example}\"]"),
        _ => format!("domains = [\"{example}\"]"),
    };
    format!(
        "{mark}[[{table}.push]]\n{mark}service = \"{service}\"\n# What it is bound to. Absent: nothing uses the \
         copy yet.\n#{site}\n"
    )
}

/// As TOML writes a string, which JSON does too.
fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_service_cannot_see_has_a_comment() {
        let of = |above: &str| {
            let dir = Path::new(above).join(".acme.sh");
            let files = vec![dir.join("a.example.com_ecc/fullchain.cer")];
            let place = Place { layout: Layout::AcmeSh, dir, files };
            let search = Search { places: vec![place], ..Search::default() };
            let region = "cn-north-4".to_owned();
            let args = InitArgs { region, push: vec![], dir: vec![], output: None };
            text(&args, &search, Path::new("/etc/certrotd"))
        };
        let hidden = of("/root");
        let comment = format!("directories:\n# {}.\n[[certificate]]", home::HELP);
        assert!(hidden.contains(&comment), "{hidden}");
        assert!(!of("/etc/ssl").contains("home directories"), "it is seen there");
    }
}
