//! Entries of which no file on this host tells anything: listed with what they ask for, so that their absence shows.

use serde::Serialize;

use super::{Row, row};
use crate::config::{Config, InstanceSsl, Notify, Receiver};
use crate::model::names::Name;
use crate::model::target::Api;

/// One SSL switch. The keys are public interface.
#[derive(Serialize)]
pub(super) struct Switch {
    name: Name,
    service: Api,
    instance_id: String,
    wanted: &'static str,
}

/// One who is told. The keys are public interface.
#[derive(Serialize)]
pub(super) struct Told {
    name: Name,
    /// The way, and never the address, which may be a secret.
    to: &'static str,
}

/// Every SSL switch, in the configuration's order.
pub(super) fn switches(config: &Config) -> Vec<Switch> {
    let switch = |entry: &InstanceSsl| Switch {
        name: entry.name.clone(),
        service: entry.switch.api(),
        instance_id: entry.instance_id.clone(),
        wanted: if entry.enabled { "on" } else { "off" },
    };
    config.instance_ssls.iter().map(switch).collect()
}

/// Everybody who is told, in the configuration's order.
pub(super) fn told(config: &Config) -> Vec<Told> {
    let told = |entry: &Notify| Told {
        name: entry.name.clone(),
        to: match entry.to {
            Receiver::Webhook { .. } => "webhook",
            Receiver::Command(_) => "command",
        },
    };
    config.notify.iter().map(told).collect()
}

impl Switch {
    /// As a row of text.
    pub(super) fn row(&self) -> Row {
        let Self { name, service, instance_id, wanted } = self;
        let words = format!("{service} {instance_id}, wanted {wanted}");
        row(["ok".into(), format!("instance_ssl {name}"), words])
    }
}

impl Told {
    /// As a row of text.
    pub(super) fn row(&self) -> Row {
        row(["ok".into(), format!("notify {}", self.name), self.to.into()])
    }
}
