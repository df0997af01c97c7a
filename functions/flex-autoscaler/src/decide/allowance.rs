//! By how much machines may grow: quotas (R9) and the month's money (R15), shared by all that grow in a tick.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use causeway_cloud::fleet::Size;

use crate::input::{Inputs, Instance, Quota};
use crate::policy::Policy;
use crate::size::price_per_hour;
use crate::state::{Entry, State};

use super::observe::minutes_between;
use super::one::Allowance;

/// What is left of everything that is shared.
pub(crate) struct Left {
    quotas: Vec<Quota>,
    /// By tenant.
    money: BTreeMap<String, Money>,
}

/// Money in an hour that may be added; of a tenant whose machines may have caps of their own.
#[derive(Debug, Clone, Copy)]
struct Money {
    /// What all its things cost in an hour.
    rate: f64,
    /// Spent this month; `None` when unknown.
    spent: Option<f64>,
    /// What has been added in this tick.
    added: f64,
}

/// The hours of the month before a moment and after it, in UTC.
fn hours_of_month(now: Timestamp) -> (f64, f64) {
    let local = now.to_zoned(TimeZone::UTC);
    let hours = |from: &jiff::Zoned, to: &jiff::Zoned| from.duration_until(to).as_secs_f64() / 3600.0;
    let first = local.first_of_month().and_then(|day| day.start_of_day());
    let last = local.last_of_month().and_then(|day| day.end_of_day());
    match (first, last) {
        // An hour before the end everything would be affordable: the next month begins with the same machines.
        (Ok(first), Ok(last)) => (hours(&first, &local), hours(&local, &last).max(1.0)),
        _ => (0.0, 31.0 * 24.0),
    }
}

/// Machines that were seen lately and are not decided about.
pub(crate) fn lately<'a>(inputs: &Inputs, state: &'a State, asked: &BTreeSet<&str>) -> impl Iterator<Item = &'a Entry> {
    const LATELY_MINUTES: f64 = 60.0;
    let is_recent = |entry: &Entry| minutes_between(entry.seen_at, inputs.now) < LATELY_MINUTES;
    let others = state.instances.iter().filter(move |(id, entry)| !asked.contains(id.as_str()) && is_recent(entry));
    others.map(|(_, entry)| entry)
}

/// What machines cost in an hour that were seen lately and are not decided about. Their tags are not known, so they count
/// for the tenant of the policy itself.
fn price_of_others(inputs: &Inputs, state: &State, asked: &BTreeSet<&str>) -> f64 {
    let others = lately(inputs, state, asked);
    let sizes = others.filter_map(|entry| entry.size.filter(|size| crate::size::is_size(*size)));
    sizes.map(|size| price_per_hour(size, &inputs.policy.prices)).sum()
}

impl Left {
    /// Before anything grows. `machines` are those that are decided about, with their policies; what the others cost is
    /// in the state.
    pub(crate) fn new<'a>(
        inputs: &Inputs,
        state: &State,
        machines: impl Iterator<Item = (&'a Instance, &'a Policy)>,
    ) -> Self {
        let mut money: BTreeMap<String, Money> = BTreeMap::new();
        let mut asked: BTreeSet<&str> = BTreeSet::new();
        for (instance, policy) in machines {
            asked.insert(&instance.id);
            let own = money.entry(policy.budget.tenant.clone()).or_insert(Money { rate: 0.0, spent: None, added: 0.0 });
            let size = instance.size.filter(|size| crate::size::is_size(*size) && !instance.gone);
            own.rate += size.map_or(0.0, |size| price_per_hour(size, &policy.prices));
        }
        if let Some(own) = money.get_mut(&inputs.policy.budget.tenant) {
            own.rate += price_of_others(inputs, state, &asked);
        }
        for (tenant, spend) in &inputs.spend {
            if let Some(own) = money.get_mut(tenant) {
                own.spent = Some(spend.month_to_date).filter(|spent| spent.is_finite() && *spent >= 0.0);
                own.rate = spend.price_per_hour.filter(|rate| rate.is_finite()).unwrap_or(own.rate);
            }
        }
        Self { quotas: inputs.quotas.clone(), money }
    }

    /// What is left for a machine.
    pub(crate) fn of(&self, now: Timestamp, instance: &Instance, policy: &Policy) -> Allowance {
        let mut allowance = Allowance::UNLIMITED;
        for quota in self.quotas.iter().filter(|quota| quota.covers(instance)) {
            allowance.ocpus = allowance.ocpus.min(quota.ocpus.unwrap_or(f64::INFINITY));
            allowance.memory_gb = allowance.memory_gb.min(quota.memory_gb.unwrap_or(f64::INFINITY));
        }
        let Some(cap) = policy.budget.month_cap else { return allowance };
        let Some(money) = self.money.get(&policy.budget.tenant) else { return allowance };
        let (before, after) = hours_of_month(now);
        // What was spent is not known: as if it had been like now since the first of the month.
        let spent = money.spent.unwrap_or(money.rate * before);
        let left = |cap: f64| (cap - spent) / after - money.rate - money.added;
        allowance.price_per_hour = left(cap);
        allowance.emergency_price_per_hour = left(cap * policy.budget.emergency_factor);
        allowance
    }

    /// Takes what a machine grows by.
    pub(crate) fn take(&mut self, instance: &Instance, policy: &Policy, from: Size, to: Size) {
        for quota in self.quotas.iter_mut().filter(|quota| quota.covers(instance)) {
            quota.ocpus = quota.ocpus.map(|left| left - (to.ocpus - from.ocpus));
            quota.memory_gb = quota.memory_gb.map(|left| left - (to.memory_gb - from.memory_gb));
        }
        if let Some(money) = self.money.get_mut(&policy.budget.tenant) {
            money.added += price_per_hour(to, &policy.prices) - price_per_hour(from, &policy.prices);
        }
    }
}
