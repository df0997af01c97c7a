//! What processes use: processor time and memory, as Linux counts them.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

/// Of `/proc/*/stat`, on every Linux that Rust runs on.
const TICKS_PER_SECOND: f64 = 100.0;

/// Processor time of a process, in user and in kernel mode together. `who` is a process id or `self`.
pub(crate) fn cpu(who: &str) -> Result<Duration> {
    let fields = stat(who)?;
    Ok(ticks(&fields[11]) + ticks(&fields[12]))
}

/// The same of all children that have ended and were waited for, and of theirs.
pub(crate) fn cpu_of_children() -> Result<Duration> {
    let fields = stat("self")?;
    Ok(ticks(&fields[13]) + ticks(&fields[14]))
}

/// The fields after the name, which may hold spaces.
fn stat(who: &str) -> Result<Vec<String>> {
    let path = format!("/proc/{who}/stat");
    let text = fs::read_to_string(&path).with_context(|| path.clone())?;
    let (_, rest) = text.rsplit_once(')').with_context(|| path)?;
    Ok(rest.split_whitespace().map(str::to_owned).collect())
}

fn ticks(field: &str) -> Duration {
    Duration::from_secs_f64(field.parse::<f64>().unwrap_or_default() / TICKS_PER_SECOND)
}

/// The most memory that a process has ever had in RAM, in KiB; `VmRSS` is what it has now.
pub(crate) fn memory_kib(who: &str, name: &str) -> Result<u64> {
    let path = format!("/proc/{who}/status");
    let text = fs::read_to_string(&path).with_context(|| path.clone())?;
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")).and_then(|kib| kib.parse().ok());
    kib.with_context(|| format!("{name} in {path}"))
}
