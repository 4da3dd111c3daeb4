//! The configuration of the small world, as an operator would write it.

use std::fmt::Write as _;

use super::{ACCOUNT, API, GEMINI, Lineage, PEM_REDIS, TAURUS, WWW, ZIP_REDIS};
use crate::model::target::Api;

/// A target that a certificate is bound at.
pub(super) struct Bound {
    pub(super) service: &'static str,
    /// The key of the list of its places.
    pub(super) list: &'static str,
    pub(super) site: &'static str,
    pub(super) probe: String,
}

/// The file. The window is as short as it can be: the edges here follow at once.
pub(super) fn config(region: &str, url: &str, bound: &[Bound]) -> String {
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
    for (name, service, id) in [
        ("orders-redis", "dcs", ZIP_REDIS),
        ("carts-redis", "dcs", PEM_REDIS),
        ("ledger-gemini", "geminidb", GEMINI),
    ] {
        let _ = write!(
            text,
            "\n[[instance_ca]]\nname = \"{name}\"\nservice = \"{service}\"\n\
             instance_id = \"{id}\"\npath = \"ca/{name}.pem\"\n"
        );
    }
    text + &format!(
        "\n[[instance_ssl]]\nname = \"ledger\"\nservice = \"taurusdb\"\n\
         instance_id = \"{TAURUS}\"\nenabled = true\nallow_restart = true\n"
    )
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
