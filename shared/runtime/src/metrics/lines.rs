//! Samples as lines: CloudWatch's embedded metric format, and a log line with a list.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::Sample;

/// Metrics of one line, and values of one metric: EMF's limits.
const MAX_PER_LINE: usize = 100;
const MAX_VALUES: usize = 100;
/// Bytes of metrics on one line, about. CloudWatch Logs took 256 KB for an event for long, and OCI's limit for a
/// call that posts metrics is of that order.
const MAX_BYTES: usize = 128 * 1024;
/// Digits, sign, exponent and comma of a value.
const VALUE_BYTES: usize = 24;

pub(super) type Line = Map<String, Value>;

/// A metric on a line: a sample, or the part of its values that fits.
struct Entry<'a> {
    name: &'a str,
    unit: &'static str,
    dimensions: Vec<(&'a str, String)>,
    values: &'a [f64],
}

impl Entry<'_> {
    fn bytes(&self) -> usize {
        let dimensions = self.dimensions.iter().map(|(key, value)| 2 * key.len() + value.len() + 16);
        2 * self.name.len() + 64 + self.values.len() * VALUE_BYTES + dimensions.sum::<usize>()
    }
}

/// What will be one line.
#[derive(Default)]
struct Page<'a> {
    entries: Vec<Entry<'a>>,
    bytes: usize,
    /// Members that the entries need, with a dimension's value.
    members: BTreeMap<&'a str, Option<String>>,
}

impl<'a> Page<'a> {
    fn has_room(&self, entry: &Entry<'_>) -> bool {
        self.entries.len() < MAX_PER_LINE && (self.entries.is_empty() || self.bytes + entry.bytes() <= MAX_BYTES)
    }

    fn push(&mut self, entry: Entry<'a>) {
        self.bytes += entry.bytes();
        let dimensions = entry.dimensions.iter().map(|(key, value)| (*key, Some(value.clone())));
        self.members.extend(dimensions.chain([(entry.name, None)]));
        self.entries.push(entry);
    }
}

/// In EMF metrics and dimensions are members of one object: the same metric with other dimensions needs
/// another line.
fn is_compatible(page: &Page<'_>, entry: &Entry<'_>) -> bool {
    let same = |(key, value): &(&str, String)| {
        page.members.get(key).is_none_or(|member| member.as_deref() == Some(value.as_str()))
    };
    !page.members.contains_key(entry.name) && entry.dimensions.iter().all(same)
}

/// Every dimension set starts with `service`.
fn entries<'a>(samples: &'a [Sample], service: &str) -> impl Iterator<Item = Entry<'a>> {
    samples.iter().flat_map(move |sample| {
        let own = sample.dimensions.iter().map(|(key, value)| (*key, value.clone()));
        let dimensions: Vec<_> = [("service", service.to_owned())].into_iter().chain(own).collect();
        let entry =
            move |values| Entry { name: sample.name, unit: sample.unit.name(), dimensions: dimensions.clone(), values };
        sample.values.chunks(MAX_VALUES).map(entry)
    })
}

fn pages<'a>(samples: &'a [Sample], service: &str, fits: impl Fn(&Page<'_>, &Entry<'_>) -> bool) -> Vec<Page<'a>> {
    let mut pages: Vec<Page<'_>> = Vec::new();
    for entry in entries(samples, service) {
        match pages.iter_mut().find(|page| page.has_room(&entry) && fits(page, &entry)) {
            Some(page) => page.push(entry),
            None => {
                let mut page = Page::default();
                page.push(entry);
                pages.push(page);
            }
        }
    }
    pages
}

/// Lines of the embedded metric format. `head` holds members that are no metrics.
pub(super) fn emf(samples: &[Sample], service: &str, namespace: &str, at_ms: i64, head: &Line) -> Vec<Line> {
    let pages = pages(samples, service, is_compatible);
    pages.into_iter().map(|page| emf_line(page, namespace, at_ms, head.clone())).collect()
}

fn emf_line(page: Page<'_>, namespace: &str, at_ms: i64, mut line: Line) -> Line {
    let mut directives: Vec<(Vec<&str>, Vec<Value>)> = Vec::new();
    for entry in page.entries {
        let keys: Vec<_> = entry.dimensions.iter().map(|(key, _)| *key).collect();
        let metric = json!({ "Name": entry.name, "Unit": entry.unit });
        match directives.iter_mut().find(|(others, _)| *others == keys) {
            Some((_, metrics)) => metrics.push(metric),
            None => directives.push((keys, vec![metric])),
        }
        line.insert(entry.name.to_owned(), numbers(entry.values));
        line.extend(entry.dimensions.into_iter().map(|(key, value)| (key.to_owned(), value.into())));
    }
    let directive = |(keys, metrics): (Vec<&str>, Vec<Value>)| json!({ "Namespace": namespace, "Dimensions": [keys], "Metrics": metrics });
    let directives: Vec<_> = directives.into_iter().map(directive).collect();
    line.insert("_aws".to_owned(), json!({ "Timestamp": at_ms, "CloudWatchMetrics": directives }));
    line
}

/// Log lines with a list `metrics`; each has all that a post to OCI Monitoring needs beside the compartment.
pub(super) fn log(samples: &[Sample], service: &str, namespace: &str, head: &Line) -> Vec<Line> {
    let pages = pages(samples, service, |_, _| true);
    pages.into_iter().map(|page| log_line(page, namespace, head.clone())).collect()
}

fn log_line(page: Page<'_>, namespace: &str, mut line: Line) -> Line {
    let metric = |entry: Entry<'_>| {
        let dimensions: Line =
            entry.dimensions.into_iter().map(|(key, value)| (key.to_owned(), value.into())).collect();
        let key = if entry.values.len() == 1 { "value" } else { "values" };
        json!({ "name": entry.name, "unit": entry.unit, key: numbers(entry.values), "dimensions": dimensions })
    };
    let metrics: Vec<_> = page.entries.into_iter().map(metric).collect();
    line.insert("namespace".to_owned(), namespace.into());
    line.insert("metrics".to_owned(), metrics.into());
    line
}

fn numbers(values: &[f64]) -> Value {
    match values {
        [one] => number(*one),
        several => several.iter().copied().map(number).collect(),
    }
}

/// Whole numbers are written without a point.
fn number(value: f64) -> Value {
    #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "compared with the original")]
    let whole = value as i64;
    #[allow(clippy::cast_precision_loss, reason = "compared with the original")]
    let is_whole = whole as f64 == value && whole.unsigned_abs() < 1 << 53;
    if is_whole { whole.into() } else { value.into() }
}
