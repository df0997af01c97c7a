#![allow(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;

use super::*;

const GB: i128 = 1_000_000_000;
const LIMIT: i128 = 10_240 * GB;

fn transfer(day: i8, geography: &str, gb: i128) -> Transfer {
    let sku = format!("sku of {geography}");
    Transfer { day: jiff::civil::date(2026, 9, day), sku, geography: geography.to_owned(), bytes: gb * GB }
}

fn cost(transfers: &[Transfer]) -> String {
    let tariff = Tariff::default();
    tariff.price(&tariff.uses(transfers, LIMIT), GbMeaning::Decimal).unwrap().to_string()
}

#[test]
fn e_02_the_first_gb_beyond_the_allowance_costs() {
    assert_eq!(cost(&[transfer(1, NORTH_AMERICA_EUROPE, 10_240)]), "0");
    assert_eq!(cost(&[transfer(1, NORTH_AMERICA_EUROPE, 10_241)]), "0.0085");
}

#[test]
fn e_03_an_overage_of_2000_gb_costs_17() {
    assert_eq!(cost(&[transfer(1, NORTH_AMERICA_EUROPE, 12_240)]), "17");
}

#[test]
fn e_14_the_scope_decides_who_has_an_allowance() {
    let transfers = [transfer(1, ASIA_PACIFIC_SOUTH_AMERICA, 6_000), transfer(1, NORTH_AMERICA_EUROPE, 6_000)];
    let percent = |scope: &ScopeUse| scope.used as f64 / scope.limit as f64 * 100.0;
    let check = |allowance_scope, expected: &[f64]| {
        let uses = Tariff { allowance_scope, ..Tariff::default() }.uses(&transfers, LIMIT);
        assert_eq!(uses.len(), expected.len());
        uses.iter().zip(expected).for_each(|(scope, expected)| assert!((percent(scope) - expected).abs() < 0.05));
    };
    check(AllowanceScope::Tenancy, &[117.2]);
    check(AllowanceScope::Sku, &[58.6, 58.6]);
}

#[test]
fn the_allowance_is_consumed_in_order_of_time() {
    let (cheap, dear) = (NORTH_AMERICA_EUROPE, ASIA_PACIFIC_SOUTH_AMERICA);
    assert_eq!(cost(&[transfer(1, cheap, 10_240), transfer(2, dear, 1_000)]), "25");
    assert_eq!(cost(&[transfer(2, cheap, 1_000), transfer(1, dear, 10_240)]), "8.5");
    // Both on one day: a half each.
    assert_eq!(cost(&[transfer(1, cheap, 6_120), transfer(1, dear, 6_120)]), "33.5");
}

#[test]
fn corrections_take_off_what_they_correct() {
    let na = NORTH_AMERICA_EUROPE;
    assert_eq!(cost(&[transfer(1, na, 12_240), transfer(3, na, -2_000)]), "0");
    assert_eq!(cost(&[transfer(1, na, -500), transfer(2, na, 12_740)]), "17");
    let uses = Tariff::default().uses(&[transfer(1, na, -5)], LIMIT);
    assert_eq!((uses[0].used, uses[0].over_bytes()), (-5 * GB, 0));
}

#[test]
fn a_geography_without_a_price_is_told() {
    let tariff = Tariff::default();
    let uses = tariff.uses(&[transfer(1, "moon", 12_240)], LIMIT);
    assert_eq!(tariff.price(&uses, GbMeaning::Decimal), Err(PriceError::NoTier("moon".to_owned())));
    let uses = tariff.uses(&[transfer(1, "moon", 10)], LIMIT);
    assert_eq!(tariff.price(&uses, GbMeaning::Decimal), Ok(Decimal::ZERO), "nothing is to be paid");
}

#[test]
fn nothing_used_is_a_use_of_the_tenancy() {
    let uses = Tariff::default().uses(&[], LIMIT);
    assert_eq!((uses.len(), uses[0].used, uses[0].over_bytes()), (1, 0, 0));
}

#[test]
fn prices_are_text_or_numbers_and_nothing_else() {
    let read = |text: &str| serde_json::from_str::<Tariff>(text).map(|tariff| tariff.allowance_gb.to_string()).ok();
    assert_eq!(read(r#"{"allowance_gb":"10240.5"}"#), Some("10240.5".to_owned()));
    assert_eq!(read(r#"{"allowance_gb":20480}"#), Some("20480".to_owned()));
    assert_eq!(read(r#"{"allowance_gb":0.1}"#), Some("0.1".to_owned()));
    assert_eq!(read(r#"{"allowance_gb":"ten"}"#), None);
    assert_eq!(read(r#"{"alowance_gb":"10"}"#), None);
    let text = serde_json::to_string(&Tariff::default()).unwrap();
    assert_eq!(serde_json::from_str::<Tariff>(&text).unwrap(), Tariff::default());
}

fn transfers() -> impl Strategy<Value = Vec<Transfer>> {
    let geography = prop_oneof![Just(NORTH_AMERICA_EUROPE), Just(ASIA_PACIFIC_SOUTH_AMERICA), Just("moon")];
    let one = (1_i8..=30, geography, -300_i128..3_000).prop_map(|(day, geography, gb)| transfer(day, geography, gb));
    proptest::collection::vec(one, 0..40)
}

proptest! {
    #[test]
    fn parts_are_the_whole_and_order_is_nothing(transfers in transfers(), by_sku: bool, seed: u64) {
        let allowance_scope = if by_sku { AllowanceScope::Sku } else { AllowanceScope::Tenancy };
        let tariff = Tariff { allowance_scope, ..Tariff::default() };
        let uses = tariff.uses(&transfers, LIMIT);
        let sum: i128 = transfers.iter().map(|transfer| transfer.bytes).sum();
        prop_assert_eq!(uses.iter().map(|scope| scope.used).sum::<i128>(), sum);
        for scope in &uses {
            prop_assert!(scope.over.values().all(|bytes| *bytes >= 0));
            if scope.used > scope.limit {
                prop_assert!(scope.over_bytes() >= scope.used - scope.limit);
            }
        }
        let mut shuffled = transfers.clone();
        let length = shuffled.len().max(1);
        shuffled.rotate_left((seed % length as u64) as usize % length);
        shuffled.reverse();
        prop_assert_eq!(tariff.uses(&shuffled, LIMIT), uses);
    }

    #[test]
    fn without_corrections_the_overage_is_exact(days in proptest::collection::vec((1_i8..=30, 0_i128..2_000), 0..40)) {
        let transfers: Vec<Transfer> = days.iter().map(|(day, gb)| transfer(*day, "moon", *gb)).collect();
        let uses = Tariff::default().uses(&transfers, LIMIT);
        prop_assert_eq!(uses[0].over_bytes(), (uses[0].used - LIMIT).max(0));
    }
}
