//! Compares echo servers on the Fn http-stream socket: start, memory, speed. Run by hand; nothing here asserts a time.
//!
//! `cargo run --release -p tests --bin bench -- --server ours=target/release/examples/echo --server go=/path/to/echo`

mod body;
mod measure;
mod report;
mod server;
mod wire;

use std::io::stdout;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Parser;

use measure::Plan;
use report::{Report, SizeReport};
use server::{Program, Server};

#[derive(Debug, Parser)]
#[command(about = "Compares echo servers on the Fn http-stream socket")]
struct Args {
    /// A server to measure: a name for the report and the program; repeatable
    #[arg(long = "server", value_name = "NAME=PATH", required = true)]
    servers: Vec<Program>,
    /// Sizes of the JSON bodies in bytes
    #[arg(long, value_delimiter = ',', default_value = "29,65536,1048576")]
    sizes: Vec<usize>,
    /// Rounds per size; in each round every server has one turn
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// Length of a turn
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
    /// Starts per server; 0 leaves the starts out
    #[arg(long, default_value_t = 50)]
    starts: usize,
    /// Leaves the Fn-Deadline header out
    #[arg(long)]
    no_deadline: bool,
    /// Also writes the figures to this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let report = measure_all(&args)?;
    report.table(&mut stdout().lock())?;
    if let Some(path) = &args.json {
        let text = serde_json::to_vec_pretty(&report)?;
        std::fs::write(path, text).with_context(|| format!("writing {}", path.display()))?;
    }
    Ok(())
}

fn measure_all(args: &Args) -> Result<Report> {
    let turn = Duration::try_from_secs_f64(args.seconds).context("--seconds")?;
    let plan = Plan { starts: args.starts, rounds: args.rounds, turn, deadline: !args.no_deadline };
    let mut report =
        Report { servers: args.servers.iter().map(|server| server.name.clone()).collect(), ..Report::default() };
    if plan.starts > 0 {
        report.startup = measure::startup(&args.servers, plan)?;
    }
    let running = args.servers.iter().map(running).collect::<Result<Vec<_>>>()?;
    for size in &args.sizes {
        report.loads.push(SizeReport { size: *size, servers: measure::load(&running, *size, plan)? });
    }
    Ok(report)
}

fn running(program: &Program) -> Result<(Program, Server)> {
    let mut server = Server::start(program)?;
    server.first_connection().with_context(|| program.name.clone())?;
    Ok((program.clone(), server))
}
