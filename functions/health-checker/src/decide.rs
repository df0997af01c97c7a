//! The whole decision: the same inputs give the same bytes, in a tick, in `health-checker decide` and in a simulation.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::alert::{self, Alert};
use crate::breaker::{BreakerReport, BreakerStanding};
use crate::health::{self, CheckReport, CheckState, ComponentReport, VantageReport, Verdict};
use crate::incidents::{self, Incident};
use crate::judge::Finding;
use crate::reply::{MOST_PROBLEMS, shorten};
use crate::rollback::{self, TenantInput, TenantReport, TenantState, ToldKind};
use crate::settings::Settings;
use crate::signal::{self, Issued};

/// Version of the state's form.
pub const STATE_VERSION: u32 = 3;
/// The oldest whose form is that of this one, with members that were not there yet.
const OLDEST_VERSION: u32 = 2;
/// Warnings about circuit breakers.
const MAX_BREAKER_WARNINGS: usize = 20;
/// Alerts that wait to be sent, at most; signals do not count.
const MAX_PENDING: usize = 200;
/// Alerts that a window holds back, at most.
const MAX_HELD: usize = 200;
/// A decision that is this far ahead was made by a clock that was wrong.
const SKEW: SignedDuration = SignedDuration::from_mins(2);

/// Everything that a decision depends on. The least that is needed is `now`:
///
/// ```json
/// {
///   "now": "2026-03-11T12:00:30Z",
///   "settings": {
///     "checks": [{"id": "shop", "critical": true, "probe": {"http": {"url": "https://shop.example.com/health"}}}],
///     "tenants": [{"id": "acme", "divergence": "read_only"}]
///   },
///   "findings": [{"check": "shop", "at": "2026-03-11T12:00:05Z", "verdict": "fail", "code": "timeout"}],
///   "tenants": [{
///     "tenant": "acme", "serving": "oci",
///     "oci": [{"at": "2026-03-11T11:59:00Z", "ok": 94, "failed": 6, "p95_ms": 130}],
///     "target": {"cutover_at": "2026-03-11T08:00:00Z", "probes": [{"at": "2026-03-11T12:00:10Z", "is_ok": true}]}
///   }],
///   "state": null
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Inputs {
    /// The moment of the decision.
    pub now: Timestamp,
    /// What is checked, and the rules.
    #[serde(default)]
    pub settings: Settings,
    /// What this checker has found.
    #[serde(default)]
    pub findings: Vec<Finding>,
    /// What others have found.
    #[serde(default)]
    pub vantage: Vec<VantageReport>,
    /// What was read of tenants.
    #[serde(default)]
    pub tenants: Vec<TenantInput>,
    /// Circuit breakers of the deployment.
    #[serde(default)]
    pub breakers: Vec<BreakerReport>,
    /// What the last tick left; absent for the first.
    #[serde(default)]
    pub state: Option<State>,
}

/// What one tick leaves for the next.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// 3.
    pub version: u32,
    /// When tenants were decided about last.
    #[serde(default)]
    pub decided_at: Option<Timestamp>,
    /// By check.
    #[serde(default)]
    pub checks: BTreeMap<String, CheckState>,
    /// By tenant.
    #[serde(default)]
    pub tenants: BTreeMap<String, TenantState>,
    /// Alerts that are not known to be out, oldest first.
    #[serde(default)]
    pub pending: Vec<Alert>,
    /// Alerts that a maintenance window holds back.
    #[serde(default)]
    pub held: Vec<Alert>,
    /// Signals that are valid or have to be taken back, by the names of their documents.
    #[serde(default)]
    pub signals: BTreeMap<String, Issued>,
    /// What was wrong and when, oldest first.
    #[serde(default)]
    pub incidents: Vec<Incident>,
}

/// What comes out of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Outcome {
    /// What is known, for people and machines.
    pub report: Report,
    /// What the next tick must know. It is written before anything is told.
    pub state: State,
}

/// What is known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// The moment.
    pub as_of: Timestamp,
    /// Until when the next report should be there. After it nobody has looked, and this one says nothing.
    #[serde(default)]
    pub valid_until: Option<Timestamp>,
    /// The whole.
    pub status: Verdict,
    /// Components in which so much failed at once that the checker doubts itself.
    pub suspects: Vec<String>,
    /// Maintenance windows that last.
    pub maintenance: Vec<String>,
    /// By name.
    pub components: Vec<ComponentReport>,
    /// In the order of the settings.
    pub checks: Vec<CheckReport>,
    /// In the order of the settings.
    pub tenants: Vec<TenantReport>,
    /// Circuit breakers, those that need a look first.
    #[serde(default)]
    pub breakers: Vec<BreakerReport>,
    /// What was wrong and when: all that lasts, and the last twenty that are over.
    #[serde(default)]
    pub incidents: Vec<Incident>,
    /// What people have to be told now, not counting what earlier ticks have left.
    pub alerts: Vec<Alert>,
    /// What waits for the end of a maintenance window.
    pub held_back: Vec<Alert>,
    /// What was not as it should be.
    pub warnings: Vec<String>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            version: STATE_VERSION,
            decided_at: None,
            checks: BTreeMap::new(),
            tenants: BTreeMap::new(),
            pending: Vec::new(),
            held: Vec::new(),
            signals: BTreeMap::new(),
            incidents: Vec::new(),
        }
    }
}

/// The decision. A state of another version counts as none, with a warning.
#[must_use]
pub fn decide(inputs: &Inputs) -> Outcome {
    let Inputs { now, settings, findings, vantage, tenants, breakers, state } = inputs;
    let mut warnings = Vec::new();
    let mut state = match state {
        Some(state) if is_readable(state.version.into()) => State { version: STATE_VERSION, ..state.clone() },
        Some(other) => {
            warnings.push(format!("the state has version {}, which is not known: it counts as none", other.version));
            State::default()
        }
        None => State::default(),
    };
    let health = health::assess(settings, &mut state.checks, findings, vantage, *now);
    warnings.extend(health.warnings);
    warnings.extend(of_breakers(settings, breakers));
    let mut alerts: Vec<Alert> = health.events.iter().map(|event| alert::of_event(event, *now)).collect();
    let reports = of_tenants(settings, tenants, &health.components, &mut state, &mut alerts, &mut warnings, *now);
    if state.decided_at == Some(*now) {
        let State { checks, incidents, .. } = &mut state;
        let is_blind = |id: &str| checks.get(id).is_some_and(|check| check.is_blind);
        incidents::note(incidents, (&health.checks, &reports), is_blind, *now);
    }
    let in_force: Vec<_> = settings.maintenance.iter().filter(|window| window.is_in_force(*now)).collect();
    let is_held = |alert: &Alert| in_force.iter().any(|window| window.covers(&alert.subject));
    let (alerts, held_back) = alert::sorted(alerts, std::mem::take(&mut state.held), is_held);
    state.held.clone_from(&held_back);
    state.pending.extend(alerts.iter().cloned());
    let given_up = shortened(&mut state.pending, MAX_PENDING) + shortened(&mut state.held, MAX_HELD);
    if given_up > 0 {
        warnings.push(format!("{given_up} alerts that could not be sent for long were given up"));
    }
    shorten(&mut warnings, MOST_PROBLEMS, "warnings");
    let report = Report {
        as_of: *now,
        valid_until: now.checked_add(validity(settings)).ok(),
        status: health.overall,
        suspects: health.suspects,
        maintenance: in_force.iter().map(|window| window.id.clone()).collect(),
        components: health.components,
        checks: health.checks,
        tenants: reports,
        breakers: breakers.clone(),
        incidents: state.incidents.clone(),
        alerts,
        held_back,
        warnings,
    };
    Outcome { report, state }
}

/// How long a report says something: three ticks, and 5 minutes at least.
fn validity(settings: &Settings) -> SignedDuration {
    SignedDuration::from_secs(i64::from(settings.rollback.moving.tick_seconds.max(100)) * 3)
}

/// Whether a state of this version can be gone on from.
pub(crate) fn is_readable(version: u64) -> bool {
    (u64::from(OLDEST_VERSION)..=u64::from(STATE_VERSION)).contains(&version)
}

/// Gives up what is too much, and says how many: first what is over, then the oldest, and never a signal.
fn shortened(alerts: &mut Vec<Alert>, most: usize) -> usize {
    let count = |alerts: &[Alert], goes: fn(&Alert) -> bool| alerts.iter().filter(|alert| goes(alert)).count();
    let surplus = count(alerts, |alert| !alert.is_signal()).saturating_sub(most);
    let mut left = surplus;
    for goes in [Alert::is_end as fn(&Alert) -> bool, |alert| !alert.is_signal()] {
        alerts.retain(|alert| {
            let stays = left == 0 || !goes(alert);
            left -= usize::from(!stays);
            stays
        });
    }
    surplus
}

/// Breakers of which nobody knows how they stand, and those that nobody probes.
fn of_breakers(settings: &Settings, breakers: &[BreakerReport]) -> Vec<String> {
    let is_named = |name: &str| settings.checks.iter().any(|check| check.breaker.as_deref() == Some(name));
    let warning = |breaker: &BreakerReport| match breaker.standing {
        BreakerStanding::Unknown => Some(format!(
            "the circuit breaker {} cannot be read: {}",
            breaker.title(),
            breaker.why.as_deref().unwrap_or_default()
        )),
        _ if breaker.is_probe_due && !is_named(&breaker.name) => {
            Some(format!("the circuit breaker of {} waits for probes, and no check names it", breaker.title()))
        }
        _ => None,
    };
    breakers.iter().filter_map(warning).take(MAX_BREAKER_WARNINGS).collect()
}

/// Every tenant of the settings, in their order. One of which nothing was read is looked at all the same: that nothing
/// could be read is something to know.
fn of_tenants(
    settings: &Settings,
    inputs: &[TenantInput],
    components: &[ComponentReport],
    state: &mut State,
    alerts: &mut Vec<Alert>,
    warnings: &mut Vec<String>,
    now: Timestamp,
) -> Vec<TenantReport> {
    let is_known = |id: &str| settings.tenants.iter().any(|tenant| tenant.id == id);
    state.tenants.retain(|id, _| is_known(id));
    for input in inputs.iter().filter(|input| !is_known(&input.tenant)) {
        warnings.push(format!("what was read of {:?} was left out: there is no such tenant", input.tenant));
    }
    // A tick with older readings must not undo what a newer one has decided.
    let is_late = state.decided_at.is_some_and(|last| now < last && last.duration_since(now) <= SKEW);
    if is_late {
        warnings
            .push("a later tick has decided about the tenants already; what this one says of them is older".to_owned());
    }
    let mut reports = Vec::new();
    for tenant in &settings.tenants {
        let nothing = TenantInput::nothing(&tenant.id);
        let input = inputs.iter().find(|input| input.tenant == tenant.id).unwrap_or(&nothing);
        let component = tenant.component.as_deref();
        let component = component.and_then(|name| components.iter().find(|component| component.id == name));
        let own = state.tenants.entry(tenant.id.clone()).or_default();
        let before = is_late.then(|| own.clone());
        let status = component.map(|component| component.status);
        let (report, told) = rollback::decide(input, tenant, settings, status, own, now);
        if let Some(before) = before {
            *own = before;
        } else {
            if told.iter().any(|told| told.kind == ToldKind::Rollback) {
                signal::issue(&mut state.signals, &report, settings.rollback.moving.cooldown_minutes, now);
            }
            alerts.extend(told.iter().map(|told| alert::of_told(told, &report, now)));
        }
        reports.push(report);
    }
    if !is_late {
        signal::withdraw(&mut state.signals, &reports, now);
        state.decided_at = Some(now);
    }
    reports
}

#[cfg(test)]
mod tests;
