//! The numbers of the cost model.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the past is weighed to choose the size of the least expected cost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Tuning {
    /// Whether the size is chosen by its cost once there is enough history. Default true; else the fixed thresholds
    /// decide for ever.
    pub enabled: bool,
    /// Least history, in hours. Default 12.
    pub min_history_hours: f64,
    /// Demand above this share of the OCPUs is a violation, in percent. Default 90.
    pub violation_above_percent: f64,
    /// Weight of the last hour against that of all others with the same fading.
    pub last_hour_weight: f64,
    /// How fast it fades, in hours.
    pub last_hour_fade_hours: f64,
    /// Weight of the last hours.
    pub hours_weight: f64,
    /// How fast they fade, in hours.
    pub hours_fade_hours: f64,
    /// Weight of the last days.
    pub days_weight: f64,
    /// How fast they fade, in hours.
    pub days_fade_hours: f64,
    /// Weight of the coming hours as they were on the days before.
    pub same_time_weight: f64,
    /// How many of the coming hours.
    pub same_time_hours: f64,
    /// How fast days fade there, in days.
    pub same_time_fade_days: f64,
    /// Weight of the coming hours as they were a week ago.
    pub same_weekday_weight: f64,
    /// By how much the hours that came after hours like the last one count more, as a factor.
    pub alike_weight: f64,
    /// How alike that is, as a logarithm of ratios.
    pub alike_spread: f64,
    /// By how much a repetition of an hour may exceed its peak, as a share.
    pub peak_spread: f64,
    /// Whether it is asked if the level of the load has changed for good. Default true.
    pub level_change: bool,
    /// How many times as probable the hours since then must be with a change as without one. Default 1000.
    pub level_change_odds: f64,
    /// By how much they must differ from the same time of every day before, in percent. Default 10.
    pub level_change_percent: f64,
    /// Weight of what was before a change, as a factor. Default 0.05.
    pub before_change_weight: f64,
    /// How long a smaller size is expected to hold, at least, in hours.
    pub min_hold_hours: f64,
    /// And at most.
    pub max_hold_hours: f64,
    /// Hours that it is expected to hold for each hour without a change.
    pub hold_per_stable_hour: f64,
    /// Share of a resize's price that shrinking must earn on top, since it may have to be taken back.
    pub shrink_reserve: f64,
    /// How long a larger size is expected to be of use, in hours.
    pub grow_hold_hours: f64,
    /// What every change costs besides its downtime, in minutes of violation.
    pub friction_minutes: f64,
    /// How long a size is kept at least that a surge asked for, in hours.
    pub surge_min_hold_hours: f64,
    /// How much the general experience with surges counts beside the machine's own.
    pub surge_prior_weight: f64,
    /// That experience: minutes of violation that a surge still brings to a machine that stays too small.
    pub surge_minutes: f64,
    /// That experience: more of these minutes for each minute that the surge has lasted already.
    pub surge_growth: f64,
    /// That experience: a demand rises further by a factor x with the probability x to the minus this.
    pub surge_exponent: f64,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            enabled: true,
            min_history_hours: 12.0,
            violation_above_percent: 90.0,
            last_hour_weight: 1.5,
            last_hour_fade_hours: 0.8,
            hours_weight: 1.0,
            hours_fade_hours: 3.0,
            days_weight: 0.6,
            days_fade_hours: 24.0,
            same_time_weight: 1.0,
            same_time_hours: 4.0,
            same_time_fade_days: 3.0,
            same_weekday_weight: 0.5,
            alike_weight: 3.0,
            alike_spread: 0.2,
            peak_spread: 0.03,
            level_change: true,
            level_change_odds: 1000.0,
            level_change_percent: 10.0,
            before_change_weight: 0.05,
            min_hold_hours: 2.0,
            max_hold_hours: 24.0,
            hold_per_stable_hour: 1.0,
            shrink_reserve: 0.3,
            grow_hold_hours: 1.0,
            friction_minutes: 1.0,
            surge_min_hold_hours: 2.0,
            surge_prior_weight: 0.02,
            surge_minutes: 5.0,
            surge_growth: 1.0,
            surge_exponent: 4.0,
        }
    }
}

impl Tuning {
    /// Members with a value that makes no sense, and why.
    #[must_use]
    pub fn problems(&self) -> Vec<(&'static str, &'static str)> {
        let positive = "must be above 0 and at most 10000";
        let not_negative = "must be from 0 to 10000";
        let above = |value: f64| value.is_finite() && value > 0.0 && value <= 1e4;
        let from = |value: f64| value.is_finite() && (0.0..=1e4).contains(&value);
        let checks = [
            ("min_history_hours", above(self.min_history_hours), positive),
            ("violation_above_percent", above(self.violation_above_percent / 100.0), positive),
            ("last_hour_weight", above(self.last_hour_weight), positive),
            ("last_hour_fade_hours", above(self.last_hour_fade_hours), positive),
            ("hours_weight", from(self.hours_weight), not_negative),
            ("hours_fade_hours", above(self.hours_fade_hours), positive),
            ("days_weight", from(self.days_weight), not_negative),
            ("days_fade_hours", above(self.days_fade_hours), positive),
            ("same_time_weight", from(self.same_time_weight), not_negative),
            ("same_time_hours", above(self.same_time_hours), positive),
            ("same_time_fade_days", above(self.same_time_fade_days), positive),
            ("same_weekday_weight", from(self.same_weekday_weight), not_negative),
            ("alike_weight", from(self.alike_weight), not_negative),
            ("alike_spread", above(self.alike_spread), positive),
            ("peak_spread", from(self.peak_spread), not_negative),
            ("level_change_odds", above(self.level_change_odds) && self.level_change_odds > 1.0, "must be above 1"),
            ("level_change_percent", from(self.level_change_percent), not_negative),
            ("before_change_weight", from(self.before_change_weight), not_negative),
            ("min_hold_hours", from(self.min_hold_hours), not_negative),
            ("max_hold_hours", above(self.max_hold_hours), positive),
            ("hold_per_stable_hour", from(self.hold_per_stable_hour), not_negative),
            ("shrink_reserve", from(self.shrink_reserve), not_negative),
            ("grow_hold_hours", above(self.grow_hold_hours), positive),
            ("friction_minutes", from(self.friction_minutes), not_negative),
            ("surge_min_hold_hours", above(self.surge_min_hold_hours), positive),
            ("surge_prior_weight", above(self.surge_prior_weight), positive),
            ("surge_minutes", from(self.surge_minutes), not_negative),
            ("surge_growth", from(self.surge_growth), not_negative),
            ("surge_exponent", above(self.surge_exponent), positive),
        ];
        checks.into_iter().filter(|(_, sound, _)| !sound).map(|(name, _, why)| (name, why)).collect()
    }
}
