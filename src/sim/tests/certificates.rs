//! Lists that lag and page, pushes, and what the targets show of them.

use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::model::target::Target;

const LIST: &str = "/v3/scm/certificates";

fn push(world: &mut World, id: &str, service: &str, project: &str) -> (u16, String) {
    let body = json!({ "target_service": service, "target_project": project });
    refused(world, "POST", &format!("{LIST}/{id}/push"), &body)
}

fn names(body: &Value) -> Vec<&str> {
    body["certificates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["name"].as_str().unwrap())
        .collect()
}

#[test]
fn imports_show_in_lists_late_and_in_show_at_once() {
    let authority = Authority::new("Test");
    let world = &mut world(Settings { list_lag: Duration::from_secs(3), ..Settings::default() });
    let id = imported(world, &authority, "www", 0);
    let (status, shown) = call(world, "GET", &format!("{LIST}/{id}"), &Value::Null);
    assert_eq!((status, &shown["name"]), (200, &json!("www")));
    assert_eq!(shown["fingerprint"].as_str().unwrap().parse(), Ok(world.imports[0].sha1));
    for (after_ms, total) in [(2999, 0), (3000, 1)] {
        let (_, listed) = call_at(world, after_ms, "GET", LIST, &Value::Null);
        assert_eq!(listed["total_count"], total);
    }
}

#[test]
fn the_list_pages_filters_and_sorts() {
    let authority = Authority::new("Test");
    let world = &mut world(Settings { page_max: 2, ..Settings::default() });
    for (place, name) in ["aaa", "bbb", "abb"].into_iter().enumerate() {
        imported(world, &authority, name, i64::try_from(place).unwrap());
    }
    let mut list =
        |query: &str| call_at(world, 9, "GET", &format!("{LIST}?{query}"), &Value::Null).1;
    assert_eq!(names(&list("limit=50")), ["abb", "bbb"], "newest first, two a page");
    assert_eq!(names(&list("limit=50&offset=2")), ["aaa"]);
    assert_eq!(names(&list("content=bb&sort_dir=ASC")), ["bbb", "abb"]);
    assert_eq!(names(&list("content=aaa.example")), ["aaa"]);
    assert_eq!(list("status=EXPIRED")["total_count"], 0);
    assert_eq!(list("enterprise_project_id=0")["total_count"], 3);
    for bad in ["limit=51", "offset=101", "sort_key=name", "page=1", "limit=10&limit=10"] {
        assert_eq!(refused(world, "GET", &format!("{LIST}?{bad}"), &Value::Null).0, 400, "{bad}");
    }
    assert_eq!(world.violations.len(), 5);
}

#[test]
fn each_push_leaves_a_copy_with_a_name_of_its_own() {
    let authority = Authority::new("Test");
    let world = &mut world(Settings::default());
    let id = imported(world, &authority, "www", 0);
    for service in ["ELB", "ELB", "waf"] {
        assert_eq!(push(world, &id, service, "cn-north-4"), (204, String::new()));
    }
    let elb: Vec<_> = world.certificates.iter().filter(|copy| copy.target == Target::Elb).collect();
    assert_eq!(elb.len(), 2, "a repeated push makes another copy");
    assert_ne!(elb[0].id, elb[1].id);
    assert!(elb.iter().all(|copy| copy.name != "www" && copy.sha256 == world.imports[0].sha256));
    assert_eq!(push(world, &id, "ELB", "mars-north-1"), (400, "SCM.0069".to_owned()));
    assert_eq!(push(world, &id, "VPN", "cn-north-4"), (400, "SCM.0030".to_owned()));
    assert_eq!(push(world, "scs0000000000000", "ELB", "cn-north-4"), (400, "SCM.0008".to_owned()));
}

#[test]
fn cdn_takes_a_certificate_once_and_lists_bound_ones_only() {
    let authority = Authority::new("Test");
    let world = &mut world(Settings::default());
    let id = imported(world, &authority, "www", 0);
    assert_eq!(push(world, &id, "CDN", "").0, 204);
    assert_eq!(push(world, &id, "CDN", "cn-north-4"), (400, "SCM.0211".to_owned()));
    let info = "/v1.0/cdn/domains/https-certificate-info";
    assert_eq!(call(world, "GET", info, &Value::Null).1["total"], 0);
    assert!(crate::sim::console::bind_cdn(world, "www.example.com", &id, Time::from_secs(NOW)));
    let (_, body) = call(world, "GET", info, &Value::Null);
    assert_eq!(body["https"][0]["certificate"], json!(world.imports[0].fullchain));
}

#[test]
fn a_batch_says_what_became_of_each_target() {
    let authority = Authority::new("Test");
    let sub = "cn-north-4_shop".to_owned();
    let world = &mut world(Settings { sub_projects: vec![sub], ..Settings::default() });
    let id = imported(world, &authority, "www", 0);
    let body = json!({ "target_service": "ELB", "target_projects": ["cn-north-4_shop", "mars"] });
    let (status, body) = call(world, "POST", &format!("{LIST}/{id}/batch-push"), &body);
    assert_eq!(status, 200);
    assert_eq!(body["results"][0]["cert_id"], json!(world.certificates[0].id));
    assert_eq!(body["results"][1]["cert_id"], "");
    assert_eq!(body["results"][1]["message"], "Invalid region id.");
    let shop = world.projects["cn-north-4_shop"].clone();
    let list = |project: &str| format!("/v3/{project}/elb/certificates");
    assert_eq!(call(world, "GET", &list(&shop), &Value::Null).1["page_info"]["current_count"], 1);
    assert_eq!(call(world, "GET", &list(PROJECT), &Value::Null).1["page_info"]["current_count"], 0);
    assert_eq!(refused(world, "GET", &list("other"), &Value::Null), (403, "APIGW.0310".to_owned()));
}

#[test]
fn elb_pages_by_marker_and_waf_by_number() {
    let authority = Authority::new("Test");
    let lag = Duration::from_secs(1);
    let world = &mut world(Settings { page_max: 2, list_lag: lag, ..Settings::default() });
    let id = imported(world, &authority, "www", 0);
    for _ in 0..3 {
        assert_eq!(push(world, &id, "ELB", "cn-north-4").0, 204);
        assert_eq!(push(world, &id, "WAF", "cn-north-4").0, 204);
    }
    let elb = format!("/v3/{PROJECT}/elb/certificates");
    let waf = format!("/v1/{PROJECT}/waf/certificate?pagesize=100");
    assert_eq!(
        call(world, "GET", &elb, &Value::Null).1["certificates"],
        json!([]),
        "copies lag too"
    );
    let (_, first) = call_at(world, 1000, "GET", &elb, &Value::Null);
    let marker = first["page_info"]["next_marker"].as_str().unwrap();
    let (_, second) = call_at(world, 1000, "GET", &format!("{elb}?marker={marker}"), &Value::Null);
    assert_eq!(second["page_info"]["current_count"], 1);
    assert_eq!(second["page_info"]["next_marker"], Value::Null);
    for (page, length) in [(1, 2), (2, 1), (3, 0)] {
        let (_, body) = call_at(world, 1000, "GET", &format!("{waf}&page={page}"), &Value::Null);
        assert_eq!((body["items"].as_array().unwrap().len(), &body["total"]), (length, &json!(3)));
        assert!(body["items"].as_array().unwrap().iter().all(|item| item["content"].is_null()));
    }
}
