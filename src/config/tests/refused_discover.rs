//! `[[discover]]`: what is refused before any match is there.

use super::{CLOUD, read, refuses};
use crate::config::WhenEmpty;

/// A file with this pattern and these lines below it, which begin on line 5.
fn with(lines: &str) -> String {
    format!("{CLOUD}[[discover]]\npattern = '/live/*/fullchain.pem'\n{lines}")
}

#[test]
fn patterns() {
    for (pattern, why) in [
        ("", "\"\" is empty, expected a path"),
        ("/live/", "\"/live/\" names no file"),
        ("/live/*/", "\"/live/*/\" ends with `/`, expected a file"),
        ("/live/**", "\"/live/**\" ends with `**`, expected the name of a file"),
        ("/a/**/b/**/c.pem", "\"/a/**/b/**/c.pem\" has `**` twice, expected it once"),
        ("/a/*/../c.pem", "\"/a/*/../c.pem\" has `..` behind a wildcard, expected a plain path"),
        ("/a/[b/c.pem", "\"/a/[b/c.pem\" is no pattern: invalid range pattern"),
    ] {
        let text = format!("{CLOUD}[[discover]]\npattern = '{pattern}'\n");
        refuses(&text, &format!("4:11: `pattern` {why}"));
    }
    refuses(
        &format!("{CLOUD}[[discover]]\n"),
        "3:1: [[discover]] has no `pattern`, which is required",
    );
}

#[test]
fn placeholders() {
    refuses(
        &with(
            "name = '{host}'\nkey = '{dir/k.pem'\nchain = '{}'\n[[discover.push]]\nservice = 'elb'\n\
             probe = ['{name}:443']\n",
        ),
        "5:8: `name` \"{host}\" has the unknown placeholder \"host\", expected {dir}, {parent} or {stem}\n\
         6:7: `key` \"{dir/k.pem\" has a brace without its other half\n\
         7:9: `chain` \"{}\" has the unknown placeholder \"\", expected {dir}, {parent} or {stem}\n\
         10:10: `probe` \"{name}:443\" has the unknown placeholder \"name\", expected {dir}, {parent} or {stem}",
    );
}

#[test]
fn what_serves_one_certificate_alone() {
    refuses(
        &with(
            "[[discover.push]]\nservice = 'waf'\nhosts = ['{parent}', 'www.example.com']\n\
             [[discover.push]]\nservice = 'cdn'\ndomains = ['a.b']\n",
        ),
        "7:22: `hosts` \"www.example.com\" is the same for every match, and one certificate is served there: expected a placeholder such as {parent}\n\
         10:12: `domains` \"a.b\" is the same for every match, and one certificate is served there: expected a placeholder such as {parent}",
    );
}

#[test]
fn what_a_certificate_may_not_be_either() {
    refuses(
        &with(
            "when_empty = 'no'\ninclude = ['a[']\nkeep = 101\nwarn_before = '1s'\n\
             enterprise_project_id = 'all'\n[[discover.push]]\nservice = 'elb'\nhosts = ['{parent}']\n\
             probe = ['{parent}']\n[[discover.push]]\nservice = 'elb'\n",
        ),
        "5:14: `when_empty` \"no\" is nothing that an empty pattern can be, expected one of alarm, ok\n\
         6:12: `include` \"a[\" is no pattern: invalid range pattern\n\
         7:8: `keep` 101 is out of bounds, expected 0 to 100\n\
         8:15: `warn_before` \"1s\" is out of bounds, expected 60m to 400d\n\
         9:25: `enterprise_project_id` \"all\" is no enterprise project, expected \"0\" or a UUID\n\
         12:9: `hosts` belongs to service \"waf\", and this one is \"elb\"\n\
         13:10: `probe` \"www.example.com\" is no probe, expected host:port, or name@address:port to pin an address\n\
         14:1: `service` \"elb\" with project \"cn-north-4\" stands a second time in this certificate, expected once",
    );
    refuses(
        &format!("{CLOUD}[cloud.other]\nregion = 'cn-north-1'\n[[discover]]\npattern = '*.crt'\n"),
        "5:1: [[discover]] has no `cloud`, expected one of main, other",
    );
}

#[test]
fn nothing_is_looked_for_while_a_text_is_read() {
    let config = read(&with("when_empty = 'ok'\n")).unwrap();
    assert!(config.warnings.is_empty() && config.certificates.is_empty());
    let [only] = &config.discover[..] else { panic!("{config:?}") };
    assert_eq!((only.pattern.as_str(), only.when_empty), ("/live/*/fullchain.pem", WhenEmpty::Ok));
    assert_eq!(only.outcome.faults, []);
}
