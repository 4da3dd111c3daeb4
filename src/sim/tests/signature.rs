//! The gate: signatures made by the official SDK pass, changed ones do not, and failures lock.

use serde_json::Value;

use super::*;
use crate::model::secret::Secret;
use crate::sim::auth::{Temporary, admit};

/// When the vectors below were signed.
const SIGNED: &str = "20261122T080910Z";
const SIGNED_SECS: i64 = 1_795_334_950;
const ACCESS_KEY: &str = "AKIDEXAMPLE000000001";
const SECRET_KEY: &str = "SKEXAMPLEKEY/0123456789abcdefghijklmnopqr";

/// A request as the official Python SDK 3.1.219 signed it.
struct Vector {
    method: &'static str,
    host: &'static str,
    target: &'static str,
    headers: &'static [(&'static str, &'static str)],
    body: &'static str,
    signed: &'static str,
    signature: &'static str,
}

const JSON: (&str, &str) = ("content-type", "application/json");
const PROJECT_ID: (&str, &str) = ("x-project-id", PROJECT);
const SIX: &str = "content-type;host;x-project-id;x-sdk-date";

const VECTORS: [Vector; 6] = [
    Vector {
        method: "GET",
        host: "scm.cn-north-4.myhuaweicloud.com",
        target: "/v3/scm/certificates",
        headers: &[],
        body: "",
        signed: "host;x-sdk-date",
        signature: "3d0ed96aaf6651a5a90c69793f29cf34e1e12768221d075a9f242ce35f23a03f",
    },
    Vector {
        method: "GET",
        host: "elb.cn-north-4.myhuaweicloud.com",
        target: "/v3/0123456789abcdef0123456789abcdef/elb/certificates?Zed=1&alpha=%C3%9C\
                 &domain=%2A.%E4%BE%8B%E5%AD%90.com&empty=&name=a%20b%2Bc%2Ad~e%2Ff%3Dg%26h\
                 &page_reverse=false",
        headers: &[JSON, PROJECT_ID],
        body: "",
        signed: SIX,
        signature: "2b3f5139396c45f04d561e5f7e7d5821481e6bcedc44b7cffa70c59a81f627c9",
    },
    Vector {
        method: "GET",
        host: "elb.cn-north-4.myhuaweicloud.com",
        target: "/v3/0123456789abcdef0123456789abcdef/elb/certificates?limit=2000\
                 &scm_certificate_id=scs1600313391074&scm_certificate_id=scs1600313391075",
        headers: &[JSON, PROJECT_ID],
        body: "",
        signed: SIX,
        signature: "8b44f023a1179bab1c14834a44d2f34cde4ab246521cfeb258ad40eec031d936",
    },
    Vector {
        method: "GET",
        host: "example.cn-north-4.myhuaweicloud.com",
        target: "/v3/0123456789abcdef0123456789abcdef/things/a%20b%2F%E4%B8%AD~%2A%281%29/x",
        headers: &[JSON, PROJECT_ID],
        body: "",
        signed: SIX,
        signature: "63488f83b8f54e7ba62c3911d3cdf37d3033eddf6ead2ad61b079dd3216d55b3",
    },
    Vector {
        method: "PUT",
        host: "elb.cn-north-4.myhuaweicloud.com",
        target: "/v3/0123456789abcdef0123456789abcdef/elb/certificates/233a325e5e3e4ce8beeb320aa714cc12",
        headers: &[JSON, PROJECT_ID],
        body: "{\"certificate\": {\"description\": \"证书 Ü\"}}",
        signed: SIX,
        signature: "e4a88b42f5de42dd2874145c18f4e13fadd25446172352a0ff143f8fc8047dbc",
    },
    Vector {
        method: "GET",
        host: "127.0.0.1:18080",
        target: "/v3/projects?name=cn-north-4",
        headers: &[],
        body: "",
        signed: "host;x-sdk-date",
        signature: "e975e3ee54d29e5ec2df0ab6b33bf2e7642e81e3bd5c7998bcda2fb780475a53",
    },
];

impl Vector {
    fn ask(&self) -> Ask {
        let mut ask = ask(self.method, self.target, &Value::Null, 0);
        (ask.now, ask.wall) = (Time::from_secs(SIGNED_SECS), Time::from_secs(SIGNED_SECS));
        ask.headers.clear();
        ask.body = self.body.into();
        let (signed, signature) = (self.signed, self.signature);
        let claim = format!(
            "SDK-HMAC-SHA256 Access={ACCESS_KEY}, SignedHeaders={signed}, Signature={signature}"
        );
        let own = [("host", self.host), ("x-sdk-date", SIGNED), ("authorization", claim.as_str())];
        own.iter().chain(self.headers).fold(ask, |ask, (name, value)| with_header(ask, name, value))
    }
}

fn gate() -> World {
    world(Settings {
        access_key: ACCESS_KEY.to_owned(),
        secret_key: Secret::new(SECRET_KEY.to_owned()),
        ..Settings::default()
    })
}

/// Passed: nothing. Refused: the message.
fn verdict(world: &mut World, ask: &Ask) -> String {
    match admit(world, ask) {
        Ok(()) => String::new(),
        Err(answer) => {
            assert_eq!(answer.status, 401);
            let body: Value = serde_json::from_slice(&answer.body).unwrap();
            body["error_msg"].as_str().unwrap().to_owned()
        }
    }
}

#[test]
fn what_the_official_sdk_signed_passes() {
    let world = &mut gate();
    for vector in &VECTORS {
        assert_eq!(verdict(world, &vector.ask()), "", "{}", vector.target);
    }
}

#[test]
fn the_order_of_the_query_on_the_wire_does_not_matter() {
    let mut ask = VECTORS[1].ask();
    let mut parts: Vec<_> = ask.raw_query.split('&').collect();
    parts.reverse();
    ask.raw_query = parts.join("&");
    assert_eq!(verdict(&mut gate(), &ask), "");
}

#[test]
fn whatever_is_changed_after_signing_is_refused() {
    let good = &VECTORS[4];
    let changed: [fn(&mut Ask); 5] = [
        |ask| ask.method = "POST".to_owned(),
        |ask| ask.path.push('x'),
        |ask| ask.raw_query = "a=b".to_owned(),
        |ask| ask.body = "{}".into(),
        |ask| drop(ask.headers.insert("x-project-id", HeaderValue::from_static("other"))),
    ];
    for change in changed {
        let mut ask = good.ask();
        change(&mut ask);
        let message = verdict(&mut gate(), &ask);
        assert!(message.contains("verify aksk signature fail, canonicalRequest:"), "{message}");
    }
    let other = &mut gate();
    other.settings.secret_key = Secret::new("other".to_owned());
    assert!(verdict(other, &good.ask()).contains("verify aksk signature fail"));
    other.settings.access_key = "OTHER".to_owned();
    assert!(verdict(other, &good.ask()).contains("ak not exist"));
}

#[test]
fn a_clock_that_is_off_is_refused_after_fifteen_minutes() {
    for (secs, passes) in [(0, true), (900, true), (901, false), (-900, true), (-901, false)] {
        let mut ask = VECTORS[0].ask();
        ask.wall = Time::from_secs(SIGNED_SECS + secs);
        ask.now = ask.wall;
        assert_eq!(verdict(&mut gate(), &ask).is_empty(), passes, "{secs}");
    }
}

#[test]
fn five_failures_in_a_row_lock_for_five_minutes() {
    let world = &mut gate();
    let mut wrong = VECTORS[0].ask();
    wrong.path.push('x');
    for _ in 0..4 {
        assert!(verdict(world, &wrong).contains("verify aksk"));
    }
    assert_eq!(verdict(world, &VECTORS[0].ask()), "", "a success ends the row");
    for _ in 0..5 {
        assert!(verdict(world, &wrong).contains("verify aksk"));
    }
    let mut right = VECTORS[0].ask();
    assert!(verdict(world, &right).contains("AK access failed to reach the limit,forbidden"));
    right.now = Time::from_secs(SIGNED_SECS + 300);
    assert_eq!(verdict(world, &right), "");
}

#[test]
fn tokens_pass_until_they_end() {
    let world = &mut gate();
    world.auth.tokens.insert("token".to_owned(), Time::from_secs(NOW + 1));
    let at = |after_ms, token| {
        with_header(ask("GET", "/x", &Value::Null, after_ms), "x-auth-token", token)
    };
    assert_eq!(verdict(world, &at(999, "token")), "");
    assert_eq!(verdict(world, &at(1000, "token")), "The token must be updated.");
    assert!(verdict(world, &at(0, "other")).contains("decrypt token fail"));
    assert!(verdict(world, &ask("GET", "/x", &Value::Null, 0)).contains("x-auth-token not found"));
}

#[test]
fn a_temporary_key_needs_its_token_and_ends() {
    let world = &mut gate();
    world.settings.access_key = "OTHER".to_owned();
    let key = Temporary {
        secret_key: Secret::new(SECRET_KEY.to_owned()),
        security_token: "security".to_owned(),
        expires: Time::from_secs(SIGNED_SECS + 1),
    };
    world.auth.temporary.insert(ACCESS_KEY.to_owned(), key);
    let with = |token| with_header(VECTORS[0].ask(), "x-security-token", token);
    assert_eq!(verdict(world, &with("security")), "", "it need not be signed");
    assert!(verdict(world, &with("other")).contains("verify aksk"));
    assert!(verdict(world, &VECTORS[0].ask()).contains("verify aksk"));
    let mut late = with("security");
    late.now = Time::from_secs(SIGNED_SECS + 1);
    assert!(verdict(world, &late).contains("signature expired"));
}
