//! `[[notify]]`: who is told, and what of it cannot be.

use std::path::Path;
use std::time::Duration;

use super::{CLOUD, refuses};
use crate::config::{Address, Receiver, parse};
use crate::model::account::SecretFile;
use crate::model::news::News;
use crate::model::secret::Secret;

#[test]
fn whoever_is_told_is_told_all_but_routine() {
    let text = format!(
        "{CLOUD}[[notify]]\nname = 'ops'\nurl = 'https://h/x?token=sesame'\n\
         secret_file = 'credential:hook'\n[[notify]]\nname = 'chat'\nurl_file = 'address'\non = ['changed']\n\
         names = ['www-*', 'api']\nremind = 'never'\nsettle = '0'\n\
         [[notify]]\nname = 'mail'\ncommand = ['/bin/mail', '-s', 'x']\n"
    );
    let config = parse(Path::new("/etc/c.toml"), &text).unwrap();
    let [ops, chat, mail] = &config.notify[..] else { panic!("{:?}", config.notify) };
    let url = Address::Written(Secret::new("https://h/x?token=sesame".to_owned()));
    let key = Some(SecretFile::Credential("hook".to_owned()));
    assert_eq!(ops.to, Receiver::Webhook { url, key });
    assert!(!ops.on.contains(&News::Changed) && ops.on.len() == News::ALL.len() - 1);
    let day = Duration::from_secs(86_400);
    assert_eq!((ops.remind, ops.settle), (Some(day), Duration::from_secs(60)));
    assert!(ops.minds("anybody"));
    let url = Address::File(SecretFile::Path("/etc/address".into()));
    assert_eq!(chat.to, Receiver::Webhook { url, key: None });
    assert_eq!((chat.remind, chat.settle, chat.on.len()), (None, Duration::ZERO, 1));
    assert!(chat.minds("www-a") && chat.minds("api") && !chat.minds("api-2"));
    let argv = ["/bin/mail", "-s", "x"].map(str::to_owned).to_vec();
    assert_eq!(mail.to, Receiver::Command(argv));
    assert!(!format!("{config:?}").contains("sesame"), "an address may be a secret");
}

#[test]
fn what_cannot_be_told_is_said() {
    refuses(
        &format!(
            "{CLOUD}[[notify]]\nname = 'ops'\nurl = 'http://h/sesame'\n\
             [[notify]]\nname = 'ops'\nurl = 'https://h'\ncommand = ['/bin/mail']\n\
             [[notify]]\nname = 'chat'\non = ['helt', 'held', 'held']\nnames = ['[']\nremind = '1s'\nsettle = '2d'\n\
             [[notify]]\nname = 'mail'\ncommand = ['mail']\nsecret_file = 'k'\n\
             [[notify]]\nname = 'none'\ncommand = []\n"
        ),
        r#"5:7: `url` would be posted to in plain text, expected https (http is for loopback only)
6:1: [[notify]] goes nowhere, or to several places: expected one of `url`, `url_file` and `command`
7:8: `name` "ops" stands in a second [[notify]], expected another one
10:1: [[notify]] goes nowhere, or to several places: expected one of `url`, `url_file` and `command`
12:7: `on` "helt" is nothing that can be told, expected one of wrong, failed, held, expiring, recovered, changed
12:23: `on` "held" stands a second time in this list, expected once
13:10: `names` "[" is no pattern: invalid range pattern
14:10: `remind` "1s" is out of bounds, expected 60s to 365d
15:10: `settle` "2d" is out of bounds, expected 0s to 24h
18:12: `command` starts with "mail", expected a program with its full path
19:15: `secret_file` does not go with `command`, expected none: what it gets comes from certrotd alone
22:11: `command` has 0 items, expected 1 to 500, or leave the key out"#,
    );
}
