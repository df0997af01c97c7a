#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use super::*;

/// Two days of September 2026.
pub(in super::super) fn query(group_by: &[Dimension]) -> UsageQuery {
    UsageQuery {
        from: "2026-09-01T00:00:00Z".parse().unwrap(),
        to: "2026-09-03T00:00:00Z".parse().unwrap(),
        granularity: Granularity::Daily,
        group_by: group_by.to_vec(),
        skus: Vec::new(),
        with_cost: false,
    }
}

#[test]
fn what_the_service_cannot_answer_is_not_asked() {
    use Dimension::{Compartment, CompartmentName, Region, Resource, Service, Sku, SkuName, Unit};
    let check = |group_by: &[Dimension], expected: Result<&[Dimension], &str>| {
        let found = Question::of(&query(group_by)).map(|question| question.keys);
        match expected {
            Ok(keys) => assert_eq!(found.as_deref(), Ok(keys), "{group_by:?}"),
            Err(part) => assert!(found.as_ref().is_err_and(|reason| reason.contains(part)), "{found:?}"),
        }
    };
    check(&[], Ok(&[]));
    check(&[Service, Sku, SkuName, Unit], Ok(&[Service, Sku]));
    check(&[Sku, Unit, Region, Sku], Ok(&[Sku, Region]));
    check(&[Service, Sku, Region], Err("at most 2"));
    check(&[SkuName], Err("ask for both"));
    for foreign in [Compartment, CompartmentName, Resource] {
        check(&[Sku, foreign], Err("does not tell usage apart by"));
    }
}

#[test]
fn times_are_whole_steps() {
    let check = |granularity, from: &str, to: &str, expected: Option<(&str, &str)>| {
        let (from, to) = (from.parse().unwrap(), to.parse().unwrap());
        let found = Question::of(&UsageQuery { granularity, from, to, ..query(&[]) });
        let found = found.ok().map(|question| question.period().unwrap());
        let found = found.as_ref().map(|period| (period.start(), period.end()));
        assert_eq!(found, expected, "{granularity:?} {from} {to}");
    };
    use Granularity::{Daily, Hourly, Monthly};
    check(Daily, "2026-09-01T00:00:00Z", "2026-10-01T00:00:00Z", Some(("2026-09-01", "2026-10-01")));
    check(Monthly, "2026-09-01T00:00:00Z", "2026-10-01T00:00:00Z", Some(("2026-09-01", "2026-10-01")));
    let hours = Some(("2026-09-01T01:00:00Z", "2026-09-01T03:00:00Z"));
    check(Hourly, "2026-09-01T01:00:00Z", "2026-09-01T03:00:00Z", hours);
    check(Daily, "2026-09-01T12:00:00Z", "2026-09-02T00:00:00Z", None);
    check(Hourly, "2026-09-01T01:00:00Z", "2026-09-01T01:30:00Z", None);
    check(Hourly, "2026-09-01T01:00:00.000000001Z", "2026-09-01T02:00:00Z", None);
    check(Daily, "2026-09-02T00:00:00Z", "2026-09-02T00:00:00Z", None);
}

#[test]
fn only_usage_and_only_these_types() {
    let of = |query: &UsageQuery| Question::of(query).unwrap().filter();
    let all = of(&query(&[]));
    let left_out = all.not().and_then(Expression::dimensions).unwrap();
    assert_eq!((left_out.key(), left_out.values()), (Some(&By::RecordType), &NO_USAGE.map(str::to_owned)[..]));
    let skus = vec!["DataTransfer-Out-Bytes".to_owned(), "USW2-DataTransfer-Out-Bytes".to_owned()];
    let some = of(&UsageQuery { skus: skus.clone(), ..query(&[]) });
    assert_eq!(some.and()[0], all);
    let wanted = some.and()[1].dimensions().unwrap();
    assert_eq!((wanted.key(), wanted.values()), (Some(&By::UsageType), &skus[..]));
}
