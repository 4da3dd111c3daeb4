//! Whether the databases' clients have what they need: the CA files, how each got there, and the SSL
//! switches. Judged by what lies in the files, by clients that connect with them, and by greetings.

use std::time::Duration;

use super::super::picture::{Ca, Picture, Switch};
use super::super::watch::Clients;
use super::{Check, Past, many};
use crate::model::digest::Sha256;
use crate::model::target::CaSource;

/// Every service whose instances publish a CA, in the order of the lines.
pub(super) const SOURCES: [CaSource; 5] =
    [CaSource::Dcs, CaSource::GeminiDb, CaSource::Rds, CaSource::Dds, CaSource::GaussDb];

/// What the lines about switches are called.
const SWITCH: &str = "TaurusDB SSL switch";

/// What became of a file whose instance got another CA.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in super::super) struct Renewed {
    /// The entry.
    pub(in super::super) name: &'static str,
    pub(in super::super) old: Vec<Sha256>,
    pub(in super::super) new: Vec<Sha256>,
    /// Whether the file held both before the instance presented anything else.
    pub(in super::super) both: bool,
    /// Of an instance that presents the former CA's certificate for longer than the overlap: whether
    /// the file held both until the end of that.
    pub(in super::super) unproven: Option<bool>,
    /// How long after the new CA was published the old one left; absent: it did not.
    pub(in super::super) stood: Option<Duration>,
    /// How long it was to stand at least.
    pub(in super::super) overlap: Duration,
}

/// What became of a file whose instance published something else than a CA.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in super::super) struct BadCa {
    /// Whether the daemon asked for it.
    pub(in super::super) fetched: bool,
    /// Whether it says so.
    pub(in super::super) told: bool,
    pub(in super::super) before: Option<Ca>,
    pub(in super::super) after: Option<Ca>,
}

/// Every file of this service holds what the instance publishes, and a client connects with it alone.
pub(super) fn ca(picture: &Picture, source: CaSource) -> Option<Check> {
    let cas: Vec<_> = picture.cas.iter().filter(|ca| ca.source == source).collect();
    let wrong = cas.iter().filter_map(|ca| {
        let name = &ca.name;
        match (&ca.file, &ca.client) {
            (None, _) => Some(format!("the file of {name} is not there")),
            _ if !ca.is_equal() => {
                Some(format!("the file of {name} is not what its instance publishes"))
            }
            (_, Some(Err(why))) => Some(format!("a client of {name} turns away: {why}")),
            _ => None,
        }
    });
    let wrong: Vec<_> = wrong.collect();
    let holds = if cas.len() == 1 { "holds" } else { "hold" };
    let connected = cas.iter().filter(|ca| matches!(ca.client, Some(Ok(_)))).count();
    let clients = match connected {
        0 => String::new(),
        1 => ", and a client connects with that alone".to_owned(),
        more => format!(", and {more} clients connect with that alone"),
    };
    let good = format!("{} {holds} what is published{clients}", many(cas.len(), "file"));
    (!cas.is_empty()).then(|| Check::new(&format!("{} CA", source.api()), &wrong, good))
}

/// Every switch that was to be turned was sent once and followed to its end; no other was sent. Those that the
/// file gives no leave to have a line of their own, since nothing of them was shown.
pub(super) fn switch(picture: &Picture, past: &Past) -> Vec<Check> {
    let waits = |it: &&Switch| {
        let settled = it.assumed || past.so_already.contains(&it.name);
        it.jobs.is_empty() && !it.allowed && !settled
    };
    let (waiting, others): (Vec<_>, Vec<_>) = picture.switches.iter().partition(waits);
    let judged = others.iter().map(|it| one(it, past.so_already.contains(&it.name)));
    let (words, wrong): (Vec<_>, Vec<_>) = judged.partition(Result::is_ok);
    let words: Vec<_> = words.into_iter().filter_map(Result::ok).collect();
    let wrong: Vec<_> = wrong.into_iter().filter_map(Result::err).collect();
    let sent = (!others.is_empty()).then(|| Check::new(SWITCH, &wrong, words.join("; ")));
    let waiting = waiting.into_iter().map(|it| format!("{} waits for `allow_restart`", it.name));
    let waiting: Vec<_> = waiting.collect();
    let held = (!waiting.is_empty()).then(|| Check::waiting(SWITCH, waiting.join("; ")));
    sent.into_iter().chain(held).collect()
}

fn one(switch: &Switch, so_already: bool) -> Result<String, String> {
    let Switch { name, on, allowed, assumed, greets, jobs, followed } = switch;
    match jobs.as_slice() {
        [] if so_already => Ok(format!("{name}: its greeting said so already, nothing was sent")),
        [] if *assumed => Ok(format!("{name} was left alone, as `assume` has it")),
        [] => Err(format!("{name} was not switched")),
        _ if so_already => Err(format!("{name} was restarted, though it was as wanted")),
        _ if !allowed || *assumed => Err(format!("{name} was switched without leave")),
        [(job, state)] => {
            let short = job.id.get(..8).unwrap_or(&job.id);
            let shown = greets.as_ref().is_none_or(|greets| *greets == Ok(*on));
            if !shown {
                Err(format!("the greeting of {name} does not show what it was switched to"))
            } else if *state == "Completed" && *followed && job.on == *on {
                Ok(format!("{name}: one PUT, its job {short} followed to {state}"))
            } else {
                Err(format!("{name}: job {short} is {state} or was not followed"))
            }
        }
        jobs => Err(format!("{name} was restarted {} times", jobs.len())),
    }
}

/// The new CA joined the old one before any client needed it, and the old one left when its overlap
/// was over and the instance was seen to be done with it, not before.
pub(in super::super) fn renewed(all: &[Renewed]) -> Check {
    let (mut wrong, mut good) = (Vec::new(), Vec::new());
    if all.is_empty() {
        wrong.push("no database got another CA".to_owned());
    }
    for Renewed { name, old, new, both, unproven, stood, overlap } in all {
        if !both {
            wrong.push(format!("{name}: the file did not hold both"));
        }
        if old.is_empty() || new.is_empty() || old == new {
            wrong.push(format!("{name}: its CA is the same as before"));
        }
        if *unproven == Some(false) {
            wrong.push(format!("{name}: the old one left while the instance still needed it"));
        }
        match stood {
            None => wrong.push(format!("{name}: the old one is still there")),
            Some(stood) if stood < overlap => {
                let stood = stood.as_secs_f64();
                wrong.push(format!("{name}: the old one left after {stood:.1} s"));
            }
            Some(_) if unproven.is_some() => good.push(format!("{name} until it was proven")),
            Some(_) => good.push(format!("{name} for its overlap of {} s", overlap.as_secs())),
        }
    }
    Check::new("CA renewal", &wrong, format!("both CAs stood in {}", good.join(", in ")))
}

/// What is no CA was fetched and told of, and the file is the very one that it was.
pub(in super::super) fn kept(story: &BadCa) -> Check {
    let BadCa { fetched, told, before, after } = story;
    let mut wrong = Vec::new();
    if !fetched {
        wrong.push("it was not looked at".to_owned());
    }
    if !told {
        wrong.push("nobody was told".to_owned());
    }
    match (before, after) {
        (Some(before), Some(after)) => {
            if before.file.is_none() || before.file != after.file || before.stamp != after.stamp {
                wrong.push(format!("the file of {} was touched", before.name));
            }
            if !matches!(after.client, Some(Ok(_))) {
                wrong.push(format!("no client of {} can connect", before.name));
            }
        }
        _ => wrong.push("there is no such file".to_owned()),
    }
    let good = "an error page was refused with its reason, and the file in place stayed".to_owned();
    Check::new("Bad CA", &wrong, good)
}

/// Every client that was sent to a database connected, each time, before, during and after.
pub(in super::super) fn clients(picture: &Picture, clients: &Clients) -> Check {
    let Clients { connected, turned_away, .. } = clients;
    let mut wrong = turned_away.clone();
    wrong.sort();
    wrong.dedup();
    let unasked = picture.cas.iter().filter(|ca| ca.client.is_none());
    wrong.extend(unasked.map(|ca| format!("{}: nobody connected", ca.name)));
    let good = format!(
        "{}, with nothing but the CA file, and none was turned away",
        many(*connected, "connection")
    );
    Check::new("Clients", &wrong, good)
}

/// Each file's command ran once for each content that the file had.
pub(in super::super) fn hooks(picture: &Picture, clients: &Clients) -> Check {
    let mut total = 0;
    let wrong = picture.cas.iter().filter_map(|Ca { name, hooks, .. }| {
        let contents = clients.files.iter().filter(|it| it.name == *name).count();
        total += contents;
        (*hooks != contents || contents == 0)
            .then(|| format!("{name}: {} for {}", many(*hooks, "run"), many(contents, "change")))
    });
    let wrong: Vec<_> = wrong.collect();
    let good = format!("{} for as many changes of CA files", many(total, "run"));
    Check::new("Commands", &wrong, good)
}

#[cfg(test)]
mod tests;
