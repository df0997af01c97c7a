//! Measurements of a call, under the same names on both clouds, without a client of either.
//!
//! A handler records through [`Metrics`] in its context. At the end of the call the runtime adds its own and
//! writes them to stderr: on Lambda as one line of CloudWatch's embedded metric format, which CloudWatch Logs turns
//! into metrics; on Fn and for `serve` as one log line with a list `metrics`, which is there for whoever posts to
//! OCI Monitoring. The command `invoke` writes none. `CAUSEWAY_METRICS` chooses otherwise, and
//! `CAUSEWAY_METRICS_NAMESPACE` names the namespace. The level of the log has no say in it, but Lambda's own
//! filter of application logs takes an embedded metric for INFO.
//!
//! Names, dimensions and namespace are held to what both clouds take: CloudWatch's API reference (`MetricDatum`,
//! `Dimension`), its page "Specification: Embedded metric format", and OCI's `MetricDataDetails` with the limits
//! of `PostMetricData`.

mod emitter;
mod lines;
mod rules;

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub(crate) use emitter::{Emitter, End, Format};
pub(crate) use rules::is_namespace;

/// Series that one call may record; a loop over objects must not fill the memory.
const MAX_SERIES: usize = 500;
/// Values that one call may record, over all series.
const MAX_VALUES: usize = 5_000;

/// Unit of a measurement, with CloudWatch's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Unit {
    Count,
    Percent,
    Seconds,
    Milliseconds,
    Microseconds,
    Bytes,
    Kilobytes,
    Megabytes,
    Gigabytes,
    Terabytes,
    BytesPerSecond,
    CountPerSecond,
    /// A ratio, a score, anything else.
    None,
}

impl Unit {
    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Count => "Count",
            Self::Percent => "Percent",
            Self::Seconds => "Seconds",
            Self::Milliseconds => "Milliseconds",
            Self::Microseconds => "Microseconds",
            Self::Bytes => "Bytes",
            Self::Kilobytes => "Kilobytes",
            Self::Megabytes => "Megabytes",
            Self::Gigabytes => "Gigabytes",
            Self::Terabytes => "Terabytes",
            Self::BytesPerSecond => "Bytes/Second",
            Self::CountPerSecond => "Count/Second",
            Self::None => "None",
        }
    }
}

/// What was recorded under one name, unit and set of dimensions.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Name of the metric.
    pub name: &'static str,
    /// Unit of the values.
    pub unit: Unit,
    /// Dimensions beside `service`, as they are written.
    pub dimensions: Vec<(&'static str, String)>,
    /// One value, or the durations one by one.
    pub values: Vec<f64>,
}

impl Sample {
    fn of(new: &Recording<'_>) -> Self {
        let dimensions = new.dimensions.iter().map(|(key, value)| (*key, value.clone().into_owned())).collect();
        Self { name: new.name, unit: new.unit, dimensions, values: vec![new.value] }
    }

    fn is(&self, new: &Recording<'_>) -> bool {
        let own = self.dimensions.iter().map(|(key, value)| (*key, value.as_str()));
        let others = new.dimensions.iter().map(|(key, value)| (*key, value.as_ref()));
        self.name == new.name && self.unit == new.unit && own.eq(others)
    }
}

#[derive(Default)]
struct Store {
    samples: Vec<Sample>,
    values: usize,
    dropped: u64,
    first_dropped: Option<&'static str>,
}

/// Records measurements of one call, which are written at its end; `CAUSEWAY_METRICS` says how. Clones record into
/// the same call. Where nothing is to be written, recording costs next to nothing.
///
/// The runtime adds these:
///
/// | name | unit | when | dimensions |
/// |---|---|---|---|
/// | `Invocations` | Count | every call: 1 | `service` |
/// | `Duration` | Milliseconds | every call | `service` |
/// | `ColdStart` | Count | first call of a process: 1 | `service` |
/// | `Errors` | Count | a call that failed: 1 | `service`, `error_kind`: `client`, `upstream`, `timeout`, `internal`, or `batch` when messages of a batch have to be delivered again |
/// | `MetricsDropped` | Count | recordings that were wrong or too many | `service` |
///
/// Names and keys of dimensions have 1 to 250 ASCII letters, digits, `_` and `-`, first a letter; `oci_` and the
/// names of the runtime's own fields and metrics are taken. A recording has up to 19 dimensions. Values of
/// dimensions are cut to 256 characters of printable ASCII, others become `?`, a blank one `unknown`. Each distinct
/// set of values is a metric that is paid for, so ids and names of objects do not belong there, secrets least of all.
///
/// A wrong recording, one that is not finite, and any beyond 500 series or 5000 values are dropped and counted.
#[derive(Clone, Default)]
pub struct Metrics(Option<Arc<Mutex<Store>>>);

impl Metrics {
    /// One that keeps what it is told, as tests of a handler want it; the default one keeps nothing.
    #[must_use]
    pub fn recording() -> Self {
        Self(Some(Arc::default()))
    }

    /// Adds `amount` to what this call has counted.
    pub fn counter(&self, name: &'static str, amount: u64, unit: Unit, dimensions: &[(&'static str, &str)]) {
        #[allow(clippy::cast_precision_loss, reason = "both clouds store doubles")]
        self.record(Merge::Sum, name, amount as f64, unit, dimensions);
    }

    /// Sets a value; the last of a call counts.
    pub fn gauge(&self, name: &'static str, value: f64, unit: Unit, dimensions: &[(&'static str, &str)]) {
        self.record(Merge::Last, name, value, unit, dimensions);
    }

    /// Records how long something took, in milliseconds. Several of a call are kept one by one.
    pub fn duration(&self, name: &'static str, elapsed: Duration, dimensions: &[(&'static str, &str)]) {
        self.record(Merge::Each, name, milliseconds(elapsed), Unit::Milliseconds, dimensions);
    }

    /// What has been recorded so far.
    #[must_use]
    pub fn samples(&self) -> Vec<Sample> {
        self.store().map_or_else(Vec::new, |store| store.samples.clone())
    }

    /// How many recordings were dropped, and the name of the first.
    pub(crate) fn dropped(&self) -> (u64, Option<&'static str>) {
        self.store().map_or((0, None), |store| (store.dropped, store.first_dropped))
    }

    fn store(&self) -> Option<MutexGuard<'_, Store>> {
        // No code of a handler runs under the lock, so what it guards is whole whatever happened.
        Some(self.0.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn record(&self, merge: Merge, name: &'static str, value: f64, unit: Unit, given: &[(&'static str, &str)]) {
        let Some(mut store) = self.store() else { return };
        // What is kept of a value is short, however long the value was.
        let dimensions = given.iter().map(|(key, value)| (*key, rules::dimension_value(value))).collect();
        let is_kept =
            rules::is_recording(name, value, given) && store.add(&Recording { name, value, unit, dimensions, merge });
        if !is_kept {
            store.dropped += 1;
            store.first_dropped.get_or_insert(name);
        }
    }
}

/// What a second value under the same name does to the first.
#[derive(PartialEq, Eq)]
enum Merge {
    Sum,
    Last,
    Each,
}

struct Recording<'a> {
    name: &'static str,
    value: f64,
    unit: Unit,
    dimensions: Vec<(&'static str, Cow<'a, str>)>,
    merge: Merge,
}

impl Store {
    /// False when there is no room.
    fn add(&mut self, new: &Recording<'_>) -> bool {
        let is_full = self.values == MAX_VALUES;
        let takes_series = !is_full && self.samples.len() < MAX_SERIES;
        match self.samples.iter_mut().find(|sample| sample.is(new)) {
            Some(sample) if new.merge == Merge::Sum => sample.values[0] += new.value,
            Some(sample) if new.merge == Merge::Last => sample.values[0] = new.value,
            Some(sample) if !is_full => {
                sample.values.push(new.value);
                self.values += 1;
            }
            None if takes_series => {
                self.samples.push(Sample::of(new));
                self.values += 1;
            }
            _ => return false,
        }
        true
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").field("series", &self.store().map(|store| store.samples.len())).finish()
    }
}

/// Whole microseconds; rounding a float would load the mathematics library into every function.
pub(crate) fn milliseconds(elapsed: Duration) -> f64 {
    #[allow(clippy::cast_precision_loss, reason = "285 years fit without loss")]
    let micros = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX) as f64;
    micros / 1e3
}

#[cfg(test)]
mod tests;
