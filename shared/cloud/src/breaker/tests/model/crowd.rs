//! The processes of the model, and what they did.

use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};

use async_trait::async_trait;
use causeway_resilience::ServiceFailure;
use futures_executor::block_on;
use object_store::memory::InMemory;

use super::super::ticket::Origin;
use super::super::*;
use super::permits::Permits;
use super::*;
use crate::notifier::{Alerts, Message, Notifier};

pub(super) const PROCESSES: usize = 8;
/// More operations than any call has.
const MOST_STEPS: usize = 500;
/// Half minutes in which a breaker comes back from the longest open time, and probes of before are over.
const MOST_ROUNDS: usize = 20;

/// What may happen.
#[derive(Debug, Clone, Copy)]
pub(super) enum Event {
    /// This process makes a whole call, if it has nothing under way, and nobody comes in between.
    Call(usize),
    /// This process begins a call, if it has nothing under way, and goes so many operations of the store far.
    Enter(usize, u8),
    /// It reports the oldest of its calls: as the dependency is, if nothing else is said.
    End(usize, Option<Outcome>, u8),
    /// It gives the oldest of its calls up.
    GiveUp(usize),
    /// It writes what is gathered.
    Flush(usize),
    /// It looks after all breakers.
    Tend(usize),
    /// Its work goes on for so many operations of the store.
    Go(usize, u8),
    /// Time passes.
    Pass(u64),
    /// The dependency is ill from now on, or well.
    Weather(bool),
    /// Its clock is so much ahead.
    Skew(usize, i64),
    /// It dies with all that it has not written, and another takes its place.
    Die(usize),
    /// The next write of the document fails so.
    Fault(Fault),
    /// A write that nobody waits for arrives.
    Arrive,
    /// The store is away until that much time has passed.
    Down(u64),
}

type Work = Pin<Box<dyn Future<Output = Option<Ticket>>>>;

/// A process and what it has under way.
struct Member {
    process: Process,
    tickets: Vec<Ticket>,
    /// With the moment of its beginning.
    work: Option<(Work, u64)>,
    /// Reports that belong to the shared breaker.
    reports: u64,
}

/// Messages that went out.
#[derive(Default)]
struct Topic(Mutex<Vec<String>>);

#[async_trait]
impl Notifier for Topic {
    async fn publish(&self, message: &Message, _: Deadline) -> Result<String, ServiceFailure> {
        stage::turn().await;
        self.0.lock().unwrap().push(format!("{} {}", message.title, message.body));
        Ok(String::new())
    }
}

pub(super) struct Crowd {
    pub(super) yard: Yard,
    config: Config,
    members: Vec<Member>,
    born: usize,
    topic: Arc<Topic>,
    told: Objects,
    down_until_ms: u64,
    is_ill: bool,
    end_ms: u64,
    permits: Permits,
    /// Whether all clocks were right all the time.
    is_punctual: bool,
    certain: u64,
    possible: u64,
}

impl Crowd {
    /// A document that is past its first minute, and eight processes that have not seen it. Time ends after `lasts_ms`.
    pub(super) fn new(config: Config, lasts_ms: u64) -> Self {
        let (yard, told) = (Yard::new(), Arc::new(InMemory::new()));
        let end_ms = yard.stage.now_ms() + lasts_ms;
        let (topic, members, certain, possible) = Default::default();
        let permits = Permits::new(config.half_open.lost);
        let mut crowd = Self {
            yard,
            config,
            members,
            born: 0,
            topic,
            told,
            down_until_ms: 0,
            is_ill: true,
            end_ms,
            permits,
            is_punctual: true,
            certain,
            possible,
        };
        let first = crowd.new_member();
        block_on(first.process.enter()).map(drop).unwrap();
        crowd.yard.stage.pass(61 * SECOND);
        block_on(first.process.enter()).map(drop).unwrap();
        block_on(first.process.breakers.flush(NO));
        crowd.certain = crowd.counted();
        crowd.members = (0..PROCESSES).map(|_| crowd.new_member()).collect();
        crowd
    }

    pub(super) fn state(&self) -> State {
        self.yard.state()
    }

    /// Reports in the document.
    pub(super) fn counted(&self) -> u64 {
        let tally = self.state().tally(&self.config, self.yard.stage.now_ms());
        tally.calls() + tally.ignored
    }

    /// Reports that must be counted, and those that may be.
    pub(super) fn reports(&self) -> (u64, u64) {
        (self.certain + self.members.iter().map(|member| member.reports).sum::<u64>(), self.possible)
    }

    fn new_member(&mut self) -> Member {
        self.born += 1;
        let mut process = self.yard.with(&format!("process {}", self.born), self.config.clone(), Sharing::default());
        let documents = Documents::new(Arc::clone(&self.told), "told", Arc::clone(&process.watch) as _);
        let alerts = Alerts::new(Arc::clone(&self.topic) as _, documents, Duration::from_secs(86_400));
        process.breakers = process.breakers.with_alerts(alerts);
        Member { process, tickets: Vec::new(), work: None, reports: 0 }
    }

    pub(super) fn happen(&mut self, event: Event) -> Result<(), TestCaseError> {
        match event {
            Event::Call(at) => {
                self.happen(Event::Enter(at, u8::MAX))?;
                self.happen(Event::End(at, None, u8::MAX))?;
            }
            Event::Enter(at, steps) => {
                self.begin(at, |breaker, _| async move { breaker.enter(NO).await.ok() });
                self.go(at, usize::from(steps))?;
            }
            Event::Flush(at) => self.begin(at, |breaker, _| async move {
                breaker.flush(NO).await;
                None
            }),
            Event::Tend(at) => self.begin(at, |_, breakers| async move {
                let _ = breakers.tend(NO).await;
                None
            }),
            Event::End(at, outcome, steps) => {
                let outcome = outcome.unwrap_or(if self.is_ill { BAD } else { OK });
                self.end(at, outcome)?;
                self.go(at, usize::from(steps))?;
            }
            Event::Weather(is_ill) => self.is_ill = is_ill,
            Event::GiveUp(at) => {
                // The lease of a probe runs out, or its permit is free at once.
                let leaves = self.config.half_open.lost == LostProbe::Freed;
                drop(self.take_ticket(at, if leaves { OK } else { Outcome::Ignored }));
            }
            Event::Go(at, steps) => self.go(at, usize::from(steps))?,
            Event::Pass(ms) => self.pass(ms),
            Event::Skew(at, ahead) => {
                self.is_punctual = false;
                self.members[at].process.watch.set_ahead(ahead);
            }
            Event::Die(at) => self.die(at),
            Event::Fault(fault) => self.yard.stage.fault(fault),
            Event::Arrive => block_on(self.yard.stage.arrive()),
            Event::Down(ms) => {
                self.yard.stage.set_down(true);
                self.down_until_ms = self.yard.stage.now_ms() + ms;
            }
        }
        Ok(())
    }

    /// A process does one thing at a time here.
    fn begin<F>(&mut self, at: usize, work: impl FnOnce(Arc<Breaker>, Breakers) -> F)
    where
        F: Future<Output = Option<Ticket>> + 'static,
    {
        let now_ms = self.yard.stage.now_ms();
        let member = &mut self.members[at];
        if member.work.is_none() {
            let work = work(member.process.breaker(), member.process.breakers.clone());
            member.work = Some((Box::pin(work), now_ms));
        }
    }

    fn end(&mut self, at: usize, outcome: Outcome) -> Result<(), TestCaseError> {
        if self.members[at].work.is_some() {
            return Ok(());
        }
        let Some(ticket) = self.take_ticket(at, outcome) else { return Ok(()) };
        self.begin(at, |_, _| async move {
            ticket.report(outcome, NO).await;
            None
        });
        self.go(at, 1)
    }

    fn take_ticket(&mut self, at: usize, outcome: Outcome) -> Option<Ticket> {
        let epoch = self.state().epoch();
        let member = &mut self.members[at];
        let ticket = (!member.tickets.is_empty()).then(|| member.tickets.remove(0))?;
        let (pass, origin) = ticket.parts();
        let is_shared = origin != Origin::Alone { is_as_shared: false } && pass.epoch == epoch;
        member.reports += u64::from(is_shared);
        if let (Some(probe), Origin::Shared, Outcome::Ignored) = (pass.probe, origin, outcome) {
            self.permits.give_back(pass.epoch, probe);
        }
        Some(ticket)
    }

    fn go(&mut self, at: usize, steps: usize) -> Result<(), TestCaseError> {
        let to_the_end = steps == usize::from(u8::MAX);
        for _ in 0..if to_the_end { MOST_STEPS } else { steps } {
            let Some((work, _)) = &mut self.members[at].work else { return Ok(()) };
            if let Poll::Ready(ticket) = work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                self.members[at].work = None;
                return ticket.map_or(Ok(()), |ticket| self.hand_out(at, ticket));
            }
        }
        prop_assert!(!to_the_end, "process {at} waits for ever");
        Ok(())
    }

    fn hand_out(&mut self, at: usize, ticket: Ticket) -> Result<(), TestCaseError> {
        let (pass, origin) = ticket.parts();
        self.members[at].tickets.push(ticket);
        let (Some(probe), Origin::Shared) = (pass.probe, origin) else { return Ok(()) };
        let (state, now_ms) = (self.state(), self.yard.stage.now_ms());
        self.permits.give(pass.epoch, probe, &state)?;
        let taken = self.permits.taken(pass.epoch, now_ms);
        // By a clock that is ahead a lease is over early, as far as nobody has asked the store for the time.
        let may_be_early = self.permits.are_freed() && !self.is_punctual;
        prop_assert!(taken <= 5 || may_be_early, "{taken} permits in epoch {}", pass.epoch);
        Ok(())
    }

    /// What waits for longer than a few seconds is cut, as callers do.
    fn pass(&mut self, ms: u64) {
        let left = self.end_ms.saturating_sub(self.yard.stage.now_ms());
        self.yard.stage.pass(ms.min(left));
        let now_ms = self.yard.stage.now_ms();
        if now_ms >= self.down_until_ms {
            self.yard.stage.set_down(false);
        }
        for member in &mut self.members {
            member.work = member.work.take().filter(|(_, since_ms)| now_ms - since_ms <= 5 * SECOND);
        }
    }

    fn die(&mut self, at: usize) {
        let new = self.new_member();
        let mut dead = std::mem::replace(&mut self.members[at], new);
        dead.work = None;
        // Where it had nothing left to write, all that it reported has arrived.
        let arrived = !block_on(dead.process.breaker().has_news());
        *(if arrived { &mut self.certain } else { &mut self.possible }) += dead.reports;
    }

    /// The store works again, what is under way ends, and everything that is gathered is written.
    pub(super) fn calm_down(&mut self) -> Result<(), TestCaseError> {
        self.yard.stage.heal();
        self.yard.stage.set_down(false);
        for at in 0..PROCESSES {
            self.members[at].process.watch.set_ahead(0);
            self.go(at, usize::from(u8::MAX))?;
            block_on(self.yard.stage.arrive());
        }
        for _ in 0..3 {
            // A process that found the store away does not ask it for a while.
            self.yard.stage.pass(11 * SECOND);
            for member in &self.members {
                block_on(member.process.breakers.flush(NO));
            }
        }
        for member in &self.members {
            prop_assert!(!block_on(member.process.breaker().has_news()), "something is still not written");
        }
        self.look_after()
    }

    /// Everything works, and callers come: sooner or later it is closed.
    pub(super) fn recovers(&mut self) -> Result<(), TestCaseError> {
        self.members.iter_mut().for_each(|member| member.tickets.clear());
        for _ in 0..MOST_ROUNDS {
            self.yard.stage.pass(33 * SECOND);
            for at in 0..PROCESSES {
                self.happen(Event::Call(at))?;
            }
        }
        let state = self.state();
        prop_assert!(state.phase() == &Phase::Closed, "{:?}", state);
        Ok(())
    }

    fn look_after(&mut self) -> Result<(), TestCaseError> {
        let last = self.new_member();
        let tended = block_on(last.process.breakers.tend(NO)).unwrap();
        prop_assert!(tended.unknown.is_empty(), "{:?}", tended.unknown);
        prop_assert_eq!(block_on(self.yard.stage.names("state/breakers/late")), Vec::<String>::new());
        Ok(())
    }

    /// After the claims of those that died while they told, which may be by a clock two minutes ahead: every change that
    /// people are told of, told once.
    pub(super) fn everything_was_told_once(&mut self) -> Result<(), TestCaseError> {
        self.yard.stage.pass(13 * MINUTE);
        self.look_after()?;
        let messages = self.topic.0.lock().unwrap().clone();
        let once: BTreeSet<_> = messages.iter().collect();
        prop_assert_eq!(once.len(), messages.len(), "told twice: {:#?}", messages);
        let oldest_ms = self.yard.stage.now_ms() - 40 * MINUTE;
        for told in self.yard.stage.history().last().unwrap()["told"].as_array().into_iter().flatten() {
            let (event, change) = (&told["event"], &told["event"]["change"]);
            let is_public = change["name"] != "would_open" && change["order"]["author"] != "recovery";
            if is_public && event["at_ms"].as_u64().unwrap() > oldest_ms {
                let epoch = format!("Epoch {}.", event["epoch"]);
                prop_assert!(messages.iter().any(|message| message.contains(&epoch)), "{event} was not told");
            }
        }
        Ok(())
    }
}
