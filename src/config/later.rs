//! What a file asks for and does not get, or gets and may not have meant, said at start so that nobody
//! relies on it.

use super::{Config, InstanceCa, raw};
use crate::model::place::Protocol;
use crate::model::target::CaSource;

/// One sentence for each such wish, and one for a file without any. A default is nobody's wish, whether it
/// is written or not.
pub(super) fn warnings(config: &Config) -> Vec<String> {
    let certificates = config.certificates.len() + config.discover.len();
    let entries = certificates + config.instance_cas.len() + config.instance_ssls.len();
    let entries = entries + config.watch_files.len();
    let idle = (entries == 0).then(|| {
        "there is nothing to do: no certificate, discover, instance_ca, instance_ssl or watch_file is configured; \
         `certrotd init --region REGION` prints a first configuration from the certificates on this host"
            .to_owned()
    });
    let open = config.metrics.listen.filter(|listen| !listen.ip().to_canonical().is_loopback());
    let listen = open.map(|listen| {
        format!("metrics: listen {listen} is no loopback address: whoever reaches it can read the names of all entries and how they are doing, without a password")
    });
    let cas = config.instance_cas.iter().flat_map(|entry| [category(entry), protocol(entry)]);
    let cas = cas.flatten();
    idle.into_iter().chain(listen).chain(cas).collect()
}

/// Some services publish one CA, so that a wish for one of several has no meaning there.
fn category(entry: &InstanceCa) -> Option<String> {
    let ignored = !entry.source.has_categories() && entry.category != raw::CATEGORY;
    ignored.then(|| {
        let (name, service) = (&entry.name, entry.source.api().key());
        format!("instance_ca {name}: category is accepted, and means nothing to {service}, which publishes one CA")
    })
}

/// A handshake that begins in another way than any instance of the service does ends without a proof. Only
/// what is sure is said: a service may learn another way.
fn protocol(entry: &InstanceCa) -> Option<String> {
    let asked = entry.probe.as_ref()?.protocol;
    let spoken = match entry.source {
        CaSource::Dcs | CaSource::Dds => "tls",
        CaSource::Rds => "postgres or mysql",
        CaSource::GaussDb => "postgres",
        CaSource::GeminiDb => return None,
    };
    let plain = spoken == Protocol::Tls.key();
    (plain != (asked == Protocol::Tls)).then(|| {
        let (name, service) = (&entry.name, entry.source.api().key());
        let asked = asked.key();
        format!("instance_ca {name}: its probe begins with protocol {asked}, and {service} expects {spoken}: it will prove nothing")
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::config::parse;

    #[test]
    fn says_what_is_not_done() {
        let text = "[metrics]\nlisten = '0.0.0.0:1'\n[cloud.main]\nregion = 'cn-north-4'\n\
             [[certificate]]\nname = 'www'\ncert = 'c'\nkey = 'k'\n\
             [[certificate.push]]\nservice = 'elb'\nlisteners = ['a']\nprobe = ['a.b:443']\n\
             [[certificate]]\nname = 'api'\ncert = 'd'\nkey = 'k'\nkeep = 5\n\
             [[instance_ca]]\nname = 'orders'\nservice = 'dcs'\ninstance_id = 'a'\npath = '/a'\n\
             category = 'national'\n[[instance_ca]]\nname = 'carts'\nservice = 'geminidb'\n\
             instance_id = 'b'\npath = '/b'\ncategory = 'national'\n[[instance_ca]]\nname = 'users'\n\
             service = 'dcs'\ninstance_id = 'c'\npath = '/c'\ncategory = 'international'\n\
             [[instance_ca]]\nname = 'bank'\nservice = 'gaussdb'\ninstance_id = 'd'\npath = '/d'\n\
             category = 'national'\n";
        let warnings = parse(Path::new("c"), text).unwrap().warnings;
        assert_eq!(
            warnings,
            [
                "metrics: listen 0.0.0.0:1 is no loopback address: whoever reaches it can read the names of all entries and how they are doing, without a password",
                "instance_ca orders: category is accepted, and means nothing to dcs, which publishes one CA",
                "instance_ca bank: category is accepted, and means nothing to gaussdb, which publishes one CA",
            ]
        );
    }

    #[test]
    fn a_loopback_address_is_nobodys_business() {
        for (listen, said) in [
            ("127.0.0.1:9469", 0),
            ("127.8.9.1:0", 0),
            ("[::1]:9469", 0),
            ("[::ffff:127.0.0.1]:9469", 0),
            ("[::]:9469", 1),
            ("192.0.2.1:9469", 1),
        ] {
            let text =
                format!("[metrics]\nlisten = '{listen}'\n[cloud.main]\nregion = 'cn-north-4'\n");
            let warnings = parse(Path::new("c"), &text).unwrap().warnings;
            let open = warnings.iter().filter(|it| it.starts_with("metrics: listen")).count();
            assert_eq!(open, said, "{listen}: {warnings:?}");
        }
    }

    #[test]
    fn says_that_a_probe_cannot_prove_anything() {
        for (service, protocol, said) in [
            ("dcs", "tls", None),
            ("dcs", "mysql", Some("protocol mysql, and dcs expects tls: it will prove nothing")),
            ("dds", "postgres", Some("protocol postgres, and dds expects tls")),
            ("rds", "tls", Some("protocol tls, and rds expects postgres or mysql")),
            ("rds", "mysql", None),
            ("rds", "postgres", None),
            ("gaussdb", "tls", Some("protocol tls, and gaussdb expects postgres")),
            ("gaussdb", "postgres", None),
            // It may have learnt so meanwhile.
            ("gaussdb", "mysql", None),
            ("geminidb", "mysql", None),
        ] {
            let entry = format!(
                "[cloud.main]\nregion = 'cn-north-4'\n[[instance_ca]]\nname = 'orders'\n\
                 service = '{service}'\ninstance_id = 'a'\npath = '/a'\n"
            );
            let probe = format!("{entry}probe = 'a.b:1'\nprotocol = '{protocol}'\n");
            let warnings = parse(Path::new("c"), &probe).unwrap().warnings;
            let begin = "instance_ca orders: its probe begins with";
            match (said, &warnings[..]) {
                (None, []) => {}
                (Some(said), [only]) => {
                    assert!(only.starts_with(&format!("{begin} {said}")), "{only}")
                }
                _ => panic!("{service} {protocol}: {warnings:?}"),
            }
            assert!(parse(Path::new("c"), &entry).unwrap().warnings.is_empty(), "{service}");
        }
    }
}
