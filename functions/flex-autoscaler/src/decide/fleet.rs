//! All machines of a tick (R15 to R18, R20, R21).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use causeway_cloud::fleet::Size;
use jiff::{SignedDuration, Timestamp};

use crate::input::{Inputs, Instance};
use crate::policy::{Effective, Mode, Policy};
use crate::record::{Alert, Decision, Kind, Record, Severity};
use crate::state::{Commanded, Entry, NoRoom, Recommendation, State, place_of};

use super::allowance::Left;
use super::observe::{Seen, minutes_between, observe};
use super::one::{Allowance, Case, Verdict, propose};
use super::told::{Alerts, loss, untold_losses};
use super::{Action, Outcome, guards, tick_of};

/// What one machine is to become, before the others are asked.
pub(crate) struct Proposal<'a> {
    pub instance: &'a Instance,
    pub policy: Arc<Policy>,
    config_hash: Arc<str>,
    no_room: Option<NoRoom>,
    entry: Entry,
    seen: Seen,
    pub verdict: Verdict,
}

/// Decides about all machines. With a wrong policy ([`Policy::check`]) nothing is decided.
#[must_use]
pub fn decide(inputs: &Inputs) -> Outcome {
    let (mut state, problem) = inputs.state.usable(inputs.now);
    let is_lost = problem.is_some();
    state.epoch = state.epoch.max(inputs.epoch);
    let pause = SignedDuration::from_secs((inputs.policy.capacity.max_retry_after_minutes * 60.0) as i64);
    state.no_room.retain(|_, full| inputs.now.duration_since(full.retry_at) < pause);
    let mut record = Record::new(inputs);
    if !record.policy_problems.is_empty() {
        return Outcome { record, state, actions: Vec::new() };
    }
    let mut alerts = Alerts::default();
    if let Some(problem) = problem {
        alerts.add(loss(None, format!("what cannot be read of the state begins anew: {problem}")));
    }
    untold_losses(&state).into_iter().for_each(|alert| alerts.add(alert));
    let mut left = None;
    let mut proposals = proposals(inputs, &state, is_lost, &mut left);
    for alert in proposals.iter_mut().flat_map(|proposal| std::mem::take(&mut proposal.verdict.alerts)) {
        alerts.add(alert);
    }
    if let Some(text) = guards::mass_change(&mut proposals, &inputs.policy.fleet) {
        alerts.add(notice("mass_change", text));
    }
    let deferred = std::mem::take(&mut state.deferred);
    let chosen = choose(inputs, &mut proposals, left, &deferred, &mut state, &mut alerts);
    let actions = carry_out(inputs, &mut proposals, &chosen);
    record.deferred.clone_from(&state.deferred);
    record.partial = !record.deferred.is_empty();
    let asked: BTreeSet<&str> = proposals.iter().map(|proposal| proposal.instance.id.as_str()).collect();
    let others = deferred.into_iter().filter(|id| !asked.contains(id.as_str()));
    state.deferred.splice(0..0, others);
    for proposal in proposals {
        remember(&mut state, &proposal);
        record.decisions.push(proposal.verdict.decision);
    }
    forget(inputs, &mut state);
    record.count();
    record.alerts = alerts.tell(&mut state, inputs.now, inputs.policy.alerts.repeat_minutes);
    Outcome { record, state, actions }
}

impl Record {
    /// Of nothing yet.
    fn new(inputs: &Inputs) -> Self {
        Self {
            tick: tick_of(inputs.now),
            now: inputs.now,
            epoch: inputs.epoch,
            mode: inputs.policy.mode,
            config_hash: inputs.policy.hash(),
            policy_problems: inputs.policy.check(),
            counts: BTreeMap::new(),
            partial: false,
            deferred: Vec::new(),
            decisions: Vec::new(),
            alerts: Vec::new(),
        }
    }

    /// Counts the decisions anew, after some of them were corrected.
    pub fn count(&mut self) {
        self.counts.clear();
        for decision in &self.decisions {
            *self.counts.entry(decision.decision).or_insert(0) += 1;
        }
    }
}

fn notice(code: &'static str, body: String) -> Alert {
    Alert {
        topic: code.to_owned(),
        dedup_key: String::new(),
        code,
        severity: Severity::Critical,
        instance: None,
        title: format!("flex-autoscaler: {code}"),
        body,
    }
}

/// Every machine by itself, in order of ids. A machine that is there twice is left alone: one of the two is wrong.
fn proposals<'a>(inputs: &'a Inputs, state: &State, is_lost: bool, left: &mut Option<Left>) -> Vec<Proposal<'a>> {
    let unknown = || Entry { is_lost, ..Entry::new(inputs.now) };
    let mut policies = Effective::new(&inputs.policy);
    let mut hashes: BTreeMap<*const Policy, Arc<str>> = BTreeMap::new();
    let mut machines: BTreeMap<&str, (&Instance, Arc<Policy>, usize)> = BTreeMap::new();
    for instance in &inputs.instances {
        let policy = policies.of(instance);
        machines.entry(&instance.id).or_insert((instance, policy, 0)).2 += 1;
    }
    let known = machines.values().map(|(instance, policy, _)| (*instance, &**policy));
    let shared = left.insert(Left::new(inputs, state, known));
    machines
        .into_values()
        .map(|(instance, policy, times)| {
            let hash = hashes.entry(Arc::as_ptr(&policy)).or_insert_with(|| policy.hash().into()).clone();
            let allowance = shared.of(inputs.now, instance, &policy);
            let mut entry = state.instances.get(&instance.id).cloned().unwrap_or_else(unknown);
            let no_room = place_of(instance).and_then(|place| state.no_room.get(&place)).copied();
            let case = Case { no_room, ..case(inputs, instance, &policy, &hash, allowance) };
            let seen = if times == 1 { observe(&case, &mut entry) } else { Seen::default() };
            let verdict = propose(&case, &entry, &seen);
            let mut proposal = Proposal { instance, policy, config_hash: hash, no_room, entry, seen, verdict };
            if times > 1 {
                proposal.refuse("R1", "duplicate", "the machine is there more than once");
                proposal.verdict.alerts.clear();
            }
            proposal
        })
        .collect()
}

fn case<'a>(
    inputs: &'a Inputs,
    instance: &'a Instance,
    policy: &'a Policy,
    config_hash: &'a str,
    allowance: Allowance,
) -> Case<'a> {
    let shape = instance.shape_of(&inputs.shapes);
    Case { now: inputs.now, epoch: inputs.epoch, policy, config_hash, shape, instance, allowance, no_room: None }
}

/// The changes of this tick, in order; the others wait.
fn choose(
    inputs: &Inputs,
    proposals: &mut [Proposal<'_>],
    left: Option<Left>,
    waiting: &[String],
    state: &mut State,
    alerts: &mut Alerts,
) -> Vec<usize> {
    let Some(mut left) = left else { return Vec::new() };
    let fleet = &inputs.policy.fleet;
    let most = guards::most_changes(inputs, proposals, state);
    let mut busy = {
        let asked: BTreeSet<&str> = proposals.iter().map(|proposal| proposal.instance.id.as_str()).collect();
        let believed = inputs.policy.in_flight.give_up_after_minutes;
        let is_young = |commanded: &Commanded| minutes_between(commanded.at, inputs.now) < believed;
        let absent = state.instances.iter().filter(|(id, _)| !asked.contains(id.as_str()));
        let absent = absent.map(|(_, entry)| entry).filter(|entry| entry.commanded.as_ref().is_some_and(is_young));
        guards::busy_clusters(proposals, absent)
    };
    proposals.iter().for_each(|proposal| proposal.take_under_way(&mut left));
    let mut chosen = Vec::new();
    let enforcing = Policy { mode: Mode::Enforce, ..inputs.policy.clone() };
    let mut asking = Asking { policies: Effective::new(&enforcing), places: BTreeSet::new() };
    for index in guards::order(proposals, waiting) {
        let proposal = &mut proposals[index];
        let cluster = proposal.cluster().map(str::to_owned);
        let in_cluster = cluster.as_ref().and_then(|cluster| busy.get(cluster)).copied().unwrap_or(0);
        if in_cluster >= fleet.max_in_flight_per_cluster {
            proposal.refuse("R16", "cluster_busy", "another machine of the cluster is changing");
            continue;
        }
        if chosen.len() >= most {
            proposal.refuse("R16", "deferred", "as many machines change in this tick as may");
            state.deferred.push(proposal.instance.id.clone());
            continue;
        }
        proposal.decide_again(inputs, &left);
        if proposal.may_have_no_room() && !asking.is_first(proposal.instance) {
            proposal.refuse("R17", "infeasible", "one machine at a time asks whether there is room again");
            continue;
        }
        proposal.take(&mut left);
        for alert in std::mem::take(&mut proposal.verdict.alerts) {
            alerts.add(alert);
        }
        if proposal.verdict.decision.decision.is_resize() {
            if let Some(cluster) = cluster {
                *busy.entry(cluster).or_insert(0) += 1;
            }
            chosen.push(index);
        }
    }
    chosen
}

/// Which places are asked again whether there is room.
struct Asking<'a> {
    policies: Effective<'a>,
    places: BTreeSet<String>,
}

impl Asking<'_> {
    /// Whether nobody asks for the machine's place yet; then it does. One that only recommends never asks and is in
    /// nobody's way. What counts is what `enforce` would do, so that all modes of a tick decide alike.
    fn is_first(&mut self, instance: &Instance) -> bool {
        let asks = self.policies.of(instance).mode == Mode::Enforce;
        !asks || place_of(instance).is_none_or(|place| self.places.insert(place))
    }
}

impl Proposal<'_> {
    /// Whether it wants to grow by as much as was refused lately, or more.
    fn may_have_no_room(&self) -> bool {
        let Verdict { decision, is_repetition, .. } = &self.verdict;
        let (Some(from), Some(to)) = (decision.from, self.verdict.resize()) else { return false };
        let is_growth = decision.decision.is_up() && !is_repetition;
        is_growth && self.no_room.is_some_and(|full| full.is_reached_by(from, to))
    }

    /// What a change under way will take is no one else's.
    fn take_under_way(&self, left: &mut Left) {
        if let Some(commanded) = self.entry.commanded.as_ref().filter(|commanded| commanded.kind.is_up()) {
            left.take(self.instance, &self.policy, commanded.from, commanded.to);
        }
    }

    /// Decides about growth again, with what is left of what is shared.
    fn decide_again(&mut self, inputs: &Inputs, left: &Left) {
        if self.verdict.is_repetition || !self.verdict.decision.decision.is_up() {
            return;
        }
        let allowance = left.of(inputs.now, self.instance, &self.policy);
        let case = case(inputs, self.instance, &self.policy, &self.config_hash, allowance);
        let case = Case { no_room: self.no_room, ..case };
        self.verdict = propose(&case, &self.entry, &self.seen);
    }

    /// Takes its part of what is shared. That of a repetition is taken already, as of everything under way.
    fn take(&self, left: &mut Left) {
        let Verdict { decision, is_repetition, .. } = &self.verdict;
        if let (Some(from), Some(to)) = (decision.from, self.verdict.resize())
            && decision.decision.is_up()
            && !is_repetition
        {
            left.take(self.instance, &self.policy, from, to);
        }
    }
}

/// Remembers the changes that are about to be asked for, and gives them. In every mode but `enforce` there are none.
fn carry_out(inputs: &Inputs, proposals: &mut [Proposal<'_>], chosen: &[usize]) -> Vec<Action> {
    let mut actions = Vec::new();
    for index in chosen {
        let proposal = &mut proposals[*index];
        if inputs.policy.mode != Mode::Enforce || proposal.policy.mode != Mode::Enforce {
            continue;
        }
        let policy = proposal.policy.clone();
        let case = case(inputs, proposal.instance, &policy, &proposal.config_hash, Allowance::UNLIMITED);
        proposal.entry.command(&case, &proposal.verdict);
        actions.extend(action(proposal));
    }
    actions
}

/// The request for a change that was remembered.
fn action(proposal: &Proposal<'_>) -> Option<Action> {
    let commanded = proposal.entry.commanded.as_ref()?;
    Some(Action {
        id: proposal.instance.id.clone(),
        kind: commanded.kind,
        from: commanded.from,
        to: commanded.to,
        baseline: proposal.instance.baseline.clone(),
        if_match: commanded.if_match.clone(),
        retry_token: commanded.token.clone(),
        may_restart: commanded.may_restart,
    })
}

/// Writes down what was seen of a machine, and what has been recommended since when.
fn remember(state: &mut State, proposal: &Proposal<'_>) {
    let decision = &proposal.verdict.decision;
    let id = &proposal.instance.id;
    if decision.decision == Kind::Dropped {
        // What is not found may be hidden, when nobody may read it for a while: it is forgotten with time.
        if proposal.instance.is_ended() {
            state.instances.remove(id);
        }
        return;
    }
    let mut entry = proposal.entry.clone();
    entry.cluster = proposal.cluster().map(str::to_owned);
    entry.recommendation = recommendation(&entry, decision, proposal.verdict.resize());
    state.instances.insert(id.clone(), entry);
}

fn recommendation(entry: &Entry, decision: &Decision, to: Option<Size>) -> Option<Recommendation> {
    let to = to.filter(|_| entry.commanded.is_none())?;
    let same = entry.recommendation.filter(|before| before.kind == decision.decision && before.to == to);
    Some(same.unwrap_or(Recommendation { kind: decision.decision, to, since: entry.seen_at }))
}

/// Forgets machines that nobody has seen for long. One list that was cut short does not do that.
fn forget(inputs: &Inputs, state: &mut State) {
    let hours = inputs.policy.in_flight.forget_after_hours;
    let oldest: Timestamp =
        inputs.now.saturating_sub(SignedDuration::from_secs((hours * 3600.0) as i64)).unwrap_or(Timestamp::MIN);
    state.instances.retain(|_, entry| entry.seen_at >= oldest);
    let known = &state.instances;
    state.deferred.retain(|id| known.contains_key(id));
}
