//! The end of a call: the runtime's own measurements beside the handler's.

use std::time::Duration;

use jiff::Timestamp;

use super::lines::{self, Line};
use super::{Metrics, Sample, Unit, milliseconds};
use crate::{Error, Reply};

/// How measurements are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// Not at all.
    Off,
    /// CloudWatch's embedded metric format.
    Emf,
    /// A log line with a list.
    Log,
}

impl Format {
    /// The format that a setting names, else the host's.
    pub(crate) fn of(setting: &str, host: Self) -> Self {
        match setting {
            "emf" => Self::Emf,
            "log" => Self::Log,
            "off" => Self::Off,
            _ => host,
        }
    }
}

/// How a call ended.
pub(crate) struct End<'a> {
    pub(crate) elapsed: Duration,
    pub(crate) cold_start: bool,
    pub(crate) outcome: &'a Result<Reply, Error>,
}

/// Makes the lines of every call of a function.
#[derive(Debug, Clone)]
pub(crate) struct Emitter {
    service: &'static str,
    format: Format,
    namespace: String,
}

impl Emitter {
    pub(crate) fn new(service: &'static str, format: Format, namespace: String) -> Self {
        Self { service, format, namespace }
    }

    pub(crate) fn is_off(&self) -> bool {
        self.format == Format::Off
    }

    /// What one call records into.
    pub(crate) fn recorder(&self) -> Metrics {
        if self.is_off() { Metrics::default() } else { Metrics::recording() }
    }

    /// The lines of a call. `head` are the call's ids, which stand on every line.
    pub(crate) fn lines(&self, metrics: &Metrics, end: &End<'_>, mut head: Line, now: Timestamp) -> Vec<Line> {
        let mut samples = standard(end, metrics.dropped().0);
        samples.extend(metrics.samples());
        match self.format {
            Format::Off => Vec::new(),
            Format::Emf => lines::emf(&samples, self.service, &self.namespace, now.as_millisecond(), &head),
            Format::Log => {
                let fields = [("level", "INFO"), ("message", "metrics"), ("service", self.service)];
                head.extend(fields.map(|(key, value)| (key.to_owned(), value.into())));
                head.insert("function_name".to_owned(), self.service.into());
                head.insert("timestamp".to_owned(), format!("{now:.3}").into());
                lines::log(&samples, self.service, &self.namespace, &head)
            }
        }
    }
}

/// Absent is not zero: a call without an error says nothing of errors, and a warm one nothing of cold starts.
fn standard(end: &End<'_>, dropped: u64) -> Vec<Sample> {
    let mut samples = vec![
        sample("Invocations", 1.0, Unit::Count),
        sample("Duration", milliseconds(end.elapsed), Unit::Milliseconds),
    ];
    if end.cold_start {
        samples.push(sample("ColdStart", 1.0, Unit::Count));
    }
    if let Some(kind) = error_kind(end.outcome) {
        let dimensions = vec![("error_kind", kind.to_owned())];
        samples.push(Sample { dimensions, ..sample("Errors", 1.0, Unit::Count) });
    }
    if dropped > 0 {
        #[allow(clippy::cast_precision_loss, reason = "both clouds store doubles")]
        samples.push(sample("MetricsDropped", dropped as f64, Unit::Count));
    }
    samples
}

fn sample(name: &'static str, value: f64, unit: Unit) -> Sample {
    Sample { name, unit, dimensions: Vec::new(), values: vec![value] }
}

fn error_kind(outcome: &Result<Reply, Error>) -> Option<&'static str> {
    match outcome {
        Ok(reply) if reply.failed_items().is_empty() => None,
        Ok(_) => Some("batch"),
        Err(error) => Some(error.kind_name()),
    }
}
