//! Logs: one JSON object per line on stderr, with the key names of Powertools for AWS Lambda on both clouds.

use std::fmt::{self, Write as _};
use std::io::Write as _;
use std::time::Duration;

use causeway_resilience::ServiceFailure;
use jiff::Timestamp;
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Span, Subscriber};
use tracing_subscriber::Registry;
use tracing_subscriber::layer::{Context as LayerContext, Layer, SubscriberExt};
use tracing_subscriber::registry::{LookupSpan, Scope};

use crate::invocation::{Kind, Work};
use crate::metrics::{Emitter, End, milliseconds};
use crate::{Context, Error, Metrics, Reply};

/// Installs the process's logger for the function `service`, whose crate is called like it. A second call
/// changes nothing.
pub(crate) fn install(service: &'static str, level: Option<&str>) {
    let level = level.and_then(|text| text.trim().parse().ok()).unwrap_or(LevelFilter::INFO);
    // Only a logger that is there already can make this fail, and then that one is meant to stay.
    let _ = tracing::subscriber::set_global_default(Registry::default().with(JsonLines::new(service, level)));
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        tracing::error!(code = "panic", location = place.unwrap_or_default(), "the handler panicked");
    }));
}

/// What every line of one call has.
pub(crate) struct Ids<'a> {
    context: &'a Context,
    message_id: Option<&'a str>,
}

impl<'a> Ids<'a> {
    pub(crate) fn of(context: &'a Context, work: &'a Work) -> Self {
        Self { context, message_id: work.message_id() }
    }

    fn function_request_id(&self) -> &'a str {
        self.context.call_id().unwrap_or(&self.context.request_id)
    }

    /// A span with them as fields.
    pub(crate) fn span(&self) -> Span {
        let trace = &self.context.trace;
        tracing::info_span!(
            "invocation",
            function_request_id = self.function_request_id(),
            call_id = self.context.call_id(),
            opc_request_id = trace.opc_request_id,
            message_id = self.message_id,
            correlation_id = self.context.request_id,
            trace_id = trace.trace_id,
            xray_trace_id = trace.xray,
            cold_start = self.context.cold_start,
        )
    }

    /// The same for lines that are no events of the log.
    pub(crate) fn fields(&self) -> Map<String, Value> {
        let trace = &self.context.trace;
        let texts = [
            ("function_request_id", Some(self.function_request_id())),
            ("call_id", self.context.call_id()),
            ("opc_request_id", self.context.opc_request_id()),
            ("message_id", self.message_id),
            ("correlation_id", Some(&self.context.request_id)),
            ("trace_id", trace.trace_id.as_deref()),
            ("xray_trace_id", trace.xray.as_deref()),
        ];
        let given = texts.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text?.into())));
        given.chain([("cold_start".to_owned(), self.context.cold_start.into())]).collect()
    }
}

/// The one line that every call ends with.
pub(crate) fn invocation_end(kind: Kind, elapsed: Duration, outcome: &Result<Reply, Error>) {
    let (kind, duration_ms) = (kind.name(), milliseconds(elapsed));
    match outcome {
        // The host makes a failed call of it, so that the sender repeats the batch.
        Ok(reply) if reply.fails_call() => {
            let failed_items = reply.failed_items.len();
            tracing::warn!(kind, duration_ms, failed_items, outcome = "batch_failed", "invocation.end");
        }
        Ok(reply) => {
            let failed_items = reply.failed_items.len();
            tracing::info!(kind, duration_ms, failed_items, outcome = "ok", "invocation.end");
        }
        Err(error) if error.is_client() => {
            tracing::info!(
                kind,
                duration_ms,
                outcome = "client",
                code = error.code(),
                error = error.log_text(),
                "invocation.end"
            );
        }
        Err(error) => {
            let outcome = error.kind_name();
            tracing::error!(
                kind,
                duration_ms,
                outcome,
                code = error.code(),
                error = error.log_text(),
                "invocation.end"
            );
        }
    }
}

/// The measurements of a call; `ids` as from [`Ids::fields`].
pub(crate) fn metrics(emitter: &Emitter, metrics: &Metrics, end: &End<'_>, ids: Map<String, Value>) {
    if let (dropped, Some(first)) = metrics.dropped() {
        tracing::warn!(dropped, first, "wrong or too many measurements");
    }
    for line in emitter.lines(metrics, end, ids, Timestamp::now()) {
        write_line(line);
    }
}

/// A message of a batch that will be delivered again.
pub(crate) fn item_failed(id: &str, error: &Error) {
    tracing::warn!(item = id, code = error.code(), error = error.log_text(), "batch item failed");
}

/// A call whose end could not be written down: a repetition will be carried out again.
pub(crate) fn not_remembered(failure: &ServiceFailure) {
    tracing::warn!(kind = failure.kind().name(), error = %failure, "the call's end could not be written down");
}

/// A message of a batch that nobody will deliver again: this line is all that remains of it.
pub(crate) fn item_rejected(id: &str, error: &Error) {
    tracing::error!(item = id, code = error.code(), error = error.log_text(), "batch item rejected");
}

struct JsonLines {
    service: &'static str,
    /// The function's crate, as log targets name it.
    target: String,
    level: LevelFilter,
}

impl JsonLines {
    fn new(service: &'static str, level: LevelFilter) -> Self {
        Self { service, target: service.replace('-', "_"), level }
    }

    fn is_ours(&self, target: &str) -> bool {
        let rest = target.strip_prefix(self.target.as_str());
        target.starts_with("causeway") || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    }
}

/// Fields of a span, as they are printed.
struct Fields(Map<String, Value>);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for JsonLines {
    fn enabled(&self, metadata: &tracing::Metadata<'_>, _: LayerContext<'_, S>) -> bool {
        if metadata.is_span() {
            return true;
        }
        // Dependencies speak at warn and above only: their debug output may hold request heads.
        *metadata.level()
            <= if self.is_ours(metadata.target()) { self.level } else { self.level.min(LevelFilter::WARN) }
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: LayerContext<'_, S>) {
        let mut fields = Fields(Map::new());
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: LayerContext<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(fields) = span.extensions_mut().get_mut::<Fields>() {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: LayerContext<'_, S>) {
        let mut line = Fields(Map::new());
        let set = |line: &mut Fields, key: &str, value: &str| drop(line.0.insert(key.to_owned(), value.into()));
        set(&mut line, "level", level_name(*event.metadata().level()));
        set(&mut line, "message", "");
        set(&mut line, "timestamp", &format!("{:.3}", Timestamp::now()));
        set(&mut line, "service", self.service);
        set(&mut line, "function_name", self.service);
        for span in context.event_scope(event).into_iter().flat_map(Scope::from_root) {
            if let Some(fields) = span.extensions().get::<Fields>() {
                line.0.extend(fields.0.clone());
            }
        }
        event.record(&mut line);
        write_line(line.0);
    }
}

fn write_line(line: Map<String, Value>) {
    let text = format!("{}\n", Value::Object(line));
    // Nobody can be told that stderr is gone.
    let _ = std::io::stderr().write_all(text.as_bytes());
}

fn level_name(level: Level) -> &'static str {
    match level {
        Level::ERROR => "ERROR",
        Level::WARN => "WARN",
        Level::INFO => "INFO",
        Level::DEBUG => "DEBUG",
        Level::TRACE => "TRACE",
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let mut text = String::new();
        // Writing to a string fails only when the value's own Debug does; what it wrote is kept.
        let _ = write!(text, "{value:?}");
        self.0.insert(field.name().to_owned(), text.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_function_and_its_libraries_are_ours() {
        let lines = JsonLines::new("discovery-agent", LevelFilter::INFO);
        for (target, ours) in [
            ("discovery_agent", true),
            ("discovery_agent::survey", true),
            ("discovery_agents", false),
            ("causeway_runtime::service", true),
            ("hyper::client", false),
        ] {
            assert_eq!(lines.is_ours(target), ours, "{target}");
        }
    }
}
