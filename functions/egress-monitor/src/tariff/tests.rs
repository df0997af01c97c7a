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

/// What is beyond the allowance when it is used up in this order.
fn cost_in_order(order: &[&str], transfers: &[Transfer]) -> String {
    let consumption_order = order.iter().copied().map(str::to_owned).collect();
    let tariff = Tariff { consumption_order, ..Tariff::default() };
    tariff.price(&tariff.uses(transfers, LIMIT), GbMeaning::Decimal).unwrap().to_string()
}

#[test]
fn the_allowance_is_consumed_in_a_chosen_order() {
    let (cheap, dear, dearest) = (NORTH_AMERICA_EUROPE, ASIA_PACIFIC_SOUTH_AMERICA, MIDDLE_EAST_AFRICA);
    // 2,001 GB are beyond: of the cheap ones 17.0085, of the dear ones 50.025, of the dearest 100.05.
    let transfers =
        [transfer(1, cheap, 5_001), transfer(2, dear, 4_000), transfer(3, dearest, 3_000), transfer(4, cheap, 240)];
    let check = |order: &[&str], expected: &str| assert_eq!(cost_in_order(order, &transfers), expected, "{order:?}");
    // The last 2,001 GB in time: 240 of day 4 and 1,761 of day 3.
    check(&[], "90.09");
    check(&[dearest, dear, cheap], "17.0085");
    check(&[cheap, dear, dearest], "100.05");
    check(&[cheap, dearest, dear], "50.025");
    // Who is not named comes after those who are, in order of time: 240 of day 4, and 1,761 of day 2 or 1.
    check(&[dearest], "46.065");
    check(&[dearest, dear], "17.0085");
    check(&[cheap], "100.05");
}

#[test]
fn an_order_is_nothing_to_who_stays_within_the_allowance_or_has_one_of_its_own() {
    let (cheap, dear) = (NORTH_AMERICA_EUROPE, ASIA_PACIFIC_SOUTH_AMERICA);
    let within = [transfer(1, cheap, 240), transfer(2, dear, 10_000)];
    assert_eq!((cost_in_order(&[dear], &within), cost_in_order(&[cheap], &within)), ("0".to_owned(), "0".to_owned()));
    let beyond = [transfer(1, cheap, 10_241), transfer(2, dear, 10_242)];
    for order in [vec![], vec![dear.to_owned()], vec![dear.to_owned(), cheap.to_owned()]] {
        let tariff =
            Tariff { allowance_scope: AllowanceScope::Sku, consumption_order: order.clone(), ..Tariff::default() };
        let price = tariff.price(&tariff.uses(&beyond, LIMIT), GbMeaning::Decimal).unwrap();
        assert_eq!(price.to_string(), "0.0585", "{order:?}");
    }
}

#[test]
fn corrections_give_the_allowance_back_in_a_chosen_order_too() {
    let (cheap, dear) = (NORTH_AMERICA_EUROPE, ASIA_PACIFIC_SOUTH_AMERICA);
    let transfers = [transfer(1, dear, 10_240), transfer(2, cheap, 1_000), transfer(5, dear, -400)];
    assert_eq!(cost_in_order(&[dear, cheap], &transfers), "5.1", "600 GB at 0.0085");
    assert_eq!(cost_in_order(&[cheap, dear], &transfers), "15", "600 GB at 0.025");
}

#[test]
fn a_whole_byte_has_its_price_in_every_order() {
    let (cheap, dear) = (NORTH_AMERICA_EUROPE, ASIA_PACIFIC_SOUTH_AMERICA);
    let mut transfers = [transfer(1, cheap, 10_240), transfer(1, dear, 1)];
    transfers[0].bytes += 1_000;
    // A GB and a thousand bytes are beyond; the thousand are cheap ones and cost 0.0000000085, told to 8 decimals.
    assert_eq!(cost_in_order(&[cheap, dear], &transfers), "0.02500001");
    assert_eq!(cost_in_order(&[dear, cheap], &transfers), "0.00850001");
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
    fn parts_are_the_whole_and_order_is_nothing(transfers in transfers(), by_sku: bool, ordered in 0_usize..=3, seed: u64) {
        let allowance_scope = if by_sku { AllowanceScope::Sku } else { AllowanceScope::Tenancy };
        let order = ["moon", ASIA_PACIFIC_SOUTH_AMERICA, NORTH_AMERICA_EUROPE];
        let consumption_order = order.into_iter().take(ordered).map(str::to_owned).collect();
        let tariff = Tariff { allowance_scope, consumption_order, ..Tariff::default() };
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
    fn the_dearest_first_costs_least_and_the_cheapest_first_most(
        days in proptest::collection::vec((1_i8..=30, 0_usize..3, 0_i128..3_000), 0..40),
    ) {
        let by_price = [NORTH_AMERICA_EUROPE, ASIA_PACIFIC_SOUTH_AMERICA, MIDDLE_EAST_AFRICA];
        let transfers: Vec<Transfer> = days.iter().map(|(day, at, gb)| transfer(*day, by_price[*at], *gb)).collect();
        let price = |order: &[&str]| cost_in_order(order, &transfers).parse::<Decimal>().unwrap();
        let dearest_first: Vec<&str> = by_price.iter().rev().copied().collect();
        let (least, in_time, most) = (price(&dearest_first), price(&[]), price(&by_price));
        prop_assert!(least <= in_time && in_time <= most, "{least} {in_time} {most}");
    }

    #[test]
    fn without_corrections_the_overage_is_exact(days in proptest::collection::vec((1_i8..=30, 0_i128..2_000), 0..40)) {
        let transfers: Vec<Transfer> = days.iter().map(|(day, gb)| transfer(*day, "moon", *gb)).collect();
        let uses = Tariff::default().uses(&transfers, LIMIT);
        prop_assert_eq!(uses[0].over_bytes(), (uses[0].used - LIMIT).max(0));
    }
}
