//! The first run: `certrotd init` for each layout, what its file is worth, and `certrotd policy` on it.

use super::bench::{Bench, Ended};

/// The credential files that a written file names are the service's own; here they lie beside it.
fn keys(bench: &Bench, text: &str) {
    bench.write("access-key", "AKID\n");
    bench.write("secret-key", "a-secret-key\n");
    let own = |name: &str| format!("\"/etc/certrotd/{name}\"");
    let (access, secret) = (own("access-key"), own("secret-key"));
    assert!(text.contains(&access) && text.contains(&secret), "where the service reads: {text}");
    let here = |name: &str| format!("{:?}", bench.path(name));
    let text = text.replace(&access, &here("access-key")).replace(&secret, &here("secret-key"));
    bench.write("certrotd.toml", &text);
}

/// A pair of the bench at these two places.
fn pair(bench: &Bench, cert: &str, key: &str) {
    bench.pair("made", 90);
    for (from, to) in [("made.pem", cert), ("made.key", key)] {
        std::fs::create_dir_all(bench.path(to).parent().unwrap()).unwrap();
        std::fs::rename(bench.path(from), bench.path(to)).unwrap();
    }
}

fn init(bench: &Bench, more: &[&str]) -> Ended {
    let output = bench.text("certrotd.toml");
    let mut arguments = vec!["init", "--region", "cn-north-4", "--output", &output];
    arguments.extend(more);
    bench.certrotd(&arguments)
}

/// The file as it was written, and what `check` says of it as it is.
fn checked(bench: &Bench) -> (String, Ended) {
    let text = std::fs::read_to_string(bench.path("certrotd.toml")).unwrap();
    keys(bench, &text);
    (text, bench.certrotd(&["check"]))
}

#[test]
fn what_certbot_keeps_is_one_pattern() {
    let bench = Bench::new("certbot");
    for name in ["www.example.com", "api.example.com"] {
        let (cert, key) =
            (format!("le/live/{name}/fullchain.pem"), format!("le/live/{name}/privkey.pem"));
        pair(&bench, &cert, &key);
    }
    bench.write("le/live/README", "not a directory\n");
    let told = init(&bench, &["--dir", &bench.text("le"), "--push", "elb", "--push", "cdn"]);
    assert_eq!((told.code, &*told.stdout), (0, ""), "{}", told.stderr);
    for words in
        ["2 certificates, as certbot keeps them", "certificate www.example.com", "89 days left"]
    {
        assert!(told.stderr.contains(words), "{words}: {}", told.stderr);
    }
    assert!(told.stderr.contains("install -m 600 /dev/stdin /etc/certrotd/access-key "));
    let file = bench.text("certrotd.toml");
    for command in ["check", "rehearse", "policy"] {
        let line = format!("certrotd {command} --config {file}");
        assert!(told.stderr.contains(&line), "{}", told.stderr);
    }
    let (text, check) = checked(&bench);
    assert_eq!(check.code, 0, "{}{}", check.stdout, check.stderr);
    assert_eq!(text.matches("\n[[discover]]").count(), 1, "{text}");
    assert_eq!(text.matches("\n[[discover.push]]").count(), 2, "{text}");
    assert!(check.stdout.contains("certificate api.example.com"), "{}", check.stdout);

    let rehearsed = bench.certrotd(&["rehearse"]);
    assert_eq!(rehearsed.code, 0, "{}", rehearsed.stdout);
    assert_eq!(rehearsed.stdout.matches("/v3/scm/certificates/import").count(), 2);

    let policy = bench.certrotd(&["policy"]);
    assert_eq!(policy.code, 0, "{}", policy.stderr);
    assert!(policy.stdout.contains("elb:certificates:list"), "{}", policy.stdout);
    let policy = bench.certrotd(&["--format", "json", "policy"]).json();
    assert_eq!(policy["policies"][0]["policy"]["Version"], "1.1");
    assert_eq!(policy["policies"][1]["projects"][0], "cn-north-4");
}

#[test]
fn what_lego_keeps_is_one_pattern_without_the_chains() {
    let bench = Bench::new("lego");
    pair(&bench, "lego/certificates/www.example.com.crt", "lego/certificates/www.example.com.key");
    pair(&bench, "lego/certificates/_.example.com.crt", "lego/certificates/_.example.com.key");
    bench.write("lego/certificates/www.example.com.issuer.crt", "the chain\n");
    let told = init(&bench, &["--dir", &bench.text("lego"), "--push", "cdn"]);
    assert_eq!(told.code, 0, "{}", told.stderr);
    assert!(told.stderr.contains("2 certificates, as lego keeps them"), "{}", told.stderr);
    let (text, check) = checked(&bench);
    assert_eq!(check.code, 0, "{}{}", check.stdout, check.stderr);
    assert!(check.stdout.contains("certificate _.example.com"), "{}", check.stdout);
    assert!(!check.stdout.contains("issuer"), "{}", check.stdout);
    assert!(text.contains("\n#domains = [\"{stem}\"]\n"), "its directory says nothing: {text}");
}

#[test]
fn what_acme_sh_keeps_is_a_table_each() {
    let bench = Bench::new("acme-sh");
    pair(&bench, "sh/www.example.com/fullchain.cer", "sh/www.example.com/www.example.com.key");
    pair(
        &bench,
        "sh/www.example.com_ecc/fullchain.cer",
        "sh/www.example.com_ecc/www.example.com.key",
    );
    let told = init(&bench, &["--dir", &bench.text("sh"), "--push", "waf"]);
    assert_eq!(told.code, 0, "{}", told.stderr);
    let (text, check) = checked(&bench);
    assert_eq!(check.code, 0, "{}{}", check.stdout, check.stderr);
    assert_eq!(text.matches("\n[[certificate]]").count(), 2, "{text}");
    assert!(check.stdout.contains("certificate www.example.com_ecc"), "{}", check.stdout);
}

#[test]
fn a_pair_by_itself_and_a_directory_that_reads_as_a_pattern_are_tables() {
    let bench = Bench::new("single");
    pair(&bench, "one/fullchain.pem", "one/privkey.pem");
    pair(&bench, "li[v]e/www.example.com/fullchain.pem", "li[v]e/www.example.com/privkey.pem");
    let (one, odd) = (bench.text("one"), bench.text("li[v]e"));
    let again = bench.text("one/../one");
    let told = init(&bench, &["--dir", &one, "--dir", &odd, "--dir", &again]);
    assert_eq!(told.code, 0, "{}", told.stderr);
    let (text, check) = checked(&bench);
    assert_eq!(check.code, 0, "{}{}", check.stdout, check.stderr);
    assert_eq!(text.matches("\n[[certificate]]").count(), 2, "{text}");
    assert!(!text.contains("\n[[discover]]"), "{text}");
}

#[test]
fn bad_pairs_are_said_in_the_words_of_check() {
    let bench = Bench::new("torn");
    pair(&bench, "live/www.example.com/fullchain.pem", "live/www.example.com/privkey.pem");
    pair(&bench, "live/bad.example.com/fullchain.pem", "live/bad.example.com/other.pem");
    let key = bench.path("live/bad.example.com/privkey.pem");
    std::fs::copy(bench.path("live/www.example.com/privkey.pem"), key).unwrap();
    let told = init(&bench, &["--dir", &bench.text("live")]);
    assert_eq!(told.code, 0, "the others can go: {}", told.stderr);
    assert!(told.stderr.contains("BAD  certificate bad.example.com"), "{}", told.stderr);
    assert!(told.stderr.contains("the private key does not belong"), "{}", told.stderr);
    assert_eq!(checked(&bench).1.code, 1, "and check says the same");
}

#[test]
fn nothing_found_is_a_template_and_ends_with_1() {
    let bench = Bench::new("bare");
    let told = init(&bench, &["--dir", &bench.text("empty")]);
    assert_eq!(told.code, 1);
    assert!(told.stderr.contains("no certificate was found in "), "{}", told.stderr);
    let (text, check) = checked(&bench);
    assert_eq!(check.code, 0, "it is a configuration all the same: {}", check.stderr);
    assert!(text.contains("\n#[[discover]]\n") && text.contains("\n#[[certificate]]\n"), "{text}");
    let policy = bench.certrotd(&["policy"]);
    assert_eq!(policy.code, 0);
    assert!(policy.stdout.starts_with("this configuration has no entry"), "{}", policy.stdout);
}

#[test]
fn wrong_flags_end_with_2_and_no_file_is_overwritten() {
    let bench = Bench::new("flags");
    assert_eq!(bench.certrotd(&["init"]).code, 2, "the region is nobody's guess");
    assert_eq!(init(&bench, &["--push", "obs"]).code, 2);
    let wrong = bench.certrotd(&["init", "--region", "the north"]);
    assert_eq!((wrong.code, &*wrong.stdout), (2, ""), "{}", wrong.stderr);
    assert!(!bench.path("certrotd.toml").exists());
    bench.write("certrotd.toml", "mine\n");
    let told = init(&bench, &["--dir", &bench.text("empty")]);
    assert_eq!(told.code, 2);
    assert!(told.stderr.contains("is there already"), "{}", told.stderr);
    assert_eq!(std::fs::read_to_string(bench.path("certrotd.toml")).unwrap(), "mine\n");
}

#[test]
fn the_usual_places_go_by_the_environment() {
    let bench = Bench::new("home");
    pair(&bench, "le/certificates/www.example.com.crt", "le/certificates/www.example.com.key");
    pair(
        &bench,
        ".lego/certificates/old.example.com.crt",
        ".lego/certificates/old.example.com.key",
    );
    pair(
        &bench,
        ".acme.sh/sh.example.com/fullchain.cer",
        ".acme.sh/sh.example.com/sh.example.com.key",
    );
    let told = bench.certrotd_in(
        &[("HOME", &bench.text("")), ("LEGO_PATH", &bench.text("le"))],
        &["init", "--region", "cn-north-4"],
    );
    assert_eq!(told.code, 0, "{}", told.stderr);
    for name in ["www.example.com", "old.example.com", "sh.example.com"] {
        assert!(told.stderr.contains(&format!("certificate {name}")), "{}", told.stderr);
    }
}

#[test]
fn what_cannot_be_looked_at_is_said_once() {
    let bench = Bench::new("locked");
    std::fs::create_dir_all(bench.path("le")).unwrap();
    // A link to itself hides what is below it from everybody, root included.
    std::os::unix::fs::symlink(bench.path("le/circle"), bench.path("le/circle")).unwrap();
    let told = init(&bench, &["--dir", &bench.text("le/circle")]);
    assert_eq!(told.code, 1);
    assert_eq!(told.stderr.matches("cannot be looked at").count(), 1, "{}", told.stderr);
    assert!(told.stderr.contains("sudo certrotd init"), "{}", told.stderr);
}

#[test]
fn without_an_output_the_file_goes_where_results_go() {
    let bench = Bench::new("stdout");
    pair(&bench, "live/www.example.com/fullchain.pem", "live/www.example.com/privkey.pem");
    let live = bench.text("live");
    let told = bench.certrotd(&["init", "--region", "cn-north-4", "--dir", &live]);
    assert_eq!(told.code, 0, "{}", told.stderr);
    assert!(told.stdout.contains("\n#[[discover.push]]\n"), "imported only, with an example");
    assert!(told.stdout.starts_with("# certrotd, ") && told.stdout.contains("[[discover]]"));
    assert!(told.stdout.contains("access_key_file = \"/etc/certrotd/access-key\"\n"));
    let next = [
        "install -m 600 /dev/stdin /etc/certrotd/access-key ",
        "install -m 600 /dev/stdin /etc/certrotd/secret-key ",
        "certrotd check --config FILE ",
        "certrotd rehearse --config FILE ",
        "certrotd policy --config FILE ",
        "certrotd check --online --config FILE ",
        "certrotd plan --config FILE ",
        "install -m 644 FILE /etc/certrotd/certrotd.toml ",
        "systemctl enable --now certrotd ",
    ];
    let (_, lines) = told.stderr.split_once("next:\n").unwrap();
    assert_eq!(lines.lines().count(), next.len(), "{lines}");
    for (line, step) in lines.lines().zip(next) {
        assert!(line.trim_start().starts_with(step), "{step}: {line}");
    }
}

#[test]
fn what_ends_soon_is_not_called_ok() {
    let bench = Bench::new("soon");
    bench.pair("made", 5);
    std::fs::create_dir(bench.path("own")).unwrap();
    for (from, to) in [("made.pem", "own/fullchain.pem"), ("made.key", "own/privkey.pem")] {
        std::fs::rename(bench.path(from), bench.path(to)).unwrap();
    }
    let told = init(&bench, &["--dir", &bench.text("own")]);
    let words = "4 days left and not renewed: look at the ACME client";
    assert!(told.stderr.contains(words) && told.stderr.contains("warn  "), "{}", told.stderr);
}

#[test]
fn a_region_that_is_misspelled_is_told_and_written_as_it_was_said() {
    let bench = Bench::new("region");
    bench.pair("www", 90);
    let output = bench.text("certrotd.toml");
    let dir = bench.text("");
    let told =
        bench.certrotd(&["init", "--region", "cn-nroth-4", "--dir", &dir, "--output", &output]);
    let question = "\"cn-nroth-4\" is not one that this version knows: did you mean cn-north-4?";
    assert!(told.stderr.contains(question), "{}", told.stderr);
    let (text, ended) = checked(&bench);
    assert!(text.contains("region = \"cn-nroth-4\""), "{text}");
    assert!(ended.stdout.contains(question), "{}", ended.stdout);
    assert!(!bench.certrotd(&["plan"]).stdout.contains(question), "`check` and nobody else");
}
