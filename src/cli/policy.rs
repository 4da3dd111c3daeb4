//! `certrotd policy`: the custom policies of IAM that this configuration needs, and nothing beyond them.

mod needs;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::args::Format;
use super::table::{self, Row};
use super::{Exit, print};
use crate::cloud::{Basis, Permission, Scope};
use crate::config::Config;
use crate::model::account::Account;
use crate::model::names::Name;
use crate::telemetry::page::Cell;

/// The version of policies that name actions of services, whoever the resource belongs to.
const VERSION: &str = "1.1";

/// Everything shown. The keys are public interface.
#[derive(Serialize)]
struct Shown {
    policies: Vec<Policy>,
    notes: Vec<String>,
}

/// One policy: what IAM takes as one piece.
#[derive(Serialize)]
struct Policy {
    cloud: Name,
    name: String,
    scope: &'static str,
    /// Where it is granted; none for a global one.
    projects: Vec<String>,
    /// What to paste.
    policy: Document,
    actions: Vec<Action>,
}

/// A policy as IAM writes it.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Document {
    version: &'static str,
    statement: [Statement; 1],
}

/// Its only statement.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Statement {
    effect: &'static str,
    action: Vec<&'static str>,
}

/// One action of a policy.
#[derive(Serialize)]
struct Action {
    action: &'static str,
    /// Its name in identity policies, where that is another one.
    identity_action: Option<&'static str>,
    /// The operations that want it.
    operations: Vec<String>,
    /// `documented` or `inferred`.
    basis: &'static str,
    /// What it is inferred from.
    inferred_from: Option<&'static str>,
}

/// Prints the policies of every account. Sends nothing and reads no credential.
pub(super) fn policy(config: &Config, format: Format) -> Exit {
    let shown = shown(config);
    match format {
        Format::Json => print::json(&shown),
        Format::Text => print::text(&words(&shown)),
    }
    Exit::Fine
}

fn shown(config: &Config) -> Shown {
    let policies = config.accounts.iter().flat_map(|account| policies(config, account)).collect();
    Shown { policies, notes: notes(config) }
}

/// The policies of one account: one for what is global, and one for what is not, where there is any of it.
fn policies(config: &Config, account: &Account) -> Vec<Policy> {
    let wanted = needs::permissions(config, account);
    let projects = needs::projects(config, account);
    let of = |scope: Scope| -> Option<Policy> {
        let wanted: Vec<_> = wanted.iter().copied().filter(|it| it.scope() == scope).collect();
        (!wanted.is_empty()).then(|| one(account, scope, &projects, &wanted))
    };
    [Scope::Global, Scope::Project].into_iter().filter_map(of).collect()
}

fn one(
    account: &Account,
    scope: Scope,
    projects: &BTreeSet<String>,
    wanted: &[&'static Permission],
) -> Policy {
    let mut actions: BTreeMap<&'static str, Vec<&'static Permission>> = BTreeMap::new();
    for permission in wanted {
        actions.entry(permission.action).or_default().push(permission);
    }
    let action = actions.keys().copied().collect();
    let (word, projects) = match scope {
        Scope::Global => ("global", Vec::new()),
        Scope::Project => ("project", projects.iter().cloned().collect()),
    };
    Policy {
        cloud: account.name.clone(),
        name: format!("certrotd-{}-{word}", account.name),
        scope: word,
        projects,
        policy: Document { version: VERSION, statement: [Statement { effect: "Allow", action }] },
        actions: actions.values().filter_map(|rows| described(rows)).collect(),
    }
}

/// One action with all that wants it. It is documented where it is for one of them.
fn described(rows: &[&'static Permission]) -> Option<Action> {
    let first = rows.first()?;
    let operations: BTreeSet<_> = rows.iter().map(|it| operation(it)).collect();
    let reasons = rows.iter().map(|it| match it.basis {
        Basis::Documented => None,
        Basis::Inferred(why) => Some(why),
    });
    let inferred_from = reasons.min().flatten();
    Some(Action {
        action: first.action,
        identity_action: rows.iter().find_map(|it| it.identity),
        operations: operations.into_iter().collect(),
        basis: if inferred_from.is_some() { "inferred" } else { "documented" },
        inferred_from,
    })
}

fn operation(permission: &Permission) -> String {
    let Permission { api, operation, target, .. } = permission;
    let target = target.map(|target| format!(" to {target}")).unwrap_or_default();
    format!("{api} {operation}{target}")
}

/// What no action says.
fn notes(config: &Config) -> Vec<String> {
    let mut notes = vec![
        "none of these names was tried against the live cloud: `certrotd check --online` tries the reads, and a \
         missing write shows at the first step that wants it"
            .to_owned(),
    ];
    let asks = |account: &Account| {
        needs::permissions(config, account).iter().any(|it| it.action == needs::LIST_PROJECTS)
    };
    if !config.accounts.iter().all(asks) {
        notes.push(format!(
            "where {} is not among them, `check --online` says that it may not ask IAM, and looks at the rest all \
             the same",
            needs::LIST_PROJECTS
        ));
    }
    if needs::binds_domains(config) {
        notes.push(
            "CDN takes certificates of the certificate manager only after \"Enable SCM Authorization\" on the \
             domains page of its console: that makes an agency, and is no action"
                .to_owned(),
        );
    }
    notes
}

fn words(shown: &Shown) -> String {
    let mut text = String::new();
    let count = shown.policies.len();
    for (index, policy) in shown.policies.iter().enumerate() {
        text.push_str(&heading(policy, index + 1, count));
        // Nothing in it can fail to become JSON.
        let document = serde_json::to_string_pretty(&policy.policy).unwrap_or_default();
        text.push_str(&format!("{document}\n\n"));
        let rows: Vec<_> = policy.actions.iter().map(row).collect();
        text.push_str(&table::text(&rows));
        text.push('\n');
    }
    if shown.policies.is_empty() {
        text.push_str("this configuration has no entry: nothing has to be allowed\n\n");
    }
    for note in &shown.notes {
        let note = Row { cells: vec!["note".to_owned().into()], notes: Vec::new() }.with(note);
        text.push_str(&table::text(&[note]));
    }
    text
}

fn heading(policy: &Policy, number: usize, count: usize) -> String {
    let Policy { cloud, name, projects, .. } = policy;
    let (services, granted) = match projects.as_slice() {
        [] => ("global services", "global services".to_owned()),
        projects => ("services of a region", format!("these projects: {}", projects.join(", "))),
    };
    let title = format!("policy {number} of {count}: cloud {cloud}, {services}");
    let steps = format!(
        "IAM console: Permissions > Policies/Roles > Create Custom Policy. Name it {name}, choose the JSON view, \
         paste what follows, and grant it to a user group of the key's user, or to the agency, for {granted}."
    );
    table::text(&[Row { cells: vec![title.into()], notes: vec![steps] }])
}

fn row(action: &Action) -> Row {
    let for_what = action.operations.join(", ");
    let mut notes = Vec::new();
    if let Some(why) = action.inferred_from {
        notes.push(format!("inferred from: {why}"));
    }
    if let Some(other) = action.identity_action {
        notes.push(format!("in an identity policy: {other}"));
    }
    Row {
        cells: [action.basis.to_owned(), action.action.to_owned(), for_what].map(Cell::from).into(),
        notes,
    }
}

#[cfg(test)]
mod tests;
