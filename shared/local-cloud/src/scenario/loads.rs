//! The loads of the machines: synthetic ones, or a user's own.

use std::path::Path;

use flex_autoscaler::replay::model::STEP_MINUTES;
use flex_autoscaler::replay::read::{Found, directory};
use flex_autoscaler::replay::synthetic;
use flex_autoscaler::replay::trace::Trace;

use crate::cli::CliError;
use crate::terminal::{clean, shorten};

/// Machines that a table is still readable with.
pub(super) const MAX_MACHINES: usize = 10;
/// What has been measured before the first tick: three hours, as long as the rules look back.
pub(super) const HISTORY_STEPS: usize = 36;
/// The synthetic traces that are shown, without the beginning of their names.
const SHOWN: [&str; 5] = ["diurnal", "weekly", "ramp", "spike-train", "square-wave"];
const PREFIX: &str = "synthetic-";
/// Columns of a name.
const NAME_WIDTH: usize = 24;
const DAY_SECONDS: i64 = 24 * 60 * 60;
const STEP_SECONDS: i64 = STEP_MINUTES as i64 * 60;
/// 2024-01-01, a Monday: the first day, whenever a trace was recorded.
const FIRST_DAY: i64 = 1_704_067_200;

/// The load of one machine.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Load {
    pub(super) name: String,
    /// OCPUs that are needed, every five minutes; `None` where nothing was recorded.
    pub(super) demand: Vec<Option<f64>>,
}

/// All of them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Loads {
    pub(super) loads: Vec<Load>,
    /// The first sample of each, in seconds since 1970.
    pub(super) start: i64,
    /// What a user should know of files that are not played.
    pub(super) notes: Vec<String>,
}

/// From the synthetic traces of this seed.
pub(super) fn synthetic(seed: u64) -> Result<Loads, CliError> {
    let mut traces = synthetic::traces(seed);
    traces.retain(|trace| SHOWN.contains(&own_name(trace)));
    aligned(&traces, Vec::new())
}

/// From the CSV files of a directory.
pub(super) fn of_directory(path: &Path) -> Result<Loads, CliError> {
    let Found { traces, refused, passed_over } =
        directory(path).map_err(|error| CliError::usage(format!("--traces: {error}")))?;
    let mut notes: Vec<String> = refused.iter().map(|error| format!("not played: {error}")).collect();
    if passed_over > 0 {
        notes.push(format!("{passed_over} files without `cpu` in their names are not played"));
    }
    let (fit, short): (Vec<Trace>, Vec<Trace>) =
        traces.into_iter().map(|(trace, _)| trace).partition(|trace| trace.percent.len() > HISTORY_STEPS);
    notes.extend(short.iter().map(|trace| too_short(&trace.name)));
    if fit.len() > MAX_MACHINES {
        notes.push(format!("the first {MAX_MACHINES} of {} traces are played", fit.len()));
    }
    if fit.is_empty() {
        let text = format!("--traces: {} has no CSV files with loads; {}", path.display(), notes.join("; "));
        return Err(CliError::usage(text.trim_end_matches("; ")));
    }
    aligned(&fit[..fit.len().min(MAX_MACHINES)], notes)
}

/// Three hours are the history before the first tick.
fn too_short(name: &str) -> String {
    format!("not played: {name} is not longer than three hours, from the moment on when all traces have begun")
}

/// Puts the traces onto the same day, each at its own time of day. The one that begins latest is the beginning.
fn aligned(traces: &[Trace], mut notes: Vec<String>) -> Result<Loads, CliError> {
    let step_of_day = |trace: &Trace| trace.start.rem_euclid(DAY_SECONDS) / STEP_SECONDS;
    let latest = traces.iter().map(step_of_day).max().unwrap_or(0);
    let load = |trace: &Trace| {
        let early = usize::try_from(latest - step_of_day(trace)).unwrap_or(0);
        let name = shorten(&clean(own_name(trace)), NAME_WIDTH);
        Load { name, demand: trace.demand().into_iter().skip(early).collect() }
    };
    let (loads, short): (Vec<Load>, Vec<Load>) =
        traces.iter().map(load).partition(|load| load.demand.len() > HISTORY_STEPS);
    notes.extend(short.iter().map(|load| too_short(&load.name)));
    if loads.is_empty() {
        return Err(CliError::usage(notes.join("\n")));
    }
    Ok(Loads { loads, start: FIRST_DAY + latest * STEP_SECONDS, notes })
}

fn own_name(trace: &Trace) -> &str {
    trace.name.strip_prefix(PREFIX).unwrap_or(&trace.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace(name: &str, start: i64, percent: &[f64]) -> Trace {
        Trace { name: name.to_owned(), start, percent: percent.iter().copied().map(Some).collect() }
    }

    #[test]
    fn the_synthetic_ones_are_five() {
        let loads = synthetic(1).unwrap();
        let names: Vec<&str> = loads.loads.iter().map(|load| load.name.as_str()).collect();
        assert_eq!(names, SHOWN);
        assert_eq!((loads.start, &loads), (FIRST_DAY, &synthetic(1).unwrap()));
        assert_ne!(loads, synthetic(2).unwrap());
    }

    #[test]
    fn traces_keep_their_time_of_day() {
        let rising: Vec<f64> = (0..100).map(f64::from).collect();
        let (one, other) = (FIRST_DAY + 10 * DAY_SECONDS, FIRST_DAY - DAY_SECONDS + 10 * STEP_SECONDS);
        let loads = aligned(&[trace("a", one, &rising), trace("b", other, &rising)], Vec::new()).unwrap();
        assert_eq!(loads.start, FIRST_DAY + 10 * STEP_SECONDS);
        assert_eq!(loads.loads[0].demand[0], Some(3.2), "a tenth of 32 OCPUs");
        assert_eq!(loads.loads[1].demand[0], Some(0.0));
    }

    #[test]
    fn directories() {
        let check = |files: &[(&str, usize)], expected: Result<(usize, usize), &str>| {
            let directory = tempfile::tempdir().unwrap();
            for (name, lines) in files {
                std::fs::write(directory.path().join(name), "20\n".repeat(*lines)).unwrap();
            }
            match (of_directory(directory.path()), expected) {
                (Ok(loads), Ok(expected)) => assert_eq!((loads.loads.len(), loads.notes.len()), expected, "{files:?}"),
                (Err(error), Err(part)) => assert!(error.exit == 64 && error.text.contains(part), "{}", error.text),
                (found, _) => panic!("{files:?}: {found:?}"),
            }
        };
        let many: Vec<String> = (0..12).map(|number| format!("{number:02}.csv")).collect();
        check(&[("a.csv", 1000), ("b.csv", 400)], Ok((2, 0)));
        check(&[("a.csv", 1000), ("short.csv", 30), ("empty.csv", 0)], Ok((1, 2)));
        check(&many.iter().map(|name| (name.as_str(), 400)).collect::<Vec<_>>(), Ok((10, 1)));
        check(&[("a.txt", 1000)], Err("no CSV files with loads"));
        check(&[("a.csv", 36)], Err("not longer than three hours"));
        assert!(of_directory(Path::new("/nowhere")).is_err());
    }
}
