//! Every number of the rules.

use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::alerts::AlertPolicy;
use crate::forecast::SEED;
use crate::skus::SkuList;
use crate::tariff::Tariff;
use crate::traffic::SpikeRule;
use crate::units::GbMeaning;

/// Every number of the rules.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Day on which an invoice starts, from 1 to 31; short months start on their last day.
    pub invoice_start_day: u8,
    /// What the meter means by GB.
    pub gb_meaning: GbMeaning,
    /// What counts as outbound.
    pub skus: SkuList,
    /// Allowance and prices.
    pub tariff: Tariff,
    /// When people are told.
    pub alerts: AlertPolicy,
    /// The last 6 hours are a spike from this many times the usual.
    pub spike_factor: f64,
    /// And from this many GB.
    pub spike_min_gb: f64,
    /// Usage is expected so many hours after the end of a day at the latest.
    pub max_lag_hours: u32,
    /// For so many hours after its end a day may still be growing.
    pub settle_hours: u32,
    /// A month to date that falls by more than this against the last run is reported.
    pub max_drop_percent: u16,
    /// Seed of the forecast's draws.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            invoice_start_day: 1,
            gb_meaning: GbMeaning::Decimal,
            skus: SkuList::default(),
            tariff: Tariff::default(),
            alerts: AlertPolicy::default(),
            spike_factor: 4.0,
            spike_min_gb: 50.0,
            max_lag_hours: 24,
            settle_hours: 6,
            max_drop_percent: 5,
            seed: SEED,
        }
    }
}

impl Settings {
    /// Everything that is wrong, by the path of the member; empty when they can be used.
    #[must_use]
    pub fn check(&self) -> Vec<(&'static str, String)> {
        let mut problems = Vec::new();
        let mut say = |is_wrong: bool, path: &'static str, text: &str| {
            if is_wrong {
                problems.push((path, text.to_owned()));
            }
        };
        say(!(1..=31).contains(&self.invoice_start_day), "invoice_start_day", "must be from 1 to 31");
        let allowance = self.tariff.allowance(self.gb_meaning);
        say(allowance.is_none_or(|bytes| bytes <= 0), "tariff.allowance_gb", "must be above 0");
        say(self.tariff.currency.trim().is_empty(), "tariff.currency", "must not be empty");
        let is_below_0 = self.tariff.tiers.iter().any(|tier| tier.price_per_gb.is_sign_negative());
        say(is_below_0, "tariff.tiers", "a price must not be below 0");
        self.check_geographies(&mut say);
        let is_empty = self.skus.name_patterns.iter().any(|pattern| pattern.trim().is_empty());
        say(is_empty, "skus.name_patterns", "one that is empty is in every name");
        let is_empty = self.skus.known.iter().any(|sku| sku.part_number.trim_matches(['*', ' ']).is_empty());
        say(is_empty, "skus.known", "an ending that is empty is that of every part number");
        let levels: Vec<u16> = self.alerts.levels.iter().map(|level| level.at_percent).collect();
        say(levels.is_empty(), "alerts.levels", "must not be empty");
        say(levels.first().is_some_and(|level| *level == 0), "alerts.levels", "must be above 0");
        say(!levels.windows(2).all(|pair| pair[0] < pair[1]), "alerts.levels", "must rise");
        say(self.alerts.remind_hours == 0, "alerts.remind_hours", "must be above 0");
        say(!(self.spike_factor > 1.0 && self.spike_factor.is_finite()), "spike_factor", "must be above 1");
        say(!(self.spike_min_gb >= 0.0 && self.spike_min_gb.is_finite()), "spike_min_gb", "must not be below 0");
        say(self.max_lag_hours > 24 * 7, "max_lag_hours", "must not be above 168");
        say(self.settle_hours > 24 * 7, "settle_hours", "must not be above 168");
        say(self.max_drop_percent > 100, "max_drop_percent", "must not be above 100");
        problems
    }

    fn check_geographies(&self, say: &mut impl FnMut(bool, &'static str, &str)) {
        let is_priced = |geography: &str| self.tariff.tiers.iter().any(|tier| tier.geography == geography);
        for sku in self.skus.known.iter().filter(|sku| !is_priced(&sku.geography)) {
            let text = format!("{} has no price of {} in tariff.tiers", sku.part_number, sku.geography);
            say(true, "skus.known", &text);
        }
        let unknown = &self.skus.unknown_geography;
        say(!is_priced(unknown), "skus.unknown_geography", &format!("{unknown} has no price in tariff.tiers"));
        let order = &self.tariff.consumption_order;
        for (index, geography) in order.iter().enumerate() {
            let path = "tariff.consumption_order";
            say(!is_priced(geography), path, &format!("{geography} has no price in tariff.tiers"));
            say(order[..index].contains(geography), path, &format!("{geography} is in it twice"));
        }
    }

    /// As time.
    #[must_use]
    pub fn settle(&self) -> SignedDuration {
        SignedDuration::from_hours(i64::from(self.settle_hours))
    }

    /// As time.
    #[must_use]
    pub fn max_lag(&self) -> SignedDuration {
        SignedDuration::from_hours(i64::from(self.max_lag_hours))
    }

    pub(crate) fn spike(&self) -> SpikeRule {
        SpikeRule { factor: self.spike_factor, min_bytes: self.spike_min_gb * self.gb_meaning.bytes() as f64 }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn the_defaults_can_be_used_and_come_back() {
        let settings = Settings::default();
        assert_eq!(settings.check(), []);
        let text = serde_json::to_string(&settings).unwrap();
        assert_eq!(serde_json::from_str::<Settings>(&text).unwrap(), settings);
        assert!(serde_json::from_str::<Settings>(r#"{"spike_facto":3}"#).is_err());
    }

    #[test]
    fn every_problem_is_told_at_once() {
        let mut settings = Settings { invoice_start_day: 0, spike_factor: f64::NAN, ..Settings::default() };
        settings.alerts.levels.reverse();
        settings.tariff.tiers.pop();
        settings.tariff.allowance_gb = 0.into();
        settings.skus.name_patterns.push(" ".to_owned());
        settings.skus.known[0].part_number = "*".to_owned();
        settings.tariff.consumption_order = ["moon", "moon"].map(str::to_owned).to_vec();
        let problems = settings.check();
        for (path, start) in [
            ("invoice_start_day", ""),
            ("spike_factor", ""),
            ("alerts.levels", ""),
            ("skus.known", "B93456"),
            ("skus.unknown_geography", ""),
            ("tariff.allowance_gb", ""),
            ("skus.name_patterns", ""),
            ("skus.known", "an ending"),
            ("tariff.consumption_order", "moon has no price"),
            ("tariff.consumption_order", "moon is in it twice"),
        ] {
            let is_it = |(at, text): &(&str, String)| *at == path && text.starts_with(start);
            assert!(problems.iter().any(is_it), "{path} {start} in {problems:?}");
        }
    }
}
