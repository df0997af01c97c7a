//! Recency, frequency and monetary value.

use std::collections::BTreeMap;

use super::definitions::RFM;
use super::people::{People, Person};
use super::{Inputs, basis};
use crate::intelligence::data::{CustomerIntelligence, Rfm, Segment};
use crate::intelligence::fixed::to_f64;
use crate::intelligence::ledger::{Ledger, Why};
use crate::intelligence::periods::day_name;
use crate::intelligence::role::Role;

/// Names of the segments, in the order in which they are listed.
const SEGMENTS: [&str; 10] = [
    "champions",
    "loyal",
    "potential_loyalists",
    "new",
    "promising",
    "need_attention",
    "about_to_sleep",
    "at_risk",
    "cannot_lose",
    "hibernating",
];

/// The segment of a score of recency and one of frequency, both 1 to 5.
pub(crate) fn segment(recency: usize, frequency: usize) -> &'static str {
    match (recency, frequency) {
        (5, 4 | 5) => "champions",
        (3 | 4, 4 | 5) => "loyal",
        (4 | 5, 2 | 3) => "potential_loyalists",
        (5, _) => "new",
        (4, _) => "promising",
        (3, 3) => "need_attention",
        (3, _) => "about_to_sleep",
        (_, 5) => "cannot_lose",
        (_, 3 | 4) => "at_risk",
        _ => "hibernating",
    }
}

/// One measure of all customers, in rising order of worth.
pub(crate) struct Scale(Vec<i128>);

impl Scale {
    fn new(values: impl Iterator<Item = i128>) -> Self {
        let mut sorted: Vec<i128> = values.collect();
        sorted.sort_unstable();
        Self(sorted)
    }

    /// 1 to 5 by the share of the customers that are worth less; equal values score alike.
    pub(crate) fn score(&self, value: i128) -> usize {
        1 + 5 * self.0.partition_point(|other| *other < value) / self.0.len().max(1)
    }

    /// The smallest value of each score.
    fn bounds(&self) -> [Option<i128>; 5] {
        let mut bounds = [None; 5];
        for value in &self.0 {
            bounds[self.score(*value) - 1].get_or_insert(*value);
        }
        bounds
    }
}

/// The three measures.
pub(crate) struct Scales {
    recency: Scale,
    frequency: Scale,
    monetary: Scale,
}

impl Scales {
    pub(crate) fn new(people: &People<'_>) -> Self {
        Self {
            recency: Scale::new(people.dated().map(|person| i128::from(person.last))),
            frequency: Scale::new(people.dated().map(|person| i128::from(person.visits))),
            monetary: Scale::new(people.dated().map(|person| person.net)),
        }
    }

    /// Scores of recency, frequency and monetary value.
    pub(crate) fn scores(&self, person: &Person) -> (usize, usize, usize) {
        let recency = self.recency.score(person.last.into());
        (recency, self.frequency.score(person.visits.into()), self.monetary.score(person.net))
    }
}

pub(crate) fn compute(
    inputs: &Inputs<'_>,
    people: Result<&People<'_>, &Why>,
    ledger: &mut Ledger,
    out: &mut CustomerIntelligence,
) {
    let found = people.map_err(Why::clone).and_then(|people| {
        inputs.money()?;
        Ok(scored(people, people.needed_day()?))
    });
    let n = people.ok().filter(|_| found.is_ok()).map_or(0, |people| people.dated().count() as u64);
    let roles = [Role::Customer, Role::OrderDate, Role::Date, Role::Amount];
    out.rfm = ledger.enter(&RFM, basis(inputs, &roles, n), found);
}

/// What the customers of a segment add up to.
#[derive(Default)]
struct Sums {
    customers: u64,
    net: i128,
    recency: i128,
    visits: u64,
}

fn scored(people: &People<'_>, as_of: i64) -> Rfm {
    let scales = Scales::new(people);
    let mut cells: BTreeMap<String, u64> = BTreeMap::new();
    let mut sums: BTreeMap<&str, Sums> = BTreeMap::new();
    for person in people.dated() {
        let (recency, frequency, monetary) = scales.scores(person);
        *cells.entry(format!("{recency}-{frequency}-{monetary}")).or_insert(0) += 1;
        let sum = sums.entry(segment(recency, frequency)).or_default();
        sum.customers += 1;
        sum.net += person.net;
        sum.recency += i128::from(as_of - person.last);
        sum.visits += u64::from(person.visits);
    }
    let scored: u64 = sums.values().map(|sum| sum.customers).sum();
    let revenue: i128 = sums.values().map(|sum| sum.net).sum();
    let of = |name: &&str| {
        let sum = sums.get(*name)?;
        let count = sum.customers as f64;
        Some(Segment {
            name: (*name).to_owned(),
            customers: people.of_all(sum.customers),
            share: count / scored as f64,
            revenue: Some(people.money_of_all(sum.net)),
            revenue_share: super::share(sum.net, revenue),
            mean_recency_days: sum.recency as f64 / count,
            mean_frequency: sum.visits as f64 / count,
        })
    };
    let plain = |value: i128| value as f64;
    let segments: Vec<Segment> = SEGMENTS.iter().filter_map(of).collect();
    cells.values_mut().for_each(|cell| *cell = people.of_all(*cell));
    Rfm {
        as_of: day_name(as_of),
        // Of a sample each segment is rounded; the whole is what its parts add up to.
        customers: segments.iter().map(|segment| segment.customers).sum(),
        segments,
        cells,
        bounds: BTreeMap::from([
            (
                "recency_days".to_owned(),
                scales.recency.bounds().map(|day| day.map(|d| plain(as_of as i128 - d))).to_vec(),
            ),
            ("frequency".to_owned(), scales.frequency.bounds().map(|bound| bound.map(plain)).to_vec()),
            ("monetary".to_owned(), scales.monetary.bounds().map(|bound| bound.map(to_f64)).to_vec()),
        ]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_score_alike() {
        let scale = Scale::new([1, 1, 1, 1, 2, 3, 4, 5, 6, 7].into_iter());
        assert_eq!([1, 2, 3, 7].map(|value| scale.score(value)), [1, 3, 3, 5]);
        assert_eq!(scale.bounds(), [Some(1), None, Some(2), Some(4), Some(6)]);
        assert_eq!(Scale::new([9].into_iter()).score(9), 1);
    }

    #[test]
    fn every_score_has_a_segment() {
        for (recency, frequency) in (1..=5).flat_map(|r| (1..=5).map(move |f| (r, f))) {
            assert!(SEGMENTS.contains(&segment(recency, frequency)));
        }
        assert_eq!(
            (segment(5, 5), segment(1, 1), segment(2, 5), segment(3, 4)),
            ("champions", "hibernating", "cannot_lose", "loyal")
        );
    }
}
