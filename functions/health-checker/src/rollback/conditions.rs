//! What has to be so before traffic moves.

use jiff::{SignedDuration, Timestamp};

use super::input::TenantInput;
use super::state::TenantState;
use super::{Decision, Reason};
use crate::settings::{Divergence, MoveRules, Tenant};

/// Why traffic does not move although there is a reason to; `None` when nothing is in the way. What is missing for good
/// is told before what may pass.
pub(super) fn obstacle(
    input: &TenantInput,
    tenant: &Tenant,
    state: &TenantState,
    now: Timestamp,
    rules: &MoveRules,
) -> Option<Decision> {
    if state.is_cooling(now, rules.cooldown_minutes) {
        return Some(Decision::Blocked(Reason::Cooldown));
    }
    lasting(input, tenant, now, rules)
}

/// The same for a rollback that was told a short time ago and has not been carried out.
pub(super) fn lasting(input: &TenantInput, tenant: &Tenant, now: Timestamp, rules: &MoveRules) -> Option<Decision> {
    retained(input, now, rules)
        .or_else(|| verified(input, now, rules))
        .or_else(|| diverged(input, tenant, rules).map(Decision::Blocked))
}

/// Until when the target is kept; `None` when that is not known.
pub(super) fn retained_until(input: &TenantInput, rules: &MoveRules) -> Option<Timestamp> {
    let target = &input.target;
    let kept = SignedDuration::from_hours(i64::from(rules.retained_hours));
    target.retained_until.or_else(|| target.cutover_at?.checked_add(kept).ok())
}

fn retained(input: &TenantInput, now: Timestamp, rules: &MoveRules) -> Option<Decision> {
    let reason = match retained_until(input, rules) {
        _ if input.target.is_removed => Reason::NoTarget,
        Some(until) if now >= until => Reason::NoTarget,
        Some(_) => return None,
        None => Reason::RetentionUnknown,
    };
    Some(Decision::Blocked(reason))
}

/// Both sides down is a reason to hold; a target of which nothing is known is one to ask.
fn verified(input: &TenantInput, now: Timestamp, rules: &MoveRules) -> Option<Decision> {
    let oldest = SignedDuration::from_secs(i64::from(rules.probe_max_age_seconds));
    let is_fresh = |at: Timestamp| at <= now && now.duration_since(at) <= oldest;
    let mut fresh: Vec<_> = input.target.probes.iter().filter(|probe| is_fresh(probe.at)).collect();
    fresh.sort_unstable_by_key(|probe| std::cmp::Reverse(probe.at));
    fresh.truncate(rules.probes_of as usize);
    let passed = fresh.iter().filter(|probe| probe.is_ok).count();
    let failed = fresh.len() - passed;
    let needed = rules.probes_needed as usize;
    if passed >= needed {
        return None;
    }
    // So many have failed that the rest could not make up for it.
    let is_down = failed > (rules.probes_of as usize).saturating_sub(needed);
    Some(if is_down { Decision::Hold(Reason::BothDown) } else { Decision::Blocked(Reason::TargetUnverified) })
}

fn diverged(input: &TenantInput, tenant: &Tenant, rules: &MoveRules) -> Option<Reason> {
    match tenant.divergence {
        None => Some(Reason::NeedsHuman),
        Some(Divergence::ReadOnly | Divergence::AcceptLoss) => None,
        Some(Divergence::ReplicateBack) => match input.replication_lag_seconds {
            Some(lag) if lag <= rules.max_replication_lag_seconds => None,
            Some(_) => Some(Reason::ReplicationLate),
            None => Some(Reason::ReplicationUnknown),
        },
    }
}
