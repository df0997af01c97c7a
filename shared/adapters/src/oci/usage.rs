//! The Usage API.

use causeway_cloud::Usage;
use causeway_cloud::usage::{Dimension, Granularity, UsageQuery, UsageRow};
use causeway_oci_client::usage as api;
use causeway_resilience::{Deadline, ServiceFailure};
use futures_util::stream::{BoxStream, StreamExt, TryStreamExt};
use serde_json::{Value, json};

use super::Oci;

impl Usage for Oci {
    /// The service answers in the tenancy's home region alone; a principal of another region has to say so by
    /// `CAUSEWAY_OCI_ENDPOINT_USAGE`.
    fn rows(&self, query: &UsageQuery, deadline: Deadline) -> BoxStream<'static, Result<UsageRow, ServiceFailure>> {
        let (this, query) = (self.clone(), query.clone());
        let opened = async move {
            let client = this.until(deadline, "usage")?;
            let tenancy = this.tenancy(deadline, "usage").await?;
            let rows = client.usage().summarized(question(tenancy, &query));
            Ok::<_, ServiceFailure>(rows.map_ok(row).map_err(ServiceFailure::from))
        };
        futures_util::stream::once(opened).try_flatten().boxed()
    }
}

fn question(tenant_id: String, query: &UsageQuery) -> api::UsageQuery {
    api::UsageQuery {
        tenant_id,
        time_usage_started: query.from,
        time_usage_ended: query.to,
        granularity: match query.granularity {
            Granularity::Hourly => api::Granularity::Hourly,
            Granularity::Daily => api::Granularity::Daily,
            Granularity::Monthly => api::Granularity::Monthly,
        },
        // A row of cost has the quantity too.
        query_type: if query.with_cost { api::QueryType::Cost } else { api::QueryType::Usage },
        group_by: query.group_by.iter().map(|dimension| name(*dimension).to_owned()).collect(),
        filter: filter(&query.skus),
    }
}

const fn name(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::Service => "service",
        Dimension::Sku => "skuPartNumber",
        Dimension::SkuName => "skuName",
        Dimension::Unit => "unit",
        Dimension::Region => "region",
        Dimension::Compartment => "compartmentId",
        Dimension::CompartmentName => "compartmentName",
        Dimension::Resource => "resourceId",
    }
}

fn filter(skus: &[String]) -> Option<Value> {
    let dimensions: Vec<Value> = skus.iter().map(|sku| json!({ "key": "skuPartNumber", "value": sku })).collect();
    (!dimensions.is_empty()).then(|| json!({ "operator": "OR", "dimensions": dimensions }))
}

fn row(row: api::UsageSummary) -> UsageRow {
    UsageRow {
        from: row.time_usage_started,
        to: row.time_usage_ended,
        service: row.service,
        sku: row.sku_part_number,
        sku_name: row.sku_name,
        unit: row.unit,
        quantity: row.computed_quantity,
        amount: row.computed_amount,
        // Billing also sends a blank.
        currency: row.currency.filter(|currency| !currency.trim().is_empty()),
        region: row.region,
        compartment: row.compartment_id,
        compartment_name: row.compartment_name,
        resource: row.resource_id,
        is_estimated: None,
    }
}
