//! Which minutes of the machines' measurements a tick asks for.
//!
//! A decision looks back as far as the policy's longest window. As many of these minutes as one answer holds of all machines
//! of a compartment are asked for at first, one question for each metric; what lies before them is remembered by the
//! state (`Entry::lately`). Where it is not, because ticks were missed or the state was lost, the rest is asked for as well.

use std::collections::BTreeMap;

use causeway_cloud::Metrics;
use causeway_resilience::ServiceFailure;
use futures_util::future::join;
use jiff::{SignedDuration, Timestamp};

use super::at_once::at_once;
use super::patience::Patience;
use super::points::{AT_ONCE, Asked, ByMachine, minute_of, minutes_of_one_answer};
use crate::Config;
use crate::input::Instance;
use crate::policy::{Override, Policy};
use crate::state::{State, StateRead};

/// Points may be so late, in minutes, and a tick is so long.
const LATE_MINUTES: u64 = 10;
const TICK_MINUTES: u64 = 5;
/// Of fewer machines than one of so many the rest is not asked for: some are new in every tick.
const FEW: usize = 10;

/// Machines of a compartment, by availability domain.
type Census = BTreeMap<String, usize>;

/// Minutes of the machines of a compartment.
#[derive(Debug, Clone)]
pub(crate) struct Span {
    machines: Census,
    from: Timestamp,
    until: Timestamp,
    /// Whole minutes before `from` that rules may look at.
    left: usize,
}

impl Span {
    /// The minutes of the first question, up to the last complete one.
    pub(crate) fn first(machines: Census, policy: &Policy, now: Timestamp) -> Self {
        let (all, least) = look_back(policy);
        let until = minute_of(now);
        let minutes = minutes_of_one_answer(&machines).clamp(least, all);
        Self { machines, from: earlier(until, minutes), until, left: all - minutes }
    }

    /// What lies before it.
    fn rest(&self) -> Self {
        Self { machines: self.machines.clone(), from: earlier(self.from, self.left), until: self.from, left: 0 }
    }

    /// Whether too many of these machines are not remembered up to its beginning.
    fn is_too_short(&self, state: Option<&State>, machines: &[&Instance]) -> bool {
        let until = |instance: &Instance| state?.instances.get(&instance.id)?.lately.until();
        let unknown = machines.iter().filter(|instance| until(instance).is_none_or(|until| until < self.from)).count();
        self.left > 0 && unknown * FEW > machines.len()
    }
}

/// Points of both metrics.
#[derive(Debug, Default)]
pub(crate) struct Read {
    pub(crate) cpu: ByMachine,
    pub(crate) memory: ByMachine,
    /// By compartment, why they are not known.
    pub(crate) failures: BTreeMap<String, String>,
}

/// Asks for measurements.
pub(crate) struct Readings<'a> {
    pub(crate) metrics: &'a dyn Metrics,
    pub(crate) patience: &'a Patience<'a>,
    pub(crate) config: &'a Config,
}

impl Readings<'_> {
    /// Both metrics in every compartment that has machines.
    pub(crate) async fn of(&self, spans: &BTreeMap<String, Span>) -> Read {
        let (cpu, memory) =
            join(self.metric(&self.config.cpu_metric, spans), self.metric(&self.config.memory_metric, spans)).await;
        let ((cpu, mut failures), (memory, more)) = (cpu, memory);
        for (compartment, failure) in more {
            failures.entry(compartment).or_insert(failure);
        }
        Read { cpu, memory, failures }
    }

    /// What the machines need that the state does not remember; why it cannot be had, by compartment.
    pub(crate) async fn rest(
        &self,
        spans: &BTreeMap<String, Span>,
        state: &StateRead,
        machines: &mut [Instance],
    ) -> BTreeMap<String, String> {
        let mut of_compartment: BTreeMap<&str, Vec<&Instance>> = BTreeMap::new();
        for machine in machines.iter().filter(|machine| !machine.gone && machine.unmeasured.is_none()) {
            of_compartment.entry(machine.compartment.as_deref().unwrap_or_default()).or_default().push(machine);
        }
        let known = |compartment: &String| of_compartment.get(compartment.as_str()).map_or(&[][..], Vec::as_slice);
        let short = spans.iter().filter(|(compartment, span)| span.is_too_short(state.present(), known(compartment)));
        let rest = short.map(|(compartment, span)| (compartment.clone(), span.rest())).collect();
        let mut read = self.of(&rest).await;
        for machine in machines {
            put_before(&mut machine.cpu, read.cpu.remove(&machine.id));
            put_before(&mut machine.memory, read.memory.remove(&machine.id));
        }
        read.failures
    }

    /// One metric.
    async fn metric(&self, metric: &str, spans: &BTreeMap<String, Span>) -> (ByMachine, BTreeMap<String, String>) {
        let asked: Vec<Asked<'_>> = spans.iter().map(|(compartment, span)| self.asked(compartment, span)).collect();
        let answers = at_once(asked.iter().map(|asked| asked.points(metric)).collect(), AT_ONCE).await;
        let (mut found, mut failures) = (ByMachine::new(), BTreeMap::new());
        for (compartment, answer) in spans.keys().zip(answers) {
            match answer {
                Ok(some) => found.extend(some),
                Err(failure) => drop(failures.insert(compartment.clone(), told(compartment, metric, &failure))),
            }
        }
        (found, failures)
    }

    fn asked<'a>(&'a self, compartment: &'a str, span: &'a Span) -> Asked<'a> {
        Asked {
            metrics: self.metrics,
            patience: self.patience,
            namespace: &self.config.agent_namespace,
            compartment: Some(compartment),
            minutes: minutes_between(span.from, span.until),
            until: span.until,
            machines: &span.machines,
        }
    }
}

fn told(compartment: &str, metric: &str, failure: &ServiceFailure) -> String {
    tracing::error!(%failure, compartment, metric, "measurements are not known");
    failure.to_string()
}

fn put_before<T>(points: &mut Vec<T>, earlier: Option<Vec<T>>) {
    if let Some(mut earlier) = earlier {
        earlier.append(points);
        *points = earlier;
    }
}

/// The longest look back of the policy and of its overrides, at most the seven days that minutes are kept; and what no memory
/// stands in for: the minutes for growing, with those that came late since the tick before.
fn look_back(policy: &Policy) -> (usize, usize) {
    const KEPT: u64 = 7 * 24 * 60 - 5;
    let longest = |section: &str, own: u32| {
        let of = |change: &Override| change.policy.get(section)?.get("window_minutes")?.as_u64();
        policy.overrides.iter().filter_map(of).fold(u64::from(own), u64::max)
    };
    let up = longest("up", policy.up.window_minutes);
    let all = longest("down", policy.down.window_minutes).max(up).min(KEPT);
    let least = (up + LATE_MINUTES + TICK_MINUTES).min(all);
    (usize::try_from(all).unwrap_or(usize::MAX), usize::try_from(least).unwrap_or(usize::MAX))
}

fn earlier(moment: Timestamp, minutes: usize) -> Timestamp {
    let minutes = SignedDuration::from_mins(i64::try_from(minutes).unwrap_or(0));
    moment.checked_sub(minutes).unwrap_or(Timestamp::MIN)
}

fn minutes_between(from: Timestamp, until: Timestamp) -> usize {
    usize::try_from(until.duration_since(from).as_mins()).unwrap_or(0)
}
