//! Mistakes of meaning, and the exact lines that tell an operator about them.

use super::refuses;

#[test]
fn clouds() {
    refuses(
        r#"[cloud.main]
region = 'CN_North'
project_id = '123'
domain_id = ''
max_in_flight = 0
"#,
        r#"2:10: `region` "CN_North" is not a region id, expected lower-case letters, digits and dashes such as cn-north-4
3:14: `project_id` "123" is not a project id, expected 32 letters and digits
4:13: `domain_id` "" is not an account id, expected letters and digits
5:17: `max_in_flight` 0 is out of bounds, expected 1 to 256"#,
    );
}

#[test]
fn times_logs_and_addresses() {
    refuses(
        r#"[cloud.main]
region = 'cn-north-4'
[schedule]
reconcile = '*/15 * * * *'
timezone = 'Asia/Bejing'
jitter = '2h'
doubt = '0s'
retry = '15m..10s'
watch = 1
"#,
        r#"4:13: `reconcile` "*/15 * * * *" has five fields, expected six, seconds first: write "0 */15 * * * *" for the same times
5:12: `timezone` "Asia/Bejing" is no time zone, expected an IANA name such as UTC or Asia/Shanghai
6:10: `jitter` "2h" is out of bounds, expected 0s to 60m
7:9: `doubt` "0s" is out of bounds, expected 1s to 24h
8:9: `retry` "15m..10s" starts with the longer span, expected the shorter one first such as 10s..15m
9:9: `watch` is a whole number, expected true or false"#,
    );
    refuses(
        r#"[cloud.main]
region = 'cn-north-4'
[schedule]
reconcile = '0 0 0 30 2 *'
retry = '1ms..10s'
doubt = '5'
[state]
path = ''
[log]
format = 'xml'
level = 'inof'
[metrics]
listen = '9469'
textfile = '/var/lib/certrotd.txt'
"#,
        r#"4:13: `reconcile` "0 0 0 30 2 *" never fires: there is no such day
5:9: `retry` "1ms..10s" is out of bounds, expected both from 100ms to 24h
6:9: `doubt` "5" is no span of time, expected a whole number and a unit (ms, s, m, h or d) such as 90s
8:8: `path` "" is empty, expected a path
10:10: `format` "xml" is no form of a log, expected one of auto, text, json, journald
11:9: `level` "inof" has "inof", expected off, error, warn, info, debug or trace, or such as certrotd=debug
13:10: `listen` "9469" is no address with a port, expected such as 127.0.0.1:9469 or [::1]:9469
14:12: `textfile` "/var/lib/certrotd.txt" is nothing that node_exporter collects, expected a name that ends in .prom"#,
    );
}

#[test]
fn credentials() {
    refuses(
        r#"[cloud.main]
region = 'cn-north-4'
[cloud.main.credentials]
secret_key = 'hunter2hunter2'
"#,
        r#"3:1: [cloud.main.credentials] has no `source`, which is required
4:1: unknown key "secret_key" in [cloud.main.credentials]: did you mean `secret_key_file`?"#,
    );
    refuses(
        r#"[cloud.main]
region = 'cn-north-4'
[cloud.main.credentials]
source = 'acces-key'
"#,
        r#"4:10: `source` "acces-key" is no source, expected one of access-key, password, environment, profile, metadata (did you mean access-key?)"#,
    );
    refuses(
        r#"[cloud.main]
region = 'cn-north-4'
[cloud.main.credentials]
source = 'access-key'
access_key_file = 'credential:../x'
password_file = 'p'
secret_key_file = 12345678
"#,
        r#"5:19: `access_key_file` names no systemd credential, expected credential:NAME with a plain file name
6:17: `password_file` does not go with source "access-key", expected only access_key_file, secret_key_file, security_token_file
7:19: `secret_key_file` is a whole number, expected a text"#,
    );
    refuses(
        r#"[cloud.main]
region = 'cn-north-4'
[cloud.main.credentials]
source = 'password'
user = ''
"#,
        r#"3:1: [cloud.main.credentials] has no `domain`, which is required
3:1: [cloud.main.credentials] has no `password_file`, which is required
5:8: `user` "" is not a name, expected 1 to 64 characters"#,
    );
}

#[test]
fn sources_and_endpoints() {
    refuses(
        r#"[cloud.main]
region = 'cn-north-4'
[cloud.main.credentials]
source = 'metadata'
user = 'me'
[cloud.main.endpoints]
scm = 'http://example.com'
obs = 'https://obs'
iam = 5
metadata = 'http://10.0.0.1'
elb = 'elb.example.com'
"#,
        r#"5:8: `user` does not go with source "metadata", expected no other key
7:7: `scm` "http://example.com" is plain http to another host, expected https (http is for loopback only)
8:1: unknown key "obs" in endpoints: expected one of iam, scm, elb, waf, cdn, dcs, geminidb, taurusdb, rds, dds, gaussdb, metadata
9:7: `iam` is a whole number, expected a text
10:12: `metadata` "http://10.0.0.1" is plain http to another host, expected https, a loopback host or 169.254.169.254
11:7: `elb` "elb.example.com" is no endpoint, expected https://HOST or https://HOST:PORT"#,
    );
}

#[test]
fn certificates() {
    refuses(
        r#"[cloud.main]
region = 'cn-north-4'
[[certificate]]
name = 'www'
cert = 'a.pem'
key = 'a.key'
cloud = 'mian'
[[certificate]]
name = 'www'
cert = 'b.pem'
key = 'b.key'
warn_before = '3w'
keep = -1
enterprise_project_id = 'all'
[[certificate]]
name = 'w w'
cert = "b\u0000.pem"
key = ''
[[certificate]]
name = 'again'
cert = '/etc/./b.pem'
key = 'b.key'
"#,
        r#"7:9: `cloud` "mian" is not in this file, expected one of main
9:8: `name` "www" stands in a second [[certificate]], expected another one
12:15: `warn_before` "3w" is no span of time, expected a whole number and a unit (ms, s, m, h or d) such as 90s
13:8: `keep` -1 is out of bounds, expected 0 to 100
14:25: `enterprise_project_id` "all" is no enterprise project, expected "0" or a UUID
16:8: `name` "w w" has the character ' ', expected only letters, digits, `_`, `.` and `-`
17:8: `cert` "b\0.pem" has a control character, expected a path
18:7: `key` "" is empty, expected a path
21:8: `cert` "/etc/./b.pem" is that of certificate www too, expected once in one cloud"#,
    );
}

#[test]
fn targets() {
    refuses(
        r#"[cloud.main]
region = 'cn-north-4'
[[certificate]]
name = 'www'
cert = 'a.pem'
key = 'a.key'
[[certificate.push]]
service = 'elb'
hosts = ['www.example.com']
listeners = ['']
[[certificate.push]]
service = 'elb'
project = 'cn-north-4'
[[certificate.push]]
service = 'ELB'
[[certificate.push]]
service = 'cdn'
domains = ['localhost']
probe = ['www.example.com', 'a@b:443', 'a@1.2.3.4:0', 'a:443', 5]
[[certificate.push]]
service = 'cdn'
project = 'cn-east-3'
probe = []
[[certificate.push]]
project = 'a/b'
sevrice = 'waf'
"#,
        r#"9:9: `hosts` belongs to service "waf", and this one is "elb"
10:14: `listeners` "" is not a listener id, expected letters, digits and dashes
11:1: `service` "elb" with project "cn-north-4" stands a second time in this certificate, expected once
15:11: `service` "ELB" is no service to push to, expected one of elb, waf, cdn
18:12: `domains` "localhost" is no domain, expected such as www.example.com or *.example.com
19:64: `probe` is a whole number, expected a text
20:1: `service` "cdn" stands a second time in this certificate, expected once
23:9: `probe` has 0 items, expected 1 to 500, or leave the key out
24:1: [[certificate.push]] has no `service`, which is required
25:11: `project` "a/b" is not a project name, expected such as cn-north-4 or cn-north-4_web
26:1: unknown key "sevrice" in [[certificate.push]]: did you mean `service`?"#,
    );
}
