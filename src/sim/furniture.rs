//! Listeners, hosts and domains with every field that their APIs show. Several are away from their
//! default, so that a client that resets a neighbour of the certificate's fields is seen.

use serde_json::{Value, json};

use super::world::{fresh_id, fresh_uuid};
use crate::model::time::Time;

/// An HTTPS listener, but for its id, name, project and certificates.
pub(super) fn listener(now: Time) -> Value {
    json!({
        "admin_state_up": true,
        "client_ca_tls_container_ref": null,
        "connection_limit": -1,
        "created_at": now.to_string(),
        "updated_at": now.to_string(),
        "default_pool_id": fresh_uuid(),
        "description": "shop front",
        "http2_enable": true,
        "insert_headers": {
            "X-Forwarded-Host": true,
            "X-Forwarded-ELB-IP": true,
            "X-Forwarded-Port": false,
            "X-Forwarded-For-Port": false,
            "X-Forwarded-Proto": true,
            "X-Real-IP": false,
        },
        "loadbalancers": [{ "id": fresh_uuid() }],
        "enterprise_project_id": "0",
        "protocol": "HTTPS",
        "protocol_port": 443,
        "sni_match_algo": "longest_suffix",
        "tags": [{ "key": "team", "value": "shop" }],
        "tls_ciphers_policy": "tls-1-2-strict",
        "security_policy_id": fresh_uuid(),
        "enable_member_retry": true,
        "keepalive_timeout": 75,
        "client_timeout": 45,
        "member_timeout": 60,
        "ipgroup": null,
        "transparent_client_ip_enable": true,
        "proxy_protocol_enable": false,
        "enhance_l7policy_enable": true,
        "quic_config": null,
        "protection_status": "nonProtection",
        "protection_reason": "",
        "gzip_enable": true,
        "port_ranges": [],
        "ssl_early_data_enable": false,
        "cps": 0,
        "connection": 0,
        "nat64_enable": false,
    })
}

/// A host of either mode, but for its ids, name, project and certificate.
pub(super) fn host(premium: bool, now: Time) -> Value {
    let server = |port: u16| {
        let mut server = json!({
            "front_protocol": "HTTPS",
            "back_protocol": "HTTP",
            "weight": 1,
            "address": "192.0.2.7",
            "port": port,
            "type": "ipv4",
        });
        if premium {
            server["vpc_id"] = json!(fresh_uuid());
        }
        server
    };
    let mut host = json!({
        "enterprise_project_id": "0",
        "policyid": fresh_id(),
        "protocol": "HTTPS",
        "server": [server(8080), server(8081)],
        "proxy": true,
        "protect_status": 1,
        "access_status": 1,
        "locked": 0,
        "timestamp": now.millis(),
        "certificateid": "",
        "certificatename": "",
        "tls": "TLS v1.2",
        "cipher": "cipher_2",
        "block_page": { "template": "default" },
        "extend": {},
        "traffic_mark": { "sip": ["$remote_addr"], "cookie": null, "params": null },
        "timeout_config": { "connect_timeout": 30, "send_timeout": 60, "read_timeout": 60 },
        "web_tag": "shop",
        "flag": {
            "pci_3ds": "false",
            "pci_dss": "true",
            "cname": "new",
            "is_dual_az": "true",
            "ipv6": "false",
        },
        "description": "",
        "access_progress": [{ "step": 1, "status": 1 }],
        "forward_header_map": {},
    });
    let more = if premium { of_premium() } else { of_cloud() };
    if let (Value::Object(host), Value::Object(more)) = (&mut host, more) {
        host.extend(more);
    }
    host
}

/// What only a host in dedicated mode has.
fn of_premium() -> Value {
    json!({
        "mode": "premium",
        "pool_ids": [],
        "loadbalancer_id": null,
        "listener_id": null,
        "protocol_port": 443,
    })
}

/// What only a host in cloud mode has.
fn of_cloud() -> Value {
    json!({
        "access_code": fresh_id(),
        "lb_algorithm": "round_robin",
        "http2_enable": true,
        "exclusive_ip": false,
        "paid_type": "prePaid",
        "type": 1,
        "circuit_breaker": {
            "switch": true,
            "dead_num": 1000,
            "dead_ratio": 90,
            "block_time": 180,
            "superposition_num": 3,
            "suspend_num": 100,
            "sus_block_time": 180,
        },
    })
}

/// A domain's configuration, with everything on that a careless write would switch off.
pub(super) fn configs() -> Value {
    json!({
        "business_type": "web",
        "service_area": "mainland_china",
        "remark": "",
        "origin_request_header": [],
        "http_response_header": [{ "name": "X-Shop", "value": "1", "action": "set" }],
        "url_auth": { "status": "off" },
        "https": {
            "http2_status": "on",
            "tls_version": "TLSv1.2,TLSv1.3",
            "ocsp_stapling_status": "on",
        },
        "sources": [{
            "origin_type": "ipaddr",
            "origin_addr": "192.0.2.9",
            "priority": 70,
            "weight": 50,
            "http_port": 80,
            "https_port": 443,
            "host_name": "origin.example.com",
        }],
        "origin_protocol": "https",
        "origin_follow302_status": "off",
        "origin_range_status": "on",
        "cache_rules": [],
        "force_redirect": { "status": "on", "type": "https", "redirect_code": 301 },
        "compress": { "status": "on", "type": "gzip,br", "file_type": ".js,.css" },
        "ipv6_accelerate": 1,
        "slice_etag_status": "on",
        "origin_receive_timeout": 30,
        "websocket": { "status": "off", "timeout": 1 },
        "hsts": { "status": "on", "max_age": 31_536_000, "include_subdomains": "on" },
        "quic": { "status": "on" },
        "sni": { "status": "off", "server_name": "" },
        "client_cert": { "status": "off" },
    })
}
