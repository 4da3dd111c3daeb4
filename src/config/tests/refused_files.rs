//! Mistakes of form, and the exact lines that tell an operator about them.

use super::refuses;

#[test]
fn spelling_and_types() {
    refuses(
        r#"[cloud.main]
region = 'cn-north-4'
[schedul]
"#,
        r#"3:2: unknown key "schedul" in the top of the file: did you mean `schedule`?"#,
    );
    refuses(
        r#"[cloud.main]
region = 'cn-north-4'
[[push]]
service = 'elb'
"#,
        r#"3:3: unknown key "push" in the top of the file: did you mean [[certificate.push]]?"#,
    );
    refuses(
        r#"[cloud.main]
region = 'cn-north-4'
certificate = 1
"#,
        r#"3:1: unknown key "certificate" in [cloud.main]: expected one of region, project_id, domain_id, max_in_flight, credentials, endpoints"#,
    );
    refuses(
        r#"[cloud.main]
region = 'cn-north-4'
[certificate]
name = 'abc'
"#,
        r#"3:1: `certificate` is a list of tables, expected [[certificate]]"#,
    );
    refuses(
        r#"[cloud.main]
region = 'cn-north-4'
[[log]]
"#,
        r#"3:1: `log` is a list, expected a table"#,
    );
    refuses(
        r#"[cloud.main]
region = 'cn-north-4'
[log]
levle = 'info'
kolor = true
"#,
        r#"4:1: unknown key "levle" in [log]: did you mean `level`?
5:1: unknown key "kolor" in [log]: expected one of format, level"#,
    );
    refuses(
        r#"[cloud.main]
region = 'cn-north-4'
[log]
format = 1
level = ['info']
"#,
        r#"4:10: `format` is a whole number, expected a text
5:9: `level` is a list of texts, expected a text"#,
    );
    refuses(
        r#"[cloud.main]
region = 'cn-north-4'
[schedule]
watch = 'yes'
"#,
        r#"4:9: `watch` is a text, expected true or false"#,
    );
    refuses(
        r#"[cloud.main]
region = 'cn-north-4'
[[certificate]]
keep = 1.5
name = 'abc'
cert = 'c'
key = 'k'
"#,
        r#"4:8: `keep` is a number with a fraction, expected a whole number"#,
    );
    refuses(
        r#"[cloud.main]
region = 'cn-north-4'
[[certificate]]
keep = 99999999999999999999
name = 'abc'
cert = 'c'
key = 'k'
[certificate.push]
service = 'elb'
"#,
        r#"4:8: `keep` is too large a number
8:1: `push` is a list of tables, expected [[certificate.push]]"#,
    );
}

#[test]
fn what_is_not_there() {
    refuses(
        r#"
"#,
        r#"1:1: there is no [cloud.NAME] table, expected at least one"#,
    );
    refuses(
        r#"region = 'x'
"#,
        r#"1:1: there is no [cloud.NAME] table, expected at least one
1:1: unknown key "region" in the top of the file: expected one of schedule, state, log, metrics, notify, cloud, certificate, discover, instance_ca, instance_ssl, watch_file"#,
    );
    refuses(
        r#"[cloud]
region = 'cn-north-4'
"#,
        r#"1:1: there is no [cloud.NAME] table, expected at least one
2:10: `cloud.region` is a text, expected a table"#,
    );
    refuses(
        r#"[cloud.main]
region = 'cn-north-4'
[[certificate]]
[[instance_ca]]
[[instance_ssl]]
[cloud.other]
region = 'cn-north-1'
"#,
        r#"3:1: [[certificate]] has no `cert`, which is required
3:1: [[certificate]] has no `cloud`, expected one of main, other
3:1: [[certificate]] has no `key`, which is required
3:1: [[certificate]] has no `name`, which is required
4:1: [[instance_ca]] has no `cloud`, expected one of main, other
4:1: [[instance_ca]] has no `instance_id`, which is required
4:1: [[instance_ca]] has no `name`, which is required
4:1: [[instance_ca]] has no `path`, which is required
4:1: [[instance_ca]] has no `service`, which is required
5:1: [[instance_ssl]] has no `cloud`, expected one of main, other
5:1: [[instance_ssl]] has no `enabled`, which is required
5:1: [[instance_ssl]] has no `instance_id`, which is required
5:1: [[instance_ssl]] has no `name`, which is required
5:1: [[instance_ssl]] has no `service`, which is required"#,
    );
}

#[test]
fn what_is_not_toml() {
    refuses(
        r#"[cloud.main]
region = 'cn-north-4'
[log]
level = 
format = 'xml'
level = 'x'
[state
path = 1
[[certificate]]
nmae = 'x'
"#,
        r#"4:9: not TOML: string values must be quoted, expected literal string
5:10: `format` "xml" is no form of a log, expected one of auto, text, json, journald
6:1: `level` stands here a second time
7:7: not TOML: unclosed table, expected `]`"#,
    );
    refuses(
        r#"[cloud.main]
region = 'cn-north-4'
[log]
level = 'info
[[certificate]]
nmae = 'x'
name = 'a'
"#,
        r#"4:14: not TOML: invalid literal string, expected `'`
6:1: unknown key "nmae" in [[certificate]]: did you mean `name`?
7:8: `name` "a" has 1 characters, expected 3 to 50"#,
    );
    refuses(
        r#"[cloud.main]
region = 'cn-north-4'
[log]
level = 'info'
level = 'warn'
[log]
"#,
        r#"5:1: `level` stands here a second time
6:2: `log` stands here a second time"#,
    );
}
