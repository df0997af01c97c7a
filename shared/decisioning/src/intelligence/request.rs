//! What a caller may ask of the analysis.

use std::collections::BTreeMap;

use causeway_cloud::object_path;
use causeway_cloud::object_store::path::Path;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::catalogue::Catalogue;
use super::limits::Limits;
use super::role::Role;
use crate::discovery::RequestError;
use crate::discovery::request::AnalysisType;

/// A request; an empty object asks for every figure over every table with the configured limits.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Request {
    /// The run that this is part of. With `stage`, and where the agent may write to the state, the work is done once: the
    /// answer is kept there, and a repeated call gets it again.
    pub run_id: Option<String>,
    /// The stage of the run.
    pub stage: Option<String>,
    /// The kind of analysis; decides which groups of figures are computed where `metrics` does not.
    pub analysis_type: Option<AnalysisType>,
    /// Groups of figures; those of the analysis type when empty.
    pub metrics: Vec<Group>,
    /// Limits that replace the configured ones for this call.
    pub config: Option<Overrides>,
    /// Objects or prefixes relative to the bucket; all objects when empty.
    pub data_sources: Vec<String>,
    /// A reply of the discovery agent over these objects; without it the first rows of each object are looked at.
    pub catalogue: Option<CatalogueFrom>,
    /// Roles by table: object or table name, then role, then column. `null` takes a role away.
    pub roles: BTreeMap<String, BTreeMap<Role, Option<String>>>,
    /// The day against which receivables and recency are judged, `YYYY-MM-DD`; the last day in the data when absent.
    #[schemars(with = "Option<String>")]
    pub as_of: Option<Date>,
    /// The currency whose rows are used where a column names several.
    pub currency: Option<String>,
}

/// A group of figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// Revenue, margin, contribution, price and discount, growth, receivables.
    FinancialHealth,
    /// Lead time, fill and return rate, utilisation, order size, throughput, completion, budget.
    OperationalEfficiency,
    /// Recency, frequency and value, cohorts, repetition, concentration, lifetime value.
    CustomerAnalytics,
}

impl Group {
    /// All groups.
    pub const ALL: [Self; 3] = [Self::FinancialHealth, Self::OperationalEfficiency, Self::CustomerAnalytics];
}

/// Where the catalogue is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CatalogueFrom {
    /// An object relative to the bucket that holds a reply of the discovery agent.
    Object(String),
    /// The reply itself.
    Result(Box<Catalogue>),
}

/// Limits that a caller may lower; a value above the configured one counts as the configured one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Overrides {
    /// Objects that are looked at.
    pub max_objects: Option<usize>,
    /// Bytes of each object after decompression.
    pub max_bytes_per_object: Option<u64>,
    /// Rows of each object that are looked at to find roles.
    pub peek_rows: Option<u64>,
}

impl Request {
    /// The groups of figures that are asked for, in order, each once.
    #[must_use]
    pub fn groups(&self) -> Vec<Group> {
        let mut groups = match (self.metrics.is_empty(), self.analysis_type) {
            (false, _) => self.metrics.clone(),
            (true, Some(AnalysisType::FinancialHealth)) => vec![Group::FinancialHealth],
            (true, Some(AnalysisType::OperationalEfficiency)) => vec![Group::OperationalEfficiency],
            (true, _) => Group::ALL.to_vec(),
        };
        groups.sort_unstable();
        groups.dedup();
        groups
    }

    /// Checks the sources.
    ///
    /// # Errors
    ///
    /// [`RequestError`] for the first entry that is absolute, climbs out of the root or is no object name.
    pub fn check(&self) -> Result<(), RequestError> {
        for (index, text) in self.data_sources.iter().enumerate() {
            object_path(text).map_err(|error| wrong(&format!("data_sources[{index}]"), error.to_string()))?;
        }
        if self.currency.as_ref().is_some_and(|currency| currency.trim().is_empty()) {
            return Err(wrong("currency", "is empty".to_owned()));
        }
        self.catalogue_object().map(drop)
    }

    /// The object that holds the catalogue, if the request names one.
    ///
    /// # Errors
    ///
    /// [`RequestError`] when it is no object name within the bucket.
    pub fn catalogue_object(&self) -> Result<Option<Path>, RequestError> {
        let Some(CatalogueFrom::Object(text)) = &self.catalogue else { return Ok(None) };
        let path = object_path(text).map_err(|error| wrong("catalogue.object", error.to_string()))?;
        if path.as_ref().is_empty() {
            return Err(wrong("catalogue.object", "names no object".to_owned()));
        }
        Ok(Some(path))
    }

    /// The configured limits, lowered where the request asks for it.
    #[must_use]
    pub fn limits(&self, configured: &Limits) -> Limits {
        let wanted = self.config.unwrap_or_default();
        Limits {
            max_objects: configured.max_objects.min(wanted.max_objects.unwrap_or(usize::MAX)),
            max_bytes_per_object: configured.max_bytes_per_object.min(wanted.max_bytes_per_object.unwrap_or(u64::MAX)),
            peek_rows: configured.peek_rows.min(wanted.peek_rows.unwrap_or(u64::MAX)).max(1),
            ..configured.clone()
        }
    }
}

pub(crate) fn wrong(path: &str, message: String) -> RequestError {
    RequestError { path: path.to_owned(), message }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Request {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn the_analysis_type_chooses_the_groups() {
        let check = |text: &str, expected: &[Group]| assert_eq!(parsed(text).groups(), expected, "{text}");
        check("{}", &Group::ALL);
        check(r#"{"analysis_type":"strategic_business_health"}"#, &Group::ALL);
        check(r#"{"analysis_type":"financial_health"}"#, &[Group::FinancialHealth]);
        check(
            r#"{"analysis_type":"financial_health","metrics":["customer_analytics","customer_analytics"]}"#,
            &[Group::CustomerAnalytics],
        );
    }

    #[test]
    fn places_outside_the_bucket_are_named_by_path() {
        let path = |text: &str| parsed(text).check().unwrap_err().path;
        assert_eq!(path(r#"{"data_sources":["a","../b"]}"#), "data_sources[1]");
        assert_eq!(path(r#"{"catalogue":{"object":"/etc/passwd"}}"#), "catalogue.object");
        assert_eq!(path(r#"{"catalogue":{"object":""}}"#), "catalogue.object");
        assert_eq!(path(r#"{"currency":" "}"#), "currency");
        assert_eq!(parsed(r#"{"catalogue":{"result":{"data":{"tables":[]}}}}"#).check(), Ok(()));
    }

    #[test]
    fn unknown_members_and_roles_are_errors() {
        for bad in [r#"{"metric":[]}"#, r#"{"roles":{"t":{"colour":"c"}}}"#, r#"{"as_of":"soon"}"#] {
            assert!(serde_json::from_str::<Request>(bad).is_err(), "{bad}");
        }
    }
}
