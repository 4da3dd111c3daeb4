//! What comes of files that were read.

use std::fs;
use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

use super::super::queue::Want;
use super::*;
use crate::cert::LeafFacts;
use crate::config::parse;
use crate::model::names::Name;
use crate::plan::action::{Action, Import, ImportKey};
use crate::plan::memory::Record;
use crate::plan::observed::ImportSeen;
use crate::scratch::Scratch;

const NOW: Time = Time::from_secs(1_800_000_000);

/// The import of this leaf into the account `main`.
fn import_of(leaf: &LeafFacts) -> Action {
    let (cloud, issued) = (Name::new("main").unwrap(), leaf.not_before);
    let key =
        ImportKey::from(Import { cloud, enterprise_project: None, leaf: leaf.sha256, issued });
    Action::Import { key }
}

/// A directory with the pair of one entry.
struct Bench {
    directory: Scratch,
    world: Arc<World>,
    memory: Memory,
    known: Pairs,
    looking: Looking,
}

impl Bench {
    fn new() -> Self {
        let directory = Scratch::new();
        let at = directory.display();
        let text = format!(
            "[cloud.main]\nregion = 'cn-north-4'\n[[certificate]]\nname = 'www'\ncert = '{at}/cert'\nkey = '{at}/key'\n\
             [[certificate.push]]\nservice = 'elb'\n"
        );
        let config = parse(Path::new("/c.toml"), &text).unwrap();
        let memory = Memory::default();
        let world = World::connect(config, &memory, Time::default).unwrap();
        let (world, known, looking) = (Arc::new(world), Pairs::default(), Looking::default());
        let bench = Self { directory, world, memory, known, looking };
        bench.renew();
        bench
    }

    fn put(&self, file: &str, text: &str) {
        fs::write(self.directory.join(file), text).unwrap();
    }

    /// Another pair, sound in itself.
    fn renew(&self) {
        let mut root = CertificateParams::new(vec![]).unwrap();
        root.distinguished_name.push(DnType::CommonName, "Small CA");
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = CertifiedIssuer::self_signed(root, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let mut leaf = CertificateParams::new(vec!["www.example.com".to_owned()]).unwrap();
        leaf.distinguished_name.push(DnType::CommonName, "www.example.com");
        let leaf = leaf.signed_by(&key, &root).unwrap();
        self.put("cert", &format!("{}{}", leaf.pem(), root.pem()));
        self.put("key", &key.serialize_pem());
    }

    fn context(&self, scope: Scope) -> Context {
        Context {
            world: Arc::clone(&self.world),
            lists: Arc::default(),
            now: NOW,
            began: Instant::now(),
            woken: Instant::now(),
            scope,
        }
    }

    fn entry(&self) -> Arc<crate::config::Certificate> {
        Arc::clone(&self.world.config.certificates[0])
    }

    /// What comes of a look at the files.
    async fn look(&mut self, scope: Scope) -> Went {
        let entry = self.entry();
        let asked = vec![(Arc::clone(&entry), self.known.get(&entry.name).cloned())];
        let read = local::sweep(asked.clone()).await;
        let read = Read { asked, read, context: self.context(scope) };
        self.looking = Looking::default();
        go_on(read, &self.memory, &mut self.known, &mut self.looking)
    }
}

#[tokio::test]
async fn a_file_that_is_as_it_was_leads_no_further() {
    let mut bench = Bench::new();
    assert_eq!(bench.look(Scope::Changed).await.began.len(), 1, "nothing was known of it");
    bench.look(Scope::Rest).await;
    assert!(!bench.looking.is_empty(), "the cloud is asked");
    let cert = fs::read_to_string(bench.directory.join("cert")).unwrap();
    bench.put("cert", &cert);
    let went = bench.look(Scope::Changed).await;
    assert!(went.began.is_empty() && went.torn.is_empty() && bench.looking.is_empty());
    bench.renew();
    let went = bench.look(Scope::Changed).await;
    assert!(went.began.len() == 1 && !bench.looking.is_empty(), "another leaf");
}

#[tokio::test]
async fn half_a_pair_is_told_by_the_look_that_comes_later() {
    let mut bench = Bench::new();
    bench.look(Scope::Rest).await;
    bench.put("key", "no key");
    let went = bench.look(Scope::Changed).await;
    assert_eq!((went.torn.len(), went.began.len(), went.done.len()), (1, 0, 0));
    let went = bench.look(Scope::Rest).await;
    assert_eq!((went.torn.len(), went.began.len(), went.done.len()), (0, 1, 1));
}

#[tokio::test]
async fn an_import_that_nobody_has_tried_waits_for_no_target() {
    let mut bench = Bench::new();
    bench.look(Scope::Rest).await;
    let entry = bench.entry();
    let leaf = Arc::clone(bench.known.get(&entry.name).and_then(local::Known::leaf).unwrap());
    let alone = |bench: &Bench, scope| {
        let ask = Ask::about(&entry, &leaf, &bench.memory, &bench.context(scope));
        ask.want() == Want::Import
    };
    assert!(alone(&bench, Scope::Rest) && alone(&bench, Scope::Changed));
    assert!(!alone(&bench, Scope::All), "a plan that is shown tells everything");
    let (subject, action) = (Subject::Certificate(entry.name.clone()), import_of(&leaf));
    bench.memory.fold(NOW, &Record::Began { subject, action });
    assert!(!alone(&bench, Scope::Rest), "somebody has tried it");
}

#[tokio::test]
async fn who_was_overtaken_is_looked_at_again_at_once() {
    let mut bench = Bench::new();
    bench.look(Scope::Rest).await;
    let entry = bench.entry();
    let leaf = Arc::clone(bench.known.get(&entry.name).and_then(local::Known::leaf).unwrap());
    let mut config = bench.world.config.clone();
    config.state = bench.directory.join("state");
    let mut cycle = Cycle::open(config, || NOW).unwrap();
    let (other, id) = (Subject::Certificate(Name::new("other").unwrap()), Some("1".to_owned()));
    cycle.memory.fold(NOW, &Record::Done { subject: other, action: import_of(&leaf), id });
    let unseen = unseen(&entry, Ok(leaf), NOW);
    let seen = CertificateSeen { import: ImportSeen::Absent, import_alone: true, ..unseen };
    let subject = Subject::Certificate(entry.name.clone());
    let seen = Seen::Certificate { seen, others: Vec::new() };
    let look = bench.context(Scope::Rest).done(subject.clone(), seen, Payload::None);
    cycle.looked.insert(subject.clone(), look);
    assert!(cycle.pass().is_empty(), "nobody has looked at the listener");
    assert!(!cycle.wanted.is_empty());
    assert!(!cycle.board.picture().entries[&subject].in_order, "nor knows what is served");
}

#[test]
fn very_many_are_read_in_fewer_goes_than_may_read_at_once() {
    let asked = vec![(Bench::new().entry(), None); 200_000];
    for count in [1, 2, 1_000, 10_000, 70_000, 200_000] {
        let goes: Vec<_> = local::parts(&asked[..count]).map(<[_]>::len).collect();
        assert_eq!(goes.iter().sum::<usize>(), count);
        assert!(goes.len() <= 64, "one more might find no place: {count} in {} goes", goes.len());
    }
}
