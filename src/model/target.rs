//! Where certificates go and where CA files come from: the closed lists.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A service that a certificate is pushed to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Target {
    /// Elastic Load Balance.
    Elb,
    /// Web Application Firewall.
    Waf,
    /// Content Delivery Network.
    Cdn,
}

impl Target {
    /// The API that lists this target's certificates.
    pub fn api(self) -> Api {
        match self {
            Self::Elb => Api::Elb,
            Self::Waf => Api::Waf,
            Self::Cdn => Api::Cdn,
        }
    }
}

impl fmt::Display for Target {
    /// As the push call's `target_service` wants it: upper case.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Elb => "ELB",
            Self::Waf => "WAF",
            Self::Cdn => "CDN",
        })
    }
}

/// A service whose instances publish a CA.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CaSource {
    /// Distributed Cache Service for Redis.
    Dcs,
    /// GeminiDB.
    GeminiDb,
    /// Relational Database Service.
    Rds,
    /// Document Database Service.
    Dds,
    /// GaussDB, the openGauss kind.
    GaussDb,
}

impl CaSource {
    /// Whether it publishes several CAs, by category; the others publish one.
    pub fn has_categories(self) -> bool {
        matches!(self, Self::GeminiDb | Self::Rds | Self::Dds)
    }

    /// The API that publishes it.
    pub fn api(self) -> Api {
        match self {
            Self::Dcs => Api::Dcs,
            Self::GeminiDb => Api::GeminiDb,
            Self::Rds => Api::Rds,
            Self::Dds => Api::Dds,
            Self::GaussDb => Api::GaussDb,
        }
    }
}

/// A service whose instances have an SSL switch.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SslSwitch {
    /// TaurusDB, once named GaussDB(for MySQL).
    TaurusDb,
}

impl SslSwitch {
    /// The API that switches it.
    pub fn api(self) -> Api {
        match self {
            Self::TaurusDb => Api::TaurusDb,
        }
    }
}

/// One API with an endpoint of its own: the keys of `[cloud.NAME.endpoints]`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "each is the service of that name")]
pub enum Api {
    Iam,
    Scm,
    Elb,
    Waf,
    Cdn,
    Dcs,
    GeminiDb,
    TaurusDb,
    Rds,
    Dds,
    GaussDb,
    Metadata,
}

impl Api {
    /// Every API, in the order of the configuration's documentation.
    pub const ALL: [Self; 12] = [
        Self::Iam,
        Self::Scm,
        Self::Elb,
        Self::Waf,
        Self::Cdn,
        Self::Dcs,
        Self::GeminiDb,
        Self::TaurusDb,
        Self::Rds,
        Self::Dds,
        Self::GaussDb,
        Self::Metadata,
    ];

    /// The configuration key, which is also what logs say.
    pub fn key(self) -> &'static str {
        match self {
            Self::Iam => "iam",
            Self::Scm => "scm",
            Self::Elb => "elb",
            Self::Waf => "waf",
            Self::Cdn => "cdn",
            Self::Dcs => "dcs",
            Self::GeminiDb => "geminidb",
            Self::TaurusDb => "taurusdb",
            Self::Rds => "rds",
            Self::Dds => "dds",
            Self::GaussDb => "gaussdb",
            Self::Metadata => "metadata",
        }
    }

    /// The API of this configuration key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|api| api.key() == key)
    }
}

impl fmt::Display for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Iam => "IAM",
            Self::Scm => "SCM",
            Self::Elb => "ELB",
            Self::Waf => "WAF",
            Self::Cdn => "CDN",
            Self::Dcs => "DCS",
            Self::GeminiDb => "GeminiDB",
            Self::TaurusDb => "TaurusDB",
            Self::Rds => "RDS",
            Self::Dds => "DDS",
            Self::GaussDb => "GaussDB",
            Self::Metadata => "ECS metadata",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_apis_go_both_ways() {
        for api in Api::ALL {
            assert_eq!(Api::from_key(api.key()), Some(api));
        }
        assert_eq!(Api::from_key("obs"), None);
    }
}
