//! Every call that the daemon makes, by a name of its own.

use std::fmt::Debug;
use std::net::SocketAddr;

use certrotd::cloud::{Cloud, Result, cdn, dcs, dds, download, elb, gaussdb, geminidb, rds, scm};
use certrotd::cloud::{taurusdb, waf};
use certrotd::model::digest::Sha256;
use certrotd::model::secret::Secret;
use certrotd::model::target::Target;

use super::server::SECRET_KEY;
use super::{NOW, REGION};

/// Ids as the services write them.
const SCM_ID: &str = "scs1600313391738";
const ID: &str = "0a1b2c3d4e5f60718293a4b5c6d7e8f9";
/// A name as certrotd gives it to an import.
const NAME: &str = "www-example-com-0123456789ab";

macro_rules! calls {
    ($($variant:ident $name:literal,)*) => {
        /// One call.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Call {
            $($variant,)*
        }

        impl Call {
            /// The call of this name.
            pub(super) fn of(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

calls! {
    Import "import",
    Push "push",
    Delete "delete",
    FindByName "find-by-name",
    FindByDigest "find-by-digest",
    Siblings "siblings",
    Show "show",
    Deployed "deployed",
    ElbCertificates "elb-certificates",
    ElbQuota "elb-quota",
    ElbDelete "elb-delete",
    ElbListeners "elb-listeners",
    ElbListener "elb-listener",
    ElbBind "elb-bind",
    WafCertificates "waf-certificates",
    WafHosts "waf-hosts",
    WafExchange "waf-exchange",
    WafDelete "waf-delete",
    CdnCertificates "cdn-certificates",
    CdnBind "cdn-bind",
    Dcs "dcs",
    GeminiDb "geminidb",
    Rds "rds",
    Dds "dds",
    GaussDb "gaussdb",
    Switch "switch",
    Job "job",
    SwitchJobs "switch-jobs",
    Fetch "fetch",
    Verify "verify",
    ProjectId "project-id",
}

impl Call {
    /// Whether a service's own word that there is no such thing is a good answer.
    pub(super) fn may_be_absent(self) -> bool {
        matches!(
            self,
            Self::Show | Self::Delete | Self::ElbDelete | Self::WafDelete | Self::Deployed
        )
    }

    /// Whether the client knows afterwards what it did not know before.
    pub(super) fn is_remembered(self) -> bool {
        matches!(self, Self::CdnBind | Self::ProjectId)
    }

    /// Makes it, and shows what came.
    pub(super) async fn make(self, cloud: &Cloud, address: SocketAddr) -> Result<String> {
        let leaf = Sha256::of(NAME.as_bytes());
        match self {
            Self::Import => show(scm::import(cloud, &import()).await),
            Self::Push => show(scm::push(cloud, SCM_ID, Target::Elb, REGION).await),
            Self::Delete => show(scm::delete(cloud, SCM_ID).await),
            Self::FindByName => show(scm::find_by_name(cloud, NAME, None).await),
            Self::FindByDigest => show(scm::find_by_digest(cloud, &leaf, None).await),
            Self::Siblings => show(scm::siblings(cloud, "www-example-com", None).await),
            Self::Show => show(scm::show(cloud, SCM_ID).await),
            Self::Deployed => show(scm::deployed(cloud, &[SCM_ID.to_owned()]).await),
            Self::CdnCertificates => show(cdn::certificates(cloud, |copy| copy).await),
            Self::CdnBind => show(cdn::bind(cloud, "www.example.com", SCM_ID, NAME, None).await),
            Self::Dcs => hide(dcs::certificate_link(cloud, ID).await.map(drop)),
            Self::GeminiDb => show(geminidb::certificate_links(cloud, ID).await),
            Self::Rds => show(rds::certificate_links(cloud, ID).await),
            Self::Dds => show(dds::certificate_links(cloud, ID).await),
            Self::GaussDb => hide(gaussdb::certificate_link(cloud, ID).await.map(drop)),
            Self::Switch => hide(taurusdb::switch_ssl(cloud, ID, true).await.map(drop)),
            Self::Job => show(taurusdb::job(cloud, ID).await),
            Self::SwitchJobs => show(taurusdb::switch_jobs(cloud, ID, NOW).await),
            Self::Fetch => hide(download::fetch(cloud, &link(address)).await.map(drop)),
            Self::Verify => show(cloud.verify().await),
            Self::ProjectId => hide(cloud.project_id("cn-north-4_web").await.map(drop)),
            Self::ElbCertificates
            | Self::ElbQuota
            | Self::ElbDelete
            | Self::ElbListeners
            | Self::ElbListener
            | Self::ElbBind => self.elb(cloud).await,
            Self::WafCertificates | Self::WafHosts | Self::WafExchange | Self::WafDelete => {
                self.waf(cloud).await
            }
        }
    }

    async fn elb(self, cloud: &Cloud) -> Result<String> {
        let exchange = elb::Exchange { put: ID.to_owned(), instead_of: vec!["old".to_owned()] };
        match self {
            Self::ElbCertificates => show(elb::certificates(cloud, REGION, |copy| copy).await),
            Self::ElbQuota => show(elb::certificate_quota(cloud, REGION).await),
            Self::ElbDelete => show(elb::delete_certificate(cloud, REGION, ID).await),
            Self::ElbListeners => show(elb::listeners(cloud, REGION).await),
            Self::ElbListener => show(elb::listener(cloud, REGION, ID).await),
            _ => show(elb::bind(cloud, REGION, ID, &exchange).await),
        }
    }

    async fn waf(self, cloud: &Cloud) -> Result<String> {
        let former = ["old".to_owned()];
        match self {
            Self::WafCertificates => show(waf_certificates(cloud).await),
            Self::WafHosts => show(waf::hosts(cloud, REGION).await),
            Self::WafDelete => show(waf::delete_certificate(cloud, REGION, ID).await),
            _ => show(waf::exchange(cloud, REGION, "www.example.com", ID, &former).await),
        }
    }
}

fn import() -> scm::Import<'static> {
    static KEY: std::sync::LazyLock<Secret> =
        std::sync::LazyLock::new(|| Secret::new(SECRET_KEY.to_owned()));
    scm::Import {
        name: NAME,
        certificate: "-----BEGIN CERTIFICATE-----",
        chain: "-----BEGIN CERTIFICATE-----",
        private_key: &KEY,
        enterprise_project_id: None,
    }
}

/// A pre-signed link to the very server: no other host is ever called.
fn link(address: SocketAddr) -> Secret {
    Secret::new(format!("http://{address}/ca.crt?Signature={SECRET_KEY}"))
}

fn show(outcome: Result<impl Debug>) -> Result<String> {
    outcome.map(|found| format!("{found:?}"))
}

/// What came is whatever the server said, or a secret; that it came is enough.
fn hide(outcome: Result<()>) -> Result<String> {
    outcome.map(|()| String::new())
}

/// The list, and then each of its rows without a PEM.
async fn waf_certificates(cloud: &Cloud) -> Result<Vec<certrotd::cloud::Copy>> {
    let mut shown = Vec::new();
    for listed in waf::certificates(cloud, REGION).await? {
        match listed.pem {
            Some(_) => shown.push(listed),
            None => shown.extend(waf::shown(cloud, REGION, &listed).await?),
        }
    }
    Ok(shown)
}
