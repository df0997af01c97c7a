//! Dates and times as they stand in text files.
//!
//! Known shapes: ISO 8601 with and without time and offset, `M/D/YYYY` and `D/M/YYYY` (also with `-`
//! and `.`), and month names. Which of day and month comes first is settled per column: see [`Order`].

/// Microseconds in a day.
pub const DAY_MICROS: i64 = 86_400_000_000;

/// A moment, in UTC where the text had an offset and in unnamed local time otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// Microseconds since 1970-01-01T00:00.
    pub micros: i64,
}

impl Moment {
    /// Midnight of a day counted from 1970-01-01.
    #[must_use]
    pub fn from_days(days: i64) -> Self {
        Self { micros: days.saturating_mul(DAY_MICROS) }
    }

    /// Whether the moment is not midnight, so that the column holds more than dates.
    #[must_use]
    pub fn has_time(self) -> bool {
        self.micros.rem_euclid(DAY_MICROS) != 0
    }

    /// The day counted from 1970-01-01.
    #[must_use]
    pub fn days(self) -> i64 {
        self.micros.div_euclid(DAY_MICROS)
    }

    /// The same text read with day and month exchanged; itself where the day is no month.
    #[must_use]
    pub fn exchanged(self) -> Self {
        let (year, month, day) = civil_from_days(self.days());
        let days = if day <= 12 { days_from_civil(year, day, month) } else { self.days() };
        Self { micros: days * DAY_MICROS + self.micros.rem_euclid(DAY_MICROS) }
    }

    /// `YYYY-MM-DD`, with `THH:MM:SS` behind it when there is a time.
    #[must_use]
    pub fn to_iso(self) -> String {
        let (year, month, day) = civil_from_days(self.days());
        let date = format!("{year:04}-{month:02}-{day:02}");
        if !self.has_time() {
            return date;
        }
        let micros = self.micros.rem_euclid(DAY_MICROS);
        let (seconds, rest) = (micros / 1_000_000, micros % 1_000_000);
        let time = format!("{date}T{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
        if rest == 0 { time } else { format!("{time}.{rest:06}") }
    }
}

/// What the text itself says about the order of day and month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The shape leaves no doubt.
    Certain,
    /// The first number is above 12.
    DayFirst,
    /// The second number is above 12.
    MonthFirst,
    /// Either would do; the value is given with the month first.
    Ambiguous,
}

/// A moment with what its text said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dated {
    /// The moment.
    pub moment: Moment,
    /// Order of day and month.
    pub order: Order,
    /// Whether a UTC offset was given and applied.
    pub has_offset: bool,
}

/// Parses a date or a date with time.
#[must_use]
pub fn parse(text: &str) -> Option<Dated> {
    if let Some(days) = iso_day(text) {
        return Some(Dated { moment: Moment::from_days(days), order: Order::Certain, has_offset: false });
    }
    let bytes = text.as_bytes();
    if !(6..=40).contains(&bytes.len()) {
        return None;
    }
    let (days, order, rest) = date_part(bytes)?;
    let (micros, has_offset) = time_part(rest)?;
    let micros = days.checked_mul(DAY_MICROS)?.checked_add(micros)?;
    Some(Dated { moment: Moment { micros }, order, has_offset })
}

/// The day of a text that is `YYYY-MM-DD` and nothing else, as most dates in files are.
#[inline]
pub(crate) fn iso_day(text: &str) -> Option<i64> {
    let (start, end) = text.as_bytes().split_first_chunk()?;
    let &[tens, ones] = end else { return None };
    // `YYYY-MM-` with the lowest byte first; what is a digit becomes 0 to 9 and what is a minus sign becomes 0.
    let start = u64::from_le_bytes(*start) ^ u64::from_le_bytes(*b"0000-00-");
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    // The highest bit of a byte tells what is more than that.
    const ABOVE: u64 = u64::from_le_bytes([118, 118, 118, 118, 127, 118, 118, 127]);
    let is_date = (start.wrapping_add(ABOVE) | start) & u64::from_le_bytes([0x80; 8]) == 0 && tens < 10 && ones < 10;
    // Each byte becomes ten times itself and the next one.
    let pairs = start.wrapping_mul(10).wrapping_add(start >> 8).to_le_bytes().map(i64::from);
    let day = i64::from(tens) * 10 + i64::from(ones);
    if is_date { checked_days(pairs[0] * 100 + pairs[2], pairs[5], day) } else { None }
}

type DatePart<'a> = (i64, Order, &'a [u8]);

fn date_part(bytes: &[u8]) -> Option<DatePart<'_>> {
    if bytes[0].is_ascii_alphabetic() {
        return name_first(bytes);
    }
    let (first, first_len, rest) = digits(bytes, 4)?;
    let (&separator, rest) = rest.split_first()?;
    match (first_len, separator) {
        (4, b'-' | b'/') => year_first(first, separator, rest),
        (1 | 2, b'/' | b'-' | b'.') if rest.first()?.is_ascii_digit() => year_last(first, separator, rest),
        (1 | 2, b' ' | b'-') => name_second(first, rest),
        _ => None,
    }
}

fn year_first(year: i64, separator: u8, bytes: &[u8]) -> Option<DatePart<'_>> {
    let (month, _, rest) = digits(bytes, 2)?;
    let rest = rest.strip_prefix(&[separator])?;
    let (day, _, rest) = digits(rest, 2)?;
    Some((checked_days(year, month, day)?, Order::Certain, rest))
}

fn year_last(first: i64, separator: u8, bytes: &[u8]) -> Option<DatePart<'_>> {
    let (second, _, rest) = digits(bytes, 2)?;
    let rest = rest.strip_prefix(&[separator])?;
    let (year, year_len, rest) = digits(rest, 4)?;
    let year = full_year(year, year_len)?;
    // Points as separators are used with the day first only.
    if separator == b'.' || first > 12 {
        let order = if separator == b'.' { Order::Certain } else { Order::DayFirst };
        return Some((checked_days(year, second, first)?, order, rest));
    }
    let order = match second {
        13.. => Order::MonthFirst,
        _ if first == second => Order::Certain,
        _ => Order::Ambiguous,
    };
    Some((checked_days(year, first, second)?, order, rest))
}

fn name_first(bytes: &[u8]) -> Option<DatePart<'_>> {
    let (month, rest) = month_name(bytes)?;
    let rest = rest.strip_prefix(b" ")?;
    let (day, _, rest) = digits(rest, 2)?;
    let rest = rest.strip_prefix(b",").unwrap_or(rest);
    let rest = rest.strip_prefix(b" ")?;
    let (year, 4, rest) = digits(rest, 4)? else { return None };
    Some((checked_days(year, month, day)?, Order::Certain, rest))
}

fn name_second(day: i64, bytes: &[u8]) -> Option<DatePart<'_>> {
    let (month, rest) = month_name(bytes)?;
    let rest = rest.strip_prefix(b" ").or_else(|| rest.strip_prefix(b"-"))?;
    let (year, year_len, rest) = digits(rest, 4)?;
    let year = full_year(year, year_len)?;
    Some((checked_days(year, month, day)?, Order::Certain, rest))
}

/// Two-digit years follow POSIX: 69 to 99 are the twentieth century.
fn full_year(year: i64, digits: usize) -> Option<i64> {
    match (digits, year) {
        (4, _) => Some(year),
        (2, 69..) => Some(1900 + year),
        (2, _) => Some(2000 + year),
        _ => None,
    }
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

fn month_name(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let length = bytes.iter().take_while(|b| b.is_ascii_alphabetic()).count();
    let (name, rest) = bytes.split_at(length);
    Some((month(name)?, rest))
}

/// The month of a name in full or by its first three letters, in any case.
pub(crate) fn month(name: &[u8]) -> Option<i64> {
    let index = month_begun(name)?;
    let is_month = name.len() == 3 || name.eq_ignore_ascii_case(MONTHS[index].as_bytes());
    is_month.then_some(index as i64 + 1)
}

/// Whether a text begins as the name of a month does; without that, one that begins with a letter is no date.
#[inline]
pub(crate) fn begins_with_month(text: &str) -> bool {
    month_begun(text.as_bytes()).is_some()
}

#[inline]
fn month_begun(text: &[u8]) -> Option<usize> {
    let index = match &text.first_chunk::<3>()?.map(|letter| letter.to_ascii_lowercase()) {
        b"jan" => 0,
        b"feb" => 1,
        b"mar" => 2,
        b"apr" => 3,
        b"may" => 4,
        b"jun" => 5,
        b"jul" => 6,
        b"aug" => 7,
        b"sep" => 8,
        b"oct" => 9,
        b"nov" => 10,
        b"dec" => 11,
        _ => return None,
    };
    Some(index)
}

/// Nothing, or ` HH:MM[:SS[.ffffff]][ AM|PM][Z|offset]`; gives microseconds to add.
fn time_part(bytes: &[u8]) -> Option<(i64, bool)> {
    let Some((b'T' | b't' | b' ', rest)) = bytes.split_first() else {
        return bytes.is_empty().then_some((0, false));
    };
    let (hour, _, rest) = digits(rest, 2)?;
    let (minute, 2, rest) = digits(rest.strip_prefix(b":")?, 2)? else { return None };
    let (second, rest) = match rest.strip_prefix(b":") {
        Some(rest) => digits(rest, 2).map(|(second, _, rest)| (second, rest))?,
        None => (0, rest),
    };
    let (micros, rest) = fraction(rest)?;
    let (hour, rest) = half_day(hour, rest)?;
    if hour > 24 || minute > 59 || second > 60 {
        return None;
    }
    let (offset_minutes, has_offset) = offset(rest)?;
    Some((((hour * 60 + minute - offset_minutes) * 60 + second) * 1_000_000 + micros, has_offset))
}

fn fraction(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let Some(rest) = bytes.strip_prefix(b".") else { return Some((0, bytes)) };
    let (value, length, rest) = digits(rest, 9)?;
    let scale = 10_i64.pow(u32::try_from(length).ok()?);
    Some((value * 1_000_000 / scale, rest))
}

fn half_day(hour: i64, bytes: &[u8]) -> Option<(i64, &[u8])> {
    let trimmed = bytes.strip_prefix(b" ").unwrap_or(bytes);
    let Some((mark, rest)) = trimmed.split_at_checked(2) else { return Some((hour, bytes)) };
    let afternoon = mark.eq_ignore_ascii_case(b"pm");
    if !afternoon && !mark.eq_ignore_ascii_case(b"am") {
        return Some((hour, bytes));
    }
    (1..=12).contains(&hour).then_some((hour % 12 + if afternoon { 12 } else { 0 }, rest))
}

fn offset(bytes: &[u8]) -> Option<(i64, bool)> {
    let trimmed = bytes.strip_prefix(b" ").unwrap_or(bytes);
    match trimmed {
        [] => Some((0, false)),
        [b'Z' | b'z'] | [b'U', b'T', b'C'] | [b'G', b'M', b'T'] => Some((0, true)),
        [sign @ (b'+' | b'-'), rest @ ..] => {
            let (hours, 2, rest) = digits(rest, 2)? else { return None };
            let rest = rest.strip_prefix(b":").unwrap_or(rest);
            let minutes = if rest.is_empty() { 0 } else { digits(rest, 2).filter(|d| d.2.is_empty())?.0 };
            let total = hours * 60 + minutes;
            (hours <= 18).then_some((if *sign == b'-' { -total } else { total }, true))
        }
        _ => None,
    }
}

/// Up to `most` digits, their count and what follows; `None` without any or with more.
fn digits(bytes: &[u8], most: usize) -> Option<(i64, usize, &[u8])> {
    let length = bytes.iter().take(most + 1).take_while(|b| b.is_ascii_digit()).count();
    if length == 0 || length > most {
        return None;
    }
    let value = bytes[..length].iter().fold(0, |sum, b| sum * 10 + i64::from(b - b'0'));
    Some((value, length, &bytes[length..]))
}

fn checked_days(year: i64, month: i64, day: i64) -> Option<i64> {
    let length = match month {
        _ if day <= 28 => 28,
        2 => 28 + i64::from(year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let is_day = (1..=12).contains(&month) && (1..=length).contains(&day) && year > 0;
    is_day.then(|| days_from_civil(year, month, day))
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar, counted in years from March.
#[must_use]
pub fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let century = year.div_euclid(100);
    let leap_days = year.div_euclid(4) - century + century.div_euclid(4);
    year * 365 + leap_days + (153 * month + 2) / 5 + day - 719_469
}

/// Year, month and day of a day counted from 1970-01-01; the inverse of [`days_from_civil`].
#[must_use]
pub fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: Option<(&str, Order)>) {
        let found = parse(text).map(|d| (d.moment.to_iso(), d.order));
        assert_eq!(found, expected.map(|(iso, order)| (iso.to_owned(), order)), "{text:?}");
    }

    #[test]
    fn shapes_of_dates() {
        check("2016-11-08", Some(("2016-11-08", Order::Certain)));
        check("2016/1/8", Some(("2016-01-08", Order::Certain)));
        check("11/8/2016", Some(("2016-11-08", Order::Ambiguous)));
        check("11/28/2016", Some(("2016-11-28", Order::MonthFirst)));
        check("28/11/2016", Some(("2016-11-28", Order::DayFirst)));
        check("8.11.2016", Some(("2016-11-08", Order::Certain)));
        check("Jun 12 1998", Some(("1998-06-12", Order::Certain)));
        check("8-Nov-16", Some(("2016-11-08", Order::Certain)));
        check("November 8, 2016", Some(("2016-11-08", Order::Certain)));
        check("2016-11-08T01:30:00+02:00", Some(("2016-11-07T23:30:00", Order::Certain)));
        check("2016-11-08 13:00:05.25", Some(("2016-11-08T13:00:05.250000", Order::Certain)));
        check("11/28/2016 1:05 PM", Some(("2016-11-28T13:05:00", Order::MonthFirst)));
        check("1/1/99", Some(("1999-01-01", Order::Certain)));
    }

    #[test]
    fn what_is_no_date() {
        for text in [
            "2016-13-01",
            "2016-02-30",
            "31/31/2016",
            "2016-11",
            "12-34",
            "1.2.3",
            "555-1234",
            "2016-11-08x",
            "Junk 1 2000",
            "2016-11-08T25:00",
            "2016-1:-08",
            "2016-11-0/",
        ] {
            check(text, None);
        }
    }

    proptest! {
        #[test]
        fn calendar_goes_both_ways(days in -700_000_i64..2_900_000) {
            let (year, month, day) = civil_from_days(days);
            prop_assert_eq!(days_from_civil(year, month, day), days);
            prop_assert_eq!(checked_days(year, month, day), (year > 0).then_some(days));
            prop_assert_eq!(iso_day(&Moment::from_days(days).to_iso()), Some(days));
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,40}") {
            let _ = parse(&text);
        }
    }
}
