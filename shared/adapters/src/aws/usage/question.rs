//! A question in the words of Cost Explorer.

use aws_sdk_costexplorer::error::BuildError;
use aws_sdk_costexplorer::types::{
    DateInterval, Dimension as By, DimensionValues, Expression, Granularity as Length, GroupDefinition,
    GroupDefinitionType,
};
use causeway_cloud::usage::{Dimension, Granularity, UsageQuery};
use jiff::Timestamp;
use jiff::tz::TimeZone;

pub(super) const QUANTITY: &str = "UsageQuantity";
pub(super) const COST: &str = "UnblendedCost";
/// Most members that rows are told apart by.
const MAX_GROUPS: usize = 2;
const DAY_SECONDS: i64 = 24 * 3600;
/// Lines of a bill that are no usage.
const NO_USAGE: [&str; 3] = ["Credit", "Refund", "Tax"];

/// A question that the service can answer.
#[derive(Debug)]
pub(super) struct Question {
    query: UsageQuery,
    /// What the answer's keys are, in their order.
    pub(super) keys: Vec<Dimension>,
}

impl Question {
    /// # Errors
    /// Why the service has no answer, for an operator.
    pub(super) fn of(query: &UsageQuery) -> Result<Self, String> {
        let mut keys: Vec<Dimension> = Vec::new();
        for dimension in &query.group_by {
            let has_no_key = matches!(dimension, Dimension::Unit | Dimension::SkuName);
            if !has_no_key && name(*dimension).is_none() {
                return Err(format!("AWS does not tell usage apart by {dimension:?}"));
            }
            if !has_no_key && !keys.contains(dimension) {
                keys.push(*dimension);
            }
        }
        if query.group_by.contains(&Dimension::SkuName) && !keys.contains(&Dimension::Sku) {
            return Err("on AWS the name of a SKU comes with the SKU: ask for both".to_owned());
        }
        if keys.len() > MAX_GROUPS {
            return Err(format!("AWS tells usage apart by at most {MAX_GROUPS} members"));
        }
        let step = if query.granularity == Granularity::Hourly { 3600 } else { DAY_SECONDS };
        let is_aligned = |time: Timestamp| time.as_nanosecond() % (i128::from(step) * 1_000_000_000) == 0;
        if !is_aligned(query.from) || !is_aligned(query.to) || query.from >= query.to {
            return Err(format!("the time must be whole steps of {step} s, UTC"));
        }
        Ok(Self { query: query.clone(), keys })
    }

    /// Whether the name of the SKU is asked for, which is the SKU itself on AWS.
    pub(super) fn has_name(&self) -> bool {
        self.query.group_by.contains(&Dimension::SkuName)
    }

    pub(super) fn has_cost(&self) -> bool {
        self.query.with_cost
    }

    /// # Errors
    /// The SDK's.
    pub(super) fn period(&self) -> Result<DateInterval, BuildError> {
        let text = |time: Timestamp| match self.query.granularity {
            Granularity::Hourly => time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            Granularity::Daily | Granularity::Monthly => time.to_zoned(TimeZone::UTC).date().to_string(),
        };
        DateInterval::builder().start(text(self.query.from)).end(text(self.query.to)).build()
    }

    pub(super) fn granularity(&self) -> Length {
        match self.query.granularity {
            Granularity::Hourly => Length::Hourly,
            Granularity::Daily => Length::Daily,
            Granularity::Monthly => Length::Monthly,
        }
    }

    pub(super) fn metrics(&self) -> Vec<String> {
        let names = if self.has_cost() { &[QUANTITY, COST][..] } else { &[QUANTITY] };
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    pub(super) fn groups(&self) -> Option<Vec<GroupDefinition>> {
        let group =
            |name: By| GroupDefinition::builder().r#type(GroupDefinitionType::Dimension).key(name.as_str()).build();
        let groups: Vec<GroupDefinition> = self.keys.iter().copied().filter_map(name).map(group).collect();
        (!groups.is_empty()).then_some(groups)
    }

    pub(super) fn filter(&self) -> Expression {
        let usage = Expression::builder().not(values(By::RecordType, NO_USAGE.map(str::to_owned).to_vec())).build();
        if self.query.skus.is_empty() {
            return usage;
        }
        Expression::builder().and(usage).and(values(By::UsageType, self.query.skus.clone())).build()
    }
}

fn values(key: By, values: Vec<String>) -> Expression {
    Expression::builder().dimensions(DimensionValues::builder().key(key).set_values(Some(values)).build()).build()
}

fn name(dimension: Dimension) -> Option<By> {
    match dimension {
        Dimension::Service => Some(By::Service),
        Dimension::Sku => Some(By::UsageType),
        Dimension::Region => Some(By::Region),
        Dimension::SkuName
        | Dimension::Unit
        | Dimension::Compartment
        | Dimension::CompartmentName
        | Dimension::Resource => None,
    }
}

#[cfg(test)]
pub(super) mod tests;
