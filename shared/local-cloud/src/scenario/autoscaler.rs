//! The autoscaler's scenario: machines of the emulator get their load from traces, and every five minutes the function
//! is called as a schedule calls it. Time is simulated and moves by minutes, for the emulator's services and for the
//! function alike ([`clock`](super::clock)).

use std::ffi::OsString;
use std::io::{self, Write};
use std::time::Duration;

use bytes::Bytes;
use flex_autoscaler::replay::model::STEP_MINUTES;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::account::{self, per_hour};
use super::clock::Hands;
use super::fleet::{Fleet, TAG};
use super::lines::Lines;
use super::loads::{self, Loads};
use crate::arguments::ScenarioArguments;
use crate::cli::CliError;
use crate::cloud::{Cloud, Program};
use crate::commands::invoke::{is_client_error, json_request};
use crate::commands::print;
use crate::failure::FailureKind;
use crate::oci::target::Target;
use crate::oci::{BUCKET, Oci};
use crate::terminal::{Terminal, clean};

const FUNCTION: &str = "flex-autoscaler";
const MINUTE: Duration = Duration::from_secs(60);
/// Each of the two steps of a restart, in milliseconds of simulated time: the machine is down for two minutes.
pub(crate) const RESTART_STEP_MS: i64 = 60_000;

/// How many times as fast as real time it goes, unless it is said.
const SPEED: f64 = 60.0;
/// Seed of the synthetic traces, unless it is said.
const SEED: u64 = 1;

/// The scenario that has been asked for.
pub(crate) struct Plan {
    loads: Loads,
    pace: Duration,
    ticks: Option<u32>,
}

/// The scenario that is being played.
pub(crate) struct Play {
    loads: Loads,
    fleet: Fleet,
    lines: Lines,
    terminal: Terminal,
    pace: Duration,
    ticks: Option<u32>,
    done: u32,
    failed: u32,
}

impl Plan {
    /// # Errors
    /// The traces cannot be had.
    pub(super) fn of(args: &ScenarioArguments) -> Result<Self, CliError> {
        let loads = match &args.traces {
            Some(directory) => loads::of_directory(directory)?,
            None => loads::synthetic(args.seed.unwrap_or(SEED))?,
        };
        let pace = Duration::try_from_secs_f64(MINUTE.as_secs_f64() / args.speed.unwrap_or(SPEED)).unwrap_or(MINUTE);
        Ok(Self { loads, pace, ticks: args.ticks })
    }

    /// Sets the clock of a new OCI, before anything is in it.
    ///
    /// # Errors
    /// The clock cannot be written.
    pub(super) async fn begin(self, oci: &Oci) -> Result<Play, CliError> {
        let Self { loads, pace, ticks } = self;
        let target = Target::Here(oci.emulator.clone());
        let hands = Hands::new(oci.directory());
        let fleet = Fleet::new(target, oci.emulator.default_compartment(), &loads, hands).await?;
        let (lines, terminal) = (Lines::default(), Terminal::stdout());
        Ok(Play { loads, fleet, lines, terminal, pace, ticks, done: 0, failed: 0 })
    }
}

impl Play {
    /// Puts the machines there.
    ///
    /// # Errors
    /// The emulator refuses.
    pub(super) async fn furnish(&mut self) -> Result<(), CliError> {
        for note in &self.loads.notes {
            let _ = writeln!(io::stderr(), "{}", clean(note));
        }
        self.fleet.furnish(&self.loads).await
    }

    /// Lets the function act on these machines, by the scenario's clock. Its mode and policy can be chosen by its own
    /// variables.
    pub(super) fn direct(&self, programs: &mut [Program], oci: &Oci) {
        let Some(program) = programs.iter_mut().find(|program| program.name == FUNCTION) else { return };
        program.arguments.extend([OsString::from("--clock"), self.fleet.clock_path().into()]);
        let is_set = |name: &str| program.environment.iter().any(|(known, value)| known == name && !value.is_empty());
        let policy = json!({ "allow_reboot": true, "down": { "watch_memory": false } }).to_string();
        let mut ours = vec![
            ("FLEX_AUTOSCALER_TAGS", format!("{}={}", TAG.0, TAG.1)),
            ("CAUSEWAY_COMPARTMENT", oci.emulator.default_compartment()),
            ("CAUSEWAY_BUCKET", BUCKET.to_owned()),
        ];
        if !is_set("FLEX_AUTOSCALER_MODE") {
            ours.push(("FLEX_AUTOSCALER_MODE", "enforce".to_owned()));
        }
        if !is_set("FLEX_AUTOSCALER_POLICY") && !is_set("FLEX_AUTOSCALER_POLICY_OBJECT") {
            ours.push(("FLEX_AUTOSCALER_POLICY", policy));
        }
        program.environment.retain(|(known, _)| !ours.iter().any(|(name, _)| name == known));
        program.environment.extend(ours.into_iter().map(|(name, value)| (name.to_owned(), value)));
    }

    /// Plays until the ticks are done or the traces are over.
    ///
    /// # Errors
    /// The emulator fails, or every tick did.
    pub(super) async fn run(&mut self, cloud: &Cloud) -> Result<(), CliError> {
        print(&(self.terminal.bold(&Lines::head()) + "\n"))?;
        let mut next = Instant::now();
        while self.fleet.goes_on() && self.ticks.is_none_or(|ticks| self.done < ticks) {
            for _ in 0..STEP_MINUTES {
                // What was lost on a slow machine is not made up for.
                next = (next + self.pace).max(Instant::now());
                self.status()?;
                tokio::time::sleep_until(next).await;
                self.fleet.minute().await?;
            }
            self.fleet.next_sample();
            self.tick(cloud).await?;
        }
        match self.done > 0 && self.failed == self.done {
            true => {
                Err(CliError { text: "every tick failed; `--verbose` shows the function's log".to_owned(), exit: 70 })
            }
            false => Ok(()),
        }
    }

    /// Calls the function and tells what it decided.
    async fn tick(&mut self, cloud: &Cloud) -> Result<(), CliError> {
        self.done += 1;
        match call(cloud).await {
            Ok(reply) => {
                let lines = self.lines.of(&self.fleet, &reply);
                let text: String = lines.into_iter().map(|line| line + "\n").collect();
                if text.is_empty() { Ok(()) } else { print(&format!("{}{text}", self.cleared())) }
            }
            Err(problem) => {
                self.failed += 1;
                let time = self.fleet.now.strftime("%a %d %H:%M");
                print(&format!("{}{time}    the tick failed: {}\n", self.cleared(), clean(&problem)))
            }
        }
    }

    /// A last line that changes, where there is a terminal.
    fn status(&self) -> Result<(), CliError> {
        if !self.terminal.is_terminal {
            return Ok(());
        }
        let ocpus: f64 = self.fleet.machines.iter().map(|machine| machine.seen.ocpus).sum();
        let (time, machines) = (self.fleet.now.strftime("%a %d %H:%M"), self.fleet.machines.len());
        let money = per_hour(ocpus);
        print(&format!("{}{time}    {machines} machines, {ocpus} OCPUs, ${money:.2} an hour", self.cleared()))
    }

    fn cleared(&self) -> &'static str {
        if self.terminal.is_terminal { "\r\x1b[K" } else { "" }
    }

    /// What came of it, once something was played.
    ///
    /// # Errors
    /// Standard output cannot be written.
    pub(super) fn sum_up(&self) -> Result<(), CliError> {
        if self.done == 0 {
            return print(self.cleared());
        }
        let accounts = self.fleet.machines.iter().map(|machine| (machine.name.as_str(), &machine.account));
        let failed = if self.failed > 0 { format!(", {} of them failed", self.failed) } else { String::new() };
        let table = account::summary(accounts, &self.terminal);
        print(&format!("{}\n{} ticks{failed}\n{table}", self.cleared(), self.done))
    }
}

/// One tick, as a schedule asks for it; or what went wrong.
async fn call(cloud: &Cloud) -> Result<Value, String> {
    let function = cloud.get(FUNCTION).ok_or_else(|| FailureKind::NotStarted.to_string())?;
    let request = json_request(Bytes::from_static(br#"{"kind":"tick"}"#));
    let process = function.fn_process().await.map_err(|failure| failure.to_string())?;
    let body = process.run(request).await.map_err(|failure| failure.to_string())?.body;
    if is_client_error(&body) {
        return Err(String::from_utf8_lossy(&body).into_owned());
    }
    serde_json::from_slice(&body).map_err(|error| error.to_string())
}
