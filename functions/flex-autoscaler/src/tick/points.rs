//! Measurements of all machines of a compartment, in few questions.
//!
//! One answer holds at most 100,000 points and 2,000 streams (Oracle's reference of `SummarizeMetricsData`), so the
//! number of questions grows with machines x minutes: one gives three hours of 500 machines, or 45 minutes of 2,000.

use std::collections::BTreeMap;
use std::time::Duration;

use causeway_cloud::Metrics;
use causeway_cloud::metrics::{MetricQuery, Point, Series, Statistic};
use causeway_resilience::ServiceFailure;
use causeway_resilience::service::Kind;
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};

use super::patience::Patience;

/// Points of one answer that are asked for; some room for machines that nobody has listed.
const MAX_POINTS: usize = 90_000;
/// Streams of one answer.
const MAX_STREAMS: usize = 2_000;
/// Questions about one metric of one compartment that are asked at once, and compartments that are: the service takes
/// ten calls a second from a whole tenancy, and an answer has some megabytes.
pub(crate) const AT_ONCE: usize = 2;
const MINUTE: SignedDuration = SignedDuration::from_mins(1);
const MACHINE: &str = "resourceId";
const DOMAIN: &str = "availabilityDomain";

/// Whole minutes that one answer holds of so many machines, by availability domain.
pub(crate) fn minutes_of_one_answer(machines: &BTreeMap<String, usize>) -> usize {
    let total: usize = machines.values().sum();
    let largest = machines.values().copied().max().unwrap_or(0);
    MAX_POINTS / if total <= MAX_STREAMS { total } else { largest }.max(1)
}

/// Points by machine, each list in order of time.
pub(crate) type ByMachine = BTreeMap<String, Vec<Point>>;

/// Which measurements are asked for.
pub(crate) struct Asked<'a> {
    pub(crate) metrics: &'a dyn Metrics,
    pub(crate) patience: &'a Patience<'a>,
    pub(crate) namespace: &'a str,
    pub(crate) compartment: Option<&'a str>,
    /// Whole minutes before `until`.
    pub(crate) minutes: usize,
    /// End of the last complete minute.
    pub(crate) until: Timestamp,
    /// How many machines of the compartment may have measurements, by availability domain.
    pub(crate) machines: &'a BTreeMap<String, usize>,
}

/// An availability domain, or all of them, and how many machines of it may have measurements.
type Group = (Option<String>, usize);

/// A question about some of the machines and some of the minutes.
#[derive(Clone)]
struct Part {
    domain: Option<String>,
    from: Timestamp,
    minutes: usize,
}

impl Asked<'_> {
    /// All points of one metric: the mean of each minute.
    ///
    /// # Errors
    /// The service's, at the first question that it does not answer: half of the points would look like gaps.
    pub(crate) async fn points(&self, metric: &str) -> Result<ByMachine, ServiceFailure> {
        let mut open = self.parts();
        let (mut found, mut is_crowded) = (ByMachine::new(), false);
        while !open.is_empty() {
            let some: Vec<Part> = open.drain(open.len().saturating_sub(AT_ONCE)..).collect();
            let answers = join_all(some.iter().map(|part| self.ask(metric, part))).await;
            for (part, answer) in some.iter().zip(answers) {
                match answer {
                    Ok(series) => collect(series, &mut found),
                    // There are more machines than were listed, such as those that ended an hour ago.
                    Err(failure) if failure.kind() == Kind::Invalid && part.minutes > 1 => open.extend(halves(part)),
                    // One minute is too much as well: there are more streams in the compartment than an answer holds.
                    Err(failure) if failure.kind() == Kind::Invalid && part.domain.is_none() => is_crowded = true,
                    Err(failure) => return Err(failure),
                }
            }
            if std::mem::take(&mut is_crowded) {
                found.clear();
                open = self.parts_of(self.by_domain());
            }
        }
        for points in found.values_mut() {
            points.sort_by_key(|point| point.at);
        }
        Ok(found)
    }

    /// The questions, the last one first.
    fn parts(&self) -> Vec<Part> {
        let total: usize = self.machines.values().sum();
        self.parts_of(if total <= MAX_STREAMS { vec![(None, total)] } else { self.by_domain() })
    }

    /// The machines of each availability domain.
    fn by_domain(&self) -> Vec<Group> {
        self.machines.iter().map(|(domain, count)| (Some(domain.clone()), *count)).collect()
    }

    fn parts_of(&self, groups: Vec<Group>) -> Vec<Part> {
        let mut parts = Vec::new();
        for (domain, count) in groups {
            let longest = (MAX_POINTS / count.max(1)).clamp(1, self.minutes.max(1));
            let windows = self.minutes.div_ceil(longest);
            // Windows of equal length, so that none of them is a remainder of a minute or two.
            let length = self.minutes.div_ceil(windows.max(1));
            let starts = (0..self.minutes).step_by(length.max(1));
            parts.extend(starts.map(|start| Part {
                domain: domain.clone(),
                from: earlier(self.until, self.minutes - start),
                minutes: length.min(self.minutes - start),
            }));
        }
        parts
    }

    async fn ask(&self, metric: &str, part: &Part) -> Result<Vec<Series>, ServiceFailure> {
        let dimensions = part.domain.iter().map(|domain| (DOMAIN.to_owned(), domain.clone())).collect();
        let query = MetricQuery {
            namespace: self.namespace.to_owned(),
            metric: metric.to_owned(),
            statistic: Statistic::Mean,
            interval: Duration::from_secs(60),
            from: part.from,
            to: later(part.from, part.minutes),
            dimensions,
            group_by: vec![MACHINE.to_owned()],
            compartment: self.compartment.map(str::to_owned),
        };
        self.patience.call(|deadline| self.metrics.query(&query, deadline)).await
    }
}

fn collect(series: Vec<Series>, found: &mut ByMachine) {
    for mut one in series {
        if let Some(id) = one.dimensions.remove(MACHINE) {
            found.entry(id).or_default().append(&mut one.points);
        }
    }
}

fn halves(part: &Part) -> [Part; 2] {
    let first = part.minutes / 2;
    [
        Part { minutes: first, ..part.clone() },
        Part { from: later(part.from, first), minutes: part.minutes - first, ..part.clone() },
    ]
}

/// The beginning of the minute that `now` is in: the end of the last complete one.
pub(crate) fn minute_of(now: Timestamp) -> Timestamp {
    Timestamp::from_second(now.as_second().div_euclid(60) * 60).unwrap_or(now)
}

fn minutes(count: usize) -> SignedDuration {
    MINUTE.saturating_mul(i32::try_from(count).unwrap_or(i32::MAX))
}

fn earlier(moment: Timestamp, by: usize) -> Timestamp {
    moment.checked_sub(minutes(by)).unwrap_or(Timestamp::MIN)
}

fn later(moment: Timestamp, by: usize) -> Timestamp {
    moment.checked_add(minutes(by)).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;
