#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::Mutex;

use async_trait::async_trait;
use causeway_cloud::metrics::{Measurement, Published};
use causeway_resilience::Deadline;

use super::*;
use crate::tick::tests::Hands;

/// A service with the real one's limits. Each machine has one point a minute.
struct Service {
    machines: Vec<(String, String)>,
    asked: Mutex<Vec<MetricQuery>>,
}

#[async_trait]
impl Metrics for Service {
    async fn query(&self, query: &MetricQuery, _: Deadline) -> Result<Vec<Series>, ServiceFailure> {
        self.asked.lock().unwrap().push(query.clone());
        let wanted = query.dimensions.get(DOMAIN);
        let meant = self.machines.iter().filter(|(_, domain)| wanted.is_none_or(|wanted| wanted == domain));
        let minutes = (query.to.as_second() - query.from.as_second()) / 60;
        let found: Vec<Series> = meant.map(|(id, _)| series(id, query.from, minutes)).collect();
        let points: usize = found.iter().map(|series| series.points.len()).sum();
        if found.len() > 2_000 || points > 100_000 {
            return Err(ServiceFailure::new(Kind::Invalid, "monitoring", "SummarizeMetricsData", "too much"));
        }
        Ok(found)
    }

    async fn publish(&self, _: &[Measurement], _: Deadline) -> Result<Published, ServiceFailure> {
        Ok(Published::default())
    }
}

fn series(id: &str, from: Timestamp, minutes: i64) -> Series {
    let at = |minute: i64| Timestamp::from_second(from.as_second() + 60 * minute).unwrap();
    Series {
        dimensions: BTreeMap::from([(MACHINE.to_owned(), id.to_owned())]),
        unit: None,
        points: (0..minutes).map(|minute| Point { at: at(minute), value: 50.0 }).collect(),
    }
}

/// Asks about `listed` machines where `real` of them have measurements; how many questions it took.
async fn ask(listed: usize, real: usize) -> usize {
    let domain = |number: usize| format!("AD-{}", number % 3);
    let machines = (0..real).map(|number| (number.to_string(), domain(number))).collect();
    let service = Service { machines, asked: Mutex::default() };
    let mut census = BTreeMap::new();
    for number in 0..listed {
        *census.entry(domain(number)).or_default() += 1;
    }
    let clock = Hands::at(0);
    let patience = Patience { clock: &clock, random: || 0.0, deadline: Deadline::NONE };
    let asked = Asked {
        metrics: &service,
        patience: &patience,
        namespace: "oci_computeagent",
        compartment: None,
        minutes: 180,
        until: Timestamp::from_second(1_000_020).unwrap(),
        machines: &census,
    };
    let found = asked.points("CpuUtilization").await.unwrap();
    assert_eq!(found.len(), real);
    for points in found.values() {
        let minutes: Vec<i64> = points.iter().map(|point| point.at.as_second() / 60).collect();
        let last = 1_000_020 / 60;
        assert_eq!(minutes, (last - 180..last).collect::<Vec<_>>(), "every minute once, in order");
    }
    service.asked.into_inner().unwrap().len()
}

#[tokio::test]
async fn one_question_for_each_ninety_thousand_points() {
    for (machines, questions) in [(1, 1), (500, 1), (501, 2), (1000, 2), (2000, 4), (2001, 6), (6000, 12)] {
        assert_eq!(ask(machines, machines).await, questions, "{machines}");
    }
}

#[tokio::test]
async fn machines_that_nobody_listed_cost_further_questions() {
    assert_eq!(ask(10, 600).await, 3);
    assert_eq!(ask(0, 1).await, 1);
}

/// Three machines are named in a compartment that has more than an answer holds.
#[tokio::test]
async fn a_crowded_compartment_is_asked_by_availability_domain() {
    // Nine in vain down to one minute, then three hours of each domain, halved until they fit.
    let questions = ask(3, 2_100).await;
    assert!(questions < 60, "{questions}");
}

#[test]
fn minutes_that_are_complete() {
    for (now, expected) in [(0, 0), (59, 0), (60, 60), (-1, -60)] {
        let now = Timestamp::from_second(now).unwrap();
        assert_eq!(minute_of(now).as_second(), expected);
    }
}
