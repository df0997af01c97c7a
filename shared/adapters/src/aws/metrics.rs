//! CloudWatch.
//!
//! A metric of CloudWatch is a name with one exact set of dimensions, and nothing is added up over sets by itself. So
//! a question is answered in two steps: `ListMetrics` finds the sets (those that had data in the last two weeks; new
//! ones show after up to 15 minutes), `GetMetricData` reads them. The set that a question names itself is read
//! whether it is listed or not.
//!
//! Limits: 2,000 series and 500,000 values of a question; 500 series of a request; points of one minute for 15 days,
//! of five for 63, of an hour for 455. What goes beyond is refused: an answer without the rest would be taken for all.

mod combine;
mod plan;
mod publish;

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::config::Builder;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, DimensionFilter, Metric, MetricDataQuery, MetricStat, ScanBy};
use causeway_cloud::Metrics;
use causeway_cloud::metrics::{Measurement, MetricQuery, Published, Series};
use causeway_resilience::service::Kind;
use causeway_resilience::{Deadline, ServiceFailure};
use jiff::Timestamp;

use super::Session;
use super::call::{Operation, Repetition, Tries};
use super::client::Cached;
use super::log::Logged;
use combine::Values;
use plan::{Dimensions, Plan};

const SERVICE: &str = "cloudwatch";
const TRY: Duration = Duration::from_secs(30);
const LIST: Operation = Operation { service: SERVICE, name: "ListMetrics", try_time: TRY, has_content: false };
const GET: Operation = Operation { service: SERVICE, name: "GetMetricData", try_time: TRY, has_content: false };
const PUT: Operation = Operation { service: SERVICE, name: "PutMetricData", try_time: TRY, has_content: false };

/// Most queries of one request.
const QUERIES: usize = 500;
/// Most values of one question, for the memory of a function.
const MAX_VALUES: usize = 500_000;

/// Metrics of the account and region.
pub(super) struct CloudWatch {
    client: Cached<Client>,
}

impl CloudWatch {
    pub(super) fn new(session: Session) -> Self {
        Self { client: Cached::new(session) }
    }

    async fn client(&self, tries: &Tries) -> Result<&Client, ServiceFailure> {
        self.client.get(tries, |config| Client::from_conf(Builder::from(config).interceptor(Logged).build())).await
    }

    /// Sets of dimensions of the metric that have at least those that are asked for.
    async fn list(&self, query: &MetricQuery, deadline: Deadline) -> Result<Vec<Dimensions>, ServiceFailure> {
        let (mut found, mut next) = (Vec::new(), None);
        loop {
            let tries = Tries::new(&LIST, deadline, Repetition::Harmless)?;
            let list = self.client(&tries).await?.list_metrics().namespace(&query.namespace).metric_name(&query.metric);
            let list = list.set_dimensions(filters(query)).set_next_token(next.take());
            let page = list
                .customize()
                .config_override(how(&tries))
                .interceptor(tries.watch())
                .send()
                .await
                .map_err(|error| tries.failure(&error))?;
            found.extend(page.metrics.unwrap_or_default().into_iter().map(|metric| dimensions(metric.dimensions)));
            plan::check_number(found.len())?;
            next = page.next_token.filter(|token| !token.is_empty());
            if next.is_none() {
                return Ok(found);
            }
        }
    }

    /// Reads up to 500 metrics, in the order of `queries`.
    async fn get(
        &self,
        queries: &[MetricDataQuery],
        query: &MetricQuery,
        deadline: Deadline,
    ) -> Result<Vec<Values>, ServiceFailure> {
        let (mut found, mut next) = (vec![Values::default(); queries.len()], None);
        loop {
            let tries = Tries::new(&GET, deadline, Repetition::Harmless)?;
            let get = self.client(&tries).await?.get_metric_data().set_metric_data_queries(Some(queries.to_vec()));
            let get = get.start_time(smithy(query.from)).end_time(smithy(query.to)).scan_by(ScanBy::TimestampAscending);
            let get = get.set_next_token(next.take());
            let page = get
                .customize()
                .config_override(how(&tries))
                .interceptor(tries.watch())
                .send()
                .await
                .map_err(|error| tries.failure(&error))?;
            for result in page.metric_data_results.unwrap_or_default() {
                combine::add(&mut found, &result)?;
            }
            next = page.next_token.filter(|token| !token.is_empty());
            if next.is_none() {
                combine::complete(&found)?;
                return Ok(found);
            }
        }
    }
}

#[async_trait]
impl Metrics for CloudWatch {
    async fn query(&self, query: &MetricQuery, deadline: Deadline) -> Result<Vec<Series>, ServiceFailure> {
        let period = plan::period(query, Timestamp::now())?;
        let statistics = plan::statistics(query.statistic)?;
        let plan = Plan::of(query, self.list(query, deadline).await?)?;
        let mut queries = Vec::new();
        for (number, (set, statistic)) in plan.reads(&statistics).enumerate() {
            let metric = Metric::builder().namespace(&query.namespace).metric_name(&query.metric);
            let metric = metric.set_dimensions(Some(set.iter().map(dimension).collect())).build();
            let stat = MetricStat::builder().metric(metric).period(period).stat(statistic).build();
            // Ids are per request.
            queries.push(MetricDataQuery::builder().id(combine::id(number % QUERIES)).metric_stat(stat).build());
        }
        let (mut values, mut count) = (Vec::with_capacity(queries.len()), 0);
        for chunk in queries.chunks(QUERIES) {
            let read = self.get(chunk, query, deadline).await?;
            count += read.iter().map(Values::len).sum::<usize>();
            if count > MAX_VALUES {
                return Err(GET.fails(Kind::Invalid, format!("more than {MAX_VALUES} values: ask for less")));
            }
            values.extend(read);
        }
        Ok(plan.series(query.statistic, values))
    }

    async fn publish(&self, measurements: &[Measurement], deadline: Deadline) -> Result<Published, ServiceFailure> {
        let (batches, mut outcome) = publish::batches(measurements, Timestamp::now());
        for batch in batches {
            match self.put(&batch, deadline).await {
                Ok(()) => outcome.accepted += batch.data.len(),
                // The service refuses a batch as a whole and says which parameter it was; other batches may be good.
                Err(failure) if failure.kind() == Kind::Invalid => outcome.rejected.extend(batch.refused(&failure)),
                Err(failure) => {
                    let may_have_happened = failure.may_have_happened() || outcome.accepted > 0;
                    return Err(failure.with_unknown_effect(may_have_happened));
                }
            }
        }
        Ok(outcome)
    }
}

impl CloudWatch {
    /// A batch that arrives twice counts twice.
    async fn put(&self, batch: &publish::Batch, deadline: Deadline) -> Result<(), ServiceFailure> {
        let tries = Tries::new(&PUT, deadline, Repetition::OnlyIfCertain)?;
        let put = self.client(&tries).await?.put_metric_data().namespace(&batch.namespace);
        let put = put
            .set_metric_data(Some(batch.data.clone()))
            .customize()
            .config_override(how(&tries))
            .interceptor(tries.watch());
        put.send().await.map(drop).map_err(|error| tries.failure(&error))
    }
}

/// How the tries of a call are made.
fn how(tries: &Tries) -> Builder {
    Builder::new().timeout_config(tries.timeouts()).retry_classifier(tries.fates())
}

fn filters(query: &MetricQuery) -> Option<Vec<DimensionFilter>> {
    let exact = query.dimensions.iter().map(|(name, value)| DimensionFilter::builder().name(name).value(value).build());
    let present = query.group_by.iter().filter(|name| !query.dimensions.contains_key(*name));
    let present = present.map(|name| DimensionFilter::builder().name(name).build());
    let filters: Vec<_> = exact.chain(present).collect();
    (!filters.is_empty()).then_some(filters)
}

fn dimension((name, value): (&String, &String)) -> Dimension {
    Dimension::builder().name(name).value(value).build()
}

fn dimensions(found: Option<Vec<Dimension>>) -> Dimensions {
    let pairs = found.unwrap_or_default().into_iter().filter_map(|dimension| Some((dimension.name?, dimension.value?)));
    pairs.collect::<BTreeMap<_, _>>()
}

fn smithy(time: Timestamp) -> DateTime {
    DateTime::from_millis(time.as_millisecond())
}
