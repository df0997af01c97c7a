//! Numbers that checks of tenants need.

use std::time::Duration;

use causeway_cloud::metrics::{MetricQuery, Series, Statistic};
use causeway_resilience::Deadline;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use serde_json_path::JsonPath;

use super::cloud::trouble;
use super::{Prober, http};
use crate::judge;
use crate::settings::{Fold, Number, NumberCall, NumberMetric};

impl Prober<'_> {
    /// The number.
    ///
    /// # Errors
    /// Why nobody knows it.
    pub(crate) async fn number(&self, number: &Number, deadline: Deadline) -> Result<f64, String> {
        match number {
            Number::OciMetric(metric) => self.measured(metric, deadline).await,
            Number::Command(source) => self.answered(source, deadline).await,
        }
    }

    async fn measured(&self, source: &NumberMetric, deadline: Deadline) -> Result<f64, String> {
        let metrics = self.metrics.map_err(str::to_owned)?;
        let to = self.now();
        let query = MetricQuery {
            namespace: source.namespace.clone(),
            metric: source.metric.clone(),
            statistic: Statistic::Mean,
            interval: Duration::from_secs(60),
            // Twice as far back as values count: a series that has stopped is there, and has to be noticed.
            from: to - SignedDuration::from_mins(i64::from(source.max_age_minutes) * 2 + 1),
            to,
            dimensions: source.dimensions.clone(),
            group_by: Vec::new(),
            compartment: source.compartment.clone(),
        };
        let series = metrics.query(&query, deadline).await.map_err(|failure| trouble(&failure).to_string())?;
        of_series(&series, source, to)
    }

    async fn answered(&self, source: &NumberCall, deadline: Deadline) -> Result<f64, String> {
        let request = http::Request::of_call(&source.call).map_err(|trouble| trouble.to_string())?;
        let answer = self.exchange(request, 0, deadline).await.map_err(|trouble| trouble.to_string())?;
        let objections = judge::answer(&source.call.expect, &answer, self.now());
        let finding = judge::Finding::of("", self.now(), None, objections);
        if finding.verdict != crate::health::Verdict::Pass {
            return Err(finding.detail.unwrap_or_default());
        }
        of_json(&answer.body, &source.path)
    }
}

/// The newest values that are young enough, put together.
fn of_series(series: &[Series], source: &NumberMetric, now: Timestamp) -> Result<f64, String> {
    let oldest = SignedDuration::from_mins(i64::from(source.max_age_minutes));
    let newest = series.iter().filter_map(|series| series.points.last());
    let fresh = newest.filter(|point| point.value.is_finite() && now.duration_since(point.at) <= oldest);
    let values: Vec<f64> = fresh.map(|point| point.value).collect();
    let (count, minutes) = (values.len(), source.max_age_minutes);
    if let Some(expected) = source.series.filter(|expected| count != *expected as usize) {
        return Err(format!(
            "{count} series have a value of the last {minutes} minutes, and there should be {expected}"
        ));
    }
    match (source.fold, values.as_slice()) {
        (_, []) => Err(format!("there is no value of the last {minutes} minutes")),
        (None, [one]) => Ok(*one),
        (None, several) => Err(format!("there are {} series; fold or dimensions have to say which", several.len())),
        // What is missing is not 0.
        (Some(Fold::Sum), all) if all.len() < series.len() => Err(format!(
            "{} of {} series have no value of the last {minutes} minutes",
            series.len() - count,
            series.len()
        )),
        (Some(Fold::Sum), all) => Ok(all.iter().sum()),
        (Some(Fold::Max), all) => Ok(all.iter().copied().fold(f64::NEG_INFINITY, f64::max)),
        (Some(Fold::Min), all) => Ok(all.iter().copied().fold(f64::INFINITY, f64::min)),
        (Some(Fold::Count), all) => Ok(all.len() as f64),
    }
}

fn of_json(body: &[u8], path: &str) -> Result<f64, String> {
    let body: Value = serde_json::from_slice(body).map_err(|_| "the body is no JSON".to_owned())?;
    let path = JsonPath::parse(path).map_err(|_| format!("{path} is no JSONPath"))?;
    let found = path.query(&body).exactly_one().map_err(|_| "the path selects nothing, or several".to_owned())?;
    found.as_f64().filter(|number| number.is_finite()).ok_or_else(|| "the path selects no number".to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::collections::BTreeMap;

    use causeway_cloud::metrics::Point;

    use super::*;

    #[test]
    fn old_values_are_none_and_several_need_a_fold() {
        let now = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(1);
        let series = |values: &[(i64, f64)]| -> Vec<Series> {
            let one = |(ago, value): &(i64, f64)| Series {
                dimensions: BTreeMap::new(),
                unit: None,
                points: vec![Point { at: now - SignedDuration::from_mins(*ago), value: *value }],
            };
            values.iter().map(one).collect()
        };
        let of = |values: &[(i64, f64)], fold: Option<Fold>, count: Option<u32>| {
            let source = NumberMetric {
                namespace: String::new(),
                metric: String::new(),
                dimensions: BTreeMap::new(),
                compartment: None,
                max_age_minutes: 5,
                fold,
                series: count,
            };
            of_series(&series(values), &source, now)
        };
        let check = |values: &[(i64, f64)], fold: Option<Fold>, expected: Option<f64>| {
            assert_eq!(of(values, fold, None).ok(), expected, "{values:?} {fold:?}");
        };
        check(&[], None, None);
        check(&[(6, 3.0)], None, None);
        check(&[(5, 3.0)], None, Some(3.0));
        check(&[(1, f64::NAN)], Some(Fold::Count), None);
        check(&[(1, 3.0), (1, 2.0)], None, None);
        check(&[(1, 3.0), (9, 2.0)], None, Some(3.0));
        for (fold, expected) in [(Fold::Sum, 5.0), (Fold::Max, 3.0), (Fold::Min, 2.0), (Fold::Count, 2.0)] {
            check(&[(1, 3.0), (1, 2.0)], Some(fold), Some(expected));
            assert_eq!(of(&[(1, 3.0), (1, 2.0)], Some(fold), Some(2)).ok(), Some(expected));
            assert!(of(&[(1, 3.0), (1, 2.0)], Some(fold), Some(3)).unwrap_err().contains("there should be 3"));
        }
        // A series that has stopped is not 0, and one that was replaced counts for nothing where that is meant.
        for (fold, expected) in
            [(Fold::Sum, None), (Fold::Max, Some(3.0)), (Fold::Min, Some(3.0)), (Fold::Count, Some(1.0))]
        {
            check(&[(1, 3.0), (9, 2.0)], Some(fold), expected);
        }
    }

    #[test]
    fn a_path_selects_one_number() {
        let check = |body: &str, path: &str, expected: Option<f64>| {
            assert_eq!(of_json(body.as_bytes(), path).ok(), expected, "{body} {path}");
        };
        check(r#"{"nodes": {"ready": 3}}"#, "$.nodes.ready", Some(3.0));
        check(r#"{"nodes": {"ready": "3"}}"#, "$.nodes.ready", None);
        check(r#"{"nodes": [1, 2]}"#, "$.nodes[*]", None);
        check(r#"{"nodes": null}"#, "$.nodes", None);
        check(r"{}", "$.nodes", None);
        check("3", "$", Some(3.0));
        check("oops", "$", None);
    }
}
