//! Where each service answers: the official table of endpoints, with its exceptions.

use std::net::IpAddr;

use reqwest::Url;

use crate::model::account::Account;
use crate::model::target::Api;

/// The metadata service's link-local address, from the ECS document.
const METADATA: &str = "http://169.254.169.254";

/// The regions of both sites that are known by name. There are newer ones than any list has.
pub const REGIONS: [&str; 36] = [
    "ae-ad-1",
    "af-north-1",
    "af-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "cn-east-2",
    "cn-east-3",
    "cn-east-4",
    "cn-east-5",
    "cn-north-1",
    "cn-north-11",
    "cn-north-12",
    "cn-north-2",
    "cn-north-4",
    "cn-north-7",
    "cn-north-9",
    "cn-northeast-1",
    "cn-south-1",
    "cn-south-2",
    "cn-south-4",
    "cn-southwest-2",
    "cn-southwest-3",
    "eu-west-0",
    "eu-west-101",
    "la-north-2",
    "la-south-2",
    "me-east-1",
    "my-kualalumpur-1",
    "na-mexico-1",
    "ru-moscow-1",
    "ru-northwest-2",
    "sa-brazil-1",
    "tr-west-1",
];

/// The base address of a service in a region, without a trailing slash. The account's own endpoint wins.
pub(super) fn base(account: &Account, api: Api, region: &str) -> String {
    match account.endpoints.get(&api) {
        Some(own) => own.clone(),
        None => builtin(api, region),
    }
}

/// The region of a project: `cn-north-4` of `cn-north-4_foo`.
pub fn of_project(project_name: &str) -> &str {
    project_name.split('_').next().unwrap_or(project_name)
}

/// Whether every endpoint that the account names is on this host: a rehearsal or a test, the only
/// time that links to this host are followed.
pub(super) fn is_rehearsal(account: &Account) -> bool {
    !account.endpoints.is_empty()
        && account.endpoints.values().all(|base| {
            Url::parse(base).is_ok_and(|url| url.host_str().is_some_and(is_loopback_host))
        })
}

/// Whether this host, as it stands in an address, is this machine.
pub(super) fn is_loopback_host(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    match bare.parse::<IpAddr>() {
        Ok(address) => address.to_canonical().is_loopback(),
        Err(_) => {
            let name = bare.trim_end_matches('.').to_ascii_lowercase();
            name == "localhost" || name.ends_with(".localhost")
        }
    }
}

fn builtin(api: Api, region: &str) -> String {
    let european = region == "eu-west-101";
    let top = match api {
        Api::Iam | Api::Scm | Api::Cdn | Api::GeminiDb | Api::Rds | Api::Dds if european => "eu",
        Api::Waf if region == "cn-north-9" => "cn",
        _ => "com",
    };
    let label = match api {
        Api::Metadata => return METADATA.to_owned(),
        Api::Cdn => return format!("https://cdn.myhuaweicloud.{top}"),
        Api::Scm => return format!("https://scm.{}.myhuaweicloud.{top}", scm_site(region)),
        Api::Iam => "iam",
        Api::Elb => "elb",
        Api::Waf => "waf",
        Api::Dcs => "dcs",
        Api::GeminiDb => "gaussdb-nosql",
        Api::TaurusDb => taurusdb(region),
        Api::Rds => "rds",
        Api::Dds => "dds",
        Api::GaussDb => gaussdb(region),
    };
    format!("https://{label}.{region}.myhuaweicloud.{top}")
}

/// The certificate manager is one service a site. A region in China belongs to the China site, which
/// an account of the international site with regions there must override.
fn scm_site(region: &str) -> &'static str {
    match region {
        "eu-west-101" => "eu-west-101",
        "my-kualalumpur-1" => "my-kualalumpur-1",
        _ if region.starts_with("cn-") => "cn-north-4",
        _ => "ap-southeast-1",
    }
}

fn taurusdb(region: &str) -> &'static str {
    match region {
        "ap-southeast-1" | "ap-southeast-2" | "tr-west-1" | "me-east-1" | "cn-north-11" => {
            "gaussdbformysql"
        }
        "af-south-1" | "la-north-2" | "cn-east-5" | "cn-southwest-3" => "gaussdb-mysql",
        _ => "gaussdb",
    }
}

fn gaussdb(region: &str) -> &'static str {
    match region {
        "cn-east-2" | "cn-east-4" | "cn-east-5" | "ap-southeast-5" | "tr-west-1" | "me-east-1"
        | "af-north-1" | "cn-north-12" => "gaussdb",
        _ => "gaussdb-opengauss",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exceptions_of_the_table_hold() {
        for (api, region, expected) in [
            (Api::Scm, "cn-south-1", "https://scm.cn-north-4.myhuaweicloud.com"),
            (Api::Scm, "af-south-1", "https://scm.ap-southeast-1.myhuaweicloud.com"),
            (Api::Scm, "eu-west-101", "https://scm.eu-west-101.myhuaweicloud.eu"),
            (Api::Iam, "eu-west-101", "https://iam.eu-west-101.myhuaweicloud.eu"),
            (Api::Elb, "eu-west-101", "https://elb.eu-west-101.myhuaweicloud.com"),
            (Api::Cdn, "cn-north-4", "https://cdn.myhuaweicloud.com"),
            (Api::Cdn, "eu-west-101", "https://cdn.myhuaweicloud.eu"),
            (Api::Waf, "cn-north-9", "https://waf.cn-north-9.myhuaweicloud.cn"),
            (Api::GeminiDb, "cn-east-3", "https://gaussdb-nosql.cn-east-3.myhuaweicloud.com"),
            (Api::TaurusDb, "cn-north-4", "https://gaussdb.cn-north-4.myhuaweicloud.com"),
            (Api::TaurusDb, "tr-west-1", "https://gaussdbformysql.tr-west-1.myhuaweicloud.com"),
            (Api::TaurusDb, "cn-east-5", "https://gaussdb-mysql.cn-east-5.myhuaweicloud.com"),
            (Api::GaussDb, "cn-east-5", "https://gaussdb.cn-east-5.myhuaweicloud.com"),
            (Api::Metadata, "cn-north-4", "http://169.254.169.254"),
        ] {
            assert_eq!(builtin(api, region), expected);
        }
        assert_eq!(of_project("cn-north-4_foo"), "cn-north-4");
        assert_eq!(of_project("cn-north-4"), "cn-north-4");
    }

    #[test]
    fn this_host_has_many_names() {
        for host in ["127.0.0.1", "127.8.9.1", "[::1]", "localhost", "LOCALHOST.", "a.localhost"] {
            assert!(is_loopback_host(host), "{host}");
        }
        assert!(is_loopback_host("[::ffff:127.0.0.1]"));
        for host in ["10.0.0.1", "example.com", "127.0.0.1.example.com", "[::2]"] {
            assert!(!is_loopback_host(host), "{host}");
        }
    }
}
