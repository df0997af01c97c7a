//! Makes the result fit into a reply: lists end after a while, and the profiles of many or wide tables are
//! shortened, first by what can be computed from the rest. What was left out is counted in `coverage.omitted`.

use std::io::{self, Write};

use serde::Serialize;

use super::bounds::{MAX_ENTRIES, MAX_NAMES};
use super::data::{Data, Omitted};
use super::drift::TableDrift;
use super::profile::{ColumnProfile, TableProfile};

/// Alerts and candidate keys of a table where there is no room for all of its columns.
const MAX_TABLE_LINES: usize = 20;
/// By what the lists beside the tables are divided until they leave half of the room to these.
const DIVISORS: [usize; 4] = [1, 4, 16, 64];

/// Shortens the result to `max_bytes` of JSON, `besides` of which are taken; whether profiles were shortened.
pub(crate) fn fit(data: &mut Data, besides: usize, max_bytes: usize) -> bool {
    let (deferred, issues) = (data.coverage.deferred_count, data.coverage.issue_counts.values().sum::<u64>());
    let whole = lengths(data).into_iter().map(|(list, length)| match list {
        "/coverage/deferred" => (list, deferred),
        "/issues" => (list, issues),
        _ => (list, length),
    });
    let whole: Vec<(&'static str, u64)> = whole.collect();
    let tables = std::mem::take(&mut data.tables);
    // What is said of the shortened lists comes in addition.
    let mut taken = besides + 1024;
    for divisor in DIVISORS {
        cap_lists(data, divisor);
        taken = besides + 1024 + bytes(data);
        if taken <= max_bytes / 2 {
            break;
        }
    }
    let (tables, is_shortened) = fit_tables(tables, max_bytes.saturating_sub(taken));
    data.tables = tables;
    let left = lengths(data);
    let shortened = whole.into_iter().zip(left).filter(|((_, total), (_, shown))| shown < total);
    let omitted = shortened.map(|((list, total), (_, shown))| Omitted { list, shown, total });
    data.coverage.omitted = omitted.collect();
    is_shortened
}

/// Entries of each list that may be shortened.
fn lengths(data: &Data) -> Vec<(&'static str, u64)> {
    let domains = || data.domain_columns.iter();
    let entities = || data.business_entities.values();
    let tables = || data.tables.iter();
    let drift = || data.drift.iter();
    let drifts = || drift().flat_map(|drift| &drift.tables);
    let lists = [
        ("/anomaly_flags", data.anomaly_flags.len()),
        ("/business_entities/*/key_metrics", entities().map(|e| e.key_metrics.len()).sum()),
        ("/business_entities/*/tables", entities().map(|e| e.tables.len()).sum()),
        ("/coverage/deferred", data.coverage.deferred.len()),
        ("/coverage/not_computed", data.coverage.not_computed.len()),
        ("/data_relationships/links", data.data_relationships.links.len()),
        ("/domain_columns/*/columns", domains().map(|d| d.columns.len()).sum()),
        ("/drift/tables", drifts().count()),
        ("/drift/tables/*/columns", drifts().map(|t| t.columns.len()).sum()),
        ("/drift/tables/*/columns_added", drifts().map(|t| t.columns_added.as_ref().map_or(0, Vec::len)).sum()),
        ("/drift/tables/*/columns_removed", drifts().map(|t| t.columns_removed.len()).sum()),
        ("/drift/tables/*/not_compared", drifts().map(|t| t.not_compared.len()).sum()),
        ("/drift/tables_added", drift().map(|d| d.tables_added.len()).sum()),
        ("/drift/tables_removed", drift().map(|d| d.tables_removed.len()).sum()),
        ("/issues", data.issues.len()),
        ("/tables", data.tables.len()),
        ("/tables/*/alerts", tables().map(|t| t.alerts.len()).sum()),
        ("/tables/*/columns", tables().map(|t| t.columns.len()).sum()),
        ("/tables/*/quality/columns", tables().map(|t| t.quality.columns.len()).sum()),
    ];
    lists.map(|(list, length)| (list, length as u64)).to_vec()
}

fn cap_lists(data: &mut Data, divisor: usize) {
    let (entries, names) = (MAX_ENTRIES / divisor, MAX_NAMES / divisor);
    data.anomaly_flags.truncate(entries);
    data.data_relationships.links.truncate(entries);
    data.coverage.not_computed.truncate(entries);
    data.coverage.deferred.truncate(names);
    data.issues.truncate(if divisor > 1 { entries } else { usize::MAX });
    data.domain_columns.iter_mut().for_each(|domain| domain.columns.truncate(names));
    for entity in data.business_entities.values_mut() {
        entity.tables.truncate(names);
        entity.key_metrics.truncate(names);
    }
    if let Some(drift) = &mut data.drift {
        drift.tables_added.truncate(names);
        drift.tables_removed.truncate(names);
        cap_drift(&mut drift.tables, divisor);
    }
}

/// Columns that have drifted are kept longest.
fn cap_drift(tables: &mut Vec<TableDrift>, divisor: usize) {
    for table in tables.iter_mut() {
        table.columns_removed.truncate(MAX_NAMES / divisor);
        table.not_compared.truncate(MAX_NAMES / divisor);
        table.columns_added.iter_mut().for_each(|added| added.truncate(MAX_NAMES / divisor));
        if divisor > 1 {
            table.columns.retain(|column| column.drifted);
            table.columns.truncate(MAX_NAMES / divisor);
        }
    }
    tables.truncate(if divisor > 1 { MAX_ENTRIES / divisor } else { usize::MAX });
}

fn fit_tables(mut tables: Vec<TableProfile>, room: usize) -> (Vec<TableProfile>, bool) {
    let fits = |tables: &[TableProfile]| tables.iter().map(|table| bytes(table) + 1).sum::<usize>() <= room;
    if fits(&tables) {
        return (tables, false);
    }
    tables.iter_mut().for_each(|table| table.quality.columns.clear());
    if !fits(&tables) {
        shorten(&mut tables, room);
    }
    (tables, true)
}

/// Keeps what every table needs, and of the columns of each table as many as its part of the room allows.
fn shorten(tables: &mut Vec<TableProfile>, room: usize) {
    for table in tables.iter_mut() {
        table.alerts.truncate(MAX_TABLE_LINES);
        table.candidate_keys.truncate(MAX_TABLE_LINES);
    }
    let columns: Vec<Vec<ColumnProfile>> = tables.iter_mut().map(|t| std::mem::take(&mut t.columns)).collect();
    let mut left = room;
    let fitting = tables.iter().take_while(|table| {
        let rest = left.checked_sub(bytes(*table) + 1);
        left = rest.unwrap_or(left);
        rest.is_some()
    });
    let fitting = fitting.count();
    tables.truncate(fitting);
    let size = |list: &Vec<ColumnProfile>| list.iter().map(|column| bytes(column) + 1).sum();
    let level = level(&columns.iter().take(fitting).map(size).collect::<Vec<usize>>(), left);
    for (table, columns) in tables.iter_mut().zip(columns) {
        let mut used = 0;
        let kept = columns.into_iter().take_while(|column| {
            used += bytes(column) + 1;
            used <= level
        });
        table.columns = kept.collect();
    }
}

/// The largest allowance per demand with which all of them together stay within `room`: small demands are met
/// in full, and large ones share what is left.
fn level(demands: &[usize], room: usize) -> usize {
    let mut sorted = demands.to_vec();
    sorted.sort_unstable();
    let mut left = room;
    for (index, demand) in sorted.iter().enumerate() {
        let part = left / (sorted.len() - index);
        if *demand > part {
            return part;
        }
        left -= demand;
    }
    usize::MAX
}

/// Length of the value as JSON.
pub(crate) fn bytes(value: &impl Serialize) -> usize {
    struct Counter(usize);
    impl Write for Counter {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut counter = Counter(0);
    // What cannot be written takes no room; the shapes here always can.
    let _ = serde_json::to_writer(&mut counter, value);
    counter.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_demands_are_met_and_large_ones_share_the_rest() {
        let check = |demands: &[usize], room: usize, expected: usize| {
            let level = level(demands, room);
            assert_eq!(level, expected, "{demands:?} in {room}");
            assert!(demands.iter().map(|d| (*d).min(level)).sum::<usize>() <= room);
        };
        check(&[10, 20, 30], 60, usize::MAX);
        check(&[10, 20, 30], 50, 20);
        check(&[10, 1000, 30], 100, 60);
        check(&[10, 10], 0, 0);
        check(&[], 0, usize::MAX);
    }

    #[test]
    fn lengths_are_those_of_the_written_text() {
        let value = serde_json::json!({"a": [1.5, "é\"", null]});
        assert_eq!(bytes(&value), value.to_string().len());
    }
}
