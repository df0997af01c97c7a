//! Usage in pages.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use causeway_cloud::Usage as UsagePort;
use causeway_cloud::usage::{Dimension, UsageQuery, UsageRow};
use causeway_resilience::service::Kind;
use causeway_resilience::{Deadline, ServiceFailure};
use futures_util::stream::{self, BoxStream, StreamExt};
use tokio::sync::Notify;

use super::{Fate, wait};

/// Rows, told apart as asked.
pub(crate) struct Record {
    pub(crate) rows: Mutex<Vec<UsageRow>>,
    /// By the number of the question: after how many rows what happens.
    pub(crate) fates: Mutex<BTreeMap<usize, (usize, Fate)>>,
    pub(crate) goes_round: AtomicUsize,
    /// Whether it takes two dimensions and knows no compartments, as Cost Explorer.
    pub(crate) is_of_aws: AtomicBool,
    questions: AtomicUsize,
    pub(crate) pages: Arc<AtomicUsize>,
    pub(crate) latency: Duration,
}

/// Rows of one page.
const PAGE: usize = 1_000;

impl Record {
    pub(super) fn new(rows: Vec<UsageRow>, latency: Duration) -> Self {
        Self {
            rows: Mutex::new(rows),
            fates: Mutex::default(),
            goes_round: AtomicUsize::new(0),
            is_of_aws: AtomicBool::new(false),
            questions: AtomicUsize::new(0),
            pages: Arc::default(),
            latency,
        }
    }

    fn answer(&self, query: &UsageQuery) -> Vec<UsageRow> {
        let has = |dimension| query.group_by.contains(&dimension);
        let only = |value: &Option<String>, dimension| value.clone().filter(|_| has(dimension));
        let rows = self.rows.lock().unwrap();
        let wanted = rows.iter().filter(|row| (query.from..query.to).contains(&row.from));
        let wanted =
            wanted.filter(|row| query.skus.is_empty() || row.sku.as_ref().is_some_and(|sku| query.skus.contains(sku)));
        wanted
            .map(|row| UsageRow {
                service: only(&row.service, Dimension::Service),
                sku: only(&row.sku, Dimension::Sku),
                sku_name: only(&row.sku_name, Dimension::SkuName),
                region: only(&row.region, Dimension::Region),
                compartment: only(&row.compartment, Dimension::Compartment),
                compartment_name: only(&row.compartment_name, Dimension::CompartmentName),
                ..row.clone()
            })
            .collect()
    }
}

impl UsagePort for Record {
    fn rows(&self, query: &UsageQuery, _: Deadline) -> BoxStream<'static, Result<UsageRow, ServiceFailure>> {
        assert!(query.group_by.len() <= 4, "the service takes four");
        let number = self.questions.fetch_add(1, Ordering::SeqCst);
        if self.is_of_aws.load(Ordering::SeqCst) {
            let keys = query.group_by.iter().filter(|by| !matches!(by, Dimension::Unit | Dimension::SkuName)).count();
            if keys > 2 || query.group_by.contains(&Dimension::CompartmentName) {
                let failure = ServiceFailure::new(Kind::Invalid, "costexplorer", "GetCostAndUsage", "no compartments");
                return stream::iter([Err(failure)]).boxed();
            }
        }
        let mut rows = self.answer(query);
        let goes_round = self.goes_round.load(Ordering::SeqCst) > 0;
        let fate = self.fates.lock().unwrap().get(&number).copied();
        if let Some((after, _)) = fate {
            rows.truncate(after);
        }
        let (pages, latency) = (Arc::clone(&self.pages), self.latency);
        let chunks: Vec<Vec<UsageRow>> =
            if rows.is_empty() { vec![rows] } else { rows.chunks(PAGE).map(<[_]>::to_vec).collect() };
        let chunks = if goes_round { stream::iter(chunks).cycle().boxed() } else { stream::iter(chunks).boxed() };
        let paged = chunks.then(move |page| {
            pages.fetch_add(1, Ordering::SeqCst);
            async move {
                wait(latency).await;
                page
            }
        });
        let rows = paged.flat_map(stream::iter).map(Ok);
        let end = stream::iter(fate).then(|(_, fate)| async move { fate.meet("usage", &Notify::new()).await });
        rows.chain(end.filter_map(|met| async move { met.err().map(Err) })).boxed()
    }
}
