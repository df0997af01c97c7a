//! Whatever happens in whatever order: a write that was confirmed is there, or a later one; what was deleted stays away.

use std::collections::BTreeSet;

use causeway_resilience::fallback::Link;
use object_store::path::Path;
use object_store::{Error, ObjectStoreExt, PutMode};
use proptest::prelude::*;

use super::super::Pair;
use super::stage::{Health, Place, Stage, put, read};

/// The last one is of the second side.
const NAMES: [&str; 3] = ["a", "deep/b", "side2.c/d"];
const PROCESSES: usize = 3;

#[derive(Debug, Clone, Copy)]
enum Change {
    Write,
    Create,
    Delete,
}

/// One step of a history.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// A process changes a name.
    Change(usize, usize, Change),
    /// Two processes do at the same time.
    Race(usize, [(usize, Change); 2]),
    Read(usize, usize),
    /// A side goes or comes back.
    Health(bool, Health),
    /// A process ends, and another one begins.
    Restart(usize),
    Pass(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let change = || prop_oneof![3 => Just(Change::Write), 1 => Just(Change::Create), 1 => Just(Change::Delete)];
    let (process, name) = (0..PROCESSES, 0..NAMES.len());
    let health = prop_oneof![3 => Just(Health::Well), 2 => Just(Health::Out), 1 => Just(Health::Mute)];
    let races = (name.clone(), process.clone(), change(), change());
    prop_oneof![
        5 => (process.clone(), name.clone(), change()).prop_map(|(process, name, change)| Step::Change(process, name, change)),
        2 => races.prop_map(|(name, one, change, other)| {
            Step::Race(name, [(one, change), ((one + 1) % PROCESSES, other)])
        }),
        5 => (process.clone(), name).prop_map(|(process, name)| Step::Read(process, name)),
        3 => (any::<bool>(), health).prop_map(|(is_first, health)| Step::Health(is_first, health)),
        1 => process.prop_map(Step::Restart),
        1 => (1..20_u64).prop_map(Step::Pass),
    ]
}

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Confirmed,
    /// There was something else than it asked for.
    Refused,
    Failed,
}

/// What may be there: one value, or several where an answer was lost. `None` is nothing.
type Possible = BTreeSet<Option<String>>;

struct History {
    stage: Stage,
    processes: [Pair; PROCESSES],
    possible: [Possible; NAMES.len()],
    number: usize,
}

impl History {
    fn new([first, second]: [i64; 2]) -> Self {
        let stage = Stage::new();
        stage.first.is_ahead(first);
        stage.second.is_ahead(second);
        let processes = [stage.data(), stage.data(), stage.data()];
        Self { stage, processes, possible: [(); NAMES.len()].map(|()| Possible::from([None])), number: 0 }
    }

    fn home(&self, name: usize) -> &Place {
        if NAMES[name].starts_with("side2.") { &self.stage.second } else { &self.stage.first }
    }

    async fn play(&mut self, step: Step) {
        self.number += 1;
        match step {
            Step::Change(process, name, change) => self.change(process, name, change).await,
            Step::Race(name, changes) => self.race(name, changes).await,
            Step::Read(process, name) => self.read(process, name).await,
            Step::Health(is_first, health) => {
                let place = if is_first { &self.stage.first } else { &self.stage.second };
                place.is(health);
                // An open breaker keeps a process from a side that works again.
                self.stage.pass(400);
            }
            Step::Restart(process) => self.processes[process] = self.stage.data(),
            Step::Pass(seconds) => self.stage.pass(seconds),
        }
    }

    async fn change(&mut self, process: usize, name: usize, change: Change) {
        let (value, fate) = attempt(&self.processes[process], name, change, &self.number.to_string()).await;
        let is_mute = self.home(name).is_mute();
        let possible = &mut self.possible[name];
        match fate {
            Fate::Confirmed => {
                let may_be = !matches!(change, Change::Create) || possible.contains(&None);
                assert!(may_be, "{} was created over {possible:?}", NAMES[name]);
                *possible = [value].into();
            }
            Fate::Refused => possible.retain(|there| there.is_none() == matches!(change, Change::Delete)),
            Fate::Failed if is_mute => {
                possible.insert(value);
            }
            Fate::Failed => assert!(!self.home(name).is_well(), "{change:?} of {} failed", NAMES[name]),
        }
        assert!(!self.possible[name].is_empty(), "{change:?} of {} was refused for nothing", NAMES[name]);
    }

    async fn race(&mut self, name: usize, [(one, change), (other, another)]: [(usize, Change); 2]) {
        let (first, second) = (format!("{}-1", self.number), format!("{}-2", self.number));
        let both = futures_util::future::join(
            attempt(&self.processes[one], name, change, &first),
            attempt(&self.processes[other], name, another, &second),
        );
        let ((first, first_fate), (second, second_fate)) = both.await;
        let is_mute = self.home(name).is_mute();
        let possible = &mut self.possible[name];
        if first_fate == Fate::Confirmed || second_fate == Fate::Confirmed {
            possible.clear();
        }
        let counts = |fate: Fate| fate == Fate::Confirmed || (fate == Fate::Failed && is_mute);
        possible.extend(
            [(first, first_fate), (second, second_fate)].into_iter().filter(|one| counts(one.1)).map(|one| one.0),
        );
    }

    async fn read(&mut self, process: usize, name: usize) {
        let found = read(&self.processes[process], NAMES[name]).await;
        let is_well = self.home(name).is_well();
        let found = match found {
            // It is said to be from elsewhere, where it may be old.
            Ok((_, Some(Link::Cached | Link::Secondary))) => {
                return assert!(!is_well, "{} is not read at home", NAMES[name]);
            }
            Ok((text, _)) => Some(text),
            Err(Error::NotFound { .. }) => None,
            Err(error) => return assert!(!is_well, "{}: {error}", NAMES[name]),
        };
        assert!(self.possible[name].contains(&found), "{}: {found:?} of {:?}", NAMES[name], self.possible[name]);
        self.possible[name] = [found].into();
    }

    /// Both sides work again: all processes see the same, and deletions stay.
    async fn end(&mut self) {
        self.stage.sides(Health::Well, Health::Well);
        self.stage.pass(400);
        self.processes[0] = self.stage.data();
        for name in 0..NAMES.len() {
            for process in 0..PROCESSES {
                self.read(process, name).await;
            }
            self.change(1, name, Change::Delete).await;
            for process in 0..PROCESSES {
                self.stage.pass(11);
                self.read(process, name).await;
            }
        }
    }
}

/// The value that it would have, and what became of it.
async fn attempt(pair: &Pair, name: usize, change: Change, text: &str) -> (Option<String>, Fate) {
    let done = match change {
        Change::Write => put(pair, NAMES[name], text, PutMode::Overwrite).await.map(drop),
        Change::Create => put(pair, NAMES[name], text, PutMode::Create).await.map(drop),
        Change::Delete => pair.delete(&Path::from(NAMES[name])).await,
    };
    let fate = match done {
        Ok(()) => Fate::Confirmed,
        Err(Error::AlreadyExists { .. } | Error::Precondition { .. } | Error::NotFound { .. }) => Fate::Refused,
        Err(_) => Fate::Failed,
    };
    ((!matches!(change, Change::Delete)).then(|| text.to_owned()), fate)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// The clocks of the stores, which are whole seconds, say nothing about the order of writes.
    #[test]
    fn what_was_confirmed_is_neither_lost_nor_undone(
        skews in [-30..30_i64, -30..30_i64],
        steps in prop::collection::vec(step(), 1..40),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut history = History::new(skews);
            history.stage.second.has("copy/a", "of last night").await;
            for step in steps {
                history.play(step).await;
            }
            history.end().await;
        });
    }
}
