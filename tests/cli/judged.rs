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
