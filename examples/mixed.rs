//! A host whose entries stand in all kinds of ways, for looking at what `certrotd status` and `certrotd report`
//! make of them: pairs, a configuration and a journal in a directory of their own. Nothing is sent anywhere.
//!
//! `cargo run --example mixed -- DIRECTORY 12`, then `certrotd --config DIRECTORY/certrotd.toml report --html page.html`

#![forbid(unsafe_code)]

use std::error::Error;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use certrotd::cert::read_ca;
use certrotd::model::digest::Sha256;
use certrotd::model::failure::{Failure, Kind};
use certrotd::model::names::{Name, Subject};
use certrotd::model::place::Place;
use certrotd::model::target::Target;
use certrotd::model::time::Time;
use certrotd::plan::action::{Action, Fact, Import, ImportKey};
use certrotd::plan::memory::{Memory, Record};
use certrotd::plan::sight::{Seen, Sight, Spot, Verdict};
use certrotd::record::Journal;
use chrono::Utc;
use clap::Parser;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

const DAY: i64 = 24 * 60 * 60;
const LISTENER: &str = "0b8f2b8e-4c1d-4f7e-9a51-0123456789ab";
const LEDGER: &str = "0123456789abcdef0123456789abcdefin07";
/// What somebody may put into the name of a CA, to be more than a name.
const HOSTILE: &str =
    "Redis CA</td></style><script src=\"http://192.0.2.1/x.js\"></script>\u{202e}";

type Failed = Box<dyn Error>;

/// Makes a host with entries in mixed states.
#[derive(Parser)]
struct Options {
    /// Where; it must not be there yet
    directory: PathBuf,
    /// How many certificates
    #[arg(default_value_t = 12)]
    count: usize,
}

/// How one certificate stands.
#[derive(Clone, Copy, PartialEq)]
enum Story {
    Served,
    Bound,
    New,
    Late,
    Expired,
    Gone,
    Stale,
    Foreign,
    Refused,
    Pushing,
    Unreachable,
}

/// The first entries, with how many days are left of how many. What comes after them is served.
const STORIES: [(&str, Story, i64, i64); 12] = [
    ("www-example-com", Story::Served, 74, 90),
    ("shop-example-com", Story::Bound, 61, 90),
    ("api-example-com", Story::New, 89, 90),
    ("mail-example-com", Story::Late, 9, 90),
    ("old-example-com", Story::Expired, -3, 90),
    ("gone-example-com", Story::Gone, 30, 90),
    ("login-example-com", Story::Stale, 84, 90),
    ("static-example-com", Story::Foreign, 40, 90),
    ("files-example-com", Story::Refused, 70, 90),
    ("short-lived-example-com", Story::Pushing, 5, 6),
    ("a-rather-long-name-of-a-rotation-in-the-north-4", Story::Unreachable, 22, 90),
    ("yearly-example-com", Story::Served, 300, 397),
];

fn main() -> Result<(), Failed> {
    let Options { directory, count } = Options::parse();
    fs::create_dir(&directory)?;
    let directory = directory.canonicalize()?;
    let (mut text, mut records) = (head(&directory)?, Vec::new());
    let root = authority("Example Root", 3000)?;
    for index in 0..count {
        let later =
            (format!("site-{index:04}-example-com"), Story::Served, 15 + index as i64 % 75, 90);
        let (name, story, left, of) = match STORIES.get(index) {
            Some((name, story, left, of)) => ((*name).to_owned(), *story, *left, *of),
            None => later,
        };
        let key = pair(&directory, &name, left, of, &root)?;
        if story == Story::Gone {
            fs::remove_file(directory.join(format!("{name}.pem")))?;
        }
        text += &entry(&directory, &name, story, left);
        records.extend(told(&name, story, &key, left)?);
    }
    instances(&directory, &mut text, &mut records)?;
    fs::write(directory.join("certrotd.toml"), text)?;
    let mut journal = Journal::open(&directory.join("state"))?;
    journal.append(now(), &records, &mut Memory::default())?;
    Ok(())
}

fn now() -> Time {
    Utc::now().into()
}

/// An account whose services nobody answers for.
fn head(directory: &Path) -> Result<String, Failed> {
    for (name, secret) in [("ak", "AKID\n"), ("sk", "a-canary-of-a-secret-key\n")] {
        private(&directory.join(name), secret)?;
    }
    let services =
        ["iam", "scm", "elb", "waf", "cdn", "dcs", "geminidb", "taurusdb", "rds", "dds", "gaussdb"];
    let endpoints = services.map(|name| format!("{name} = \"https://127.0.0.1:1\"\n")).concat();
    Ok(format!(
        "[state]\npath = {state:?}\n[metrics]\nlisten = \"127.0.0.1:0\"\n[cloud.north]\nregion = \"cn-north-4\"\n\
         project_id = \"0123456789abcdef0123456789abcdef\"\n[cloud.north.credentials]\nsource = \"access-key\"\n\
         access_key_file = {ak:?}\nsecret_key_file = {sk:?}\n[cloud.north.endpoints]\n{endpoints}\
         [[discover]]\npattern = {pattern:?}\nname = \"{{parent}}\"\n",
        state = directory.join("state"),
        ak = directory.join("ak"),
        sk = directory.join("sk"),
        pattern = directory.join("live/*/fullchain.pem"),
    ))
}

fn private(path: &Path, text: &str) -> Result<(), Failed> {
    fs::write(path, text)?;
    Ok(fs::set_permissions(path, fs::Permissions::from_mode(0o600))?)
}

fn entry(directory: &Path, name: &str, story: Story, left: i64) -> String {
    let (cert, key) =
        (directory.join(format!("{name}.pem")), directory.join(format!("{name}.key")));
    let warn = if left < 6 && story == Story::Pushing { "warn_before = \"2d\"\n" } else { "" };
    let probe = match story {
        Story::Bound => String::new(),
        _ => format!("probe = [\"{}\"]\n", probe(name)),
    };
    let more = match story {
        Story::Pushing => "[[certificate.push]]\nservice = \"cdn\"\n",
        _ => "",
    };
    format!(
        "[[certificate]]\nname = {name:?}\ncert = {cert:?}\nkey = {key:?}\n{warn}[[certificate.push]]\nservice = \"elb\"\n\
         project = \"cn-north-4\"\nlisteners = [\"{LISTENER}\"]\nwindow = \"1s\"\n{probe}{more}"
    )
}

fn probe(name: &str) -> String {
    // The name of the host in the certificate: that of the entry, with dots.
    format!("{}@127.0.0.1:1", host(name))
}

fn host(name: &str) -> String {
    name.replace("-example-com", ".example.com")
}

fn authority(name: &str, days: i64) -> Result<CertifiedIssuer<'static, KeyPair>, Failed> {
    let mut root = CertificateParams::new(vec![])?;
    root.distinguished_name.push(DnType::CommonName, name);
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    root.not_before = system(moment(-400)).into();
    root.not_after = system(moment(days)).into();
    Ok(CertifiedIssuer::self_signed(root, KeyPair::generate()?)?)
}

/// So many days from now, and an hour: in whole seconds, as certificates have them.
fn moment(days: i64) -> Time {
    Time::from_secs(now().secs() + days * DAY + 60 * 60)
}

fn system(moment: Time) -> SystemTime {
    moment.to_utc().into()
}

fn pair(
    directory: &Path,
    name: &str,
    left: i64,
    of: i64,
    root: &CertifiedIssuer<'static, KeyPair>,
) -> Result<ImportKey, Failed> {
    let mut leaf = CertificateParams::new(vec![host(name)])?;
    leaf.distinguished_name.push(DnType::CommonName, host(name));
    let issued = moment(left - of);
    leaf.not_before = system(issued).into();
    leaf.not_after = system(moment(left)).into();
    let key = KeyPair::generate()?;
    let leaf = leaf.signed_by(&key, root)?;
    private(
        &directory.join(format!("{name}.pem")),
        &format!("{}{}", leaf.pem(), root.as_ref().pem()),
    )?;
    private(&directory.join(format!("{name}.key")), &key.serialize_pem())?;
    let (cloud, leaf) = (Name::new("north")?, Sha256::of(leaf.der()));
    Ok(ImportKey::from(Import { cloud, enterprise_project: None, leaf, issued }))
}

/// What the journal has of it.
fn told(name: &str, story: Story, key: &ImportKey, left: i64) -> Result<Vec<Record>, Failed> {
    let subject = Subject::Certificate(Name::new(name)?);
    let id = format!("scs{}", 1_600_313_391_000 + name.len() as i64 * 7 + left);
    let (target, project) = (Target::Elb, "cn-north-4".to_owned());
    let seen = |id: &str| Fact::Seen { id: Some(id.to_owned()) };
    let learned = |action, fact| Record::Learned { subject: subject.clone(), action, fact };
    let import = Action::Import { key: key.clone() };
    let push =
        Action::Push { key: key.clone(), scm_id: id.clone(), target, project: project.clone() };
    let saw = |spot, verdict, leaf: Option<Sha256>, left: i64| {
        let ends = Some(moment(left));
        let leaf = leaf.map(|sha256| Seen { sha256, issued: Some(Time::from_secs(5)), ends });
        let sight = Sight { verdict, leaf, id: Some("elb-1".to_owned()), neither: false };
        Record::Saw { subject: subject.clone(), spot, sight }
    };
    let site = Spot::Site(Place { target, project: project.clone(), site: LISTENER.to_owned() });
    let spot = Spot::Probe { target, project, probe: probe(name) };
    let (ours, other) = (Some(key.leaf), Some(Sha256::of(b"former")));
    let failure = Failure::local(Kind::Operator, "push", "no right to scm:cert:push <scm>");
    let bound = saw(site.clone(), Verdict::Served, ours, left);
    let stands = vec![learned(import.clone(), seen(&id)), learned(push.clone(), seen("elb-1"))];
    let more = match story {
        Story::New | Story::Gone => return Ok(Vec::new()),
        Story::Refused => {
            let refused = Record::Failed { subject: subject.clone(), action: push, failure };
            return Ok(vec![learned(import, seen(&id)), refused]);
        }
        Story::Pushing => return Ok(vec![learned(import, seen(&id))]),
        Story::Bound => vec![bound],
        Story::Foreign => vec![saw(site, Verdict::Wrong, other, 200)],
        Story::Stale => vec![bound, saw(spot, Verdict::Stale, other, 20)],
        Story::Unreachable => vec![bound, saw(spot, Verdict::Unreachable, None, 0)],
        Story::Served | Story::Late | Story::Expired => {
            vec![bound, saw(spot, Verdict::Served, ours, left)]
        }
    };
    Ok([stands, more].concat())
}

/// A CA file that stands, with a former CA in it and one that nobody would name so; one that was never fetched; and
/// two switches.
fn instances(directory: &Path, text: &mut String, records: &mut Vec<Record>) -> Result<(), Failed> {
    let (new, former) = (authority(HOSTILE, 1200)?, authority("Redis CA 2016", 40)?);
    let bundle = read_ca(format!("{}{}", new.as_ref().pem(), former.as_ref().pem()).as_bytes())?;
    let path = directory.join("orders-redis.pem");
    fs::write(&path, &bundle.pem)?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644))?;
    let fingerprints: Vec<_> = bundle.certificates.iter().map(|it| it.sha256).collect();
    let name = Name::new("orders-redis")?;
    let subject = Subject::Ca(name.clone());
    let (published, former) = (fingerprints[..1].to_vec(), fingerprints[1..].to_vec());
    records.push(Record::Authorities { subject: subject.clone(), published, former });
    let (sha256, authorities) = (bundle.sha256, fingerprints.into());
    let action = Action::InstallCa { name, sha256, authorities };
    records.push(Record::Done { subject, action, id: None });
    for (name, path) in [("orders-redis", path), ("stock-redis", directory.join("stock.pem"))] {
        *text += &format!(
            "[[instance_ca]]\nname = {name:?}\nservice = \"dcs\"\ninstance_id = \
             \"3f5a8bb2-0000-4a6e-9b6f-0123456789a{}\"\npath = {path:?}\n",
            name.len() % 10
        );
    }
    let cloud = Name::new("north")?;
    let action = Action::SwitchSsl { cloud, instance_id: LEDGER.to_owned(), on: true };
    let fact = Fact::Seen { id: Some("93094b99".to_owned()) };
    let subject = Subject::Ssl(Name::new("ledger")?);
    records.push(Record::Learned { subject, action, fact });
    for (name, instance, allow) in
        [("ledger", LEDGER, true), ("stocks", "1123456789abcdef0123456789abcdefin07", false)]
    {
        *text += &format!(
            "[[instance_ssl]]\nname = {name:?}\nservice = \"taurusdb\"\ninstance_id = {instance:?}\nenabled = true\n\
             allow_restart = {allow}\n"
        );
    }
    Ok(())
}
