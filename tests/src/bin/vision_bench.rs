//! Many pictures and a slow model: how near `vision batch` comes to what the model allows. Run by hand; nothing here
//! asserts a time.
//!
//! `cargo run --release -p tests --bin vision_bench`

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "shared with tests, which fail by panicking")]

#[allow(dead_code, reason = "tests need more of it")]
#[path = "../../vision/cloud.rs"]
mod cloud;
#[allow(dead_code, reason = "another benchmark needs more of it")]
#[path = "cloud_bench/usage.rs"]
mod usage;

use std::io::{Write, stdout};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use clap::Parser;

use crate::cloud::{ASTRONAUT, COFFEE, Cloud};
use crate::usage::cpu_of_children;

#[derive(Debug, Parser)]
#[command(about = "Throughput of vision batch beside the limit of the model")]
struct Args {
    /// Pictures: half of them 600 x 400, half 512 x 512
    #[arg(long, default_value_t = 500)]
    pictures: usize,
    /// How long the model takes, in milliseconds
    #[arg(long, default_value_t = 300)]
    delay_ms: u64,
    /// Questions that the model is asked at once
    #[arg(long, value_delimiter = ',', default_values_t = [4, 8, 16])]
    concurrency: Vec<usize>,
}

fn main() -> Result<()> {
    let args = Args::parse();
    ensure!(args.pictures > 0 && args.delay_ms > 0, "there must be pictures and a model that takes time");
    let out = &mut stdout().lock();
    writeln!(out, "{} pictures, a model of {} ms", args.pictures, args.delay_ms)?;
    writeln!(out, "\n| at once | s | pictures/s | limit of the model | share of it | CPU ms a picture |")?;
    writeln!(out, "|---:|---:|---:|---:|---:|---:|")?;
    for concurrency in &args.concurrency {
        let cloud = Cloud::start();
        for number in 0..args.pictures {
            cloud.put(&format!("in/{number:04}.jpg"), if number % 2 == 0 { COFFEE } else { ASTRONAUT });
        }
        cloud.door.wait_for(Duration::from_millis(args.delay_ms));
        let (before, start) = (cpu_of_children()?, Instant::now());
        let mut run = cloud.command(&["batch", "--prefix", "in", "--concurrency", &concurrency.to_string()]);
        let output = run.output()?;
        let seconds = start.elapsed().as_secs_f64();
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        ensure!(cloud.door.total() == args.pictures, "{} questions", cloud.door.total());
        let rate = args.pictures as f64 / seconds;
        let limit = *concurrency as f64 * 1e3 / args.delay_ms as f64;
        let cpu = (cpu_of_children()? - before).as_secs_f64() * 1e3 / args.pictures as f64;
        let share = rate / limit;
        writeln!(out, "| {concurrency} | {seconds:.1} | {rate:.1} | {limit:.1} | {share:.2} | {cpu:.1} |")?;
    }
    Ok(())
}
