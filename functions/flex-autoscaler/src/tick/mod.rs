//! One look at the fleet: take the lease, read, decide, write down what is intended, ask for it, write down what came
//! of it.
//!
//! Changes are written into the state before they are sent, each with the token by which the service recognises a
//! repetition. Wherever a tick dies, the next one finds the intention and sends it again, and the machine changes
//! once. What there is no time for is deferred and comes first at the next tick.

mod at_once;
mod audit;
mod carry;
mod correct;
mod gather;
mod look;
mod machines;
mod measure;
mod notices;
mod patience;
mod points;
mod readings;
mod recall;
mod store;
mod take;
mod tell;

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use causeway_cloud::fleet::MachineState;
use causeway_cloud::object_store::{self, ObjectStoreExt};
use causeway_cloud::state::lease::Lease;
use causeway_cloud::state::{Clock, StateError};
use causeway_cloud::{Fleet, Metrics, object_path};
use causeway_resilience::{Deadline, ServiceFailure};
use causeway_runtime::{Context, Error};
use futures_util::future::{Either, join, join3, select, try_join};
use jiff::Timestamp;

use carry::Carry;
use correct::correct;
use gather::{Gather, Gathered};
use patience::Patience;
use store::{Loaded, Store};

use crate::config::PolicyFrom;
use crate::decide::{Action, Alerts, Outcome};
use crate::handler::FlexAutoscaler;
use crate::input::{Inputs, Instance};
use crate::policy::{Effective, Mode, Policy};
use crate::policy_document::{self, MAX_POLICY_BYTES};
use crate::record::Alert;
use crate::reply::{Busy, Reply, Resized, Status};
use crate::request::{Request, Target};
use crate::state::{Answer, Memory, State, StateRead};

/// How long people are told what was found, and then how long figures are published.
const AFTERWARDS: Duration = Duration::from_secs(20);
/// Decisions of a reply.
const MAX_DECISIONS: usize = 2_000;

/// One tick.
pub(crate) struct Tick<'a> {
    owner: &'a FlexAutoscaler,
    fleet: &'a dyn Fleet,
    metrics: &'a dyn Metrics,
    policy: Policy,
    target: Target,
    patience: Patience<'a>,
    began: Instant,
    /// When the invocation ends, less what the reply needs.
    end: Deadline,
}

/// Why a tick ends before it has decided.
enum Stop {
    Busy(Busy),
    Failed(Error),
}

/// What a tick has read and what it has written so far.
struct Work {
    store: Store,
    inputs: Inputs,
    reply: Reply,
    /// Documents of the state that are not there or cannot be read.
    lost: Vec<String>,
}

impl FlexAutoscaler {
    /// Carries out a request.
    ///
    /// # Errors
    /// 400 for a request that is wrong, else the failure of the service without which nothing could be decided. What
    /// was done until then is in the state.
    pub(crate) async fn tick(&self, request: &Request, context: &Context) -> Result<Reply, Error> {
        let began = Instant::now();
        if self.config.mode == Some(Mode::Off) {
            request.mode.map_or(Ok(Mode::Off), |asked| lesser(asked, Mode::Off))?;
            request.target(&self.config.scope)?;
            return Ok(Reply::nothing(Status::Off));
        }
        let policy = self.policy().await?;
        let mode = self.config.mode.unwrap_or(policy.mode);
        let mode = request.mode.map_or(Ok(mode), |asked| lesser(asked, mode))?;
        let target = request.target(&self.config.scope)?;
        if mode == Mode::Off {
            return Ok(Reply::nothing(Status::Off));
        }
        let services = self.services()?;
        let latest = Deadline::within(began, Some(self.config.stop_after));
        let deadline = context.budget.deadline().earlier(latest);
        let patience = Patience { clock: self.clock.as_ref(), random: self.random, deadline };
        let (fleet, metrics) = (services.fleet.as_ref(), services.metrics.as_ref());
        let policy = Policy { mode, ..policy };
        let kept_back = |left: Duration| Duration::from_secs(2).min(left / 5);
        let left = context.budget.remaining().map(|left| left.saturating_sub(kept_back(left)));
        let end = Deadline::within(Instant::now(), left);
        let tick = Tick { owner: self, fleet, metrics, policy, target, patience, began, end };
        let reply = if mode == Mode::DryRun { tick.dry().await? } else { tick.leased(&context.request_id).await? };
        measure::record(&context.metrics, &reply, began.elapsed());
        Ok(reply.shortened(MAX_DECISIONS))
    }

    /// The policy of this tick.
    async fn policy(&self) -> Result<Policy, Error> {
        let name = match &self.config.policy {
            PolicyFrom::Here(policy) => return Ok(Policy::clone(policy)),
            PolicyFrom::Object(name) => name,
        };
        let wrong = |text: String| Error::internal("invalid_policy", format!("{name}: {text}"));
        let path = object_path(name).map_err(|error| wrong(error.to_string()))?;
        let failed = |error| Error::upstream("objects", None, "policy_unreadable").with_source(error);
        let found = self.objects.get(&path).await.map_err(failed)?;
        if found.meta.size > MAX_POLICY_BYTES as u64 {
            return Err(wrong(format!("is longer than {MAX_POLICY_BYTES} bytes")));
        }
        let bytes = found.bytes().await.map_err(failed)?;
        let text = std::str::from_utf8(&bytes).map_err(|error| wrong(error.to_string()))?;
        policy_document::read(text).map_err(|problems| wrong(policy_document::told(&problems)))
    }
}

/// The mode that a request asks for, when it does no more than the deployment's.
fn lesser(asked: Mode, own: Mode) -> Result<Mode, Error> {
    let rank = |mode| match mode {
        Mode::Off => 0,
        Mode::DryRun => 1,
        Mode::Recommend => 2,
        Mode::Enforce => 3,
    };
    if rank(asked) <= rank(own) {
        return Ok(asked);
    }
    let text = "a request can ask for less than the deployment does (off, dry_run, recommend, enforce), not for more";
    Err(Error::client(403, "mode_not_allowed", text).at("mode"))
}

impl Tick<'_> {
    /// Reads and decides, and writes nothing anywhere.
    async fn dry(&self) -> Result<Reply, Error> {
        let now = now(self.owner.clock.as_ref())?;
        let (loaded, gathered) = try_join(self.load(), self.gather().all(&self.policy, now)).await?;
        let mut work = self.put_together(loaded, gathered, now).await;
        let outcome = self.decided_dry(&mut work).await;
        Ok(finished(Reply { record: Some(outcome.record), ..work.reply }))
    }

    /// The tick under the lease. The fleet is read while the lease is asked for; when somebody else has it, the
    /// reading ends there.
    async fn leased(&self, owner: &str) -> Result<Reply, Error> {
        let now = now(self.owner.clock.as_ref())?;
        let reading = async { self.gather().all(&self.policy, now).await.map_err(Stop::Failed) };
        let mut held = None;
        let taken = async {
            held = Some(self.take(owner).await.map_err(Stop::Failed)?.map_err(Stop::Busy)?);
            self.load().await.map_err(Stop::Failed)
        };
        let read = both(taken, reading).await;
        let outcome = match (read, held.as_mut()) {
            (Ok((loaded, gathered)), Some(lease)) => self.held(loaded, gathered, now, lease).await,
            (Err(Stop::Busy(busy)), _) => Ok(self.busy(busy).await),
            (Err(Stop::Failed(error)), _) => Err(error),
            (Ok(_), None) => Err(Error::internal("no_lease", "the state was read without the lease")),
        };
        let released = async {
            if let Some(lease) = held
                && let Err(error) = lease.release(&self.owner.documents).await
            {
                tracing::warn!(%error, "the lease was not given back; it runs out by itself");
            }
        };
        let published = async {
            match outcome {
                Ok(reply) => Ok(self.published(reply).await),
                failed => failed,
            }
        };
        join(released, published).await.1
    }

    /// For what comes after the work: people and figures are told also when the time for work is over.
    fn afterwards(&self) -> Deadline {
        Deadline::within(Instant::now(), Some(AFTERWARDS)).earlier(self.end)
    }

    async fn held(
        &self,
        loaded: (Store, Loaded),
        gathered: Gathered,
        now: Timestamp,
        lease: &mut Lease,
    ) -> Result<Reply, Error> {
        let mut work = self.put_together(loaded, gathered, now).await;
        if let StateRead::Present(state) = &work.inputs.state {
            work.reply.quarantined.extend(work.store.keep_doubtful(state, now).await.map_err(of_state)?);
        }
        let mut outcome = self.decided(&mut work).await;
        let before = work.inputs.state.present().cloned();
        // Of a state that is lost as a whole people are told by the rules.
        let parts: Vec<&String> = before.iter().flat_map(|_| &work.lost).collect();
        let losses = notices::lost_parts(&parts);
        let repeat_minutes = work.inputs.policy.alerts.repeat_minutes;
        outcome.record.alerts.extend(losses.tell(&mut outcome.state, now, repeat_minutes));
        let untold = |state: &mut State, alert: &Alert| state.alert_failed(&alert.topic, before.as_ref(), now);
        // A tick that dies before it has told what it found leaves that to the next one.
        let mut intended = outcome.state.clone();
        outcome.record.alerts.iter().for_each(|alert| untold(&mut intended, alert));
        let (saved, recorded) = join(work.store.save(&intended, lease), self.recorded(&work.inputs)).await;
        saved.map_err(of_state)?;
        match recorded {
            Ok(name) => work.reply.inputs = name,
            Err(problem) => work.reply.warnings.push(problem),
        }
        self.carry_out(&work.inputs, &mut outcome, &mut work.reply).await;
        let Outcome { record, mut state, .. } = outcome;
        let reply = finished(Reply { record: Some(record), ..work.reply });
        let alerts = reply.record.as_ref().map_or(&[][..], |record| &record.alerts);
        let told = tell::tell(self.owner.alerts.as_ref(), alerts, self.afterwards());
        // What was done is traced also when the state cannot be written. What has not changed since the intentions is
        // not written again.
        let trace = audit::write(&self.owner.objects, &self.owner.config.audit_prefix, &reply, &state);
        let mut done = state.clone();
        alerts.iter().for_each(|alert| untold(&mut done, alert));
        let (saved, unsent, written) = join3(work.store.save(&done, lease), told, trace).await;
        saved.map_err(of_state)?;
        unsent.iter().for_each(|topic| state.alert_failed(topic, before.as_ref(), now));
        let mut reply = reply;
        reply.warnings.extend(tell::untold(&unsent));
        // Only where there was something to tell it is another state than the one that was just written.
        work.store.save(&state, lease).await.map_err(of_state)?;
        Ok(traced(reply, written))
    }

    /// Leaves what the tick decides from, where that is asked for; the object's name.
    async fn recorded(&self, inputs: &Inputs) -> Result<Option<String>, String> {
        let config = &self.owner.config;
        if !config.records_inputs {
            return Ok(None);
        }
        let written = audit::record(&self.owner.objects, &config.audit_prefix, inputs).await;
        written.map(Some).map_err(|error| format!("the inputs were not recorded: {error}"))
    }

    async fn load(&self) -> Result<(Store, Loaded), Error> {
        let loaded = Store::load(self.owner.documents.clone(), Arc::clone(&self.owner.clock)).await;
        loaded.map_err(of_state)
    }

    /// Everything that a decision depends on, with what the state has lost or does not remember.
    async fn put_together(&self, (store, mut loaded): (Store, Loaded), mut gathered: Gathered, now: Timestamp) -> Work {
        gathered.warnings.extend(self.recall(&mut loaded, now).await);
        self.gather().look_back(&mut gathered, &loaded.state).await;
        let Loaded { mut state, quarantined, absent, lost, recalled } = loaded;
        let epoch = epoch(self.owner.clock.as_ref());
        let Gathered { mut instances, shapes, missing, mut warnings, .. } = gathered;
        warnings.extend(absent.iter().map(|key| format!("{key} of the state is gone")));
        // Of machines that have ended only those are news of which something is remembered.
        let is_known = |id: &str| state.present().is_some_and(|state| state.instances.contains_key(id));
        let is_over = |instance: &Instance| instance.state == MachineState::Terminated && !instance.gone;
        instances.retain(|instance| !is_over(instance) || is_known(&instance.id));
        if let StateRead::Present(state) = &mut state {
            let changed = recalled.iter().flat_map(Memory::ids).map(String::as_str);
            let ids = instances.iter().map(|instance| instance.id.as_str()).chain(changed);
            state.doubt(ids.filter(|id| lost.has(id)), recalled.as_ref(), now);
        }
        let (policy, spend, quotas) = (self.policy.clone(), BTreeMap::new(), Vec::new());
        let inputs = Inputs { now, epoch, policy, shapes, state, spend, quotas, instances };
        let lost = [quarantined.as_slice(), &absent].concat();
        let reply = Reply { missing, warnings, quarantined, ..Reply::nothing(Status::Ok) };
        Work { store, inputs, reply, lost }
    }

    fn gather(&self) -> Gather<'_> {
        let (fleet, metrics) = (self.fleet, self.metrics);
        Gather { fleet, metrics, patience: &self.patience, config: &self.owner.config, target: &self.target }
    }

    async fn carry_out(&self, inputs: &Inputs, outcome: &mut Outcome, reply: &mut Reply) {
        let carry = Carry { fleet: self.fleet, patience: &self.patience, concurrency: self.owner.config.concurrency };
        let answers = carry.out(&outcome.actions).await;
        let now = now(self.owner.clock.as_ref()).unwrap_or(inputs.now);
        let mut policies = Effective::new(&inputs.policy);
        let mut refusals = Alerts::default();
        for (action, answer) in outcome.actions.iter().zip(answers) {
            let instance = inputs.instances.iter().find(|instance| instance.id == action.id);
            let policy = instance.map(|instance| policies.of(instance));
            let policy = policy.as_deref().unwrap_or(&inputs.policy);
            if let Some(instance) = instance {
                outcome.state.learn(policy, instance, action, now, &answer);
            }
            if let Some(correction) = outcome.state.apply(policy, &action.id, now, &answer) {
                correct(&mut outcome.record, &action.id, correction);
            }
            if let Some(alert) = notices::refusal(instance, action, &answer) {
                refusals.add(alert);
            }
            reply.resizes.push(resized(action, answer));
        }
        let repeat_minutes = inputs.policy.alerts.repeat_minutes;
        outcome.record.alerts.extend(refusals.tell(&mut outcome.state, inputs.now, repeat_minutes));
    }

    /// Leaves the figures.
    async fn published(&self, mut reply: Reply) -> Reply {
        let Some(namespace) = &self.owner.config.published_namespace else { return reply };
        let (took, deadline) = (self.began.elapsed(), self.afterwards());
        reply.warnings.extend(measure::publish(self.metrics, namespace, &reply, took, deadline).await.err());
        finished(reply)
    }
}

/// What both bring. When the first fails the second ends there; when the second fails the first is finished, since the
/// lease that it takes would stay.
async fn both<T, U, E>(
    first: impl Future<Output = Result<T, E>>,
    second: impl Future<Output = Result<U, E>>,
) -> Result<(T, U), E> {
    match select(pin!(first), pin!(second)).await {
        Either::Left((first, second)) => Ok((first?, second.await?)),
        Either::Right((second, first)) => Ok((first.await?, second?)),
    }
}

/// The reply with the name of its trace. A trace that cannot be left does not undo what was done.
fn traced(mut reply: Reply, written: Result<Option<String>, object_store::Error>) -> Reply {
    match written {
        Ok(name) => reply.audit = name,
        Err(error) => {
            tracing::error!(%error, "the audit of the tick was not written");
            reply.warnings.push(format!("the audit was not written: {error}"));
        }
    }
    finished(reply)
}

fn resized(action: &Action, answer: Answer) -> Resized {
    let name = carry::name(&answer);
    let work = if let Answer::Accepted { work } = answer { work } else { None };
    Resized { id: action.id.clone(), from: action.from, to: action.to, answer: name, work }
}

/// Partial is not success, and unknown is not fine.
fn finished(mut reply: Reply) -> Reply {
    if reply.status != Status::Ok {
        return reply;
    }
    let is_partial = reply.record.as_ref().is_some_and(|record| record.partial || !record.policy_problems.is_empty());
    if is_partial || !reply.warnings.is_empty() || !reply.quarantined.is_empty() {
        reply.status = Status::Partial;
    }
    reply
}

/// Seconds since 1970. Grows with every holder of the lease, and does not begin anew when the lease is lost: tokens made of it are known to
/// the service for 24 hours, and one that is used again would be taken for a repetition.
fn epoch(clock: &dyn Clock) -> u64 {
    clock.unix_millis() / 1000
}

fn now(clock: &dyn Clock) -> Result<Timestamp, Error> {
    let millis = i64::try_from(clock.unix_millis()).unwrap_or(i64::MAX);
    Timestamp::from_millisecond(millis).map_err(|error| Error::internal("clock", error.to_string()))
}

fn of_state(error: StateError) -> Error {
    match error {
        StateError::Conflict(_) | StateError::Fenced { .. } => {
            Error::client(409, "taken_over", "a later tick has taken over").with_source(error)
        }
        other => ServiceFailure::from(other).into(),
    }
}

#[cfg(test)]
pub(crate) mod tests;
