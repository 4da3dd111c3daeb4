//! The log in the journal's own protocol: every field can be filtered by (`journalctl EVENT=step.failed`).

use std::io;

use tracing::{Metadata, Subscriber};
use tracing_journald::{Priority, PriorityMappings};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;

/// What `journalctl -t` asks for.
const IDENTIFIER: &str = "certrotd";

/// Layers that together send each event once, with `MESSAGE`, `EVENT` and the event's fields in upper case.
/// Fails where nothing listens at the journal's socket.
///
/// There is one layer for each combination of what an event may lack, because a layer's constant fields go
/// with everything that it sends, and an entry must not carry `EVENT` twice.
pub(super) fn layers<S>() -> io::Result<Vec<Box<dyn Layer<S> + Send + Sync>>>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    [(true, true), (true, false), (false, true), (false, false)]
        .into_iter()
        .map(|(event, message)| {
            let constant = [(event, ("EVENT", "log")), (message, ("MESSAGE", "(no message)"))];
            let missing = constant.into_iter().filter(|(has, _)| !has).map(|(_, field)| field);
            let layer = tracing_journald::layer()?
                .with_field_prefix(None)
                .with_syslog_identifier(IDENTIFIER.to_owned())
                .with_priority_mappings(priorities())
                .with_custom_fields(missing);
            let belongs = filter_fn(move |metadata| {
                metadata.is_event()
                    && (has(metadata, "event"), has(metadata, "message")) == (event, message)
            });
            Ok(layer.with_filter(belongs).boxed())
        })
        .collect()
}

fn has(metadata: &Metadata<'_>, field: &str) -> bool {
    metadata.fields().field(field).is_some()
}

/// As for lines of text: an ordinary event is informational, not a notice.
fn priorities() -> PriorityMappings {
    PriorityMappings {
        info: Priority::Informational,
        debug: Priority::Debug,
        ..PriorityMappings::new()
    }
}
