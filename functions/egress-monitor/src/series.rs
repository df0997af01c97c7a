//! Series from CSV files: `timestamp,value` rows, put together to days of UTC.

use std::collections::BTreeMap;
use std::io::Read;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use crate::forecast::DayTotal;
use crate::period::day_of;

/// Larger files are refused.
pub const MAX_BYTES: u64 = 64 << 20;
/// More days are refused: ten years.
const MAX_DAYS: usize = 3_660;
/// More rows of one day are refused: one a second.
const MAX_SAMPLES_PER_DAY: usize = 86_400;
/// A day with a smaller share of the samples of a whole one is not whole.
const WHOLE_SHARE: f64 = 0.95;
/// A file with a larger share of bad rows is something else.
const MAX_BAD_SHARE: f64 = 0.05;

/// Days of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Its name.
    pub name: String,
    /// Whole days in order of time.
    pub days: Vec<DayTotal>,
    /// What was left out.
    pub faults: Faults,
}

/// What was left out of a series.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Faults {
    /// Rows that are no sample.
    pub bad_rows: usize,
    /// Rows of a moment that was there already.
    pub duplicate_rows: usize,
    /// Days without all their samples.
    pub partial_days: usize,
}

/// Samples by day and second.
#[derive(Default)]
struct Samples {
    rows: usize,
    faults: Faults,
    first_bad: Option<String>,
    days: BTreeMap<Date, BTreeMap<i64, f64>>,
}

impl Series {
    /// Reads a series.
    ///
    /// # Errors
    /// Why it is none.
    pub fn read(name: &str, source: impl Read) -> Result<Self, String> {
        let mut samples = Samples::default();
        let mut reader =
            csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(source.take(MAX_BYTES + 1));
        let mut record = csv::ByteRecord::new();
        while reader.read_byte_record(&mut record).map_err(|error| error.to_string())? {
            samples.take(&record)?;
            if reader.position().byte() > MAX_BYTES {
                return Err(format!("is larger than {} MiB", MAX_BYTES >> 20));
            }
        }
        samples.finish(name)
    }
}

impl Samples {
    fn take(&mut self, record: &csv::ByteRecord) -> Result<(), String> {
        self.rows += 1;
        let Some((at, value)) = sample(record) else {
            // The first row may be a heading.
            if self.rows > 1 {
                self.faults.bad_rows += 1;
                let line = record.position().map_or(0, csv::Position::line);
                self.first_bad.get_or_insert_with(|| format!("line {line} is no timestamp and amount"));
            }
            return Ok(());
        };
        let day = self.days.entry(day_of(at)).or_default();
        if day.insert(at.as_second(), value).is_some() {
            self.faults.duplicate_rows += 1;
        }
        if day.len() > MAX_SAMPLES_PER_DAY || self.days.len() > MAX_DAYS {
            return Err(format!("has more than {MAX_DAYS} days or {MAX_SAMPLES_PER_DAY} rows in a day"));
        }
        Ok(())
    }

    fn finish(mut self, name: &str) -> Result<Series, String> {
        if self.faults.bad_rows as f64 > MAX_BAD_SHARE * self.rows as f64 || self.days.is_empty() {
            let first = self.first_bad.unwrap_or_else(|| "it has no rows".to_owned());
            return Err(format!("{} of {} rows cannot be used: {first}", self.faults.bad_rows, self.rows));
        }
        let most = self.days.values().map(BTreeMap::len).max().unwrap_or(0);
        let is_whole = |samples: &BTreeMap<i64, f64>| samples.len() as f64 >= WHOLE_SHARE * most as f64;
        let all = self.days.len();
        self.days.retain(|_, samples| is_whole(samples));
        self.faults.partial_days = all - self.days.len();
        let total = |(day, samples): (Date, BTreeMap<i64, f64>)| DayTotal { day, amount: samples.values().sum() };
        Ok(Series { name: name.to_owned(), days: self.days.into_iter().map(total).collect(), faults: self.faults })
    }
}

fn sample(record: &csv::ByteRecord) -> Option<(Timestamp, f64)> {
    let field = |index: usize| std::str::from_utf8(record.get(index)?).ok().map(str::trim);
    if record.len() != 2 {
        return None;
    }
    let value: f64 = field(1)?.parse().ok()?;
    // Traffic is never less than none, and 10^30 of anything would leave the range of exact sums.
    (0.0..=1e30).contains(&value).then_some((moment(field(0)?)?, value))
}

/// A moment with an offset, one of UTC without, a date, or seconds since 1970.
fn moment(text: &str) -> Option<Timestamp> {
    let text = text.trim_start_matches('\u{feff}');
    if let Ok(seconds) = text.parse::<i64>() {
        return Timestamp::from_second(seconds).ok();
    }
    text.parse().ok().or_else(|| TimeZone::UTC.to_timestamp(text.parse::<DateTime>().ok()?).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Series, String> {
        Series::read("a", text.as_bytes())
    }

    fn amounts(series: &Series) -> Vec<f64> {
        series.days.iter().map(|day| day.amount).collect()
    }

    #[test]
    fn rows_become_days_of_utc() {
        let text = "timestamp,value\n2026-09-01 00:00:00,1\n2026-09-01T12:00:00Z,2\n2026-09-02T01:00:00+02:00,4\n\
                    2026-09-02 00:00:00,8\n1788310800,16\n2026-09-02 13:00:00,32\n";
        let series = read(text).unwrap();
        assert_eq!(amounts(&series), [7.0, 56.0]);
        assert_eq!(read("2026-09-01,5\n2026-09-02,6\n").unwrap().days[1].day, "2026-09-02".parse().unwrap());
    }

    #[test]
    fn partial_days_bad_rows_and_repetitions_are_left_out_and_counted() {
        let hours = |day: u32, hours: u32| {
            (0..hours).map(|hour| format!("2026-09-{day:02} {hour:02}:00:00,1\n")).collect::<String>()
        };
        let text = hours(1, 20) + &hours(2, 24) + &hours(3, 23) + "2026-09-03 04:00:00,5\nx,y\n";
        let series = read(&text).unwrap();
        assert_eq!(amounts(&series), [24.0, 27.0], "the last of a moment's rows stands");
        assert_eq!(series.faults, Faults { bad_rows: 1, duplicate_rows: 1, partial_days: 1 });
    }

    #[test]
    fn what_is_no_series_is_refused() {
        let cases = [
            ("", "no rows"),
            ("timestamp,value\n", "no rows"),
            ("a,b\nc,d\n", "line 2"),
            ("2026-09-01,1\n2026-09-02,-1\n", "line 2"),
            ("2026-09-01,1\n2026-09-02,NaN\n", "line 2"),
            ("2026-09-01,1,1\n2026-09-02,1,1\n", "line 2"),
        ];
        for (text, expected) in cases {
            let error = read(text).unwrap_err();
            assert!(error.contains(expected), "{text:?}: {error}");
        }
        let years: String = (0..4_000).map(|day| format!("{},1\n", day * 86_400)).collect();
        assert!(read(&years).unwrap_err().contains("more than"));
    }
}
