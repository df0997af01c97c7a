//! An answer of Cost Explorer as rows.

use std::collections::HashMap;

use aws_sdk_costexplorer::types::{DateInterval, Group, MetricValue, ResultByTime};
use causeway_cloud::usage::{Dimension, UsageRow};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::question::{COST, QUANTITY, Question};

/// What the service calls the unit of a sum over several.
const NO_UNIT: &str = "N/A";

type Metrics = HashMap<String, MetricValue>;

/// Rows of one page.
///
/// # Errors
/// What of the answer cannot be understood, for an operator.
pub(super) fn rows(results: Vec<ResultByTime>, question: &Question) -> Result<Vec<UsageRow>, String> {
    let mut rows = Vec::new();
    for result in results {
        let (from, to) = times(result.time_period.as_ref())?;
        let time = Time { from, to, is_estimated: result.estimated };
        if question.keys.is_empty() {
            rows.extend(result.total.filter(|total| !total.is_empty()).map(|total| one(&time, &[], &total, question)));
        }
        for Group { keys, metrics, .. } in result.groups.unwrap_or_default() {
            let (keys, metrics) = (keys.unwrap_or_default(), metrics.unwrap_or_default());
            if keys.len() != question.keys.len() {
                return Err(format!("a group has {} keys, {} were asked for", keys.len(), question.keys.len()));
            }
            rows.push(one(&time, &keys, &metrics, question));
        }
    }
    rows.into_iter().collect()
}

struct Time {
    from: Timestamp,
    to: Timestamp,
    is_estimated: bool,
}

fn one(time: &Time, keys: &[String], metrics: &Metrics, question: &Question) -> Result<UsageRow, String> {
    let of = |wanted: Dimension| {
        let place = question.keys.iter().position(|dimension| *dimension == wanted)?;
        keys.get(place).filter(|key| !key.is_empty()).cloned()
    };
    let (quantity, unit) = metric(metrics, QUANTITY)?;
    let (amount, currency) = if question.has_cost() { metric(metrics, COST)? } else { (None, None) };
    let sku = of(Dimension::Sku);
    Ok(UsageRow {
        from: time.from,
        to: time.to,
        service: of(Dimension::Service),
        sku_name: sku.clone().filter(|_| question.has_name()),
        sku,
        unit,
        quantity,
        amount,
        currency,
        region: of(Dimension::Region),
        compartment: None,
        compartment_name: None,
        resource: None,
        is_estimated: Some(time.is_estimated),
    })
}

fn metric(metrics: &Metrics, name: &str) -> Result<(Option<f64>, Option<String>), String> {
    let Some(MetricValue { amount, unit, .. }) = metrics.get(name) else { return Ok((None, None)) };
    let number = |text: &String| {
        let number = text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
        number.ok_or_else(|| format!("{name} is no number"))
    };
    let unit = unit.clone().filter(|unit| !unit.trim().is_empty() && unit != NO_UNIT);
    Ok((amount.as_ref().map(number).transpose()?, unit))
}

/// Days are written as dates, hours as moments.
fn times(period: Option<&DateInterval>) -> Result<(Timestamp, Timestamp), String> {
    let period = period.ok_or("a result has no time")?;
    let moment = |text: &str| {
        let day = || text.parse::<Date>().and_then(|date| date.to_zoned(TimeZone::UTC)).map(|zoned| zoned.timestamp());
        text.parse::<Timestamp>().or_else(|_| day()).map_err(|_| "a result has a time that is none".to_owned())
    };
    Ok((moment(&period.start)?, moment(&period.end)?))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use super::super::question::tests::query;
    use super::*;
    use causeway_cloud::usage::UsageQuery;

    fn value(amount: &str, unit: &str) -> MetricValue {
        MetricValue::builder().amount(amount).unit(unit).build()
    }

    fn result(day: &str, groups: Vec<Group>) -> ResultByTime {
        let next = day.parse::<Date>().unwrap().tomorrow().unwrap().to_string();
        let period = DateInterval::builder().start(day).end(next).build().unwrap();
        ResultByTime::builder().time_period(period).set_groups(Some(groups)).estimated(day > "2026-09-01").build()
    }

    fn group(keys: &[&str], metrics: &[(&str, MetricValue)]) -> Group {
        let group = keys.iter().fold(Group::builder(), |group, key| group.keys(*key));
        metrics.iter().fold(group, |group, (name, value)| group.metrics(*name, value.clone())).build()
    }

    fn question(group_by: &[Dimension], with_cost: bool) -> Question {
        Question::of(&UsageQuery { with_cost, ..query(group_by) }).unwrap()
    }

    #[test]
    fn groups_are_rows() {
        let metrics = [(QUANTITY, value("812.5000000001", "GB")), (COST, value("64.125", "USD"))];
        let (out, hours) = (group(&["AmazonEC2", "DataTransfer-Out-Bytes"], &metrics), group(&["AmazonEC2", ""], &[]));
        let results = vec![result("2026-09-01", vec![out, hours]), result("2026-09-02", Vec::new())];
        let asked = question(&[Dimension::Service, Dimension::Sku, Dimension::SkuName], true);
        let rows = rows(results, &asked).unwrap();
        assert_eq!(rows.len(), 2);
        let first = &rows[0];
        assert_eq!(
            (first.from.to_string(), first.to.to_string()),
            ("2026-09-01T00:00:00Z".into(), "2026-09-02T00:00:00Z".into())
        );
        assert_eq!((first.quantity, first.unit.as_deref()), (Some(812.500_000_000_1), Some("GB")));
        assert_eq!((first.amount, first.currency.as_deref()), (Some(64.125), Some("USD")));
        assert_eq!((first.service.as_deref(), first.is_estimated), (Some("AmazonEC2"), Some(false)));
        assert_eq!((first.sku.as_deref(), &first.sku_name), (Some("DataTransfer-Out-Bytes"), &first.sku));
        let second = &rows[1];
        assert_eq!((second.quantity, &second.unit, &second.sku), (None, &None, &None), "absent is not zero");
    }

    #[test]
    fn a_sum_of_everything_has_no_unit() {
        let total = ResultByTime::builder().total(QUANTITY, value("7", NO_UNIT));
        let total = total.time_period(DateInterval::builder().start("2026-09-01").end("2026-09-02").build().unwrap());
        let rows = rows(vec![total.estimated(true).build()], &question(&[], false)).unwrap();
        assert_eq!((rows.len(), rows[0].quantity, &rows[0].unit), (1, Some(7.0), &None));
        assert_eq!((rows[0].amount, rows[0].is_estimated), (None, Some(true)));
    }

    #[test]
    fn hours_are_moments() {
        let period = DateInterval::builder().start("2026-09-01T05:00:00Z").end("2026-09-01T06:00:00Z").build().unwrap();
        let (from, to) = times(Some(&period)).unwrap();
        assert_eq!(to.duration_since(from).as_hours(), 1);
    }

    #[test]
    fn what_cannot_be_understood_is_an_error_and_no_row() {
        let check = |broken: ResultByTime, part: &str| {
            let found = rows(vec![result("2026-09-01", Vec::new()), broken], &question(&[Dimension::Sku], true));
            assert!(found.as_ref().is_err_and(|reason| reason.contains(part)), "{found:?}");
        };
        check(ResultByTime::builder().build(), "no time");
        let never = DateInterval::builder().start("soon").end("2026-09-02").build().unwrap();
        check(ResultByTime::builder().time_period(never).build(), "a time that is none");
        check(result("2026-09-02", vec![group(&["a", "b"], &[])]), "2 keys");
        for text in ["", "many", "NaN", "inf", "1,5"] {
            check(result("2026-09-02", vec![group(&["a"], &[(QUANTITY, value(text, "GB"))])]), "no number");
            check(result("2026-09-02", vec![group(&["a"], &[(COST, value(text, "USD"))])]), "no number");
        }
    }
}
