//! Asking the cloud for the changes that were decided.

use causeway_cloud::Fleet;
use causeway_cloud::fleet::{MachineState, RESTART_NEEDED, Resize};
use causeway_resilience::ServiceFailure;
use causeway_resilience::service::Kind;

use super::at_once::at_once;
use super::machines::Reads;
use super::patience::{Patience, is_capacity, is_quota};
use crate::decide::Action;
use crate::state::Answer;

/// Longest text of a refusal that is kept, in characters.
const MAX_TEXT: usize = 200;

/// Sends changes, in order, some at a time.
pub(crate) struct Carry<'a> {
    pub(crate) fleet: &'a dyn Fleet,
    pub(crate) patience: &'a Patience<'a>,
    pub(crate) concurrency: usize,
}

impl Carry<'_> {
    /// What became of each action, in the order of the actions. Those that the time does not reach are
    /// [`Answer::NotSent`].
    pub(crate) async fn out(&self, actions: &[Action]) -> Vec<Answer> {
        at_once(actions.iter().map(|action| self.one(action)).collect(), self.concurrency).await
    }

    async fn one(&self, action: &Action) -> Answer {
        if self.patience.is_over() {
            return Answer::NotSent;
        }
        // Without an etag nobody knows what would be changed.
        if action.if_match.is_none() {
            return self.unseen(action).await;
        }
        let resize = Resize {
            id: action.id.clone(),
            size: action.to,
            baseline: action.baseline.clone(),
            if_match: action.if_match.clone(),
            retry_token: Some(action.retry_token.clone()),
            may_restart: action.may_restart,
        };
        match self.patience.call(|deadline| self.fleet.resize(&resize, deadline)).await {
            Ok(accepted) => Answer::Accepted { work: accepted.work },
            Err(failure) => {
                let id = &action.id;
                tracing::warn!(%failure, id, request_id = failure.request_id(), "a resize was not accepted");
                self.meaning(action, &failure).await
            }
        }
    }

    async fn meaning(&self, action: &Action, failure: &ServiceFailure) -> Answer {
        if is_capacity(failure) && !failure.may_have_happened() {
            return Answer::NoCapacity { is_quota: is_quota(failure) };
        }
        match failure.kind() {
            Kind::NotFound => self.gone_or_denied(action, failure).await,
            // The token was taken once, and then the machine was changed again: like an etag that does not fit.
            Kind::Conflict if failure.status() == Some(412) || failure.code() == Some("InvalidatedRetryToken") => {
                self.changed(action, failure).await
            }
            // An earlier try may have done it, whatever the last one says: a machine can be busy with this very change.
            _ if failure.may_have_happened() => Answer::Unknown,
            Kind::Conflict => self.busy_or_unwilling(action).await,
            Kind::Invalid if failure.code() == Some(RESTART_NEEDED) => Answer::NeedsReboot,
            // Credentials that are not taken for a while say nothing about the machine.
            Kind::Unauthenticated | Kind::Throttled | Kind::Unavailable | Kind::Timeout => Answer::NotSent,
            _ => refused(failure),
        }
    }

    /// A machine that was listed and could not be looked at: one that is not to be read can never be changed.
    async fn unseen(&self, action: &Action) -> Answer {
        match self.patience.call(|deadline| self.fleet.machine(&action.id, deadline)).await {
            Err(failure) if failure.kind() == Kind::NotFound => hidden(&failure),
            _ => Answer::NotSent,
        }
    }

    /// 404 is said of a machine that is not there, and of one that the caller may not change (Oracle's page "API
    /// Errors": `NotAuthorizedOrNotFound`).
    async fn gone_or_denied(&self, action: &Action, failure: &ServiceFailure) -> Answer {
        match self.reads().machine(&action.id).await {
            Ok(Some(machine)) if is_over(&machine.state) => Answer::Gone,
            _ if failure.may_have_happened() => Answer::Unknown,
            Ok(None) => hidden(failure),
            _ => refused(failure),
        }
    }

    async fn changed(&self, action: &Action, failure: &ServiceFailure) -> Answer {
        let machine = self.reads().machine(&action.id).await.ok().flatten();
        let is_settled = machine.as_ref().is_some_and(|machine| machine.state == MachineState::Running);
        let now = machine.and_then(|machine| machine.size);
        Answer::Changed { now, may_be_ours: failure.may_have_happened(), is_settled }
    }

    /// 409 is said to a machine that is on its way to another state, and to one that runs and would have to be
    /// restarted. Its text is not documented, so the machine's state tells, and what a later tick is told.
    async fn busy_or_unwilling(&self, action: &Action) -> Answer {
        if action.may_restart {
            return Answer::Busy;
        }
        match self.reads().machine(&action.id).await {
            Ok(Some(machine)) if machine.state == MachineState::Running => Answer::Conflict,
            _ => Answer::Busy,
        }
    }

    fn reads(&self) -> Reads<'_> {
        Reads { fleet: self.fleet, patience: self.patience, concurrency: 1 }
    }
}

fn is_over(state: &MachineState) -> bool {
    matches!(state, MachineState::Terminating | MachineState::Terminated)
}

fn refused(failure: &ServiceFailure) -> Answer {
    Answer::Refused { text: told(failure) }
}

fn hidden(failure: &ServiceFailure) -> Answer {
    Answer::Hidden { text: told(failure) }
}

fn told(failure: &ServiceFailure) -> String {
    let code = failure.code().unwrap_or(failure.kind().name());
    let text: String = failure.reason().chars().filter(|each| !each.is_control()).take(MAX_TEXT).collect();
    format!("{code}: {text}")
}

/// A stable word for what became of a change.
pub(crate) fn name(answer: &Answer) -> &'static str {
    match answer {
        Answer::Accepted { .. } => "accepted",
        Answer::Changed { .. } => "changed",
        Answer::NoCapacity { .. } => "no_capacity",
        Answer::NeedsReboot => "needs_reboot",
        Answer::Conflict => "conflict",
        Answer::Busy => "busy",
        Answer::Gone => "gone",
        Answer::Hidden { .. } => "hidden",
        Answer::Refused { .. } => "refused",
        Answer::Unknown => "unknown",
        Answer::NotSent => "not_sent",
    }
}

#[cfg(test)]
mod tests;
