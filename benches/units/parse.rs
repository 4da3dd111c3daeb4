//! A pair, from bytes to what may be sent, and a configuration with a table a certificate.

use std::fmt::Write as _;
use std::path::Path;

use certrotd::cert::read_pair;
use certrotd::config;
use certrotd::model::time::Time;
use certrotd::sim::pki::{Authority, KeyKind};
use divan::Bencher;
use divan::counter::ItemsCount;

#[divan::bench(args = [KeyKind::EcdsaP256, KeyKind::Rsa2048])]
fn pair(bencher: Bencher, kind: KeyKind) {
    let (begin, end) = (Time::from_secs(1_700_000_000), Time::from_secs(1_800_000_000));
    let made = Authority::new("Bench").issue(&["www.example.com"], kind, begin, end);
    let (cert, key) = (made.fullchain_pem(), made.key_pem.expose().to_owned());
    bencher.bench(|| read_pair(cert.as_bytes(), key.as_bytes(), None).unwrap());
}

#[divan::bench(args = [100, 1_000, 10_000], sample_count = 10)]
fn configuration(bencher: Bencher, entries: usize) {
    let text = written(entries);
    let path = Path::new("/etc/certrotd/certrotd.toml");
    bencher
        .counter(ItemsCount::new(entries))
        .bench(|| config::parse(path, &text).unwrap().certificates.len());
}

fn written(entries: usize) -> String {
    let mut text = concat!(
        "[cloud.north]\nregion = \"cn-north-4\"\nproject_id = \"0123456789abcdef0123456789abcdef\"\n",
        "[cloud.north.credentials]\nsource = \"environment\"\n"
    )
    .to_owned();
    for entry in 0..entries {
        let directory = format!("/etc/letsencrypt/live/{entry:06}");
        write!(
            text,
            "[[certificate]]\nname = \"{entry:06}\"\ncert = \"{directory}/fullchain.pem\"\n\
             key = \"{directory}/privkey.pem\"\n[[certificate.push]]\nservice = \"elb\"\n\
             [[certificate.push]]\nservice = \"waf\"\n[[certificate.push]]\nservice = \"cdn\"\n"
        )
        .unwrap();
    }
    text
}
