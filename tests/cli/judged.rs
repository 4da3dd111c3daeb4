//! What `certrotd check` says of files that are there, and of no use to the service.

use std::path::Path;

use super::bench::Bench;

#[test]
fn files_in_home_directories_are_warned_of_once() {
    let bench = Bench::new("homes");
    bench.pair("www", 90);
    bench.configure(&bench.certificate("www", ""));
    let seen = bench.certrotd(&["--format", "json", "check"]).json();
    assert_eq!(seen["warnings"].as_array().unwrap().len(), 0, "{seen}");

    let [cert, key] = ["/home", "/root"].map(|home| Path::new(home).join("nobody.pem"));
    let hidden = format!("[[certificate]]\nname = 'old'\ncert = {cert:?}\nkey = {key:?}\n");
    bench.configure(&format!("{}{hidden}", bench.certificate("www", "")));
    let ended = bench.certrotd(&["--format", "json", "check"]).json();
    let warnings = ended["warnings"].as_array().unwrap();
    let [warning] = &warnings[..] else { panic!("{ended}") };
    let (cert, key) = (cert.display(), key.display());
    let said = format!("{cert}, {key}: the service does not see home directories: `acme.sh ");
    assert!(warning.as_str().unwrap().starts_with(&said), "{warning}");

    // By its name it lies in a home directory, and it can be read.
    bench.configure("");
    let (secret, text) = (bench.text("sk"), std::fs::read_to_string(bench.path("certrotd.toml")));
    let hidden = Path::new("/home").join("..").display().to_string() + &secret;
    bench.write("certrotd.toml", &text.unwrap().replace(&secret, &hidden));
    let words = bench.certrotd(&["check"]).words();
    let said = format!("{hidden}: the service does not see home directories: move it to /etc/cert");
    assert!(words.contains(&said), "{words}");
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

#[test]
fn a_file_with_a_table_of_its_own_is_told_apart_from_what_a_pattern_takes() {
    let bench = Bench::new("tables");
    for name in ["api", "www"] {
        let dir = format!("live/{name}.example.com");
        std::fs::create_dir_all(bench.path(&dir)).unwrap();
        bench.pair(&format!("{dir}/cert"), 90);
    }
    let [cert, key] = ["pem", "key"].map(|end| format!("live/api.example.com/cert.{end}"));
    let table = format!("[[certificate]]\nname = 'api-bound'\ncert = {cert:?}\nkey = {key:?}\n");
    let pattern = "[[discover]]\npattern = 'live/*/cert.pem'\nkey = '{stem}.key'\n";
    bench.configure(&format!("{table}{pattern}"));
    let ended = bench.certrotd(&["check"]);
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    let said = "2 files, 1 of them in a table of its own: api-bound";
    assert!(ended.words().contains(said), "{}", ended.stdout);
    let shown = bench.certrotd(&["--format", "json", "check"]).json();
    assert_eq!(shown["discover"][0]["tables"], serde_json::json!(["api-bound"]));

    let ended = bench.certrotd(&["apply", "--only", "api.example.com"]);
    let said = "no entry named api.example.com: its file belongs to api-bound\n";
    assert_eq!((ended.code, ended.stderr.ends_with(said)), (2, true), "{}", ended.stderr);

    bench.configure(pattern);
    let ended = bench.certrotd(&["check"]);
    assert!(ended.stdout.contains("2 files\n"), "{}", ended.stdout);
}

#[test]
fn an_empty_secret_is_bad() {
    let bench = Bench::new("empty");
    bench.pair("www", 90);
    bench.configure(&bench.certificate("www", ""));
    for blank in ["", " \n"] {
        bench.write("sk", blank);
        let ended = bench.certrotd(&["check"]);
        assert_eq!(ended.code, 1, "{}", ended.stdout);
        let said = format!("BAD cloud north {} is empty something is wrong", bench.text("sk"));
        assert!(ended.words().ends_with(&said), "{}", ended.stdout);
        let shown = bench.certrotd(&["--format", "json", "check"]).json();
        assert_eq!(shown["credentials"][0]["name"], "north");
    }
    bench.write("sk", "\na-secret-key");
    assert_eq!(bench.certrotd(&["check"]).code, 0, "white space around it is trimmed");
}

#[test]
fn programs_that_are_not_there_are_warned_of() {
    let bench = Bench::new("programs");
    let (ca, mail) = (bench.path("ca.pem"), bench.path("mail"));
    let entry = |program: &str| {
        format!(
            "[[instance_ca]]\nname = 'orders'\nservice = 'dcs'\ninstance_id = \
             '3f5a8bb2-0000-4a6e-9b6f-0123456789ab'\npath = {ca:?}\non_change = ['{program}']\n\
             [[notify]]\nname = 'mail'\ncommand = [{mail:?}]\n"
        )
    };
    bench.configure(&entry("/bin/sh"));
    let ended = bench.certrotd(&["check"]);
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    assert!(ended.words().contains("notify mail: command: "), "{}", ended.stdout);
    assert!(ended.words().ends_with(" 1 warning"), "{}", ended.stdout);
    bench.configure(&entry("/bin/no-such-program"));
    let ended = bench.certrotd(&["check"]);
    let said = "instance_ca orders: on_change: /bin/no-such-program is not there";
    assert!(ended.words().contains(said), "{}", ended.stdout);
    assert!(ended.words().ends_with(" 2 warnings"), "{}", ended.stdout);
}
