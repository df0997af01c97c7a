//! Asking what network interfaces measured, hour by hour.
//!
//! One answer holds at most 100,000 points and 2,000 streams (Oracle's reference of `SummarizeMetricsData`). The last
//! two days are asked for first; how many interfaces they show tells how long the questions about the weeks before may
//! be: one up to 140 interfaces, seven for 1,000, fourteen for 1,999.

use std::collections::BTreeMap;
use std::time::Duration;

use causeway_cloud::Metrics;
use causeway_cloud::metrics::{MetricQuery, Series, Statistic};
use causeway_resilience::Deadline;
use causeway_runtime::until;
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};

use crate::config::Traffic;
use crate::period::hour_of;
use crate::traffic::Hours;

/// Four weeks and the six hours of a spike.
const ALL_HOURS: usize = 28 * 24 + 6;
/// Hours of the first question.
const FIRST_HOURS: usize = 48;
/// Points that one answer holds, and those that are asked for: interfaces that are gone have points too.
const MAX_POINTS: usize = 100_000;
const ASKED_POINTS: usize = 90_000;
/// Streams of one answer.
const MAX_STREAMS: usize = 2_000;
/// Questions of a run.
const MAX_CALLS: usize = 20;
/// Questions that are asked at once: the service takes ten a second from a whole tenancy.
const AT_ONCE: usize = 2;

/// The questions of one run.
pub(super) struct Interfaces<'a> {
    pub(super) metrics: &'a dyn Metrics,
    pub(super) traffic: &'a Traffic,
    pub(super) now: Timestamp,
    pub(super) deadline: Deadline,
}

/// What was measured.
#[derive(Debug, Default)]
pub(super) struct Measured {
    pub(super) hours: Hours,
    /// Why there is less than there could be.
    pub(super) problem: Option<String>,
}

impl Measured {
    /// Nothing, and why.
    pub(super) fn nothing(problem: String) -> Self {
        Self { hours: Hours::default(), problem: Some(problem) }
    }
}

impl Interfaces<'_> {
    /// The latest hours first. An hour counts when every compartment was asked for it: half of the interfaces would
    /// look like a calm hour.
    pub(super) async fn read(&self) -> Measured {
        let mut sums: BTreeMap<Timestamp, f64> = BTreeMap::new();
        let (mut done, mut length, mut calls) = (0, FIRST_HOURS, 0);
        let mut problem = None;
        while done < ALL_HOURS {
            calls += self.traffic.compartments.len();
            if calls > MAX_CALLS {
                problem = Some(format!("there are too many network interfaces for {MAX_CALLS} questions"));
                break;
            }
            let length_now = length.min(ALL_HOURS - done);
            match self.window(done, length_now).await {
                Ok((points, streams)) => {
                    points.into_iter().for_each(|(at, bytes)| *sums.entry(at).or_default() += bytes);
                    done += length_now;
                    length = (ASKED_POINTS / streams.max(1)).max(1);
                }
                Err(why) => {
                    problem = Some(why);
                    break;
                }
            }
        }
        let problem = problem.map(|why| told(&why, done));
        Measured { hours: Hours::new(sums), problem }
    }

    /// Sums of the hours of all compartments that end `before` hours ago, and the most streams of one compartment.
    async fn window(&self, before: usize, length: usize) -> Result<(BTreeMap<Timestamp, f64>, usize), String> {
        let end = earlier(hour_of(self.now), before);
        let (from, mut streams) = (earlier(end, length), 0);
        let mut sums: BTreeMap<Timestamp, f64> = BTreeMap::new();
        for some in self.traffic.compartments.chunks(AT_ONCE) {
            let asked = some.iter().map(|compartment| self.ask(compartment.as_deref(), from, end));
            for answer in join_all(asked).await {
                let series = answer?;
                streams = streams.max(series.len());
                for point in series.iter().flat_map(|series| &series.points) {
                    if (from..end).contains(&point.at) && point.value.is_finite() && point.value >= 0.0 {
                        *sums.entry(hour_of(point.at)).or_default() += point.value;
                    }
                }
            }
        }
        Ok((sums, streams))
    }

    async fn ask(&self, compartment: Option<&str>, from: Timestamp, to: Timestamp) -> Result<Vec<Series>, String> {
        let query = MetricQuery {
            namespace: self.traffic.namespace.clone(),
            metric: self.traffic.metric.clone(),
            statistic: Statistic::Sum,
            interval: Duration::from_secs(3600),
            from,
            to,
            dimensions: BTreeMap::new(),
            group_by: Vec::new(),
            compartment: compartment.map(str::to_owned),
        };
        let answer = until(self.deadline, self.metrics.query(&query, self.deadline)).await;
        let series = answer.ok_or("there was no more time")?.map_err(|failure| failure.to_string())?;
        let points: usize = series.iter().map(|series| series.points.len()).sum();
        // Nobody says whether an answer that has no room for one more series is a whole one.
        let one_more = usize::try_from((to.as_second() - from.as_second()) / 3600).unwrap_or(MAX_POINTS);
        if series.len() >= MAX_STREAMS || points + one_more >= MAX_POINTS {
            return Err("there are more network interfaces in a compartment than one answer holds".to_owned());
        }
        Ok(series)
    }
}

fn told(why: &str, done: usize) -> String {
    let why: String = why.chars().filter(|letter| !letter.is_control()).take(300).collect();
    match done {
        0 => format!("traffic of network interfaces is not known: {why}"),
        hours => format!("traffic of network interfaces is known for the last {hours} hours only: {why}"),
    }
}

fn earlier(at: Timestamp, hours: usize) -> Timestamp {
    let hours = SignedDuration::from_hours(i64::try_from(hours).unwrap_or(i64::MAX / 3600));
    at.checked_sub(hours).unwrap_or(Timestamp::MIN)
}
