//! Numbers of the rules.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// From results to states.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HealthRules {
    /// Failures in a row after which something is unhealthy. Default 3.
    pub unhealthy_after: u32,
    /// Passes in a row after which it is healthy again. Default 2.
    pub healthy_after: u32,
    /// Share of failures, in percent, from which it is unhealthy too. Default 50.
    pub fail_rate_percent: f64,
    /// Fewest results for that share. Default 20.
    pub fail_rate_min_results: u32,
    /// Results of so many minutes count for it, or of as many as that number of results takes. Default 10.
    pub fail_rate_minutes: u32,
    /// Times of the usual 95th percentile from which a response time is degraded. Default 1.5.
    pub degraded_factor: f64,
    /// Fewest response times for that. Default 10.
    pub degraded_min_results: u32,
    /// Results in a row that could not be had, after which the checker is what needs help. Default 3.
    pub blind_after: u32,
    /// Share of the weight, in percent, from which a component fails. Default 50.
    pub component_fails_at_percent: f64,
    /// When the checker doubts itself.
    pub suspect: SuspectRules,
}

/// When so much fails at once that the checker itself is the likelier cause.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SuspectRules {
    /// Share of the components, in percent, of which a check fails. Default 50.
    pub at_percent: f64,
    /// Fewest components for that share: of two, one is half. Default 4.
    pub min_components: u32,
}

/// How fast a budget for errors may be used up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BurnRules {
    /// Share of calls that have to succeed, in percent. Default 99.9.
    pub objective_percent: f64,
    /// Pairs of windows; all of a pair have to burn. Default 14.4 times in 1 h and 5 min, 6 times in 6 h and 30 min.
    pub objectives: Vec<Objective>,
    /// Fewest calls in an hour. Default 100.
    pub min_calls_per_hour: f64,
    /// Share of a window's minutes that have to be measured, in percent. Default 80.
    pub min_measured_percent: f64,
}

/// A pair of windows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Objective {
    /// How many times faster than the budget allows.
    pub factor: f64,
    /// Length of the long window in minutes.
    pub long_minutes: u32,
    /// Length of the short window in minutes.
    pub short_minutes: u32,
    /// Whether it is a reason to think of going back, and not only to look.
    #[serde(default)]
    pub suggests_rollback: bool,
}

/// When traffic has to go back.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RollbackRules {
    /// L1: errors.
    pub errors: ErrorRules,
    /// L2: response times.
    pub latency: LatencyRules,
    /// L6: a cliff.
    pub cliff: CliffRules,
    /// What has to be so before anything moves, and how long that takes.
    pub moving: MoveRules,
}

/// L1: errors that last.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ErrorRules {
    /// More errors than this, in percent of the calls, are too many. Default 5.
    pub above_percent: f64,
    /// Minutes in a row that have to be measured and too bad. Default 5.
    pub minutes: u32,
    /// They have to be among so many. Default 8.
    pub span_minutes: u32,
    /// Fewest calls in these minutes. Default 20.
    pub min_calls: u32,
    /// Fewest errors in them. Default 3.
    pub min_errors: u32,
    /// Below so many calls the lower bound has to be above the limit too. Default 200.
    pub few_calls: u32,
    /// Quantile of the one-sided lower bound of Wilson. Default 1.645, 95 %.
    pub lower_bound_quantile: f64,
    /// Minutes that have to be too bad when the lower bound of all is above the limit anyway: lucky minutes do not begin
    /// the wait anew. While the past is not known, the newest has to be among them. As many as `minutes`: each has to be.
    /// Default 3.
    pub minutes_when_certain: u32,
    /// Quantile of the bound (Wilson, one-sided) that all calls since errors began have to be above the limit by, in place
    /// of each minute, once the past is known and below the limit, and they have lasted for `minutes`. Most of the newest
    /// minutes have to be too bad all the same. Default 1.282, 90 %.
    pub onset_quantile: f64,
    /// The same before `minutes` have passed, and `minutes_when_certain` have. Default 3.09, 99.9 %.
    pub early_quantile: f64,
    /// How far above what is usual for this service the errors have to be, in standard deviations, once its past is
    /// known. Default 6.
    pub noise_quantile: f64,
    /// Minutes of the past that say what is usual. Default 60.
    pub usual_minutes: u32,
    /// Minutes right before, which do not: what is bad now may have begun in them. Default 10.
    pub usual_skip_minutes: u32,
    /// Fewest calls of the past. Default 500.
    pub usual_min_calls: u32,
    /// Errors in percent that never are a reason to go back, whatever is usual. Default 4.
    pub tolerated_percent: f64,
}

/// L2: response times that last.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LatencyRules {
    /// A 95th percentile above so many times the usual is too long. Default 3.
    pub factor: f64,
    /// Minutes in a row. Default 5.
    pub minutes: u32,
    /// They have to be among so many. Default 8.
    pub span_minutes: u32,
    /// Fewest calls in these minutes. Default 50.
    pub min_calls: u32,
    /// The usual one counts as so many milliseconds at least. Default 50.
    pub floor_ms: f64,
    /// Hours that have to be known for the usual one, each at the same hour of the week as now. There are two in the two
    /// weeks before the cutover. Default 2.
    pub baseline_hours: u32,
    /// Fewest calls of an hour that counts for it. Default 50.
    pub baseline_min_calls: u32,
}

/// L6: so many errors that nobody waits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CliffRules {
    /// From so many errors on, in percent of the calls of one minute. Default 50.
    pub at_percent: f64,
    /// Fewest calls. Default 20.
    pub min_calls: u32,
}

/// What has to be so before traffic moves, and how long moving takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MoveRules {
    /// Probes of the target that have to have passed. Default 2.
    pub probes_needed: u32,
    /// Of the last so many. Default 3.
    pub probes_of: u32,
    /// Probes that are older, in seconds, say nothing. Default 60.
    pub probe_max_age_seconds: u32,
    /// Hours after the cutover for which the old side is kept. Default 24.
    pub retained_hours: u32,
    /// Hours before that end from which on it is told. Default 2.
    pub retention_warning_hours: u32,
    /// Largest lag of the replication back, in seconds. Default 300.
    pub max_replication_lag_seconds: u32,
    /// Minutes after a rollback in which there is no other. Default 30.
    pub cooldown_minutes: u32,
    /// Measured minutes in a row, the newest, that have to be at or below the limit of errors (or of response times)
    /// until the reason of a rollback that stands is gone: one lucky minute does not take a signal back, and one that
    /// could not be read neither. Default 5, as many as it takes to give it.
    pub clear_minutes: u32,
    /// Ticks for which a cluster has to be without its quorum. Default 2.
    pub cluster_ticks: u32,
    /// Minutes for which an operator's word counts. Default 60.
    pub escalation_minutes: u32,
    /// Age of the newest minute that metrics are expected to have, in minutes. Default 2.
    pub metric_lag_minutes: u32,
    /// Minutes without data, beyond that lag, after which nothing is known. Default 3.
    pub no_data_minutes: u32,
    /// Minutes without data, beyond that lag, after which people are told while this side serves. Default 5.
    pub no_data_page_minutes: u32,
    /// Time from one tick to the next, in seconds. Default 60.
    pub tick_seconds: u32,
    /// Time until a change of DNS is in force everywhere, in seconds. Default 60.
    pub dns_change_seconds: u32,
    /// Time to live of the record, in seconds. Default 60.
    pub dns_ttl_seconds: u32,
    /// Time that most of the clients then still take, in seconds. Some never look again. Default 60.
    pub dns_tail_seconds: u32,
}

/// How a tick is carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TickRules {
    /// Looks at once. Default 16.
    pub at_once: u32,
    /// Time for all looks, in seconds; what is later is unknown. Default 20.
    pub total_seconds: u32,
    /// Whether each tick leaves all that it decided on as `inputs.json` beside the page, for `health-checker decide`.
    /// Settings and names of hosts are in it, and no secrets. Default false.
    pub leaves_inputs: bool,
}

impl Default for HealthRules {
    fn default() -> Self {
        Self {
            unhealthy_after: 3,
            healthy_after: 2,
            fail_rate_percent: 50.0,
            fail_rate_min_results: 20,
            fail_rate_minutes: 10,
            degraded_factor: 1.5,
            degraded_min_results: 10,
            blind_after: 3,
            component_fails_at_percent: 50.0,
            suspect: SuspectRules::default(),
        }
    }
}

impl Default for SuspectRules {
    fn default() -> Self {
        Self { at_percent: 50.0, min_components: 4 }
    }
}

impl Default for BurnRules {
    fn default() -> Self {
        let pair = |factor, long_minutes, short_minutes, suggests_rollback| Objective {
            factor,
            long_minutes,
            short_minutes,
            suggests_rollback,
        };
        Self {
            objective_percent: 99.9,
            objectives: vec![pair(14.4, 60, 5, true), pair(6.0, 360, 30, false)],
            min_calls_per_hour: 100.0,
            min_measured_percent: 80.0,
        }
    }
}

impl Default for ErrorRules {
    fn default() -> Self {
        Self {
            above_percent: 5.0,
            minutes: 5,
            span_minutes: 8,
            min_calls: 20,
            min_errors: 3,
            few_calls: 200,
            lower_bound_quantile: 1.645,
            minutes_when_certain: 3,
            onset_quantile: 1.282,
            early_quantile: 3.09,
            noise_quantile: 6.0,
            usual_minutes: 60,
            usual_skip_minutes: 10,
            usual_min_calls: 500,
            tolerated_percent: 4.0,
        }
    }
}

impl Default for LatencyRules {
    fn default() -> Self {
        Self {
            factor: 3.0,
            minutes: 5,
            span_minutes: 8,
            min_calls: 50,
            floor_ms: 50.0,
            baseline_hours: 2,
            baseline_min_calls: 50,
        }
    }
}

impl Default for CliffRules {
    fn default() -> Self {
        Self { at_percent: 50.0, min_calls: 20 }
    }
}

impl Default for MoveRules {
    fn default() -> Self {
        Self {
            probes_needed: 2,
            probes_of: 3,
            probe_max_age_seconds: 60,
            retained_hours: 24,
            retention_warning_hours: 2,
            max_replication_lag_seconds: 300,
            cooldown_minutes: 30,
            clear_minutes: 5,
            cluster_ticks: 2,
            escalation_minutes: 60,
            metric_lag_minutes: 2,
            no_data_minutes: 3,
            no_data_page_minutes: 5,
            tick_seconds: 60,
            dns_change_seconds: 60,
            dns_ttl_seconds: 60,
            dns_tail_seconds: 60,
        }
    }
}

impl Default for TickRules {
    fn default() -> Self {
        Self { at_once: 16, total_seconds: 20, leaves_inputs: false }
    }
}
