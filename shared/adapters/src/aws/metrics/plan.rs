//! Which metrics answer a question, and what is computed of them.

use std::collections::{BTreeMap, BTreeSet};

use causeway_cloud::metrics::{MetricQuery, Series, Statistic};
use causeway_resilience::ServiceFailure;
use causeway_resilience::service::Kind;
use jiff::Timestamp;

use super::combine::{Values, points};
use super::{GET, LIST};

/// Most series of a question.
const MAX_SERIES: usize = 2000;
const MINUTE: u64 = 60;
const HOUR: u64 = 3600;
const DAY: u64 = 86_400;
/// Seconds of an interval, and for how many days points of that length are kept (CloudWatch concepts).
const RETENTION: [(u64, u64); 3] = [(MINUTE, 15), (5 * MINUTE, 63), (HOUR, 455)];

/// An exact set of dimensions.
pub(super) type Dimensions = BTreeMap<String, String>;

/// What is read, series by series.
#[derive(Debug, PartialEq)]
pub(super) struct Plan {
    wanted: Vec<Wanted>,
}

/// One series of the answer.
#[derive(Debug, PartialEq)]
struct Wanted {
    dimensions: Dimensions,
    /// Metrics whose values are put together.
    of: Vec<Dimensions>,
}

impl Plan {
    pub(super) fn of(query: &MetricQuery, listed: Vec<Dimensions>) -> Result<Self, ServiceFailure> {
        let holds = |set: &Dimensions| query.dimensions.iter().all(|(name, value)| set.get(name) == Some(value));
        let mut sets: BTreeSet<Dimensions> = listed.into_iter().filter(holds).collect();
        if query.group_by.is_empty() {
            sets.insert(query.dimensions.clone());
            let alone = |set: Dimensions| Wanted { dimensions: set.clone(), of: vec![set] };
            return Ok(Self { wanted: sets.into_iter().map(alone).collect() });
        }
        let mut groups: BTreeMap<Dimensions, Vec<Dimensions>> = BTreeMap::new();
        for set in sets {
            let value = |name: &String| set.get(name).map(|value| (name.clone(), value.clone()));
            let key: Option<Dimensions> = query.group_by.iter().map(value).collect();
            if let Some(key) = key {
                groups.entry(key).or_default().push(set);
            }
        }
        let wanted: Result<_, _> = groups.into_iter().map(|(key, sets)| group(query, key, sets)).collect();
        Ok(Self { wanted: wanted? })
    }

    /// Each metric with each statistic.
    pub(super) fn reads<'a>(
        &'a self,
        statistics: &'a [String],
    ) -> impl Iterator<Item = (&'a Dimensions, &'a String)> + 'a {
        let sets = self.wanted.iter().flat_map(|wanted| &wanted.of);
        sets.flat_map(|set| statistics.iter().map(move |statistic| (set, statistic)))
    }

    /// The answer, of what was read in the order of [`Plan::reads`]. A metric that nobody measured gives no series.
    pub(super) fn series(self, statistic: Statistic, values: Vec<Values>) -> Vec<Series> {
        let each = if statistic == Statistic::Mean { 2 } else { 1 };
        let mut values = values.into_iter();
        let mut series = Vec::new();
        for wanted in self.wanted {
            let read: Vec<_> = values.by_ref().take(wanted.of.len() * each).collect();
            let points = points(statistic, &read);
            if !points.is_empty() {
                series.push(Series { dimensions: wanted.dimensions, unit: None, points });
            }
        }
        series
    }
}

/// Sets that differ in other dimensions only. A service publishes the same measurements under several selections of
/// dimensions, so sets with other names of dimensions must not be added up.
fn group(query: &MetricQuery, key: Dimensions, sets: Vec<Dimensions>) -> Result<Wanted, ServiceFailure> {
    let named: BTreeSet<&String> = query.dimensions.keys().chain(key.keys()).collect();
    let names = |set: &Dimensions| set.keys().cloned().collect::<Vec<_>>();
    let exact = sets.iter().find(|set| set.keys().collect::<BTreeSet<_>>() == named);
    if let Some(exact) = exact {
        return Ok(Wanted { dimensions: key, of: vec![exact.clone()] });
    }
    let schemas: BTreeSet<_> = sets.iter().map(names).collect();
    if schemas.len() > 1 {
        let some: Vec<_> = schemas.iter().take(4).map(|names| names.join("+")).collect();
        let reason = format!("measured by several sets of dimensions ({}): name more of them", some.join(", "));
        return Err(GET.fails(Kind::Invalid, reason));
    }
    if sets.len() > 1 && matches!(query.statistic, Statistic::Percentile(_)) {
        return Err(GET.fails(Kind::Invalid, "percentiles of several metrics cannot be put together"));
    }
    Ok(Wanted { dimensions: key, of: sets })
}

pub(super) fn check_number(series: usize) -> Result<(), ServiceFailure> {
    let reason = || LIST.fails(Kind::Invalid, format!("more than {MAX_SERIES} series: name more dimensions"));
    if series > MAX_SERIES { Err(reason()) } else { Ok(()) }
}

/// CloudWatch's statistics. A mean over several metrics needs sums and numbers.
pub(super) fn statistics(statistic: Statistic) -> Result<Vec<String>, ServiceFailure> {
    let names = match statistic {
        Statistic::Mean => vec!["Sum".to_owned(), "SampleCount".to_owned()],
        Statistic::Min => vec!["Minimum".to_owned()],
        Statistic::Max => vec!["Maximum".to_owned()],
        Statistic::Sum => vec!["Sum".to_owned()],
        Statistic::Count => vec!["SampleCount".to_owned()],
        Statistic::Percentile(of) if of > 0.0 && of < 100.0 => vec![format!("p{of}")],
        Statistic::Percentile(of) => return Err(GET.fails(Kind::Invalid, format!("{of} is no percentile"))),
    };
    Ok(names)
}

/// Seconds of the interval. Asked for points that are not kept any more, the service would answer that there are none.
pub(super) fn period(query: &MetricQuery, now: Timestamp) -> Result<i32, ServiceFailure> {
    let wrong = |reason: String| GET.fails(Kind::Invalid, reason);
    let seconds = query.interval.as_secs();
    let is_whole = query.interval.subsec_nanos() == 0;
    let fits = match seconds {
        0 => false,
        1..=HOUR => seconds.is_multiple_of(MINUTE),
        _ => seconds <= DAY && seconds.is_multiple_of(HOUR),
    };
    if !is_whole || !fits {
        return Err(wrong("an interval is 1 to 60 minutes or 1 to 24 hours".to_owned()));
    }
    if query.from >= query.to {
        return Err(wrong("the end is not after the beginning".to_owned()));
    }
    let age = u64::try_from(now.duration_since(query.from).as_secs()).unwrap_or(0);
    let kept = RETENTION.iter().find(|(_, days)| age <= days * DAY);
    match kept {
        None => Err(wrong("points older than 455 days are not kept".to_owned())),
        Some((least, _)) if !seconds.is_multiple_of(*least) => {
            Err(wrong(format!("points that old are kept in intervals of {least} seconds")))
        }
        Some(_) => i32::try_from(seconds).map_err(|_| wrong("the interval is too long".to_owned())),
    }
}

#[cfg(test)]
mod tests;
