//! The figures as a table for people and as JSON.

use std::io::{self, Write};

use serde::Serialize;

use crate::measure::{Load, Startup};

/// Everything one run found out.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    /// In the order of the command line; all other lists follow it.
    pub(crate) servers: Vec<String>,
    /// Empty when starts were not measured.
    pub(crate) startup: Vec<Startup>,
    pub(crate) loads: Vec<SizeReport>,
}

/// All servers under one size of body.
#[derive(Debug, Serialize)]
pub(crate) struct SizeReport {
    pub(crate) size: usize,
    pub(crate) servers: Vec<Load>,
}

impl Report {
    /// Writes the readable tables.
    pub(crate) fn table(&self, out: &mut impl Write) -> io::Result<()> {
        if !self.startup.is_empty() {
            self.startup_table(out)?;
        }
        for load in &self.loads {
            self.load_table(load, out)?;
        }
        Ok(())
    }

    fn startup_table(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "start from spawn, ms (p50, min); memory before any load, KiB (PSS/RSS)")?;
        row(out, "", ["connect", "min", "1st reply", "min", "started", "called once"])?;
        for (name, startup) in self.servers.iter().zip(&self.startup) {
            let memory = |memory: crate::server::Memory| format!("{}/{}", memory.pss_kib, memory.rss_kib);
            let figures = [
                format!("{:.2}", startup.connect_p50_ms),
                format!("{:.2}", startup.connect_min_ms),
                format!("{:.2}", startup.reply_p50_ms),
                format!("{:.2}", startup.reply_min_ms),
                memory(startup.started),
                memory(startup.called_once),
            ];
            row(out, name, figures)?;
        }
        Ok(())
    }

    fn load_table(&self, load: &SizeReport, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "\nbody of {} bytes, medians over the rounds", load.size)?;
        row(out, "", ["req/s", "p50 us", "p99 us", "cpu us/req", "RSS KiB", "vs best other"])?;
        for (name, load) in self.servers.iter().zip(&load.servers) {
            let figures = [
                format!("{:.0}", load.requests_per_second),
                format!("{:.1}", load.p50_us),
                format!("{:.1}", load.p99_us),
                format!("{:.1}", load.server_cpu_us),
                load.after.rss_kib.to_string(),
                load.ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}")),
            ];
            row(out, name, figures)?;
        }
        Ok(())
    }
}

fn row(out: &mut impl Write, name: &str, cells: [impl AsRef<str>; 6]) -> io::Result<()> {
    write!(out, "{name:<14}")?;
    for cell in cells {
        write!(out, "{:>14}", cell.as_ref())?;
    }
    writeln!(out)
}
