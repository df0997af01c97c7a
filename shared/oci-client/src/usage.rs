//! Usage and cost.

use causeway_oci_auth::encode::Query;
use causeway_oci_auth::endpoint::Service;
use causeway_resilience::retry::Idempotency;
use futures_util::stream::BoxStream;
use http::Method;
use jiff::Timestamp;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::site::Site;
use crate::{Client, Error, pages, time};

/// Calls of the Usage API. The service answers in the tenancy's home region: see [`Client::in_region`].
#[derive(Debug, Clone)]
pub struct Usage {
    client: Client,
}

impl Client {
    /// The Usage API.
    #[must_use]
    pub fn usage(&self) -> Usage {
        Usage { client: self.clone() }
    }
}

/// Length of the time that each row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Granularity {
    /// An hour.
    Hourly,
    /// A day, UTC.
    Daily,
    /// A month, UTC.
    Monthly,
}

/// What is summed up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum QueryType {
    /// Quantities.
    Usage,
    /// Money.
    Cost,
}

/// A question about usage.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UsageQuery {
    /// OCID of the tenancy.
    pub tenant_id: String,
    /// First moment: midnight UTC for days and months.
    #[serde(serialize_with = "time::write")]
    pub time_usage_started: Timestamp,
    /// End, itself not included.
    #[serde(serialize_with = "time::write")]
    pub time_usage_ended: Timestamp,
    /// Length of the rows' times.
    pub granularity: Granularity,
    /// What is summed up.
    pub query_type: QueryType,
    /// One row per value of these, such as `service`, `skuName`, `skuPartNumber`, `unit`. Members that are not named
    /// here are absent in the answer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub group_by: Vec<String>,
    /// Which usage, in the service's own form.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<serde_json::Value>,
}

/// A row. Days are late and are revised; the present one is usually missing.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UsageSummary {
    /// Start of its time.
    pub time_usage_started: Timestamp,
    /// End of its time.
    pub time_usage_ended: Timestamp,
    /// Service, such as `VCN`.
    pub service: Option<String>,
    /// Name of the product.
    pub sku_name: Option<String>,
    /// Number of the product, such as `B88327`.
    pub sku_part_number: Option<String>,
    /// Unit as billing calls it. `GB Months` of outbound transfer are plain GB.
    pub unit: Option<String>,
    /// Quantity in that unit. The service has been seen to write it as text too.
    #[serde(default, deserialize_with = "number")]
    pub computed_quantity: Option<f64>,
    /// Cost in the currency; text too.
    #[serde(default, deserialize_with = "number")]
    pub computed_amount: Option<f64>,
    /// Currency; billing also sends a blank.
    pub currency: Option<String>,
    /// Price of one unit; text too.
    #[serde(default, deserialize_with = "number")]
    pub unit_price: Option<f64>,
    /// Region.
    pub region: Option<String>,
    /// OCID of the compartment.
    pub compartment_id: Option<String>,
    /// Name of the compartment.
    pub compartment_name: Option<String>,
    /// OCID of the resource.
    pub resource_id: Option<String>,
}

/// A number, or one as text. A blank is none; any other text is an error and no zero.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Number(f64),
        Text(String),
    }
    match Option::<Written>::deserialize(deserializer)? {
        Some(Written::Number(number)) => Ok(Some(number)),
        Some(Written::Text(text)) if !text.trim().is_empty() => {
            let number = text.trim().parse().ok().filter(|number: &f64| number.is_finite());
            number.map(Some).ok_or_else(|| D::Error::custom(format_args!("{text:?} is no number")))
        }
        Some(Written::Text(_)) | None => Ok(None),
    }
}

impl Usage {
    /// `RequestSummarizedUsages`, all pages.
    #[must_use]
    pub fn summarized(&self, query: UsageQuery) -> BoxStream<'static, Result<UsageSummary, Error>> {
        let client = self.client.clone();
        pages::by_header(Query::new(), move || {
            let ask = client.ask(Site::Known(Service::Usage), "RequestSummarizedUsages", Method::POST);
            ask.path("/usage", &[]).idempotency(Idempotency::Idempotent).json(&query)
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::UsageSummary;

    fn quantity(written: &Value) -> Result<Option<f64>, String> {
        let row = json!({
            "timeUsageStarted": "2026-09-01T00:00:00Z", "timeUsageEnded": "2026-09-02T00:00:00Z",
            "computedQuantity": written,
        });
        let row: Result<UsageSummary, _> = serde_json::from_value(row);
        row.map(|row| row.computed_quantity).map_err(|error| error.to_string())
    }

    #[test]
    fn quantities_are_numbers_or_text() {
        for (written, expected) in [
            (json!(130.11), Some(130.11)),
            (json!("130.11"), Some(130.11)),
            (json!(" 7 "), Some(7.0)),
            (json!("-1.5e3"), Some(-1_500.0)),
            (json!(0), Some(0.0)),
            (json!(" "), None),
            (Value::Null, None),
        ] {
            assert_eq!(quantity(&written), Ok(expected), "{written}");
        }
        for wrong in [json!("12 GB"), json!("NaN"), json!("inf"), json!("1,5"), json!(true), json!({})] {
            assert!(quantity(&wrong).is_err(), "{wrong}");
        }
    }
}
