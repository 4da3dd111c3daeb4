//! What is packed comes out as it was, and what is not packed does not come out.

use std::time::Duration;

use super::super::Record;
use super::*;
use crate::model::account::Refusal;
use crate::model::failure::{Failure, Kind};
use crate::model::names::Subject;
use crate::model::place::Place;
use crate::model::target::Target;
use crate::model::time::Time;
use crate::plan::action::{Action, Fact, Import, Retired};
use crate::plan::sight::{Seen, Sight, Spot, Verdict};

/// Numbers that look random and are the same each time.
struct Dice(u64, Age);

/// Which lines there are.
#[derive(Clone, Copy, PartialEq)]
enum Age {
    /// Those of the first format.
    WithoutPauses,
    /// All.
    Present,
}

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }

    fn one<T>(&mut self, all: impl IntoIterator<Item = T, IntoIter: ExactSizeIterator>) -> T {
        let mut all = all.into_iter();
        let index = self.below(all.len() as u64) as usize;
        all.nth(index).unwrap()
    }

    fn name(&mut self) -> Name {
        Name::new(self.one(["www", "api", "shop.example.com"])).unwrap()
    }

    fn subject(&mut self) -> Subject {
        let name = self.name();
        self.one([Subject::Certificate, Subject::Ca, Subject::Ssl])(name)
    }

    fn time(&mut self) -> Time {
        Time::from_millis(self.below(4_000_000).cast_signed() - 1_000_000)
    }

    fn id(&mut self) -> Option<String> {
        self.one([None, Some(""), Some("scm-1"), Some("ümlaut")]).map(str::to_owned)
    }

    fn digest(&mut self) -> Sha256 {
        Sha256::of(&[self.below(5) as u8])
    }

    fn key(&mut self) -> ImportKey {
        ImportKey::from(Import {
            cloud: self.name(),
            enterprise_project: self.id(),
            leaf: self.digest(),
            issued: self.time(),
        })
    }

    fn place(&mut self) -> Place {
        let site = self.id().unwrap_or_default();
        Place { target: self.target(), project: "north".to_owned(), site }
    }

    fn target(&mut self) -> Target {
        self.one([Target::Elb, Target::Waf, Target::Cdn])
    }

    fn action(&mut self) -> Action {
        let (key, id, project) = (self.key(), self.id().unwrap_or_default(), "north".to_owned());
        let (name, sha256, target) = (self.name(), self.digest(), self.target());
        let copy = Retired::Copy { target, project: project.clone(), id: id.clone() };
        let import = Retired::Import { scm_id: id.clone() };
        match self.below(7) {
            0 => Action::Import { key },
            1 => Action::Push { key, scm_id: id, target, project },
            2 => {
                let instead_of = self.id().into_iter().collect();
                Action::Bind { key, place: self.place().into(), id, instead_of }
            }
            3 => Action::Retire { key, what: self.one([copy, import]) },
            4 => Action::InstallCa { name, sha256, authorities: [self.digest()].into() },
            5 => Action::RunHook { name, sha256 },
            _ => Action::SwitchSsl { cloud: name, instance_id: id, on: self.below(2) == 0 },
        }
    }

    fn sight(&mut self) -> Sight {
        let verdicts = [Verdict::Served, Verdict::Pending, Verdict::Stale, Verdict::Wrong];
        let leaf = Seen { sha256: self.digest(), issued: Some(self.time()), ends: None };
        let leaf = self.one([Some(leaf), None]);
        let neither = self.below(2) == 0;
        Sight { verdict: self.one(verdicts), leaf, id: self.id(), neither }
    }

    fn spot(&mut self) -> Spot {
        let (target, project, probe) = (self.target(), "north".to_owned(), "a.b:443".to_owned());
        let site = Spot::Site(self.place());
        let (instance, greeting) =
            (Spot::Instance { probe: probe.clone() }, Spot::Greeting { probe: probe.clone() });
        self.one([site, Spot::Probe { target, project, probe }, instance, greeting])
    }

    fn failure(&mut self) -> Failure {
        let kind = self.one([Kind::Lost, Kind::Throttled, Kind::Withheld, Kind::Permanent]);
        let wait = Some(Duration::from_millis(self.below(100_000)));
        Failure { code: self.id(), wait, ..Failure::local(kind, "import", "words") }
    }

    fn fact(&mut self) -> Fact {
        let (id, former, jobs) = (self.id(), self.sight(), vec!["job".to_owned()]);
        self.one([
            Fact::Seen { id: id.clone() },
            Fact::Done { id },
            Fact::Gone,
            Fact::RolledBack { former },
            Fact::JobFailed { reason: "reason".to_owned() },
            Fact::AllowedOlder,
            Fact::NotOurs { jobs },
        ])
    }

    fn record(&mut self) -> Record {
        let (subject, action, name) = (self.subject(), self.action(), self.name());
        let (published, former) = (vec![self.digest()], vec![self.digest()]);
        let (changed_at, at) = (self.time(), self.time());
        let refusal =
            Refusal { cloud: self.name(), identity: "key".to_owned(), changed_at, at, count: 2 };
        let kinds = if self.1 == Age::Present { 11 } else { 9 };
        match self.below(kinds) {
            10 => Record::AskedPause { name, until: self.time(), by: "alice".to_owned() },
            9 => Record::AskedResume { name, by: "alice".to_owned() },
            0 => Record::Began { subject, action },
            1 => Record::Done { subject, action, id: self.id() },
            2 => Record::Failed { subject, action, failure: self.failure() },
            3 => Record::Learned { subject, action, fact: self.fact() },
            4 => Record::Saw { subject, spot: self.spot(), sight: self.sight() },
            5 => Record::Authorities { subject, published, former },
            6 => Record::AskedRetry { name },
            7 => Record::AskedOlder { name },
            _ => Record::Refused { refusal },
        }
    }
}

/// Lines and readings of a clock that goes to and fro, with the memory after each.
fn histories() -> impl Iterator<Item = Memory> {
    histories_of(Age::Present)
}

fn histories_of(age: Age) -> impl Iterator<Item = Memory> {
    (1..=60).map(move |seed| {
        let mut dice = Dice(seed * 0x9e37_79b9, age);
        let mut memory = Memory::default();
        for _ in 0..dice.below(400) {
            match dice.below(20) {
                0 => memory.notice(dice.time()),
                1 => memory.jump(dice.time()),
                _ => memory.fold(dice.time(), &dice.record()),
            }
        }
        memory
    })
}

#[test]
fn what_is_packed_comes_out_as_it_was() {
    for memory in histories() {
        assert_eq!(Memory::unpack(FORMAT, &memory.pack()).as_ref(), Some(&memory));
    }
}

/// The rest of a journal says the same to a memory that came out of a block.
#[test]
fn lines_fold_onto_what_came_out_as_onto_what_went_in() {
    for (seed, mut memory) in (100..).zip(histories()) {
        let mut again = Memory::unpack(FORMAT, &memory.pack()).unwrap();
        let mut dice = Dice(seed, Age::Present);
        for _ in 0..100 {
            let (at, record) = (dice.time(), dice.record());
            memory.fold(at, &record);
            again.fold(at, &record);
        }
        assert_eq!(again, memory);
    }
}

/// Damage gives another memory or none: it is the digest's business, and here nothing may panic or ask for more
/// than there is.
#[test]
fn what_is_cut_or_changed_comes_out_as_nothing_or_as_something_else() {
    for memory in histories().take(6) {
        let bytes = memory.pack();
        for end in 0..bytes.len() {
            assert_eq!(Memory::unpack(FORMAT, &bytes[..end]), None, "{end} of {}", bytes.len());
        }
        for index in (0..bytes.len()).step_by(7) {
            let mut bytes = bytes.clone();
            bytes[index] ^= 0xff;
            assert_ne!(Memory::unpack(FORMAT, &bytes).as_ref(), Some(&memory), "{index}");
        }
        let longer = [bytes.as_slice(), &[0]].concat();
        assert_eq!(Memory::unpack(FORMAT, &longer), None);
    }
}

/// Bases that were written have to be readable for ever: whoever has to change this digest has changed the
/// format, which then needs its next number beside the old one.
#[test]
fn the_format_of_this_number_stays_what_it_is() {
    let all = histories().flat_map(|memory| memory.pack()).collect::<Vec<_>>();
    assert_eq!((FORMAT, Sha256::of(&all).short().as_str()), (2, "69b7232ee048"));
}

/// The same bytes as ever, but for the end, where no pauses stand.
#[test]
fn what_was_written_before_there_were_pauses_is_read() {
    let mut all = Vec::new();
    for memory in histories_of(Age::WithoutPauses) {
        let mut block = memory.pack();
        assert_eq!(block.pop(), Some(NONE));
        assert_eq!(Memory::unpack(WITHOUT_PAUSES, &block).as_ref(), Some(&memory));
        assert_eq!(Memory::unpack(FORMAT, &block), None);
        all.extend(block);
    }
    assert_eq!(Sha256::of(&all).short(), "3e77b39718d3");
    assert_eq!(Memory::unpack(FORMAT + 1, &Memory::default().pack()), None);
}
