//! Prepares a photograph again and again and tells CPU time and peak memory, beside `tests/peers/vision/prepare.py`.
//!
//! usage: `prepare FILE [ROUNDS] [off|count|blur]`

use std::fs;
use std::io::Write as _;

use vision::picture::{Declared, FaceMode, Prepared, Rejected, Settings, inspect, prepare};

type Error = Box<dyn std::error::Error>;

fn main() -> Result<(), Error> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().ok_or("usage: prepare FILE [ROUNDS] [off|count|blur]")?;
    let rounds: u32 = arguments.next().map_or(Ok(10), |rounds| rounds.parse())?;
    let faces = match arguments.next().as_deref() {
        None | Some("off") => FaceMode::Off,
        Some("count") => FaceMode::Count,
        Some("blur") => FaceMode::Blur,
        Some(other) => return Err(format!("{other} is not off, count or blur").into()),
    };
    let settings = Settings { faces, ..Settings::default() };
    let bytes = fs::read(file)?;
    // The first round pays for tables, pages and threads: it is not counted, and neither is the peers'.
    let prepared = once(&bytes, &settings);
    let (start, mut best) = (cpu_ms()?, f64::INFINITY);
    for _ in 0..rounds {
        let before = cpu_ms()?;
        drop(once(&bytes, &settings));
        best = best.min(cpu_ms()? - before);
    }
    let mean = (cpu_ms()? - start) / f64::from(rounds.max(1));
    let peak = peak_mib()?;
    let outcome = match prepared {
        Ok(prepared) => format!("JPEG {} bytes, sharpness {:.1}", prepared.jpeg.len(), prepared.metrics.sharpness),
        Err(rejected) => format!("{} {rejected}", rejected.status),
    };
    writeln!(std::io::stdout(), "vision: {mean:.1} ms CPU (best {best:.1}), peak {peak:.0} MiB, {outcome}")?;
    Ok(())
}

fn once(bytes: &[u8], settings: &Settings) -> Result<Prepared, Rejected> {
    let inspected = inspect(bytes, &Declared::default(), &settings.limits)?;
    prepare(bytes, &inspected, settings)
}

/// CPU time of all threads so far: first number of each thread's `schedstat`, in nanoseconds.
fn cpu_ms() -> Result<f64, Error> {
    let mut total = 0.0;
    for thread in fs::read_dir("/proc/self/task")? {
        let times = fs::read_to_string(thread?.path().join("schedstat"))?;
        total += times.split_whitespace().next().ok_or("no time")?.parse::<f64>()? / 1e6;
    }
    Ok(total)
}

/// Highest resident set so far.
fn peak_mib() -> Result<f64, Error> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no peak")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse::<f64>()? / 1024.0)
}
