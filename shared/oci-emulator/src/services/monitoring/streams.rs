//! Metric streams and their points in the store.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Emulator;
use crate::error::Error;
use crate::store::{Read, Span, StoreError, Table, Writer};

/// How long points are kept, in milliseconds.
pub(super) const RETENTION_MS: i64 = 90 * 86_400_000;

/// A stream: one metric with one set of dimensions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stream {
    pub(super) id: u64,
    pub(super) compartment: String,
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) resource_group: Option<String>,
    pub(super) dimensions: BTreeMap<String, String>,
    pub(super) metadata: BTreeMap<String, String>,
}

/// A point: a value that occurred `count` times.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Point {
    /// Milliseconds since 1970.
    pub(super) at_ms: i64,
    pub(super) value: f64,
    pub(super) count: f64,
}

/// What the keys of a namespace's streams start with; a name narrows it down.
fn prefix(compartment: &str, namespace: &str, name: Option<&str>) -> String {
    match name {
        Some(name) => format!("{compartment}\0{namespace}\0{name}\0"),
        None => format!("{compartment}\0{namespace}\0"),
    }
}

impl Stream {
    fn key(&self) -> Vec<u8> {
        let group = self.resource_group.as_deref().unwrap_or_default();
        // Dimensions hold printable characters only, so control characters cannot be mistaken for them.
        let dimensions: String = self.dimensions.iter().map(|(key, value)| format!("{key}\x01{value}\x02")).collect();
        let front = prefix(&self.compartment, &self.namespace, Some(&self.name));
        format!("{front}{group}\0{dimensions}").into_bytes()
    }
}

fn point_key(stream: u64, at_ms: i64, number: u64) -> Vec<u8> {
    // Flipping the sign bit makes times before 1970 sort first.
    let at = (at_ms as u64) ^ (1 << 63);
    [stream.to_be_bytes(), at.to_be_bytes(), number.to_be_bytes()].concat()
}

/// Adds points to a stream, which is created by its first ones, and forgets those past retention.
pub(super) fn append(
    emulator: &Emulator,
    writer: &Writer,
    mut stream: Stream,
    points: &[Point],
    now_ms: i64,
) -> Result<(), Error> {
    let key = stream.key();
    let present: Option<Stream> = writer.get(Table::Streams, &key)?;
    stream.id = present.as_ref().map_or_else(|| emulator.ids.number(), |present| present.id);
    if present.as_ref() != Some(&stream) {
        writer.put(Table::Streams, &key, &stream)?;
    }
    for point in points {
        let value = [point.value.to_be_bytes(), point.count.to_be_bytes()].concat();
        writer.put_bytes(Table::Points, &point_key(stream.id, point.at_ms, emulator.ids.number()), &value)?;
    }
    forget(writer, stream.id, now_ms)
}

fn forget(writer: &Writer, stream: u64, now_ms: i64) -> Result<(), Error> {
    let limit = point_key(stream, now_ms - RETENTION_MS, 0);
    let mut old = Vec::new();
    writer.scan(Table::Points, &Span::prefix(&stream.to_be_bytes()), |key, _| {
        let past = key < limit.as_slice();
        old.extend(past.then(|| key.to_vec()));
        Ok(past && old.len() < 1000)
    })?;
    for key in old {
        writer.delete(Table::Points, &key)?;
    }
    Ok(())
}

/// The streams of a namespace, by name if one is given, that pass the filter.
pub(super) fn find(
    reader: &impl Read,
    compartment: &str,
    namespace: &str,
    name: Option<&str>,
    most: usize,
    keep: impl Fn(&Stream) -> bool,
) -> Result<Vec<Stream>, StoreError> {
    let span = Span::prefix(prefix(compartment, namespace, name).as_bytes());
    let found = reader.list(Table::Streams, &span, most, keep)?;
    Ok(found.into_iter().map(|(_, stream)| stream).collect())
}

/// Every stream of a compartment that passes the filter.
pub(super) fn all(
    reader: &impl Read,
    compartment: &str,
    keep: impl Fn(&Stream) -> bool,
) -> Result<Vec<Stream>, StoreError> {
    let span = Span::prefix(format!("{compartment}\0").as_bytes());
    let found = reader.list(Table::Streams, &span, usize::MAX, keep)?;
    Ok(found.into_iter().map(|(_, stream)| stream).collect())
}

/// The points of a stream from one time up to another, in order.
pub(super) fn points(
    reader: &impl Read,
    stream: u64,
    from_ms: i64,
    to_ms: i64,
    most: usize,
) -> Result<Vec<Point>, StoreError> {
    let span = Span::prefix(&stream.to_be_bytes()).starting_at(&point_key(stream, from_ms, 0));
    let end = point_key(stream, to_ms, 0);
    let mut found = Vec::new();
    reader.scan(Table::Points, &span, |key, value| {
        if key >= end.as_slice() {
            return Ok(false);
        }
        found.extend(point(key, value));
        Ok(found.len() < most)
    })?;
    Ok(found)
}

fn point(key: &[u8], value: &[u8]) -> Option<Point> {
    let at = u64::from_be_bytes(*key.get(8..)?.first_chunk::<8>()?) ^ (1 << 63);
    let (first, rest) = value.split_first_chunk::<8>()?;
    let count = f64::from_be_bytes(*rest.first_chunk::<8>()?);
    Some(Point { at_ms: at as i64, value: f64::from_be_bytes(*first), count })
}
