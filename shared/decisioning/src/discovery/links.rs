//! Which column refers to which key: inclusion of values, backed by the names.
//!
//! Values are compared by hash. Where a column has too many values, both sides are compared on the values
//! whose hash is below the lower of their thresholds; such figures say that they are estimated.

use schemars::JsonSchema;
use serde::Serialize;

use super::dictionary::Dictionary;
use super::pii;
use super::profile::{LogicalType, TableProfile};
use super::sketches::rendered;
use super::summarise::MASK;
use crate::budget::{Budget, yield_now};
use crate::dataset::cell::Value;

/// Share of the different values that must be in the key for a link to be accepted.
pub const ACCEPT_SHARE: f64 = 0.9;
/// The same for columns with equal names.
pub const ACCEPT_SHARE_SAME_NAME: f64 = 0.7;
/// Name similarity that whole numbers need: any small number is in any running number.
pub const INTEGER_NAME_SIMILARITY: f64 = 0.5;
/// Share from which a rejected candidate is still listed.
const LIST_SHARE: f64 = 0.5;
/// Orphans that are shown.
const SAMPLE_ORPHANS: usize = 5;
/// Candidates that are held; those of the key that reaches this number are the last.
const MAX_LINKS: usize = 10_000;
/// Values that are looked up in keys; the key during which this number is reached is the last.
const MAX_COMPARED_VALUES: usize = 400_000_000;
/// What a pair of columns costs besides, in values.
const PAIR_WORK: usize = 16;
/// Values that both sides must share at least.
const MIN_SHARED: u64 = 2;

/// A column that seems to refer to the key of another table.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Link {
    /// The referring table.
    pub from_table: String,
    /// The referring column.
    pub from_column: String,
    /// The table referred to.
    pub to_table: String,
    /// Its key.
    pub to_column: String,
    /// Share of the non-null rows whose value is in the key.
    pub row_share: f64,
    /// Share of the different values that are in the key.
    pub distinct_share: f64,
    /// Different values that are not in the key.
    pub orphan_values: u64,
    /// Rows with such a value.
    pub orphan_rows: u64,
    /// Some of those values, or `[masked]` for personal data.
    pub sample_orphans: Vec<serde_json::Value>,
    /// Similarity of the names, 0 to 1.
    pub name_similarity: f64,
    /// `distinct_share` x (1 + `name_similarity`) / 2.
    pub score: f64,
    /// Whether the figures come from a sample of the values.
    pub estimated: bool,
    /// Whether the referring column is a key too, so that both tables describe the same things.
    pub one_to_one: bool,
    /// Whether it counts as a link.
    pub accepted: bool,
    /// Why, in words.
    pub reason: &'static str,
}

/// The values of a column that may take part in links.
pub(crate) struct LinkColumn {
    pub(crate) table: usize,
    pub(crate) column: usize,
    pub(crate) is_key: bool,
    pub(crate) dictionary: Dictionary,
}

/// Thins all dictionaries alike until they fit into the memory that is allowed for them.
pub(crate) fn fit(columns: &mut [LinkColumn], max_bytes: usize) {
    let mut threshold = u64::MAX;
    while columns.iter().map(|c| c.dictionary.bytes()).sum::<usize>() > max_bytes && threshold > u64::MAX >> 20 {
        threshold /= 2;
        columns.iter_mut().for_each(|c| c.dictionary.thin(threshold));
    }
}

/// Links between different tables, accepted ones first, and whether these are all.
///
/// Their number and the work grow with the square of the columns, so both have an end.
pub(crate) async fn find(tables: &[TableProfile], columns: &[LinkColumn], budget: &Budget<'_>) -> (Vec<Link>, bool) {
    let mut links = Vec::new();
    let (mut is_whole, mut work) = (true, 0);
    for key in columns.iter().filter(|c| c.is_key) {
        if budget.closed() || links.len() >= MAX_LINKS || work >= MAX_COMPARED_VALUES {
            is_whole = false;
            break;
        }
        for from in columns.iter().filter(|c| c.table != key.table) {
            work += from.dictionary.entries().len() + PAIR_WORK;
            links.extend(link(tables, from, key));
        }
        yield_now().await;
    }
    links.sort_by(|a, b| {
        let names = |l: &Link| (l.from_table.clone(), l.from_column.clone(), l.to_table.clone(), l.to_column.clone());
        b.accepted.cmp(&a.accepted).then(b.score.total_cmp(&a.score)).then_with(|| names(a).cmp(&names(b)))
    });
    (links, is_whole)
}

fn link(tables: &[TableProfile], from: &LinkColumn, key: &LinkColumn) -> Option<Link> {
    let (from_table, key_table) = (&tables[from.table], &tables[key.table]);
    let (from_profile, key_profile) = (&from_table.columns[from.column], &key_table.columns[key.column]);
    if from_profile.logical_type != key_profile.logical_type {
        return None;
    }
    let found = Inclusion::of(&from.dictionary, &key.dictionary)?;
    let name_similarity = similarity(from_profile, key_profile, &key_table.name);
    let distinct_share = found.shared as f64 / found.distinct.max(1) as f64;
    let both_keys = from.is_key;
    // Of two keys with the same values, the one in the larger or later table refers.
    let backwards = both_keys && (from_table.row_count, &from_table.name) < (key_table.row_count, &key_table.name);
    if found.shared < MIN_SHARED
        || distinct_share < LIST_SHARE
        || (backwards && key_table.row_count == from_table.row_count)
    {
        return None;
    }
    let is_integer = from_profile.logical_type == LogicalType::Integer;
    let (accepted, reason) = verdict(distinct_share, name_similarity, is_integer);
    if !accepted && name_similarity < INTEGER_NAME_SIMILARITY {
        return None;
    }
    let masked = !from_profile.pii.is_empty() || !key_profile.pii.is_empty();
    Some(Link {
        from_table: from_table.name.clone(),
        from_column: from_profile.name.clone(),
        to_table: key_table.name.clone(),
        to_column: key_profile.name.clone(),
        row_share: found.shared_rows as f64 / found.rows.max(1) as f64,
        distinct_share,
        orphan_values: found.scaled(found.distinct - found.shared),
        orphan_rows: found.scaled(found.rows - found.shared_rows),
        sample_orphans: found.orphans.iter().map(|v| shown(v, masked)).collect(),
        name_similarity,
        score: distinct_share * f64::midpoint(1.0, name_similarity),
        estimated: found.kept < 1.0,
        one_to_one: both_keys,
        accepted,
        reason,
    })
}

fn verdict(share: f64, name_similarity: f64, is_integer: bool) -> (bool, &'static str) {
    if is_integer && name_similarity < INTEGER_NAME_SIMILARITY {
        (false, "whole numbers with unlike names: inclusion may be chance")
    } else if share >= ACCEPT_SHARE {
        (true, "at least 0.9 of the values are in the key")
    } else if name_similarity >= 1.0 && share >= ACCEPT_SHARE_SAME_NAME {
        (true, "equal names and at least 0.7 of the values are in the key")
    } else {
        (false, "too few of the values are in the key")
    }
}

fn shown(value: &Value<'_>, masked: bool) -> serde_json::Value {
    match value {
        _ if masked => MASK.into(),
        Value::Text(text) if pii::looks_personal(text) => MASK.into(),
        value => rendered(value).to_json(),
    }
}

/// How far the values of one dictionary are in another.
struct Inclusion<'a> {
    distinct: u64,
    shared: u64,
    rows: u64,
    shared_rows: u64,
    /// Share of all hashes that were compared.
    kept: f64,
    orphans: Vec<Value<'a>>,
}

impl<'a> Inclusion<'a> {
    /// `None` as soon as so many values are not in the key that the pair would not even be listed.
    fn of(from: &'a Dictionary, key: &Dictionary) -> Option<Self> {
        let threshold = from.threshold().min(key.threshold());
        let compared = match from.threshold() == threshold {
            true => from.entries().len(),
            false => from.entries().iter().filter(|e| e.hash <= threshold).count(),
        };
        let may_miss = ((1.0 - LIST_SHARE) * compared as f64).floor() as usize;
        let kept = if threshold == u64::MAX { 1.0 } else { threshold as f64 / u64::MAX as f64 };
        let mut found = Self { distinct: 0, shared: 0, rows: 0, shared_rows: 0, kept, orphans: Vec::new() };
        let mut orphans = Vec::new();
        for entry in from.entries().iter().filter(|e| e.hash <= threshold) {
            let inside = key.contains(entry.hash);
            found.distinct += 1;
            found.rows += entry.count;
            if inside {
                found.shared += 1;
                found.shared_rows += entry.count;
            } else if orphans.len() == may_miss {
                return None;
            } else {
                orphans.push(entry);
            }
        }
        // The most frequent first; the hash decides between equals and is the same in every run.
        orphans.sort_by_key(|entry| (std::cmp::Reverse(entry.count), entry.hash));
        found.orphans = orphans.into_iter().take(SAMPLE_ORPHANS).map(|entry| from.value(entry)).collect();
        Some(found)
    }

    fn scaled(&self, count: u64) -> u64 {
        (count as f64 / self.kept).round() as u64
    }
}

/// 1 for equal words, else the share of common words; the key's table name counts as part of its name.
fn similarity(from: &super::profile::ColumnProfile, key: &super::profile::ColumnProfile, key_table: &str) -> f64 {
    let (a, b) = (pii::words(&from.name), pii::words(&key.name));
    if a == b {
        return 1.0;
    }
    let qualified: Vec<String> = [pii::words(key_table), b.clone()].concat().iter().map(|w| stem(w)).collect();
    let stems: Vec<String> = a.iter().map(|w| stem(w)).collect();
    let joined = b.concat() == a.concat() || qualified.concat() == stems.concat();
    let common = stems.iter().filter(|w| qualified.contains(w)).count();
    let all = stems.len().max(b.len()).max(1);
    if joined { 1.0 } else { (common as f64 / all as f64).min(0.95) }
}

fn stem(word: &str) -> String {
    word.strip_suffix('s').filter(|w| w.len() > 2).unwrap_or(word).to_owned()
}
