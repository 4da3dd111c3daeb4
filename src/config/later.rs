//! What a file asks for and this version does not do yet, said at start so that nobody relies on it.

use super::{Config, InstanceCa, raw};
use crate::model::target::CaSource;

/// One sentence for each such wish, and one for a file without any. A default is nobody's wish, whether it
/// is written or not.
pub(super) fn warnings(config: &Config) -> Vec<String> {
    let entries =
        config.certificates.len() + config.instance_cas.len() + config.instance_ssls.len();
    let idle = (entries == 0).then(|| {
        "there is nothing to do: no certificate, instance_ca or instance_ssl is configured"
            .to_owned()
    });
    let listen = config.metrics.map(|listen| {
        format!("metrics: listen {listen} is accepted, and not served by this version yet")
    });
    let cas = config.instance_cas.iter().filter_map(category);
    idle.into_iter().chain(listen).chain(cas).collect()
}

/// DCS publishes one CA, so that a wish for one of several has no meaning there.
fn category(entry: &InstanceCa) -> Option<String> {
    let ignored = entry.source == CaSource::Dcs && entry.category != raw::CATEGORY;
    ignored.then(|| {
        format!("instance_ca {}: category is accepted, and means nothing to dcs, which publishes one CA", entry.name)
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::config::parse;

    #[test]
    fn says_what_is_not_done() {
        let text = "[metrics]\nlisten = '127.0.0.1:1'\n[cloud.main]\nregion = 'cn-north-4'\n\
             [[certificate]]\nname = 'www'\ncert = 'c'\nkey = 'k'\n\
             [[certificate.push]]\nservice = 'elb'\nlisteners = ['a']\nprobe = ['a.b:443']\n\
             [[certificate]]\nname = 'api'\ncert = 'd'\nkey = 'k'\nkeep = 5\n\
             [[instance_ca]]\nname = 'orders'\nservice = 'dcs'\ninstance_id = 'a'\npath = '/a'\n\
             category = 'national'\n[[instance_ca]]\nname = 'carts'\nservice = 'geminidb'\n\
             instance_id = 'b'\npath = '/b'\ncategory = 'national'\n[[instance_ca]]\nname = 'users'\n\
             service = 'dcs'\ninstance_id = 'c'\npath = '/c'\ncategory = 'international'\n";
        let warnings = parse(Path::new("c"), text).unwrap().warnings;
        assert_eq!(
            warnings,
            [
                "metrics: listen 127.0.0.1:1 is accepted, and not served by this version yet",
                "instance_ca orders: category is accepted, and means nothing to dcs, which publishes one CA",
            ]
        );
    }
}
