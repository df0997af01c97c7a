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
mod latency;
mod other;
mod series;
mod state;
mod tell;
mod trigger;

#[cfg(test)]
mod tests;

pub use budget::Budget;
pub use decision::{Decision, Reason};
pub use evidence::{score, score_between, wilson_lower};
pub use input::{Cloud, ClusterReading, Escalation, Target, TargetProbe, TenantInput};
pub use series::{Minute, Pool, Series};
pub use state::{ClusterState, RolledBack, TenantState};
pub use tell::{BurnTold, LastTold, Told, ToldKind};
pub use trigger::{Figure, Standing, Trigger};

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
    let first_at = *state.first_at.get_or_insert(now);
    state.read(&input.clusters, now);
    let case = Case::new(input, tenant, settings, component, state, now);
    let decision = case.decision(state, first_at);
    let pause_minutes = settings.rollback.moving.cooldown_minutes;
    // A signal that nobody has followed in all this time is given again.
    let is_overdue = matches!(decision, Decision::Rollback(_)) && !state.is_cooling(now, pause_minutes);
    let is_new = state.decision != Some(decision) || is_overdue;
    if is_new {
        state.epoch += 1;
        state.decision = Some(decision);
        state.since = Some(now);
    }
    let moving = &settings.rollback.moving;
    let is_page_due = input.serving == Some(Cloud::Oci) && case.is_silent(moving.no_data_page_minutes, first_at);
    let pause = SignedDuration::from_mins(i64::from(pause_minutes));
    let mut told = tell::burns(state, &tenant.id, &case.burn);
    told.extend(tell::decision(state, &tenant.id, decision, (is_new, is_page_due), pause, now));
    if told.iter().any(|told| told.kind == ToldKind::Rollback) {
        state.rolled_back = Some(RolledBack { at: now, epoch: state.epoch });
        state.act_upon(input.escalations.iter().map(|one| one.id.clone()));
    }
    let report = TenantReport {
        tenant: tenant.id.clone(),
        decision,
        text: decision.text(),
        since: state.since.unwrap_or(now),
        epoch: state.epoch,
        budget: Budget::of(&settings.rollback),
        warnings: case.warnings(),
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
        let burn = burns(&oci, &settings.burn);
        let component = tenant.component.as_deref().zip(component);
        let triggers = vec![
            errors::lasting(&oci, &rules.errors),
            latency::lasting(&oci, tenant.baseline_p95_ms, &rules.latency),
            other::clusters(&input.clusters, |id| state.below(id), component, &rules.moving),
            other::escalation(&input.escalations, |id| state.is_done(id), now, &rules.moving),
            other::burn(&burn),
            errors::cliff(&oci, &rules.cliff, rules.moving.metric_lag_minutes),
        ];
        Self { input, tenant, settings, now, oci, triggers, burn }
    }

    fn decision(&self, state: &TenantState, first_at: Timestamp) -> Decision {
        // After a move the other side is what is looked at, and nothing moves to and fro.
        if self.input.serving == Some(Cloud::Aws) {
            return self.of_the_other_side(state);
        }
        let moving = &self.settings.rollback.moving;
        if let Some(reason) = self.met() {
            // A rollback that stands is the same one until it is over or has cooled down.
            if let Some(Decision::Rollback(standing)) = state.decision
                && state.is_cooling(self.now, moving.cooldown_minutes)
            {
                return Decision::Rollback(standing);
            }
            let is_held = |window: &&crate::settings::Window| {
                window.holds_rollback && window.covers(&self.tenant.id) && window.is_in_force(self.now)
            };
            if self.settings.maintenance.iter().any(|window| is_held(&window)) {
                return Decision::Hold(Reason::Maintenance);
            }
            let obstacle = conditions::obstacle(self.input, self.tenant, state, self.now, moving);
            return obstacle.unwrap_or(Decision::Rollback(reason));
        }
        if self.is_silent(moving.no_data_minutes, first_at) && self.has_no_calls_on_aws() {
            return Decision::Unknown(Reason::NoData);
        }
        self.building().map_or(Decision::None, Decision::Watch)
    }

    fn of_the_other_side(&self, state: &TenantState) -> Decision {
        let rules = &self.settings.rollback;
        let aws = Series::new(self.input.aws.as_deref().unwrap_or_default(), self.now);
        let is_bad = errors::lasting(&aws, &rules.errors).is_met()
            || errors::cliff(&aws, &rules.cliff, rules.moving.metric_lag_minutes).is_met();
        match is_bad {
            true if state.is_cooling(self.now, rules.moving.cooldown_minutes) => Decision::Blocked(Reason::Cooldown),
            true => Decision::Blocked(Reason::AlreadyThere),
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

    /// Whether there have been no calls for so long, beyond the lag that metrics have. Before the first look so much
    /// time has to pass too.
    fn is_silent(&self, minutes: u32, first_at: Timestamp) -> bool {
        let lag = self.settings.rollback.moving.metric_lag_minutes;
        let silence = self.oci.silence().unwrap_or_else(|| self.now.duration_since(first_at));
        silence >= SignedDuration::from_mins(i64::from(minutes + lag))
    }

    /// Whether AWS had no calls in that time either, as far as anybody knows.
    fn has_no_calls_on_aws(&self) -> bool {
        let moving = &self.settings.rollback.moving;
        let aws = Series::new(self.input.aws.as_deref().unwrap_or_default(), self.now);
        Pool::of(aws.back(0, moving.no_data_minutes + moving.metric_lag_minutes)).calls == 0
    }

    fn warnings(&self) -> Vec<String> {
        let moving = &self.settings.rollback.moving;
        let mut warnings = Vec::new();
        if self.stands("L2", Standing::Off) {
            warnings.push("response times are compared with nothing: baseline_p95_ms is not set".to_owned());
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
