//! A run that writes and tells: it claims what is to be told, tells it, marks it, and leaves its report.

use causeway_resilience::ServiceFailure;
use causeway_resilience::service::Kind;
use causeway_runtime::{Error, until};

use super::store::{Store, Taken};
use super::tell::{self, Tell, Told};
use super::{Gathered, NO_TIME, Tick, now};
use crate::alerts::AlertState;
use crate::assess::{Assessed, State};
use crate::reply::{Outcome, Reply};
use crate::report::Report;

/// One time from claim to mark.
struct Round {
    report: Report,
    /// What it found.
    previous: State,
    /// What it left.
    state: State,
    told: Vec<Told>,
    /// Whether that is written down.
    marked: Result<(), String>,
    quarantined: Vec<String>,
    problem: Option<String>,
}

impl Tick<'_> {
    /// Claims what is to be told, tells it, and leaves the report.
    pub(super) async fn told(&self, mut gathered: Gathered) -> Result<Reply, Error> {
        let history = self.history();
        let store = Store { documents: &self.owner.documents, history: &history, deadline: self.deadline };
        let mut round = self.round(&store, &gathered).await?;
        let mut reply = self.reply(&gathered, round.report.clone(), false);
        reply.warnings.extend(round.problem.take());
        reply.quarantined = std::mem::take(&mut round.quarantined);
        note(&round, &mut reply);
        let mut state = round.state;
        if round.told.iter().any(Told::is_older_than_state) {
            state = self.again(&store, &gathered, &mut reply).await.unwrap_or(state);
        }
        gathered.recorded.previous = round.previous;
        // After the telling, so that it says what became of it.
        let kept = reply.clone().finished();
        let written = until(self.deadline, history.write(&kept, &state, &gathered.recorded)).await;
        match written.map_or_else(|| Err(NO_TIME.to_owned()), |done| done.map_err(|error| error.to_string())) {
            Ok(name) => reply.history = Some(name),
            Err(error) => {
                tracing::error!(error, "the report was not kept");
                reply.warnings.push(format!("the history was not written: {error}"));
            }
        }
        Ok(self.published(reply).await)
    }

    async fn round(&self, store: &Store<'_>, gathered: &Gathered) -> Result<Round, ServiceFailure> {
        let taken = until(self.deadline, store.take(self.now, |state| self.assess(gathered, state))).await;
        let Taken { previous, assessed, at, quarantined, problem } = taken.ok_or_else(late)??;
        let Assessed { report, mut state, publish } = assessed;
        let tell = Tell { channel: self.owner.alerts.as_ref(), deadline: self.tell_until() };
        let mut told = tell.all(&publish, &report).await;
        tell.remember(&mut told, &state.alerts, self.now).await;
        let mut marked = Ok(());
        if !told.is_empty() {
            let now = now(self.owner.clock.as_ref()).unwrap_or(self.now);
            let mark = |alerts: &mut AlertState| tell::mark(alerts, &told, now);
            let done = until(self.deadline, store.mark(&at, &state, mark)).await;
            marked = done.map_or_else(|| Err(NO_TIME.to_owned()), |done| done.map_err(|error| error.to_string()));
            mark(&mut state.alerts);
        }
        Ok(Round { report, previous, state, told, marked, quarantined, problem })
    }

    /// Once more, of a state that has caught up with what was told. What it leaves.
    async fn again(&self, store: &Store<'_>, gathered: &Gathered, reply: &mut Reply) -> Option<State> {
        match self.round(store, gathered).await {
            Ok(round) => {
                note(&round, reply);
                reply.report.alerts.extend(round.report.alerts);
                reply.report.held_back = round.report.held_back;
                Some(round.state)
            }
            Err(error) => {
                reply.warnings.push(format!("what else is due is left to the next run: {error}"));
                None
            }
        }
    }
}

fn late() -> ServiceFailure {
    ServiceFailure::new(Kind::Timeout, "state", "update", NO_TIME).with_unknown_effect(true)
}

/// What became of the alerts, and whether it is written down.
fn note(round: &Round, reply: &mut Reply) {
    if let Err(error) = &round.marked {
        tracing::warn!(error, "what became of alerts was not written; their keys tell");
        reply.warnings.push(format!("what became of the alerts was not written: {error}"));
    }
    let older = round.told.iter().filter(|told| told.is_older_than_state()).count();
    if older > 0 {
        reply.warnings.push(format!("{older} alerts had been sent before and the state did not know: it was lost"));
    }
    let is_left = |outcome| matches!(outcome, Outcome::Failed | Outcome::Unknown);
    for published in round.told.iter().map(|told| &told.published) {
        if is_left(published.outcome) {
            reply.deferred.push(format!("alert {}", published.key));
        }
        reply.published.push(published.clone());
    }
}
