//! Mistakes in the entries of instances, and the exact lines that tell an operator about them.

use super::refuses;

#[test]
fn what_an_instance_is_and_where_its_ca_goes() {
    refuses(
        r#"[cloud.main]
region = 'cn-north-4'
[[instance_ca]]
name = 'orders'
service = 'obs'
instance_id = 'a/b'
path = '/x/ca.pem'
mode = '0666'
on_change = ['systemctl', 'reload']
[[instance_ca]]
name = 'orders2'
service = 'dcs'
instance_id = 'ab'
path = '/x/ca.pem'
mode = 644
on_change = []
[[instance_ca]]
name = 'orders'
service = 'dcs'
instance_id = 'ab'
path = '/x/ca.pem'
mode = '9'
category = 'a b'
[[certificate]]
name = 'www'
cert = 'a.pem'
key = '/x/ca.pem'
[[instance_ca]]
name = 'orders3'
service = 'geminidb'
instance_id = 'ab'
path = '/x/ca.pem'
mode = '0044'
"#,
        r#"5:11: `service` "obs" is no service that publishes a CA, expected one of dcs, geminidb, rds, dds, gaussdb
6:15: `instance_id` "a/b" is not an instance id, expected letters, digits and dashes
7:8: `path` "/x/ca.pem" is a file that certificate www reads, expected one of its own
8:8: `mode` "0666" lets others write or anyone execute the file, expected such as 0644 or 0640
9:14: `on_change` starts with "systemctl", expected a program with its full path
14:8: `path` "/x/ca.pem" is a file that instance_ca orders writes, expected one of its own
15:8: `mode` is a whole number, expected a text
16:13: `on_change` has 0 items, expected 1 to 500, or leave the key out
18:8: `name` "orders" stands in a second [[instance_ca]], expected another one
21:8: `path` "/x/ca.pem" is a file that instance_ca orders2 writes, expected one of its own
22:8: `mode` "9" is no file mode, expected three or four octal digits such as 0644
23:12: `category` "a b" is not a category, expected such as international or national
32:8: `path` "/x/ca.pem" is a file that instance_ca orders writes, expected one of its own
33:8: `mode` "0044" keeps the owner from reading the file, expected such as 0644"#,
    );
    refuses(
        r#"[cloud.main]
region = 'cn-north-4'
[[instance_ssl]]
name = 'ledger'
service = 'dcs'
instance_id = 'xin07'
enabled = 'on'
"#,
        r#"5:11: `service` "dcs" is no service whose SSL can be switched, expected taurusdb
6:15: `instance_id` "xin07" is no TaurusDB instance id, expected 36 letters and digits that end in in07
7:11: `enabled` is a text, expected true or false"#,
    );
    refuses(
        r#"[cloud.main]
region = 'cn-north-4'
[[instance_ca]]
name = 'orders'
service = 'taurusdb'
instance_id = '0123456789abcdef0123456789abcdefin07'
path = '/x/ca.pem'
"#,
        r#"5:11: `service` "taurusdb" publishes no CA through its API, expected one of dcs, geminidb, rds, dds, gaussdb"#,
    );
}

#[test]
fn one_instance_in_two_switches() {
    let id = "0123456789abcdef0123456789abcdefin07";
    let entry = |name, cloud, id: &str| {
        format!(
            "[[instance_ssl]]\nname = '{name}'\ncloud = '{cloud}'\nservice = 'taurusdb'\n\
             instance_id = '{id}'\nenabled = true\n"
        )
    };
    let clouds = "[cloud.one]\nregion = 'cn-north-4'\n[cloud.two]\nregion = 'cn-north-4'\n";
    let upper = format!("{}in07", id[..32].to_uppercase());
    let text = [entry("first", "one", id), entry("same", "one", id), entry("other", "two", &upper)];
    let second = format!(
        "15:15: `instance_id` \"{id}\" is that of instance_ssl first at 9:15 too, expected one entry an instance"
    );
    refuses(
        &format!("{clouds}{}", text.concat()),
        &format!("{second}\n{}", second.replacen("15:15", "21:15", 1).replacen(id, &upper, 1)),
    );
}

#[test]
fn how_a_ca_file_belongs_overlaps_and_is_proven() {
    refuses(
        r#"[cloud.main]
region = 'cn-north-4'
[[instance_ca]]
name = 'orders'
service = 'dcs'
instance_id = 'ab'
path = '/x/orders.pem'
owner = 'redis:redis'
group = '4294967295'
overlap = '30'
probe = 'redis.internal'
protocol = 'redis'
warn_before = '0s'
[[instance_ca]]
name = 'carts'
service = 'rds'
instance_id = 'ab'
path = '/x/carts.pem'
owner = ''
group = 999
overlap = '366d'
probe = ['carts.internal:5432']
protocol = 'mysql'
warn_before = '21'
[[instance_ca]]
name = 'users'
service = 'gaussdb'
instance_id = 'ab'
path = '/x/users.pem'
protocol = 'postgres'
proto = 'mysql'
"#,
        r#"8:9: `owner` "redis:redis" is no user or group, expected one name or number of this host such as redis or 999
9:9: `group` "4294967295" is no number of a user or group, expected 0 to 4294967294
10:11: `overlap` "30" is no span of time, expected a whole number and a unit (ms, s, m, h or d) such as 90s
11:9: `probe` "redis.internal" is no probe, expected host:port, or name@address:port to pin an address
12:12: `protocol` "redis" is no way to begin TLS, expected one of tls, postgres, mysql
13:15: `warn_before` "0s" is out of bounds, expected 60m to 400d
19:9: `owner` "" is no user or group, expected one name or number of this host such as redis or 999
20:9: `group` is a whole number, expected a text
21:11: `overlap` "366d" is out of bounds, expected 0s to 365d
22:9: `probe` is a list of texts, expected a text
24:15: `warn_before` "21" is no span of time, expected a whole number and a unit (ms, s, m, h or d) such as 90s
30:12: `protocol` "postgres" belongs to a `probe`, and there is none: expected both or neither
31:1: unknown key "proto" in [[instance_ca]]: did you mean `protocol`?"#,
    );
}

#[test]
fn where_a_switch_is_seen_and_when_it_may_start() {
    let entry = |number: usize, lines: &str| {
        format!(
            "[[instance_ssl]]\nname = 'ssl-{number}'\nservice = 'taurusdb'\nenabled = true\n\
             instance_id = '{number:032}in07'\n{lines}\n"
        )
    };
    let text = [
        "[cloud.main]\nregion = 'cn-north-4'\n".to_owned(),
        entry(1, "probe = '*.internal:3306'\nwindow = 'Sunday 02:00-04:00'"),
        entry(2, "probe = 3306\nwindow = 'Sun 02:00-02:00'"),
        entry(3, "probe = 'ledger:0'\nwindow = 'Sun 24:00-01:00'"),
        // What is wrong with the schedule hides no window.
        "[schedule]\ntimezone = 'Mars'\n".to_owned(),
    ];
    refuses(
        &text.concat(),
        r#"8:9: `probe` "*.internal:3306" is no probe: a handshake asks for one name, so write a real host that the wildcard stands for, such as www in place of `*`
9:10: `window` "Sunday 02:00-04:00" is no window, expected weekdays and a span of the day such as "Sun 02:00-04:00"
15:9: `probe` is a whole number, expected a text
16:10: `window` "Sun 02:00-02:00" ends when it begins, expected two times such as 02:00-04:00, or 00:00-24:00 for whole days
22:9: `probe` "ledger:0" is no probe, expected host:port, or name@address:port to pin an address
23:10: `window` "Sun 24:00-01:00" begins at 24:00, expected 00:00 of the day after
25:12: `timezone` "Mars" is no time zone, expected an IANA name such as UTC or Asia/Shanghai"#,
    );
}
