//! Guards over all machines of a tick (R16).

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::input::Inputs;
use crate::policy::Fleet;
use crate::record::{Kind, Reason, Rejected};
use crate::state::{Entry, State};

use super::allowance::lately;
use super::fleet::Proposal;
use super::tick_of;

/// The order in which changes are made: emergencies, those that waited, floors, growing, shrinking; then by the
/// largest difference in money, then by id.
pub(crate) fn order(proposals: &[Proposal<'_>], waiting: &[String]) -> Vec<usize> {
    let waiting: BTreeSet<&str> = waiting.iter().map(String::as_str).collect();
    let mut indices: Vec<usize> =
        (0..proposals.len()).filter(|index| proposals[*index].verdict.decision.decision.is_resize()).collect();
    indices.sort_by(|one, other| {
        let key = |index: usize| {
            let decision = &proposals[index].verdict.decision;
            (
                !proposals[index].verdict.is_repetition,
                decision.decision != Kind::EmergencyUp,
                !waiting.contains(decision.id.as_str()),
                rank(decision.decision),
            )
        };
        let money = |index: usize| proposals[index].verdict.decision.price_delta_per_hour.abs();
        key(*one)
            .cmp(&key(*other))
            .then(money(*other).total_cmp(&money(*one)))
            .then_with(|| proposals[*one].verdict.decision.id.cmp(&proposals[*other].verdict.decision.id))
    });
    indices
}

fn rank(kind: Kind) -> u8 {
    match kind {
        Kind::EmergencyUp => 0,
        Kind::ScheduledUp | Kind::PredictedUp | Kind::RaiseToMin => 1,
        Kind::Up => 2,
        _ => 3,
    }
}

/// Stops all shrinking when so many machines want the same that the measurements must be doubted. What a clock asks
/// for is not counted. The text to tell, if it came to that.
pub(crate) fn mass_change(proposals: &mut [Proposal<'_>], fleet: &Fleet) -> Option<String> {
    let counted = |proposal: &&Proposal<'_>| proposal.verdict.decision.decision != Kind::Dropped;
    let machines = proposals.iter().filter(counted).count();
    let of = |kinds: &[Kind]| {
        proposals.iter().filter(|proposal| kinds.contains(&proposal.verdict.decision.decision)).count()
    };
    let (ups, downs) = (of(&[Kind::EmergencyUp, Kind::Up]), of(&[Kind::Down]));
    let is_mass = |count: usize| count as f64 * 100.0 > fleet.mass_change_percent * machines as f64;
    if machines < fleet.mass_change_min_machines as usize || !(is_mass(ups) || is_mass(downs)) {
        return None;
    }
    // What may be under way already goes on, or its cluster would look as if nothing were.
    let is_new_down = |verdict: &super::one::Verdict| verdict.decision.decision.is_down() && !verdict.is_repetition;
    for proposal in proposals.iter_mut().filter(|proposal| is_new_down(&proposal.verdict)) {
        proposal.refuse("R16", "mass_change", "too many machines want the same at once");
    }
    Some(format!("{ups} of {machines} machines want to grow and {downs} to shrink at once; nothing shrinks"))
}

/// How many changes may still be made in this tick: the share of the fleet, whoever of it is asked about, less what was
/// asked for since the tick began. An alarm that comes twice must not restart as many machines again.
pub(crate) fn most_changes(inputs: &Inputs, proposals: &[Proposal<'_>], state: &State) -> usize {
    let fleet = &inputs.policy.fleet;
    let counted = |proposal: &&Proposal<'_>| proposal.verdict.decision.decision != Kind::Dropped;
    let asked: BTreeSet<&str> = proposals.iter().map(|proposal| proposal.instance.id.as_str()).collect();
    let machines = proposals.iter().filter(counted).count() + lately(inputs, state, &asked).count();
    let share = (machines as f64 * fleet.max_resizes_percent / 100.0 + 1e-9).floor() as usize;
    let repeated = proposals.iter().filter(|proposal| proposal.verdict.is_repetition);
    let repeated: BTreeSet<&str> = repeated.map(|proposal| proposal.instance.id.as_str()).collect();
    let is_spent = |(id, entry): &(&String, &Entry)| !repeated.contains(id.as_str()) && changes_in(entry, inputs.now);
    let spent = state.instances.iter().filter(is_spent).count();
    share.max(1).min(fleet.max_resizes as usize).saturating_sub(spent)
}

/// Whether a change of ours was asked for in the tick of this moment.
fn changes_in(entry: &Entry, now: Timestamp) -> bool {
    let is_now = |at: Timestamp| tick_of(at) == tick_of(now);
    let is_done = entry.changes.iter().any(|change| change.kind.is_some() && is_now(change.begun));
    is_done || entry.commanded.as_ref().is_some_and(|commanded| is_now(commanded.at))
}

/// Clusters with something under way, and how much: of the machines that are decided about, and of `absent` ones that have
/// a change under way.
pub(crate) fn busy_clusters<'a>(
    proposals: &[Proposal<'_>],
    absent: impl Iterator<Item = &'a Entry>,
) -> BTreeMap<String, u32> {
    let mut busy = BTreeMap::new();
    for cluster in absent.filter_map(|entry| entry.cluster.as_ref()) {
        *busy.entry(cluster.clone()).or_insert(0) += 1;
    }
    for proposal in proposals.iter().filter(|proposal| proposal.verdict.is_in_flight) {
        if let Some(cluster) = proposal.cluster() {
            *busy.entry(cluster.to_owned()).or_insert(0) += 1;
        }
    }
    busy
}

impl Proposal<'_> {
    /// Turns a change into none, because of the others.
    pub(crate) fn refuse(&mut self, rule: &'static str, code: &'static str, text: &str) {
        let decision = &mut self.verdict.decision;
        if let Some(to) = decision.to.filter(|_| decision.decision.is_resize()) {
            decision.rejected.push(Rejected { decision: decision.decision, to, rule, code });
        }
        decision.decision = Kind::Hold;
        decision.to = decision.from;
        decision.reason = code;
        decision.reasons.insert(0, Reason { rule, code, text: text.to_owned() });
        decision.price_delta_per_hour = 0.0;
        decision.expected_downtime_minutes = 0.0;
    }

    /// The cluster that it is part of.
    pub(crate) fn cluster(&self) -> Option<&str> {
        self.instance.cluster(&self.policy.tags)
    }
}
