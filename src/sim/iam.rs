//! IAM's half: tokens for a password, and the look-ups of project and account.

use chrono::SecondsFormat;
use serde_json::{Map, Value, json};

use super::answer::Answer;
use super::ask::{Ask, Field, Shape, text};
use super::auth::fresh_token;
use super::world::World;
use crate::model::time::Time;

const BAD: &str = "IAM.0011";

/// `POST /v3/auth/tokens`: 201, the token in a header.
pub(super) fn create_token(world: &mut World, ask: &Ask) -> Result<Answer, Answer> {
    ask.only_query(world, BAD, &["nocatalog"], &[])?;
    let wish = wish(world, ask)?;
    let who = format!("{}/{}", wish.domain, wish.user);
    if world.auth.locked(&who, ask.now) {
        return Err(Answer::identity(401, "Unauthorized", "The account is locked."));
    }
    let known = wish.domain == world.settings.domain && wish.user == world.settings.user;
    if !known || wish.password != world.settings.password.expose() {
        world.auth.failed(&who, ask.now);
        return Err(Answer::identity(401, "Unauthorized", "The username or password is wrong."));
    }
    world.auth.passed(&who);
    if let Some(project) = &wish.project
        && !world.projects.iter().any(|(name, id)| name == project || id == project)
    {
        return Err(Answer::identity(401, "Unauthorized", "The project does not exist."));
    }
    let token = fresh_token();
    let expires = ask.now + world.settings.token_life;
    world.auth.tokens.insert(token.clone(), expires);
    let answer = Answer::json(201, &described(world, &wish, ask.now, expires));
    Ok(answer.with_header("X-Subject-Token", token).told(format!("token for {}", wish.user)))
}

/// What a token request asks for.
struct Wish {
    domain: String,
    user: String,
    password: String,
    project: Option<String>,
}

/// Reads `{"auth":{"identity":{"methods":["password"],"password":{"user":{…}}},"scope":{…}}}`.
fn wish(world: &mut World, ask: &Ask) -> Result<Wish, Answer> {
    let body = ask.object(world, BAD, &[("auth", Shape::Object, true)])?;
    let fields = [("identity", Shape::Object, true), ("scope", Shape::Object, false)];
    let auth = inner(world, ask, &body, "auth", &fields)?;
    let fields = [("methods", Shape::Texts, true), ("password", Shape::Object, true)];
    let identity = inner(world, ask, &auth, "identity", &fields)?;
    if identity["methods"] != json!(["password"]) {
        return Err(ask.breach(world, BAD, "the methods are not [\"password\"]"));
    }
    let password = inner(world, ask, &identity, "password", &[("user", Shape::Object, true)])?;
    let fields = [
        ("name", Shape::Text, true),
        ("password", Shape::Text, true),
        ("domain", Shape::Object, true),
    ];
    let user = inner(world, ask, &password, "user", &fields)?;
    let domain = inner(world, ask, &user, "domain", &[("name", Shape::Text, true)])?;
    let mut project = None;
    if auth.contains_key("scope") {
        let fields = [("project", Shape::Object, false), ("domain", Shape::Object, false)];
        let scope = inner(world, ask, &auth, "scope", &fields)?;
        if scope.contains_key("project") {
            let fields = [("name", Shape::Text, false), ("id", Shape::Text, false)];
            let wanted = inner(world, ask, &scope, "project", &fields)?;
            project = Some([text(&wanted, "id"), text(&wanted, "name")].concat());
        }
    }
    Ok(Wish {
        domain: text(&domain, "name").to_owned(),
        user: text(&user, "name").to_owned(),
        password: text(&user, "password").to_owned(),
        project,
    })
}

fn inner(
    world: &mut World,
    ask: &Ask,
    outer: &Map<String, Value>,
    name: &str,
    fields: &[Field],
) -> Result<Map<String, Value>, Answer> {
    let object = outer.get(name).and_then(Value::as_object).cloned().unwrap_or_default();
    ask.shaped(world, BAD, object, fields)
}

fn described(world: &World, wish: &Wish, now: Time, expires: Time) -> Value {
    let settings = &world.settings;
    let domain = json!({ "id": settings.domain_id, "name": settings.domain });
    let mut token = json!({
        "methods": ["password"],
        "issued_at": micros(now),
        "expires_at": micros(expires),
        "user": {
            "id": "11111111111111111111111111111111",
            "name": settings.user,
            "domain": domain.clone(),
            "password_expires_at": "",
        },
        "roles": [{ "id": "0", "name": "te_admin" }],
        "catalog": [],
    });
    let project = wish.project.as_ref().and_then(|wanted| {
        world.projects.iter().find(|(name, id)| *name == wanted || *id == wanted)
    });
    match project {
        Some((name, id)) => token["project"] = json!({ "id": id, "name": name, "domain": domain }),
        None => token["domain"] = domain,
    }
    json!({ "token": token })
}

/// As IAM writes moments: `2020-01-04T09:05:22.701000Z`.
fn micros(time: Time) -> String {
    time.to_utc().to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// `GET /v3/projects?name=…`.
pub(super) fn projects(world: &mut World, ask: &Ask) -> Result<Answer, Answer> {
    world.account(ask)?;
    let keys = ["domain_id", "name", "parent_id", "enabled", "is_domain", "page", "per_page"];
    ask.only_query(world, BAD, &keys, &[])?;
    let found: Vec<Value> = world
        .projects
        .iter()
        .filter(|(name, _)| ask.param("name").is_none_or(|wanted| wanted == *name))
        .map(|(name, id)| project(world, name, id))
        .collect();
    let told = format!("projects: {}", found.len());
    let links =
        json!({ "self": format!("{}/v3/projects", world.base), "previous": null, "next": null });
    Ok(Answer::json(200, &json!({ "projects": found, "links": links })).told(told))
}

fn project(world: &World, name: &str, id: &str) -> Value {
    json!({
        "id": id,
        "name": name,
        "domain_id": world.settings.domain_id,
        "parent_id": world.settings.domain_id,
        "enabled": true,
        "is_domain": false,
        "description": "",
        "links": { "self": format!("{}/v3/projects/{id}", world.base) },
    })
}

/// `GET /v3/auth/domains`.
pub(super) fn domains(world: &mut World, ask: &Ask) -> Result<Answer, Answer> {
    ask.only_query(world, BAD, &[], &[])?;
    let links = json!({ "self": format!("{}/v3/auth/domains", world.base) });
    let domain = json!({
        "id": world.settings.domain_id,
        "name": world.settings.domain,
        "enabled": true,
        "description": "",
        "links": links.clone(),
    });
    Ok(Answer::json(200, &json!({ "domains": [domain], "links": links })).told("1 domain"))
}
