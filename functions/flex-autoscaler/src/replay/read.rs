//! Traces from CSV files: `timestamp,value` with or without a header, or one value a line.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use thiserror::Error;

use super::model::STEP_MINUTES;
use super::trace::Trace;

/// Larger files are refused.
const MAX_BYTES: u64 = 64 << 20;
/// Longer traces are refused: five years.
const MAX_SAMPLES: i64 = 5 * 366 * 288;
/// More lines with times of their own are refused: five years at a minute.
const MAX_TIMES: usize = 5 * 366 * 1440;
/// More of a trace missing than this share leaves too little to play.
const MAX_MISSING_SHARE: f64 = 0.5;
/// Shorter files, in samples, say nothing about a day: an hour.
const MIN_SAMPLES: usize = 12;
/// Directories with more CSV files are refused.
const MAX_FILES: usize = 10_000;
/// More samples of all traces together are refused: 47 machines for a year.
const MAX_ALL_SAMPLES: usize = 5_000_000;
/// More is no percentage of a machine that the replay's sizes could carry.
const MAX_PERCENT: f64 = 200.0;
/// A file with more bad lines than this share is something else.
const MAX_BAD_SHARE: f64 = 0.05;
/// When a trace without times begins, a Monday: 2024-01-01.
const UNDATED_START: i64 = 1_704_067_200;

/// What was wrong with a trace that can be used nevertheless.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Faults {
    /// Lines that are no sample: left out.
    pub bad_lines: usize,
    /// Samples of a time that was there already: left out.
    pub duplicates: usize,
    /// Samples that were older than the one before: put in order.
    pub disordered: usize,
    /// Stretches without a sample.
    pub gaps: usize,
    /// Samples that these would have had.
    pub missing: usize,
}

impl fmt::Display for Faults {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { bad_lines, duplicates, disordered, gaps, missing } = self;
        write!(formatter, "{bad_lines} bad lines, {duplicates} duplicates, {disordered} out of order, ")?;
        write!(formatter, "{gaps} gaps of {missing} samples")
    }
}

/// Why a file is no trace.
#[derive(Debug, Error)]
pub enum TraceError {
    /// It cannot be read.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is too large, too long, empty or something else.
    #[error("{path}: {why}", path = path.display())]
    Unfit {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
}

/// All traces of a directory.
#[derive(Debug, Default)]
pub struct Found {
    /// In order of their names, with what was wrong with them.
    pub traces: Vec<(Trace, Faults)>,
    /// Files that are no traces.
    pub refused: Vec<TraceError>,
    /// CSV files that were not looked at, because others have `cpu` in their names.
    pub passed_over: usize,
}

/// Reads the `.csv` files of a directory, not of those below it. When there are names with `cpu`, only these: load
/// records often lie beside other series.
///
/// # Errors
/// The directory cannot be listed, or holds more than a replay can carry. A file that cannot be read is in
/// [`Found::refused`].
pub fn directory(path: &Path) -> Result<Found, TraceError> {
    bounded(path, MAX_FILES, MAX_ALL_SAMPLES)
}

/// The same with other bounds on the number of files and on all samples together.
pub(super) fn bounded(path: &Path, max_files: usize, max_samples: usize) -> Result<Found, TraceError> {
    let unfit = |why| TraceError::Unfit { path: path.to_owned(), why };
    let mut files = csv_files(path, max_files)?;
    let all = files.len();
    if files.iter().any(|path| is_cpu(path)) {
        files.retain(|path| is_cpu(path));
    }
    let mut found = Found { passed_over: all - files.len(), ..Found::default() };
    let mut samples = 0;
    for path in files {
        match file(&path) {
            Ok(trace) => {
                samples += trace.0.percent.len();
                found.traces.push(trace);
            }
            Err(error) => found.refused.push(error),
        }
        if samples > max_samples {
            return Err(unfit(format!("has more than {max_samples} samples in all")));
        }
    }
    Ok(found)
}

/// The CSV files of a directory by name.
fn csv_files(path: &Path, most: usize) -> Result<Vec<PathBuf>, TraceError> {
    let io = |source| TraceError::Io { path: path.to_owned(), source };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path).map_err(io)? {
        let file = entry.map_err(io)?.path();
        if is_csv(&file) {
            files.push(file);
        }
        if files.len() > most {
            return Err(TraceError::Unfit { path: path.to_owned(), why: format!("has more than {most} CSV files") });
        }
    }
    files.sort();
    Ok(files)
}

fn is_csv(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv")) && path.is_file()
}

fn is_cpu(path: &Path) -> bool {
    name(path).to_ascii_lowercase().contains("cpu")
}

fn name(path: &Path) -> String {
    path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Reads one file.
///
/// # Errors
/// It cannot be read, is no trace or has less than an hour of samples.
pub fn file(path: &Path) -> Result<(Trace, Faults), TraceError> {
    let io = |source| TraceError::Io { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    File::open(path).map_err(io)?.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(io)?;
    let unfit = |why| TraceError::Unfit { path: path.to_owned(), why };
    let (trace, faults) = parse(&name(path), &bytes).map_err(unfit)?;
    let known = trace.percent.len() - faults.missing;
    if known < MIN_SAMPLES {
        return Err(unfit(format!("has {known} samples of five minutes, {MIN_SAMPLES} are the least")));
    }
    Ok((trace, faults))
}

/// Reads a trace from the bytes of a file.
///
/// # Errors
/// Why it is none.
pub fn parse(name: &str, bytes: &[u8]) -> Result<(Trace, Faults), String> {
    if bytes.len() as u64 > MAX_BYTES {
        return Err(format!("larger than {} MiB", MAX_BYTES >> 20));
    }
    let mut lines = Lines::default();
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    let mut record = csv::ByteRecord::new();
    while reader.read_byte_record(&mut record).map_err(|error| error.to_string())? {
        lines.take(&record)?;
    }
    lines.finish(name)
}

/// Samples so far.
#[derive(Default)]
struct Lines {
    seen: usize,
    faults: Faults,
    first_bad: Option<String>,
    last: Option<i64>,
    samples: BTreeMap<i64, f64>,
}

impl Lines {
    /// Takes a line in. An error as soon as the trace is too long, so that memory is bounded.
    fn take(&mut self, record: &csv::ByteRecord) -> Result<(), String> {
        self.seen += 1;
        match sample(record, self.seen - 1) {
            Ok((at, percent)) => return self.add(at, percent),
            // The first line may be a header.
            Err(_) if self.seen == 1 => {}
            Err(bad) => {
                self.faults.bad_lines += 1;
                self.first_bad.get_or_insert_with(|| bad.told(record));
            }
        }
        Ok(())
    }

    fn add(&mut self, at: i64, percent: f64) -> Result<(), String> {
        if self.last.is_some_and(|last| at < last) {
            self.faults.disordered += 1;
        }
        self.last = Some(at);
        match self.samples.entry(at) {
            Entry::Occupied(_) => {
                self.faults.duplicates += 1;
                return Ok(());
            }
            Entry::Vacant(free) => free.insert(percent),
        };
        self.is_short()
    }

    /// Whether it is a trace of at most five years so far.
    fn is_short(&self) -> Result<(), String> {
        let span = self.ends().map_or(0, |(start, end)| slot(start, end));
        if span >= MAX_SAMPLES {
            return Err("covers more than five years".to_owned());
        }
        if self.samples.len() > MAX_TIMES {
            return Err(format!("has more than {MAX_TIMES} lines with a time of their own"));
        }
        Ok(())
    }

    /// The first and the last time.
    fn ends(&self) -> Option<(i64, i64)> {
        Some((*self.samples.first_key_value()?.0, *self.samples.last_key_value()?.0))
    }

    fn finish(mut self, name: &str) -> Result<(Trace, Faults), String> {
        let Some((start, end)) = self.ends() else {
            let why = if self.faults.bad_lines > 0 { format!(": {}", self.bad_lines()) } else { String::new() };
            return Err(format!("has no samples{why}"));
        };
        if self.faults.bad_lines as f64 > self.seen as f64 * MAX_BAD_SHARE {
            return Err(self.bad_lines());
        }
        let percent = self.grid(start, usize::try_from(slot(start, end)).unwrap_or(0) + 1);
        self.faults.missing = percent.iter().filter(|sample| sample.is_none()).count();
        self.faults.gaps = percent.windows(2).filter(|pair| pair[0].is_some() && pair[1].is_none()).count();
        if self.faults.missing as f64 > percent.len() as f64 * MAX_MISSING_SHARE {
            return Err(format!("lacks {} of {} samples of five minutes", self.faults.missing, percent.len()));
        }
        Ok((Trace { name: name.to_owned(), start, percent }, self.faults))
    }

    /// How many lines are bad, and what is wrong with the first.
    fn bad_lines(&self) -> String {
        let first = self.first_bad.as_deref().unwrap_or_default();
        format!("{} of {} lines are no percentages of a CPU; {first}", self.faults.bad_lines, self.seen)
    }

    /// A sample every five minutes from the first on: the mean of those that are nearest to it. So a clock that
    /// drifts, and a recording at a finer step, fit in.
    fn grid(&self, start: i64, length: usize) -> Vec<Option<f64>> {
        let mut sums = vec![(0.0, 0_u32); length];
        for (&at, &percent) in &self.samples {
            if let Some((sum, count)) = usize::try_from(slot(start, at)).ok().and_then(|slot| sums.get_mut(slot)) {
                *sum += percent;
                *count += 1;
            }
        }
        sums.into_iter().map(|(sum, count)| (count > 0).then(|| sum / f64::from(count))).collect()
    }
}

/// The number of the sample that is nearest to a time.
fn slot(start: i64, at: i64) -> i64 {
    let step = i64::from(STEP_MINUTES) * 60;
    (at - start + step / 2).div_euclid(step)
}

/// What is wrong with a line.
#[derive(Debug, Clone, Copy)]
enum Bad {
    /// It has so many columns.
    Columns(usize),
    /// The first of two columns is no time.
    Time,
    /// The last column is no number.
    Number,
    /// The number is no percentage.
    Percent,
}

impl Bad {
    /// For people, with where it is.
    fn told(self, record: &csv::ByteRecord) -> String {
        let line = record.position().map_or(0, csv::Position::line);
        let field = |index| shown(record.get(index).unwrap_or_default());
        let last = record.len().saturating_sub(1);
        match self {
            Self::Columns(columns) => format!("line {line} has {columns} columns: one or two, with commas, are read"),
            Self::Time => format!("in line {line} {} is no date with a time and no number of seconds", field(0)),
            Self::Number => format!("in line {line} {} is no number; commas part columns", field(last)),
            Self::Percent => format!("in line {line} {} is not from 0 to {MAX_PERCENT}", field(last)),
        }
    }
}

/// The beginning of a field, on one line.
fn shown(field: &[u8]) -> String {
    format!("{:?}", String::from_utf8_lossy(&field[..field.len().min(40)]))
}

/// Time and percentage of a line.
fn sample(record: &csv::ByteRecord, line: usize) -> Result<(i64, f64), Bad> {
    let text = |index: usize| record.get(index).and_then(|field| std::str::from_utf8(field).ok()).map(str::trim);
    let (at, percent) = match record.len() {
        1 => (undated(line), text(0)),
        2 => (text(0).and_then(time).ok_or(Bad::Time)?, text(1)),
        columns => return Err(Bad::Columns(columns)),
    };
    let percent: f64 = percent.and_then(|text| text.parse().ok()).ok_or(Bad::Number)?;
    if (0.0..=MAX_PERCENT).contains(&percent) { Ok((at, percent)) } else { Err(Bad::Percent) }
}

/// The time of a line without one.
fn undated(line: usize) -> i64 {
    UNDATED_START + i64::try_from(line).unwrap_or(0) * i64::from(STEP_MINUTES) * 60
}

/// Seconds since 1970 of a time with an offset, of one without (taken as UTC), or of a number of seconds.
fn time(text: &str) -> Option<i64> {
    if let Ok(seconds) = text.parse::<i64>() {
        return Timestamp::from_second(seconds).ok().map(Timestamp::as_second);
    }
    let zoned = text.parse::<Timestamp>().ok();
    let plain = || text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    zoned.or_else(plain).map(Timestamp::as_second)
}
