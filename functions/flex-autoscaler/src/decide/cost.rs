//! The size of the least expected cost, for machines with enough history (R5, R13, R14).
//!
//! Where there is such advice it stands in place of the CPU's threshold of R4 and target of R5, the floor of the forecast
//! and the payback, and it answers emergencies of the CPU where violations are cheap. The least saving (R6), and
//! everything that protects the machine - freshness, pauses, caps, bounds, what memory needs - hold as ever, and nothing
//! shrinks to a size at which the last minutes were hot.

use causeway_cloud::fleet::Size;

use crate::forecast::{Advice, Costs, Question, advise};
use crate::policy::{Coupling, Policy};
use crate::size::{ceil_to, tidy};
use crate::state::Entry;

use super::observe::minutes_between;
use super::one::Case;

/// Most sizes that are compared; larger machines are looked at in coarser steps.
const MOST_CANDIDATES: f64 = 64.0;

/// Whether there is enough history for costs, be there recent points or not: a gap must not bring back thresholds.
pub(crate) fn is_in_charge(case: &Case<'_>, entry: &Entry) -> bool {
    let known = f64::from(entry.profile.history_hours(case.now));
    case.policy.cost.enabled && known >= case.policy.cost.min_history_hours
}

/// What the costs say about a machine whose CPU points are good enough to act on.
pub(crate) fn advice(case: &Case<'_>, entry: &Entry, current: Size) -> Option<Advice> {
    let policy = case.policy;
    let question = Question {
        now: case.now,
        ocpus: current.ocpus,
        candidates: &candidates(policy, current.ocpus),
        stable_hours: minutes_between(entry.unchanged_since(), case.now) / 60.0,
        costs: Costs {
            ocpu_per_hour: ocpu_per_hour(policy),
            violation_per_minute: policy.prices.violation_price_per_minute,
            downtime_minutes: downtime_minutes(case),
        },
    };
    advise(&entry.profile, &question, &policy.cost)
}

/// Whether the costs answer emergencies of the CPU too: where violations are cheap against the machine.
pub(crate) fn answer_emergencies(policy: &Policy) -> bool {
    let dear = policy.emergency.left_to_costs_below_ocpu_hours * ocpu_per_hour(policy);
    policy.prices.violation_price_per_minute < dear
}

/// An OCPU with the memory that follows it.
fn ocpu_per_hour(policy: &Policy) -> f64 {
    let memory = match policy.limits.coupling {
        Coupling::Coupled => policy.limits.coupled_memory_gb_per_ocpu,
        Coupling::Independent => 0.0,
    };
    memory.mul_add(policy.prices.memory_gb_price_per_hour, policy.prices.ocpu_price_per_hour)
}

/// A machine that may not be restarted changes live or not at all.
fn downtime_minutes(case: &Case<'_>) -> f64 {
    if super::may_restart(case.policy, case.now) { case.policy.prices.resize_downtime_minutes } else { 0.0 }
}

/// Sizes within one step, whole quanta, ascending.
fn candidates(policy: &Policy, current: f64) -> Vec<f64> {
    let (limits, quantum) = (&policy.limits, policy.limits.quantum_ocpus);
    let least = ceil_to((current / policy.down.max_step_factor).max(limits.min_ocpus), quantum);
    let most = (current * policy.up.max_step_factor).min(limits.max_ocpus);
    let step = ceil_to(((most - least) / MOST_CANDIDATES).max(quantum), quantum);
    let mut sizes: Vec<f64> = std::iter::successors(Some(least), |size| Some(tidy(size + step)))
        .take_while(|size| *size <= most + 1e-6)
        .take(MOST_CANDIDATES as usize + 1)
        .collect();
    sizes.extend(Some(most).filter(|most| sizes.last().is_some_and(|last| last < most)));
    sizes
}
