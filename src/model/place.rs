//! Where a certificate is served: the place that it is bound at, and how that is proven.

use std::fmt;
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use super::target::Target;

/// Where a certificate is bound: one listener, host or domain.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Place {
    /// The service.
    pub target: Target,
    /// The IAM project's name; CDN has one place for all projects and ignores it.
    pub project: String,
    /// The listener's id, the host's name or id, or the domain's name: as the operator wrote it.
    pub site: String,
}

impl fmt::Display for Place {
    /// `listener 0a1b… of ELB in cn-north-4`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { target, project, site } = self;
        match target {
            Target::Elb => write!(f, "listener {site} of ELB in {project}"),
            Target::Waf => write!(f, "host {site} of WAF in {project}"),
            Target::Cdn => write!(f, "domain {site} of CDN"),
        }
    }
}

/// One handshake that proves what is served: `host:port`, or `name@address:port`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Probe {
    /// As the operator wrote it.
    pub text: String,
    /// The name that the handshake asks for; absent where the host is an address, which asks for none.
    pub name: Option<String>,
    /// Where it connects to.
    pub at: Dial,
}

/// Where a connection goes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Dial {
    /// To whatever the name resolves to.
    Name(String, u16),
    /// To this address alone.
    Address(SocketAddr),
}

impl fmt::Display for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

/// One handshake with an instance: where, and what is said before TLS begins.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct InstanceProbe {
    /// Where.
    pub probe: Probe,
    /// How TLS begins there.
    pub protocol: Protocol,
}

/// How TLS begins on a connection to a database.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Protocol {
    /// At once: Redis, MongoDB.
    #[default]
    Tls,
    /// After PostgreSQL's SSLRequest, which openGauss has too.
    Postgres,
    /// After the greeting of a MySQL server, where that offers SSL.
    MySql,
}

impl Protocol {
    /// Every one, in the order of the configuration's documentation.
    pub const ALL: [Self; 3] = [Self::Tls, Self::Postgres, Self::MySql];

    /// As the configuration has it.
    pub fn key(self) -> &'static str {
        match self {
            Self::Tls => "tls",
            Self::Postgres => "postgres",
            Self::MySql => "mysql",
        }
    }
}

/// What to do about a binding that somebody else has changed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Drift {
    /// Say so and leave it, unless an older leaf of the same rotation stands there.
    #[default]
    Report,
    /// Bind ours again, whatever stands there.
    Repair,
}
