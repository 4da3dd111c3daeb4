//! Known secrets go through everything that certrotd does, at trace, in good weather and in every bad one; then all
//! that it wrote is searched for them, in every form. And the process itself: it leaves no core, shows its
//! memory to nobody, lets go of its keys, and hands nothing to the commands that it starts.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod common;

#[path = "canary/middle.rs"]
mod middle;
#[path = "canary/needles.rs"]
mod needles;
#[path = "canary/process.rs"]
mod process;
#[path = "canary/stage.rs"]
mod stage;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::ExitStatusExt as _;

use common::eventually;
use needles::{Hay, Needles};
use process::Daemon;
use stage::{SOURCES, Stage};

/// Bytes in a MiB.
const MIB: f64 = (1 << 20) as f64;

#[expect(clippy::print_stdout, reason = "how much was searched is worth seeing")]
#[track_caller]
fn silent(stage: &Stage) {
    let hits = stage.hay.hits(&stage.needles);
    let (secrets, forms) = stage.needles.count();
    let mib = stage.hay.bytes() as f64 / MIB;
    println!("{} hits in {mib:.1} MiB of output, {secrets} secrets, {forms} forms", hits.len());
    assert!(hits.is_empty(), "{} hits:\n{}", hits.len(), hits[..hits.len().min(40)].join("\n"));
}

#[test]
fn no_secret_at_trace_in_good_weather() {
    for source in SOURCES {
        let mut stage = Stage::new(source);
        stage::good_weather(&mut stage);
        stage::mistakes(&mut stage);
        assert!(stage.hay.says("\"level\":\"trace\"") || stage.hay.says("\"level\":\"debug\""));
        silent(&stage);
    }
}

#[test]
fn no_secret_at_trace_in_bad_weather() {
    for source in SOURCES {
        let mut stage = Stage::new(source);
        stage::bad_weather(&mut stage);
        assert!(stage.hay.says("[redacted]") || stage.hay.says("upstream connect error"));
        silent(&stage);
    }
}

#[test]
fn no_secret_of_the_environment_or_a_proxy() {
    let mut stage = Stage::new(SOURCES[0]);
    stage::proxies(&mut stage);
    stage::tokens(&mut stage);
    silent(&stage);
}

#[test]
fn the_search_bites() {
    let mut stage = Stage::new(SOURCES[0]);
    let pair = stage.renew("www-example-com", certrotd::sim::pki::KeyKind::EcdsaP256, 7);
    stage.hay.add("the log", "nothing\nto see\n");
    assert_eq!(stage.hay.hits(&stage.needles), Vec::<String>::new());
    let pem = pair.key_pem.expose();
    for planted in [pem.to_owned(), needles::base64(pem.as_bytes()), needles::hex(pem.as_bytes())] {
        let mut hay = Hay::default();
        hay.add("a copy", format!("one\n{planted}\n"));
        // A PEM's base64 is looked for as the PEM; packed once more, as its lines.
        let mut lines = Needles::default();
        lines.key("key", &pair);
        lines.text("line", pem.lines().nth(1).unwrap());
        assert!(!hay.hits(&lines).is_empty(), "{planted}");
    }
    let secret = "canary \"of/all+forms\"";
    let mut needles = Needles::default();
    needles.text("secret", secret);
    for planted in [
        secret.to_owned(),
        needles::hex(secret.as_bytes()),
        needles::percent(secret.as_bytes()),
        serde_json::to_string(secret).unwrap(),
        format!("{:?}", secret.as_bytes()),
        needles::base64(format!("user:{secret}").as_bytes()),
        needles::base64(format!("a:{secret}").as_bytes()),
        needles::base64(secret.as_bytes()),
    ] {
        let mut hay = Hay::default();
        hay.add("a copy", format!("one\n{planted} "));
        let hits = hay.hits(&needles);
        assert!(hits.iter().any(|hit| hit.contains("in a copy, line 2")), "{planted}: {hits:?}");
    }
}

#[test]
fn a_command_gets_nothing_of_the_daemons() {
    let mut stage = Stage::new("source = \"environment\"\n");
    let (key, secret) =
        (stage.house.settings().access_key.clone(), stage.house.settings().secret_key.clone());
    let proxy = format!("http://user:{}@127.0.0.1:9", stage::PROXY_PASSWORD);
    stage.house.environment = [
        ("HUAWEICLOUD_SDK_AK", key.as_str()),
        ("HUAWEICLOUD_SDK_SK", secret.expose()),
        ("HTTPS_PROXY", proxy.as_str()),
        ("CREDENTIALS_DIRECTORY", "/nowhere"),
        ("LD_PRELOAD", ""),
        ("BASH_ENV", "/nowhere"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec();
    // A shell in front leaves a descriptor open to a file with a secret in it.
    let (config, file) = (stage.house.config_path(), stage.house.scratch.path("secret-key"));
    let mut command = process::command(&stage.house, "/bin/sh");
    let line = "exec 7<\"$1\"; exec \"$2\" --config \"$3\" run";
    command.arg("-c").arg(line).arg("sh").arg(file).arg(env!("CARGO_BIN_EXE_certrotd")).arg(config);
    let daemon = Daemon::of(&stage.house, command);
    eventually("the command", || daemon.log().contains("\"hook.finished\""));
    let told = stage::told(&stage);
    drop(daemon);
    stage.hay.add("what the command has", told.clone());
    silent(&stage);
    let names: Vec<_> = told.lines().filter_map(|line| line.split_once('=')).collect();
    let names: Vec<_> = names.into_iter().map(|(name, _)| name).collect();
    let ours = |name: &&str| *name == "PATH" || name.starts_with("CERTROTD_");
    let foreign: Vec<_> =
        names.iter().take_while(|it| it.len() < 30).filter(|it| !ours(it)).collect();
    assert!(foreign.is_empty() && names.len() >= 6, "{told}");
    // Its three, the shell's own redirection and the directory that is listed.
    let open: Vec<_> = told.lines().filter(|line| line.contains(" -> ")).collect();
    assert!(open.len() >= 3, "{told}");
    assert!(
        !open.iter().any(|line| line.contains("secret-key") || line.contains("journal")),
        "{told}"
    );
    let others = open.iter().filter(|line| {
        !line.contains("pipe:")
            && !line.contains("/dev/null")
            && !line.contains("/told")
            && !line.contains("/proc")
    });
    assert_eq!(others.count(), 0, "{told}");
}

#[test]
fn the_process_is_closed_to_its_own_user() {
    let stage = Stage::new(SOURCES[0]);
    let root = process::is_root(&stage.house);
    let binary = stage.house.scratch.path("certrotd");
    let mut command = if root {
        process::command_as_nobody(&stage.house, binary.to_str().unwrap())
    } else {
        process::command(&stage.house, env!("CARGO_BIN_EXE_certrotd"))
    };
    command.arg("--config").arg(stage.house.config_path()).arg("run");
    let daemon = Daemon::of(&stage.house, {
        command.current_dir("/");
        command
    });
    eventually("a cycle", || daemon.log().contains("cycle.finished"));
    let owner = |file: &str| fs::metadata(daemon.proc(file)).unwrap().uid();
    // What can be dumped or traced belongs to its user; what cannot, to root.
    for file in ["environ", "mem", "maps", "fd"] {
        assert_eq!(owner(file), 0, "{file}");
    }
    let limits = fs::read_to_string(daemon.proc("limits"));
    let limits = limits.unwrap_or_default();
    let core = limits.lines().find(|line| line.starts_with("Max core file size"));
    if let Some(core) = core {
        assert_eq!(core.split_whitespace().filter(|word| *word == "0").count(), 2, "{core}");
    }
}

#[test]
fn the_watchdogs_signal_leaves_no_core() {
    let stage = Stage::new(SOURCES[0]);
    let limit = "ulimit -c unlimited; cd \"$1\"; shift; exec \"$@\"";
    let scratch = stage.house.scratch.path("");
    let shell = || {
        let mut shell = process::command(&stage.house, "/bin/sh");
        shell.arg("-c").arg(limit).arg("sh").arg(&scratch);
        shell
    };
    let other = shell().args(["/bin/sh", "-c", "kill -ABRT $$"]).status().unwrap();
    let mut command = shell();
    command
        .arg(env!("CARGO_BIN_EXE_certrotd"))
        .arg("--config")
        .arg(stage.house.config_path())
        .arg("run");
    let mut daemon = Daemon::of(&stage.house, command);
    eventually("a cycle", || daemon.log().contains("cycle.finished"));
    daemon.signal("ABRT");
    let ended = daemon.child.wait().unwrap();
    assert_eq!(ended.signal(), Some(6));
    assert!(!ended.core_dumped());
    if !other.core_dumped() {
        println!("not compared: no process leaves a core on this machine ({other})");
    }
}

#[test]
fn an_idle_daemon_lets_go_of_its_keys() {
    for source in &SOURCES[..2] {
        let mut stage = Stage::new(source);
        let daemon = Daemon::start(&stage.house);
        eventually("the job", || {
            stage.house.writes() == [2, 6, 1] && daemon.log().contains("\"ssl.switched\"")
        });
        stage::rest();
        let memory = match daemon.memory() {
            Ok(memory) => memory,
            // Which is as it should be for everybody but root.
            Err(error) => return println!("not searched: its memory cannot be read ({error})"),
        };
        stage.gather();
        let mut counts = BTreeMap::<String, usize>::new();
        for (name, _) in stage.needles.found(&memory) {
            *counts.entry(name).or_default() += 1;
        }
        println!("{:.0} MiB of memory: {counts:?}", memory.len() as f64 / MIB);
        // A token is kept until its end, which also shows that the search sees what is there.
        let held = counts.remove("token given out (raw)").is_some();
        assert_eq!(held, source.contains("password"));
        assert!(counts.is_empty(), "{counts:?}");
    }
}
