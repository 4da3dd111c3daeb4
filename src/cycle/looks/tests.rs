//! What comes of files that were read.

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

use super::*;
use crate::config::parse;
use crate::model::names::Name;
use crate::plan::action::{Action, Fact, ImportKey};
use crate::plan::memory::Record;

/// A directory with the pair of one entry, removed at the end.
struct Bench {
    directory: PathBuf,
    world: Arc<World>,
    memory: Memory,
    known: Pairs,
    looking: Looking,
}

impl Drop for Bench {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.directory).ok();
    }
}

impl Bench {
    fn new(name: &str) -> Self {
        let unique = format!("certrotd-looks-{name}-{}", std::process::id());
        let directory = std::env::temp_dir().join(unique);
        fs::create_dir(&directory).unwrap();
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
            now: Time::from_secs(1_800_000_000),
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
    let mut bench = Bench::new("same");
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
    let mut bench = Bench::new("half");
    bench.look(Scope::Rest).await;
    bench.put("key", "no key");
    let went = bench.look(Scope::Changed).await;
    assert_eq!((went.torn.len(), went.began.len(), went.done.len()), (1, 0, 0));
    let went = bench.look(Scope::Rest).await;
    assert_eq!((went.torn.len(), went.began.len(), went.done.len()), (0, 1, 1));
}

#[tokio::test]
async fn an_import_that_nobody_has_tried_waits_for_no_target() {
    let mut bench = Bench::new("new");
    bench.look(Scope::Rest).await;
    let entry = bench.entry();
    let leaf = Arc::clone(bench.known.get(&entry.name).and_then(local::Known::leaf).unwrap());
    let alone = |bench: &Bench, scope| {
        Ask::about(&entry, &leaf, &bench.memory, &bench.context(scope)).is_for_import_alone()
    };
    assert!(alone(&bench, Scope::Rest) && alone(&bench, Scope::Changed));
    assert!(!alone(&bench, Scope::All), "a plan that is shown tells everything");
    let own = ImportKey {
        cloud: entry.cloud.clone(),
        enterprise_project: None,
        leaf: leaf.sha256,
        issued: leaf.not_before,
    };
    let newer = ImportKey {
        leaf: Sha256::of(b"newer"),
        issued: leaf.not_before + Duration::from_secs(1),
        ..own.clone()
    };
    for (key, why) in [(own, "it is known"), (newer, "it is held, and what is served still counts")]
    {
        let (subject, action) = (Subject::Certificate(entry.name.clone()), Action::Import { key });
        let record = match why {
            "it is known" => Record::Began { subject, action },
            _ => Record::Learned { subject, action, fact: Fact::Seen { id: Some("1".to_owned()) } },
        };
        bench.memory = Memory::default();
        bench.memory.fold(Time::from_secs(1_800_000_000), &record);
        assert!(!alone(&bench, Scope::Rest), "{why}");
    }
}

#[tokio::test]
async fn what_left_its_targets_out_is_looked_at_again_once_somebody_imported_it() {
    let mut bench = Bench::new("overtaken");
    bench.look(Scope::Rest).await;
    let (entry, now) = (bench.entry(), Time::from_secs(1_800_000_000));
    let leaf = Arc::clone(bench.known.get(&entry.name).and_then(local::Known::leaf).unwrap());
    let subject = Subject::Certificate(entry.name.clone());
    let key = ImportKey {
        cloud: entry.cloud.clone(),
        enterprise_project: None,
        leaf: leaf.sha256,
        issued: leaf.not_before,
    };
    let look = |alone| {
        let seen = unseen(&entry, Ok(Arc::clone(&leaf)), now);
        let seen = Seen::Certificate { seen, others: Vec::new(), alone };
        bench.context(Scope::Rest).done(subject.clone(), seen, Payload::None)
    };
    let overtaken =
        |alone, memory: &Memory| Alone::of([look(alone)].iter()).overtaken(memory).len();
    let mut memory = Memory::default();
    assert_eq!(overtaken(true, &memory), 0, "its import is planned");
    let (other, action) = (Name::new("other").unwrap(), Action::Import { key });
    let done =
        Record::Done { subject: Subject::Certificate(other), action, id: Some("scs1".to_owned()) };
    memory.fold(now, &done);
    assert_eq!((overtaken(true, &memory), overtaken(false, &memory)), (1, 0));
}
