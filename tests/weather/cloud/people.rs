//! What people do meanwhile: they edit what is beside our certificates, and that has to survive every
//! binding.

use certrotd::model::target::Target;
use certrotd::plan::action::Action;
use serde_json::{Value, json};

use super::house::{House, LISTENER};
use super::pairs::{self, Kind, LEAVES_MAX};
use super::stage::Stage;
use super::{daemon, tally};

/// Fields beside the certificate, of which nothing is ours: site, field, and what it may be set to.
const FIELDS: [(&str, &str, [&str; 2]); 4] = [
    (LISTENER, "description", ["shop front", "closed on Sundays"]),
    (LISTENER, "tls_ciphers_policy", ["tls-1-2-strict", "tls-1-2"]),
    ("waf.example.com", "web_tag", ["front", "back"]),
    ("cdn.example.com", "https.http2_status", ["on", "off"]),
];

impl Stage {
    /// Somebody edits a neighbour. Not while a binding is under way or in doubt: the API has no way to
    /// tell which of two that write at once is the later one.
    pub fn person(&mut self) {
        tally::count("gust: person");
        if self.houses.iter().any(is_binding) {
            tally::count("person waits");
        } else if self.rng.percent(50) {
            tally::count("person edits");
            let (site, field, values) = self.rng.one_of(&FIELDS);
            let value = json!(self.rng.one_of(&values));
            assert!(self.sim.edit(site, field, value), "{site}");
        } else {
            tally::count("person renews a neighbour");
            self.renew_neighbour();
        }
        self.judge.edited(&self.sim);
    }

    /// The certificate beside ours at the listener is renewed by its owner.
    fn renew_neighbour(&mut self) {
        let (former, newer) = (self.judge.shop, self.judge.shop + 1);
        if newer >= LEAVES_MAX {
            return;
        }
        let project = self.settings.region.clone();
        let leaf = pairs::leaf(Kind::Shop, former).sha256;
        let stored = self.sim.certificates(Target::Elb);
        let old = stored.iter().find(|stored| stored.sha256 == leaf).unwrap();
        let id = self.sim.keep(Target::Elb, &project, &pairs::pair(Kind::Shop, newer)).unwrap();
        let listener = self.sim.listener(LISTENER).unwrap();
        let refs = listener["sni_container_refs"].as_array().unwrap();
        let refs = refs.iter().filter_map(Value::as_str);
        let refs: Vec<_> = refs.map(|other| if other == old.id { &id } else { other }).collect();
        assert!(self.sim.rebind_sni(LISTENER, &refs));
        self.judge.shop = newer;
    }
}

/// Whether a binding of this host may be under way: begun without an end, or with its answer lost.
fn is_binding(house: &House) -> bool {
    daemon::in_doubt(house).iter().any(|action| matches!(action, Action::Bind { .. }))
}
