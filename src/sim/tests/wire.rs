//! Over real sockets: weather, the ledger, clocks, and the end.

use std::time::Duration;

use reqwest::{Client, Response};
use serde_json::{Value, json};

use super::super::{Fault, Rule, Sim};
use super::*;

const LIST: &str = "/v3/scm/certificates";

fn client() -> Client {
    Client::builder().no_proxy().timeout(Duration::from_secs(5)).build().unwrap()
}

async fn token(sim: &Sim, client: &Client) -> String {
    let user = json!({
        "name": "rotator", "password": "simulated-password", "domain": { "name": "simulated-account" },
    });
    let auth = json!({
        "identity": { "methods": ["password"], "password": { "user": user } },
        "scope": { "project": { "name": "cn-north-4" } },
    });
    let body = json!({ "auth": auth }).to_string();
    let request = client.post(format!("{}/v3/auth/tokens", sim.url()));
    let answer =
        request.header("content-type", "application/json").body(body).send().await.unwrap();
    assert_eq!(answer.status(), 201);
    answer.headers()["x-subject-token"].to_str().unwrap().to_owned()
}

async fn send(
    sim: &Sim,
    token: &str,
    method: &str,
    path: &str,
    body: &Value,
) -> reqwest::Result<Response> {
    let mut request = client().request(method.parse().unwrap(), format!("{}{path}", sim.url()));
    request = request.header("x-auth-token", token).header("content-type", "application/json");
    if !body.is_null() {
        request = request.body(body.to_string());
    }
    request.send().await
}

fn fresh_body(sim: &Sim, name: &str) -> Value {
    let (begin, end) = (sim.now(), sim.now() + Duration::from_secs(1000));
    let issued = Authority::new("Wire").issue(&["www.example.com"], KeyKind::EcdsaP256, begin, end);
    import_body(name, &issued)
}

#[tokio::test]
async fn weather_strikes_before_or_after_the_work() {
    let sim = Sim::start(Settings::default()).await.unwrap();
    let token = token(&sim, &client()).await;
    let body = fresh_body(&sim, "www");
    let cases: [(Fault, Option<u16>, bool); 12] = [
        (Fault::Throttled, Some(429), false),
        (Fault::Status(503), Some(503), false),
        (Fault::DropBefore, None, false),
        (Fault::TokenExpired, Some(401), false),
        (Fault::LyingHtml, Some(200), false),
        (Fault::DropAfter, None, true),
        (Fault::Truncated, Some(200), true),
        (Fault::Slow(Duration::from_millis(1)), Some(200), true),
        (Fault::Garbage, Some(200), false),
        (Fault::RetryAfter { status: 503, seconds: 7 }, Some(503), false),
        (Fault::Says { status: 409, body: "{".to_owned() }, Some(409), false),
        (Fault::DoneSays { status: 502, body: String::new() }, Some(502), true),
    ];
    for (fault, status, worked) in cases {
        let before = sim.imports().len();
        sim.weather(Rule::new("POST", "/import", fault.clone()).times(1));
        let answer = send(&sim, &token, "POST", IMPORT, &body).await;
        assert_eq!(
            answer.as_ref().ok().map(|answer| answer.status().as_u16()),
            status,
            "{fault:?}"
        );
        assert_eq!(sim.imports().len() - before, usize::from(worked), "{fault:?}");
        if fault == Fault::Truncated {
            assert!(answer.unwrap().bytes().await.is_err(), "a cut body is no body");
        }
        assert_eq!(sim.calls().last().unwrap().fault, Some(fault.name()));
    }
    assert_eq!(
        send(&sim, &token, "POST", IMPORT, &body).await.unwrap().status(),
        200,
        "calm again"
    );
    assert_eq!(sim.violations(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_late_call_is_done_when_nobody_waits_for_it_any_more() {
    let sim = Sim::start(Settings::default()).await.unwrap();
    let token = token(&sim, &client()).await;
    let body = fresh_body(&sim, "www-1a2b");
    sim.weather(Rule::new("POST", "/import", Fault::Late(Duration::from_secs(30))).times(1));
    assert!(send(&sim, &token, "POST", IMPORT, &body).await.is_err());
    assert_eq!(sim.imports().len(), 0);
    tokio::time::sleep(Duration::from_secs(31)).await;
    assert_eq!(sim.imports().len(), 1);
    assert_eq!(sim.calls().last().unwrap().fault, Some("late"));
}

#[tokio::test]
async fn the_ledger_tells_what_happened_and_no_secrets() {
    let sim = Sim::start(Settings::default()).await.unwrap();
    let mut live = sim.subscribe();
    let token = token(&sim, &client()).await;
    assert_eq!(live.recv().await.unwrap().service, "iam");
    let body = fresh_body(&sim, "www-1a2b");
    let answer = send(&sim, &token, "POST", IMPORT, &body).await.unwrap();
    assert!(answer.headers().contains_key("x-request-id"));
    let call = live.recv().await.unwrap();
    let id = sim.imports()[0].id.clone();
    assert_eq!(call.to_string(), format!("POST {IMPORT} → 200 import www-1a2b → {id}"));
    let told = format!("{:?} {:?}", sim.calls(), sim.imports());
    assert!(!told.contains(&token) && !told.contains("PRIVATE KEY"));
    assert_eq!(send(&sim, &token, "GET", "/v3/nothing", &Value::Null).await.unwrap().status(), 404);
    assert_eq!(sim.violations().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_paused_clock_rules_lags_and_jobs() {
    let settings = Settings { list_lag: Duration::from_secs(3600), ..Settings::default() };
    let sim = Sim::start(settings).await.unwrap();
    let token = token(&sim, &client()).await;
    let mut body = fresh_body(&sim, "www");
    let long = sim.now() + Duration::from_secs(1_000_000);
    let issued = Authority::new("Wire").issue(&["a.example"], KeyKind::EcdsaP256, sim.now(), long);
    body = import_body(body["name"].as_str().unwrap(), &issued);
    assert_eq!(send(&sim, &token, "POST", IMPORT, &body).await.unwrap().status(), 200);
    for total in [0, 1] {
        let text =
            send(&sim, &token, "GET", LIST, &Value::Null).await.unwrap().text().await.unwrap();
        assert!(text.ends_with(&format!("\"total_count\":{total}}}")), "{text}");
        tokio::time::sleep(Duration::from_secs(3600)).await;
    }
}

#[tokio::test]
async fn tokens_can_be_made_to_expire() {
    let sim = Sim::start(Settings::default()).await.unwrap();
    let token = token(&sim, &client()).await;
    assert_eq!(send(&sim, &token, "GET", LIST, &Value::Null).await.unwrap().status(), 200);
    sim.expire_tokens();
    assert_eq!(send(&sim, &token, "GET", LIST, &Value::Null).await.unwrap().status(), 401);
}

#[tokio::test]
async fn metadata_has_a_token_flow_and_a_plain_one() {
    let sim = Sim::start(Settings::default()).await.unwrap();
    let key = format!("{}/openstack/latest/securitykey", sim.url());
    let token = format!("{}/meta-data/latest/api/token", sim.url());
    assert_eq!(client().get(&key).send().await.unwrap().status(), 401);
    let request = client().put(&token).header("x-metadata-token-ttl-seconds", "21600");
    let given = request.send().await.unwrap().text().await.unwrap();
    let answer = client().get(&key).header("x-metadata-token", given).send().await.unwrap();
    let body: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    assert!(body["credential"]["securitytoken"].is_string());
    sim.change(|settings| settings.metadata_tokens = false);
    let request = client().put(&token).header("x-metadata-token-ttl-seconds", "21600");
    assert_eq!(request.send().await.unwrap().status(), 404);
    assert_eq!(client().get(&key).send().await.unwrap().status(), 200);
}

#[test]
fn a_cloud_on_its_own_thread_ends_when_dropped() {
    let sim = Sim::start_thread(Settings::default()).unwrap();
    let address = sim.url().replace("http://", "");
    assert!(std::net::TcpStream::connect(&address).is_ok());
    drop(sim);
    assert!(std::net::TcpStream::connect(&address).is_err());
}
