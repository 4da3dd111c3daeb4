//! The sentence of each reason to wait.

use std::fmt;

use super::Hold;

impl fmt::Display for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InFlight => f.write_str("a step is under way"),
            Self::Paused { until, by, due: None } => write!(f, "paused until {until} by {by}"),
            Self::Paused { until, by, due: Some(due) } => {
                write!(f, "paused until {until} by {by}: `{due}` waits for that")
            }
            Self::SameLeaf { with } => write!(f, "{with} imports the same leaf"),
            Self::BadInput { path, finding } => write!(f, "{}: {finding}", path.display()),
            Self::Older { issued, imported } => write!(
                f,
                "this leaf was issued {issued}, before the imported one ({imported}): an older \
                 certificate is sent only after `certrotd apply --allow-older NAME`"
            ),
            Self::InDoubt { what, since, until } => write!(
                f,
                "the answer to `{what}` of {since} was lost: looking for it until {until}, then it is sent again"
            ),
            Self::DoubtStays { what, since, because } => write!(
                f,
                "the answer to `{what}` of {since} was lost and {because}: look in the console, \
                 then `certrotd apply --retry NAME` sends it again"
            ),
            Self::BackOff { what, attempt, failure, until } => {
                write!(f, "`{what}` failed (attempt {attempt}), next at {until}: {failure}")
            }
            Self::Refused { what, failure } => write!(
                f,
                "`{what}` was refused and waits for a changed file or `certrotd apply --retry NAME`: {failure}"
            ),
            Self::Unseen { failure } => write!(f, "could not look: {failure}"),
            Self::CaRejected { failure } => {
                write!(f, "the published CA is not fit to install, the file stays: {failure}")
            }
            Self::NotListedYet { target, project, listed: false, since } => {
                write!(f, "{target} in {project} took the push at {since} and does not list it yet")
            }
            Self::NotListedYet { target, project, listed: true, since } => {
                write!(
                    f,
                    "{target} in {project} listed it at {since} and does not now, which a later look has to confirm"
                )
            }
            Self::NeverListed { target, project, since } => write!(
                f,
                "{target} in {project} took the push at {since} and still lists no such certificate: \
                 look there, then `certrotd apply --retry NAME` pushes again"
            ),
            Self::ExistsUnlisted { target, project } => write!(
                f,
                "{target} in {project} says that it has this certificate already, and lists no copy of it: \
                 look there for one of the same name, then `certrotd apply --retry NAME` pushes again"
            ),
            Self::Full { target, project, quota } => write!(
                f,
                "{target} in {project} holds the {quota} certificates that it takes, and none of them is a superseded \
                 one of ours that nothing uses: delete one there or have the quota raised"
            ),
            Self::SamePlace { place, with } => write!(f, "{with} is being bound to {place}"),
            Self::Foreign { place, found } => write!(
                f,
                "{place} was bound to this certificate and now {found}: somebody changed it, so it stays; \
                 `certrotd apply --retry NAME` binds ours again, `drift = \"repair\"` does so always"
            ),
            Self::NewerBound { place, issued, bound } => write!(
                f,
                "{place} is bound to a certificate for the same names that was issued {bound}, after this one \
                 ({issued}): another host may have renewed it; `certrotd apply --allow-older NAME` binds this one"
            ),
            Self::Unbindable { place, rule } => write!(f, "it cannot be bound to {place}: {rule}"),
            Self::NotBoundYet { place, since } => {
                write!(f, "{place} took the binding at {since} and does not show it yet")
            }
            Self::RolledBack { place, rejected, former } => write!(
                f,
                "{} was bound to {place} and not served, so {} takes its place again: the new one waits for another \
                 file or `certrotd apply --retry NAME`",
                rejected.short(),
                former.short()
            ),
            Self::NotServedYet { probe, found, until } => {
                write!(f, "{probe} returns {found} and not this leaf yet: waiting until {until}")
            }
            Self::Stale { probe, served, since } => write!(
                f,
                "{probe} still returns the former leaf {}, although the new one is in place since {since}",
                served.short()
            ),
            Self::Wrong { probe, found, because } => {
                write!(
                    f,
                    "{probe} returns {found}, neither the new leaf nor the former one: {because}"
                )
            }
            Self::Unreachable { probe, switch, failure } => {
                let what = if *switch { "whether SSL is on" } else { "what it serves" };
                write!(f, "{probe} cannot be asked {what}: {failure}")
            }
            Self::Overlapping { authority, until } => {
                write!(f, "the former CA {authority} stays beside the published one until {until}")
            }
            Self::Unproven { probe, failure, keeps: true } => write!(
                f,
                "{probe} does not verify with the published CA alone, so the former one stays: {failure}"
            ),
            Self::Unproven { probe, failure, keeps: false } => write!(
                f,
                "{probe} does not verify with the published CA, so clients that trust it alone cannot connect: {failure}"
            ),
            Self::NotKept { written, until } => write!(
                f,
                "the file was written again {written} and is not as it was left: somebody changes it, or its file \
                 system keeps no owner, group or mode; it is written again at {until}, or after `certrotd apply --retry NAME`"
            ),
            Self::StillUsed { what, by } => write!(f, "{what} stays: {by}"),
            Self::RestartNotAllowed { on } => write!(
                f,
                "switching SSL {} restarts the instance: set `allow_restart = true` to allow it, \
                 or `assume = {on}` if it is so already",
                state(*on)
            ),
            Self::OutsideWindow { window, opens } => {
                write!(f, "a switch may start in the window {window} only, next at {opens}")
            }
            Self::SwitchedBack { on, probe } => write!(
                f,
                "SSL was {} and {probe} shows that it is {} now: somebody switched it, so it stays; \
                 `certrotd apply --retry NAME` switches it again",
                state(*on),
                state(!*on)
            ),
            Self::SwitchNotShown { on, probe, since } => write!(
                f,
                "the switch of {since} ended well, and {probe} does not show that SSL is {}: look at the instance, \
                 then `certrotd apply --retry NAME` decides anew",
                state(*on)
            ),
            Self::SwitchedByOthers { job_id, created, assumed: None } => write!(
                f,
                "SSL was switched on {created} (job {job_id}) and the journal does not know by whom: set `assume`"
            ),
            Self::SwitchedByOthers { job_id, created, assumed: Some(value) } => write!(
                f,
                "SSL was switched on {created} (job {job_id}) and the journal does not know by whom, so \
                 `assume = {value}` may be out of date: look, then correct it or run `certrotd apply --retry NAME`"
            ),
            Self::JobRunning { job_id, since } => {
                write!(f, "job {job_id} of {since} is still running")
            }
            Self::JobUnknown { job_id, since } => write!(
                f,
                "nobody knows job {job_id} of {since} any more: look whether SSL is as wanted, switch it in the console \
                 if it is not, then set `assume`"
            ),
        }
    }
}

fn state(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}
