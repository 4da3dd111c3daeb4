//! What `certrotd check` says of files that are there, and of no use to the service.

use super::bench::Bench;

#[test]
fn files_in_home_directories_are_warned_of_once() {
    let bench = Bench::new("homes");
    bench.pair("www", 90);
    bench.configure(&bench.certificate("www", ""));
    let seen = bench.certrotd(&["--format", "json", "check"]).json();
    assert_eq!(seen["warnings"].as_array().unwrap().len(), 0, "{seen}");

    let hidden = "[[certificate]]\nname = 'old'\ncert = '/home/nobody/a'\nkey = '/root/b'\n";
    bench.configure(&format!("{}{hidden}", bench.certificate("www", "")));
    let ended = bench.certrotd(&["--format", "json", "check"]).json();
    let warnings = ended["warnings"].as_array().unwrap();
    let [warning] = &warnings[..] else { panic!("{ended}") };
    let said = "/home/nobody/a (and 1 more like it): the service does not see home directories: ";
    assert!(warning.as_str().unwrap().starts_with(said), "{warning}");
}

#[test]
fn what_ends_soon_is_no_fault_and_is_not_ok() {
    let bench = Bench::new("late");
    bench.pair("www", 5);
    bench.pair("mail", 5);
    let watched = "[[watch_file]]\nname = 'mail'\npath = 'mail.pem'\n";
    bench.configure(&bench.certificate("www", ""));
    let ended = bench.certrotd(&["check"]);
    assert_eq!(ended.code, 0, "it can be sent: {}", ended.stdout);
    assert!(ended.words().starts_with("warn certificate www "), "{}", ended.stdout);
    let said = "4 days left and not renewed: look at the ACME client 1 warning";
    assert!(ended.words().ends_with(said), "{}", ended.stdout);

    bench.configure(&format!("{}{watched}", bench.certificate("www", "")));
    let ended = bench.certrotd(&["check"]);
    assert_eq!(ended.code, 0, "{}", ended.stdout);
    assert!(ended.words().contains("warn watch_file mail "), "{}", ended.stdout);
    assert!(ended.words().ends_with("2 warnings"), "{}", ended.stdout);
    let shown = bench.certrotd(&["--format", "json", "check"]).json();
    assert_eq!(shown["certificates"][0]["warning"], "not renewed: look at the ACME client");

    bench.configure(&bench.certificate("www", "warn_before = '2d'"));
    let ended = bench.certrotd(&["check"]);
    assert!(ended.words().ends_with("4 days left nothing wrong"), "{}", ended.stdout);
}
