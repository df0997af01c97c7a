//! The play.

use std::fmt::Write;

use jiff::{SignedDuration, Timestamp};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::scenario::{Scenario, Stretch};
use crate::decide::{Inputs, State, decide};
use crate::rollback::{Cloud, Decision, Minute, Pool, Target, TargetProbe, TenantInput};
use crate::settings::Settings;

/// Minutes that a decision is given: those of the longest burn rate and some more.
const KEPT: usize = 420;
/// A tick is so many seconds after the minute that it looks at.
const TICK_AFTER: SignedDuration = SignedDuration::from_secs(5);

/// One minute, and what was decided after it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Played {
    /// Its number, from 1.
    pub minute: u32,
    /// Its beginning.
    pub at: Timestamp,
    /// Where traffic went.
    pub serving: Cloud,
    /// Calls; absent when nobody measured.
    pub calls: Option<u64>,
    /// Those that failed.
    pub errors: Option<u64>,
    /// 95th percentile of the response time in milliseconds.
    pub p95_ms: Option<f64>,
    /// What was decided.
    #[serde(flatten)]
    pub decision: Decision,
    /// Titles of the messages that went out.
    pub told: Vec<String>,
    /// Why, for the trigger that is furthest.
    pub why: String,
}

/// All minutes of a scenario. The same scenario gives the same.
#[must_use]
pub fn play(scenario: &Scenario) -> Vec<Played> {
    let mut stage = Stage::new(scenario);
    let stretches = scenario.stretches.iter();
    let minutes = stretches.flat_map(|stretch| std::iter::repeat_n(stretch, stretch.minutes as usize));
    minutes.enumerate().map(|(index, stretch)| stage.minute(index as u32, stretch)).collect()
}

/// A minute while it is not measured yet, for as long as metrics are late.
#[derive(Clone, Copy)]
struct Past {
    serving: Cloud,
    minute: Option<Minute>,
}

struct Stage<'a> {
    scenario: &'a Scenario,
    settings: Settings,
    random: SmallRng,
    serving: Cloud,
    /// The minute after which traffic has moved, while a signal is followed.
    moved_after: Option<u32>,
    past: Vec<Past>,
    probes: Vec<TargetProbe>,
    state: Option<State>,
}

impl<'a> Stage<'a> {
    fn new(scenario: &'a Scenario) -> Self {
        let settings = Settings {
            rollback: scenario.rollback.clone(),
            burn: scenario.burn.clone(),
            maintenance: scenario.maintenance.clone(),
            tenants: vec![scenario.tenant()],
            ..Settings::default()
        };
        let random = SmallRng::seed_from_u64(scenario.seed);
        let (past, probes, serving) = (Vec::new(), Vec::new(), Cloud::Oci);
        Self { scenario, settings, random, serving, moved_after: None, past, probes, state: None }
    }

    fn minute(&mut self, index: u32, stretch: &Stretch) -> Played {
        let at = self.scenario.start + SignedDuration::from_mins(i64::from(index));
        let now = at + SignedDuration::from_mins(1) + TICK_AFTER;
        let measured = self.measured(stretch, at);
        let serving = self.serving;
        self.past.push(Past { serving, minute: measured });
        let surplus = self.past.len().saturating_sub(KEPT);
        self.past.drain(..surplus);
        self.probe(stretch, now);
        let outcome = decide(&self.inputs(now));
        let report = outcome.report;
        self.state = Some(State { pending: Vec::new(), ..outcome.state });
        let decision = report.tenants.first().map_or(Decision::None, |tenant| tenant.decision);
        let why = report.tenants.first().map(|tenant| tenant.text.clone()).unwrap_or_default();
        self.follow(decision, index);
        Played {
            minute: index + 1,
            at,
            serving,
            calls: measured.map(|minute| minute.calls()),
            errors: measured.map(|minute| minute.failed),
            p95_ms: measured.and_then(|minute| minute.p95_ms),
            decision,
            told: report.alerts.into_iter().map(|alert| alert.title).collect(),
            why,
        }
    }

    /// What is withdrawn is not followed any more.
    fn follow(&mut self, decision: Decision, index: u32) {
        let due = self.moved_after.unwrap_or(index + self.scenario.moved_after());
        self.moved_after = matches!(decision, Decision::Rollback(_)).then_some(due);
        if self.scenario.obey && self.moved_after.is_some_and(|due| due <= index) {
            self.serving = Cloud::Aws;
        }
    }

    fn measured(&mut self, stretch: &Stretch, at: Timestamp) -> Option<Minute> {
        let calls = stretch.calls?;
        let percent = match self.serving {
            Cloud::Oci => stretch.error_percent,
            Cloud::Aws => stretch.target_error_percent,
        };
        let failed = match self.scenario.exact {
            true => (f64::from(calls) * percent / 100.0).round() as u64,
            false => drawn(calls, percent / 100.0, &mut self.random),
        };
        Some(Minute { at, ok: u64::from(calls).saturating_sub(failed), failed, p95_ms: stretch.p95_ms })
    }

    /// The target is probed twice in a minute; the last three are kept.
    fn probe(&mut self, stretch: &Stretch, now: Timestamp) {
        for seconds in [35, 5] {
            let at = now - SignedDuration::from_secs(seconds);
            self.probes.push(TargetProbe { at, is_ok: stretch.target_works });
        }
        let surplus = self.probes.len().saturating_sub(3);
        self.probes.drain(..surplus);
    }

    fn inputs(&self, now: Timestamp) -> Inputs {
        let visible = self.past.len().saturating_sub(self.scenario.lag_minutes as usize);
        let of = |cloud: Cloud| {
            let past = self.past[..visible].iter().filter(|past| past.serving == cloud);
            past.filter_map(|past| past.minute).collect::<Vec<Minute>>()
        };
        let cutover = SignedDuration::from_mins(i64::from(self.scenario.minutes_since_cutover));
        let target = Target {
            probes: self.probes.clone(),
            cutover_at: self.scenario.start.checked_sub(cutover).ok(),
            ..Target::default()
        };
        let tenant = self.settings.tenants.first().map(|tenant| tenant.id.clone()).unwrap_or_default();
        let input = TenantInput {
            serving: Some(self.serving),
            oci: of(Cloud::Oci),
            aws: Some(of(Cloud::Aws)),
            target,
            replication_lag_seconds: Some(0),
            ..TenantInput::nothing(&tenant)
        };
        Inputs {
            now,
            settings: self.settings.clone(),
            findings: Vec::new(),
            vantage: Vec::new(),
            tenants: vec![input],
            breakers: Vec::new(),
            state: self.state.clone(),
        }
    }
}

/// How many of the calls fail, each with this chance.
pub(super) fn drawn(calls: u32, chance: f64, random: &mut SmallRng) -> u64 {
    (0..calls).map(|_| u64::from(random.random::<f64>() < chance)).sum()
}

/// For a terminal.
#[must_use]
pub fn table(played: &[Played]) -> String {
    let mut text = format!(
        "{:>6}  {:<20}  {:<4}  {:>7}  {:>6}  {:>7}  {:>7}  {}\n",
        "minute", "at", "side", "calls", "errors", "percent", "p95 ms", "verdict"
    );
    for one in played {
        let number = |value: Option<u64>| value.map_or_else(|| "-".to_owned(), |value| value.to_string());
        let side = if one.serving == Cloud::Oci { "oci" } else { "aws" };
        let share = Pool { calls: one.calls.unwrap_or(0), errors: one.errors.unwrap_or(0) }.share();
        let percent = share.map_or_else(|| "-".to_owned(), |share| format!("{:.2}", share * 100.0));
        let p95 = one.p95_ms.map_or_else(|| "-".to_owned(), |ms| format!("{ms:.0}"));
        let (calls, errors) = (number(one.calls), number(one.errors));
        let (minute, at, word) = (one.minute, one.at.to_string(), one.decision.word());
        let _ =
            writeln!(text, "{minute:>6}  {at:<20}  {side:<4}  {calls:>7}  {errors:>6}  {percent:>7}  {p95:>7}  {word}");
        for told in &one.told {
            let _ = writeln!(text, "{:>6}  > {told}", "");
        }
    }
    text
}
