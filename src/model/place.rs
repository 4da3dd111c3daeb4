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

/// What to do about a binding that somebody else has changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Drift {
    /// Say so and leave it, unless an older leaf of the same rotation stands there.
    #[default]
    Report,
    /// Bind ours again, whatever stands there.
    Repair,
}
