//! Commands that are run for real: shells that say, flood, hang and leave children behind.

use std::io;
use std::path::Path;
use std::time::Instant;

use super::program::PATH;
use super::*;
use crate::scratch::Scratch;

/// Whether the process whose id stands in this file lives; one that nobody has reaped does not.
fn lives(pid: &Path) -> bool {
    let pid = std::fs::read_to_string(pid).unwrap();
    let stat = Path::new("/proc").join(pid.trim()).join("stat");
    std::fs::read_to_string(stat).is_ok_and(|stat| !stat.contains(") Z "))
}

fn entry(on_change: &[&str], path: &Path) -> InstanceCa {
    let text = format!(
        "[cloud.main]\nregion = 'cn-north-4'\n[[instance_ca]]\nname = 'orders'\nservice = 'dcs'\n\
         instance_id = 'a'\npath = {path:?}\non_change = {on_change:?}\n"
    );
    let config = crate::config::parse(Path::new("/c.toml"), &text).unwrap();
    config.instance_cas.into_iter().next().unwrap()
}

async fn ran(script: &str, file: &Path, limit: Duration) -> Result<(), String> {
    let argv = ["/bin/sh", "-c", script, "sh", file.to_str().unwrap()];
    run_entry(&entry(&argv, Path::new("/ca.pem")), limit).await
}

async fn run_entry(entry: &InstanceCa, limit: Duration) -> Result<(), String> {
    let ended = run_within(entry, &Sha256::of(b"ca"), limit).await;
    ended.map_err(|failure| failure.message)
}

#[tokio::test]
async fn a_child_that_keeps_the_output_open_is_not_waited_for() {
    let scratch = Scratch::new();
    let pid = scratch.join("pid");
    let began = Instant::now();
    let script = "sleep 6 & echo $! > \"$1\"; echo said; exit $CODE";
    let ended = ran(&script.replace("$CODE", "0"), &pid, Duration::from_secs(10)).await;
    assert_eq!(ended, Ok(()));
    assert!(lives(&pid), "what a command leaves behind may be a service");
    let ended = ran(&script.replace("$CODE", "3"), &pid, Duration::from_secs(10)).await;
    let said = ended.unwrap_err();
    assert!(said.ends_with("ended with exit status: 3 and said: said"), "{said}");
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_late_command_is_killed_with_all_that_it_started() {
    let scratch = Scratch::new();
    let pid = scratch.join("pid");
    let script = "sleep 20 & echo $! > \"$1\"; echo waiting; wait";
    let said = ran(script, &pid, Duration::from_secs(1)).await.unwrap_err();
    assert_eq!(said, "/bin/sh took longer than 1s, was killed and said: waiting");
    for _ in 0..50 {
        if !lives(&pid) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the child of the command lives on");
}

#[tokio::test]
async fn a_flood_is_cut_and_the_status_alone_decides() {
    let scratch = Scratch::new();
    let pid = scratch.join("pid");
    let script = "yes | head -c 200000; exec >&- 2>&-; sleep 0.1; exit 1";
    let said = ran(script, &pid, Duration::from_secs(10)).await.unwrap_err();
    assert_eq!(said, "/bin/sh ended with exit status: 1 and said: y");
}

#[tokio::test]
async fn the_last_error_is_told_whatever_else_was_printed() {
    let scratch = Scratch::new();
    let pid = scratch.join("pid");
    for (script, wanted) in [
        ("echo why >&2; sleep 0.2; echo said; exit 1", "why"),
        ("yes | head -c 200000 >&2; echo why >&2; yes | head -c 200000; exit 1", "why"),
        ("echo said; echo >&2; exit 1", "said"),
    ] {
        let said = ran(script, &pid, Duration::from_secs(10)).await.unwrap_err();
        assert_eq!(said, format!("/bin/sh ended with exit status: 1 and said: {wanted}"));
    }
    let said = ran("exit 1", &pid, Duration::from_secs(10)).await.unwrap_err();
    assert_eq!(said, "/bin/sh ended with exit status: 1 and said nothing");
}

#[tokio::test]
async fn the_environment_is_ours_and_nothing_else() {
    let scratch = Scratch::new();
    let (file, told) = (scratch.join("ca.pem"), scratch.join("told"));
    let argv = ["/bin/sh", "-c", "env > \"$1\"", "sh", told.to_str().unwrap()];
    let entry = entry(&argv, &file);
    let mut wanted = format!(
        "CERTROTD_INSTANCE=a\nCERTROTD_NAME=orders\nCERTROTD_PATH={}\nCERTROTD_SERVICE=dcs\n\
         CERTROTD_SHA256={}\nPATH={PATH}",
        file.display(),
        Sha256::of(b"ca")
    );
    let mut found = Vec::new();
    for previous in [false, true] {
        if previous {
            std::fs::write(scratch.join("ca.pem.previous"), "former").unwrap();
            let line = format!("CERTROTD_PREVIOUS={}.previous\nCERTROTD_SERVICE", file.display());
            wanted = wanted.replace("CERTROTD_SERVICE", &line);
        }
        run_entry(&entry, TIMEOUT).await.unwrap();
        let text = std::fs::read_to_string(&told).unwrap();
        // What shells add by themselves.
        let own = ["PWD=", "OLDPWD=", "SHLVL=", "_="];
        let lines = text.lines().filter(|line| !own.iter().any(|own| line.starts_with(own)));
        let mut lines: Vec<_> = lines.map(str::to_owned).collect();
        lines.sort();
        found.push((lines.join("\n"), wanted.clone()));
    }
    for (found, wanted) in found {
        assert_eq!(found, wanted);
    }
}

/// How its start fails. A child of another test may hold a file open for a moment that is closed here.
async fn start_failure(entry: &InstanceCa, closed: bool) -> String {
    let mut said = String::new();
    for _ in 0..100 {
        said = run_entry(entry, TIMEOUT).await.unwrap_err();
        if !(closed && said.contains("somebody is writing")) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    said
}

#[tokio::test]
async fn a_program_that_cannot_start_says_what_to_look_at() {
    use std::os::unix::fs::OpenOptionsExt;
    let scratch = Scratch::new();
    let mut said = Vec::new();
    for (name, mode, text) in [
        ("missing", 0, ""),
        ("lost", 0o755, "#!/no/such/shell\n"),
        ("closed", 0o644, "#!/bin/sh\n"),
        ("odd", 0o755, "?"),
        ("busy", 0o755, "#!/bin/sh\n"),
    ] {
        let path = scratch.join(name);
        let mut options = std::fs::OpenOptions::new();
        let options = options.write(true).create_new(true).mode(mode);
        let open = (mode != 0).then(|| options.open(&path).unwrap());
        if let Some(mut file) = open.as_ref() {
            io::Write::write_all(&mut file, text.as_bytes()).unwrap();
        }
        // Only the busy one stays open for writing.
        let _open = open.filter(|_| name == "busy");
        let entry = entry(&[path.to_str().unwrap()], Path::new("/ca.pem"));
        said.push(start_failure(&entry, name != "busy").await);
    }
    let wanted = [
        "there is no such file",
        "the interpreter that its first line names does not exist",
        "the daemon's user may not execute it",
        "it is no program",
        "somebody is writing to it",
    ];
    for (said, wanted) in said.iter().zip(wanted) {
        assert!(said.contains(&format!(" could not be started: {wanted}")), "{said}");
    }
}
