//! What a file asks for and this version does not do yet, said at start so that nobody relies on it.

use super::{Certificate, Config};

/// One sentence for each such wish, and one for a file without any.
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
    let certificates = config.certificates.iter().filter_map(certificate);
    idle.into_iter().chain(listen).chain(certificates).collect()
}

fn certificate(entry: &Certificate) -> Option<String> {
    let asked = |key, list: fn(&super::Push) -> &Vec<String>| {
        entry.pushes.iter().any(|push| !list(push).is_empty()).then_some(key)
    };
    let keys: Vec<&str> = [
        asked("listeners", |push| &push.listeners),
        asked("hosts", |push| &push.hosts),
        asked("domains", |push| &push.domains),
        asked("probe", |push| &push.probes),
    ]
    .into_iter()
    .flatten()
    .collect();
    (!keys.is_empty()).then(|| {
        let (name, keys) = (&entry.name, keys.join(", "));
        format!("certificate {name}: {keys} are accepted, and not acted on by this version yet")
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
             [[certificate.push]]\nservice = 'elb'\nlisteners = ['a']\nprobe = ['a.b:443']\n";
        let warnings = parse(Path::new("c"), text).unwrap().warnings;
        assert_eq!(
            warnings,
            [
                "metrics: listen 127.0.0.1:1 is accepted, and not served by this version yet",
                "certificate www: listeners, probe are accepted, and not acted on by this version yet",
            ]
        );
    }
}
