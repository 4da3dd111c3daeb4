//! What the cloud's API answers. The first line of an input names a call and a source of credentials, as
//! `import access-key`; each answer begins with a line such as `> 200 torn`, and its body follows.

mod calls;
mod script;
mod server;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use certrotd::cloud::{Cloud, Lockout};
use certrotd::model::account::{Account, CredentialSource, SecretFile};
use certrotd::model::failure::{Failure, Kind};
use certrotd::model::names::Name;
use certrotd::model::target::Api;
use certrotd::model::time::Time;

use self::calls::Call;
use self::script::Script;
use self::server::{ACCESS_KEY, Log, SECRET_KEY};
use super::{NOW, is_sentence, wire};

/// The account's region, and its project.
const REGION: &str = "cn-north-4";
const PROJECT: &str = "0123456789abcdef0123456789abcdef";
/// Characters of one message that is kept, its ending, our own words around it, and the request's id.
const FAILURE_CHARS_MAX: usize = 1500;
/// Longer than a call takes on loopback, however slow the instrumented program is.
const IDLE: Duration = Duration::from_secs(1);
/// Seconds that a service may ask us to wait: an hour.
const WAIT_SECS_MAX: u64 = 3600;

/// Makes the call, and answers it as told; the last answer serves for all that follow. A success needs an
/// answer of success; a write that such an answer follows is never taken for not done; and no failure holds
/// a secret, whatever the answers repeat.
pub fn open(bytes: &[u8]) {
    let Some(script) = Script::read(bytes) else { return };
    let log = Rc::new(Log::default());
    let (answers, ledger) = (script.answers.clone(), Rc::clone(&log));
    let serve = move |stream| server::serve(stream, answers.clone(), Rc::clone(&ledger));
    let outcome = wire::with_server(serve, async |address| {
        let cloud = cloud(address, &script);
        // Boxed, or the futures of all calls would lie on the stack side by side.
        let call = Box::pin(script.call.make(&cloud, address));
        tokio::select! {
            outcome = call => Some(outcome),
            () = patience(&log) => None,
        }
    });
    if log.served().iter().any(|served| served.status == 401) {
        // Nothing of that shall be seen by the next input.
        MILLIS.fetch_add(QUIET_MILLIS, Ordering::Relaxed);
    }
    // One that waits as it was asked to says nothing more.
    let Some(outcome) = outcome else { return };
    match outcome {
        Ok(shown) => succeeded(script.call, &log, &shown),
        Err(failure) => failed(script.call, &log, &failure),
    }
}

/// Ends when nothing was asked for some time although something was answered: what is called too often waits
/// for minutes.
async fn patience(log: &Log) {
    let mut asked = 0;
    loop {
        tokio::time::sleep(IDLE).await;
        let now = log.served().len();
        if now > 0 && now == asked {
            return;
        }
        asked = now;
    }
}

fn succeeded(call: Call, log: &Log, shown: &str) {
    hides(shown, log);
    let served = log.served();
    let good = served.iter().any(|served| (200..300).contains(&served.status) && served.whole);
    let absent = call.may_be_absent() && served.iter().any(|it| (400..500).contains(&it.status));
    assert!(good || absent, "a success of nothing: {call:?} {served:?} {shown}");
}

fn failed(call: Call, log: &Log, failure: &Failure) {
    let text = failure.to_string();
    is_sentence(&text);
    assert!(text.chars().count() <= FAILURE_CHARS_MAX, "a long failure: {text}");
    hides(&text, log);
    hides(&format!("{failure:?}"), log);
    let signatures = log.signatures();
    assert!(!signatures.iter().any(|signature| text.contains(signature)), "a signature is shown");
    assert!(
        failure.wait.is_none_or(|wait| wait.as_secs() <= WAIT_SECS_MAX || wait_is_ours(failure))
    );
    let written = serde_json::to_string(failure).expect("a failure is JSON");
    let again: Failure = serde_json::from_str(&written).expect("what was written is a failure");
    assert_eq!(again, *failure);
    let last = log.served().last().copied();
    let taken = last.is_some_and(|last| last.writes && (200..300).contains(&last.status));
    // What could not be put back waits for a person, whatever became of it.
    let is_left = failure.message.contains("putting it back failed");
    let is_open = failure.kind == Kind::Lost || is_left && failure.kind == Kind::Operator;
    assert!(!taken || is_open, "{call:?} was taken, and then: {failure:?}");
}

/// The quiet time of a refused credential is our own word, not the service's, and so is the turn of who
/// would call too often.
fn wait_is_ours(failure: &Failure) -> bool {
    failure.was_never_sent()
}

/// What a service was not sent it cannot repeat.
fn hides(text: &str, log: &Log) {
    for secret in log.carried() {
        assert!(!text.contains(secret), "a secret is shown");
    }
}

/// Where credentials come from.
#[derive(Clone, Copy, Debug)]
enum Source {
    AccessKey,
    Password,
    Metadata,
}

/// The clock of the clients.
static MILLIS: AtomicI64 = AtomicI64::new(NOW.millis());
/// How long a refused credential is left alone, and a second more.
const QUIET_MILLIS: i64 = (15 * 60 + 1) * 1000;

thread_local! {
    /// The client of calls by access key, which remembers nothing from one to the next but that a key was
    /// refused. Making one takes longer than a call.
    static KEPT: RefCell<Option<(Cloud, Lockout)>> = const { RefCell::new(None) };
}

fn cloud(address: SocketAddr, script: &Script) -> Cloud {
    let new = || {
        let lockout = Lockout::new(&[], || Time::from_millis(MILLIS.load(Ordering::Relaxed)));
        let cloud = Cloud::new(&account(address, script.source), &lockout);
        (cloud.expect("a client can be made"), lockout)
    };
    match script.source {
        Source::AccessKey if !script.call.is_remembered() => KEPT.with_borrow_mut(|kept| {
            let (cloud, lockout) = kept.get_or_insert_with(new);
            lockout.take_refusals();
            cloud.clone()
        }),
        _ => new().0,
    }
}

fn account(address: SocketAddr, source: Source) -> Account {
    let credentials = match source {
        Source::AccessKey => CredentialSource::AccessKey {
            access_key: SecretFile::Path(FILES.0.join("access")),
            secret_key: SecretFile::Path(FILES.0.join("secret")),
            security_token: None,
        },
        Source::Password => CredentialSource::Password {
            domain: "example".to_owned(),
            user: "certrotd".to_owned(),
            password: SecretFile::Path(FILES.0.join("secret")),
        },
        Source::Metadata => CredentialSource::Metadata,
    };
    let url = format!("http://{address}");
    Account {
        name: Name::new("beijing").expect("a name"),
        region: REGION.to_owned(),
        project_id: Some(PROJECT.to_owned()),
        domain_id: None,
        max_in_flight: 4,
        credentials,
        endpoints: Api::ALL.into_iter().map(|api| (api, url.clone())).collect::<BTreeMap<_, _>>(),
    }
}

/// The files with the credentials. They stay until the process ends: a static is never dropped.
static FILES: LazyLock<Files> = LazyLock::new(Files::new);

struct Files(PathBuf);

impl Files {
    fn new() -> Self {
        // One for all processes and runs, so that none is left behind for each.
        let path = std::env::temp_dir().join("certrotd-fuzz-credentials");
        fs::create_dir_all(&path).expect("scratch can be made");
        for (name, text) in [("access", ACCESS_KEY), ("secret", SECRET_KEY)] {
            let fresh = path.join(format!("{name}.{}", std::process::id()));
            fs::write(&fresh, text).expect("scratch can be written");
            fs::rename(&fresh, path.join(name)).expect("scratch can be written");
        }
        Self(path)
    }
}
