//! One look at the fleet: take the lease, read, decide, write down what is intended, ask for it, write down what came
//! of it.
//!
//! Changes are written into the state before they are sent, each with the token by which the service recognises a
//! repetition. Wherever a tick dies, the next one finds the intention and sends it again, and the machine changes
//! once. What there is no time for is deferred and comes first at the next tick.

mod audit;
mod carry;
mod correct;
mod gather;
mod machines;
mod measure;
mod patience;
mod points;
mod store;
mod tell;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use causeway_cloud::object_store::ObjectStoreExt;
use causeway_cloud::state::lease::{Acquired, Lease, acquire};
use causeway_cloud::state::{Clock, StateError};
use causeway_cloud::{Fleet, Metrics, object_path};
use causeway_resilience::{Deadline, ServiceFailure};
use causeway_runtime::{Context, Error};
use futures_util::future::{join, try_join};
use futures_util::stream::{self, StreamExt};
use jiff::Timestamp;

use carry::Carry;
use correct::correct;
use gather::{Gather, Gathered};
use patience::Patience;
use store::{Loaded, Store};

use crate::config::PolicyFrom;
use crate::decide::{Action, Outcome, decide};
use crate::handler::FlexAutoscaler;
use crate::input::{Inputs, Instance};
use crate::policy::{Effective, Mode, Policy};
use crate::policy_document::{self, MAX_POLICY_BYTES};
use crate::record::{Alert, Severity};
use crate::reply::{Busy, Reply, Resized, Status};
use crate::request::{Request, Target};
use crate::state::{Answer, StateRead};

const LEASE: &str = "lease";
/// The lease's epoch when nobody has held it before.
const FIRST_EPOCH: u64 = 1;
/// Looks at machines that are about to change, until each has been seen with its etag.
const MAX_LOOKS: usize = 3;
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
}

impl FlexAutoscaler {
    /// Carries out a request.
    ///
    /// # Errors
    /// 400 for a request that is wrong, else the failure of the service without which nothing could be decided. What
    /// was done until then is in the state.
    pub(crate) async fn tick(&self, request: &Request, context: &Context) -> Result<Reply, Error> {
        let began = Instant::now();
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
        let tick = Tick { owner: self, fleet, metrics, policy, target, patience, began };
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
        let work = self.put_together(loaded, gathered, now, epoch(self.owner.clock.as_ref())).await;
        let outcome = decide(&work.inputs);
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
        let read = try_join(taken, reading).await;
        let outcome = match (read, held.as_mut()) {
            (Ok((loaded, gathered)), Some(lease)) => self.held(loaded, gathered, now, lease).await,
            (Err(Stop::Busy(busy)), _) => Ok(Reply { busy: Some(busy), ..Reply::nothing(Status::Busy) }),
            (Err(Stop::Failed(error)), _) => Err(error),
            (Ok(_), None) => Err(Error::internal("no_lease", "the state was read without the lease")),
        };
        if let Some(lease) = held
            && let Err(error) = lease.release(&self.owner.documents).await
        {
            tracing::warn!(%error, "the lease was not given back; it runs out by itself");
        }
        outcome
    }

    /// The lease, or who has it.
    async fn take(&self, owner: &str) -> Result<Result<Lease, Busy>, Error> {
        // Two processes may have the same request, when it is delivered twice.
        let owner = format!("{owner}/{:016x}", ((self.owner.random)() * 2_f64.powi(53)) as u64);
        let acquired = acquire(&self.owner.documents, LEASE, &owner, self.owner.config.lease).await;
        Ok(match acquired.map_err(of_state)? {
            Acquired::Held(lease) => Ok(lease),
            Acquired::Busy { owner, expires_unix_ms } => Err(Busy { owner, until_unix_ms: expires_unix_ms }),
        })
    }

    async fn held(
        &self,
        mut loaded: (Store, Loaded),
        mut gathered: Gathered,
        now: Timestamp,
        lease: &mut Lease,
    ) -> Result<Reply, Error> {
        if lease.epoch() > FIRST_EPOCH {
            gathered.warnings.extend(missed(&mut loaded.1.state));
        }
        let mut work = self.put_together(loaded, gathered, now, epoch(self.owner.clock.as_ref())).await;
        let mut outcome = self.decided(&mut work).await;
        outcome.record.alerts.extend(unreadable(&outcome.record.alerts, &work.reply.quarantined));
        work.store.save(&outcome.state, lease).await.map_err(of_state)?;
        self.carry_out(&work.inputs, &mut outcome, &mut work.reply).await;
        let Outcome { record, mut state, .. } = outcome;
        let told = tell::tell(self.owner.alerts.as_ref(), &record.alerts, self.patience.deadline);
        // What has not changed since the intentions is not written again.
        let (saved, unsent) = join(work.store.save(&state, lease), told).await;
        saved.map_err(of_state)?;
        if !unsent.is_empty() {
            unsent.iter().for_each(|topic| state.alert_failed(topic));
            work.store.save(&state, lease).await.map_err(of_state)?;
        }
        Ok(self.kept(finished(Reply { record: Some(record), ..work.reply })).await)
    }

    async fn load(&self) -> Result<(Store, Loaded), Error> {
        let loaded = Store::load(self.owner.documents.clone(), Arc::clone(&self.owner.clock)).await;
        loaded.map_err(of_state)
    }

    /// Everything that a decision depends on.
    async fn put_together(&self, loaded: (Store, Loaded), gathered: Gathered, now: Timestamp, epoch: u64) -> Work {
        let (store, Loaded { state, quarantined }) = loaded;
        let Gathered { instances, shapes, missing, warnings } = gathered;
        let (policy, spend, quotas) = (self.policy.clone(), BTreeMap::new(), Vec::new());
        let mut inputs = Inputs { now, epoch, policy, shapes, state, spend, quotas, instances };
        self.gather().work(&mut inputs).await;
        let reply = Reply { missing, warnings, quarantined, ..Reply::nothing(Status::Ok) };
        Work { store, inputs, reply }
    }

    fn gather(&self) -> Gather<'_> {
        let (fleet, metrics) = (self.fleet, self.metrics);
        Gather { fleet, metrics, patience: &self.patience, config: &self.owner.config, target: &self.target }
    }

    /// Decides, looks again at every machine that would change, and decides again: lists have no etags, and what they
    /// say may be some pages old.
    async fn decided(&self, work: &mut Work) -> Outcome {
        for _ in 0..MAX_LOOKS {
            let outcome = decide(&work.inputs);
            let unseen = outcome.actions.iter().filter(|action| action.if_match.is_none());
            let unseen: Vec<String> = unseen.map(|action| action.id.clone()).collect();
            if unseen.is_empty() || self.patience.is_over() {
                return outcome;
            }
            self.look_again(unseen, work).await;
        }
        decide(&work.inputs)
    }

    async fn look_again(&self, ids: Vec<String>, work: &mut Work) {
        let gather = self.gather();
        let reads = gather.reads();
        let looks: Vec<_> = ids.iter().map(|id| reads.machine(id)).collect();
        let seen: Vec<_> = stream::iter(looks).buffered(self.owner.config.concurrency).collect().await;
        for (id, machine) in ids.into_iter().zip(seen) {
            let Some(instance) = work.inputs.instances.iter_mut().find(|instance| instance.id == id) else { continue };
            match machine {
                Ok(Some(machine)) => *instance = renewed(std::mem::replace(instance, machine.clone().into()), machine),
                // It stays without an etag, and what has none is not changed. One that was listed a moment ago and is
                // not found now may have ended, or may not be read: the next list tells.
                Ok(None) => tracing::warn!(id, "a machine that was listed is not found"),
                Err(failure) => tracing::warn!(%failure, id, "a machine could not be looked at"),
            }
        }
    }

    async fn carry_out(&self, inputs: &Inputs, outcome: &mut Outcome, reply: &mut Reply) {
        let carry = Carry { fleet: self.fleet, patience: &self.patience, concurrency: self.owner.config.concurrency };
        let answers = carry.out(&outcome.actions).await;
        let now = now(self.owner.clock.as_ref()).unwrap_or(inputs.now);
        let mut policies = Effective::new(&inputs.policy);
        for (action, answer) in outcome.actions.iter().zip(answers) {
            let instance = inputs.instances.iter().find(|instance| instance.id == action.id);
            let policy = instance.map(|instance| policies.of(instance));
            let policy = policy.as_deref().unwrap_or(&inputs.policy);
            if let Some(correction) = outcome.state.apply(policy, &action.id, now, &answer) {
                correct(&mut outcome.record, &action.id, correction);
            }
            reply.resizes.push(resized(action, answer));
        }
    }

    /// Leaves the trace. One that cannot be left does not undo what was done.
    async fn kept(&self, mut reply: Reply) -> Reply {
        match audit::write(&self.owner.objects, &self.owner.config.audit_prefix, &reply).await {
            Ok(name) => reply.audit = name,
            Err(error) => {
                tracing::error!(%error, "the audit of the tick was not written");
                reply.warnings.push(format!("the audit was not written: {error}"));
                reply = finished(reply);
            }
        }
        if let Some(namespace) = &self.owner.config.published_namespace {
            let published =
                measure::publish(self.metrics, namespace, &reply, self.began.elapsed(), self.patience.deadline).await;
            reply.warnings.extend(published.err());
        }
        reply
    }
}

/// The machine as it is now, with what was measured of it.
fn renewed(before: Instance, machine: causeway_cloud::fleet::Machine) -> Instance {
    let Instance { cpu, memory, work_requests, .. } = before;
    Instance { cpu, memory, work_requests, ..Instance::from(machine) }
}

fn resized(action: &Action, answer: Answer) -> Resized {
    let name = carry::name(&answer);
    let work = if let Answer::Accepted { work } = answer { work } else { None };
    Resized { id: action.id.clone(), from: action.from, to: action.to, answer: name, work }
}

/// What people are told of parts of the state that cannot be read, unless they are told of the whole.
fn unreadable(alerts: &[Alert], quarantined: &[String]) -> Option<Alert> {
    const CODE: &str = "state_corrupt";
    let first = quarantined.first().filter(|_| alerts.iter().all(|alert| alert.code != CODE))?;
    Some(Alert {
        topic: format!("{CODE}/{first}"),
        dedup_key: format!("{CODE}/{first}"),
        code: CODE,
        severity: Severity::Critical,
        instance: None,
        title: format!("flex-autoscaler: {CODE}"),
        body: format!("parts of the state cannot be read and were left as they are: {}", quarantined.join(", ")),
    })
}

/// Partial is not success, and unknown is not fine.
fn finished(mut reply: Reply) -> Reply {
    let is_partial = reply.record.as_ref().is_some_and(|record| record.partial || !record.policy_problems.is_empty());
    if is_partial || !reply.warnings.is_empty() || !reply.quarantined.is_empty() {
        reply.status = Status::Partial;
    }
    reply
}

/// Where there is no state though somebody has held the lease before: lost is not the same as never written.
fn missed(state: &mut StateRead) -> Option<String> {
    const GONE: &str = "the state of earlier ticks is gone";
    state.is_absent().then(|| {
        *state = StateRead::Corrupt { text: String::new(), problem: GONE.to_owned() };
        GONE.to_owned()
    })
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
