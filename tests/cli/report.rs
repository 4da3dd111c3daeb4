//! `certrotd report`: the page as it is written, whatever stands on it.

use std::os::unix::fs::PermissionsExt as _;

use certrotd::cert::read_ca;
use certrotd::model::failure::{Failure, Kind};
use certrotd::model::names::Subject;
use certrotd::plan::action::Action;
use certrotd::plan::memory::Record;

use super::bench::Bench;
use super::status::{key, name};

const PUSH: &str = "[[certificate.push]]\nservice = \"elb\"\nproject = \"cn-north-4\"\n";
/// The name of a CA, and what a service said.
const HOSTILE: &str = "</style></svg><script src='http://192.0.2.1/x'>&lt;\"";

/// A certificate whose import was refused, a late one, and a CA file.
fn furnish(bench: &Bench) {
    bench.pair("www", 90);
    bench.pair("late", 5);
    let ca = bench.path("ca.pem");
    let authority = format!(
        "[[instance_ca]]\nname = \"orders\"\nservice = \"dcs\"\ninstance_id = \
         \"3f5a8bb2-0000-4a6e-9b6f-0123456789ab\"\npath = {ca:?}\n"
    );
    let pattern = bench.path("live/*/fullchain.pem");
    let pattern = format!("[[discover]]\npattern = {pattern:?}\nname = \"{{parent}}\"\n");
    let (www, late) = (bench.certificate("www", PUSH), bench.certificate("late", ""));
    bench.configure(&format!("{www}{late}{authority}{pattern}"));
    let pem = format!("{}{}", Bench::authority("new", 900), Bench::authority(HOSTILE, 300));
    let bundle = read_ca(pem.as_bytes()).unwrap();
    std::fs::write(&ca, &bundle.pem).unwrap();
    std::fs::set_permissions(&ca, std::fs::Permissions::from_mode(0o644)).unwrap();
    let fingerprints: Vec<_> = bundle.certificates.iter().map(|it| it.sha256).collect();
    let (published, former) = (fingerprints[..1].to_vec(), fingerprints[1..].to_vec());
    let subject = Subject::Certificate(name("www"));
    let action = Action::Import { key: key(bench, "www") };
    let failure = Failure::local(Kind::Operator, "import", HOSTILE);
    bench.remember(vec![
        Record::Authorities { subject: Subject::Ca(name("orders")), published, former },
        Record::Failed { subject, action, failure },
    ]);
}

#[test]
fn the_page_has_everything_and_nothing_that_runs() {
    let bench = Bench::new("report");
    furnish(&bench);
    let file = bench.text("page.html");
    let ended = bench.certrotd(&["report", "--html", &file]);
    assert_eq!(
        (ended.code, &*ended.stdout, &*ended.stderr),
        (0, "", ""),
        "a person is wanted, and it is written"
    );
    assert_eq!(bench.certrotd(&["status"]).code, 1);
    let page = std::fs::read_to_string(&file).unwrap();
    for words in [
        "<title>certrotd: 3 need a person</title>",
        "<b>certificate late</b> import as late-",
        "4 days left and not renewed: look at the ACME client",
        "<b>pattern ",
        "the former CA CN=&lt;/style&gt;&lt;/svg&gt;&lt;script src=&#39;http://192.0.2.1/x&#39;&gt;&amp;lt;&quot; stays",
        "import: &lt;/style&gt;",
        "<h2>Last effects <small>2</small></h2>",
        "<g class=\"line bad\"><title>late: ",
        "default-src 'none'",
    ] {
        assert!(page.contains(words), "{words} is not in {page}");
    }
    for words in
        ["<script", "src='http", "src=\"http", "href=", "a-secret-key", "PRIVATE KEY", "AKID"]
    {
        assert!(!page.contains(words), "{words} is in {page}");
    }
    let piped = bench.certrotd(&["report", "--html", "-"]);
    assert_eq!(piped.code, 0);
    assert!(piped.stdout.starts_with("<!DOCTYPE html>") && piped.stdout.ends_with("</html>\n"));
    assert_eq!(piped.stdout.lines().count(), page.lines().count());
}

#[test]
fn what_cannot_be_written_is_a_fault_and_leaves_nothing() {
    let bench = Bench::new("report-fails");
    furnish(&bench);
    let there = || std::fs::read_dir(bench.path("")).unwrap().count();
    let before = there();
    let ended = bench.certrotd(&["report", "--html", &bench.text("none/page.html")]);
    assert_eq!((ended.code, &*ended.stdout), (1, ""));
    assert!(
        ended.stderr.contains("cannot write ") && ended.stderr.contains("none/page.html: "),
        "{}",
        ended.stderr
    );
    assert_eq!(there(), before);
    assert_eq!(bench.certrotd(&["report"]).code, 2, "where to has to be said");
}

#[test]
fn without_a_terminal_status_is_plain() {
    let bench = Bench::new("report-plain");
    furnish(&bench);
    let shown = bench.certrotd(&["status"]).stdout;
    assert!(!shown.contains(['\x1b', '█', '░']), "{shown}");
}
