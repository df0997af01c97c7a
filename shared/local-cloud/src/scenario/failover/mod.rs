//! The drill: Object Storage of the emulator is out for 90 s while functions are called all the time.
//!
//! The discovery agent reads a table, the decisioning flow runs and keeps its results; both have a second side of the
//! storage ([`second`]). A line for each minute tells who answered; in the end every run is asked for once more. A call
//! that failed is made again twice, as Lambda does with events; one that has no answer then is lost.
//!
//! Time is real, only faster: a minute of the drill lasts 60 s divided by the speed, and the times of the breaker's rules
//! are as much shorter. It stays open for as long as the outage lasts: with the usual 30 s its probes would find the
//! storage out still, and it would open again for longer.

mod calls;
mod second;
mod table;
mod watch;

use std::time::Duration;

use causeway_cloud::side::OF_SECOND;
use causeway_oci_emulator::{Emulator, Fault};
use causeway_resilience::breaker::Settings;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use serde_json::json;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use crate::arguments::ScenarioArguments;
use crate::cli::CliError;
use crate::cloud::{Cloud, Program};
use crate::commands::print;
use crate::oci::target::Target;
use crate::oci::{BUCKET, Oci, RESULTS_BUCKET};
use crate::sample::{SAMPLE, SAMPLE_OBJECT};
use crate::terminal::Terminal;
use calls::Caller;
use second::Second;
use table::{Minute, Sums};
use watch::Watch;

/// How many times as fast as real time it goes, unless it is said, and the most: an outage of a few seconds is too short
/// to be noticed and survived.
const SPEED: f64 = 2.0;
const FASTEST: f64 = 15.0;
/// Seconds of the drill: when the storage goes, and for how long.
const BREAKS_AT: u64 = 60;
const OUT_FOR: u64 = 90;
const MINUTE: u64 = 60;
/// Minutes in which functions are called, and the most when the breaker is not closed by then.
const MINUTES: u64 = 4;
const LATEST: u64 = 10;
/// Seconds between two calls.
const EVERY: usize = 6;
/// Calls that are under way at a time.
const AT_ONCE: usize = 4;
/// Table of the calls: a few hundred of the sample's orders.
const ORDERS: &str = "drill/orders.csv";
const ORDER_LINES: usize = 300;
const TABLE_TYPE: &str = "text/csv";
/// Status of a drill in which something was lost.
const EXIT_LOST: u8 = 1;

/// The drill that has been asked for.
pub(crate) struct Plan {
    speed: f64,
}

/// The drill under way.
pub(crate) struct Play {
    speed: f64,
    rules: Settings,
    emulator: Emulator,
    second: Second,
    watch: Watch,
    terminal: Terminal,
    sums: Sums,
}

impl Plan {
    /// # Errors
    /// Options of another scenario, or a speed that is too much.
    pub(super) fn of(args: &ScenarioArguments) -> Result<Self, CliError> {
        let others =
            [("--ticks", args.ticks.is_some()), ("--traces", args.traces.is_some()), ("--seed", args.seed.is_some())];
        if let Some((name, _)) = others.into_iter().find(|(_, is_set)| *is_set) {
            return Err(CliError::usage(format!("{name} is an option of --scenario autoscaler")));
        }
        let speed = args.speed.unwrap_or(SPEED);
        if speed > FASTEST {
            return Err(CliError::usage(format!(
                "--speed: the drill of a failover goes at most {FASTEST} times as fast"
            )));
        }
        Ok(Self { speed })
    }

    /// # Errors
    /// There is no place for the second side.
    pub(super) async fn begin(self, oci: &Oci) -> Result<Play, CliError> {
        let second = Second::start(&oci.directory().join("second")).await?;
        let rules = rules(self.speed);
        let watch = Watch::new(&second, &rules)?;
        let emulator = oci.emulator.clone();
        let (terminal, sums) = (Terminal::stdout(), Sums::default());
        Ok(Play { speed: self.speed, rules, emulator, second, watch, terminal, sums })
    }
}

impl Play {
    /// The same tables on both sides, and breakers that are past their first minute.
    ///
    /// # Errors
    /// One of the sides refuses.
    pub(super) async fn furnish(&mut self, oci: &Oci) -> Result<(), CliError> {
        let target = Target::Here(self.emulator.clone());
        let put = oci.put(&target, BUCKET, (ORDERS, orders()), TABLE_TYPE).await;
        put.map_err(|error| CliError { text: format!("the drill's table: {error}"), exit: 74 })?;
        for (name, bytes) in [(SAMPLE_OBJECT, SAMPLE), (ORDERS, orders())] {
            self.second.copy(BUCKET, name, bytes).await?;
        }
        self.watch.begin().await
    }

    /// Gives all functions the second side.
    pub(super) fn direct(&self, programs: &mut [Program]) {
        let rules = json!(self.rules).to_string();
        let mut ours = self.second.variables();
        ours.push(("CAUSEWAY_STORAGE_BREAKER".to_owned(), rules));
        for program in programs {
            let ours = ours.clone();
            program.environment.retain(|(known, _)| !ours.iter().any(|(name, _)| name == known));
            program.environment.extend(ours);
        }
    }

    /// # Errors
    /// Standard output cannot be written.
    pub(super) async fn run(&mut self, cloud: &Cloud, oci: &Oci) -> Result<(), CliError> {
        print(&format!("The second side is {}.\n\n", self.second))?;
        print(&(self.terminal.bold(&table::head()) + "\n"))?;
        for number in 1..=LATEST {
            let minute = self.minute(cloud, number).await;
            print(&(table::line(&minute) + "\n"))?;
            self.sums.add(&minute);
            if number >= MINUTES && self.watch.is_closed() {
                break;
            }
        }
        self.ask_again(cloud, oci).await
    }

    /// One minute: its calls, and what became of them.
    async fn minute(&mut self, cloud: &Cloud, number: u64) -> Minute {
        let caller = Caller::new(cloud, self.speed);
        let (mut under_way, mut answers, mut next) = (FuturesUnordered::new(), Vec::new(), Instant::now());
        let begins = (number - 1) * MINUTE;
        for at in (begins..begins + MINUTE).step_by(EVERY) {
            if at == BREAKS_AT {
                self.break_storage();
            }
            // What was lost on a slow machine is not made up for.
            while under_way.len() >= AT_ONCE {
                answers.extend(under_way.next().await);
            }
            next = next.max(Instant::now());
            under_way.push(caller.call(at / EVERY as u64));
            next += self.real(EVERY as u64);
            while let Ok(Some(answer)) = timeout_at(next, under_way.next()).await {
                answers.push(answer);
            }
            sleep_until(next).await;
        }
        answers.extend(under_way.collect::<Vec<_>>().await);
        let mut minute = Minute::new(number);
        for answer in &answers {
            minute.take(answer);
            self.sums.note(answer);
        }
        minute.breaker = self.watch.look().await;
        minute
    }

    /// Refuses everything, and ends that in time.
    fn break_storage(&self) {
        let lasts = self.real(OUT_FOR);
        let service = Some("objectstorage".to_owned());
        let fault = Fault { service, status: Some(503), ..Fault::default() };
        let (emulator, fault) = (self.emulator.clone(), self.emulator.add_fault(fault));
        tokio::spawn(async move {
            sleep(lasts).await;
            emulator.end_fault(fault);
        });
    }

    fn real(&self, seconds: u64) -> Duration {
        Duration::from_secs_f64(seconds as f64 / self.speed)
    }

    /// Every run that was answered has to be there still, and results of the second side come to the first.
    async fn ask_again(&mut self, cloud: &Cloud, oci: &Oci) -> Result<(), CliError> {
        let caller = Caller::new(cloud, self.speed);
        for run in self.sums.runs().to_vec() {
            let is_found = caller.finds(&run).await;
            self.sums.found(is_found);
        }
        let prefix = format!("results/{OF_SECOND}");
        let names = oci.names_in(&Target::Here(self.emulator.clone()), RESULTS_BUCKET, &prefix).await;
        let names = names.map_err(|error| CliError { text: format!("results: {error}"), exit: 74 })?;
        self.sums.brought_back(&names);
        Ok(())
    }

    /// # Errors
    /// Something was lost, or standard output cannot be written.
    pub(super) fn sum_up(&self) -> Result<(), CliError> {
        print(&self.sums.text(&self.watch))?;
        match self.sums.is_lost() {
            true => Err(CliError { text: "requests or results were lost".to_owned(), exit: EXIT_LOST }),
            false => Ok(()),
        }
    }
}

/// Rules of the breakers by the clock of the drill. There are many calls before the outage, so a smaller part of them than
/// usual has to fail.
fn rules(speed: f64) -> Settings {
    let seconds = |seconds: f64| (seconds / speed).ceil() as u32;
    let window_seconds = seconds(30.0).max(6);
    Settings {
        window_seconds,
        failure_pct: 20,
        open_seconds: seconds(OUT_FOR as f64),
        open_jitter_pct: 0,
        ..Settings::default()
    }
}

/// The beginning of the sample.
fn orders() -> &'static [u8] {
    let end = SAMPLE.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(ORDER_LINES).map(|(at, _)| at + 1);
    &SAMPLE[..end.unwrap_or(SAMPLE.len())]
}
