//! One breaker, as one process uses it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use causeway_resilience::Deadline;
use causeway_resilience::breaker::{Admission, Event, State};
use futures_util::lock::Mutex as Turn;

use super::Dependency;
use super::record::{Record, Writer};
use super::seen::{Known, Seen};
use super::ticket::{Origin, Rejected, Ticket};
use super::underway::Core;
use super::world::{LATE, Trouble, World};
use crate::state::{Documents, StateError};

/// Tries of a write, the first included.
const TRIES: u32 = 5;
/// Longest pause after the first of them; it doubles.
const PAUSE: Duration = Duration::from_millis(10);
/// Rounds of a flush: a report may come while another task writes the ones before.
const FLUSHES: u32 = 2;

/// The breaker of one dependency. [`Breakers::of`](super::Breakers::of) gives it.
pub struct Breaker {
    pub(super) dependency: Dependency,
    pub(super) world: Arc<World>,
    seen: Mutex<Seen>,
    pub(super) core: Turn<Core>,
}

impl Breaker {
    pub(super) fn new(dependency: Dependency, world: Arc<World>) -> Self {
        let seen = Mutex::new(Seen::new(dependency.clone()));
        Self { dependency, world, seen, core: Turn::default() }
    }

    /// What it is for.
    #[must_use]
    pub fn dependency(&self) -> &Dependency {
        &self.dependency
    }

    /// Asks whether a call may go out. The store of the breaker being away, slow or damaged is no reason to say no: this
    /// process then goes by what it knows.
    ///
    /// # Errors
    /// The call has to take its fallback.
    pub async fn enter(self: &Arc<Self>, deadline: Deadline) -> Result<Ticket, Rejected> {
        let now_ms = self.world.now_ms();
        if !self.seen().is_fresh(now_ms, self.world.sharing.snapshot_max_age_ms) {
            self.refresh(deadline).await;
        }
        let known = self.known().answer();
        let (admission, origin) = match known {
            Some(answer) => answer,
            None => self.ask(deadline).await,
        };
        match admission {
            Admission::Allowed(pass) => Ok(Ticket::new(Arc::clone(self), pass, origin)),
            Admission::Rejected { retry_after } => Err(Rejected { retry_after }),
        }
    }

    /// Writes the reports that are still gathered: for the end of an invocation, after which the process may sleep.
    pub async fn flush(&self, deadline: Deadline) {
        for _ in 0..FLUSHES {
            if !self.has_news().await || self.seen().is_paused(self.world.now_ms()) {
                return;
            }
            self.synchronize(deadline, |breaker| !breaker.seen().is_paused(breaker.world.now_ms())).await;
        }
    }

    /// What this process knows of the state: at most as old as the copies that it takes, or its own while the store is
    /// away. `None` before the first call.
    #[must_use]
    pub fn last_known(&self) -> Option<State> {
        let seen = self.seen();
        let alone = seen.alone.as_ref().map(|alone| alone.state.clone());
        alone.or_else(|| seen.snapshot.as_ref().map(|(state, _)| state.clone()))
    }

    pub(super) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether anything waits to be written.
    pub(super) async fn has_news(&self) -> bool {
        self.seen().has_pending() || !self.core.lock().await.batches.is_empty()
    }

    fn known(&self) -> Known {
        self.seen().admit(&self.world.writer())
    }

    async fn refresh(&self, deadline: Deadline) {
        let max_age_ms = self.world.sharing.snapshot_max_age_ms;
        self.synchronize(deadline, |breaker| !breaker.seen().is_fresh(breaker.world.now_ms(), max_age_ms)).await;
    }

    /// Writes what should not wait.
    pub(super) async fn write_urgent(&self, deadline: Deadline) {
        let world = &self.world;
        let is_due = |breaker: &Self| {
            let (seen, now_ms) = (breaker.seen(), world.now_ms());
            seen.has_urgent(now_ms, world.sharing.gather_ms) && !seen.is_paused(now_ms)
        };
        if is_due(self) {
            self.synchronize(deadline, is_due).await;
        }
    }

    /// Reads the document and writes what is gathered, if that is still wanted when it is our turn: whoever was before
    /// us may have done it, or have found the store away.
    async fn synchronize(&self, deadline: Deadline, is_wanted: impl Fn(&Self) -> bool) {
        let Some(documents) = &self.world.documents else { return self.go_alone(None) };
        let mut core = self.core.lock().await;
        if !is_wanted(self) {
            return;
        }
        let work = async {
            match self.commit(documents, &mut core, |_, _, _| ()).await {
                Err(Trouble::Busy) => self.keep_late(documents, &mut core).await,
                outcome => outcome,
            }
        };
        let outcome = self.world.bounded(work, deadline).await;
        let to_tell = std::mem::take(&mut core.to_tell);
        if let Err(trouble) = outcome {
            self.note(&trouble);
        }
        drop(core);
        self.tell(&to_tell, deadline).await;
    }

    /// A permit, or a change that time brought about: only what is written counts.
    async fn ask(&self, deadline: Deadline) -> (Admission, Origin) {
        let rejected = (Admission::Rejected { retry_after: None }, Origin::Shared);
        let Some(documents) = &self.world.documents else { return rejected };
        let mut core = self.core.lock().await;
        if let Some(answer) = self.known().answer() {
            return answer;
        }
        let admit = |core: &mut Core, record: &mut Record, writer: &Writer<'_>| {
            let spare = self.seen().take_spare(writer.now_ms).map(Admission::Allowed);
            spare.unwrap_or_else(|| core.admit(record, writer))
        };
        let outcome = self.world.bounded(self.commit(documents, &mut core, admit), deadline).await;
        let to_tell = std::mem::take(&mut core.to_tell);
        let answer = match outcome {
            Ok(admission) => (admission, Origin::Shared),
            Err(trouble) => {
                self.note(&trouble);
                self.known().answer().unwrap_or(rejected)
            }
        };
        drop(core);
        self.tell(&to_tell, deadline).await;
        answer
    }

    /// One read, decision and write, at most five times. All reports that are gathered go with it.
    pub(super) async fn commit<T>(
        &self,
        documents: &Documents,
        core: &mut Core,
        mut decide: impl FnMut(&mut Core, &mut Record, &Writer<'_>) -> T,
    ) -> Result<T, Trouble> {
        core.gather(self.world.now_ms(), || self.seen().take_pending());
        for attempt in 1..=TRIES {
            let read = self.world.read(documents, &self.dependency).await?;
            self.learn(core, &read.record);
            let (writer, mut record) = (self.world.writer(), read.record.clone());
            for batch in &core.batches {
                record.count(&writer, writer.instance, batch.number, &batch.reports);
            }
            let outcome = decide(core, &mut record, &writer);
            // What makes a change, frees a permit, or takes times back that are later than ours, goes by the store's clock.
            let before = &read.record.state;
            let is_by_time = before.is_ahead_of(writer.config, writer.now_ms) || before.has_lost_probe(writer.now_ms);
            if (is_by_time || record.told != read.record.told) && self.world.check_time(documents).await? {
                continue;
            }
            let is_same = record == read.record && !read.is_new;
            if is_same || self.world.write(documents, &record, read.version.as_ref()).await? {
                self.keep(documents, core, &record, &writer, is_same).await;
                return Ok(outcome);
            }
            self.pause(attempt).await;
        }
        Err(Trouble::Busy)
    }

    /// What a document that was read says, whether our write after it arrives or not.
    fn learn(&self, core: &mut Core, record: &Record) {
        let found = core.learn(record, &self.world.instance);
        let mut seen = self.seen();
        seen.spare.extend(found);
        seen.has_unknown = core.has_unknown();
        seen.learn(&record.state, self.world.now_ms());
        self.world.note_back();
    }

    async fn keep(&self, documents: &Documents, core: &mut Core, record: &Record, writer: &Writer<'_>, is_same: bool) {
        core.settle(record, writer);
        if !is_same {
            core.forget_sent();
        }
        {
            let mut seen = self.seen();
            seen.has_unknown = core.has_unknown();
            seen.learn(&record.state, writer.now_ms);
        }
        for number in std::mem::take(&mut core.removable) {
            // What stays here is recognised by its number and removed by whoever looks after the breakers.
            let _ = documents.remove(&late_key(&self.dependency, writer.instance, number)).await;
        }
    }

    /// Others were always faster: the reports are kept where nobody else writes.
    async fn keep_late(&self, documents: &Documents, core: &mut Core) -> Result<(), Trouble> {
        for late in core.late(&self.world.instance, self.world.now_ms()) {
            match documents.create(&late_key(&self.dependency, &late.instance, late.number), &late).await {
                // The name is ours alone: what is there is the same, from a write without an answer.
                Ok(_) | Err(StateError::Conflict(_)) => core.note_late(late.number),
                Err(other) => return Err(other.into()),
            }
        }
        Ok(())
    }

    async fn pause(&self, attempt: u32) {
        let longest = PAUSE * 2_u32.saturating_pow(attempt - 1);
        self.world.clock.sleep(longest.mul_f64((self.world.chance)())).await;
    }

    fn note(&self, trouble: &Trouble) {
        match trouble {
            Trouble::Away(reason) => self.go_alone(Some(reason)),
            Trouble::Busy => {}
            // A caller in a hurry says nothing about the store; but it needs some state to go by.
            Trouble::Hurry if self.seen().snapshot.is_none() => {
                self.seen().go_alone(&self.world.config, self.world.now_ms(), 0);
            }
            Trouble::Hurry => {}
        }
    }

    fn go_alone(&self, reason: Option<&str>) {
        let world = &self.world;
        let pause_ms = if world.documents.is_some() { world.sharing.store_pause_ms } else { u64::MAX };
        self.seen().go_alone(&world.config, world.now_ms(), pause_ms);
        if let Some(reason) = reason {
            world.note_away(reason);
        }
    }

    pub(super) async fn tell(&self, events: &[Event], deadline: Deadline) {
        self.log(events);
        self.tell_people(events, deadline).await;
    }

    pub(super) fn log(&self, events: &[Event]) {
        for event in events {
            let (epoch, change, dependency) = (event.epoch, event.change.name(), &self.dependency);
            tracing::warn!(%dependency, epoch, change, "a circuit breaker changed");
        }
    }

    pub(super) async fn tell_people(&self, events: &[Event], deadline: Deadline) {
        for event in events {
            if self.world.tell(&self.dependency, event, deadline).await {
                self.core.lock().await.note_known(event);
            }
        }
    }
}

pub(super) fn late_key(dependency: &Dependency, instance: &str, number: u64) -> String {
    format!("{LATE}/{}/{instance}-{number:020}", dependency.key())
}
