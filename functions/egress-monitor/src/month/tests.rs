#![allow(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;

use super::*;
use crate::skus::NORTH_AMERICA_EUROPE;
use crate::units::UnitError;

const GB: i128 = 1_000_000_000;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A day of September 2026.
fn row(day: i8, gb: f64) -> UsageRow {
    let from = midnight(jiff::civil::date(2026, 9, 1)) + SignedDuration::from_hours(24 * (i64::from(day) - 1));
    UsageRow {
        from,
        to: from + SignedDuration::from_hours(24),
        service: Some("Networking".to_owned()),
        sku: Some("B88327".to_owned()),
        sku_name: Some("Outbound Data Transfer Zone 1".to_owned()),
        unit: Some("GB Months".to_owned()),
        quantity: Some(gb),
        amount: Some(0.0),
        currency: Some("EUR".to_owned()),
        region: Some("eu-frankfurt-1".to_owned()),
        compartment: Some("ocid1.compartment.oc1..a".to_owned()),
        compartment_name: Some("shop".to_owned()),
        resource: None,
        is_estimated: None,
    }
}

fn folded(now: &str, rows: &[UsageRow]) -> Result<Usage, RowError> {
    let (now, skus) = (at(now), SkuList::default());
    let period = Period::of(now, 1).unwrap();
    let settle = SignedDuration::from_hours(6);
    let mut fold = Fold::new(Reading { period, now, skus: &skus, gb: GbMeaning::Decimal, settle, max_lag: MAX_LAG });
    rows.iter().try_for_each(|row| fold.push(row))?;
    Ok(fold.finish())
}

const MAX_LAG: SignedDuration = SignedDuration::from_hours(24);
const NOON: &str = "2026-09-12T12:00:00Z";

#[test]
fn e_15_a_steady_month_is_known_through_yesterday() {
    let rows: Vec<UsageRow> = (1..=11).map(|day| row(day, 300.0)).collect();
    let usage = folded(NOON, &rows).unwrap();
    assert_eq!(usage.billed, 3_300 * GB);
    assert_eq!(usage.as_of, Some(at("2026-09-12T00:00:00Z")));
    assert_eq!((usage.known.len(), usage.lag_hours(at(NOON))), (11, Some(12.0)));
    assert_eq!(usage.transfers[0].geography, NORTH_AMERICA_EUROPE);
    assert_eq!(usage.amount, Some((Decimal::ZERO, "EUR".to_owned())));
}

#[test]
fn e_10_rows_of_different_units_are_one_sum() {
    let rows = [row(1, 1.5), UsageRow { unit: Some("MiB".to_owned()), ..row(2, 2.0) }];
    assert_eq!(folded(NOON, &rows).unwrap().billed, 1_502_097_152);
}

#[test]
fn e_11_a_unit_that_is_not_known_is_an_error_and_not_zero() {
    for (unit, expected) in [(Some("GB/s"), UnitError::Unit("GB/s".to_owned())), (None, UnitError::NoUnit)] {
        let rows = [row(1, 1.0), UsageRow { unit: unit.map(str::to_owned), ..row(2, 2.0) }];
        let found = folded(NOON, &rows).unwrap_err();
        assert!(matches!(&found, RowError::Unit { source, .. } if *source == expected), "{found}");
    }
    let other = UsageRow { sku: Some("B1".to_owned()), sku_name: Some("OCPU".to_owned()), unit: None, ..row(1, 1.0) };
    assert!(folded(NOON, &[other]).is_ok(), "units of other SKUs are nobody's business");
}

#[test]
fn e_12_no_rows_are_no_zero() {
    let max_lag = SignedDuration::from_hours(24);
    let empty = folded("2026-09-10T12:00:00Z", &[]).unwrap();
    assert!(empty.is_missing(at("2026-09-10T12:00:00Z"), max_lag) && empty.as_of.is_none());
    let first_day = folded("2026-09-01T12:00:00Z", &[]).unwrap();
    assert!(!first_day.is_missing(at("2026-09-01T12:00:00Z"), max_lag), "it is too early to miss anything");
    let last_month = UsageRow { from: at("2026-08-31T00:00:00Z"), to: at("2026-09-01T00:00:00Z"), ..row(1, 5.0) };
    let stuck = folded("2026-09-10T12:00:00Z", &[last_month]).unwrap();
    assert!(stuck.is_missing(at("2026-09-10T12:00:00Z"), max_lag), "rows of last month are none of this one");
}

#[test]
fn e_23_rows_of_the_future_are_left_out() {
    let from = at("2026-09-12T16:00:00Z");
    let ahead = UsageRow { from, to: from + SignedDuration::from_hours(1), ..row(1, 700.0) };
    let usage = folded(NOON, &[row(11, 1.0), ahead]).unwrap();
    assert_eq!((usage.billed, usage.notes.future_rows), (GB, 1));
    assert_eq!(usage.as_of, Some(at("2026-09-12T00:00:00Z")));
}

#[test]
fn a_day_that_is_not_over_counts_and_proves_nothing() {
    let usage = folded(NOON, &[row(11, 300.0), row(12, 40.0)]).unwrap();
    assert_eq!((usage.billed, usage.after_as_of), (340 * GB, 40 * GB));
    assert_eq!((usage.as_of, usage.known.len()), (Some(at("2026-09-12T00:00:00Z")), 11));
    let reversed = folded(NOON, &[row(12, 40.0), row(11, 300.0)]).unwrap();
    assert_eq!((reversed.billed, reversed.after_as_of), (340 * GB, 40 * GB));
}

#[test]
fn a_day_settles_some_hours_after_its_end() {
    let rows: Vec<UsageRow> = (1..=11).map(|day| row(day, 300.0)).collect();
    let usage = folded("2026-09-12T05:59:00Z", &rows).unwrap();
    assert_eq!((usage.billed, usage.known.len()), (3_300 * GB, 10));
}

#[test]
fn corrections_count_and_repetitions_do_not() {
    let rows = [row(1, 100.0), row(1, -30.0), row(1, 100.0), row(2, 5.0)];
    let usage = folded(NOON, &rows).unwrap();
    assert_eq!((usage.billed, usage.notes.corrections, usage.notes.duplicate_rows), (75 * GB, 1, 1));
}

#[test]
fn the_free_and_the_paid_tier_are_one_line() {
    let tier = |name: &str, gb| UsageRow { sku_name: Some(format!("Outbound Data Transfer - {name}")), ..row(3, gb) };
    let usage = folded(NOON, &[tier("First 10 TB / Month", 6.0), tier("Over 10 TB / Month", 4.0)]).unwrap();
    assert_eq!((usage.transfers.len(), usage.transfers[0].bytes), (1, 10 * GB));
}

#[test]
fn what_is_not_listed_or_not_known_is_told() {
    let unlisted = UsageRow { sku: Some("B77777".to_owned()), ..row(1, 2.0) };
    let unnamed = UsageRow { sku: None, sku_name: None, ..row(1, 3.0) };
    let unknown = UsageRow { quantity: None, ..row(2, 0.0) };
    let unpaid = UsageRow { currency: Some(" ".to_owned()), ..row(3, 1.0) };
    let usage = folded(NOON, &[unlisted, unnamed, unknown, unpaid]).unwrap();
    assert_eq!(usage.billed, 3 * GB);
    assert_eq!(usage.notes.unlisted_skus, BTreeSet::from(["B77777".to_owned()]));
    assert_eq!((usage.notes.unnamed_rows, usage.notes.rows_without_quantity), (1, 1));
    assert_eq!((usage.amount, usage.notes.rows_without_amount), (None, 1));
}

#[test]
fn rows_that_belong_to_no_day_are_refused() {
    let month = UsageRow { to: at("2026-10-01T00:00:00Z"), ..row(1, 1.0) };
    let backwards = UsageRow { to: at("2026-08-01T00:00:00Z"), ..row(1, 1.0) };
    for wrong in [month, backwards] {
        assert!(matches!(folded(NOON, &[wrong]), Err(RowError::Times { .. })));
    }
    let huge = UsageRow { quantity: Some(f64::MAX), ..row(1, 1.0) };
    let nan = UsageRow { quantity: Some(f64::NAN), ..row(1, 1.0) };
    for wrong in [huge, nan] {
        assert!(matches!(folded(NOON, &[wrong]), Err(RowError::Unit { .. })));
    }
}

#[test]
fn days_without_rows_between_others_are_days_without_traffic() {
    let usage = folded(NOON, &[row(1, 9.0), row(5, 9.0)]).unwrap();
    assert_eq!(usage.known.iter().map(|day| day.amount / 1e9).collect::<Vec<_>>(), [9.0, 0.0, 0.0, 0.0, 9.0]);
    assert_eq!(usage.silent_days, 3);
}

#[test]
fn days_whose_rows_are_late_are_no_calm_ones() {
    let other = |day| UsageRow { sku: Some("B1".to_owned()), sku_name: Some("OCPU".to_owned()), ..row(day, 1.0) };
    let mut rows: Vec<UsageRow> = (1..=10).map(|day| row(day, 300.0)).collect();
    rows.extend([other(10), other(11), other(12)]);
    let usage = folded(NOON, &rows).unwrap();
    assert_eq!((usage.known.len(), usage.as_of), (10, Some(at("2026-09-11T00:00:00Z"))));
    assert_eq!((usage.silent_days, usage.after_as_of), (0, 0));
    // A day later nothing came of it, as of no day before: it should have come.
    let usage = folded("2026-09-13T00:00:00Z", &rows).unwrap();
    assert_eq!((usage.known.len(), usage.missing_days, usage.as_of), (10, 1, Some(at("2026-09-11T00:00:00Z"))));
    assert!(usage.is_silent());
    // Where a silent day is nothing new it is one without traffic.
    rows.remove(3);
    let usage = folded("2026-09-13T00:00:00Z", &rows).unwrap();
    assert_eq!((usage.known.len(), usage.silent_days, usage.as_of), (11, 2, Some(at("2026-09-12T00:00:00Z"))));
    assert!(usage.missing_days == 0 && usage.is_silent());
}

#[test]
fn one_silent_day_in_two_weeks_makes_no_rhythm() {
    let other = |day| UsageRow { sku: Some("B1".to_owned()), sku_name: Some("OCPU".to_owned()), ..row(day, 1.0) };
    let mut rows: Vec<UsageRow> = (-7..=8).map(|day| row(day, 300.0)).collect();
    rows.extend([other(9), other(10), other(11)]);
    let missing = |rows: &[UsageRow]| folded(NOON, rows).unwrap().missing_days;
    assert_eq!(missing(&rows), 2, "the third may still come");
    rows.remove(9);
    assert_eq!(missing(&rows), 2);
    rows.remove(4);
    assert_eq!(missing(&rows), 0);
}

#[test]
fn what_was_billed_of_a_day_after_a_late_one_is_not_estimated_again() {
    let today = row(12, 40.0);
    let mut rows: Vec<UsageRow> = (1..=10).map(|day| row(day, 300.0)).collect();
    rows.push(UsageRow { sku: Some("B1".to_owned()), sku_name: Some("OCPU".to_owned()), ..row(11, 1.0) });
    rows.push(UsageRow { to: today.from + SignedDuration::from_hours(1), ..today });
    let usage = folded(NOON, &rows).unwrap();
    assert_eq!((usage.as_of, usage.after_as_of), (Some(at("2026-09-11T00:00:00Z")), 40 * GB));
}

#[test]
fn days_before_the_first_traffic_are_known_in_the_month_and_nowhere_else() {
    let other = UsageRow { sku: Some("B1".to_owned()), sku_name: Some("OCPU".to_owned()), ..row(-20, 1.0) };
    let usage = folded(NOON, &[other.clone(), row(10, 5.0), row(11, 5.0)]).unwrap();
    assert_eq!((usage.known.len(), usage.known[0].day), (11, jiff::civil::date(2026, 9, 1)));
    let usage = folded(NOON, &[other, row(-5, 5.0), row(11, 5.0)]).unwrap();
    assert_eq!(usage.known[0].day, jiff::civil::date(2026, 8, 26));
}

#[test]
fn a_correction_comes_off_the_days_that_it_corrects() {
    let usage = folded(NOON, &[row(8, 100.0), row(9, 900.0), row(10, -500.0), row(11, 100.0)]).unwrap();
    let amounts = |usage: &Usage| usage.known[7..].iter().map(|day| day.amount / 1e9).collect::<Vec<_>>();
    assert_eq!(amounts(&usage), [100.0, 400.0, 0.0, 100.0]);
    let of_sku: Vec<f64> = usage.known_of("B88327")[7..].iter().map(|day| day.amount / 1e9).collect();
    assert_eq!((of_sku, usage.billed), (amounts(&usage), 600 * GB));
    let usage = folded(NOON, &[row(0, 900.0), row(1, -50.0), row(11, 80.0)]).unwrap();
    assert_eq!(usage.known[0].amount / 1e9, 900.0, "last month's invoice is closed");
    assert_eq!(usage.known.iter().skip(1).map(|day| day.amount / 1e9).sum::<f64>(), 30.0);
}

#[test]
fn odd_times_of_other_skus_are_nobody_s_business() {
    let odd = UsageRow { to: row(5, 1.0).from, sku: Some("B1".to_owned()), sku_name: None, ..row(5, 1.0) };
    let usage = folded(NOON, &[odd, row(11, 5.0)]).unwrap();
    assert_eq!(usage.billed, 5 * GB);
}

#[test]
fn a_currency_without_an_amount_is_a_currency_all_the_same() {
    let without = |day, currency: &str| UsageRow { amount: None, currency: Some(currency.to_owned()), ..row(day, 1.0) };
    let usage = folded(NOON, &[without(10, "EUR"), without(11, "EUR")]).unwrap();
    assert_eq!((usage.currencies, usage.amount), (vec!["EUR".to_owned()], None));
    let usage = folded(NOON, &[row(10, 1.0), without(11, "USD")]).unwrap();
    assert_eq!((usage.currencies.len(), usage.amount), (2, None));
}

#[test]
fn contributors_are_told_largest_first() {
    let by = |compartment: usize, gb| UsageRow {
        compartment: Some(format!("c{compartment:02}")),
        compartment_name: None,
        ..row(1, gb)
    };
    let rows: Vec<UsageRow> = (0..12).map(|index| by(index, index as f64 + 1.0)).collect();
    let usage = folded(NOON, &rows).unwrap();
    let top = &usage.tops[0];
    assert_eq!((top.dimension, top.largest.len(), top.largest[0].id.as_str()), (Dimension::Compartment, 10, "c11"));
    assert_eq!((top.attributed, top.error_bytes, usage.tops[1].largest[0].bytes), (78 * GB, 0, 78 * GB));
}

#[test]
fn a_second_query_adds_contributors_and_no_bytes() {
    let (now, skus) = (at(NOON), SkuList::default());
    let period = Period::of(now, 1).unwrap();
    let settle = SignedDuration::ZERO;
    let mut fold = Fold::new(Reading { period, now, skus: &skus, gb: GbMeaning::Decimal, settle, max_lag: MAX_LAG });
    fold.push(&UsageRow { compartment: None, compartment_name: None, ..row(1, 7.0) }).unwrap();
    fold.attribute(&UsageRow { region: None, service: None, ..row(1, 7.0) }).unwrap();
    let usage = fold.finish();
    assert_eq!(usage.billed, 7 * GB);
    assert!(usage.tops.iter().all(|top| top.attributed == 7 * GB), "{:?}", usage.tops);
}

#[test]
fn heavy_contributors_survive_a_flood_of_small_ones() {
    let (now, skus) = (at(NOON), SkuList::default());
    let period = Period::of(now, 1).unwrap();
    let settle = SignedDuration::ZERO;
    let mut fold = Fold::new(Reading { period, now, skus: &skus, gb: GbMeaning::Decimal, settle, max_lag: MAX_LAG });
    for index in 0..60_000 {
        fold.push(&UsageRow { compartment: Some(format!("small {index}")), ..row(1, 0.001) }).unwrap();
        if index % 1_000 == 0 {
            fold.push(&UsageRow { compartment: Some("heavy".to_owned()), ..row(2, 1.0 + f64::from(index)) }).unwrap();
        }
    }
    let usage = fold.finish();
    let top = &usage.tops[0];
    let heavy = (0..60).map(|index| 1 + 1_000 * index).sum::<i128>() * GB;
    assert_eq!((top.largest[0].id.as_str(), top.largest[0].bytes), ("heavy", heavy));
    assert!(top.error_bytes > 0 && top.error_bytes < GB && top.attributed == usage.billed, "{}", top.error_bytes);
}

#[test]
fn memory_does_not_grow_with_rows() {
    let measured = |rows: u64| {
        let (now, skus) = (at(NOON), SkuList::default());
        let period = Period::of(now, 1).unwrap();
        let settle = SignedDuration::ZERO;
        let mut billed = 0;
        let info = allocation_counter::measure(|| {
            let mut fold =
                Fold::new(Reading { period, now, skus: &skus, gb: GbMeaning::Decimal, settle, max_lag: MAX_LAG });
            let mut row = row(1, 0.0);
            for index in 0..rows {
                row.quantity = Some(index as f64 / 1e6);
                row.compartment = Some(format!("ocid1.compartment.oc1..{index:060}"));
                fold.push(&row).unwrap();
            }
            billed = fold.finish().billed;
        });
        let sum = i128::from(rows) * (i128::from(rows) - 1) / 2 * 1_000;
        assert_eq!(billed, sum, "every row is in the sum");
        info.bytes_max
    };
    let (some, more) = (measured(510_000), measured(770_000));
    assert!(some < 32 << 20, "{some} bytes");
    assert!(more <= some + (1 << 20), "{more} bytes after {some}");
}

fn rows() -> impl Strategy<Value = Vec<UsageRow>> {
    let one = (1_i8..=13, -50_i32..500, 0_u8..4, 0_u8..3).prop_map(|(day, tenths, sku, unit)| UsageRow {
        sku: Some(["B88327", "B93455", "B1", "B93456"][usize::from(sku)].to_owned()),
        sku_name: None,
        unit: Some(["GB", "MiB", "TB"][usize::from(unit)].to_owned()),
        compartment: Some(format!("c{tenths}")),
        ..row(day, f64::from(tenths) / 10.0)
    });
    proptest::collection::vec(one, 0..60)
}

proptest! {
    #[test]
    fn parts_are_the_whole_and_order_is_nothing(rows in rows(), shuffled in Just(()).prop_perturb(|(), random| random)) {
        let usage = folded(NOON, &rows).unwrap();
        prop_assert_eq!(usage.transfers.iter().map(|transfer| transfer.bytes).sum::<i128>(), usage.billed);
        prop_assert!(usage.tops.iter().all(|top| top.attributed == usage.billed));
        let mut other = rows.clone();
        let mut random = shuffled;
        for index in (1..other.len()).rev() {
            other.swap(index, random.random_range(0..=index));
        }
        let again = folded(NOON, &other).unwrap();
        prop_assert_eq!(format!("{usage:?}"), format!("{again:?}"));
    }
}
