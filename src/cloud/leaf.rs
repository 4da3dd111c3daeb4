//! The PEM in a row of a list, cut behind its leaf: a page holds hundreds of chains, and nobody asks what stands
//! above a leaf that is there already.

use std::fmt;

use serde::de::{Deserializer, Error, Visitor};

const END: &str = "-----END CERTIFICATE-----";

/// Reads a PEM that may be null, up to the end of its first certificate; whole where it has none. For
/// `#[serde(deserialize_with)]`, with `default` where the field may be left out.
pub(super) fn first<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    deserializer.deserialize_option(First)
}

struct First;

impl<'de> Visitor<'de> for First {
    type Value = Option<String>;

    fn expecting(&self, to: &mut fmt::Formatter) -> fmt::Result {
        to.write_str("a PEM or null")
    }

    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<Self::Value, D::Error> {
        inner.deserialize_str(self)
    }

    fn visit_str<E: Error>(self, pem: &str) -> Result<Self::Value, E> {
        let end = pem.find(END).map_or(pem.len(), |at| at + END.len());
        Ok(Some(pem[..end].to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize)]
    struct Row {
        #[serde(default, deserialize_with = "first")]
        pem: Option<String>,
    }

    #[test]
    fn what_stands_behind_the_first_certificate_is_left_out() {
        let block = |text: &str| format!("-----BEGIN CERTIFICATE-----\n{text}\n{END}\n");
        let chain = block("leaf") + &block("above");
        for (row, expected) in [
            (serde_json::json!({ "pem": chain }), Some(block("leaf").trim_end().to_owned())),
            (serde_json::json!({ "pem": "no PEM" }), Some("no PEM".to_owned())),
            (serde_json::json!({ "pem": null }), None),
            (serde_json::json!({}), None),
        ] {
            let read: Row = serde_json::from_str(&row.to_string()).unwrap();
            assert_eq!(read.pem, expected, "{row}");
        }
        assert!(serde_json::from_str::<Row>(r#"{"pem": 1}"#).is_err());
    }
}
