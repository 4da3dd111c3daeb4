//! Certificates made here, and odd ones made by OpenSSL, through the module's public functions.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};

use crate::model::time::Time;

mod authorities;
mod bounds;
mod inside;
mod inspections;
mod pairs;

/// A file of `tests/data/pem`.
macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("../../../tests/data/pem/", $name))
    };
}
use fixture;

/// A moment at which everything made here is valid.
const NOW: Time = Time::from_secs(4_200_000_000);
/// In 2096: after OpenSSL made the fixtures, before they end.
const THEN: Time = Time::from_secs(4_000_000_000);
/// The years, 2100 to 2200, between which it is.
const YEARS: (i32, i32) = (2100, 2200);

type Authority = CertifiedIssuer<'static, KeyPair>;

fn params(name: &str, years: (i32, i32)) -> CertificateParams {
    let mut params = CertificateParams::new(vec![]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(years.0, 1, 1);
    params.not_after = date_time_ymd(years.1, 1, 1);
    params
}

fn ca_params(name: &str, years: (i32, i32)) -> CertificateParams {
    let mut params = params(name, years);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

fn root(name: &str) -> Authority {
    CertifiedIssuer::self_signed(ca_params(name, YEARS), KeyPair::generate().unwrap()).unwrap()
}

fn intermediate(name: &str, issuer: &Authority) -> Authority {
    let key = KeyPair::generate().unwrap();
    CertifiedIssuer::signed_by(ca_params(name, YEARS), key, issuer).unwrap()
}

fn leaf_with(years: (i32, i32), sans: &[String], key: &KeyPair, issuer: &Authority) -> String {
    let mut params = params("www.example.com", years);
    params.subject_alt_names = CertificateParams::new(sans).unwrap().subject_alt_names;
    params.signed_by(key, issuer).unwrap().pem()
}

fn leaf(key: &KeyPair, issuer: &Authority) -> String {
    leaf_with(YEARS, &["www.example.com".to_owned()], key, issuer)
}
