//! One check from result to result.

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Change, Event, Verdict};
use crate::judge::Finding;
use crate::settings::{Check, HealthRules};

/// Results that are remembered: an hour of minutes.
const MAX_SAMPLES: usize = 60;
/// How far clocks may be apart: what is less far ahead is the same look, delivered again.
const SKEW: SignedDuration = SignedDuration::from_mins(2);
/// Which percentile of response times is told.
const PERCENTILE: f64 = 0.95;

/// What is remembered of a check.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CheckState {
    /// Where it stands.
    pub standing: Standing,
    /// Since when.
    pub since: Option<Timestamp>,
    /// How often it has failed or recovered.
    pub epoch: u32,
    /// Failures in a row.
    pub fails_in_row: u32,
    /// Passes in a row.
    pub passes_in_row: u32,
    /// Results in a row that could not be had.
    pub unknowns_in_row: u32,
    /// Whether people were told that the checker cannot look.
    pub is_blind: bool,
    /// How often they were.
    pub blind_epoch: u32,
    /// The last results, oldest first.
    pub samples: Vec<Sample>,
}

/// Where a check stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It was not looked at often enough.
    #[default]
    Unproven,
    /// It works.
    Healthy,
    /// It does not.
    Unhealthy,
}

/// One result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    /// When.
    pub at: Timestamp,
    /// What.
    pub verdict: Verdict,
    /// Response time in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ms: Option<u32>,
}

impl CheckState {
    /// One whose epochs begin now: those of a state that was lost do not come again, and neither do keys of messages.
    pub(super) fn begun(now: Timestamp) -> Self {
        let epoch = u32::try_from(now.as_second()).unwrap_or(0);
        Self { epoch, blind_epoch: epoch, ..Self::default() }
    }

    /// Counts a result. One that comes sooner than half an interval after the last is the same look, delivered again.
    /// Ticks come every `tick_seconds`.
    pub(super) fn count(
        &mut self,
        finding: &Finding,
        check: &Check,
        rules: &HealthRules,
        tick_seconds: u32,
    ) -> Vec<Event> {
        let half = SignedDuration::from_millis(i64::from(check.interval_seconds) * 500);
        self.bring_back(finding.at, half.max(SKEW));
        if self.samples.last().is_some_and(|last| finding.at.duration_since(last.at) < half) {
            return Vec::new();
        }
        self.samples.push(Sample { at: finding.at, verdict: finding.verdict, ms: finding.response_ms });
        let surplus = self.samples.len().saturating_sub(MAX_SAMPLES);
        self.samples.drain(..surplus);
        let seen = self.see(finding.verdict, rules);
        let pace = SignedDuration::from_secs(i64::from(check.interval_seconds.max(tick_seconds)));
        let moved = self.go(finding, rules, pace);
        let event = |change: Change| Event {
            check: check.id.clone(),
            component: check.component().to_owned(),
            change,
            epoch: if matches!(change, Change::Blind | Change::Sees) { self.blind_epoch } else { self.epoch },
            detail: finding.detail.clone().unwrap_or_default(),
        };
        [seen, moved].into_iter().flatten().map(event).collect()
    }

    /// What a clock that was ahead has left must not stop the counting until that time has come.
    fn bring_back(&mut self, now: Timestamp, skew: SignedDuration) {
        let is_ahead = |at: Timestamp| at.duration_since(now) >= skew;
        self.samples.retain(|sample| !is_ahead(sample.at));
        self.since = self.since.map(|since| if is_ahead(since) { now } else { since });
    }

    /// Rows of like results; a result that could not be had breaks none but its own.
    fn see(&mut self, verdict: Verdict, rules: &HealthRules) -> Option<Change> {
        match verdict {
            Verdict::Unknown => {
                self.unknowns_in_row = self.unknowns_in_row.saturating_add(1);
                if self.is_blind || self.unknowns_in_row < rules.blind_after {
                    return None;
                }
                self.is_blind = true;
                self.blind_epoch = self.blind_epoch.saturating_add(1);
                return Some(Change::Blind);
            }
            Verdict::Fail => {
                self.fails_in_row = self.fails_in_row.saturating_add(1);
                self.passes_in_row = 0;
            }
            Verdict::Pass | Verdict::Degraded => {
                self.passes_in_row = self.passes_in_row.saturating_add(1);
                self.fails_in_row = 0;
            }
        }
        self.unknowns_in_row = 0;
        std::mem::take(&mut self.is_blind).then_some(Change::Sees)
    }

    fn go(&mut self, finding: &Finding, rules: &HealthRules, pace: SignedDuration) -> Option<Change> {
        let is_bad = self.fails_in_row >= rules.unhealthy_after || self.fails_often(finding.at, rules, pace);
        let (standing, change) = match self.standing {
            Standing::Unproven | Standing::Healthy if is_bad => (Standing::Unhealthy, Some(Change::Failed)),
            Standing::Unhealthy if self.passes_in_row >= rules.healthy_after => {
                (Standing::Healthy, Some(Change::Recovered))
            }
            Standing::Unproven if self.passes_in_row >= rules.healthy_after => (Standing::Healthy, None),
            _ => return None,
        };
        self.standing = standing;
        self.since = Some(finding.at);
        self.epoch = self.epoch.saturating_add(u32::from(change.is_some()));
        change
    }

    /// The share of failures; what was before the last change is told already. Where results come too seldom for as many
    /// as are needed, the window is as long as those take: a rule that cannot be met would be none.
    fn fails_often(&self, now: Timestamp, rules: &HealthRules, pace: SignedDuration) -> bool {
        let least = (rules.fail_rate_min_results as usize).min(MAX_SAMPLES);
        let needed = pace.saturating_mul(i32::try_from(least).unwrap_or(i32::MAX));
        let window = SignedDuration::from_mins(i64::from(rules.fail_rate_minutes)).max(needed);
        let counts = |sample: &&Sample| {
            let is_new = self.since.is_none_or(|since| sample.at > since);
            is_new && now.duration_since(sample.at) <= window && sample.verdict != Verdict::Unknown
        };
        let all = self.samples.iter().filter(counts).count();
        let fails = self.samples.iter().filter(counts).filter(|sample| sample.verdict == Verdict::Fail).count();
        all >= least && fails as f64 * 100.0 >= rules.fail_rate_percent * all as f64
    }

    /// What is known of it.
    #[must_use]
    pub fn status(&self, check: &Check, rules: &HealthRules) -> Verdict {
        match self.standing {
            _ if self.is_blind => Verdict::Unknown,
            Standing::Unproven => Verdict::Unknown,
            Standing::Unhealthy => Verdict::Fail,
            Standing::Healthy if self.is_degraded(check, rules) => Verdict::Degraded,
            Standing::Healthy => Verdict::Pass,
        }
    }

    fn is_degraded(&self, check: &Check, rules: &HealthRules) -> bool {
        let measured = |sample: &&Sample| sample.verdict != Verdict::Unknown;
        let last = self.samples.iter().rev().find(measured);
        let is_slow = check.baseline_p95_ms.zip(self.p95_ms(rules.degraded_min_results as usize));
        let is_slow = is_slow.is_some_and(|(usual, p95)| f64::from(p95) > f64::from(usual) * rules.degraded_factor);
        is_slow || last.is_some_and(|last| last.verdict == Verdict::Degraded)
    }

    /// 95th percentile of the remembered response times, by the nearest rank; `None` with fewer than `least`.
    #[must_use]
    pub fn p95_ms(&self, least: usize) -> Option<u32> {
        let mut times: Vec<u32> = self.samples.iter().filter_map(|sample| sample.ms).collect();
        times.sort_unstable();
        let rank = (PERCENTILE * times.len() as f64).ceil() as usize;
        times.get(rank.checked_sub(1)?).copied().filter(|_| times.len() >= least)
    }
}
