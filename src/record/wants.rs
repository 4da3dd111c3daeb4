//! What wants a person and no file or journal tells, as the process at work saw it last: left for those who only read.
//! A file that is lost, damaged or of another format costs that knowledge and nothing else.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::files;
use crate::model::names::Subject;
use crate::model::news::News;
use crate::model::time::Time;
use crate::plan::memory::Memory;

/// The file in the state directory.
const FILE: &str = "wants";
/// Nobody else's concern.
const MODE: u32 = 0o600;
/// The number of its format.
const VERSION: u32 = 1;
/// Most bytes that are read: a hundred thousand entries, each of which wants somebody.
const BYTES_MAX: u64 = 128 << 20;

/// Something of an entry that wants a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Want {
    /// Of which entry.
    pub subject: Subject,
    /// What kind of news it is.
    pub kind: News,
    /// The reason in one word.
    pub reason: String,
    /// Where it is, where an entry may have several of this kind.
    pub at: Option<String>,
    /// The sentence. No path is in it, and no secret.
    pub words: String,
    /// Since when it stands.
    pub since: Time,
    /// The last look that found it so.
    pub seen: Time,
}

/// The file as it is written.
#[derive(Serialize, Deserialize)]
struct Written {
    version: u32,
    wants: Vec<Want>,
}

/// What was [`leave`]d last in this state directory; nothing, where nothing is to be believed.
pub fn left(state: &Path) -> Vec<Want> {
    let bytes = files::read::bounded(&state.join(FILE), BYTES_MAX).ok();
    let written = bytes.and_then(|bytes| serde_json::from_slice::<Written>(&bytes).ok());
    written.filter(|written| written.version == VERSION).map(|it| it.wants).unwrap_or_default()
}

/// Leaves this there for whoever reads, whole or not at all, in the place of what was left before.
pub fn leave(state: &Path, wants: Vec<Want>) -> io::Result<()> {
    let written = Written { version: VERSION, wants };
    let bytes = serde_json::to_vec(&written).map_err(io::Error::from)?;
    files::atomic::put(&state.join(FILE), &bytes, MODE)
}

/// By their entries all but those for which something was done after that look: what it saw is out of date.
pub fn standing(wants: Vec<Want>, memory: &Memory) -> BTreeMap<Subject, Vec<Want>> {
    let mut standing = BTreeMap::<_, Vec<_>>::new();
    if wants.is_empty() {
        return standing;
    }
    let mut last = BTreeMap::<&Subject, Time>::new();
    for (_, effect) in memory.effects() {
        let at = last.entry(&effect.subject).or_insert(effect.at);
        *at = effect.at.max(*at);
    }
    for want in wants {
        if last.get(&want.subject).is_none_or(|at| *at <= want.seen) {
            standing.entry(want.subject.clone()).or_default().push(want);
        }
    }
    standing
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::model::names::Name;
    use crate::plan::action::Action;
    use crate::plan::memory::Record;
    use crate::scratch::Scratch;

    fn www() -> Name {
        Name::new("www").unwrap()
    }

    fn wants() -> Vec<Want> {
        let of = |subject: fn(Name) -> Subject, at: Option<&str>| Want {
            subject: subject(www()),
            kind: News::Failed,
            reason: "unseen".to_owned(),
            at: at.map(str::to_owned),
            words: "could not look: „nobody“ answers".to_owned(),
            since: Time::from_secs(1),
            seen: Time::from_millis(2_500),
        };
        vec![of(Subject::Certificate, None), of(Subject::Ca, Some("redis:6379"))]
    }

    #[test]
    fn what_was_left_is_there_for_its_owner_alone() {
        let state = Scratch::new();
        assert_eq!(left(&state), Vec::new());
        leave(&state, wants()).unwrap();
        assert_eq!(left(&state), wants());
        let mode = fs::metadata(state.join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o600);
        leave(&state, Vec::new()).unwrap();
        assert_eq!(left(&state), Vec::new());
        let gone = state.join("gone");
        assert!(leave(&gone, wants()).is_err() && !gone.exists());
    }

    #[test]
    fn a_damaged_file_is_as_good_as_none() {
        let state = Scratch::new();
        leave(&state, wants()).unwrap();
        let sound = fs::read(state.join(FILE)).unwrap();
        let newer = String::from_utf8(sound.clone()).unwrap().replacen('1', "2", 1).into_bytes();
        for bytes in [&b""[..], b"{", &sound[..sound.len() / 2], &newer] {
            fs::write(state.join(FILE), bytes).unwrap();
            assert_eq!(left(&state), Vec::new());
        }
        fs::write(state.join(FILE), &sound).unwrap();
        assert_eq!(left(&state), wants());
    }

    #[test]
    fn what_was_done_after_that_look_is_believed_more() {
        let action = Action::SwitchSsl {
            cloud: Name::new("main").unwrap(),
            instance_id: "in".to_owned(),
            on: true,
        };
        let want = Want { seen: Time::from_secs(20), ..wants().remove(1) };
        let began = |subject| Record::Began { subject, action: action.clone() };
        for (subject, at, stands) in [
            (Subject::Ca(www()), 19, true),
            (Subject::Ca(www()), 20, true),
            (Subject::Ca(www()), 21, false),
            (Subject::Ssl(www()), 21, true),
        ] {
            let mut memory = Memory::default();
            memory.fold(Time::from_secs(at), &began(subject));
            let standing = standing(vec![want.clone()], &memory);
            assert_eq!(!standing.is_empty(), stands, "at {at}");
        }
    }
}
