//! Usage API: rows of consumption that arrive late and are corrected afterwards.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::Emulator;
use crate::call::{Call, parse_json};
use crate::clock::rfc3339_ms;
use crate::error::Error;
use crate::page;
use crate::reply::{self, Reply, ReplyExt};
use crate::route::{Route, Service};
use crate::store::{Read, Span, Table};

const PAGE: (usize, usize) = (1000, 1000);
const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// Members that a request may group by, at most.
const MAX_GROUPS: usize = 4;
const GROUPS: [&str; 16] = [
    "tagNamespace",
    "tagKey",
    "tagValue",
    "service",
    "skuName",
    "skuPartNumber",
    "unit",
    "compartmentName",
    "compartmentPath",
    "compartmentId",
    "platform",
    "region",
    "logicalAd",
    "resourceId",
    "tenantId",
    "tenantName",
];

/// The service.
pub(crate) const SERVICE: Service = Service {
    name: "usage",
    hosts: &["usageapi"],
    bases: &["/20200107"],
    routes: &[Route::post("RequestSummarizedUsages", "/usage", summarize)],
};

/// A row as it is put there. Amounts are what the period consumed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    time_usage_started: Timestamp,
    time_usage_ended: Timestamp,
    computed_quantity: f64,
    #[serde(default)]
    computed_amount: f64,
    currency: Option<String>,
    unit_price: Option<f64>,
    /// Hours after its end until it shows.
    #[serde(default = "default_lag")]
    lag_hours: f64,
    #[serde(default)]
    corrections: Vec<Correction>,
    #[serde(default)]
    tags: Vec<Tag>,
    /// `service`, `skuName`, `region` and the like.
    #[serde(flatten)]
    members: Map<String, Value>,
}

/// What a row says instead, from so many hours after its end on.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Correction {
    after_hours: f64,
    computed_quantity: f64,
    #[serde(default)]
    computed_amount: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Tag {
    namespace: Option<String>,
    key: Option<String>,
    value: Option<String>,
}

/// A day, the delay to plan for.
fn default_lag() -> f64 {
    24.0
}

impl Row {
    /// Quantity and amount as they show at this time; `None` before the row arrives.
    fn seen(&self, now_ms: i64) -> Option<(f64, f64)> {
        let hours = (now_ms - self.time_usage_ended.as_millisecond()) as f64 / HOUR_MS as f64;
        (hours >= self.lag_hours).then_some(())?;
        let due = self.corrections.iter().filter(|correction| correction.after_hours <= hours);
        let latest = due.max_by(|a, b| a.after_hours.total_cmp(&b.after_hours));
        Some(
            latest.map_or((self.computed_quantity, self.computed_amount), |c| (c.computed_quantity, c.computed_amount)),
        )
    }

    fn member(&self, name: &str) -> Option<&str> {
        self.members.get(name).and_then(Value::as_str)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Details {
    tenant_id: String,
    time_usage_started: Timestamp,
    time_usage_ended: Timestamp,
    granularity: String,
    query_type: Option<String>,
    #[serde(default)]
    is_aggregate_by_time: Option<bool>,
    #[serde(default)]
    group_by: Option<Vec<String>>,
    #[serde(default)]
    group_by_tag: Option<Vec<Tag>>,
    #[serde(default)]
    filter: Option<Filter>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Filter {
    operator: Option<String>,
    dimensions: Option<Vec<Dimension>>,
    tags: Option<Vec<Tag>>,
    filters: Option<Vec<Filter>>,
}

#[derive(Deserialize)]
struct Dimension {
    key: String,
    value: String,
}

impl Filter {
    fn check(&self) -> Result<(), Error> {
        if let Some(operator) = &self.operator
            && !["AND", "OR", "NOT"].contains(&operator.as_str())
        {
            return Err(Error::invalid(format!("There is no operator {operator}.")));
        }
        self.filters.iter().flatten().try_for_each(Self::check)
    }

    fn takes(&self, row: &Row) -> bool {
        let dimensions = self.dimensions.iter().flatten().map(|one| row.member(&one.key) == Some(&one.value));
        let tag_fits = |wanted: &Tag| {
            let same = |a: &Option<String>, b: &Option<String>| a.is_none() || a == b;
            let fits = |tag: &Tag| {
                same(&wanted.namespace, &tag.namespace)
                    && same(&wanted.key, &tag.key)
                    && same(&wanted.value, &tag.value)
            };
            row.tags.iter().any(fits)
        };
        let tags = self.tags.iter().flatten().map(tag_fits);
        let mut all = dimensions.chain(tags).chain(self.filters.iter().flatten().map(|filter| filter.takes(row)));
        match self.operator.as_deref() {
            Some("OR") => all.any(|fits| fits),
            Some("NOT") => !all.any(|fits| fits),
            _ => all.all(|fits| fits),
        }
    }
}

fn check(details: &Details, call: &Call) -> Result<(), Error> {
    if details.tenant_id != call.principal.tenancy {
        return Err(Error::not_found());
    }
    let aligned = |time: Timestamp, unit: i64| time.as_millisecond().rem_euclid(unit) == 0;
    let unit = match details.granularity.as_str() {
        "HOURLY" => HOUR_MS,
        "DAILY" | "MONTHLY" => DAY_MS,
        other => return Err(Error::invalid(format!("The granularity {other} is not supported."))),
    };
    if !aligned(details.time_usage_started, unit) || !aligned(details.time_usage_ended, unit) {
        return Err(Error::invalid(
            "UTC date does not have the right precision: hours, minutes, seconds and second fractions must be 0.",
        ));
    }
    if details.time_usage_started >= details.time_usage_ended {
        return Err(Error::invalid("timeUsageStarted must be before timeUsageEnded."));
    }
    let types = ["COST", "USAGE", "CREDIT", "EXPIREDCREDIT", "ALLCREDIT", "USAGE_ONLY"];
    if let Some(other) = details.query_type.as_deref().filter(|name| !types.contains(name)) {
        return Err(Error::invalid(format!("There is no query type {other}.")));
    }
    let groups = details.group_by.as_deref().unwrap_or_default();
    if let Some(other) = groups.iter().find(|name| !GROUPS.contains(&name.as_str())) {
        return Err(Error::invalid(format!("Usage cannot be grouped by {other}.")));
    }
    if groups.len() > MAX_GROUPS {
        return Err(Error::invalid(format!("Usage is grouped by at most {MAX_GROUPS} members.")));
    }
    details.filter.as_ref().map_or(Ok(()), Filter::check)
}

/// The start of the period that a row belongs to, and of the next one.
fn period(granularity: &str, at_ms: i64) -> (i64, i64) {
    let unit = match granularity {
        "HOURLY" => HOUR_MS,
        "DAILY" => DAY_MS,
        _ => return month(at_ms),
    };
    let start = at_ms.div_euclid(unit) * unit;
    (start, start + unit)
}

fn month(at_ms: i64) -> (i64, i64) {
    let date = Timestamp::from_millisecond(at_ms).unwrap_or_default().to_zoned(TimeZone::UTC).date();
    let start = |date: jiff::civil::Date| {
        date.to_zoned(TimeZone::UTC).map_or(at_ms, |zoned| zoned.timestamp().as_millisecond())
    };
    (start(date.first_of_month()), start(date.last_of_month()) + DAY_MS)
}

/// Sums of a group in a period.
#[derive(Default)]
struct Sum {
    quantity: f64,
    amount: f64,
    currency: Option<String>,
    unit_price: Option<f64>,
    tags: Vec<Tag>,
}

type Key = (i64, i64, Vec<Option<String>>, Option<String>);

fn summarize(emulator: &Emulator, call: &Call) -> Reply {
    let details: Details = call.json()?;
    check(&details, call)?;
    let (from, to) = (details.time_usage_started.as_millisecond(), details.time_usage_ended.as_millisecond());
    let groups = details.group_by.clone().unwrap_or_default();
    let mut sums: BTreeMap<Key, Sum> = BTreeMap::new();
    let reader = emulator.store.read()?;
    let keep = |row: &Row| {
        let started = row.time_usage_started.as_millisecond();
        (from..to).contains(&started) && details.filter.as_ref().is_none_or(|filter| filter.takes(row))
    };
    for (_, row) in reader.list::<Row>(Table::Usage, &Span::all().starting_at(&from.to_be_bytes()), usize::MAX, keep)? {
        let Some((quantity, amount)) = row.seen(call.now.as_millisecond()) else { continue };
        let (start, end) = match details.is_aggregate_by_time {
            Some(true) => (from, to),
            _ => period(&details.granularity, row.time_usage_started.as_millisecond()),
        };
        let values = groups.iter().map(|name| row.member(name).map(str::to_owned)).collect();
        let tag = details.group_by_tag.iter().flatten().next().and_then(|wanted| {
            row.tags.iter().find(|tag| tag.namespace == wanted.namespace && tag.key == wanted.key).cloned()
        });
        let sum = sums.entry((start, end, values, tag.as_ref().and_then(|tag| tag.value.clone()))).or_default();
        sum.quantity += quantity;
        sum.amount += amount;
        sum.currency = row.currency.clone().or(sum.currency.take());
        sum.unit_price = row.unit_price.or(sum.unit_price);
        sum.tags = tag.into_iter().collect();
    }
    let shown: Vec<Value> = sums.into_iter().map(|(key, sum)| show(&key, &sum, &groups)).collect();
    let page = page::of_list(shown, call, PAGE)?;
    reply::json(&json!({ "groupBy": groups, "items": page.items })).maybe("opc-next-page", page.next.as_deref())
}

/// Only members that are grouped by are filled.
fn show((start, end, values, _): &Key, sum: &Sum, groups: &[String]) -> Value {
    let mut shown: Map<String, Value> = GROUPS[3..].iter().map(|name| ((*name).to_owned(), Value::Null)).collect();
    shown.extend(groups.iter().cloned().zip(values.iter().map(|value| json!(value))));
    let rest = json!({
        "timeUsageStarted": rfc3339_ms(*start),
        "timeUsageEnded": rfc3339_ms(*end),
        "computedAmount": sum.amount,
        "computedQuantity": sum.quantity,
        "currency": sum.currency.as_deref().unwrap_or(" "),
        "unitPrice": sum.unit_price,
        "isForecast": false,
        "tags": sum.tags,
    });
    shown.extend(rest.as_object().cloned().unwrap_or_default());
    shown.into()
}

/// Puts rows there by the admin route.
pub(crate) fn seed(emulator: &Emulator, body: &[u8]) -> Reply {
    let rows: Vec<Row> = parse_json(body)?;
    if rows.iter().any(|row| row.time_usage_started >= row.time_usage_ended) {
        return Err(Error::invalid("A row must end after it starts."));
    }
    emulator.store.write(|writer| {
        for row in &rows {
            let at = row.time_usage_started.as_millisecond().max(0);
            let key = [at.to_be_bytes(), emulator.ids.number().to_be_bytes()].concat();
            writer.put(Table::Usage, &key, row)?;
        }
        Ok(())
    })?;
    reply::json(&json!({ "rows": rows.len() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_arrive_late_and_are_corrected() {
        let row: Row = serde_json::from_value(json!({
            "timeUsageStarted": "2026-09-01T00:00:00Z", "timeUsageEnded": "2026-09-02T00:00:00Z",
            "computedQuantity": 10.0, "lagHours": 30, "corrections": [{ "afterHours": 48, "computedQuantity": 12.0 }],
        }))
        .unwrap();
        let end = row.time_usage_ended.as_millisecond();
        let check = |hours: i64, expected: Option<f64>| {
            assert_eq!(row.seen(end + hours * HOUR_MS).map(|(quantity, _)| quantity), expected, "{hours}");
        };
        check(29, None);
        check(30, Some(10.0));
        check(47, Some(10.0));
        check(48, Some(12.0));
    }

    #[test]
    fn months_have_their_own_lengths() {
        let ms = |text: &str| text.parse::<Timestamp>().unwrap().as_millisecond();
        let february = (ms("2028-02-01T00:00:00Z"), ms("2028-03-01T00:00:00Z"));
        assert_eq!(period("MONTHLY", ms("2028-02-29T23:00:00Z")), february);
        assert_eq!(period("DAILY", ms("2028-02-29T23:00:00Z")).1, february.1);
    }
}
