//! Files that somebody else renews, as `status`, `check` and `report` show them.

use super::bench::Bench;

fn entry(name: &str, path: &str) -> String {
    format!("[[watch_file]]\nname = {name:?}\npath = {path:?}\n")
}

#[test]
fn a_watched_file_has_its_end_and_nothing_is_asked_for_it() {
    let bench = Bench::new("watched");
    bench.pair("mail", 90);
    bench.configure(&entry("mail", "mail.pem"));
    let good = bench.certrotd(&["status"]);
    assert_eq!(good.code, 0, "{}{}", good.stdout, good.stderr);
    assert!(good.words().starts_with("WATCHED FILE FIRST END PATH mail "), "{}", good.stdout);
    assert!(good.words().contains("89 days left") && good.words().ends_with("next: nothing"));
    assert!(!bench.path("state").exists(), "looking creates nothing");
    let shown = bench.certrotd(&["--format", "json", "status"]).json();
    let file = &shown["watch_files"][0];
    assert_eq!((&file["name"], &file["days_left"]), (&"mail".into(), &89.into()));
    assert_eq!(file["subject"], "CN=www.example.com");
    assert_eq!((&file["error"], &file["needs_person"]), (&serde_json::Value::Null, &false.into()));
    let checked = bench.certrotd(&["check"]);
    assert_eq!(checked.code, 0, "{}", checked.stdout);
    assert!(checked.words().starts_with("ok watch_file mail "), "{}", checked.stdout);
}

#[test]
fn one_that_ends_soon_or_cannot_be_read_needs_a_person() {
    let bench = Bench::new("watched-bad");
    bench.pair("mail", 20);
    bench.write("broken.crt", "no certificate");
    let entries = [entry("mail", "mail.pem"), entry("gone", "gone.pem"), entry("proxy", "*.crt")];
    bench.configure(&entries.concat());
    let bad = bench.certrotd(&["status"]);
    assert_eq!(bad.code, 1, "{}", bad.stdout);
    let says = [
        "next: CN=www.example.com: 19 days left and not renewed: look at whoever renews that file",
        "next: there is no such file",
        "next: has no PEM in it",
    ];
    for says in says {
        assert!(bad.words().contains(says), "{says}\n{}", bad.stdout);
    }
    let checked = bench.certrotd(&["check"]);
    assert_eq!(checked.code, 1);
    assert!(checked.words().contains("gone.pem: there is no such file"), "{}", checked.stdout);
    bench.certrotd(&["report", "--html", &bench.text("page.html")]);
    let page = std::fs::read_to_string(bench.path("page.html")).unwrap();
    assert!(page.contains("Watched files") && page.contains("19 days left and not renewed"));
}
