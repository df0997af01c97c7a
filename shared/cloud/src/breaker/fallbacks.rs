//! What serves a call when the dependency that should cannot.

use std::sync::Arc;
use std::time::{Duration, Instant};

use causeway_resilience::fallback::{ChainError, Link, Plan, ServedBy, check, moves_on, share};
use causeway_resilience::limit::Limit;
use causeway_resilience::retry::Idempotency;
use causeway_resilience::service::Kind;
use causeway_resilience::{Deadline, Invalid, ServiceFailure};
use futures_util::future::{Either, select};
use serde::Serialize;

use super::ways::{Way, Ways};
use super::{Breaker, Breakers, Dependency, Kept, Rejected};

/// A call that keeps to its deadline itself knows best what became of it: it is cut only so much later.
const GRACE: Duration = Duration::from_millis(250);

/// The chain of one dependency: each link with a breaker and a limit of its own.
pub struct Fallbacks {
    plan: Plan,
    gates: Vec<Gate>,
    breakers: Breakers,
}

struct Gate {
    link: Link,
    name: String,
    breaker: Arc<Breaker>,
    limit: Limit,
}

/// An answer, and where it is from. Who shows it says so: [`ServedBy::is_degraded`] is not a success.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Served<T> {
    /// The answer.
    pub value: T,
    /// Who gave it.
    pub served_by: ServedBy,
    /// The links before it, and why they did not.
    pub passed: Vec<Passed>,
}

/// A link that did not serve.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Passed {
    /// The link.
    pub link: Link,
    /// Its name.
    pub name: String,
    /// Why.
    pub reason: Reason,
}

/// Why a link did not serve.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Its breaker is open.
    Open,
    /// Too many calls of it are under way.
    Busy,
    /// Too little time was left.
    NoTime,
    /// There is no answer of earlier, or it is too old.
    NothingKept,
    /// The plan has it and the call does not offer it.
    NotOffered,
    /// It failed; the name of the kind.
    Failed(&'static str),
}

/// Why a chain cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The chain itself.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// A name.
    #[error(transparent)]
    Name(#[from] Invalid),
}

/// How one link was left.
enum Left {
    Skipped(Reason, Option<Duration>),
    Failed(ServiceFailure),
}

impl Fallbacks {
    /// The chain of `plan` for one tenant (empty where all callers are one). The dependencies have the breakers of their
    /// names; kept and lesser answers have some of this process.
    ///
    /// Plans that lead to each other are checked together first, with
    /// [`fallback::check`](causeway_resilience::fallback::check).
    ///
    /// # Errors
    /// A plan or a name that cannot be used.
    pub fn new(plan: Plan, tenant: &str, breakers: &Breakers) -> Result<Self, PlanError> {
        check(std::slice::from_ref(&plan))?;
        let world = &breakers.world;
        let own = Breakers::in_process(world.config.clone(), Arc::clone(&world.clock))?;
        let gate = |link: Link, name: &str, breakers: &Breakers| -> Result<Gate, PlanError> {
            let breaker = breakers.of(&Dependency::new(name, tenant)?);
            Ok(Gate { link, name: name.to_owned(), breaker, limit: Limit::new(plan.concurrency) })
        };
        let mut gates = vec![gate(Link::Primary, &plan.primary, breakers)?];
        if plan.cached_max_age_seconds.is_some() {
            gates.push(Gate { link: Link::Cached, ..gate(Link::Cached, &plan.primary, &own)? });
        }
        if let Some(name) = &plan.secondary {
            gates.push(gate(Link::Secondary, name, breakers)?);
        }
        if plan.degraded {
            gates.push(gate(Link::Degraded, &format!("{}/degraded", plan.primary), &own)?);
        }
        Ok(Self { gates, breakers: breakers.clone(), plan })
    }

    /// The first answer of the chain.
    ///
    /// # Errors
    /// A mistake of the caller, as the link that found it says it. Where no link serves: the failure of the primary,
    /// with the first time at which one may. A failure that [may have happened](ServiceFailure::may_have_happened) ends
    /// the chain unless the call is idempotent.
    pub async fn serve<T>(&self, ways: Ways<'_, T>, deadline: Deadline) -> Result<Served<T>, ServiceFailure> {
        let idempotency = ways.idempotency();
        let mut ways = ways;
        let mut walk = Walk::default();
        for (at, gate) in self.gates.iter().enumerate() {
            let left = match ways.take(gate.link) {
                Some(way) => match self.try_one(gate, way, self.providers_from(at), deadline).await {
                    Ok(kept) => return Ok(self.served(gate, kept, walk.passed)),
                    Err(left) => left,
                },
                None => Left::Skipped(Reason::NotOffered, None),
            };
            walk.note(gate, left, idempotency)?;
        }
        Err(walk.failure(&self.plan.primary))
    }

    /// Links from here on that wait for somebody else.
    fn providers_from(&self, at: usize) -> u32 {
        let waits = |gate: &&Gate| matches!(gate.link, Link::Primary | Link::Secondary);
        u32::try_from(self.gates.iter().skip(at).filter(waits).count()).unwrap_or(u32::MAX)
    }

    async fn try_one<T>(
        &self,
        gate: &Gate,
        way: Way<'_, T>,
        providers: u32,
        deadline: Deadline,
    ) -> Result<Found<T>, Left> {
        let part = self.part(gate.link, providers, deadline).ok_or(Left::Skipped(Reason::NoTime, None))?;
        let _permit = gate.limit.try_acquire().ok_or(Left::Skipped(Reason::Busy, None))?;
        let ticket = gate.breaker.enter(part).await;
        let ticket = ticket.map_err(|rejected| Left::Skipped(Reason::Open, rejected.retry_after))?;
        let outcome = self.run(gate, way, part, deadline).await;
        ticket.ended(&outcome, deadline).await;
        match outcome {
            Ok(Some(found)) => self.young_enough(gate.link, found),
            Ok(None) => Err(Left::Skipped(Reason::NothingKept, None)),
            Err(failure) => Err(Left::Failed(failure)),
        }
    }

    fn part(&self, link: Link, providers: u32, deadline: Deadline) -> Option<Deadline> {
        let now = Instant::now();
        match link {
            Link::Primary | Link::Secondary => {
                share(deadline, now, providers, Duration::from_millis(self.plan.least_ms))
            }
            Link::Cached => share(deadline, now, providers + 1, Duration::ZERO),
            // It is made here and needs no time of anybody else.
            Link::Degraded => Some(deadline),
        }
    }

    async fn run<T>(
        &self,
        gate: &Gate,
        way: Way<'_, T>,
        part: Deadline,
        deadline: Deadline,
    ) -> Result<Option<Found<T>>, ServiceFailure> {
        let work = way(part);
        let now = Instant::now();
        let Some(left) = part.remaining(now).filter(|_| gate.link != Link::Degraded) else { return work.await };
        let whole = deadline.remaining(now).unwrap_or(Duration::MAX);
        match select(work, self.breakers.world.clock.sleep(left.saturating_add(GRACE).min(whole))).await {
            Either::Left((outcome, _)) => outcome,
            Either::Right(_) => {
                let failure = ServiceFailure::new(Kind::Timeout, gate.name.clone(), "call", "it did not end in time");
                Err(failure.with_unknown_effect(true))
            }
        }
    }

    /// The age counts by the clock of the breakers. An answer from the future has no age that could be told.
    fn young_enough<T>(&self, link: Link, found: Found<T>) -> Result<Found<T>, Left> {
        let (Link::Cached, Some(at_ms)) = (link, found.at_ms) else { return Ok(found) };
        let most_ms = self.plan.cached_max_age_seconds.unwrap_or(0).saturating_mul(1_000);
        let world = &self.breakers.world;
        let now_ms = world.now_ms();
        let is_future = at_ms > now_ms.saturating_add(world.config.skew_ms);
        if is_future || now_ms.saturating_sub(at_ms) > most_ms {
            return Err(Left::Skipped(Reason::NothingKept, None));
        }
        Ok(found)
    }

    fn served<T>(&self, gate: &Gate, found: Found<T>, passed: Vec<Passed>) -> Served<T> {
        let now_ms = self.breakers.world.now_ms();
        let age_ms = found.at_ms.map(|at_ms| now_ms.saturating_sub(at_ms));
        let name = if gate.link == Link::Secondary { gate.name.clone() } else { self.plan.primary.clone() };
        if gate.link != Link::Primary {
            tracing::warn!(dependency = name, link = ?gate.link, age_ms, "a fallback serves");
        }
        Served { value: found.value, served_by: ServedBy { link: gate.link, name, age_ms }, passed }
    }
}

/// An answer; the moment for one of earlier.
pub(super) struct Found<T> {
    pub(super) value: T,
    pub(super) at_ms: Option<u64>,
}

impl<T> From<Kept<T>> for Found<T> {
    fn from(kept: Kept<T>) -> Self {
        Self { value: kept.value, at_ms: Some(kept.at_unix_ms) }
    }
}

/// The links that did not serve so far.
#[derive(Default)]
struct Walk {
    passed: Vec<Passed>,
    first: Option<ServiceFailure>,
    retry_after: Option<Duration>,
    may_have_happened: bool,
}

impl Walk {
    /// # Errors
    /// The failure that ends the chain.
    fn note(&mut self, gate: &Gate, left: Left, idempotency: Idempotency) -> Result<(), ServiceFailure> {
        let (reason, after) = match left {
            Left::Skipped(reason, after) => (reason, after),
            Left::Failed(failure) => {
                let (kind, after) = (failure.kind().name(), failure.retry_after());
                self.may_have_happened |= failure.may_have_happened();
                if !moves_on(gate.link, &failure, idempotency) {
                    return Err(failure.with_unknown_effect(self.may_have_happened));
                }
                self.first.get_or_insert(failure);
                (Reason::Failed(kind), after)
            }
        };
        self.retry_after = self.retry_after.into_iter().chain(after).min();
        self.passed.push(Passed { link: gate.link, name: gate.name.clone(), reason });
        Ok(())
    }

    fn failure(self, primary: &str) -> ServiceFailure {
        let reasons: Vec<_> =
            self.passed.iter().map(|passed| format!("{}: {:?}", passed.name, passed.reason)).collect();
        tracing::warn!(dependency = primary, links = reasons.join(", "), "no link of a chain served");
        let none = || match self.passed.first().map(|passed| &passed.reason) {
            Some(Reason::NoTime) => ServiceFailure::new(Kind::Timeout, primary, "call", "no time was left to begin"),
            Some(Reason::Busy) => {
                ServiceFailure::new(Kind::Unavailable, primary, "call", "too many calls of it are under way")
            }
            _ => Rejected { retry_after: None }.into_failure(primary),
        };
        let failure = self.first.unwrap_or_else(none);
        failure.with_retry_after(self.retry_after).with_unknown_effect(self.may_have_happened)
    }
}
