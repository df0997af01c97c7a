//! The points of a metric: given one by one, as a row of values, or in a CSV trace.

use std::path::Path;

use csv::{ReaderBuilder, StringRecord};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::format::{Metric, When};
use super::input::{self, Bounded};

/// Points of one metric, at most.
const MAX_POINTS: usize = 5_000_000;
/// Bytes of a CSV file, and of one of its rows, at most. A quote that is not closed makes a row of many lines.
const MAX_CSV: u64 = 1024 * 1024 * 1024;
const MAX_ROW: u64 = 64 * 1024;
/// A larger number is taken for milliseconds since 1970.
const MAX_SECONDS: f64 = 1e11;

/// One point, before it has its final place in time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Point {
    /// Milliseconds since 1970.
    pub(super) at_ms: i64,
    pub(super) value: f64,
    pub(super) count: Option<f64>,
}

/// A metric's points in order, and where the last one goes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Series {
    pub(super) points: Vec<Point>,
    pub(super) ends_at: Option<When>,
}

impl Series {
    /// How far the points move so that the last one is where it shall be, in milliseconds.
    pub(super) fn shift(&self, now: Timestamp) -> i64 {
        let last = self.points.last().map_or(0, |point| point.at_ms);
        match self.ends_at {
            None => 0,
            Some(When::Now) => now.as_millisecond() - last,
            Some(When::At(time)) => time.as_millisecond() - last,
        }
    }
}

/// Reads the points that a metric names.
///
/// # Errors
/// Where in the metric (or in the CSV file) something is wrong, and what was expected.
pub(super) fn read(metric: &Metric, directory: &Path) -> Result<Series, String> {
    let forms = [metric.datapoints.is_some(), metric.values.is_some(), metric.csv.is_some()];
    if forms.iter().filter(|given| **given).count() != 1 {
        return Err("expected exactly one of datapoints, values and csv".to_owned());
    }
    if metric.starts_at.is_some() && metric.ends_at.is_some() {
        return Err("expected one of startsAt and endsAt, not both".to_owned());
    }
    let mut raw = match (&metric.datapoints, &metric.values, &metric.csv) {
        (Some(points), _, _) => {
            let point =
                |one: &super::format::Datapoint| (Some(one.timestamp.as_millisecond()), Some(one.value), one.count);
            points.iter().map(point).collect()
        }
        (_, Some(values), _) => values.iter().map(|value| (None, *value, None)).collect(),
        (_, _, Some(file)) => trace(&directory.join(file), metric)?,
        _ => Vec::new(),
    };
    let timed = raw.iter().all(|(at, _, _)| at.is_some());
    if !timed {
        lay_out(&mut raw, metric)?;
    } else if metric.step_seconds.is_some() {
        return Err("stepSeconds is for values without timestamps".to_owned());
    }
    let point =
        |(at, value, count): (Option<i64>, Option<f64>, Option<f64>)| Some(Point { at_ms: at?, value: value?, count });
    let mut points: Vec<Point> = raw.into_iter().filter_map(point).collect();
    points.sort_by_key(|point| point.at_ms);
    if let (true, Some(start), Some(first)) = (timed, metric.starts_at, points.first().map(|point| point.at_ms)) {
        points.iter_mut().for_each(|point| point.at_ms += start.as_millisecond() - first);
    }
    if points.is_empty() {
        return Err("expected at least one point".to_owned());
    }
    let free = !timed && metric.starts_at.is_none() && metric.ends_at.is_none();
    Ok(Series { points, ends_at: if free { Some(When::Now) } else { metric.ends_at } })
}

type Raw = (Option<i64>, Option<f64>, Option<f64>);

/// Values without times follow each other at a fixed step.
fn lay_out(raw: &mut [Raw], metric: &Metric) -> Result<(), String> {
    let step = metric.step_seconds.filter(|step| (0.001..=86_400.0 * 31.0).contains(step));
    let step = step.ok_or("values without timestamps need stepSeconds, from 0.001 to 2678400")?;
    let start = metric.starts_at.map_or(0, Timestamp::as_millisecond);
    for (index, (at, _, _)) in raw.iter_mut().enumerate() {
        *at = Some(start + (index as f64 * step * 1000.0).round() as i64);
    }
    Ok(())
}

fn trace(path: &Path, metric: &Metric) -> Result<Vec<Raw>, String> {
    let shown = path.display();
    let file = input::open(path).map_err(|error| format!("csv: {shown}: {error}"))?;
    let file = Bounded::new(file, MAX_CSV, MAX_ROW);
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).trim(csv::Trim::All).from_reader(file);
    let mut record = StringRecord::new();
    let mut columns = None;
    let mut points = Vec::new();
    while reader.read_record(&mut record).map_err(|error| format!("csv: {shown}: {error}"))? {
        reader.get_mut().mark();
        let line = record.position().map_or(0, csv::Position::line);
        let at = |text: String| format!("csv: {shown}:{line}: {text}");
        let columns = match &columns {
            Some(columns) => columns,
            None => {
                let (found, is_head) = Columns::of(&record, metric).map_err(at)?;
                columns = Some(found);
                if is_head {
                    continue;
                }
                columns.get_or_insert(found)
            }
        };
        points.push(columns.point(&record).map_err(at)?);
        if points.len() > MAX_POINTS {
            return Err(format!("csv: {shown}: expected at most {MAX_POINTS} rows"));
        }
    }
    Ok(points)
}

/// Which fields of a row are read.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Columns {
    time: Option<usize>,
    value: usize,
    width: usize,
}

impl Columns {
    /// From the first row, and whether that is a head.
    fn of(first: &StringRecord, metric: &Metric) -> Result<(Self, bool), String> {
        let width = first.len();
        let named = metric.timestamp_column.is_some() || metric.value_column.is_some();
        let last = first.get(width.saturating_sub(1)).unwrap_or_default();
        let is_head = named || (value(last).is_err());
        let position = |name: &str| first.iter().position(|field| field.trim_start_matches('\u{feff}') == name);
        let column = |wanted: &Option<String>, usual: &str, otherwise: Option<usize>| match wanted {
            Some(name) => position(name).map(Some).ok_or_else(|| format!("there is no column {name:?}")),
            None => Ok(position(usual).or(otherwise)),
        };
        let small = width <= 2;
        let time = column(&metric.timestamp_column, "timestamp", (width == 2).then_some(0))?;
        let value = column(&metric.value_column, "value", small.then(|| width.saturating_sub(1)))?;
        let value = value.ok_or_else(|| format!("expected one or two columns, or valueColumn; there are {width}"))?;
        Ok((Self { time, value, width }, is_head))
    }

    fn point(&self, record: &StringRecord) -> Result<Raw, String> {
        if record.len() != self.width {
            return Err(format!("expected {} fields as in the first row, there are {}", self.width, record.len()));
        }
        let at = self.time.map(|column| time(record.get(column).unwrap_or_default())).transpose()?;
        let text = record.get(self.value).unwrap_or_default();
        let value = if text.is_empty() { None } else { Some(value(text)?) };
        Ok((at, value, None))
    }
}

fn value(text: &str) -> Result<f64, String> {
    let number: Option<f64> = text.parse().ok().filter(|number: &f64| number.is_finite());
    number.ok_or_else(|| format!("expected a finite number, found {text:?}"))
}

/// RFC 3339, the same without a zone (then UTC), or seconds or milliseconds since 1970.
fn time(text: &str) -> Result<i64, String> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time.as_millisecond());
    }
    if let Ok(number) = text.parse::<f64>() {
        let ms = if number.abs() > MAX_SECONDS { number } else { number * 1000.0 };
        let in_range = Timestamp::from_millisecond(ms.round() as i64).ok().filter(|_| ms.is_finite());
        return in_range.map(Timestamp::as_millisecond).ok_or_else(|| format!("{text} is out of range"));
    }
    let civil = text.parse::<DateTime>().ok().and_then(|time| time.to_zoned(TimeZone::UTC).ok());
    let expected = "expected a time such as 2026-01-31T08:00:00Z, 2026-01-31 08:00:00 or seconds since 1970";
    civil.map(|time| time.timestamp().as_millisecond()).ok_or_else(|| format!("{expected}, found {text:?}"))
}

#[cfg(test)]
mod tests;
