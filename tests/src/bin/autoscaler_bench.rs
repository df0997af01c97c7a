//! What a tick of the autoscaler costs with a thousand machines of which 120 are hot: time, memory, calls and changes,
//! against the emulator. Run by hand; nothing here asserts a time.
//!
//! `cargo run --release -p tests --bin autoscaler_bench`

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "shared with tests, which fail by panicking")]

#[allow(dead_code, reason = "tests need more of it")]
#[path = "../../autoscaler/cloud.rs"]
mod cloud;
#[allow(dead_code, reason = "tests need more of it")]
use std::io::{Write, stdout};

use anyhow::{Result, anyhow, ensure};
use causeway_oci_emulator::Fault;
use clap::Parser;

use crate::cloud::{Cloud, Machine};

/// Between 75 %, where machines grow, and 80 %, where they do so at once and again.
const HOT_PERCENT: f64 = 78.0;
const CALM_PERCENT: f64 = 50.0;
/// Together with the calm points of the same minutes it makes hot ones.
const HEATING_PERCENT: f64 = 2.0 * HOT_PERCENT - CALM_PERCENT;
/// Minutes that are heated: the window of growing, and some.
const HEATED_MINUTES: i64 = 30;

#[derive(Debug, Parser)]
#[command(about = "Time, memory and calls of the autoscaler's ticks")]
struct Args {
    /// Ticks at each latency
    #[arg(long, default_value_t = 20)]
    ticks: usize,
    /// Machines
    #[arg(long, default_value_t = 1000)]
    machines: usize,
    /// Machines that are hot at the beginning of a tick
    #[arg(long, default_value_t = 120)]
    hot: usize,
    /// How long the services take for an answer, in milliseconds
    #[arg(long, value_delimiter = ',', default_values_t = [2000, 50])]
    latency_ms: Vec<u64>,
    /// Share of the calls of Compute and Monitoring that are refused with 429
    #[arg(long, default_value_t = 0.05)]
    refused: f64,
}

/// One tick.
#[derive(Debug, Clone, Copy)]
struct Cost {
    seconds: f64,
    calls: usize,
    changes: usize,
    peak_mb: f64,
}

fn main() -> Result<()> {
    let args = Args::parse();
    ensure!(args.ticks > 0 && args.hot < args.machines, "there must be ticks, and machines that are not hot");
    let out = &mut stdout().lock();
    writeln!(out, "{} machines, {} of them hot, {} ticks each", args.machines, args.hot, args.ticks)?;
    writeln!(out, "\n| API | least s | median s | p95 s | peak MB | calls, median | calls, most | changes, most |")?;
    writeln!(out, "|---|---:|---:|---:|---:|---:|---:|---:|")?;
    for latency_ms in &args.latency_ms {
        let mut costs = Vec::new();
        while costs.len() < args.ticks {
            costs.extend(ticks(&args, *latency_ms, args.ticks - costs.len())?);
        }
        row(out, &format!("{latency_ms} ms, {:.0} % refused", args.refused * 100.0), &costs)?;
    }
    Ok(())
}

/// Up to so many ticks of one fleet: they end when no calm machine is left that could become hot.
fn ticks(args: &Args, latency_ms: u64, most: usize) -> Result<Vec<Cost>> {
    let cloud = Cloud::start();
    let mut fleet: Vec<Machine> = (0..args.machines).map(|number| Machine::new(number, CALM_PERCENT)).collect();
    cloud.add(&fleet);
    let autoscaler = cloud.autoscaler();
    let (mut costs, mut warm, mut cooled) = (Vec::new(), 0, args.hot);
    while costs.len() < most && warm + cooled <= fleet.len() {
        heat(&cloud, &mut fleet[warm..warm + cooled]);
        warm += cooled;
        cloud.measure(&fleet, 1);
        cloud.next_tick();
        let rules = slow(&cloud, latency_ms, args.refused)?;
        cloud.front.forget();
        let ticked = autoscaler.tick();
        let calls = cloud.front.seen().len();
        for rule in rules {
            cloud.emulator.end_fault(rule);
        }
        cooled = ticked.accepted().len();
        ensure!(cooled + ticked.deferred().len() == args.hot, "{}", ticked.reply["warnings"]);
        let (seconds, peak_mb) = (ticked.took.as_secs_f64(), autoscaler.peak_mb());
        costs.push(Cost { seconds, calls, changes: cooled, peak_mb });
    }
    Ok(costs)
}

fn heat(cloud: &Cloud, machines: &mut [Machine]) {
    machines.iter_mut().for_each(|machine| machine.cpu = HEATING_PERCENT);
    cloud.measure(machines, HEATED_MINUTES);
    machines.iter_mut().for_each(|machine| machine.cpu = HOT_PERCENT);
}

fn slow(cloud: &Cloud, latency_ms: u64, refused: f64) -> Result<Vec<u64>> {
    let late =
        ["compute", "monitoring", "objectstorage"].map(|service| format!("service={service},latencyMs={latency_ms}"));
    let refusing = ["compute", "monitoring"].map(|service| format!("service={service},status=429,rate={refused}"));
    let rules = late.iter().chain(&refusing).map(|rule| Fault::parse(rule).map_err(|error| anyhow!(error)));
    rules.map(|rule| Ok(cloud.emulator.add_fault(rule?))).collect()
}

fn row(out: &mut impl Write, name: &str, costs: &[Cost]) -> Result<()> {
    let seconds = sorted(costs.iter().map(|cost| cost.seconds));
    let calls = sorted(costs.iter().map(|cost| cost.calls as f64));
    let peak = costs.iter().map(|cost| cost.peak_mb).fold(0.0, f64::max);
    let changes = costs.iter().map(|cost| cost.changes).max().unwrap_or_default();
    writeln!(
        out,
        "| {name} | {:.1} | {:.1} | {:.1} | {peak:.0} | {:.0} | {:.0} | {changes} |",
        seconds[0],
        at(&seconds, 50),
        at(&seconds, 95),
        at(&calls, 50),
        at(&calls, 100),
    )?;
    Ok(out.flush()?)
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}

/// A percentile: the least value that so many percent of the values do not exceed.
fn at(sorted: &[f64], percent: usize) -> f64 {
    sorted[(sorted.len() * percent).div_ceil(100).max(1) - 1]
}
