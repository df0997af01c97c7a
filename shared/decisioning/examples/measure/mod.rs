//! What a run cost, and how large its objects are.

use std::error::Error;

use causeway_cloud::Objects;
use causeway_cloud::object_store::path::Path;
use causeway_cloud::object_store::{ObjectStore, ObjectStoreExt};
use futures_util::TryStreamExt;

/// Bytes of the objects under some prefixes.
pub(crate) fn bytes_of(objects: &Objects, prefixes: &[Path]) -> Result<u64, Box<dyn Error>> {
    let mut bytes = 0;
    for prefix in prefixes {
        if let Ok(meta) = futures_executor::block_on(objects.head(prefix)) {
            bytes += meta.size;
            continue;
        }
        let found: Vec<_> = futures_executor::block_on(objects.list(Some(prefix)).try_collect())?;
        bytes += found.iter().map(|meta| meta.size).sum::<u64>();
    }
    Ok(bytes)
}

/// One line: bytes, CPU seconds in all and per 100 MB, peak resident size.
pub(crate) fn cost(bytes: u64) -> Result<String, Box<dyn Error>> {
    let (cpu, peak) = (cpu_seconds()?, peak_kb()?);
    Ok(format!("{bytes} bytes, {cpu:.2} CPU s, {:.3} CPU s per 100 MB, peak {peak} kB", cpu * 1e8 / bytes as f64))
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
