//! Reading usage: rows into totals, one after the other.

use std::collections::BTreeMap;
use std::time::Instant;

use causeway_cloud::Usage as UsagePort;
use causeway_cloud::usage::{Dimension, Granularity, UsageQuery, UsageRow};
use causeway_resilience::service::Kind;
use causeway_resilience::{Deadline, ServiceFailure};
use causeway_runtime::until;
use futures_util::StreamExt;
use jiff::Timestamp;

use super::cycle::Cycle;
use crate::assess::UsageFailure;
use crate::month::{Dimension as Contributors, Fold, HISTORY_DAYS, Reading, RowError, Usage, fingerprint};
use crate::period::{Period, midnight, plus_days};
use crate::settings::Settings;
use crate::skus::Class;

/// More rows than any month has. A list that goes on beyond has no end.
const MAX_ROWS: u64 = 20_000_000;
/// Rows after which the time is looked at: rows of one page do not wait for anything.
const ROWS_AT_ONCE: u64 = 4_096;
/// Part numbers that a question is narrowed to; with more of them it is about everything.
const MAX_SKUS: usize = 20;

/// The questions of one run.
pub(super) struct Reader<'a> {
    pub(super) port: &'a dyn UsagePort,
    pub(super) settings: &'a Settings,
    pub(super) period: Period,
    pub(super) now: Timestamp,
    /// Rows of days that begin here or later are not asked for.
    pub(super) to: Timestamp,
    pub(super) with_cost: bool,
    pub(super) deadline: Deadline,
}

/// What was read.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) usage: Result<Usage, UsageFailure>,
    /// Why contributors of a dimension are not known.
    pub(super) gaps: Unknown,
    /// Why not all contributors were read that the service could tell.
    pub(super) failed: Option<UsageFailure>,
}

type Unknown = BTreeMap<Contributors, String>;

impl Read {
    /// Nothing was.
    pub(super) fn failed(failure: UsageFailure) -> Self {
        Self { usage: Err(failure), gaps: Unknown::new(), failed: None }
    }
}

/// Part numbers of outbound rows, with a name of each.
#[derive(Debug, Default)]
struct Outbound {
    names: BTreeMap<String, Option<String>>,
    /// Some rows have no part number, or there are too many of these.
    is_open: bool,
}

impl Reader<'_> {
    /// The month by service and SKU, then by region and compartment.
    pub(super) async fn read(&self) -> Read {
        let mut fold = self.fold();
        let mut outbound = Outbound::default();
        let groups = [Dimension::Service, Dimension::Sku, Dimension::SkuName, Dimension::Unit];
        let from = midnight(plus_days(self.period.first, -HISTORY_DAYS));
        let query = UsageQuery { with_cost: self.with_cost, ..self.query(from, &groups) };
        let totals = self.rows(&query, |row| {
            outbound.note(&row, self.settings);
            fold.push(&row)
        });
        if let Err(failure) = totals.await {
            return Read::failed(failure);
        }
        let (gaps, failed) = self.contributors(&mut fold, &outbound).await;
        Read { usage: Ok(fold.finish()), gaps, failed }
    }

    /// The month by two dimensions alone, as Cost Explorer answers; of these usage types, or of all.
    pub(super) async fn read_beside(&self, usage_types: &[String]) -> Result<Usage, UsageFailure> {
        let mut fold = self.fold();
        let from = midnight(plus_days(self.period.first, -HISTORY_DAYS));
        let query = self.query(from, &[Dimension::Service, Dimension::Sku]);
        let query = UsageQuery { skus: usage_types.to_vec(), with_cost: self.with_cost, ..query };
        self.rows(&query, |row| fold.push(&row)).await?;
        Ok(fold.finish())
    }

    /// Why contributors of a dimension are not known, and the failure that a later run may not meet.
    async fn contributors(&self, fold: &mut Fold<'_>, outbound: &Outbound) -> (Unknown, Option<UsageFailure>) {
        let (compartment, region) = (Contributors::Compartment, Contributors::Region);
        let is_none = outbound.names.is_empty() && !outbound.is_open;
        if is_none || self.to <= self.period.start() {
            return (Unknown::new(), None);
        }
        match self.attribute(fold, outbound, &[Dimension::Region, Dimension::CompartmentName]).await {
            Ok(()) => (Unknown::new(), None),
            // AWS has no compartments, and takes two dimensions at most.
            Err(UsageFailure::Refused(why)) => {
                let mut gaps = Unknown::from([(compartment, why)]);
                let failed = self.attribute(fold, outbound, &[Dimension::Region]).await.err();
                gaps.extend(failed.iter().map(|failure| (region, failure.to_string())));
                (gaps, failed)
            }
            // Those that were read are half of them, which would be in another order.
            Err(failure) => (Unknown::from([compartment, region].map(|by| (by, failure.to_string()))), Some(failure)),
        }
    }

    async fn attribute(
        &self,
        fold: &mut Fold<'_>,
        outbound: &Outbound,
        dimensions: &[Dimension],
    ) -> Result<(), UsageFailure> {
        let groups = [&[Dimension::Sku, Dimension::Unit], dimensions].concat();
        let query = UsageQuery { skus: outbound.skus(), ..self.query(self.period.start(), &groups) };
        self.rows(&query, |mut row| {
            // A SKU that counts by its name has none in these rows.
            let name = row.sku.as_ref().and_then(|sku| outbound.names.get(sku));
            row.sku_name = row.sku_name.or_else(|| name.cloned().flatten());
            fold.attribute(&row)
        })
        .await
    }

    fn fold(&self) -> Fold<'_> {
        let Settings { skus, gb_meaning, .. } = self.settings;
        let (settle, max_lag) = (self.settings.settle(), self.settings.max_lag());
        Fold::new(Reading { period: self.period, now: self.now, skus, gb: *gb_meaning, settle, max_lag })
    }

    fn query(&self, from: Timestamp, groups: &[Dimension]) -> UsageQuery {
        UsageQuery {
            from,
            to: self.to,
            granularity: Granularity::Daily,
            group_by: groups.to_vec(),
            skus: Vec::new(),
            with_cost: false,
        }
    }

    /// All rows of a question, or why not all.
    async fn rows(
        &self,
        query: &UsageQuery,
        mut take: impl FnMut(UsageRow) -> Result<(), RowError>,
    ) -> Result<(), UsageFailure> {
        let mut rows = self.port.rows(query, self.deadline);
        let mut cycle = Cycle::default();
        let mut count: u64 = 0;
        let all = async {
            while let Some(row) = rows.next().await {
                let mut row = row.map_err(|failure| failed(&failure, count))?;
                if !query.with_cost {
                    // Services answer 0 where no money was asked for.
                    row.amount = None;
                }
                count += 1;
                if cycle.goes_round(fingerprint(&row, true)) {
                    return Err(service("its pages go round"));
                }
                if count > MAX_ROWS {
                    return Err(service(&format!("its pages do not end: more than {MAX_ROWS} rows")));
                }
                if count.is_multiple_of(ROWS_AT_ONCE) && self.deadline.is_over(Instant::now()) {
                    return Err(too_late());
                }
                take(row)?;
            }
            Ok(())
        };
        until(self.deadline, all).await.unwrap_or_else(|| Err(too_late()))
    }
}

impl Outbound {
    fn note(&mut self, row: &UsageRow, settings: &Settings) {
        let class = settings.skus.class(row.sku.as_deref(), row.sku_name.as_deref());
        if !matches!(class, Class::Known { .. } | Class::Unlisted { .. }) {
            return;
        }
        match &row.sku {
            Some(sku) if !sku.trim().is_empty() && self.has_room(sku) => {
                self.names.entry(sku.clone()).or_insert_with(|| row.sku_name.clone());
            }
            _ => self.is_open = true,
        }
    }

    fn has_room(&self, sku: &str) -> bool {
        self.names.len() < MAX_SKUS || self.names.contains_key(sku)
    }

    /// To narrow a question to; empty for all.
    fn skus(&self) -> Vec<String> {
        if self.is_open { Vec::new() } else { self.names.keys().cloned().collect() }
    }
}

/// What a failure after so many rows is. A question that is refused before the first one is a wrong question.
fn failed(failure: &ServiceFailure, rows: u64) -> UsageFailure {
    match failure.kind() {
        Kind::Invalid if rows == 0 => UsageFailure::Refused(plain(&failure.to_string())),
        _ => service(&failure.to_string()),
    }
}

fn service(text: &str) -> UsageFailure {
    UsageFailure::Service(plain(text))
}

fn plain(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(300).collect()
}

fn too_late() -> UsageFailure {
    service("there was no more time")
}
