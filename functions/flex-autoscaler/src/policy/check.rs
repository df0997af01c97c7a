//! What is wrong with a policy, all of it at once.

use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Policy, Window};

const NO_ZONE: &str = "is not the IANA name of a time zone";

/// Something wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, thiserror::Error)]
#[error("{path}: {text}")]
pub struct Problem {
    /// Path of the member, such as `limits.min_ocpus`.
    pub path: String,
    /// What is wrong with it.
    pub text: String,
}

/// Collects problems.
#[derive(Default)]
struct Findings(Vec<Problem>);

impl Findings {
    fn say(&mut self, path: impl Into<String>, text: impl Into<String>) {
        self.0.push(Problem { path: path.into(), text: text.into() });
    }

    /// Numbers that must lie in a range.
    fn within(&mut self, low: f64, high: f64, members: &[(&str, f64)]) {
        for (path, value) in members {
            if !(low..=high).contains(value) {
                self.say(*path, format!("must be from {low} to {high}"));
            }
        }
    }

    /// The first must not be above the second.
    fn ordered(&mut self, low: (&str, f64), high: (&str, f64)) {
        if low.1 > high.1 {
            self.say(low.0, format!("must not be above {}", high.0));
        }
    }
}

impl Policy {
    /// Everything that is wrong with it; empty when it can be used.
    #[must_use]
    pub fn check(&self) -> Vec<Problem> {
        let mut findings = Findings::default();
        self.check_sizes(&mut findings);
        self.check_percentages(&mut findings);
        self.check_times(&mut findings);
        self.check_money(&mut findings);
        for (member, text) in self.cost.problems() {
            findings.say(format!("cost.{member}"), text);
        }
        check_windows("schedule.windows", &self.schedule.windows, &mut findings);
        check_windows("schedule.maintenance", &self.schedule.maintenance, &mut findings);
        self.check_preset(&mut findings);
        self.check_ceilings(&mut findings);
        self.check_overrides(&mut findings);
        findings.0
    }

    fn check_sizes(&self, findings: &mut Findings) {
        let limits = &self.limits;
        findings.within(
            0.01,
            100_000.0,
            &[
                ("limits.min_ocpus", limits.min_ocpus),
                ("limits.max_ocpus", limits.max_ocpus),
                ("limits.min_memory_gb", limits.min_memory_gb),
                ("limits.max_memory_gb", limits.max_memory_gb),
                ("limits.quantum_ocpus", limits.quantum_ocpus),
                ("limits.quantum_memory_gb", limits.quantum_memory_gb),
                ("limits.coupled_memory_gb_per_ocpu", limits.coupled_memory_gb_per_ocpu),
            ],
        );
        findings.ordered(("limits.min_ocpus", limits.min_ocpus), ("limits.max_ocpus", limits.max_ocpus));
        findings
            .ordered(("limits.min_memory_gb", limits.min_memory_gb), ("limits.max_memory_gb", limits.max_memory_gb));
        findings.within(
            1.0,
            16.0,
            &[
                ("up.max_step_factor", self.up.max_step_factor),
                ("down.max_step_factor", self.down.max_step_factor),
                ("up.censored_factor", self.up.censored_factor),
                ("up.oom_factor", self.up.oom_factor),
                ("budget.emergency_factor", self.budget.emergency_factor),
            ],
        );
    }

    fn check_percentages(&self, findings: &mut Findings) {
        findings.within(
            1.0,
            100.0,
            &[
                ("freshness.min_up_points_percent", self.freshness.min_up_points_percent),
                ("freshness.min_down_points_percent", self.freshness.min_down_points_percent),
                ("up.percentile", self.up.percentile),
                ("up.at_percent", self.up.at_percent),
                ("up.target_percent", self.up.target_percent),
                ("up.censored_at_percent", self.up.censored_at_percent),
                ("up.oom_at_percent", self.up.oom_at_percent),
                ("up.oom_drop_percent", self.up.oom_drop_percent),
                ("emergency.at_percent", self.emergency.at_percent),
                ("emergency.peak_percent", self.emergency.peak_percent),
                ("down.target_percent", self.down.target_percent),
                ("down.memory_target_percent", self.down.memory_target_percent),
                ("predictive.target_percent", self.predictive.target_percent),
                ("fleet.max_resizes_percent", self.fleet.max_resizes_percent),
                ("fleet.mass_change_percent", self.fleet.mass_change_percent),
            ],
        );
        findings.within(
            0.0,
            100.0,
            &[
                ("down.dead_band_percent", self.down.dead_band_percent),
                ("down.min_saving_percent", self.down.min_saving_percent),
                ("down.small_saving_percent", self.down.small_saving_percent),
            ],
        );
        findings.within(100.0, 200.0, &[("freshness.max_valid_percent", self.freshness.max_valid_percent)]);
        findings.ordered(("up.target_percent", self.up.target_percent), ("up.at_percent", self.up.at_percent));
        if self.down.target_percent >= self.up.at_percent {
            findings.say("down.target_percent", "must be below up.at_percent, or what shrank would grow again");
        }
        findings.ordered(
            ("emergency.at_percent", self.emergency.at_percent),
            ("emergency.peak_percent", self.emergency.peak_percent),
        );
    }

    fn check_times(&self, findings: &mut Findings) {
        const WEEK_MINUTES: f64 = 7.0 * 24.0 * 60.0;
        findings.within(
            0.0,
            WEEK_MINUTES,
            &[
                ("freshness.max_age_minutes", self.freshness.max_age_minutes),
                ("freshness.max_future_minutes", self.freshness.max_future_minutes),
                ("up.oom_gap_minutes", self.up.oom_gap_minutes),
                ("down.small_saving_after_hours", self.down.small_saving_after_hours),
                ("down.min_watched_minutes", self.down.min_watched_minutes),
                ("cooldown.up_after_up_minutes", self.cooldown.up_after_up_minutes),
                ("cooldown.down_after_up_minutes", self.cooldown.down_after_up_minutes),
                ("cooldown.up_after_down_minutes", self.cooldown.up_after_down_minutes),
                ("cooldown.down_after_down_minutes", self.cooldown.down_after_down_minutes),
                ("in_flight.stuck_after_minutes", self.in_flight.stuck_after_minutes),
                ("in_flight.give_up_after_minutes", self.in_flight.give_up_after_minutes),
                ("in_flight.resend_after_minutes", self.in_flight.resend_after_minutes),
                ("in_flight.forget_after_hours", self.in_flight.forget_after_hours),
                ("schedule.lead_minutes", self.schedule.lead_minutes),
                ("predictive.min_history_hours", self.predictive.min_history_hours),
                ("payback.max_hold_hours", self.payback.max_hold_hours),
                ("capacity.retry_after_minutes", self.capacity.retry_after_minutes),
                ("capacity.max_retry_after_minutes", self.capacity.max_retry_after_minutes),
                ("capacity.needs_reboot_hours", self.capacity.needs_reboot_hours),
                ("prices.resize_downtime_minutes", self.prices.resize_downtime_minutes),
            ],
        );
        findings.within(
            1.0,
            24.0 * 60.0,
            &[
                ("up.window_minutes", self.up.window_minutes.into()),
                ("down.window_minutes", self.down.window_minutes.into()),
                ("emergency.points", self.emergency.points.into()),
                ("up.oom_points", self.up.oom_points.into()),
                ("predictive.horizon_minutes", self.predictive.horizon_minutes.into()),
                ("down.memory_window_hours", self.down.memory_window_hours.into()),
                ("alerts.repeat_minutes", self.alerts.repeat_minutes.into()),
            ],
        );
        findings.within(0.0, 24.0 * 60.0, &[("down.min_memory_hours", self.down.min_memory_hours.into())]);
        findings.ordered(
            ("in_flight.stuck_after_minutes", self.in_flight.stuck_after_minutes),
            ("in_flight.give_up_after_minutes", self.in_flight.give_up_after_minutes),
        );
        findings.ordered(
            ("up.window_minutes", self.up.window_minutes.into()),
            ("down.window_minutes", self.down.window_minutes.into()),
        );
        findings.ordered(
            ("emergency.points", self.emergency.points.into()),
            ("up.window_minutes", self.up.window_minutes.into()),
        );
    }

    /// The windows of a preset are windows like all others.
    fn check_preset(&self, findings: &mut Findings) {
        let Some(preset) = &self.schedule.preset else { return };
        if TimeZone::get(&preset.zone).is_err() {
            findings.say("schedule.preset.zone", NO_ZONE);
        }
        for window in preset.windows() {
            if self.schedule.windows.iter().any(|other| other.id == window.id) {
                findings
                    .say("schedule.preset.name", format!("has a window {}, and so has schedule.windows", window.id));
            }
            if window.floor_ocpus.is_some_and(|floor| floor > self.limits.max_ocpus) {
                findings.say("schedule.preset.name", "must not have a floor above the largest size");
            }
        }
    }

    /// Ceilings of windows leave room for the least size and for the floor of the window, and no floor is above the
    /// largest size.
    fn check_ceilings(&self, findings: &mut Findings) {
        let limits = &self.limits;
        for (index, window) in self.schedule.windows.iter().enumerate() {
            for (member, floor, most) in [
                ("floor_ocpus", window.floor_ocpus, limits.max_ocpus),
                ("floor_memory_gb", window.floor_memory_gb, limits.max_memory_gb),
            ] {
                if floor.is_some_and(|floor| floor > most) {
                    findings.say(format!("schedule.windows[{index}].{member}"), "must not be above the largest size");
                }
            }
            for (member, ceiling, floor, least) in [
                ("ceiling_ocpus", window.ceiling_ocpus, window.floor_ocpus, limits.min_ocpus),
                ("ceiling_memory_gb", window.ceiling_memory_gb, window.floor_memory_gb, limits.min_memory_gb),
            ] {
                let Some(ceiling) = ceiling else { continue };
                if ceiling < least || floor.is_some_and(|floor| ceiling < floor) {
                    let path = format!("schedule.windows[{index}].{member}");
                    findings.say(path, "must not be below the floor or the least size");
                }
            }
        }
    }

    fn check_money(&self, findings: &mut Findings) {
        findings.within(
            0.0,
            1e9,
            &[
                ("prices.ocpu_price_per_hour", self.prices.ocpu_price_per_hour),
                ("prices.memory_gb_price_per_hour", self.prices.memory_gb_price_per_hour),
                ("prices.violation_price_per_minute", self.prices.violation_price_per_minute),
            ],
        );
        let cheap = self.emergency.left_to_costs_below_ocpu_hours;
        findings.within(0.0, 1e9, &[("emergency.left_to_costs_below_ocpu_hours", cheap)]);
        if self.cost.enabled && self.prices.violation_price_per_minute == 0.0 {
            let text = "must be above 0 while cost.enabled, or no machine would ever grow for its CPU";
            findings.say("prices.violation_price_per_minute", text);
        }
        if let Some(cap) = self.budget.month_cap {
            findings.within(0.0, 1e12, &[("budget.month_cap", cap)]);
        }
    }

    fn check_overrides(&self, findings: &mut Findings) {
        let base = Self { overrides: Vec::new(), ..self.clone() };
        for (index, change) in self.overrides.iter().enumerate() {
            let own = change.onto(&base).map_or_else(|problem| vec![problem], |policy| policy.check());
            let known = base.check();
            for problem in own.into_iter().filter(|problem| !known.contains(problem)) {
                findings.say(format!("overrides[{index}].{}", problem.path), problem.text);
            }
        }
    }
}

fn check_windows(list: &str, windows: &[Window], findings: &mut Findings) {
    for (index, window) in windows.iter().enumerate() {
        let path = |member: &str| format!("{list}[{index}].{member}");
        if window.id.is_empty() || windows[..index].iter().any(|other| other.id == window.id) {
            findings.say(path("id"), "must be given and unique");
        }
        if TimeZone::get(&window.zone).is_err() {
            findings.say(path("zone"), NO_ZONE);
        }
        let sizes = [
            ("floor_ocpus", window.floor_ocpus),
            ("floor_memory_gb", window.floor_memory_gb),
            ("ceiling_ocpus", window.ceiling_ocpus),
            ("ceiling_memory_gb", window.ceiling_memory_gb),
        ];
        for (member, size) in sizes {
            if size.is_some_and(|size| !(0.01..=100_000.0).contains(&size)) {
                findings.say(path(member), "must be from 0.01 to 100000");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot be set up must fail")]

    use serde_json::{Value, json};

    use super::*;

    #[track_caller]
    fn check(policy: Value, paths: &[&str]) {
        let policy: Policy = serde_json::from_value(policy).unwrap();
        let problems = policy.check();
        assert_eq!(problems.iter().map(|problem| problem.path.as_str()).collect::<Vec<_>>(), paths, "{problems:?}");
    }

    #[test]
    fn all_problems_are_found_at_once() {
        check(json!({}), &[]);
        check(json!({"limits": {"min_ocpus": 90.0}}), &["limits.min_ocpus"]);
        check(
            json!({"limits": {"quantum_ocpus": 0.0}, "up": {"percentile": 101.0}}),
            &["limits.quantum_ocpus", "up.percentile"],
        );
        check(json!({"up": {"target_percent": 80.0}}), &["up.target_percent"]);
        check(json!({"cooldown": {"up_after_up_minutes": -1.0}}), &["cooldown.up_after_up_minutes"]);
        check(json!({"budget": {"month_cap": -1.0}}), &["budget.month_cap"]);
        check(json!({"emergency": {"points": 16}}), &["emergency.points"]);
        check(
            json!({"emergency": {"left_to_costs_below_ocpu_hours": -1.0}}),
            &["emergency.left_to_costs_below_ocpu_hours"],
        );
        let free = json!({"violation_price_per_minute": 0.0});
        check(json!({ "prices": free.clone() }), &["prices.violation_price_per_minute"]);
        check(json!({ "prices": free, "cost": {"enabled": false} }), &[]);
        check(json!({"down": {"target_percent": 75.0}}), &["down.target_percent"]);
        check(
            json!({"schedule": {"windows": [
                {"id": "a", "ceiling_ocpus": 6.0},
                {"id": "b", "floor_ocpus": 20.0, "ceiling_ocpus": 16.0},
                {"id": "c", "floor_ocpus": 16.0, "ceiling_ocpus": 16.0},
            ]}}),
            &["schedule.windows[0].ceiling_ocpus", "schedule.windows[1].ceiling_ocpus"],
        );
        check(
            json!({"schedule": {"windows": [{"id": "a", "floor_ocpus": 65.0}, {"id": "b", "floor_ocpus": 64.0}]}}),
            &["schedule.windows[0].floor_ocpus"],
        );
        check(
            json!({"schedule": {"windows": [{"id": "a"}, {"id": "a", "zone": "Mars", "floor_ocpus": -1.0}]}}),
            &["schedule.windows[1].id", "schedule.windows[1].zone", "schedule.windows[1].floor_ocpus"],
        );
        check(json!({"schedule": {"maintenance": [{}]}}), &["schedule.maintenance[0].id"]);
        check(json!({"schedule": {"preset": {"name": "business_day", "zone": "Europe/Berlin"}}}), &[]);
        check(
            json!({"schedule": {"preset": {"name": "business_day", "zone": "Mars"}, "windows": [{"id": "business_day"}]},
                "limits": {"max_ocpus": 24.0}}),
            &["schedule.preset.zone", "schedule.preset.name", "schedule.preset.name"],
        );
    }

    #[test]
    fn overrides_are_checked_as_they_will_apply() {
        let of = |policy: Value| json!({"overrides": [{"policy": {}}, {"policy": policy}]});
        check(of(json!({"limits": {"min_ocpus": 2.0}})), &[]);
        check(of(json!({"limits": {"min_ocpus": 65.0}})), &["overrides[1].limits.min_ocpus"]);
        check(of(json!({"limits": {"min_ocpu": 2.0}})), &["overrides[1].policy"]);
        check(of(json!({"overrides": []})), &["overrides[1].policy.overrides"]);
        // What is asked once for all machines.
        check(of(json!({"fleet": {"max_resizes": 1}})), &["overrides[1].policy.fleet"]);
        check(of(json!({"alerts": {}})), &["overrides[1].policy.alerts"]);
        let forget = json!({"in_flight": {"forget_after_hours": 1, "stuck_after_minutes": 5}});
        check(of(forget), &["overrides[1].policy.in_flight.forget_after_hours"]);
        check(of(json!({"in_flight": {"stuck_after_minutes": 5}})), &[]);
    }

    #[test]
    fn unknown_members_are_errors() {
        for policy in [json!({"mod": "off"}), json!({"up": {"at": 1}}), json!({"mode": "on"})] {
            assert!(serde_json::from_value::<Policy>(policy.clone()).is_err(), "{policy}");
        }
    }
}
