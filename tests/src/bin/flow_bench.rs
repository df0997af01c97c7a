//! What the decisioning flow costs: processor time and memory of its six processes for one run over the sample orders.
//! Run by hand; nothing here asserts a time.
//!
//! `cargo run --release -p tests --bin flow_bench`

use std::fs;
use std::io::{Write, stdout};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::Parser;
use serde_json::json;
use tests::harness::{AGENTS, FLOW, Function, Platform, direct};

/// Ticks of `/proc/<pid>/stat` in a second: `USER_HZ` is 100 on every Linux that we know.
const TICKS: f64 = 100.0;
/// The sample that `causeway demo` runs on.
const SAMPLE: &str = "../shared/local-cloud/data/superstore/superstore.csv";

#[derive(Debug, Parser)]
#[command(about = "Processor time and memory of the decisioning flow, process by process")]
struct Args {
    /// Runs; each has processes of its own
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Table to analyse
    #[arg(long, value_name = "FILE")]
    orders: Option<PathBuf>,
}

/// Of one process: from its first call to the end of the run.
#[derive(Debug, Clone, Copy)]
struct Cost {
    cpu_seconds: f64,
    peak_mib: f64,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let path = args.orders.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join(SAMPLE));
    let orders = fs::read(&path).with_context(|| path.display().to_string())?;
    let rounds = (0..args.rounds).map(|_| round(&orders)).collect::<Result<Vec<_>>>()?;
    ensure!(!rounds.is_empty(), "no round was asked for");
    Ok(report(&mut stdout().lock(), &rounds)?)
}

/// The flow, then the agents.
fn names() -> impl Iterator<Item = &'static str> {
    std::iter::once(FLOW).chain(AGENTS)
}

fn round(orders: &[u8]) -> Result<Vec<Cost>> {
    let platform = Platform::start(&[]);
    platform.put("superstore/superstore.csv", orders.to_vec());
    platform.warm_up();
    let flow = platform.process(FLOW);
    let before = ticks_of_all(&platform, &flow)?;
    let request = json!({ "run_id": "bench", "data_sources": ["superstore"] });
    let reply = flow.call(&direct(request.to_string()));
    let run = &reply.json()["workflow_run"];
    ensure!(
        run["status"] != "error"
            && run["deferred"] == json!([])
            && run["agents_deployed"].as_array().map(Vec::len) == Some(5),
        "{run:#}"
    );
    let after = ticks_of_all(&platform, &flow)?;
    let costs = before.iter().zip(&after).map(|((_, before), (pid, after))| {
        Ok(Cost { cpu_seconds: (after - before) as f64 / TICKS, peak_mib: peak_mib(*pid)? })
    });
    costs.collect()
}

/// Processes with the ticks that they have used so far.
fn ticks_of_all(platform: &Platform, flow: &Function) -> Result<Vec<(u32, u64)>> {
    let agent = |name: &&str| match platform.idle(name)[..] {
        [pid] => Ok(pid),
        ref other => anyhow::bail!("{name} has the processes {other:?}, expected one"),
    };
    let agents = AGENTS.iter().map(agent).collect::<Result<Vec<_>>>()?;
    std::iter::once(flow.pid()).chain(agents).map(|pid| Ok((pid, ticks(pid)?))).collect()
}

/// User and system time of all threads, fields 14 and 15 of proc(5).
fn ticks(pid: u32) -> Result<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let fields: Vec<_> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let field = |number: usize| fields.get(number).and_then(|text| text.parse::<u64>().ok());
    // Counted from the third.
    field(11).zip(field(12)).map(|(user, system)| user + system).context("times in /proc")
}

fn peak_mib(pid: u32) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("VmHWM in /proc")?;
    let kibibytes: f64 = line.split_whitespace().next().context("VmHWM")?.parse()?;
    Ok(kibibytes / 1024.0)
}

fn report(out: &mut impl Write, rounds: &[Vec<Cost>]) -> std::io::Result<()> {
    writeln!(out, "| process | CPU s, least | CPU s, median | peak MiB |\n|---|---:|---:|---:|")?;
    for (number, name) in names().enumerate() {
        let costs: Vec<_> = rounds.iter().map(|round| round[number]).collect();
        let peak = costs.iter().map(|cost| cost.peak_mib).fold(0.0, f64::max);
        let [least, median] = spread(costs.iter().map(|cost| cost.cpu_seconds).collect());
        writeln!(out, "| {name} | {least:.2} | {median:.2} | {peak:.1} |")?;
    }
    let sums = rounds.iter().map(|round| round.iter().map(|cost| cost.cpu_seconds).sum()).collect();
    let peaks = rounds.iter().map(|round| round.iter().map(|cost| cost.peak_mib).sum()).fold(0.0, f64::max);
    let [least, median] = spread(sums);
    writeln!(out, "| sum of a round | {least:.2} | {median:.2} | {peaks:.1} |")
}

/// Least and median.
fn spread(mut values: Vec<f64>) -> [f64; 2] {
    values.sort_by(f64::total_cmp);
    [values[0], values[values.len() / 2]]
}
