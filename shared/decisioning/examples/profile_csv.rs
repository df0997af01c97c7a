//! Profiles a directory of tables on local disk and prints what that cost.
//!
//! `cargo run --release -p causeway-decisioning --example profile_csv -- DIR [PREFIX] [--json]`
//! prints bytes, seconds of CPU time, CPU seconds per 100 MB and the largest resident size; with `--json`
//! the whole result goes to standard output.
#![expect(clippy::print_stdout, reason = "printing is what this program is for")]

use std::error::Error;
use std::sync::Arc;

use causeway_cloud::Objects;
use causeway_cloud::local::Store;
use causeway_decisioning::discovery::{Limits, Request, survey};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (flags, places): (Vec<&String>, Vec<&String>) = arguments.iter().partition(|a| a.starts_with("--"));
    let root = places.first().ok_or("usage: profile_csv DIR [PREFIX]... [--json]")?;
    let objects: Objects = Arc::new(Store::open(root)?);
    let data_sources: Vec<String> = places[1..].iter().map(|s| (*s).clone()).collect();
    let request = Request { data_sources, ..Request::default() };
    let result =
        futures_executor::block_on(survey(&objects, &request, &Limits::default(), &jiff::Timestamp::now, None))?;
    if flags.iter().any(|f| *f == "--json") {
        println!("{}", serde_json::to_string_pretty(&result)?);
        return Ok(());
    }
    for table in result.data["tables"].as_array().into_iter().flatten() {
        println!("{} {} rows x {} columns", table["name"], table["row_count"], table["column_count"]);
    }
    let bytes = bytes_of(&objects, &request)?;
    let cpu = cpu_seconds()?;
    println!("{bytes} bytes, {cpu:.2} CPU s, {:.3} CPU s per 100 MB, peak {} kB", cpu * 1e8 / bytes as f64, peak_kb()?);
    Ok(())
}

fn bytes_of(objects: &Objects, request: &Request) -> Result<u64, Box<dyn Error>> {
    use futures_util::TryStreamExt;
    let mut bytes = 0;
    for prefix in request.prefixes()? {
        use causeway_cloud::object_store::ObjectStoreExt;
        if let Ok(meta) = futures_executor::block_on(objects.head(&prefix)) {
            bytes += meta.size;
            continue;
        }
        let found: Vec<_> = futures_executor::block_on(objects.list(Some(&prefix)).try_collect())?;
        bytes += found.iter().map(|meta| meta.size).sum::<u64>();
    }
    Ok(bytes)
}

/// User and system time of this process, in the kernel's 100 ticks per second.
fn cpu_seconds() -> Result<f64, Box<dyn Error>> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let after_name = stat.rsplit(')').next().ok_or("no fields")?;
    let ticks = |index: usize| after_name.split_whitespace().nth(index).and_then(|t| t.parse::<f64>().ok());
    Ok((ticks(11).ok_or("no user time")? + ticks(12).ok_or("no system time")?) / 100.0)
}

fn peak_kb() -> Result<u64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse()?)
}
