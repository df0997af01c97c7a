//! Carrying a run on: decide, write down, call, keep, until it is finished or the invocation's time is up.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use causeway_cloud::state::lease::Lease;
use causeway_cloud::state::{StateError, Version};
use causeway_runtime::Error;
use futures_util::future::{Either, join_all, select};

use crate::agents::{Caller, End, request};
use crate::failure::of_state;
use crate::flow::Flow;
use crate::run::{Answer, Answers, Next, Order, Progress, RunState, advance};
use crate::store::RunStore;

/// A run in the hands of this invocation.
pub(crate) struct Drive<'a> {
    pub(crate) store: &'a RunStore,
    pub(crate) caller: Caller,
    /// The part of the flow that the analysis needs.
    pub(crate) flow: &'a Flow,
    /// Epoch of the lease under which the state is written.
    pub(crate) epoch: u64,
    pub(crate) lease_time: Duration,
    /// Calls are not begun with less time than this, unless nothing was done before.
    pub(crate) shortest_call: Duration,
    pub(crate) max_request_bytes: usize,
    /// After so many invocations a run is given up, so that one that never gets anywhere does not call itself for ever.
    pub(crate) max_invocations: u32,
    pub(crate) state: RunState,
    /// Version of the stored state; none before the first write.
    pub(crate) version: Option<Version>,
    pub(crate) answers: Answers,
}

/// How far an invocation came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reached {
    /// Every agent is settled.
    End,
    /// The time of the invocation is up, and agents are left.
    Deferred,
}

impl Drive<'_> {
    /// Carries the run on.
    ///
    /// # Errors
    /// The store's, or 409 when somebody else has taken the run over. What was done so far is kept.
    pub(crate) async fn run(&mut self, lease: &mut Lease) -> Result<Reached, Error> {
        self.load().await?;
        self.give_up_if_endless();
        let mut is_first = true;
        loop {
            let (next, state) = advance(self.flow, &self.state, &self.answers, self.caller.time.unix_millis());
            self.state = state;
            // Before the end too: an agent that failed has failed, whatever a later invocation would find.
            self.save().await?;
            let Next::Call(orders) = next else { return Ok(Reached::End) };
            if !is_first && self.is_late() {
                return Ok(Reached::Deferred);
            }
            is_first = false;
            if self.call_all(&orders, lease).await? {
                self.save().await?;
                return Ok(Reached::Deferred);
            }
        }
    }

    /// Writes the state under the lease.
    pub(crate) async fn save(&mut self) -> Result<(), Error> {
        self.state.written_unix_ms = self.caller.time.unix_millis();
        let written = self.store.write(&self.state, self.version.as_ref(), self.epoch).await;
        self.version = Some(written.map_err(of_state)?);
        Ok(())
    }

    /// Results of earlier invocations, also of one that died before it wrote down that it had them. One that is gone was
    /// removed by hand or by age; its agent works again.
    async fn load(&mut self) -> Result<(), Error> {
        for (stage, agent) in self.flow.agents_in_order() {
            let progress = self.state.agents.get(agent);
            if !matches!(progress, Some(Progress::Answered { .. } | Progress::Running { .. })) {
                continue;
            }
            let is_answered = !matches!(progress, Some(Progress::Running { .. }));
            let name = self.store.result_name(&self.state.run_id, &stage.name, agent);
            match self.store.read(&name).await.map_err(of_state)? {
                Some(bytes) => self.answered(agent, &bytes)?,
                None if is_answered => drop(self.state.agents.remove(agent)),
                None => {}
            }
        }
        Ok(())
    }

    fn answered(&mut self, agent: &str, bytes: &Bytes) -> Result<(), Error> {
        let answer = read(bytes, self.flow)?;
        self.state.agents.insert(agent.to_owned(), Progress::Answered { status: answer.status });
        self.answers.insert(agent.to_owned(), answer);
        Ok(())
    }

    fn give_up_if_endless(&mut self) {
        if self.state.invocations <= self.max_invocations {
            return;
        }
        let at_unix_ms = self.caller.time.unix_millis();
        let message = format!("the run was not finished after {} invocations", self.max_invocations);
        for (_, agent) in self.flow.agents_in_order() {
            if !self.state.is_settled(agent) {
                let code = "too_many_invocations".to_owned();
                let failed = Progress::Failed { code, message: message.clone(), at_unix_ms };
                self.state.agents.insert(agent.to_owned(), failed);
            }
        }
    }

    fn is_late(&self) -> bool {
        let left = self.caller.stop.remaining(self.caller.time.instant());
        left.is_some_and(|left| left < self.shortest_call)
    }

    /// Calls the agents at the same time and takes down what came of it; whether any was cut.
    async fn call_all(&mut self, orders: &[Order], lease: &mut Lease) -> Result<bool, Error> {
        let calls = join_all(orders.iter().map(|order| self.call(order)));
        let ends = beating(calls, lease, self.lease_time, &self.caller, self.store).await?;
        let mut is_cut = false;
        for (order, end) in orders.iter().zip(ends) {
            let end = end?;
            is_cut |= matches!(end, End::Cut { .. });
            self.settle(order, end)?;
        }
        Ok(is_cut)
    }

    /// One agent. Its result is kept before anything else happens, so that no later fault makes it work again.
    async fn call(&self, order: &Order) -> Result<End, Error> {
        let name = self.store.result_name(&self.state.run_id, &order.stage, &order.agent);
        let agent = self.flow.agents.get(&order.agent);
        let agent = agent.ok_or_else(|| Error::internal("unknown_agent", order.agent.clone()))?;
        let object_of = |from: &str| {
            let stage = self.flow.agents_in_order().find(|(_, agent)| *agent == from).map(|(stage, _)| &stage.name);
            stage.map_or_else(String::new, |stage| self.store.result_name(&self.state.run_id, stage, from))
        };
        let payload = request(self.flow, agent, order, &self.state, &self.answers, &object_of, self.max_request_bytes);
        let payload = payload.map_err(|error| Error::internal("request", error.to_string()))?;
        match self.caller.call(self.flow, &agent.function, &payload, order).await {
            End::Answered(body) => Ok(End::Answered(self.store.keep(&name, body).await.map_err(of_state)?)),
            other => Ok(other),
        }
    }

    fn settle(&mut self, order: &Order, end: End) -> Result<(), Error> {
        let progress = match end {
            End::Answered(bytes) => return self.answered(&order.agent, &bytes),
            End::Failed { code, message } => {
                tracing::error!(agent = order.agent, code, message, "agent failed");
                Progress::Failed { code, message, at_unix_ms: self.caller.time.unix_millis() }
            }
            End::Cut { failed_tries } => self.running(order, failed_tries),
        };
        self.state.agents.insert(order.agent.clone(), progress);
        Ok(())
    }

    fn running(&self, order: &Order, failed_now: u32) -> Progress {
        match self.state.agents.get(&order.agent) {
            Some(Progress::Running { since_unix_ms, failed_tries }) => Progress::Running {
                since_unix_ms: *since_unix_ms,
                failed_tries: failed_tries.saturating_add(failed_now),
            },
            _ => Progress::Running { since_unix_ms: self.caller.time.unix_millis(), failed_tries: failed_now },
        }
    }
}

fn read(bytes: &Bytes, flow: &Flow) -> Result<Answer, Error> {
    Answer::read(bytes, flow.accepts_partial)
        .map_err(|error| Error::internal("stored_result", format!("a stored result cannot be read: {error:?}")))
}

/// Holds the lease while `work` goes on: renews it at each third of its time, counted from the beginning of the last
/// renewal. A store that fails is asked again at the next third; a lease that is lost ends the work. Work that is done
/// does not wait for a renewal: that one is cut.
pub(crate) async fn beating<T>(
    work: impl Future<Output = T>,
    lease: &mut Lease,
    time: Duration,
    caller: &Caller,
    store: &RunStore,
) -> Result<T, Error> {
    let mut work = pin!(work);
    let mut last = caller.time.instant();
    loop {
        let since = caller.time.instant().saturating_duration_since(last);
        let beat = pin!(caller.time.sleep((time / 3).saturating_sub(since)));
        if let Either::Left((outcome, _)) = select(work.as_mut(), beat).await {
            return Ok(outcome);
        }
        last = caller.time.instant();
        let renewal = pin!(lease.renew(store.documents(), time));
        match select(work.as_mut(), renewal).await {
            Either::Left((outcome, _)) => return Ok(outcome),
            Either::Right((Ok(()), _)) => {}
            Either::Right((Err(error @ (StateError::Conflict(_) | StateError::Fenced { .. })), _)) => {
                return Err(of_state(error));
            }
            Either::Right((Err(error), _)) => tracing::warn!(%error, "the lease could not be renewed"),
        }
    }
}
