//! What keeps a rollback that stands, and what is remembered where nothing could be read.
//!
//! A minute that is better than the limit is no end of what is wrong, and a read that failed is neither an end nor
//! silence: it is known when calls were heard of last.

use jiff::SignedDuration;

use super::input::Cloud;
use super::latency;
use super::series::{Minute, Pool, Series};
use super::state::TenantState;
use super::trigger::Standing;
use super::{Case, Decision, Reason};

/// Calls that were heard of so long ago are in no read any more.
const READ: SignedDuration = SignedDuration::from_hours(6);

impl Case<'_> {
    /// The reason of the rollback that stands, where it is not known to be gone.
    pub(super) fn kept(&self, standing: Option<Reason>) -> Option<Reason> {
        let rules = &self.settings.rollback;
        let slowest = latency::limit(self.usual, &rules.latency);
        let is_high = |minute: &Minute| Some(minute.is_above(rules.errors.above_percent));
        let is_slow =
            |minute: &Minute| minute.p95_ms.filter(|ms| ms.is_finite()).zip(slowest).map(|(ms, most)| ms > most);
        let is_kept = match standing? {
            // It was acted upon, and traffic has not moved yet.
            Reason::Escalation => true,
            Reason::Errors | Reason::Cliff => !self.is_clear(is_high),
            Reason::Latency => !self.is_clear(is_slow),
            Reason::Cluster => self.stands("L3", Standing::TooLittle),
            _ => false,
        };
        standing.filter(|_| is_kept)
    }

    /// Whether enough minutes in a row are known not to be bad.
    fn is_clear(&self, is_bad: impl Fn(&Minute) -> Option<bool>) -> bool {
        let moving = &self.settings.rollback.moving;
        let newest = self.oci.back(0, moving.cooldown_minutes + moving.metric_lag_minutes).rev();
        let known = newest.filter(|minute| minute.calls() > 0).filter_map(is_bad);
        let known: Vec<bool> = known.take(moving.clear_minutes as usize).collect();
        known.len() == moving.clear_minutes as usize && !known.contains(&true)
    }

    /// Whether there have been no calls for so long, beyond the lag that metrics have. Before the first look so much
    /// time has to pass too.
    pub(super) fn is_silent(&self, minutes: u32, state: &TenantState) -> bool {
        let silence = match state.heard_at {
            Some(heard) => self.oci.since(heard),
            None => self.now.duration_since(state.first_at.unwrap_or(self.now)),
        };
        silence >= self.beyond_lag(minutes)
    }

    /// The same of AWS, from the moment on from which it has had to serve.
    pub(super) fn is_silent_on_aws(&self, minutes: u32, state: &TenantState) -> bool {
        let since = state.serving.map(|serving| serving.since).or(state.first_at).unwrap_or(self.now);
        let since = self.now.duration_since(since);
        let silence = state.heard_on_aws_at.map_or(since, |heard| self.oci.since(heard).min(since));
        silence >= self.beyond_lag(minutes)
    }

    /// Whether calls could not be read now and were heard of a short time ago: what was decided then still holds.
    pub(super) fn is_unread(&self, cloud: Cloud, state: &TenantState) -> bool {
        let (is_missing, heard, longest) = match cloud {
            Cloud::Oci => (self.input.oci.is_empty(), state.heard_at, READ),
            Cloud::Aws => {
                let minutes = self.settings.rollback.moving.no_data_minutes;
                (self.input.aws.is_none(), state.heard_on_aws_at, self.beyond_lag(minutes))
            }
        };
        is_missing && heard.is_some_and(|heard| self.oci.since(heard) < longest)
    }

    /// What was decided before, where that can hold without new readings.
    pub(super) fn as_before(&self, state: &TenantState) -> Decision {
        let before = state.decision.filter(|decision| !matches!(decision, Decision::Rollback(_)));
        before.unwrap_or(Decision::Unknown(Reason::NoData))
    }

    /// Whether AWS had no calls in that time either, as far as anybody knows. Calls that were heard of and could not be
    /// read now are no absence of calls.
    pub(super) fn has_no_calls_on_aws(&self, state: &TenantState) -> bool {
        let moving = &self.settings.rollback.moving;
        let span = moving.no_data_minutes + moving.metric_lag_minutes;
        let none = |aws: &Series| Pool::of(aws.back(0, span)).calls == 0;
        self.aws.as_ref().map_or_else(|| !self.is_unread(Cloud::Aws, state), none)
    }

    fn beyond_lag(&self, minutes: u32) -> SignedDuration {
        SignedDuration::from_mins(i64::from(minutes + self.settings.rollback.moving.metric_lag_minutes))
    }
}
