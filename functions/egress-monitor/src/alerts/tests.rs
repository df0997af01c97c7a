#![allow(clippy::unwrap_used, reason = "tests")]

mod memory;
mod months;

use proptest::prelude::*;

use super::*;

const GB: i128 = 1_000_000_000;
const LIMIT: i128 = 10_240 * GB;

/// Runs one after the other.
struct Runs {
    state: AlertState,
    limit: i128,
}

impl Runs {
    fn new() -> Self {
        Self { state: AlertState::default(), limit: LIMIT }
    }

    fn observed(&self, period: &str, bytes: i128) -> Observed {
        let reading = Reading { scope: "tenancy".to_owned(), metric: Metric::MonthToDate, bytes, limit: self.limit };
        Observed { period: period.to_owned(), readings: vec![reading], is_good: true, ..Observed::default() }
    }

    fn claim(&mut self, hour: i64, observed: &Observed) -> Vec<Alert> {
        let step = step(&self.state, observed, at(hour), &AlertPolicy::default());
        self.state = step.state;
        step.publish
    }

    /// A run whose alerts all go out.
    fn run(&mut self, hour: i64, bytes: i128) -> Vec<(Kind, u16)> {
        let observed = self.observed("2026-09", bytes);
        let alerts = self.claim(hour, &observed);
        alerts.iter().for_each(|alert| self.state.sent(&alert.key));
        alerts.iter().map(|alert| (alert.kind, alert.level_percent.unwrap_or(0))).collect()
    }

    fn at_percent(&mut self, hour: i64, percent: i128) -> Vec<(Kind, u16)> {
        self.run(hour, self.limit * percent / 100)
    }
}

fn at(hour: i64) -> Timestamp {
    Timestamp::from_second(1_788_220_800 + hour * 3600).unwrap()
}

#[test]
fn a_topic_that_is_gone_for_a_month_does_not_fill_the_state() {
    let mut runs = Runs::new();
    for hour in 0..30 * 24 {
        let observed = runs.observed("2026-09", LIMIT);
        runs.claim(hour, &observed);
    }
    let waiting: Vec<&str> = runs.state.pending.iter().map(|pending| pending.alert.key.as_str()).collect();
    assert_eq!(
        waiting,
        ["2026-09/tenancy/month_to_date/100/raised/1", "2026-09/tenancy/month_to_date/100/reminder/30"]
    );
}

#[test]
fn e_01_80_percent_is_inclusive_and_told_once() {
    let mut runs = Runs::new();
    assert_eq!(runs.run(0, 8_191 * GB), [(Kind::Raised, 50)]);
    assert_eq!(runs.run(1, 8_192 * GB), [(Kind::Raised, 80)]);
    assert_eq!(runs.run(2, 8_193 * GB), []);
}

#[test]
fn e_02_the_whole_allowance_is_critical() {
    let mut runs = Runs::new();
    assert_eq!(runs.run(0, 10_239 * GB), [(Kind::Raised, 90)]);
    assert_eq!(runs.run(1, 10_240 * GB), [(Kind::Raised, 100)]);
}

#[test]
fn e_03_the_highest_level_alone_is_told() {
    assert_eq!(Runs::new().run(0, 12_240 * GB), [(Kind::Raised, 100)]);
    assert_eq!(Runs::new().run(0, 12_288 * GB), [(Kind::Raised, 120)]);
}

#[test]
fn e_05_a_second_run_has_nothing_to_claim_and_a_concurrent_one_the_same_key() {
    let mut runs = Runs::new();
    let observed = runs.observed("2026-09", 9_000 * GB);
    let concurrent = step(&runs.state, &observed, at(0), &AlertPolicy::default());
    let first = runs.claim(0, &observed);
    assert_eq!(first, concurrent.publish);
    assert_eq!(first.len(), 1);
    assert_eq!(runs.claim(0, &observed), []);
}

#[test]
fn e_06_a_claim_without_a_mark_is_taken_up_after_ten_minutes_with_the_same_key() {
    let mut runs = Runs::new();
    let observed = runs.observed("2026-09", 9_000 * GB);
    let claimed = runs.claim(0, &observed);
    let policy = AlertPolicy::default();
    let after =
        |state: &AlertState, minutes| step(state, &observed, at(0) + SignedDuration::from_mins(minutes), &policy);
    assert_eq!(after(&runs.state, 9).publish, []);
    let again = after(&runs.state, 10);
    assert_eq!(again.publish, claimed);
    assert_eq!(after(&again.state, 11).publish, []);
    let mut state = again.state;
    state.sent(&claimed[0].key);
    assert_eq!(after(&state, 60).publish, []);
}

#[test]
fn e_07_a_recross_within_a_day_is_held_back() {
    let mut runs = Runs::new();
    assert_eq!(runs.at_percent(0, 82), [(Kind::Raised, 80)]);
    assert_eq!(runs.at_percent(1, 70), [(Kind::Resolved, 80)]);
    let observed = runs.observed("2026-09", LIMIT * 81 / 100);
    let held = step(&runs.state, &observed, at(3), &AlertPolicy::default());
    assert!(held.publish.is_empty() && held.held_back[0].level_percent == Some(80));
    assert_eq!(runs.at_percent(3, 81), []);
    assert_eq!(runs.at_percent(23, 81), []);
    assert_eq!(runs.at_percent(24, 81), [(Kind::Raised, 80)]);
    assert_eq!(runs.at_percent(25, 91), [(Kind::Raised, 90)]);
}

#[test]
fn a_level_is_left_five_points_below() {
    let mut runs = Runs::new();
    runs.at_percent(0, 82);
    assert_eq!(runs.at_percent(1, 75), []);
    assert_eq!(runs.run(2, LIMIT * 75 / 100 - 1), [(Kind::Resolved, 80)]);
    assert_eq!(runs.at_percent(3, 60), [], "50 % stands and was told when it was jumped over");
    assert_eq!(runs.at_percent(4, 44), [(Kind::Resolved, 50)]);
}

#[test]
fn numbers_that_may_be_too_low_resolve_nothing() {
    let mut runs = Runs::new();
    runs.at_percent(0, 85);
    let partial =
        |runs: &Runs, percent| Observed { is_partial: true, ..runs.observed("2026-09", LIMIT * percent / 100) };
    let low = partial(&runs, 10);
    assert_eq!(runs.claim(1, &low), []);
    let high = partial(&runs, 91);
    assert_eq!(runs.claim(2, &high)[0].level_percent, Some(90), "and raise what they reach");
}

#[test]
fn what_is_critical_is_repeated_every_day() {
    let mut runs = Runs::new();
    assert_eq!(runs.at_percent(0, 104), [(Kind::Raised, 100)]);
    assert_eq!(runs.at_percent(23, 105), []);
    assert_eq!(runs.at_percent(24, 105), [(Kind::Reminder, 100)]);
    assert_eq!(runs.at_percent(47, 105), []);
    assert_eq!(runs.at_percent(48, 105), [(Kind::Reminder, 100)]);
    let mut warned = Runs::new();
    warned.at_percent(0, 85);
    assert_eq!(warned.at_percent(48, 85), [], "a warning is not");
}

#[test]
fn e_19_what_could_not_be_published_is_left_for_the_next_run() {
    let mut runs = Runs::new();
    let observed = runs.observed("2026-09", 9_000 * GB);
    let claimed = runs.claim(0, &observed);
    runs.state.release(&claimed[0].key, at(0));
    assert_eq!(step(&runs.state, &observed, at(0), &AlertPolicy::default()).publish, claimed);
}

#[test]
fn e_21_another_limit_is_another_measure() {
    let mut runs = Runs::new();
    assert_eq!(runs.at_percent(0, 85), [(Kind::Raised, 80)]);
    runs.limit = 2 * LIMIT;
    let bytes = LIMIT * 85 / 100;
    assert_eq!(runs.run(1, bytes), [(Kind::Resolved, 80)]);
    assert_eq!(runs.at_percent(2, 55), [(Kind::Raised, 50)]);
    assert_eq!(runs.at_percent(3, 81), [(Kind::Raised, 80)], "what was told of the old limit holds nothing back");
    runs.limit = LIMIT;
    assert_eq!(runs.run(4, LIMIT * 2), [(Kind::Raised, 120)]);
}

#[test]
fn keys_are_never_used_twice() {
    let mut runs = Runs::new();
    let mut keys = std::collections::BTreeSet::new();
    for (hour, percent) in (0..400).map(|hour| (hour * 5, i128::from((hour * 37) % 130))) {
        let observed = runs.observed("2026-09", LIMIT * percent / 100);
        for alert in runs.claim(hour, &observed) {
            assert!(keys.insert(alert.key.clone()), "{}", alert.key);
            runs.state.sent(&alert.key);
        }
    }
    assert!(keys.len() > 20);
}

#[test]
fn a_new_month_begins_anew_and_an_old_run_changes_nothing() {
    let mut runs = Runs::new();
    runs.at_percent(0, 85);
    let october = runs.observed("2026-10", LIMIT * 85 / 100);
    assert_eq!(runs.claim(720, &october).len(), 1);
    let september = runs.observed("2026-09", LIMIT * 2);
    let late = step(&runs.state, &september, at(720) - SignedDuration::from_secs(10), &AlertPolicy::default());
    assert_eq!((late.publish, late.state), (Vec::new(), runs.state));
}

#[test]
fn e_12_numbers_that_nobody_could_read_keep_the_state_and_are_told_after_36_hours() {
    let mut runs = Runs::new();
    runs.at_percent(0, 85);
    let bad = Observed { period: "2026-09".to_owned(), ..Observed::default() };
    let before: Vec<(String, u16)> = runs.state.standing().map(|(name, level)| (name.to_owned(), level)).collect();
    assert_eq!(runs.claim(35, &bad), []);
    let stale = runs.claim(36, &bad);
    assert_eq!((stale.len(), stale[0].metric, stale[0].kind), (1, Metric::Data, Kind::Raised));
    runs.state.sent(&stale[0].key);
    assert_eq!(runs.claim(37, &bad), []);
    let after: Vec<(String, u16)> = runs.state.standing().map(|(name, level)| (name.to_owned(), level)).collect();
    assert!(before.iter().all(|line| after.contains(line)));
    let good = runs.observed("2026-09", LIMIT * 85 / 100);
    let resolved = runs.claim(38, &good);
    assert_eq!((resolved.len(), resolved[0].metric, resolved[0].kind), (1, Metric::Data, Kind::Resolved));
}

#[test]
fn e_16_a_spike_is_told_whatever_the_level() {
    let mut runs = Runs::new();
    let with = |runs: &Runs, is_spike| Observed { is_spike, ..runs.observed("2026-09", GB) };
    let observed = with(&runs, Some(true));
    let told = runs.claim(0, &observed);
    assert_eq!((told.len(), told[0].metric), (1, Metric::Spike));
    runs.state.sent(&told[0].key);
    assert_eq!(runs.claim(1, &observed), []);
    let unknown = with(&runs, None);
    assert_eq!(runs.claim(2, &unknown), [], "what is not known resolves nothing");
    let over = with(&runs, Some(false));
    assert_eq!(runs.claim(3, &over)[0].kind, Kind::Resolved);
}

#[test]
fn forecasts_have_levels_of_their_own() {
    let mut runs = Runs::new();
    let mut observed = runs.observed("2026-09", 3_300 * GB);
    let forecast = Reading { metric: Metric::ForecastP50, bytes: 9_000 * GB, ..observed.readings[0].clone() };
    observed.readings.push(forecast);
    let told = runs.claim(0, &observed);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((told[0].metric, told[0].severity.as_str()), (Metric::ForecastP50, "warn"));
}

#[test]
fn the_document_comes_back_as_it_was_and_one_of_a_later_version_too() {
    let mut runs = Runs::new();
    let observed = runs.observed("2026-09", 9_000 * GB);
    runs.claim(0, &observed);
    let text = serde_json::to_string(&runs.state).unwrap();
    assert_eq!(serde_json::from_str::<AlertState>(&text).unwrap(), runs.state);
    assert!(serde_json::from_str::<AlertState>(r#"{"period":7}"#).is_err());
    let newer = text.replacen('{', r#"{"of_a_later_version":1,"#, 1);
    assert_eq!(serde_json::from_str::<AlertState>(&newer).unwrap(), runs.state);
}

proptest! {
    #[test]
    fn more_is_never_a_lower_level(bytes in 0..3 * LIMIT, more in 0..LIMIT) {
        let level = |bytes| Runs::new().run(0, bytes).first().map_or(0, |(_, level)| *level);
        prop_assert!(level(bytes + more) >= level(bytes));
    }

    #[test]
    fn rising_use_tells_each_level_once(mut percents in proptest::collection::vec(0_i128..130, 1..40)) {
        percents.sort_unstable();
        let mut runs = Runs::new();
        let mut levels = Vec::new();
        for percent in percents {
            levels.extend(runs.at_percent(0, percent).into_iter().map(|(_, level)| level));
        }
        prop_assert!(levels.windows(2).all(|pair| pair[0] < pair[1]), "{levels:?}");
    }

    #[test]
    fn the_order_of_readings_is_nothing(bytes in proptest::collection::vec(0..2 * LIMIT, 2..6)) {
        let reading = |(index, bytes): (usize, &i128)| Reading {
            scope: format!("sku {index}"), metric: Metric::MonthToDate, bytes: *bytes, limit: LIMIT,
        };
        let readings: Vec<Reading> = bytes.iter().enumerate().map(reading).collect();
        let observed = Observed { period: "2026-09".to_owned(), readings, is_good: true, ..Observed::default() };
        let mut reversed = observed.clone();
        reversed.readings.reverse();
        let state = AlertState::default();
        let policy = AlertPolicy::default();
        prop_assert_eq!(step(&state, &observed, at(0), &policy), step(&state, &reversed, at(0), &policy));
    }
}
