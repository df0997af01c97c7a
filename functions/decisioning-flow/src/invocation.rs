//! One invocation of the flow: take the run, carry it on, give it back.

use bytes::Bytes;
use causeway_cloud::invoker::{Call, Outcome};
use causeway_cloud::state::lease::{Acquired, Lease};
use causeway_resilience::{Deadline, ServiceFailure};
use causeway_runtime::{Context, Error, Handler, Kind};
use jiff::Timestamp;
use serde_json::json;

use crate::agents::Caller;
use crate::begin::{Beginning, Found};
use crate::drive::{Drive, Reached, beating};
use crate::failure::of_state;
use crate::flow::Flow;
use crate::report::{FlowResult, document, reply, run_result, so_far};
use crate::run::Answers;
use crate::time::Time;
use crate::{DecisioningFlow, HAND_OVER, Reply, Request};

/// How a run stands at the end of an invocation.
enum Stands {
    /// Its document.
    Finished(Bytes),
    /// What there is of it; the rest is for another invocation.
    Deferred(Box<FlowResult>),
}

impl DecisioningFlow {
    /// Begins a run, resumes it, or answers with its result.
    pub(crate) async fn carry_on(&self, request: &Request, context: &Context) -> Result<Reply, Error> {
        let time = Time::new(self.clock.clone());
        let name = request.name(context);
        let found = match &name {
            Some(run_id) => self.known(request, run_id).await?,
            None => None,
        };
        // Before anything is written: what cannot be carried out leaves nothing behind.
        let beginning = match &found {
            Some(_) => None,
            None => Some(self.begin(request).await?),
        };
        let run_id = match name {
            Some(run_id) => run_id,
            None => self.new_name(request, context, &time).await?,
        };
        if found.is_some_and(|found| found.state.is_finished) {
            return self.replay(&run_id).await;
        }
        let mut lease = self.take(request, &run_id, context, &time).await?;
        let stands = self.work(request, &run_id, beginning, &mut lease, context, &time).await;
        if let Err(error) = lease.release(self.store.documents()).await {
            tracing::warn!(%error, "the lease could not be given back; it runs out by itself");
        }
        match stands? {
            Stands::Finished(document) => {
                self.remove_old_once_a_day(&time, context.budget.deadline()).await;
                self.reply(&document, &run_id)
            }
            Stands::Deferred(result) => self.hand_over(*result, request, &run_id, context).await,
        }
    }

    /// The same bytes as before.
    async fn replay(&self, run_id: &str) -> Result<Reply, Error> {
        let kept = self.store.read(&self.store.final_name(run_id)).await.map_err(of_state)?;
        match kept {
            Some(document) => self.reply(&document, run_id),
            None => Err(Error::client(
                410,
                "result_expired",
                format!("the result of the run {run_id} is not kept any more"),
            )),
        }
    }

    fn reply(&self, document: &Bytes, run_id: &str) -> Result<Reply, Error> {
        let object = self.store.final_name(run_id);
        let text = reply(document, self.config.max_reply_bytes, &object).map_err(unwritable)?;
        Ok(Reply(text))
    }

    /// Takes the run. A continuation waits for the invocation that called it; everybody else is told who has it.
    async fn take(&self, request: &Request, run_id: &str, context: &Context, time: &Time) -> Result<Lease, Error> {
        let owner = format!("{} {}", Self::NAME, context.request_id);
        let gives_up = time.deadline_at(time.unix_millis().saturating_add(HAND_OVER.as_millis() as u64));
        let gives_up = gives_up.earlier(context.budget.deadline());
        loop {
            let taken = self.store.take(run_id, &owner, self.config.lease).await.map_err(of_state)?;
            let (owner, until) = match taken {
                Acquired::Held(lease) => return Ok(lease),
                Acquired::Busy { owner, expires_unix_ms } => (owner, expires_unix_ms),
            };
            let wait = std::time::Duration::from_millis(until.saturating_sub(time.unix_millis()) + 1);
            let may_wait =
                request.is_continuation && gives_up.remaining(time.instant()).is_some_and(|left| wait < left);
            if !may_wait {
                return Err(busy(run_id, &owner, until));
            }
            time.sleep(wait).await;
        }
    }

    async fn work(
        &self,
        request: &Request,
        run_id: &str,
        beginning: Option<Beginning>,
        lease: &mut Lease,
        context: &Context,
        time: &Time,
    ) -> Result<Stands, Error> {
        // Read again: what was read without the lease may be old.
        let Found { mut state, version } = match self.known(request, run_id).await? {
            Some(found) => found,
            None => {
                let beginning = match beginning {
                    Some(beginning) => beginning,
                    None => self.begin(request).await?,
                };
                self.store.open(run_id, beginning.retention_days).await.map_err(of_state)?;
                Found { state: beginning.state(run_id, time), version: None }
            }
        };
        let name = self.store.final_name(run_id);
        if state.is_finished
            && let Some(kept) = self.store.read(&name).await.map_err(of_state)?
        {
            return Ok(Stands::Finished(kept));
        }
        state.resume(time.unix_millis());
        let whole = Flow::read(&state.flow).map_err(|error| Error::internal("stored_flow", error.to_string()))?;
        let flow = whole.for_analysis(state.asked.analysis_type);
        let flow = flow.ok_or_else(|| Error::internal("stored_flow", "the stored flow has no agents"))?;
        let stop = context.budget.deadline();
        let mut drive = Drive {
            store: &self.store,
            caller: self.caller(time, stop, context),
            flow: &flow,
            epoch: lease.epoch(),
            lease_time: self.config.lease,
            shortest_call: self.config.shortest_call,
            max_request_bytes: self.config.max_request_bytes,
            max_invocations: self.config.max_invocations,
            state,
            version,
            answers: Answers::new(),
        };
        match drive.run(lease).await? {
            Reached::End => {
                // What is left of the time beyond four fifths is for this.
                let last = Deadline::within(time.instant(), context.budget.remaining());
                self.finish(&mut drive, lease, last).await.map(Stands::Finished)
            }
            Reached::Deferred => Ok(Stands::Deferred(Box::new(so_far(&flow, &drive.state, &drive.answers)))),
        }
    }

    fn caller(&self, time: &Time, stop: Deadline, context: &Context) -> Caller {
        Caller {
            invoker: self.invoker.clone(),
            time: time.clone(),
            first_wait: self.config.first_wait,
            random: self.random,
            stop,
            traceparent: context.trace.traceparent.clone(),
        }
    }

    /// Writes the document down, then wherever it belongs, then that all is done: whatever comes in between, the next
    /// invocation finds the document and goes on from there.
    async fn finish(&self, drive: &mut Drive<'_>, lease: &mut Lease, last: Deadline) -> Result<Bytes, Error> {
        let text = document(drive.flow, &drive.state, &drive.answers, self.config.health_as).map_err(unwritable)?;
        // They are large, and the document has them.
        drive.answers.clear();
        let name = self.store.final_name(&drive.state.run_id);
        let stored = self.keep_and_store(&name, text, last);
        let kept = beating(stored, lease, self.config.lease, &drive.caller, &self.store).await??;
        drive.state.is_finished = true;
        drive.save().await?;
        if let Err(error) = self.store.close(&drive.state.run_id).await {
            tracing::warn!(%error, "the sign of an open run stays until the next sweep");
        }
        Ok(kept)
    }

    async fn keep_and_store(&self, name: &str, text: Bytes, last: Deadline) -> Result<Bytes, Error> {
        let kept = self.store.keep(name, text).await.map_err(of_state)?;
        let result = run_result(&kept).map_err(unwritable)?;
        let hidden = |failure: ServiceFailure| {
            tracing::error!(
                object = name,
                "the run is finished and its document kept; it could not be stored as a result"
            );
            Error::from(failure).at(name)
        };
        self.results.store(&result, last).await.map_err(hidden)?;
        Ok(kept)
    }

    /// Asks for the next invocation and answers with what there is. Where the platform is the only one that hears of it,
    /// a failure to ask is one of the call, which it repeats.
    async fn hand_over(
        &self,
        mut result: FlowResult,
        request: &Request,
        run_id: &str,
        context: &Context,
    ) -> Result<Reply, Error> {
        let is_continued = self.ask_to_continue(run_id, context).await;
        if !is_continued && is_repeated(request, context) {
            return Err(Error::upstream(Self::NAME, None, "not_continued").at(self.store.stages_name(run_id)));
        }
        result.workflow_run.is_continued = Some(is_continued);
        let document = serde_json::to_vec(&result).map_err(unwritable)?.into();
        let parts = self.store.stages_name(run_id);
        Ok(Reply(reply(&document, self.config.max_reply_bytes, &parts).map_err(unwritable)?))
    }

    /// Calls this function for a run, without waiting for it; whether the platform has taken the call.
    pub(crate) async fn ask_to_continue(&self, run_id: &str, context: &Context) -> bool {
        let call = Call {
            payload: json!({"run_id": run_id, "continue": true}).to_string().into(),
            is_detached: true,
            is_idempotent: true,
            traceparent: context.trace.traceparent.clone(),
        };
        let deadline = Deadline::within(self.clock.instant(), context.budget.remaining());
        match self.invoker.invoke(Self::NAME, &call, deadline).await {
            Ok(Outcome::Accepted { .. } | Outcome::Answered { .. }) => return true,
            Ok(Outcome::Failed { code, .. }) => tracing::error!(code, run_id, "the run could not be continued"),
            Err(error) => tracing::error!(%error, run_id, "the run could not be continued"),
        }
        false
    }
}

/// Whether the answer reaches nobody but a platform that repeats a failed call, and the repetition is the same run.
fn is_repeated(request: &Request, context: &Context) -> bool {
    let is_unread = request.is_continuation || matches!(context.kind, Kind::Event | Kind::Tick | Kind::Batch);
    is_unread && request.name(context).is_some()
}

fn busy(run_id: &str, owner: &str, until_unix_ms: u64) -> Error {
    let until = i64::try_from(until_unix_ms).ok().and_then(|until| Timestamp::from_millisecond(until).ok());
    let until = until.map(|until| format!(" until {until} unless it goes on")).unwrap_or_default();
    Error::client(409, "run_in_progress", format!("the run {run_id} is being carried out by {owner}{until}"))
}

fn unwritable(error: serde_json::Error) -> Error {
    Error::internal("document", "the document cannot be written or read as JSON").with_source(error)
}
