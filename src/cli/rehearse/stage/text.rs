//! The configuration of the small world, as an operator would write it.

use std::fmt::Write as _;
use std::net::SocketAddr;

use super::super::picture::HOOKS_END;
use super::instances::{DATABASES, Database, OVERLAP, SWITCHES, Switched};
use super::{ACCOUNT, API, Lineage, WWW};
use crate::model::target::Api;

/// A target that a certificate is bound at.
pub(super) struct Bound {
    pub(super) service: &'static str,
    /// The key of the list of its places.
    pub(super) list: &'static str,
    pub(super) site: &'static str,
    pub(super) probe: String,
}

/// The file. The window is as short as it can be: the edges here follow at once. `port` tells where an
/// instance listens.
pub(super) fn config(
    region: &str,
    url: &str,
    bound: &[Bound],
    port: impl Fn(&str) -> Option<SocketAddr>,
) -> String {
    let mut text = general(region, url);
    certificate(&mut text, &WWW);
    for Bound { service, list, site, probe } in bound {
        let _ = writeln!(
            text,
            "[[certificate.push]]\nservice = \"{service}\"\n{list} = [\"{site}\"]\n\
             probe = [\"{probe}\"]\nwindow = \"1s\""
        );
    }
    certificate(&mut text, &API);
    for service in ["elb", "waf", "cdn"] {
        let _ = writeln!(text, "[[certificate.push]]\nservice = \"{service}\"");
    }
    let probe = |id| port(id).map(|at| format!("probe = \"{at}\"\n")).unwrap_or_default();
    for database in &DATABASES {
        instance_ca(&mut text, database);
        text += &probe(database.id);
    }
    for Switched { name, id, .. } in SWITCHES {
        let _ = write!(
            text,
            "\n[[instance_ssl]]\nname = \"{name}\"\nservice = \"taurusdb\"\n\
             instance_id = \"{id}\"\nenabled = true\nallow_restart = true\n{}",
            probe(id)
        );
    }
    text
}

/// The command tells of itself in a file beside the CA's, for the rehearsal to count.
fn instance_ca(text: &mut String, database: &Database) {
    let Database { name, source, id, protocol, .. } = database;
    let (service, protocol) = (source.api().key(), protocol.key());
    let _ = write!(
        text,
        "\n[[instance_ca]]\nname = \"{name}\"\nservice = \"{service}\"\n\
         instance_id = \"{id}\"\npath = \"ca/{name}.pem\"\noverlap = \"{}s\"\n\
         on_change = ['/bin/sh', '-c', 'echo $CERTROTD_SHA256 >> ${{CERTROTD_PATH%.*}}.{HOOKS_END}']\n\
         protocol = \"{protocol}\"\n",
        OVERLAP.as_secs()
    );
}

fn general(region: &str, url: &str) -> String {
    let mut text = format!(
        "[schedule]\njitter = \"0s\"\ndoubt = \"6s\"\nretry = \"1s..4s\"\n\n\
         [state]\npath = \"state\"\n\n\
         [cloud.{ACCOUNT}]\nregion = \"{region}\"\n\n\
         [cloud.{ACCOUNT}.credentials]\nsource = \"access-key\"\n\
         access_key_file = \"access-key\"\nsecret_key_file = \"secret-key\"\n\n\
         [cloud.{ACCOUNT}.endpoints]\n"
    );
    for api in Api::ALL {
        let _ = writeln!(text, "{} = \"{url}\"", api.key());
    }
    text
}

fn certificate(text: &mut String, lineage: &Lineage) {
    let Lineage { name, domain, .. } = lineage;
    let _ = write!(
        text,
        "\n[[certificate]]\nname = \"{name}\"\ncert = \"live/{domain}/fullchain.pem\"\n\
         key = \"live/{domain}/privkey.pem\"\n"
    );
}
