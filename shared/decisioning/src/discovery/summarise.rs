//! From what was gathered of a column to its profile.

use std::collections::BTreeMap;

use super::column::{BOOL, Column, FLOAT, INT, Span, TEXT, TIME};
use super::footer::Footer;
use super::limits::Limits;
use super::pii::{self, PiiFlag};
use super::profile::{
    ColumnProfile, Count, DateProfile, LogicalType, NestedProfile, NumericProfile, Semantics, TextProfile, TopValue,
    TopValues,
};
use super::sketches::Rendered;
use crate::dataset::NestedRows;
use crate::dataset::cell::{NULL_TOKENS, Value};
use crate::dataset::date::Moment;

/// Share of the non-null cells that must have a type for the column to have it.
pub(crate) const TYPE_SHARE: f64 = 0.9;
/// Different values up to which a category is examined value by value; above, its cardinality is an alert.
pub(crate) const CATEGORY_LIMIT: u64 = 50;
/// What stands in place of a value that may be personal.
pub(crate) const MASK: &str = "[masked]";

const RANKS: [(&str, f64); 7] =
    [("p01", 0.01), ("p05", 0.05), ("p25", 0.25), ("p50", 0.5), ("p75", 0.75), ("p95", 0.95), ("p99", 0.99)];

/// Profiles one column.
pub(crate) fn column(column: &Column, limits: &Limits) -> ColumnProfile {
    if let Some(rows) = &column.nested {
        return nested(column, rows);
    }
    let (logical_type, conforming) = logical_type(column);
    let pii = pii_flags(column);
    let filled = column.filled();
    let distinct = distinct(column);
    let unique = unique(column, filled);
    let semantics = semantics(column, logical_type, &distinct, filled);
    let numeric = numeric(column, logical_type, semantics).filter(|_| pii.is_empty());
    ColumnProfile {
        name: column.name.clone(),
        physical_type: column.physical_type.clone(),
        logical_type,
        semantics,
        conforming_share: share(conforming, filled),
        count: column.seen,
        null_count: column.null_count(),
        null_share: share(column.null_count(), column.seen),
        null_tokens: null_tokens(column),
        unique,
        numeric,
        text: text(column, logical_type),
        dates: dates(column, logical_type).filter(|_| pii.is_empty()),
        nested: None,
        top: top(column, &pii, filled, limits.top_values),
        notes: notes(column, logical_type, &pii),
        footer: column.footer.as_ref().map(|footer| footer.profile(&pii)),
        distinct,
        pii,
    }
}

/// Profiles a column of lists or maps, of which only nulls and lengths are known.
fn nested(column: &Column, rows: &NestedRows) -> ColumnProfile {
    let filled = rows.rows - rows.nulls;
    let lists = NestedProfile {
        empty_count: rows.empty,
        min_length: rows.shortest,
        max_length: rows.longest,
        mean_length: share(rows.entries, filled),
        unread_rows: rows.unread,
    };
    let lower = u64::from(filled > 0);
    ColumnProfile {
        name: column.name.clone(),
        physical_type: column.physical_type.clone(),
        logical_type: LogicalType::Nested,
        semantics: Semantics::Unknown,
        conforming_share: None,
        count: rows.rows,
        null_count: rows.nulls,
        null_share: share(rows.nulls, rows.rows),
        null_tokens: (rows.nulls > 0).then(|| ("".to_owned(), rows.nulls)).into_iter().collect(),
        distinct: Count { value: lower, exact: false, lower, upper: filled, method: "none" },
        unique: None,
        numeric: None,
        text: None,
        dates: None,
        nested: Some(lists),
        top: TopValues { exact: false, count_error: 0, values: Vec::new() },
        pii: pii::Evidence::default().flags(&column.name),
        notes: vec!["lists or maps: nulls and lengths are counted, their entries are not profiled".to_owned()],
        footer: None,
    }
}

/// Whether the column identifies rows by a whole number: a row number or a key of one column.
pub(crate) fn is_row_id(column: &Column) -> bool {
    let (logical_type, _) = logical_type(column);
    let filled = column.filled();
    logical_type == LogicalType::Integer
        && column.null_count() == 0
        && unique(column, filled) == Some(true)
        && semantics(column, logical_type, &distinct(column), filled) == Semantics::Identifier
}

fn pii_flags(column: &Column) -> Vec<PiiFlag> {
    let mut evidence = column.dictionary.examine();
    if let Some(footer) = column.footer.as_ref().filter(|_| column.is_unread()) {
        footer.examine(&mut evidence);
    }
    evidence.flags(&column.name)
}

pub(crate) fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// The type that most values have, and how many have it.
fn logical_type(column: &Column) -> (LogicalType, u64) {
    let filled = column.filled();
    let enough = |count: u64| count as f64 >= TYPE_SHARE * filled as f64;
    let kinds = &column.kinds;
    let (numbers, codes) = (kinds[INT] + kinds[FLOAT], column.forms.leading_zero);
    if filled == 0 {
        let declared = column.footer.as_ref().filter(|_| column.is_unread());
        (declared.map_or(LogicalType::Empty, Footer::logical_type), 0)
    } else if codes > 0 && enough(kinds[INT] + codes) {
        // Dropping leading zeros would change the codes, so none of them are numbers.
        (LogicalType::Text, filled)
    } else if kinds[FLOAT] == 0 && enough(kinds[INT]) {
        (LogicalType::Integer, kinds[INT])
    } else if enough(numbers) {
        (LogicalType::Decimal, numbers)
    } else if enough(kinds[TIME]) {
        let kind = if column.with_time > 0 { LogicalType::Datetime } else { LogicalType::Date };
        (kind, kinds[TIME])
    } else if enough(kinds[BOOL]) {
        (LogicalType::Boolean, kinds[BOOL])
    } else if enough(column.forms.uuid) {
        (LogicalType::Uuid, column.forms.uuid)
    } else if enough(kinds[TEXT]) {
        (LogicalType::Text, filled)
    } else {
        // A mixture is read as text, which any value is; how mixed it is shows in the share.
        (LogicalType::Text, kinds[TEXT].max(numbers).max(kinds[TIME]).max(kinds[BOOL]))
    }
}

fn distinct(column: &Column) -> Count {
    let (value, lower, upper) = column.dictionary.distinct();
    let exact = column.dictionary.is_exact() || column.is_rising();
    if exact && !column.dictionary.is_exact() {
        let value = column.filled();
        return Count { value, exact, lower: value, upper: value, method: "counted" };
    }
    Count { value, exact, lower, upper, method: if exact { "counted" } else { "hyperloglog" } }
}

fn unique(column: &Column, filled: u64) -> Option<bool> {
    if column.is_unread() {
        return None;
    }
    if filled == 0 || column.dictionary.repeats() {
        return Some(false);
    }
    (column.dictionary.is_exact() || column.is_rising()).then_some(true)
}

/// Words of a header that name a thing by number or code.
const IDENTIFIER_WORDS: [&str; 17] = [
    "id", "key", "code", "number", "no", "nr", "num", "zip", "postal", "postcode", "zipcode", "sku", "isbn", "ean",
    "phone", "uuid", "guid",
];
/// Words of whole numbers that count within a calendar.
const TIME_WORDS: [&str; 8] = ["year", "month", "day", "hour", "minute", "quarter", "week", "weekday"];
/// Longest text of a category, in characters.
const CATEGORY_LENGTH: u64 = 64;

fn semantics(column: &Column, kind: LogicalType, distinct: &Count, filled: u64) -> Semantics {
    let words = pii::words(&column.name);
    let named = |list: &[&str]| words.iter().any(|w| list.contains(&w.as_str()));
    let recurs = distinct.value * 2 <= filled && column.lengths.max <= CATEGORY_LENGTH;
    match kind {
        LogicalType::Empty | LogicalType::Nested => Semantics::Unknown,
        LogicalType::Uuid => Semantics::Identifier,
        LogicalType::Text if filled == 0 => Semantics::Unknown,
        LogicalType::Date | LogicalType::Datetime => Semantics::Time,
        LogicalType::Boolean => Semantics::Category,
        LogicalType::Integer if named(&IDENTIFIER_WORDS) || is_running_number(column, distinct, filled) => {
            Semantics::Identifier
        }
        LogicalType::Integer if named(&TIME_WORDS) => Semantics::Category,
        // An integer ending in `id` without a separator, such as `custid`.
        LogicalType::Integer if words.last().is_some_and(|w| w.len() > 3 && w.ends_with("id")) => Semantics::Identifier,
        LogicalType::Integer | LogicalType::Decimal if named(&["latitude", "longitude", "lat", "lon", "lng"]) => {
            Semantics::Identifier
        }
        LogicalType::Integer | LogicalType::Decimal => Semantics::Measure,
        LogicalType::Text if column.forms.leading_zero > 0 || named(&IDENTIFIER_WORDS) => Semantics::Identifier,
        LogicalType::Text if recurs => Semantics::Category,
        LogicalType::Text if distinct.value == filled && column.lengths.max <= 40 && filled > 20 => {
            Semantics::Identifier
        }
        LogicalType::Text => Semantics::FreeText,
    }
}

/// Different whole numbers without gaps: a row number, whatever it is called.
fn is_running_number(column: &Column, distinct: &Count, filled: u64) -> bool {
    let span = column.moments.max - column.moments.min + 1.0;
    filled > 20 && distinct.exact && distinct.value == filled && span == filled as f64
}

fn numeric(column: &Column, kind: LogicalType, semantics: Semantics) -> Option<NumericProfile> {
    let moments = &column.moments;
    if !kind.is_numeric() || moments.count == 0 {
        return None;
    }
    let ranks: Vec<f64> = RANKS.iter().map(|r| r.1).collect();
    let (values, exact) = column.dictionary.quantiles(&ranks).unwrap_or_default();
    Some(NumericProfile {
        count: moments.count,
        min: moments.min,
        max: moments.max,
        mean: moments.mean(),
        standard_deviation: moments.deviation(),
        skewness: moments.skewness(),
        sum: (semantics == Semantics::Measure).then(|| moments.sum()),
        zero_count: moments.zeros,
        negative_count: moments.negatives,
        infinite_count: moments.infinite,
        quantiles: RANKS.iter().map(|r| r.0).zip(values).collect(),
        quantiles_exact: exact,
        // A t-digest of compression 400 keeps clusters of at most about 4 q (1 - q) / 400 of the rows.
        quantiles_rank_error: if exact { 0.0 } else { 0.01 },
    })
}

fn text(column: &Column, kind: LogicalType) -> Option<TextProfile> {
    let texts = column.kinds[TEXT];
    (kind == LogicalType::Text && texts > 0).then(|| TextProfile {
        min_length: column.lengths.min,
        max_length: column.lengths.max,
        mean_length: column.lengths.total as f64 / texts as f64,
    })
}

fn dates(column: &Column, kind: LogicalType) -> Option<DateProfile> {
    if !kind.is_temporal() {
        return None;
    }
    let day_first = column.is_day_first();
    let Span { first, last } = if day_first { &column.exchanged } else { &column.span };
    let (first, last) = ((*first)?, (*last)?);
    let cadence_days = cadence_days(column, day_first);
    Some(DateProfile {
        first: first.to_iso(),
        last: last.to_iso(),
        span_days: last.days() - first.days(),
        cadence: cadence_days.map(cadence_name),
        cadence_days,
        day_month_order: day_month_order(column),
    })
}

fn day_month_order(column: &Column) -> Option<&'static str> {
    let forms = &column.forms;
    match (forms.day_first > 0, forms.month_first > 0, forms.ambiguous > 0) {
        (false, false, false) => None,
        (true, false, _) => Some("day_first"),
        (false, true, _) => Some("month_first"),
        _ => Some("ambiguous"),
    }
}

/// Median distance between neighbouring different days.
fn cadence_days(column: &Column, day_first: bool) -> Option<f64> {
    if !column.dictionary.is_exact() {
        return None;
    }
    let read = |moment: Moment| if day_first { moment.exchanged() } else { moment };
    let times = column.dictionary.entries().iter().filter_map(|entry| match column.dictionary.value(entry) {
        Value::Time(moment) => Some(read(moment).days()),
        _ => None,
    });
    let mut days: Vec<i64> = times.collect();
    days.sort_unstable();
    days.dedup();
    let mut gaps: Vec<i64> = days.windows(2).map(|pair| pair[1] - pair[0]).collect();
    gaps.sort_unstable();
    (gaps.len() >= 2).then(|| (gaps[(gaps.len() - 1) / 2] + gaps[gaps.len() / 2]) as f64 / 2.0)
}

fn cadence_name(days: f64) -> &'static str {
    const NAMED: [(f64, f64, &str); 5] = [
        (1.0, 1.5, "daily"),
        (6.5, 7.5, "weekly"),
        (28.0, 31.0, "monthly"),
        (89.0, 92.5, "quarterly"),
        (364.0, 366.5, "yearly"),
    ];
    NAMED.iter().find(|(low, high, _)| (*low..=*high).contains(&days)).map_or("irregular", |n| n.2)
}

fn top(column: &Column, pii: &[PiiFlag], filled: u64, limit: usize) -> TopValues {
    let (values, count_error) = column.dictionary.top(limit);
    let shown = |value: Rendered| match value {
        _ if !pii.is_empty() => MASK.into(),
        Rendered::Text(text) if pii::looks_personal(&text) => MASK.into(),
        Rendered::Int(i) if pii::looks_personal(&i.to_string()) => MASK.into(),
        Rendered::Text(text) if text.chars().count() > 200 => text.chars().take(200).collect::<String>().into(),
        value => value.to_json(),
    };
    let values = values.into_iter().map(|(value, count)| TopValue {
        value: shown(value),
        count,
        share: count as f64 / filled.max(1) as f64,
    });
    TopValues { exact: column.dictionary.is_exact(), count_error, values: values.collect() }
}

fn null_tokens(column: &Column) -> BTreeMap<String, u64> {
    let counted = NULL_TOKENS.iter().zip(column.nulls).map(|(token, n)| ((*token).to_owned(), n));
    counted.chain([("absent".to_owned(), column.absent)]).filter(|(_, n)| *n > 0).collect()
}

fn notes(column: &Column, kind: LogicalType, pii: &[PiiFlag]) -> Vec<String> {
    let forms = &column.forms;
    let mixed_zone = forms.offset > 0 && forms.offset < column.kinds[TIME];
    let unclear = forms.ambiguous > 0 && !matches!(day_month_order(column), Some("day_first" | "month_first"));
    let conflict = forms.day_first > 0 && forms.month_first > 0;
    let said = [
        (
            forms.formatted > 0 && kind.is_numeric(),
            "numbers carry separators, currency or percent signs; they were read as plain numbers",
        ),
        (forms.leading_zero > 0, "digits with leading zeros: read as codes, not as numbers"),
        (forms.offset > 0, "times carry UTC offsets; they were converted to UTC"),
        (mixed_zone, "some times carry no UTC offset; they were taken as UTC"),
        (conflict, "both day-first and month-first dates occur; those that could be either were read month first"),
        (unclear && !conflict, "no date shows whether the day or the month comes first; they were read month first"),
        (
            !column.dictionary.is_exact() && !column.is_rising(),
            "too many different values to count: distinct count, quantiles and top values come from sketches",
        ),
        (
            !column.dictionary.is_exact() && column.is_rising(),
            "too many different values to keep: quantiles and top values come from sketches",
        ),
        (column.is_unread(), "no row was read: the type is the declared one, and figures are the footer's"),
        (!pii.is_empty(), "may hold personal data: values are masked"),
    ];
    let replaced = (column.replaced > 0)
        .then(|| format!("cells that are not valid UTF-8: {}; their broken bytes were replaced", column.replaced));
    said.into_iter().filter(|(holds, _)| *holds).map(|(_, text)| text.to_owned()).chain(replaced).collect()
}
