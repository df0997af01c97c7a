//! How much memory a process holds together with what it has started.
//!
//! The platforms give a container a hard limit. A limit of address space (`RLIMIT_AS`) would be no likeness:
//! allocators reserve far more than they use. So what is really held is looked at, many times a second, and
//! the function is killed when it is over; a process that grows fast is a little over by then. Pages of files
//! do not count, because the kernel can take them back.

use std::fs;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

/// How often a process is looked at.
const EVERY: Duration = Duration::from_millis(25);
/// Processes of one function that are counted.
const MAX_PROCESSES: usize = 256;

/// Waits until the process holds more than `limit_mb` MB; returns how many it holds then.
pub(super) async fn exceeded(pid: u32, limit_mb: u32) -> u64 {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let used = held_kb(pid).div_ceil(1024);
        if used > u64::from(limit_mb) {
            return used;
        }
    }
}

/// Memory of the process and its descendants, in kB. Whatever has ended meanwhile holds nothing.
fn held_kb(pid: u32) -> u64 {
    let (mut open, mut seen, mut sum) = (vec![pid], 0, 0_u64);
    while let Some(pid) = open.pop().filter(|_| seen < MAX_PROCESSES) {
        seen += 1;
        sum += own_kb(pid).unwrap_or(0);
        open.extend(children(pid));
    }
    sum
}

fn own_kb(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let counted = status.lines().filter(|line| line.starts_with("RssAnon:") || line.starts_with("RssShmem:"));
    Some(counted.filter_map(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok()).sum())
}

/// What its threads have started; nothing where the kernel does not tell.
fn children(pid: u32) -> Vec<u32> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let lists = threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    lists.flat_map(|list| list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<u32>>()).collect()
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};
    use std::time::Instant;

    use super::*;

    #[test]
    fn what_a_process_has_started_counts() {
        // `tail` keeps a line without an end in memory until the end comes.
        let script = "(head -c 40000000 /dev/zero; read line) | tail -c 50000000 >/dev/null & wait";
        let mut shell = Command::new("sh").args(["-c", script]).stdin(Stdio::piped()).spawn().unwrap();
        let started = Instant::now();
        while held_kb(shell.id()) < 30_000 && started.elapsed() < Duration::from_secs(20) {
            std::thread::sleep(Duration::from_millis(10));
        }
        let (held, own) = (held_kb(shell.id()), own_kb(shell.id()).unwrap());
        drop(shell.stdin.take());
        shell.wait().unwrap();
        assert!(held > 30_000 && own < 10_000, "{held} {own}");
        assert_eq!(held_kb(shell.id()), 0, "what has ended holds nothing");
    }
}
