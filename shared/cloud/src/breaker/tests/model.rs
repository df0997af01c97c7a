//! Eight processes on one document, in any order of their steps, against the rules of the machine.
//!
//! Every operation of the store lets the others go first, so that a course says at which operation of whose call
//! somebody else comes in between. Failures of the store, clocks that are ahead, deaths and late writes are part of it.

mod crowd;
mod permits;

use std::collections::{BTreeMap, BTreeSet};

use causeway_resilience::breaker::{Consecutive, LostProbe, Span};
use proptest::prelude::*;
use serde_json::Value;

use super::stage::Fault;
use super::*;
use crowd::{Crowd, Event, PROCESSES};

/// Calls end as the dependency is, or otherwise.
fn outcomes() -> impl Strategy<Value = Option<Outcome>> {
    prop_oneof![
        16 => Just(None),
        1 => Just(Some(BAD)),
        1 => Just(Some(OK)),
        1 => Just(Some(Outcome::Ignored)),
        1 => (0_u64..40_000).prop_map(|retry_after_ms| Some(Outcome::Throttled { retry_after_ms })),
    ]
}

/// Mostly to the end, else up to an operation of the store.
fn steps() -> impl Strategy<Value = u8> {
    prop_oneof![1 => 0_u8..9, 1 => Just(u8::MAX)]
}

fn events() -> impl Strategy<Value = Event> {
    let process = || 0..PROCESSES;
    let fault = prop_oneof![Just(Fault::Lost), Just(Fault::AnswerLost), Just(Fault::Late), Just(Fault::Refused)];
    prop_oneof![
        24 => process().prop_map(Event::Call),
        24 => (process(), steps()).prop_map(|(process, steps)| Event::Enter(process, steps)),
        24 => (process(), outcomes(), steps()).prop_map(|(process, outcome, steps)| Event::End(process, outcome, steps)),
        1 => process().prop_map(Event::GiveUp),
        1 => process().prop_map(Event::Flush),
        1 => process().prop_map(Event::Tend),
        20 => (process(), steps()).prop_map(|(process, steps)| Event::Go(process, steps)),
        4 => prop_oneof![2 => 0_u64..1_000, 1 => Just(11_000), 4 => Just(33_000)].prop_map(Event::Pass),
        3 => proptest::bool::weighted(0.4).prop_map(Event::Weather),
        1 => (process(), -3_000_i64..120_000).prop_map(|(process, ahead)| Event::Skew(process, ahead)),
        1 => process().prop_map(Event::Die),
        2 => fault.prop_map(Event::Fault),
        1 => Just(Event::Arrive),
        1 => (1_u64..3).prop_map(|tries| Event::Down(tries * 2_000)),
    ]
}

fn courses() -> impl Strategy<Value = Vec<Event>> {
    proptest::collection::vec(events(), 1..300)
}

fn rules_of_lost_probes() -> impl Strategy<Value = LostProbe> {
    prop_oneof![Just(LostProbe::Freed), Just(LostProbe::FreedAtOnce), Just(LostProbe::Failed)]
}

/// Opens soon, so that a course sees every phase.
fn nervous(lost: LostProbe) -> Config {
    let (consecutive, usual) = (Consecutive { failures: 2, below_min_calls_only: true }, defaults());
    Config { consecutive: Some(consecutive), half_open: HalfOpen { lost, ..usual.half_open }, ..usual }
}

/// The dependency works and says so: whoever learns nothing was cut off, or died.
fn of_good_weather(event: Event) -> Event {
    match event {
        Event::Weather(_) => Event::Weather(false),
        Event::End(process, Some(_), _) | Event::Flush(process) => Event::GiveUp(process),
        other => other,
    }
}

/// Causes of openings that have to do with probes.
fn openings_by_probes(history: &[Value]) -> Vec<&Value> {
    let told = history.iter().flat_map(|record| record["told"].as_array().into_iter().flatten());
    let causes = told.map(|told| &told["event"]["change"]["cause"]["name"]);
    causes.filter(|cause| *cause == "probe_lost" || *cause == "probe_failed").collect()
}

/// Counts and never opens.
fn patient() -> Config {
    Config {
        span: Span::Time { bucket_ms: 100 * SECOND, buckets: 6 },
        min_calls: u32::MAX,
        consecutive: None,
        throttle_cap_ms: None,
        ..defaults()
    }
}

/// Every epoch begins with one change, and is the same in every document that has it.
fn one_change_per_epoch(history: &[Value]) -> Result<(), TestCaseError> {
    let mut epochs: BTreeMap<u64, (String, Value)> = BTreeMap::new();
    let mut changes: BTreeMap<u64, BTreeSet<String>> = BTreeMap::new();
    let mut last = 0;
    for record in history {
        let state = &record["state"];
        let epoch = state["epoch"].as_u64().unwrap();
        prop_assert!(epoch >= last, "epoch {epoch} after {last}");
        last = epoch;
        let phase = (state["phase"]["name"].as_str().unwrap().to_owned(), state["forced"].clone());
        let first = epochs.entry(epoch).or_insert_with(|| phase.clone());
        prop_assert_eq!(&*first, &phase, "two states of epoch {}", epoch);
        for told in record["told"].as_array().into_iter().flatten() {
            if told["event"]["change"]["name"] != "would_open" {
                changes.entry(told["event"]["epoch"].as_u64().unwrap()).or_default().insert(told.to_string());
            }
        }
    }
    for (epoch, told) in changes {
        prop_assert_eq!(told.len(), 1, "changes of epoch {}: {:?}", epoch, told);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, max_shrink_iters: 20_000, ..ProptestConfig::default() })]

    /// Whatever happens: one change per epoch, at most five permits at once in each half-open phase, each told once, and no
    /// call that waits for ever.
    #[test]
    fn the_rules_hold_in_any_order_of_steps(course in courses(), lost in rules_of_lost_probes()) {
        let mut crowd = Crowd::new(nervous(lost), 30 * MINUTE);
        for event in &course {
            crowd.happen(*event)?;
        }
        crowd.calm_down()?;
        one_change_per_epoch(&crowd.yard.stage.history())?;
        crowd.everything_was_told_once()?;
    }

    /// A dependency that works again: however many callers of probes give up, die or are cut off in the middle, none of that
    /// opens the breaker, and it closes once callers wait for their answers.
    #[test]
    fn probes_that_are_lost_never_open_it_again(
        course in courses(), lost in prop_oneof![Just(LostProbe::Freed), Just(LostProbe::FreedAtOnce)],
    ) {
        let mut crowd = Crowd::new(nervous(lost), 30 * MINUTE);
        for event in [Event::Call(0), Event::Call(0), Event::Weather(false), Event::Pass(33_000)] {
            crowd.happen(event)?;
        }
        prop_assert!(is_open(&crowd.state()));
        for event in course {
            crowd.happen(of_good_weather(event))?;
        }
        crowd.calm_down()?;
        crowd.recovers()?;
        let history = crowd.yard.stage.history();
        prop_assert_eq!(openings_by_probes(&history), Vec::<&Value>::new());
    }

    /// Every report that was counted was counted once, and every report of a process that lived was counted.
    #[test]
    fn no_report_is_lost_or_counted_twice(course in courses()) {
        let mut crowd = Crowd::new(patient(), 7 * MINUTE);
        for event in &course {
            crowd.happen(*event)?;
        }
        crowd.calm_down()?;
        let found = crowd.counted();
        let (certain, possible) = crowd.reports();
        prop_assert!(found >= certain, "{found} of {certain} reports were counted");
        prop_assert!(found <= certain + possible, "{found} were counted of {certain} and {possible} that may be");
    }
}
