//! From what was read to what is said: the pure core of a run.

mod closing;
mod reasons;
mod scopes;
mod status;

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::alerts::{Alert, AlertState, Metric, Observed, Reading, step};
use crate::month::{Dimension, RowError, Top, Usage};
use crate::period::Period;
use crate::report::{
    Billed, Confidence, Contribution, Contributors, Cost, NowcastReport, Reason, Report, SpikeReport, Status,
};
use crate::settings::Settings;
use crate::traffic::{Hours, Nowcast, SpikeCheck, nowcast, ratio, spike};
use closing::Before;
use reasons::Reasons;
use scopes::{Known, ScopeAnswer};
use status::{is_overdue, is_without_outbound, status};

/// Why the month to date could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum UsageFailure {
    /// A row cannot be understood.
    #[error(transparent)]
    Row(#[from] RowError),
    /// The service failed, or its pages go round.
    #[error("usage could not be read: {0}")]
    Service(String),
    /// The service does not answer such a question, however often it is asked.
    #[error("the service cannot tell: {0}")]
    Refused(String),
}

/// What could not be read beside totals of usage.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Gaps {
    /// Why contributors of a dimension are not known.
    pub contributors: BTreeMap<Dimension, String>,
    /// Why there are fewer measurements than there could be.
    pub traffic: Option<String>,
}

/// What was read.
#[derive(Debug)]
pub struct Inputs<'a> {
    /// The month.
    pub period: Period,
    /// Its rows, folded.
    pub usage: Result<&'a Usage, UsageFailure>,
    /// What network interfaces measured; empty when nobody could read it.
    pub hours: &'a Hours,
    /// What could not be read.
    pub gaps: &'a Gaps,
}

/// The month to date of the last good run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LastRun {
    /// Its month.
    pub period: String,
    /// Its bytes, as text.
    pub billed_bytes: String,
}

/// What one run leaves for the next.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct State {
    /// Alerts.
    pub alerts: AlertState,
    /// The last good run.
    pub last: Option<LastRun>,
    /// Billable bytes for each measured one, as last learned: spikes are found while usage cannot be read.
    pub ratio: Option<f64>,
}

/// The outcome of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Assessed {
    /// What is said.
    pub report: Report,
    /// What has to be written before anything is published, in place of the state that was read.
    pub state: State,
    /// What has to be published then.
    pub publish: Vec<Alert>,
}

/// What is known of the month.
struct Facts<'a> {
    usage: Option<&'a Usage>,
    status: Status,
    nowcast: Option<Nowcast>,
    scopes: Vec<ScopeAnswer>,
    spike: Option<Spike>,
    before: Option<Before>,
}

/// The last hours beside the usual ones.
#[derive(Clone, Copy)]
struct Spike {
    check: SpikeCheck,
    /// Measured bytes, since nobody knows how many of them are billable.
    is_upper_bound: bool,
}

/// Assesses the month. The same arguments give the same outcome.
#[must_use]
pub fn assess(inputs: &Inputs<'_>, previous: &State, now: Timestamp, settings: &Settings) -> Assessed {
    let mut reasons = Reasons::default();
    let mut facts = facts(inputs, previous, now, settings, &mut reasons);
    if let Some(usage) = facts.billed() {
        reasons.compare(usage, previous, settings);
    }
    let learned = facts.usage.and_then(|usage| ratio(&usage.known, inputs.hours).ok());
    let learned = learned.or(previous.ratio).map(rounded).filter(|ratio| *ratio > 0.0);
    facts.spike = spiking(inputs.hours, learned, now, settings, &mut reasons);
    facts.before = closing::before(inputs, now, settings);
    let observed = observed(&facts, inputs, now, settings);
    let step = step(&previous.alerts, &observed, now, &settings.alerts);
    let last =
        facts.billed().map(|usage| LastRun { period: inputs.period.id(), billed_bytes: usage.billed.to_string() });
    let mut report = report(&facts, inputs, now, settings, reasons);
    report.alerts.clone_from(&step.publish);
    report.held_back = step.held_back;
    let traffic = inputs.gaps.traffic.iter().map(|text| Reason { code: "traffic".to_owned(), text: text.clone() });
    report.reasons.extend(traffic);
    let state = State { alerts: step.state, last: last.or_else(|| previous.last.clone()), ratio: learned };
    Assessed { report, state, publish: step.publish }
}

fn facts<'a>(
    inputs: &Inputs<'a>,
    previous: &State,
    now: Timestamp,
    settings: &Settings,
    reasons: &mut Reasons,
) -> Facts<'a> {
    let (spike, before) = (None, None);
    let usage = match &inputs.usage {
        Ok(usage) => *usage,
        Err(failure) => {
            reasons.failed(failure);
            return Facts { usage: None, status: Status::Error, nowcast: None, scopes: Vec::new(), spike, before };
        }
    };
    let status = status(usage, previous, now, settings, reasons);
    let estimate = |from| nowcast(&usage.known, inputs.hours, from, now).map_err(|why| reasons.no_nowcast(why)).ok();
    // What is not billed of the month before is not of this one.
    let from = usage.as_of.map(|as_of| as_of.max(inputs.period.start()));
    let nowcast = from.filter(|_| status != Status::Error).and_then(estimate);
    // What is billed of the time after `as_of` is in the estimate too.
    let nowcast =
        nowcast.map(|nowcast| Nowcast { bytes: (nowcast.bytes - usage.after_as_of as f64).max(0.0), ..nowcast });
    if nowcast.is_some_and(|nowcast| nowcast.is_at_least) {
        reasons.nowcast_at_least();
    }
    reasons.usage(usage, now, settings);
    let scopes = match status {
        Status::Error => Vec::new(),
        _ => scopes::answers(&Known { usage, status, nowcast: nowcast.as_ref(), now }, settings, reasons),
    };
    Facts { usage: Some(usage), status, nowcast, scopes, spike, before }
}

/// Without a ratio every measured byte is taken for a billable one: too much is told rather than nothing.
fn spiking(
    hours: &Hours,
    learned: Option<f64>,
    now: Timestamp,
    settings: &Settings,
    reasons: &mut Reasons,
) -> Option<Spike> {
    if hours.is_empty() {
        return None;
    }
    let Some(check) = spike(hours, learned.unwrap_or(1.0), now, settings.spike()) else {
        reasons.spike_unknown();
        return None;
    };
    if learned.is_none() {
        reasons.spike_bound();
    }
    Some(Spike { check, is_upper_bound: learned.is_none() })
}

impl<'a> Facts<'a> {
    /// Usage, when the month to date is known.
    fn billed(&self) -> Option<&'a Usage> {
        self.usage.filter(|_| self.status.has_total())
    }

    /// The scope that is fullest, or will be.
    fn leading(&self) -> Option<&ScopeAnswer> {
        let fullness = |scope: &ScopeAnswer| scope.forecast.as_ref().map_or(0.0, |forecast| forecast.p50);
        self.scopes.iter().max_by(|one, other| {
            let used = one.used.unwrap_or(0).cmp(&other.used.unwrap_or(0));
            used.then(fullness(one).total_cmp(&fullness(other))).then(other.scope.cmp(&one.scope))
        })
    }
}

fn observed(facts: &Facts<'_>, inputs: &Inputs<'_>, now: Timestamp, settings: &Settings) -> Observed {
    let of = |scope: &ScopeAnswer| {
        let reading = |metric, bytes| Reading { scope: scope.scope.clone(), metric, bytes, limit: scope.limit };
        let forecast = scope.forecast.as_ref();
        [
            scope.used.map(|used| reading(Metric::MonthToDate, used)),
            // A forecast of 79.9999999 % of a float is 80 % to everybody.
            forecast.map(|forecast| reading(Metric::ForecastP50, forecast.p50.round() as i128)),
            forecast.map(|forecast| reading(Metric::ForecastP80, forecast.p80.round() as i128)),
        ]
    };
    let lag = facts.usage.and_then(|usage| usage.lag_hours(now));
    // Numbers of a record that does not advance grow as old as numbers that are not read.
    let oldest = f64::from(settings.alerts.stale_hours) + f64::from(settings.max_lag_hours);
    let is_overdue = facts.usage.is_some_and(|usage| is_overdue(usage, now, settings));
    let is_silent = |usage: &Usage| is_without_outbound(usage) || usage.is_silent();
    Observed {
        period: inputs.period.id(),
        readings: facts.scopes.iter().flat_map(of).flatten().collect(),
        is_spike: facts.spike.map(|spike| spike.check.is_spike),
        is_partial: facts.status == Status::Partial || facts.usage.is_some_and(is_silent),
        is_good: facts.status != Status::Error && lag.is_some_and(|lag| lag <= oldest) && !is_overdue,
        is_old: lag.is_some_and(|lag| lag > oldest) || is_overdue,
        closing: closing::observed(inputs.period, facts.before.as_ref(), now, settings),
    }
}

fn report(facts: &Facts<'_>, inputs: &Inputs<'_>, now: Timestamp, settings: &Settings, mut reasons: Reasons) -> Report {
    let gb = settings.gb_meaning;
    let billed = facts.billed();
    let leading = facts.leading();
    let limit = settings.tariff.allowance(gb).unwrap_or(0);
    let cost = billed.and_then(|usage| scopes::cost(usage, facts.status, settings, &mut reasons));
    let in_gb = |bytes: f64| bytes / gb.bytes() as f64;
    let scope = leading.map(|scope| scope.report(now, gb));
    let (confidence, reasons) = reasons.finish(facts.status, leading.is_some_and(|scope| scope.forecast.is_some()));
    Report {
        status: facts.status,
        as_of: now,
        month: inputs.period.id(),
        period: inputs.period,
        lag_hours: facts.usage.and_then(|usage| usage.lag_hours(now)),
        gb_meaning: gb,
        allowance_scope: settings.tariff.allowance_scope,
        scope: scope.as_ref().map_or_else(|| "tenancy".to_owned(), |scope| scope.scope.clone()),
        used_gb: scope.as_ref().and_then(|scope| scope.used_gb),
        limit_gb: gb.gb(limit),
        percent: scope.as_ref().and_then(|scope| scope.percent),
        cost,
        billed_amount: billed
            .and_then(|usage| usage.amount.as_ref())
            .map(|(amount, currency)| Cost { amount: amount.to_string(), currency: currency.clone() }),
        billed: billed.and_then(|usage| {
            Some(Billed { as_of: usage.as_of?, gb: gb.gb(usage.billed), bytes: usage.billed.to_string() })
        }),
        nowcast: facts.nowcast.map(|nowcast| NowcastReport {
            as_of: nowcast.as_of,
            gb: in_gb(nowcast.bytes),
            ratio: nowcast.ratio,
            hours: nowcast.hours,
            measured_hours: nowcast.measured_hours,
        }),
        spike: facts.spike.map(|Spike { check, is_upper_bound }| SpikeReport {
            is_spike: check.is_spike,
            gb: in_gb(check.bytes),
            usual_gb: in_gb(check.usual),
            is_upper_bound,
        }),
        closing: facts.before.as_ref().map(|before| before.report(gb)),
        eta_100: scope.as_ref().and_then(|scope| scope.forecast.as_ref()?.eta_100),
        forecast: scope.and_then(|scope| scope.forecast),
        scopes: facts.scopes.iter().map(|scope| scope.report(now, gb)).collect(),
        contributors: billed
            .map(|usage| usage.tops.iter().map(|top| contributors(top, usage, inputs.gaps, settings)).collect()),
        alerts: Vec::new(),
        held_back: Vec::new(),
        confidence,
        reasons,
        days: leading.map(|scope| scope.days(gb)).unwrap_or_default(),
    }
}

fn contributors(top: &Top, usage: &Usage, gaps: &Gaps, settings: &Settings) -> Contributors {
    let gb = settings.gb_meaning;
    let percent = |bytes: i128| (usage.billed > 0).then(|| bytes as f64 / usage.billed as f64 * 100.0);
    let contribution = |one: &crate::month::Contributor| Contribution {
        id: one.id.clone(),
        name: one.name.clone(),
        gb: gb.gb(one.bytes),
        percent: percent(one.bytes),
    };
    // Nobody is in a list that is empty, and that is not what is known.
    let unnamed = || top.largest.is_empty().then(|| "no outbound row of the month says it".to_owned());
    let reason = gaps.contributors.get(&top.dimension).cloned().or_else(unnamed);
    let is_known = reason.is_none();
    Contributors {
        by: top.dimension,
        top: is_known.then(|| top.largest.iter().map(contribution).collect()),
        reason,
        attributed_percent: percent(top.attributed).filter(|_| is_known),
        error_gb: is_known.then(|| gb.gb(top.error_bytes)),
    }
}

/// To what a document keeps exactly.
fn rounded(ratio: f64) -> f64 {
    (ratio * 1e6).round() / 1e6
}

/// What trust is left after a reason.
fn at_most(confidence: &mut Confidence, most: Confidence) {
    *confidence = (*confidence).min(most);
}

#[cfg(test)]
mod tests;
