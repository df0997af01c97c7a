//! Whether traffic has to go back to AWS: a signal that explains itself and is told once.
//!
//! Start at [`decide`]. A met trigger is only a reason; [`Decision::Rollback`] also needs a target that is known to
//! work, is still kept, and would not lose writes that nobody has agreed to lose. Missing metrics are no health.

mod budget;
mod conditions;
mod decision;
mod errors;
mod evidence;
mod input;
mod lasting;
mod latency;
mod onset;
mod other;
mod series;
mod state;
mod tell;
mod trigger;
mod usual;
pub(crate) mod words;

#[cfg(test)]
mod tests;

pub use budget::Budget;
pub use decision::{Decision, Reason};
pub use evidence::{score, score_between, wilson_lower};
pub use input::{Cloud, ClusterReading, Escalation, Target, TargetProbe, TenantInput};
pub use series::{Minute, Pool, Series};
pub use state::{ClusterState, Done, RolledBack, Serving, TenantState};
pub use tell::{BurnTold, LastTold, Told, ToldKind};
pub use trigger::{Figure, Standing, Trigger};
pub use usual::{Hour, Usual};
pub(crate) use usual::{end_of_past, start_of_past};

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::burn::{Burn, burns};
use crate::health::Verdict;
use crate::settings::{Settings, Tenant};

/// A tenant for people and machines.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TenantReport {
    /// Its name.
    pub tenant: String,
    /// What to do.
    #[serde(flatten)]
    pub decision: Decision,
    /// In a sentence.
    pub text: String,
    /// Since when it stands.
    pub since: Timestamp,
    /// How often the decision has changed: the same for every repetition of one.
    pub epoch: u64,
    /// Every trigger with its numbers, met or not.
    pub triggers: Vec<Trigger>,
    /// How fast the budget for errors is used up.
    pub burn: Vec<Burn>,
    /// How long moving takes.
    pub budget: Budget,
    /// What was not as it should be.
    pub warnings: Vec<String>,
}

/// Decides about one tenant. `component` is what is known of its component.
pub fn decide(
    input: &TenantInput,
    tenant: &Tenant,
    settings: &Settings,
    component: Option<Verdict>,
    state: &mut TenantState,
    now: Timestamp,
) -> (TenantReport, Vec<Told>) {
    state.begin(now);
    state.read(&input.clusters, now);
    state.serve(input.serving, now);
    if let Some(past) = &input.past {
        let end = end_of_past(input.target.cutover_at, now);
        state.usual.learn(past, end, &settings.rollback.latency);
    }
    let case = Case::new(input, tenant, settings, component, state, now);
    state.hear(&case.oci, case.aws.as_ref());
    let decision = case.decision(state);
    let pause_minutes = settings.rollback.moving.cooldown_minutes;
    // A signal that nobody has followed in all this time is given again.
    let is_overdue = matches!(decision, Decision::Rollback(_)) && !state.is_cooling(now, pause_minutes);
    // What nobody knows ends nothing; a rollback that was followed is over whatever is known.
    let is_followed = input.serving == Some(Cloud::Aws) && matches!(decision, Decision::Unknown(_));
    if is_followed || matches!(decision, Decision::None | Decision::Watch(_)) {
        state.close();
    }
    let is_new = state.decision != Some(decision) || is_overdue;
    if is_new {
        state.epoch = state.epoch.saturating_add(1);
        state.decision = Some(decision);
        state.since = Some(now);
    }
    let is_page_due = case.is_page_due(state);
    let pause = SignedDuration::from_mins(i64::from(pause_minutes));
    let mut told = tell::burns(state, &tenant.id, &case.burn);
    told.extend(tell::decision(state, &tenant.id, decision, (is_new, is_page_due), pause, now));
    if let (Decision::Rollback(reason), true) = (decision, told.iter().any(|told| told.kind == ToldKind::Rollback)) {
        state.signal(reason, now, pause_minutes);
        let words = input.escalations.as_deref().unwrap_or_default();
        state.act_upon(words, now, settings.rollback.moving.escalation_minutes);
    }
    let report = TenantReport {
        tenant: tenant.id.clone(),
        decision,
        text: decision.text(),
        since: state.since.unwrap_or(now),
        epoch: state.epoch,
        budget: Budget::of(&settings.rollback),
        warnings: case.warnings(decision),
        triggers: case.triggers,
        burn: case.burn,
    };
    (report, told)
}

/// One tenant at one moment.
struct Case<'a> {
    input: &'a TenantInput,
    tenant: &'a Tenant,
    settings: &'a Settings,
    now: Timestamp,
    oci: Series,
    /// Absent when nobody measures there, or it could not be read.
    aws: Option<Series>,
    /// 95th percentile of the response time in milliseconds.
    usual: Option<f64>,
    triggers: Vec<Trigger>,
    burn: Vec<Burn>,
}

impl<'a> Case<'a> {
    fn new(
        input: &'a TenantInput,
        tenant: &'a Tenant,
        settings: &'a Settings,
        component: Option<Verdict>,
        state: &TenantState,
        now: Timestamp,
    ) -> Self {
        let (rules, oci) = (&settings.rollback, Series::new(&input.oci, now));
        let aws = input.aws.as_deref().map(|minutes| Series::new(minutes, now));
        let burn = burns(&oci, &settings.burn, rules.moving.metric_lag_minutes);
        let component = tenant.component.as_deref().zip(component);
        let usual = tenant.baseline_p95_ms.or_else(|| state.usual.p95_ms(now, &rules.latency));
        let words = input.escalations.as_deref();
        let standing = state.standing(now, rules.moving.cooldown_minutes);
        let is_done = |id: &str| standing != Some(Reason::Escalation) && state.is_done(id);
        let triggers = vec![
            errors::lasting(&oci, &rules.errors),
            latency::lasting(&oci, usual, &rules.latency),
            other::clusters(&input.clusters, |id| state.below(id), component, &rules.moving),
            other::escalation(words, tenant.escalations.is_some(), is_done, now, &rules.moving),
            other::burn(&burn),
            errors::cliff(&oci, &rules.cliff, rules.moving.metric_lag_minutes),
        ];
        Self { input, tenant, settings, now, oci, aws, usual, triggers, burn }
    }

    fn decision(&self, state: &TenantState) -> Decision {
        // After a move the other side is what is looked at, and nothing moves to and fro.
        if self.input.serving == Some(Cloud::Aws) {
            return self.of_the_other_side(state);
        }
        let standing = state.standing(self.now, self.settings.rollback.moving.cooldown_minutes);
        match self.met().or_else(|| self.kept(standing)) {
            Some(reason) => self.of_reason(reason, standing, state),
            None => self.without_reason(state),
        }
    }

    /// Whether traffic can move for it.
    fn of_reason(&self, reason: Reason, standing: Option<Reason>, state: &TenantState) -> Decision {
        let moving = &self.settings.rollback.moving;
        let is_held = |window: &&crate::settings::Window| {
            window.holds_rollback && window.covers(&self.tenant.id) && window.is_in_force(self.now)
        };
        if self.settings.maintenance.iter().any(|window| is_held(&window)) {
            return Decision::Hold(Reason::Maintenance);
        }
        let obstacle = match standing {
            // A rollback that stands is the same one until it is over or has cooled down, unless something comes in its
            // way.
            Some(_) => conditions::lasting(self.input, self.tenant, self.now, moving),
            None => conditions::obstacle(self.input, self.tenant, state, self.now, moving),
        };
        let obstacle = obstacle.or_else(|| self.of_serving(state, standing.is_some()));
        obstacle.unwrap_or(Decision::Rollback(standing.unwrap_or(reason)))
    }

    fn without_reason(&self, state: &TenantState) -> Decision {
        let moving = &self.settings.rollback.moving;
        let is_silent = |minutes: u32| self.is_silent(minutes, state);
        // A few clients that still go to AWS do not make up for a side that should serve and says nothing.
        let should_serve = self.input.serving == Some(Cloud::Oci);
        let is_alone = is_silent(moving.no_data_minutes) && self.has_no_calls_on_aws(state);
        match self.building() {
            _ if is_alone || should_serve && is_silent(moving.no_data_page_minutes) => {
                Decision::Unknown(Reason::NoData)
            }
            Some(reason) => Decision::Watch(reason),
            None if self.is_unread(Cloud::Oci, state) => self.as_before(state),
            None => Decision::None,
        }
    }

    /// Traffic moves only from where it is known to be. After a signal that has cooled down settings alone do not say
    /// that it was not followed: clients that never look again still go to OCI.
    fn of_serving(&self, state: &TenantState, is_standing: bool) -> Option<Decision> {
        let is_repetition = state.is_waiting() && !is_standing;
        let is_seen_here = self.aws.is_some() && self.has_no_calls_on_aws(state);
        let is_known = self.input.serving.is_some() && (!is_repetition || is_seen_here);
        (!is_known).then_some(Decision::Blocked(Reason::ServingUnknown))
    }

    fn of_the_other_side(&self, state: &TenantState) -> Decision {
        let (rules, moving) = (&self.settings.rollback, &self.settings.rollback.moving);
        let Some(aws) = &self.aws else {
            let is_unread = self.is_unread(Cloud::Aws, state);
            return if is_unread { self.as_before(state) } else { Decision::Unknown(Reason::NoData) };
        };
        let is_bad = errors::lasting(aws, &rules.errors).is_met()
            || errors::cliff(aws, &rules.cliff, moving.metric_lag_minutes).is_met();
        match is_bad {
            true if state.is_cooling(self.now, moving.cooldown_minutes) => Decision::Blocked(Reason::Cooldown),
            true => Decision::Blocked(Reason::AlreadyThere),
            false if self.is_silent_on_aws(moving.no_data_minutes, state) => Decision::Unknown(Reason::NoData),
            false => Decision::None,
        }
    }

    /// The first met trigger; what needs no wait is named first.
    fn met(&self) -> Option<Reason> {
        let order = [
            ("L4", Reason::Escalation),
            ("L6", Reason::Cliff),
            ("L1", Reason::Errors),
            ("L3", Reason::Cluster),
            ("L2", Reason::Latency),
        ];
        order.into_iter().find(|(id, _)| self.stands(id, Standing::Met)).map(|(_, reason)| reason)
    }

    fn building(&self) -> Option<Reason> {
        let order = [("L1", Reason::Errors), ("L2", Reason::Latency), ("L3", Reason::Cluster)];
        let building = order.into_iter().find(|(id, _)| self.stands(id, Standing::Building));
        let is_low = self
            .triggers
            .iter()
            .any(|trigger| trigger.standing == Standing::TooLittle && trigger.why.starts_with("low volume"));
        let burns = self.stands("L5", Standing::Building).then_some(Reason::BurnRate);
        building.map(|(_, reason)| reason).or(is_low.then_some(Reason::LowVolume)).or(burns)
    }

    fn stands(&self, id: &str, standing: Standing) -> bool {
        self.triggers.iter().any(|trigger| trigger.id == id && trigger.standing == standing)
    }

    /// Whether the side that has to serve has been silent for so long that somebody has to be woken. One that nobody
    /// measures is no news.
    fn is_page_due(&self, state: &TenantState) -> bool {
        let minutes = self.settings.rollback.moving.no_data_page_minutes;
        match self.input.serving {
            Some(Cloud::Oci) => self.is_silent(minutes, state),
            Some(Cloud::Aws) => {
                let is_measured = self.input.aws.is_some() || self.tenant.aws_calls.is_some();
                is_measured && self.is_silent_on_aws(minutes, state)
            }
            None => false,
        }
    }

    fn warnings(&self, decision: Decision) -> Vec<String> {
        let moving = &self.settings.rollback.moving;
        let mut warnings = Vec::new();
        if matches!(decision, Decision::Rollback(_)) && self.met().is_none() {
            warnings.push(
                "no trigger is met now; the rollback stands, because its reason is not known to be gone".to_owned(),
            );
        }
        if self.stands("L2", Standing::Off) {
            let text = "response times are compared with nothing: baseline_p95_ms is not set, and what was usual on AWS at \
                        this hour of the week is not known";
            warnings.push(text.to_owned());
        }
        if self.tenant.divergence.is_none() {
            warnings.push("no rollback can be carried out: divergence is not set".to_owned());
        }
        let warn = SignedDuration::from_hours(i64::from(moving.retention_warning_hours));
        if let Some(until) = conditions::retained_until(self.input, moving)
            && self.input.serving != Some(Cloud::Aws)
            && self.now < until
            && until.duration_since(self.now) <= warn
        {
            warnings.push(format!("the target is kept until {until} only"));
        }
        warnings
    }
}
