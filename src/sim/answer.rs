//! An answer before it is written: status, headers, body, and a word for the ledger.

use serde_json::{Value, json};

/// What a handler gives back.
#[derive(Debug)]
pub(super) struct Answer {
    pub status: u16,
    pub content_type: &'static str,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
    /// What happened, in the ledger's words; no secrets.
    pub detail: String,
}

impl Answer {
    /// A JSON body.
    pub fn json(status: u16, body: &Value) -> Self {
        Self::bytes(status, "application/json", body.to_string().into_bytes())
    }

    /// Any body.
    pub fn bytes(status: u16, content_type: &'static str, body: Vec<u8>) -> Self {
        Self { status, content_type, headers: Vec::new(), body, detail: String::new() }
    }

    /// Plain text.
    pub fn text(status: u16, body: &str) -> Self {
        Self::bytes(status, "text/plain", body.as_bytes().to_vec())
    }

    /// No body at all.
    pub fn empty(status: u16) -> Self {
        Self::bytes(status, "", Vec::new())
    }

    /// The shape that most services give their errors.
    pub fn error(status: u16, code: &str, message: &str) -> Self {
        Self::json(status, &json!({ "error_code": code, "error_msg": message })).told(code)
    }

    /// The gateway's shape, which adds the request's id.
    pub fn gateway(status: u16, code: &str, message: &str, request_id: &str) -> Self {
        let body = json!({ "error_code": code, "error_msg": message, "request_id": request_id });
        Self::json(status, &body).told(code)
    }

    /// The identity service's shape, where the code is a number.
    pub fn identity(status: u16, title: &str, message: &str) -> Self {
        let body = json!({ "error": { "code": status, "message": message, "title": title } });
        Self::json(status, &body).told(title)
    }

    /// With these words for the ledger.
    pub fn told(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    /// With one more header.
    pub fn with_header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }
}
